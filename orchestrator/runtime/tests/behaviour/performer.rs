//! What the tasks of a session call: the function's name says what it does.

use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use asl::resource::Resource;
use futures_util::future::{BoxFuture, FutureExt};
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use runtime::tasks::{TaskCall, TaskOutcome, TaskRunner};

use crate::texts::payload;

/// Performs tasks and notes every call.
#[derive(Default)]
pub(crate) struct Performer(Mutex<Notes>);

#[derive(Default)]
struct Notes {
    calls: Vec<String>,
    tokens: Vec<String>,
    processes: u32,
}

impl Performer {
    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.lock().calls.clone()
    }

    /// A new process began.
    pub(crate) fn begin_again(&self) {
        let mut notes = self.lock();
        notes.processes += 1;
        notes.calls.push("-- another process".to_owned());
    }

    /// Whatever was broken works from now on.
    pub(crate) fn mend(&self) {
        self.lock().processes += 1;
    }

    /// Keeps a token and gives its short name.
    pub(crate) fn hold(&self, token: String) -> String {
        let mut notes = self.lock();
        if !notes.tokens.contains(&token) {
            notes.tokens.push(token.clone());
        }
        let number = notes.tokens.iter().position(|known| *known == token);
        format!("token{}", number.map_or(0, |number| number + 1))
    }

    /// The token of a short name; what is none is taken as it is.
    pub(crate) fn token(&self, name: &str) -> String {
        let number = name
            .strip_prefix("token")
            .and_then(|text| text.parse().ok());
        let token = number.and_then(|number: usize| self.lock().tokens.get(number - 1).cloned());
        token.unwrap_or_else(|| name.to_owned())
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TaskRunner for Performer {
    fn run(&self, call: TaskCall) -> BoxFuture<'static, TaskOutcome> {
        let function = match &call.resource {
            Resource::Function(arn) => arn.rsplit(':').next().unwrap_or_default().to_owned(),
            Resource::Service(service) => service.action.to_string(),
            Resource::Activity(_) => panic!("activities are the runtime's own"),
        };
        let attempt = call.attempt_id.rsplit(':').next().unwrap_or_default();
        let mut line = format!("{function} {attempt} {}", call.input.text());
        if let Some(token) = call.token {
            line.push_str(&format!(" {}", self.hold(token)));
        }
        if let Some(trace) = call.trace {
            let headers = trace
                .headers()
                .map(|(name, value)| format!(" {name}={value}"));
            line.extend(headers);
        }
        self.lock().calls.push(line);
        let input = call.input;
        let processes = self.lock().processes;
        async move {
            match function.as_str() {
                "submitJob" => TaskOutcome::Submitted(payload("{\"JobId\":\"1\"}")),
                "echo" | "invoke" => TaskOutcome::Succeeded(input),
                "slow" => {
                    tokio::time::sleep(Duration::from_secs(10)).await;
                    TaskOutcome::Succeeded(input)
                }
                // It works once a process began anew.
                "mended" if processes > 0 => TaskOutcome::Succeeded(input),
                "broken" | "mended" => TaskOutcome::Failed(Failure::new("Broken", "as it is")),
                "garbage" => TaskOutcome::Succeeded(Payload::of_known_text("{oops")),
                "hang" => pending().await,
                "panic" => panic!("a bug in an integration"),
                other => TaskOutcome::Succeeded(payload(&format!("\"{other}\""))),
            }
        }
        .boxed()
    }

    fn follow(&self, call: TaskCall, response: Payload) -> BoxFuture<'static, TaskOutcome> {
        let attempt = call.attempt_id.rsplit(':').next().unwrap_or_default();
        let line = format!("follow {attempt} {}", response.text());
        self.lock().calls.push(line);
        async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            TaskOutcome::Succeeded(call.input)
        }
        .boxed()
    }
}
