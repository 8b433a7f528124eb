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
//! and out, `reading` and `jsonata` are what it reads between; `choice`, `tasks` with `outcomes`, `parallel` and `map` with `forks` are
//! what states do; `failures` is Retry and Catch, `timers` the passing of time, [`redrive`] and `pause` what operators do, [`mocks`] what stands in for
//! tasks. [`trial`] lets a single state be tried.

pub mod batching;
mod choice;
pub mod context;
mod encoding;
pub mod execution;
pub mod failure;
mod failures;
mod flow;
mod forks;
pub mod history;
pub mod input;
mod jsonata;
mod map;
pub mod map_run;
pub mod mocks;
mod outcomes;
mod parallel;
mod pause;
pub mod payload;
mod random;
mod reading;
pub mod redrive;
pub mod step;
mod tasks;
mod thread;
mod timers;
mod token;
pub mod trial;
