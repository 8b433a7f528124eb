//! The command line's shape where it is about Map Runs.

use clap::{Args, Subcommand};

use crate::arguments::Server;

/// `ratchet map-runs …`
#[derive(Debug, Subcommand)]
pub(crate) enum MapRuns {
    /// List the Map Runs of an execution, the newest first
    List {
        /// STATE_MACHINE:NAME, or the ARN
        execution: String,
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: usize,
        #[command(flatten)]
        server: Server,
    },
    /// Show how far a Map Run is
    Describe {
        /// STATE_MACHINE:LABEL:UNIQUE, or the ARN
        map_run: String,
        #[command(flatten)]
        server: Server,
    },
    /// Change the bounds of a Map Run that runs; what is not named stays
    Update(UpdateMapRun),
}

/// `ratchet map-runs update`
#[derive(Debug, Args)]
pub(crate) struct UpdateMapRun {
    /// STATE_MACHINE:LABEL:UNIQUE, or the ARN
    pub(crate) map_run: String,
    /// Let so many children run at once; 0 means no bound of its own
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_concurrency: Option<u64>,
    /// Let so many items fail
    #[arg(long, value_name = "NUMBER")]
    pub(crate) tolerated_failure_count: Option<u64>,
    /// Let this share of the items fail, in percent
    #[arg(long, value_name = "PERCENT")]
    pub(crate) tolerated_failure_percentage: Option<f64>,
    #[command(flatten)]
    pub(crate) server: Server,
}
