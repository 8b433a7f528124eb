//! Where cases happen: a server, a Docker daemon, and a directory that containers see too.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::support::docker::{Daemon, Stop};
use tests::support::http::Client;
use tests::support::server::Server;

use crate::notation::{Engine, Turn};

/// A secret that jobs may ask for, and its value.
pub(crate) const SECRET: (&str, &str) = ("database-password", "correct horse");

/// A server with a daemon and queues for both engines.
#[derive(Debug)]
pub(crate) struct World {
    server: Server,
    daemon: Daemon,
    shared: TempDir,
}

impl World {
    /// One that is ready.
    pub(crate) fn new() -> Self {
        let daemon = Daemon::start();
        let shared =
            TempDir::with_prefix("ratchet-shared-").expect("there is a temporary directory");
        // Containers' users must come to it.
        fs::set_permissions(shared.path(), Permissions::from_mode(0o777)).expect("it is ours");
        let settings = format!(
            "[batch]\nengine = \"docker\"\ndocker_socket = {:?}\nallowed_mounts = [{:?}]\n\
             vcpus = 1000\nmemory = 1000000\n\
             [batch.environments.process]\nengine = \"process\"\nvcpus = 1000\nmemory = 1000000\n\
             [batch.secrets.{}]\nvalue = {:?}\n",
            daemon.socket(),
            shared.path(),
            SECRET.0,
            SECRET.1
        );
        let world = Self {
            server: Server::new().toml(&settings).start(),
            daemon,
            shared,
        };
        world.make_queue(Engine::Docker, "default");
        world.make_queue(Engine::Process, "process");
        world
    }

    fn make_queue(&self, engine: Engine, environment: &str) {
        let request = json!({
            "jobQueueName": engine.as_str(),
            "priority": 1,
            "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": environment}],
        });
        let made = ask(&mut self.server.http(), "CreateJobQueue", &request);
        made.unwrap_or_else(|problem| panic!("the queue was not made: {problem:?}"));
    }

    /// Where the server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// A directory of a case's own.
    pub(crate) fn gate(&self, case: &str) -> PathBuf {
        let gate = self.shared.path().join(case);
        fs::create_dir_all(&gate).expect("it is ours");
        fs::set_permissions(&gate, Permissions::from_mode(0o777)).expect("it is ours");
        gate
    }

    /// How many containers the daemon has, in whatever state.
    pub(crate) fn containers(&self) -> usize {
        let answer = self.daemon.ask("GET", "/containers/json?all=true");
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        let list: Value = serde_json::from_str(body.trim()).unwrap_or_default();
        list.as_array().map_or(usize::MAX, Vec::len)
    }

    /// Something happens to the daemon.
    pub(crate) fn turn_daemon(&mut self, turn: Turn) {
        match turn {
            Turn::Kill => self.daemon.down(Stop::Kill),
            Turn::Stop => self.daemon.down(Stop::Ask),
            Turn::Start => self.daemon.up(),
        }
    }

    /// Something happens to the server.
    pub(crate) fn turn_server(&mut self, turn: Turn) {
        match turn {
            Turn::Kill => self.server.kill(),
            Turn::Stop => {
                self.server.terminate();
            }
            Turn::Start => self.server.restart(),
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is the caller's mistake; what is said of it.
    Client(String),
    /// Anything else.
    Other(String),
}

/// Asks AWS Batch for an operation.
pub(crate) fn ask(client: &mut Client, operation: &str, request: &Value) -> Result<Value, Refusal> {
    let path = format!("/v1/{}", operation.to_lowercase());
    send(client, "POST", &path, &[], request)
}

/// Asks CloudWatch Logs for an operation.
pub(crate) fn ask_logs(
    client: &mut Client,
    operation: &str,
    request: &Value,
) -> Result<Value, Refusal> {
    let target = format!("Logs_20140328.{operation}");
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", target.as_str()),
    ];
    send(client, "POST", "/", &headers, request)
}

/// Sends a request and tells refusals from answers.
pub(crate) fn send(
    client: &mut Client,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    request: &Value,
) -> Result<Value, Refusal> {
    let body = request.to_string();
    let answer = client
        .request(method, path, headers, body.as_bytes())
        .map_err(|error| Refusal::Other(format!("the connection broke: {error}")))?;
    match answer.status {
        200 => Ok(answer.json()),
        400 | 404 => Err(Refusal::Client(answer.text())),
        status => Err(Refusal::Other(format!("{status} {}", answer.text()))),
    }
}
