//! Container jobs that schedules submit. A run's name is the submission's key, so that a call that is repeated finds the first job.

use batch::Error;
use batch::job::JobStatus;
use batch::names::JobId;
use batch::request::{EndJob, SubmitJob};
use batch_runtime::{Batch, Submission};
use schedule::state::Stop;
use schedule::step::{Accepted, Outcome};
use schedule_runtime::targets::{Call, Refusal};
use serde_json::{Map, Value};

/// Container jobs, where this server runs any.
#[derive(Clone)]
pub(crate) struct BatchJobs(Option<Batch>);

/// What is said where no jobs run.
const TURNED_OFF: &str =
    "this server runs no container jobs: `batch.enabled` is false in its configuration";

impl BatchJobs {
    /// Over this engine of jobs.
    pub(crate) fn new(batch: Option<Batch>) -> Self {
        Self(batch)
    }

    /// Whether jobs run here.
    pub(super) fn check(&self) -> Result<(), String> {
        match &self.0 {
            Some(_) => Ok(()),
            None => Err(TURNED_OFF.to_owned()),
        }
    }

    /// Submits a job, to a queue where the target names one.
    pub(super) async fn submit(
        &self,
        queue: Option<String>,
        call: Call,
    ) -> Result<Accepted, Refusal> {
        let Some(batch) = &self.0 else {
            return Err(Refusal::later(TURNED_OFF));
        };
        let request = request(queue, &call).map_err(Refusal::never)?;
        let submission = Submission {
            key: Some(call.run),
            ..Submission::default()
        };
        match batch.submit(request, submission).await {
            Ok(submitted) => Ok(Accepted {
                handle: Some(submitted.job_id),
                outcome: None,
            }),
            Err(Error::Client(why)) => Err(Refusal::never(why)),
            Err(Error::Unavailable(why)) => Err(Refusal::later(why)),
        }
    }

    /// Waits until a job is over.
    pub(super) async fn ended(&self, job: &str) -> Outcome {
        let Some(batch) = &self.0 else {
            return Outcome::Started;
        };
        match batch.wait_end(&JobId(job.into())).await {
            Ok(detail) if detail.status == JobStatus::Succeeded => Outcome::Succeeded,
            Ok(detail) => Outcome::Failed {
                why: detail
                    .status_reason
                    .unwrap_or_else(|| "the job failed".to_owned()),
            },
            Err(Error::Client(_)) => Outcome::Started,
            // The server is closing: the next process asks again.
            Err(Error::Unavailable(_)) => std::future::pending().await,
        }
    }

    /// Cancels a job that waits, or ends it whatever it does.
    pub(super) async fn stop(&self, job: &str, how: Stop) -> Result<(), String> {
        let Some(batch) = &self.0 else { return Ok(()) };
        let request = EndJob {
            job_id: job.to_owned(),
            reason: "The schedule's next run takes its place.".to_owned(),
        };
        let ended = match how {
            Stop::Cancel => batch.cancel_job(request).await,
            Stop::Terminate => batch.terminate_job(request).await,
        };
        match ended {
            // One that is not known any more is over.
            Ok(_) | Err(Error::Client(_)) => Ok(()),
            Err(Error::Unavailable(why)) => Err(why),
        }
    }
}

/// SubmitJob's parameters, from an input whose members begin with capitals, as those of every aws-sdk call, or as Batch has them.
fn request(queue: Option<String>, call: &Call) -> Result<SubmitJob, String> {
    let wrong =
        |why: &dyn std::fmt::Display| format!("the target's input is not that of SubmitJob: {why}");
    let input: Map<String, Value> =
        serde_json::from_str(&call.input).map_err(|error| wrong(&error))?;
    let mut input = lower_members(input);
    if let Some(queue) = queue {
        input.insert("jobQueue".to_owned(), queue.into());
    }
    input
        .entry("jobName")
        .or_insert_with(|| call.run.as_str().into());
    serde_json::from_value(Value::Object(input)).map_err(|error| wrong(&error))
}

/// Members whose own members are names of the caller's.
const MAPS: [&str; 3] = ["parameters", "tags", "options"];

fn lower_members(members: Map<String, Value>) -> Map<String, Value> {
    let lowered = members.into_iter().map(|(name, value)| {
        let mut letters = name.chars();
        let first = letters.next().map(|first| first.to_ascii_lowercase());
        let name: String = first.into_iter().chain(letters).collect();
        let value = if MAPS.contains(&&*name) {
            value
        } else {
            lower(value)
        };
        (name, value)
    });
    lowered.collect()
}

fn lower(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(lower_members(members)),
        Value::Array(items) => Value::Array(items.into_iter().map(lower).collect()),
        other => other,
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(queue: Option<&str>, input: &str, expected: &Expect) {
        let call = Call {
            schedule_arn: String::new(),
            run: "nightly-20261124T020000Z-0badcafe".to_owned(),
            attempt: 1,
            target_arn: String::new(),
            input: input.to_owned(),
            parameters: Map::new(),
        };
        let text = match request(queue.map(str::to_owned), &call) {
            Ok(request) => serde_json::to_string(&request).expect("it is JSON"),
            Err(why) => why,
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn inputs_of_submit_job() {
        check(
            None,
            r#"{"JobName":"a","JobQueue":"default","JobDefinition":"d","Parameters":{"Day":"1"},
                "ContainerOverrides":{"Environment":[{"Name":"A","Value":"B"}]},"Tags":{"Team":"x"}}"#,
            &expect![[
                r#"{"jobName":"a","jobQueue":"default","jobDefinition":"d","parameters":{"Day":"1"},"containerOverrides":{"environment":[{"name":"A","value":"B"}]},"tags":{"Team":"x"}}"#
            ]],
        );
        check(
            Some("arn:aws:batch:us-east-1:000000000000:job-queue/default"),
            r#"{"jobDefinition":"d","arrayProperties":{"size":3}}"#,
            &expect![[
                r#"{"jobName":"nightly-20261124T020000Z-0badcafe","jobQueue":"arn:aws:batch:us-east-1:000000000000:job-queue/default","arrayProperties":{"size":3},"jobDefinition":"d"}"#
            ]],
        );
        check(
            None,
            r#"{"JobDefinition":"d"}"#,
            &expect!["the target's input is not that of SubmitJob: missing field `jobQueue`"],
        );
        check(
            None,
            "[]",
            &expect![
                "the target's input is not that of SubmitJob: invalid type: sequence, expected a map at line 1 column 0"
            ],
        );
    }
}
