//! Changes in a small notation and the plan that they come to; and random changes, where the plan has the same effect as the changes.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

#[path = "net/model.rs"]
mod model;
#[path = "net/plans.rs"]
mod plans;
#[path = "net/random.rs"]
mod random;
mod support;
