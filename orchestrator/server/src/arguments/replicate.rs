//! The command line of `ratchet replicate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::arguments::Sources;

/// `ratchet replicate`
#[derive(Debug, Args)]
#[command(after_help = "\
A URL is libpq's: postgresql://user:password@host:5432/database?sslmode=verify-full. Instead of a URL, the name of an endpoint of the
configuration can be given ([replication.endpoints.NAME], url = \"…\"). Other users of this machine can see a command line: leave the password
out of it, and give it in PGPASSWORD, in a password file (PGPASSFILE, or ~/.pgpass), or give the whole URL in RATCHET_SOURCE_URL and
RATCHET_TARGET_URL.

It can be stopped and killed at any moment: given the same command again, it goes on where it was. What it has done is remembered in the
target database, in the schema ratchet, under the task's name.

Exit codes, besides those of every command:
  0    the task was asked to stop (SIGTERM, SIGINT), or has come to what --until names
  1    it can't go on, or has come to what --until names with tables that are suspended
  4    the tables must be loaded anew, because the source can't go on from where the task is; --reload does that
  130  it was interrupted before it had come to what --until names")]
pub(crate) struct Replicate {
    /// The source database: a URL, or the name of an endpoint [env: RATCHET_SOURCE_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) source: Option<String>,
    /// The target database: a URL, or the name of an endpoint [env: RATCHET_TARGET_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) target: Option<String>,
    /// Replicate this table, schema.table, % stands for any characters; may be repeated; every table when nothing says which
    #[arg(long, value_name = "TABLE", conflicts_with = "table_mappings")]
    pub(crate) table: Vec<String>,
    /// Replicate the tables that these selection rules name (DMS's JSON): a file, or the JSON itself
    #[arg(long, value_name = "FILE|JSON")]
    pub(crate) table_mappings: Option<String>,
    /// Take these settings (DMS's JSON, and a section Replication of our own): a file, or the JSON itself
    #[arg(long, value_name = "FILE|JSON")]
    pub(crate) task_settings: Option<String>,
    /// What to replicate; both when absent
    #[arg(
        long,
        value_name = "TYPE",
        default_value = "full-load-and-cdc",
        hide_default_value = true
    )]
    pub(crate) migration_type: MigrationType,
    /// The task's name; the same name goes on with the same task [default: SOURCE_to_TARGET, by the databases' names]
    #[arg(long, short, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The replication slot at the source [default: one of the task's own]
    #[arg(long, value_name = "NAME")]
    pub(crate) slot: Option<String>,
    /// The publication at the source; may be repeated [default: one of the task's own]
    #[arg(long, value_name = "NAME")]
    pub(crate) publication: Vec<String>,
    /// End when that is reached, instead of following changes for ever
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<Until>,
    /// Begin anew: forget how far the task was, and load every table again; without it, the task then goes on from there
    #[arg(long)]
    pub(crate) reload: bool,
    /// Where changes wait on disk for the end of a large transaction [default: below the data directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) spill_directory: Option<PathBuf>,
    /// Serve the task's figures for Prometheus at http://ADDR/metrics; port 0 takes any that is free
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics_listen: Option<String>,
    /// Print no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) sources: Sources,
}

/// `--migration-type`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MigrationType {
    /// The rows as they are now
    FullLoad,
    /// The changes from now on, or from the position of the slot that --slot names
    Cdc,
    /// Both, without a gap and without an overlap
    FullLoadAndCdc,
}

/// `--until`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Until {
    /// Every table is loaded, with its indexes and constraints
    FullLoad,
    /// Everything that the source had committed when the load was over, or the task started, is durable at the target
    CaughtUp,
}
