//! The command line's shape.

pub(crate) mod batch;
pub(crate) mod map_runs;
pub(crate) mod replicate;
pub(crate) mod schedules;
pub(crate) mod test_state;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::layers::Flags;
use crate::config::values::Profile;
use crate::outcome::EXIT_CODES;
use crate::output::Format;

/// Durable workflows and container jobs, compatible with AWS Step Functions and AWS Batch, and replication of PostgreSQL databases.
#[derive(Debug, Parser)]
#[command(name = "ratchet", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API until SIGTERM or SIGINT
    Serve(Serve),
    /// Execute a definition here, durably, and print its output
    Run(Run),
    /// Copy tables from one PostgreSQL database to another and follow their changes, until SIGTERM or SIGINT
    Replicate(Box<replicate::Replicate>),
    /// Check definitions and show everything that is wrong with them
    Validate(Validate),
    /// Perform one state of a definition by a server, with a mock in place of its work or really
    TestState(Box<test_state::TestState>),
    /// Look at the executions of a server
    #[command(subcommand, visible_alias = "execution")]
    Executions(Executions),
    /// Look at what distributed Maps of a server started, and change its bounds
    #[command(subcommand, visible_alias = "map-run")]
    MapRuns(map_runs::MapRuns),
    /// Look at the state machines of a server and change them
    #[command(subcommand, visible_alias = "state-machine")]
    StateMachines(StateMachines),
    /// Submit container jobs to a server, and look at them
    #[command(subcommand, visible_alias = "job")]
    Jobs(batch::Jobs),
    /// Register what jobs of a server run
    #[command(subcommand, visible_alias = "job-definition")]
    JobDefinitions(batch::JobDefinitions),
    /// Look at the job queues of a server and change them
    #[command(subcommand, visible_alias = "job-queue")]
    JobQueues(batch::JobQueues),
    /// Look at what runs a server's jobs and change it
    #[command(subcommand, visible_alias = "compute-environment")]
    ComputeEnvironments(batch::ComputeEnvironments),
    /// Look at the schedules of a server and change them
    #[command(subcommand, visible_alias = "schedule")]
    Schedules(schedules::Schedules),
    /// Print the configuration in force, and where each value comes from
    Config(Config),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Where the configuration comes from.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct Sources {
    /// Read this file instead of a ratchet.toml that is found [env: RATCHET_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep everything that must survive here [env: RATCHET_DATA]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Take the limits of this profile [env: RATCHET_PROFILE]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<Profile>,
    /// Log at this level [env: RATCHET_LOG]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
    /// Set any value of the configuration: limits.payload_bytes=65536
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Sources {
    /// What the flags set.
    pub(crate) fn flags(&self) -> Flags {
        let data = self
            .data
            .as_ref()
            .map(|path| path.to_string_lossy().into_owned());
        let profile = self.profile.map(|profile| profile.name().to_owned());
        let values = [
            ("data", "--data", data),
            ("profile", "--profile", profile),
            ("log.level", "--log", self.log.clone()),
        ];
        Flags {
            file: self.config.clone(),
            values: values
                .into_iter()
                .filter_map(|(key, flag, value)| Some((key, flag, value?)))
                .collect(),
            sets: self.set.clone(),
        }
    }
}

/// `ratchet serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) listening: Listening,
    #[command(flatten)]
    pub(crate) sources: Sources,
}

/// Where to listen.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Listening {
    /// Listen on HOST:PORT; port 0 takes any that is free [env: RATCHET_LISTEN]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
}

impl Listening {
    /// What the flags set, with those of the sources.
    pub(crate) fn flags(&self, sources: &Sources) -> Flags {
        let mut flags = sources.flags();
        if let Some(listen) = &self.listen {
            flags.values.push(("listen", "--listen", listen.clone()));
        }
        flags
    }
}

/// `ratchet run`
#[derive(Debug, Args)]
#[command(after_help = "\
What was done survives: a run that was cut short goes on where it was when it is given the same --name again, and a
name that has ended gives its recorded result again. Runs are kept apart from a server's executions, below runs/ in the
data directory; a run without a --name leaves nothing behind once it has ended.

