//! A service whose answers a test writes down: it speaks AWS's JSON protocols, and says what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tests::support::server::Server;
use tests::support::web::{Answer, Request, Web};

use super::{World, one_state, until};

/// What is answered to each operation, one after the other; the last one again and again.
type Script = BTreeMap<String, VecDeque<Value>>;

/// A server that calls nothing but a scripted service.
pub(crate) struct Scripted {
    pub(crate) world: World,
    pub(crate) web: Web,
    script: Arc<Mutex<Script>>,
}

impl Scripted {
    /// A service whose endpoint is in this variable.
    pub(crate) fn open(variable: &str) -> Self {
        let script: Arc<Mutex<Script>> = Arc::default();
        let answers = script.clone();
        let web = Web::serve(move |request| answer(&mut answers.lock().unwrap(), request));
        let server = Server::new()
            .variable(variable, web.url())
            .toml("[batch]\nenabled = false\n")
            .start();
        Self {
            world: World::with(server),
            web,
            script,
        }
    }

    /// Writes down answers: an operation's name, and what it gives.
    pub(crate) fn write(&self, answers: &[(&str, Value)]) {
        let mut script = Script::new();
        for (operation, answer) in answers {
            let given = script.entry((*operation).to_owned()).or_default();
            given.push_back(answer.clone());
        }
        *self.script.lock().unwrap() = script;
    }

    /// What the service was asked since the last time: operations and parameters.
    pub(crate) fn asked(&self) -> Vec<(String, Value)> {
        let taken = self.web.taken().into_iter();
        taken.map(|request| question(&request)).collect()
    }

    /// Calls a resource: what the service was asked, and how the execution ended, without what answers come with.
    pub(crate) fn check(
        &self,
        resource: &str,
        parameters: Value,
        answers: &[(&str, Value)],
        asked: &[&str],
        end: &str,
    ) {
        self.write(answers);
        let ended = self.world.run(&one_state(resource), &parameters);
        let text = |name: &str| ended[name].as_str().unwrap_or_default().to_owned();
        let told = match ended["status"].as_str() {
            Some("SUCCEEDED") => without_metadata(&text("output")),
            _ => format!("{}: {}", text("error"), super::without_ids(&text("cause"))),
        };
        assert_eq!(told, end, "{resource} {parameters}");
        let asked: Vec<(String, Value)> = asked.iter().map(|line| written(line)).collect();
        assert_eq!(self.asked(), asked, "{resource} {parameters}");
    }

    /// Stops an execution while it waits for a job; what the service is then asked.
    pub(crate) fn check_stop(
        &self,
        resource: &str,
        parameters: Value,
        answers: &[(&str, Value)],
        stop: &str,
    ) {
        self.write(answers);
        let mut aws = self.world.server.aws();
        let execution = self
            .world
            .begin(&mut aws, &one_state(resource), &parameters);
        let is_asked_after = || {
            let mut seen = self.web.seen().into_iter();
            seen.any(|request| {
                request.operation().starts_with("Describe") || request.method == "GET"
            })
        };
        until("a question", is_asked_after);
        aws.call("StopExecution", &json!({ "executionArn": execution }))
            .unwrap();
        let expected = written(stop);
        until(stop, || {
            let mut seen = self.web.seen().into_iter();
            seen.any(|request| question(&request) == expected)
        });
        assert_eq!(aws.wait(&execution)["status"], "ABORTED");
        self.asked();
    }
}

/// What is asked: an operation, or where the path tells it, method and path.
fn operation(request: &Request) -> String {
    match request.operation() {
        "" => format!("{} {}", request.method, request.target),
        operation => operation.to_owned(),
    }
}

fn question(request: &Request) -> (String, Value) {
    (operation(request), request.json())
}

/// An operation and its parameters as a test writes them: `StopJob {"Name":"n"}`, `GET /jobs/n`.
fn written(line: &str) -> (String, Value) {
    match line.split_once(" {") {
        Some((operation, parameters)) => {
            let parameters = format!("{{{parameters}");
            let parameters = serde_json::from_str(&parameters).unwrap();
            (operation.to_owned(), parameters)
        }
        None => (line.to_owned(), Value::Null),
    }
}

fn answer(script: &mut Script, request: &Request) -> Answer {
    let Some(answers) = script.get_mut(&operation(request)) else {
        return Answer::refusal("ValidationException", "nobody wrote down what to answer");
    };
    let answer = match answers.len() {
        1 => answers.front().cloned(),
        _ => answers.pop_front(),
    };
    match answer.unwrap_or_default() {
        Value::String(code) => Answer::refusal(&code, "as the test wants it"),
        answer => Answer::json(&answer),
    }
}

fn without_metadata(output: &str) -> String {
    let mut output: Value = serde_json::from_str(output).unwrap();
    if let Value::Object(members) = &mut output {
        members.remove("SdkHttpMetadata");
        members.remove("SdkResponseMetadata");
    }
    output.to_string()
}
