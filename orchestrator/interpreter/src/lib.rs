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

pub mod execution;
pub mod failure;
pub mod history;
pub mod input;
pub mod payload;
pub mod step;
