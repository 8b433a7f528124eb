//! The binary as a user meets it: command lines in; output, errors and exit codes out.
#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

mod bad_input;
mod client;
mod config;
mod help;
mod house;
mod jobs;
mod map_runs;
mod operators;
mod run;
mod serve;
mod validate;
