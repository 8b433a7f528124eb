//! The command line's shape where it is about container jobs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::arguments::Server;

/// `ratchet jobs …`
#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// Submit a job
    #[command(after_help = SUBMIT)]
    Submit(Box<SubmitJob>),
    /// List jobs, the newest first
    List(ListJobs),
    /// Show a job, and while it waits, why
    Describe {
        /// The job's id
        job: String,
        #[command(flatten)]
        server: Server,
    },
    /// Print what a job's attempt printed
    Logs {
        /// The job's id
        job: String,
        /// Go on until the job has ended
        #[arg(long, short)]
        follow: bool,
        /// The attempt, from 1; the last when absent
        #[arg(long, value_name = "NUMBER")]
        attempt: Option<u32>,
        /// Begin with the last so many lines
        #[arg(long, value_name = "NUMBER")]
        tail: Option<usize>,
        /// Put the time before each line
        #[arg(long, short)]
        timestamps: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Cancel a job that has not started; one that has goes on
    Cancel(EndJob),
    /// End a job, whatever it does
    Terminate(EndJob),
}

const SUBMIT: &str = "\
The first job needs no setup:

  ratchet jobs submit hello --image busybox --wait -- echo hello

With --image, or a command alone, a job definition of the job's name is registered on the way, unless its newest revision is the
same. The exit code with --wait is 0 when the job succeeded and 1 when it failed.";

/// `ratchet jobs submit`
#[derive(Debug, Args)]
pub(crate) struct SubmitJob {
    /// The job's name
    pub(crate) name: String,
    /// The command and its arguments; with a definition, instead of the definition's
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    /// The job definition: NAME, NAME:REVISION or its ARN
    #[arg(long, short, value_name = "NAME")]
    pub(crate) definition: Option<String>,
    /// The image, when there is no definition; processes have none [default: busybox]
    #[arg(long, value_name = "IMAGE", conflicts_with = "definition")]
    pub(crate) image: Option<String>,
    /// The job queue
    #[arg(long, short, value_name = "NAME", default_value = "default")]
    pub(crate) queue: String,
    /// Make it an array of so many jobs
    #[arg(long, value_name = "SIZE")]
    pub(crate) array: Option<u32>,
    /// Start when that job has succeeded: ID, or ID:N_TO_N, or SEQUENTIAL; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) depends_on: Vec<String>,
    /// Set a variable of its environment: NAME=VALUE; may be repeated
    #[arg(long, short, value_name = "NAME=VALUE")]
    pub(crate) env: Vec<String>,
    /// Set a parameter, which Ref::NAME stands for in the command; may be repeated
    #[arg(long, short, value_name = "NAME=VALUE")]
    pub(crate) parameter: Vec<String>,
    /// How many vCPUs it may use
    #[arg(long, value_name = "NUMBER")]
    pub(crate) vcpus: Option<String>,
    /// How much memory it may use, in MiB
    #[arg(long, value_name = "MIB")]
    pub(crate) memory: Option<u32>,
    /// How many GPUs it uses
    #[arg(long, value_name = "NUMBER")]
    pub(crate) gpus: Option<u32>,
    /// Try it so many times at most
    #[arg(long, value_name = "NUMBER")]
    pub(crate) attempts: Option<u32>,
    /// End an attempt after so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<u32>,
    /// The share that it belongs to, in a fair-share queue
    #[arg(long, value_name = "NAME")]
    pub(crate) share: Option<String>,
    /// Its priority within its share
    #[arg(long, value_name = "NUMBER")]
    pub(crate) priority: Option<u32>,
    /// More members of SubmitJob's request: JSON, or @FILE to read it from a file, or @- from standard input
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) request: Option<String>,
    /// Wait for the job's end, and print what it prints meanwhile on standard error
    #[arg(long, short)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `ratchet jobs list`
#[derive(Debug, Args)]
pub(crate) struct ListJobs {
    /// Those of this job queue
    #[arg(long, short, value_name = "NAME", default_value = "default")]
    pub(crate) queue: String,
    /// The children of this array job, or the nodes of this multi-node job
    #[arg(long, value_name = "ID", conflicts_with = "queue")]
    pub(crate) parent: Option<String>,
    /// Only those with this status
    #[arg(long, value_name = "STATUS",
        value_parser = ["submitted", "pending", "runnable", "starting", "running", "succeeded", "failed"])]
    pub(crate) status: Option<String>,
    /// Only those of this name; a * at the end stands for anything
    #[arg(long, value_name = "NAME", conflicts_with = "status")]
    pub(crate) name: Option<String>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `ratchet jobs cancel` and `terminate`