State machines that it starts are taken from files beside it: NAME.asl.json or NAME.json. Their executions are part of
the run.

The configuration is taken from ratchet.toml beside the definition when --config names no other.")]
pub(crate) struct Run {
    /// The definition, Amazon States Language in JSON; - reads standard input
    pub(crate) file: PathBuf,
    /// The input: JSON, or @FILE to read it from a file, or @- from standard input; {} when absent
    #[arg(long, short, value_name = "JSON|@FILE")]
    pub(crate) input: Option<String>,
    /// The execution's name; the same name goes on with the same execution
    #[arg(long, short, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Let this test case of the mock configuration file (mock_config) stand in for tasks
    #[arg(long, value_name = "NAME")]
    pub(crate) test_case: Option<String>,
    /// Make it a part of this trace: an AWS X-Ray trace header, Root=…;Parent=…;Sampled=1
    #[arg(long, value_name = "HEADER")]
    pub(crate) trace_header: Option<String>,
    /// Print no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Serve the API while it runs, for task tokens and activities
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    #[command(flatten)]
    pub(crate) sources: Sources,
}

/// `ratchet validate`
#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// The definitions; - reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Check them as Express state machines, which know no .sync, no task tokens and no activities
    #[arg(long)]
    pub(crate) express: bool,
    /// How to print the findings
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
    #[command(flatten)]
    pub(crate) sources: Sources,
}

/// `ratchet config`
#[derive(Debug, Args)]
pub(crate) struct Config {
    #[command(flatten)]
    pub(crate) listening: Listening,
    #[command(flatten)]
    pub(crate) sources: Sources,
}

/// Which server to ask, and how to print what it says.
#[derive(Clone, Debug, Args)]
pub(crate) struct Server {
    /// The server's address [env: RATCHET_SERVER] [default: http://127.0.0.1:8083]
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// How to print the answer
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// `ratchet executions …`
#[derive(Debug, Subcommand)]
pub(crate) enum Executions {
    /// List executions, the newest first
    List {
        /// Only those of this state machine
        #[arg(long, value_name = "NAME")]
        state_machine: Option<String>,
        /// Only those with this status
        #[arg(long, value_name = "STATUS", value_parser = ["running", "succeeded", "failed", "timed-out", "aborted"])]
        status: Option<String>,
        #[command(flatten)]
        search: Search,
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: usize,
        #[command(flatten)]
        server: Server,
    },
    /// Start an execution
    Start {
        /// The state machine's name
        state_machine: String,
        /// The input: JSON, or @FILE to read it from a file, or @- from standard input
        #[arg(
            long,
            short,
            value_name = "JSON|@FILE",
            default_value = "{}",
            hide_default_value = true
        )]
        input: String,
        /// The execution's name
        #[arg(long, short, value_name = "NAME")]
        name: Option<String>,
        /// A version's number or an alias; without it the current definition
        #[arg(long, value_name = "VERSION|ALIAS")]
        qualifier: Option<String>,
        /// Let this test case of the server's mock configuration file stand in for tasks
        #[arg(long, value_name = "NAME")]
        test_case: Option<String>,
        /// Make it a part of this trace: an AWS X-Ray trace header, Root=…;Parent=…;Sampled=1
        #[arg(long, value_name = "HEADER")]
        trace_header: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Show an execution with its input and output
    Describe {
        /// STATE_MACHINE:NAME, or the ARN
        execution: String,
        #[command(flatten)]
        server: Server,
    },
    /// Show everything that an execution did
    History {
        /// STATE_MACHINE:NAME, or the ARN
        execution: String,
        #[command(flatten)]
        server: Server,
    },
    /// Let an execution go on that failed, timed out or was stopped, from the states that did not succeed
    Redrive {
        /// STATE_MACHINE:NAME, or the ARN
        execution: String,
        /// Go on with this corrected definition; - reads standard input
        #[arg(long, value_name = "FILE")]
        definition: Option<PathBuf>,
        #[command(flatten)]
        server: Server,
    },
    /// Halt an execution: no state is entered and no timer goes off until it is resumed
    Pause {
        /// STATE_MACHINE:NAME, or the ARN
        execution: String,
        #[command(flatten)]
        server: Server,
    },
    /// Let a halted execution go on
    Resume {
        /// STATE_MACHINE:NAME, or the ARN
        execution: String,
        #[command(flatten)]
        server: Server,
    },
    /// Stop an execution
    Stop {
        /// STATE_MACHINE:NAME, or the ARN
        execution: String,
        /// The error's name to record
        #[arg(long, value_name = "NAME")]
        error: Option<String>,
        /// The cause to record
        #[arg(long, value_name = "TEXT")]
        cause: Option<String>,
        #[command(flatten)]
        server: Server,
    },
}

