//! Random changes, where the plan has the same effect as the changes one by one.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

#[path = "net/model.rs"]
mod model;
#[path = "net/random.rs"]
mod random;
mod support;
