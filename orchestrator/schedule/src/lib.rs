//! When a schedule fires, and what it does when runs overlap, fail or were missed.
//!
//! ```text
//!   definition ──▶ plan ─┐
//!                        ├──▶ step(plan, state, input, now) ──▶ state' + effects
//!   time, calls' ends ───┘         call · watch · stop · dead letter · complete
//! ```
//!
//! Read [`expression`], [`cron`] and [`timetable`] for the times; [`definition`] for what a schedule is, [`plan`] for what is made of
//! that; [`state`] for what it remembers and [`step`] for what it does next. [`names`] has names, ARNs and the seed of every delay.

pub mod cron;
pub mod definition;
mod epoch;
pub mod expression;
pub mod names;
pub mod plan;
pub mod state;
pub mod step;
pub mod timetable;
