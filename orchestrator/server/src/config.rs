//! What the operator has set: one file, then variables, then flags, each stronger than the one before.
//!
//! Read [`settings`] for what there is, [`layers`] for how it comes together, then [`file`], [`values`], [`batch`], [`s3`] and [`print`].

pub(crate) mod batch;
pub(crate) mod file;
pub(crate) mod layers;
pub(crate) mod print;
pub(crate) mod s3;
pub(crate) mod settings;
#[cfg(test)]
mod tests;
pub(crate) mod values;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use api::options::Figures;
use integrations::Settings;
use integrations::settings::{
    AwsSettings, ConnectionSettings, Credentials, FunctionSettings, HttpSettings,
    ReplicationSettings,
};
use interpreter::step::Limits as ExecutionLimits;
use runtime::arn::Partition;
use runtime::options::{EngineLimits, Options};
use serde::Deserialize;

use crate::config::values::{
    Account, Address, Limit, LogFilter, LogFormat, Period, Region, Switch,
};

/// The configuration in force.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Config {
    /// Where the server listens.
    pub(crate) listen: Address,
    /// The directory of everything that must survive.
    pub(crate) data: PathBuf,
    /// The region of every ARN.
    pub(crate) region: Region,
    /// The account of every ARN.
    pub(crate) account: Account,
    /// How long an ended execution is kept.
    pub(crate) retention: Period,
    /// How long GetActivityTask waits.
    pub(crate) activity_poll: Period,
    /// How many integration calls run at once.
    pub(crate) concurrent_tasks: Limit,
    /// How many executions that only wait stay in memory.
    pub(crate) resting_executions: Limit,
    /// The longest request body, in bytes.
    pub(crate) body_bytes: Limit,
    /// The mock configuration file.
    mock_config: Option<PathBuf>,
    /// How long a clean stop may take.
    pub(crate) shutdown: Period,
    /// The limits, each as the profile or the operator set it.
    pub(crate) limits: Limits,
    /// What is logged and how.
    pub(crate) log: Log,
    lambda_endpoint: Option<String>,
    lambda_region: Option<Region>,
    credentials: Option<Credentials>,
    #[serde(default)]
    aws: AwsSettings,
    #[serde(default)]
    http: HttpSettings,
    #[serde(default)]
    connections: BTreeMap<String, ConnectionSettings>,
    #[serde(default)]
    functions: BTreeMap<String, FunctionSettings>,
    /// The databases that replication tasks can name, and where they spill.
    #[serde(default)]
    pub(crate) replication: ReplicationSettings,
    /// Container jobs.
    pub(crate) batch: batch::Batch,
    /// Buckets of this machine.
    #[serde(default)]
    pub(crate) s3: s3::S3,
    /// Where execution logs go.
    #[serde(default)]
    pub(crate) execution_log: ExecutionLogSettings,
    /// Where spans go.
    pub(crate) traces: TraceSettings,
}

/// The limits; see [`EngineLimits`] for their meanings.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Limits {
    payload_bytes: Limit,
    history_events: Limit,
    map_concurrency: Limit,
    step_events: Limit,
    definition_bytes: Limit,
    state_machines: Limit,
    activities: Limit,
    activity_pollers: Limit,
    tags: Limit,
    express_seconds: Limit,
    versions: Limit,
    aliases: Limit,
    redrive_days: Limit,
}

/// Where execution logs go.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ExecutionLogSettings {
    /// A file.
    pub(crate) file: Option<PathBuf>,
    /// An endpoint of CloudWatch Logs.
    pub(crate) endpoint: Option<String>,
}

/// Where spans go.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TraceSettings {
    /// A collector.
    collector: Option<String>,
    /// A URL that takes spans; it goes before the collector.
    endpoint: Option<String>,
    /// What else the requests carry.
    pub(crate) headers: Option<String>,
    /// The service that spans are said to be of.
    pub(crate) service: String,
    /// Whether all executions have spans.
    pub(crate) all: Switch,
}

impl TraceSettings {
    /// The URL that spans are posted to.
    pub(crate) fn url(&self) -> Option<String> {
        let collector = || {
            let collector = self.collector.as_ref()?;
            Some(format!("{}/v1/traces", collector.trim_end_matches('/')))
        };
        self.endpoint.clone().or_else(collector)
    }
}

/// What is logged and how.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Log {
    /// Which lines.
    pub(crate) level: LogFilter,
    /// How they look.
    pub(crate) format: LogFormat,
}

impl Config {
    /// What the engine is told.
    pub(crate) fn engine_options(&self) -> Options {
        Options {
            partition: Partition {
                region: self.region.as_str().into(),
                account: self.account.as_str().into(),
            },
            limits: self.limits.engine(),
            retention: self.retention.0,
            activity_poll: self.activity_poll.0,
            concurrent_tasks: self.concurrent_tasks.as_usize(),
            resting_executions: self.resting_executions.as_usize(),
            mock_config: self.mock_config.as_deref().map(Into::into),
            ..Options::default()
        }
    }

    /// What performs the tasks is told. Functions learn the server's address, so that they can end tasks by their tokens: boto3
    /// and the AWS command line look for it in `AWS_ENDPOINT_URL_SFN`, `ratchet` in `RATCHET_SERVER`.
    pub(crate) fn integrations(&self, server: Option<SocketAddr>) -> Settings {
        let region = self.lambda_region.as_ref().unwrap_or(&self.region);
        let mut functions = self.functions.clone();
        if let Some(url) = server.map(|address| format!("http://{}", reachable(address))) {
            for function in functions.values_mut() {
                for name in ["AWS_ENDPOINT_URL_SFN", "RATCHET_SERVER"] {
                    let variable = function.environment.entry(name.to_owned());
                    variable.or_insert_with(|| url.clone());
                }
            }
        }
        Settings {
            functions,
            lambda_endpoint: self.lambda_endpoint.clone(),
            credentials: self.credentials.clone(),
            region: region.as_str().to_owned(),
            aws: self.aws.clone(),
            connections: self.connections.clone(),
            http: self.http.clone(),
            replication: self.replication.clone(),
        }
    }

    /// Where changes wait on disk for the end of a large transaction.
    pub(crate) fn spill_directory(&self) -> PathBuf {
        match &self.replication.spill_directory {
            Some(directory) => directory.clone(),
            None => self.data.join("replication"),
        }
    }

    /// What the HTTP front is told.
    pub(crate) fn api_options(&self, figures: Figures) -> api::options::Options {
        api::options::Options {
            body_bytes: self.body_bytes.as_usize(),
            figures,
        }
    }
}

/// How a process on this machine reaches a server that listens on an address.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

impl Limits {
    /// The limits as the engine takes them.
    pub(crate) fn engine(self) -> EngineLimits {
        EngineLimits {
            execution: ExecutionLimits {
                payload_bytes: self.payload_bytes.as_usize(),
                history_events: self.history_events.0,
                map_concurrency: self.map_concurrency.as_u32(),
                step_events: self.step_events.as_u32(),
            },
            definition_bytes: self.definition_bytes.as_usize(),
            state_machines: self.state_machines.as_usize(),
            activities: self.activities.as_usize(),
            activity_pollers: self.activity_pollers.as_usize(),
            tags: self.tags.as_usize(),
            express_seconds: self.express_seconds.0,
            versions: self.versions.as_usize(),
            aliases: self.aliases.as_usize(),
            redrive_days: self.redrive_days.0,
        }
    }
}