#[derive(Debug, Args)]
pub(crate) struct EndJob {
    /// The job's id
    pub(crate) job: String,
    /// Why, to be recorded
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "asked for on the command line"
    )]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `ratchet job-definitions …`
#[derive(Debug, Subcommand)]
pub(crate) enum JobDefinitions {
    /// Register a job definition, or a new revision of one
    Register {
        /// RegisterJobDefinition's request, JSON; - reads standard input
        file: PathBuf,
        /// Its name, instead of the file's
        #[arg(long, short, value_name = "NAME")]
        name: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// List job definitions with all their revisions
    List {
        /// Only those of this name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Those that were deregistered, too
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Show a job definition
    Describe {
        /// NAME:REVISION, or NAME for its newest revision
        definition: String,
        #[command(flatten)]
        server: Server,
    },
    /// Deregister a revision of a job definition; jobs that were submitted keep it
    Deregister {
        /// NAME:REVISION
        definition: String,
        #[command(flatten)]
        server: Server,
    },
}

/// `ratchet job-queues …`
#[derive(Debug, Subcommand)]
pub(crate) enum JobQueues {
    /// List job queues
    List {
        #[command(flatten)]
        server: Server,
    },
    /// Create a job queue
    Create {
        /// Its name
        name: String,
        /// A compute environment that runs its jobs, the first choice first; may be repeated
        #[arg(long, short, value_name = "NAME", default_value = "default")]
        environment: Vec<String>,
        /// Jobs of queues with a higher priority go first
        #[arg(long, value_name = "NUMBER", default_value_t = 1)]
        priority: u32,
        /// The scheduling policy's ARN, which makes it a fair-share queue
        #[arg(long, value_name = "ARN")]
        scheduling_policy: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Show a job queue
    Describe {
        /// Its name
        name: String,
        #[command(flatten)]
        server: Server,
    },
    /// Show the jobs that are next
    Snapshot {
        /// Its name
        name: String,
        #[command(flatten)]
        server: Server,
    },
    /// Change a job queue
    Update {
        /// Its name
        name: String,
        #[command(flatten)]
        state: State,
        /// Its compute environments, the first choice first; may be repeated
        #[arg(long, short, value_name = "NAME")]
        environment: Vec<String>,
        /// Its priority
        #[arg(long, value_name = "NUMBER")]
        priority: Option<u32>,
        #[command(flatten)]
        server: Server,
    },
    /// Delete a job queue that is disabled; its jobs are terminated
    Delete {
        /// Its name
        name: String,
        #[command(flatten)]
        server: Server,
    },
}

/// Whether something takes work.
#[derive(Clone, Copy, Debug, Args)]
#[group(multiple = false)]
pub(crate) struct State {
    /// Let it take jobs
    #[arg(long)]
    pub(crate) enable: bool,
    /// Let it take no more jobs
    #[arg(long)]
    pub(crate) disable: bool,
}

/// `ratchet compute-environments …`
#[derive(Debug, Subcommand)]
pub(crate) enum ComputeEnvironments {
    /// List compute environments
    List {
        #[command(flatten)]
        server: Server,
    },
    /// Create a compute environment
    Create {
        /// Its name
        name: String,
        /// What runs its jobs
        #[arg(long, value_name = "ENGINE", value_parser = ["docker", "process"], default_value = "docker")]
        engine: String,
        /// How many vCPUs its jobs have together
        #[arg(long, value_name = "NUMBER")]
        vcpus: u32,
        /// How much memory its jobs have together, in MiB; the machine's when absent
        #[arg(long, value_name = "MIB")]
        memory: Option<u32>,
        #[command(flatten)]
        server: Server,
    },
    /// Show a compute environment
    Describe {
        /// Its name
        name: String,
        #[command(flatten)]
        server: Server,
    },
    /// Change a compute environment
    Update {
        /// Its name
        name: String,
        #[command(flatten)]
        state: State,
        /// How many vCPUs its jobs have together
        #[arg(long, value_name = "NUMBER")]
        vcpus: Option<u32>,
        #[command(flatten)]
        server: Server,
    },
    /// Delete a compute environment that is disabled and that no job queue names
    Delete {
        /// Its name
        name: String,
        #[command(flatten)]
        server: Server,
    },
}
