//! What a definition is: Amazon States Language text becomes a typed state machine, or a list of everything wrong with it.
//!
//! ```text
//!   text ──parser::parse──▶ StateMachine (flat, resolved, compiled) + diagnostics ──graph──▶ nodes, edges
//! ```
//!
//! Read [`definition`] first, then [`resource`], [`diagnostic`] and [`parser`].

pub mod definition;
pub mod diagnostic;
mod json;
pub mod parser;
pub mod resource;
