//! Container jobs: what a job is, and what happens to it next. Pure: jobs, queues and environments go in, decisions come out.

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
