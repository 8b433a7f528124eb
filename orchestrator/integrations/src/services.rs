//! AWS's services as the tasks of workflows: `arn:aws:states:::aws-sdk:SERVICE:ACTION` and the optimised integrations.
//!
//! ```text
//!   state ──parameters──▶ sdk ───────────────▶ aws_client ──▶ AWS, an endpoint of the operator's, this very server (sfn)
//!                     └─▶ optimised ─▶ emr ───────▶ │
//!                              │      api_gateway   │
//!                              ▼ .sync              │
//!                            waits ──asks── jobs ───┘
//!                              │
//!                           records, in the store: what was submitted for which attempt
//! ```
//!
//! A job that a state waits for is remembered before the state is told that it was submitted: an attempt that is handed over again after a crash
//! finds it. It is stopped when nobody waits for it any more.
//!
//! Read in this order: `service_failures`, `sdk`, `optimised`, `jobs`, `records`, `waits`; then `emr` and `api_gateway`, which have parameters of
//! their own.

mod api_gateway;
mod emr;
mod jobs;
mod optimised;
mod outbound;
mod records;
mod sdk;
mod service_failures;
#[cfg(test)]
mod tests;
mod waits;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use asl::resource::{Pattern, ServiceCall};
use aws_client::catalogue::Catalogue;
use aws_client::client::Client;
use aws_client::endpoints::Endpoints;
use aws_client::transport::Transport;
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use runtime::tasks::{CallTrace, TaskCall, TaskOutcome};
use serde_json::Value;
use store::contract::{Error as StoreError, Store};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connector::{self, Connector};
use crate::failures;
use crate::http_client;
use crate::settings::{Error, Settings};
use crate::targets::Targets;

use self::outbound::Outbound;
use self::records::Records;

/// The services of AWS. Clones share everything.
#[derive(Clone)]
pub struct AwsServices(Arc<Shared>);

struct Shared {
    client: Client,
    /// For addresses that definitions name.
    foreign: Client,
    records: Records,
    closing: CancellationToken,
    /// What stops jobs in the background.
    tracker: TaskTracker,
}

/// Why there are no services.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings contradict themselves.
    #[error(transparent)]
    Settings(#[from] Error),
    /// The store can't be read.
    #[error("cannot read the jobs of other services that workflows wait for")]
    Store(#[from] StoreError),
}

impl AwsServices {
    /// The services that the settings lead to. `own` is the way to this very server, for `aws-sdk:sfn`.
    ///
    /// # Errors
    /// When the settings contradict themselves, or the store can't be read.
    pub async fn open(
        settings: &Settings,
        catalogue: &Arc<Catalogue>,
        store: Arc<dyn Store>,
        own: Option<Arc<dyn Transport>>,
    ) -> Result<Self, OpenError> {
        let tls = connector::tls(&settings.http)?;
        let timeout = Duration::from_secs(settings.http.connect_timeout_seconds.max(1));
        let outbound = |targets| {
            let connector = Connector::new(targets, tls.clone(), timeout);
            let client = http_client::Client::new(
                connector,
                settings.http.connections,
                settings.http.response_bytes,
            );
            Arc::new(Outbound(client))
        };
        let endpoints = endpoints(settings);
        let client = |transport: Arc<Outbound>| {
            Client::new(
                catalogue.clone(),
                endpoints.clone(),
                settings.credentials.clone(),
                transport,
            )
        };
        let mut trusted = client(outbound(Targets::anywhere()));
        if let Some(own) = own {
            trusted = trusted.with_local("sfn", own);
        }
        let foreign = client(outbound(Targets::new(&settings.http)?));
        Ok(Self(Arc::new(Shared {
            client: trusted,
            foreign,
            records: Records::open(store).await?,
            closing: CancellationToken::new(),
            tracker: TaskTracker::new(),
        })))
    }

    /// Whether a resource type is one of these services.
    pub(crate) fn serves(resource_type: &str) -> bool {
        resource_type.starts_with("aws-sdk:") || optimised::service(resource_type).is_some()
    }

    /// Whether the operator has another Batch than this server's.
    pub(crate) fn has_batch(&self) -> bool {
        let endpoints = self.0.client.endpoints();
        endpoints.all.is_some() || endpoints.own("Batch").is_some()
    }

    /// Performs one call of a state.
    pub(crate) async fn perform(
        &self,
        service: &ServiceCall,
        call: &TaskCall,
    ) -> Result<TaskOutcome, Failure> {
        if let Some(name) = service.resource_type.strip_prefix("aws-sdk:") {
            return match service.pattern {
                Pattern::RequestResponse | Pattern::WaitForTaskToken => {
                    let answer = sdk::call(self, name, &service.action, call).await?;
                    Ok(TaskOutcome::Succeeded(answer))
                }
                Pattern::Sync | Pattern::Sync2 => Err(failures::unsupported(&call.resource)),
            };
        }
        let Some(optimised) = optimised::service(&service.resource_type) else {
            return Err(failures::unsupported(&call.resource));
        };
        let is_waited_for = match service.pattern {
            Pattern::RequestResponse | Pattern::WaitForTaskToken => false,
            Pattern::Sync => true,
            Pattern::Sync2 => return Err(failures::unsupported(&call.resource)),
        };
        if asl::integrations::check(service).is_err() {
            return Err(failures::unsupported(&call.resource));
        }
        if is_waited_for {
            return self.submit(optimised, service, call).await;
        }
        let performed = optimised::perform(self, optimised, &service.action, call).await?;
        Ok(TaskOutcome::Succeeded(performed.payload()))
    }

    /// From now on a state that is cancelled only goes away: the next process finds its job again.
    pub fn begin_close(&self) {
        self.0.closing.cancel();
    }

    /// Waits until what was about to be stopped is. Close the runtime after that.
    pub async fn close(&self) {
        self.begin_close();
        self.0.tracker.close();
        self.0.tracker.wait().await;
    }
}

/// What a state calls with.
fn parameters(call: &TaskCall) -> Result<Value, Failure> {
    serde_json::from_str(call.input.text())
        .map_err(|error| failures::parameters(call.input.text(), &[error.to_string()]))
}

fn payload(value: Value) -> Payload {
    Payload::of(expression::value::Value::from(value))
}

/// The headers of the trace that a call is a part of.
fn trace(call: &TaskCall) -> Vec<(&'static str, &str)> {
    call.trace.iter().flat_map(CallTrace::headers).collect()
}

/// The name by which a service recognises a repetition of this attempt: a UUID made of the attempt's id.
fn token(call: &TaskCall) -> String {
    uuid::Uuid::from_bytes(digest(&records::key(call))).to_string()
}

fn digest(text: &str) -> [u8; 16] {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(text.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes
}

/// The endpoints of the settings. Lambda's has a setting of its own.
fn endpoints(settings: &Settings) -> Endpoints {
    let mut services: BTreeMap<String, String> = settings.aws.endpoints.clone();
    if let Some(lambda) = &settings.lambda_endpoint {
        services
            .entry("lambda".to_owned())
            .or_insert_with(|| lambda.clone());
    }
    Endpoints {
        all: settings.aws.endpoint.clone(),
        services,
        region: settings.region.clone(),
    }
}
