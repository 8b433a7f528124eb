//! Calls Step Functions' operations in AWS JSON 1.0.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http::Client;

/// How long an execution may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The role of every state machine here.
pub const ROLE_ARN: &str = "arn:aws:iam::000000000000:role/tests";

/// A client of the AWS API.
#[derive(Debug)]
pub struct Aws(Client);

/// Why there is no answer.
#[derive(Debug)]
pub enum Error {
    /// The connection broke; the server may or may not have done what was asked.
    Broken(io::Error),
    /// The server refused.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error's code.
        code: String,
        /// What it says.
        message: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => write!(formatter, "the connection broke: {error}"),
            Self::Refused {
                status,
                code,
                message,
            } => write!(formatter, "{status} {code}: {message}"),
        }
    }
}

impl Error {
    /// The error's code; empty when the connection broke.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Broken(_) => "",
            Self::Refused { code, .. } => code,
        }
    }
}

impl Aws {
    /// A client of a server.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self(Client::new(address))
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// When the server refuses or the connection breaks.
    pub fn call(&mut self, operation: &str, request: &Value) -> Result<Value, Error> {
        self.call_text(operation, &request.to_string())
    }

    /// Calls an operation with a body that is given as text.
    ///
    /// # Errors
    /// When the server refuses or the connection breaks.
    pub fn call_text(&mut self, operation: &str, body: &str) -> Result<Value, Error> {
        let target = format!("AWSStepFunctions.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", target.as_str()),
        ];
        let response = self
            .0
            .request("POST", "/", &headers, body.as_bytes())
            .map_err(Error::Broken)?;
        let answer = response.json();
        if response.status == 200 {
            return Ok(answer);
        }
        let text = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| answer.get(name)?.as_str());
            found.unwrap_or_default().to_owned()
        };
        let code = text(["__type", "code"]);
        Err(Error::Refused {
            status: response.status,
            code: code.rsplit('#').next().unwrap_or_default().to_owned(),
            message: text(["message", "Message"]),
        })
    }

    /// Creates a Standard state machine and gives its ARN.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn create(&mut self, name: &str, definition: &str) -> String {
        let request = json!({"name": name, "definition": definition, "roleArn": ROLE_ARN});
        match self.call("CreateStateMachine", &request) {
            Ok(created) => text(&created, "stateMachineArn").to_owned(),
            Err(error) => panic!("cannot create {name}: {error}"),
        }
    }

    /// Starts an execution and gives its ARN.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn start(&mut self, machine_arn: &str, input: &str) -> String {
        let request = json!({"stateMachineArn": machine_arn, "input": input});
        match self.call("StartExecution", &request) {
            Ok(started) => text(&started, "executionArn").to_owned(),
            Err(error) => panic!("cannot start {machine_arn}: {error}"),
        }
    }

    /// Waits for an execution's end and describes it.
    ///
    /// # Panics
    /// When it takes longer than a minute, or the server refuses.
    pub fn wait(&mut self, execution_arn: &str) -> Value {
        let began = Instant::now();
        loop {
            let request = json!({"executionArn": execution_arn});
            let described = self.call("DescribeExecution", &request);
            let described = described.unwrap_or_else(|error| panic!("{execution_arn}: {error}"));
            if text(&described, "status") != "RUNNING" {
                return described;
            }
            assert!(began.elapsed() < PATIENCE, "{execution_arn} does not end");
            sleep(Duration::from_millis(20));
        }
    }

    /// An execution's whole history.
    ///
    /// # Errors
    /// When the server refuses or the connection breaks.
    pub fn history(&mut self, execution_arn: &str) -> Result<Vec<Value>, Error> {
        let mut events = Vec::new();
        let mut request = json!({"executionArn": execution_arn, "maxResults": 1000});
        loop {
            let mut page = self.call("GetExecutionHistory", &request)?;
            if let Value::Array(more) = page["events"].take() {
                events.extend(more);
            }
            match page["nextToken"].take() {
                Value::Null => return Ok(events),
                token => request["nextToken"] = token,
            }
        }
    }

    /// The states that an execution entered, in order.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn path(&mut self, execution_arn: &str) -> Vec<String> {
        let events = self.history(execution_arn);
        let events = events.unwrap_or_else(|error| panic!("{execution_arn}: {error}"));
        events
            .iter()
            .filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str())
            .map(str::to_owned)
            .collect()
    }
}

/// A text in an answer; empty when it is not there.
#[must_use]
pub fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_default()
}
