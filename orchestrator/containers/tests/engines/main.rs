//! Both engines, against a real Docker daemon and real processes.
//!
//! A case is a launch and the text of what became of it: what was told, the outcome, and what is in the log.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

mod bed;
mod docker;
mod docker_images;
mod docker_recovery;
mod processes;
mod speed;
