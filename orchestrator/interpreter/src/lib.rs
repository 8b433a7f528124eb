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
//! Read [`input`], [`history`] and [`execution`] with `thread` first, then [`step`], the one work list. `flow` takes a state in
//! and out and `reading` is what it reads between; `choice`, `tasks` with `outcomes`, `parallel` and `map` with `forks` are
//! what states do; `failures` is Retry and Catch, `timers` the passing of time.

mod choice;
mod context;
mod encoding;
pub mod execution;
pub mod failure;
mod failures;
mod flow;
mod forks;
pub mod history;
pub mod input;
mod map;
mod outcomes;
mod parallel;
pub mod payload;
mod random;
mod reading;
pub mod step;
mod tasks;
mod thread;
mod timers;
mod token;
