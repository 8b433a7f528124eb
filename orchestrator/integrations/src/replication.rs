//! Replication tasks as the tasks of workflows: `arn:aws:states:::dms:startReplicationTask.sync` and what belongs to it.
//!
//! ```text
//!   state ──parameters──► calls ──► registry ──► performer (the replicator), in the background
//!                           ▲          │
//!                           │          └──► record, in the store: what is wanted, and how it ended
//!                 descriptions, dms_failures
//! ```
//!
//! Read in this order: `definition`, `parameters`, `record`, `registry`, `keeping`, `conditions`,
//! `calls`, `descriptions`.

mod calls;
mod conditions;
mod definition;
mod descriptions;
mod dms_failures;
mod keeping;
mod parameters;
mod password_file;
mod performer;
mod record;
mod registry;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use runtime::arn::Partition;
use store::contract::{Error, Store};

use crate::settings::ReplicationSettings;

use self::definition::Places;
use self::performer::Replicators;

pub use self::password_file::Passwords;
pub use self::registry::ReplicationTasks;

/// The surroundings of all replication tasks of a server.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The databases that tasks can name.
    pub settings: ReplicationSettings,
    /// The passwords of those that have none in their URL.
    pub passwords: Passwords,
    /// Where changes wait on disk for the end of a large transaction. It is made when it is missing.
    pub spill_directory: PathBuf,
    /// The region and account of the tasks' ARNs.
    pub partition: Partition,
    /// See [`replicator::Options::crash_point`].
    pub crash_point: fn(&'static str),
}

impl ReplicationTasks {
    /// Finds the tasks that the store keeps, to be performed by the replicator. None of them runs before [`ReplicationTasks::resume`].
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn of(store: Arc<dyn Store>, surroundings: Surroundings) -> Result<Self, Error> {
        let options = replicator::Options {
            crash_point: surroundings.crash_point,
            ..replicator::Options::new(surroundings.spill_directory)
        };
        let places = Places {
            endpoints: surroundings.settings.endpoints,
            passwords: surroundings.passwords,
        };
        let performer = Box::new(Replicators { options });
        Self::open(store, performer, places, surroundings.partition).await
    }
}