/// What executions are looked for.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Only those whose name begins so
    #[arg(long, value_name = "TEXT")]
    pub(crate) name_prefix: Option<String>,
    /// Only those started at this time or later: 2026-11-22T08:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) started_after: Option<String>,
    /// Only those started before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) started_before: Option<String>,
    /// Only those with this value in their input: customer.id=42
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) input: Option<String>,
    /// Only those that are paused
    #[arg(long)]
    pub(crate) paused: bool,
    /// Only those that were redriven
    #[arg(long)]
    pub(crate) redriven: bool,
}

/// What a state machine has beside its definition.
#[derive(Debug, Args)]
pub(crate) struct MachineSettings {
    /// Log what its executions do, as AWS's loggingConfiguration says
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) logging_configuration: Option<String>,
    /// Trace its executions, or not: {"enabled":true}
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) tracing_configuration: Option<String>,
}

/// `ratchet state-machines …`
#[derive(Debug, Subcommand)]
pub(crate) enum StateMachines {
    /// List state machines
    List {
        #[command(flatten)]
        server: Server,
    },
    /// Create a state machine
    Create {
        /// Its name
        name: String,
        /// Its definition; - reads standard input
        file: PathBuf,
        /// Make it an Express state machine
        #[arg(long)]
        express: bool,
        #[command(flatten)]
        settings: MachineSettings,
        #[command(flatten)]
        server: Server,
    },
    /// Show a state machine with its definition
    Describe {
        /// Its name
        name: String,
        #[command(flatten)]
        server: Server,
    },
    /// Give a state machine another definition; executions that run keep theirs
    Update {
        /// Its name
        name: String,
        /// Its new definition; - reads standard input
        file: PathBuf,
        #[command(flatten)]
        settings: MachineSettings,
        #[command(flatten)]
        server: Server,
    },
    /// Publish the definition of a state machine as it is now, as a version that never changes
    Publish {
        /// Its name
        name: String,
        /// What to say of the version
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// List the versions of a state machine
    Versions {
        /// Its name
        name: String,
        #[command(flatten)]
        server: Server,
    },
    /// Delete a version; executions of it go on
    DeleteVersion {
        /// The state machine's name
        name: String,
        /// The version's number
        #[arg(id = "number", value_name = "VERSION")]
        version: u64,
        #[command(flatten)]
        server: Server,
    },
    /// List the aliases of a state machine
    Aliases {
        /// Its name
        name: String,
        #[command(flatten)]
        server: Server,
    },
    /// Make an alias or change it: a name that leads to one version, or to two by their weights
    SetAlias {
        /// The state machine's name
        name: String,
        /// The alias's name
        alias: String,
        /// A version, or VERSION=WEIGHT for each of two
        #[arg(required = true, value_name = "VERSION[=WEIGHT]")]
        routes: Vec<String>,
        /// What to say of the alias
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Delete an alias; its versions stay
    DeleteAlias {
        /// The state machine's name
        name: String,
        /// The alias's name
        alias: String,
        #[command(flatten)]
        server: Server,
    },
    /// Delete a state machine; executions that run go on to their end
    Delete {
        /// Its name
        name: String,
        #[command(flatten)]
        server: Server,
    },
}
