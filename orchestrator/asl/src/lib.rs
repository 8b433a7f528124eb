//! What a definition is: Amazon States Language text becomes a typed state machine, or a list of everything wrong with it.
//!
//! ```text
//!   text ──parser::parse──▶ StateMachine (flat, resolved, compiled) + diagnostics
//!                                ├──graph::Graph::of──▶ nodes, edges, clusters
//!                                └──variables::variable_references──▶ what each state reads
//! ```
//!
//! Read [`definition`] first, then [`query`], [`resource`], [`diagnostic`] and [`parser`]; [`graph`] and [`variables`] look at a machine
//! that is parsed.

pub mod definition;
pub mod diagnostic;
pub mod distributed;
pub mod graph;
pub mod integrations;
mod json;
pub mod parameters;
pub mod parser;
pub mod query;
pub mod resource;
pub mod variables;
