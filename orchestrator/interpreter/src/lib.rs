//! What an execution does next: `(machine, execution, input, env) -> history events + effects`, and nothing else.
//!
//! ```text
//!            Input ─────▶ ┌──────┐ ─────▶ history events   (what happened)
//!   StateMachine ───────▶ │ step │
//!   Env (now, seed) ────▶ └──────┘ ─────▶ effects          (what to do, after the commit)
//!                          Execution, changed in place
//! ```
//!
//! The same inputs with the same `Env` always give the same events: recovery relies on it.
//!
//! Read [`input`], [`history`] and [`execution`] first, then [`step`].

mod choice;
mod context;
pub mod execution;
pub mod failure;
mod failures;
mod flow;
mod forks;
pub mod history;
pub mod input;
pub mod payload;
mod random;
pub mod step;
mod tasks;
mod token;
