//! Schedules at work: they live in the store, wake at their next time, and call their targets.
//!
//! ```text
//!   callers ──▶ Schedules ──▶ inbox ─┐
//!   clock: the earliest wake-up ─────┤
//!   calls' and runs' ends ───────────┴─▶ driver: step each ──▶ ONE commit ──▶ answers, calls, watches
//! ```
//!
//! Read [`schedules`] for what can be asked and [`targets`] for what is called; then `driver` (one task that owns everything), `turn`
//! (what is committed together), `operations` and `groups` (what a request changes), `effects` (what is done after the commit).
//! [`records`] is what the store keeps, [`views`] what callers see.

mod book;
pub mod clock;
mod driver;
mod effects;
pub mod error;
mod groups;
mod letters;
mod operations;
pub mod payload;
pub mod records;
pub mod requests;
pub mod schedules;
pub mod targets;
mod turn;
pub mod views;
