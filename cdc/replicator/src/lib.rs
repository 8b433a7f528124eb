//! Drives one replication task: full load, catch-up, apply, checkpoint.
//!
//! ```text
//!   Task + Options ──Replicator::run──► Outcome
//!        │                                 attempt: connect, check, claim ──► load ──► follow
//!        └── Status (watch), Notices       trouble that passes: pause, and begin again from the target's checkpoint
//! ```
//!
//! Read in this order: [`task`], [`options`], [`replicator`], [`status`], [`metrics`], [`error`].

mod attempt;
pub mod error;
pub mod metrics;
pub mod options;
pub mod replicator;
pub mod status;
pub mod task;

pub use error::Error;
pub use options::Options;
pub use replicator::{Outcome, Replicator};
pub use status::Status;
pub use task::Task;
