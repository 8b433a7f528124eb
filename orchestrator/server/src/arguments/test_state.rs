//! `ratchet test-state`

use std::path::PathBuf;

use clap::Args;

use crate::arguments::Server;

/// Asks for a state to be tested.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ratchet test-state order.asl.json --state Charge --mock '{\"paid\": true}'
  ratchet test-state order.asl.json --state Charge --mock-error Busy --retries 2
  ratchet test-state state.json --input @input.json --output json")]
pub(crate) struct TestState {
    /// A state's definition, or a state machine's with --state; - reads standard input
    pub(crate) file: PathBuf,
    /// Test this state of the state machine
    #[arg(long, short, value_name = "NAME")]
    pub(crate) state: Option<String>,
    /// The input: JSON, or @FILE to read it from a file, or @- from standard input
    #[arg(
        long,
        short,
        value_name = "JSON|@FILE",
        default_value = "{}",
        hide_default_value = true
    )]
    pub(crate) input: String,
    /// The result that takes the place of its work
    #[arg(long, value_name = "JSON|@FILE", conflicts_with = "mock_error")]
    pub(crate) mock: Option<String>,
    /// The name of the failure that takes the place of its work
    #[arg(long, value_name = "NAME")]
    pub(crate) mock_error: Option<String>,
    /// The cause of that failure
    #[arg(long, value_name = "TEXT", requires = "mock_error")]
    pub(crate) mock_cause: Option<String>,
    /// How strictly the result is held against the model of the service
    #[arg(long, value_name = "MODE", default_value = "strict", value_parser = ["strict", "present", "none"])]
    pub(crate) validation: String,
    /// The variables that it sees, an object
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) variables: Option<String>,
    /// The context object that it sees, with a mock
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) context: Option<String>,
    /// How often the retrier that applies has been used, with a mock
    #[arg(long, value_name = "NUMBER")]
    pub(crate) retries: Option<u32>,
    /// How many iterations of a Map failed, with a mock
    #[arg(long, value_name = "NUMBER")]
    pub(crate) failed_iterations: Option<u32>,
    /// The state inside a Map or Parallel that the failure came from
    #[arg(long, value_name = "NAME", requires = "mock_error")]
    pub(crate) error_caused_by: Option<String>,
    /// What a Map's ItemReader read: a text, or @FILE
    #[arg(long, value_name = "TEXT|@FILE")]
    pub(crate) item_reader_data: Option<String>,
    /// The role that it runs under
    #[arg(long, value_name = "ARN")]
    pub(crate) role: Option<String>,
    /// Show secrets of an HTTP task's connection
    #[arg(long)]
    pub(crate) reveal_secrets: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}
