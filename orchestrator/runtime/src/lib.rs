//! Carries effects out: load, step, commit, dispatch, timers, tokens.
//!
//! ```text
//!   api ──▶ Runtime ──▶ advance: load ─▶ step ─▶ commit ─▶ release effects ──▶ TaskRunner
//!                          ▲                                                      │
//!                          └────────────── timers · tokens · outcomes ◀──────────┘
//! ```
//!
//! Read [`views`] and [`error`] for what callers see, then [`runtime`].

pub mod arn;
pub mod error;
pub mod options;
pub mod runtime;
pub mod tasks;
pub mod views;
