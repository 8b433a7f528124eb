//! Calls AWS's services and HTTP services from workflows: the real binary, with moto or a server of the test's own in the place of who is called.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod api_gateway;
mod emr;
mod http_task;
mod jobs;
mod logs;
mod optimised;
mod sagemaker;
mod scripted;
mod sdk;
mod serverless;
mod tokens;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::support::aws::Aws;
use tests::support::http::Client;
use tests::support::moto::Moto;
use tests::support::server::Server;

/// A server, and the services that it calls.
pub(crate) struct World {
    moto: Option<Moto>,
    pub(crate) server: Server,
    machines: AtomicU32,
}

impl World {
    pub(crate) fn open() -> Self {
        let moto = Moto::start();
        let server = Server::new()
            .variable("AWS_ENDPOINT_URL", moto.url())
            .variable("AWS_REGION", "us-east-1")
            .toml("[batch]\nenabled = false\n")
            .start();
        Self::with_moto(server, moto)
    }

    /// A server, and moto, which it may call.
    pub(crate) fn with_moto(server: Server, moto: Moto) -> Self {
        Self {
            moto: Some(moto),
            ..Self::with(server)
        }
    }

    /// A server, and whatever it calls.
    pub(crate) fn with(server: Server) -> Self {
        Self {
            moto: None,
            server,
            machines: AtomicU32::new(0),
        }
    }

    /// Runs a machine and describes how it ended.
    pub(crate) fn run(&self, definition: &Value, input: &Value) -> Value {
        let mut aws = self.server.aws();
        let arn = self.begin(&mut aws, definition, input);
        aws.wait(&arn)
    }

    /// Begins to run a machine.
    pub(crate) fn begin(&self, aws: &mut Aws, definition: &Value, input: &Value) -> String {
        let number = self.machines.fetch_add(1, Ordering::Relaxed);
        let machine = aws.create(&format!("machine-{number}"), &definition.to_string());
        aws.start(&machine, &input.to_string())
    }

    /// Calls a resource and gives its result.
    pub(crate) fn call(&self, resource: &str, parameters: Value) -> Value {
        let ended = self.run(&one_state(resource), &parameters);
        assert_eq!(ended["status"], "SUCCEEDED", "{resource}: {ended}");
        output(&ended)
    }

    /// Calls a resource that fails: the error, and the cause without what is another in each run.
    pub(crate) fn failure(&self, resource: &str, parameters: Value) -> (String, String) {
        let ended = self.run(&one_state(resource), &parameters);
        assert_eq!(ended["status"], "FAILED", "{resource}: {ended}");
        let text = |name: &str| ended[name].as_str().unwrap_or_default().to_owned();
        (text("error"), without_ids(&text("cause")))
    }

    /// Tells moto how a resource goes on.
    pub(crate) fn transition(&self, model: &str, transition: Value) {
        let url = self.moto.as_ref().expect("moto plays AWS").url();
        let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let request = json!({ "model_name": model, "transition": transition });
        let answer = Client::new(address)
            .post("/moto-api/state-manager/set-transition", &request)
            .unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
}

/// A machine whose input is the parameters of one call.
pub(crate) fn one_state(resource: &str) -> Value {
    json!({
        "StartAt": "Call",
        "States": { "Call": { "Type": "Task", "Resource": resource, "End": true } },
    })
}

pub(crate) fn output(ended: &Value) -> Value {
    serde_json::from_str(
        ended["output"]
            .as_str()
            .unwrap_or_else(|| panic!("{ended}")),
    )
    .unwrap()
}

/// Waits for what another process does.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{what} did not come"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// `Request ID: …` in place of the ids.
fn without_ids(cause: &str) -> String {
    let mut text = String::new();
    let mut rest = cause;
    while let Some(at) = rest.find("Request ID: ") {
        let (before, after) = rest.split_at(at + "Request ID: ".len());
        text.push_str(before);
        text.push('…');
        let end = after.find([';', ',', ')']).unwrap_or(after.len());
        rest = &after[end..];
    }
    text.push_str(rest);
    text
}
