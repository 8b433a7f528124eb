//! Container jobs: what a job is, and what happens to it next. Pure: jobs, queues and environments go in, decisions come out.
//!
//! ```text
//!   request ──▶ submission ──▶ Job ──▶ ┌───────────┐ ──▶ changed jobs  (to be committed: `record`)
//!   what engines tell, time ─────────▶ │ Scheduler │
//!   queues, environments, policies ──▶ └───────────┘ ──▶ effects       (after the commit: start a `Launch`, stop, forget)
//!                                            Job ──▶ view  (what DescribeJobs shows)
//! ```
//!
//! Read [`names`], [`container`], [`definition`], [`queue`], [`environment`] and [`consumable`] for the documents, `check` for the rules
//! that they share, [`request`] and [`view`] for what goes over the wire; then [`submission`] and [`job`], and [`launch`] and
//! [`record`], which a job becomes. [`scheduler`] decides; [`retry`], [`share`], [`placement`] and [`snapshot`] are what it asks.

pub mod check;
pub mod consumable;
pub mod container;
pub mod definition;
mod dependencies;
pub mod environment;
pub mod error;
pub mod job;
pub mod launch;
pub mod names;
pub mod placement;
pub mod queue;
pub mod record;
pub mod request;
pub mod retry;
pub mod scheduler;
pub mod share;
pub mod snapshot;
pub mod submission;
mod time_limits;
pub mod view;

pub use error::{Error, Result};
