//! Drives one replication task: full load, catch-up, apply, checkpoint.
//!
//! ```text
//!   Task + Options ──Replicator::run──► Outcome
//!        │                                 attempt: connect, check, claim ──► load ──► follow
//!        └── Status (watch), Notices       trouble that passes: pause, and begin again from the target's checkpoint
//! ```
//!
//! Read in this order: [`task`], [`options`], [`replicator`]; then an attempt and its phases: `attempt`, `start`, `units`, `parts`, `load` (with
//! `division`, `copying`), `completion`, [`sequences`]; then what follows the stream: `follow` (with `whole`, `streamed`, `landing`,
//! `interruption`), `routes`, `filter`, `positions`, `batching`, `lanes`, `apply`, `sequence`, `definition`, `redefine`, `eager`, `spill` (with `kept`,
//! `block`), `two_phase`, `visibility`; last what is told: [`status`], `statistics`, [`metrics`], [`error`].

mod apply;
mod attempt;
mod batching;
pub mod catch_up;
mod completion;
mod definition;
mod eager;
pub mod error;
mod filter;
mod follow;
mod lanes;
mod load;
pub mod metrics;
pub mod options;
mod parts;
mod positions;
mod redefine;
pub mod replicator;
mod routes;
mod sequence;
pub mod sequences;
mod spill;
mod start;
mod statistics;
pub mod status;
pub mod task;
mod two_phase;
mod units;
mod visibility;

pub use error::Error;
pub use options::Options;
pub use replicator::{Outcome, Replicator};
pub use status::Status;
pub use task::Task;
