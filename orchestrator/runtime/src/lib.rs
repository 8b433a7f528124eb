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
mod nested;
pub mod options;
mod orphans;
mod reads;
mod recovery;
mod resting;
pub mod runtime;
mod slot;
mod starts;
mod steps;
pub mod tasks;
mod timers;
mod tokens;
pub mod views;
mod watch;
