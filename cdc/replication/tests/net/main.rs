//! Changes in a small notation and the plan that they come to; and random changes, where the plan has the same effect as the changes.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

mod model;
mod plans;
mod random;
#[path = "../support/mod.rs"]
mod support;
mod tell;
mod works;
