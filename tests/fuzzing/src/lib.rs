//! Looks for inputs that make a parser or an evaluation panic, run too long or give itself the lie.
//!
//! ```text
//!   corpus ─┐
//!           ├─▶ pool ─▶ mutate ─▶ input ─▶ Target::run ─▶ what it showed ─▶ new? into the pool
//!   generate ───────────────────▶   │
//!                                   └─▶ a panic, or longer than its limit: a finding, made smaller
//! ```
//!
//! Read [`target`] for what is put to the test and [`targets`] for each, then [`hunt`], which makes inputs and runs them, [`mutate`] and
//! [`generate`] for where they come from, and [`watch`] for what happens to a run that does not come back.
#![allow(
    clippy::disallowed_methods,
    reason = "this is a program that looks at the clock, not a core"
)]

pub mod corpus;
pub mod generate;
pub mod hunt;
pub mod mutate;
pub mod panics;
pub mod target;
pub mod targets;
pub mod watch;
