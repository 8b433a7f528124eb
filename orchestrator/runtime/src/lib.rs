//! Carries effects out: load, step, commit, dispatch, timers, tokens.
//!
//! ```text
//!   api ──▶ Runtime ──▶ advance: load ─▶ step ─▶ commit ─▶ release effects ──▶ TaskRunner
//!                          ▲                                                      │
//!                          └────────────── timers · tokens · outcomes ◀──────────┘
//! ```
//!
//! Read [`views`] and [`error`] for what callers see, then [`runtime`].

mod activities;
pub mod arn;
mod catalogue;
mod child_calls;
pub mod clock;
mod commits;
mod dispatch;
mod drive;
mod engine;
pub mod error;
mod housekeeping;
pub mod items;
mod machines;
pub mod map_runs;
pub mod mock_file;
mod nested;
pub mod observe;
pub mod options;
mod orphans;
mod reader_data;
mod reads;
mod recovery;
mod redrive;
mod resting;
pub mod runtime;
mod search;
mod slot;
mod starts;
mod steps;
pub mod tasks;
pub mod test_state;
mod timers;
mod tokens;
pub mod trace;
pub mod tracer;
mod versions;
pub mod views;
mod watch;
