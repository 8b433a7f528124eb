//! What tasks call: services that know an attempt again by its id, and record every call.

use std::future::pending;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use runtime::tasks::{TaskCall, TaskOutcome, TaskRunner};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::world::{Call, Outcome, World};

/// The services of one life.
pub(crate) struct Services {
    pub(crate) world: World,
    /// Where tokens go that somebody now holds.
    pub(crate) tokens: mpsc::UnboundedSender<String>,
}

impl TaskRunner for Services {
    fn run(&self, call: TaskCall) -> BoxFuture<'static, TaskOutcome> {
        let payload = payload_of(&call.input);
        let (world, tokens) = (self.world.clone(), self.tokens.clone());
        let outcome = self.record(&call, &payload);
        let latency = payload["script"]["latency"].as_u64().unwrap_or(0);
        let value = payload["script"]["value"].clone();
        async move {
            if latency > 0 {
                tokio::time::sleep(Duration::from_millis(latency)).await;
            }
            if let Some(token) = call.token {
                if payload["token"] != token.as_str() {
                    world.violation(format!(
                        "the token in the input of {} is wrong",
                        call.attempt_id
                    ));
                }
                let is_new = world.lock().take_work(&token, &payload, outcome);
                if is_new {
                    // The life may be over.
                    let _ = tokens.send(token);
                }
                return succeeded(&json!({"accepted": true}));
            }
            match outcome {
                Outcome::Succeeds => succeeded(&json!({"v": value, "more": "x".repeat(20)})),
                Outcome::Fails(error) => TaskOutcome::Failed(Failure::new(error, "as planned")),
                Outcome::Hangs => pending().await,
            }
        }
        .boxed()
    }
}

impl Services {
    fn record(&self, call: &TaskCall, payload: &Value) -> Outcome {
        let mut records = self.world.lock();
        if !records.handed_over.insert(call.attempt_id.clone()) {
            let text = format!("{} was handed over twice in one life", call.attempt_id);
            records.violations.push(text);
        }
        records.calls.push(Call {
            attempt_id: call.attempt_id.clone(),
            execution_arn: call.execution_arn.to_string(),
            input: call.input.text().to_owned(),
        });
        records.outcome(&call.execution_arn, &call.attempt_id, payload)
    }
}

fn succeeded(output: &Value) -> TaskOutcome {
    TaskOutcome::Succeeded(Payload::parse(output.to_string()).expect("it is JSON"))
}

/// The function's own input: a service integration wraps it.
pub(crate) fn payload_of(input: &Payload) -> Value {
    let mut input: Value = serde_json::from_str(input.text()).expect("an input is JSON");
    match input.get_mut("Payload") {
        Some(payload) => payload.take(),
        None => input,
    }
}
