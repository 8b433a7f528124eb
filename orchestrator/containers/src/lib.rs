//! Runs the attempts of container jobs: on Docker, and as processes where there is none. Keeps what they print.
//!
//! ```text
//!   Launch ──► Runner::run ──► Told (pulling, started) … ──► Outcome (exited, failed to start, lost, unavailable)
//!                 │
//!                 └──► LogStore: one bounded stream of lines for each attempt, read by offset and by time
//! ```
//!
//! In reading order:
//!
//! - [`launch`]: what is to be run; complete, nothing is looked up later
//! - [`runner`]: the trait of an engine, what it tells while an attempt goes on, and what becomes of the attempt
//! - [`logs`]: the lines that attempts print
//! - [`docker`]: the engine that runs them in containers
//! - [`processes`]: the engine that runs them as processes, and the shim that watches each
//!
//! An attempt's id is its container's name (its directory's, for a process): asking twice for the same attempt takes up what is there, and
//! never starts it a second time.

mod clock;
pub mod docker;
pub mod launch;
pub mod logs;
pub mod processes;
mod reason;
pub mod runner;

pub use launch::Launch;
pub use logs::LogStore;
pub use runner::{Error, Outcome, Runner, Told};
