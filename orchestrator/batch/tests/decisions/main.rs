//! What the scheduler decides, told line by line: jobs that change, and effects.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

mod desk;
mod ends;
mod fairness;
mod families;
mod waits;

#[path = "../support/mod.rs"]
mod support;
