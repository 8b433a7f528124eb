//! The REST API as a client sees it, in one process: what is sent and what is answered.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

mod bad_requests;
mod documents;
mod executions;
mod harness;
mod jobs;
mod map_runs;
mod state_machines;
mod tasks;
