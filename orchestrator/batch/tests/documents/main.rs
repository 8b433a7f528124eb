//! The documents of AWS Batch: what is accepted, what is refused and with which words, what jobs come of it, and what is shown.

mod definitions;
mod jobs;
mod launches;
mod memory;
mod records;
mod resources;
mod submissions;

use std::sync::Arc;

use batch::definition::JobDefinition;
use batch::job::{Job, Role};
use batch::names::{JobId, Site};
use batch::queue::JobQueue;
use batch::request::SubmitJob;
use batch::submission::{Submission, submit};
use serde_json::{Value, json};

/// The id of the jobs that tests make.
const ID: &str = "11111111-2222-4333-8444-555555555555";
/// The id of an array job of three children that is there before.
const ARRAY: &str = "aaaaaaaa-0000-4000-8000-000000000000";
/// The id of a job that is there before.
const SINGLE: &str = "bbbbbbbb-0000-4000-8000-000000000000";

/// Where ARNs say that things are.
fn site() -> Site {
    Site {
        region: "us-east-1".into(),
        account: "123456789012".into(),
    }
}

/// `base` with the members of `patch` over it; objects are merged, null removes.
fn patched(base: &Value, patch: &Value) -> Value {
    match (base, patch) {
        (Value::Object(base), Value::Object(patch)) => {
            let mut merged = base.clone();
            for (name, value) in patch {
                match value {
                    Value::Null => {
                        merged.remove(name);
                    }
                    value => {
                        let known = merged.get(name).cloned().unwrap_or(Value::Null);
                        merged.insert(name.clone(), patched(&known, value));
                    }
                }
            }
            Value::Object(merged)
        }
        (_, patch) => patch.clone(),
    }
}

/// A request that registers a definition of one container.
fn register_request() -> Value {
    json!({
        "jobDefinitionName": "resize",
        "type": "container",
        "containerProperties": {
            "image": "busybox:1.36",
            "command": ["echo", "Ref::what", "Ref::unknown"],
            "environment": [{ "name": "COLOUR", "value": "red" }],
            "resourceRequirements": [
                { "type": "VCPU", "value": "0.5" },
                { "type": "MEMORY", "value": "64" },
            ],
        },
    })
}

/// A request that registers a definition of three nodes.
fn nodes_request() -> Value {
    let container = register_request()["containerProperties"].clone();
    json!({
        "jobDefinitionName": "solve",
        "type": "multinode",
        "nodeProperties": {
            "numNodes": 3,
            "mainNode": 0,
            "nodeRangeProperties": [
                { "targetNodes": "0:0", "container": container.clone() },
                { "targetNodes": "1:", "container": container },
            ],
        },
    })
}

/// The definition that a request registers, as revision 3.
fn registered(request: &Value) -> batch::Result<JobDefinition> {
    let request =
        serde_json::from_value(request.clone()).expect("the request is of the right shape");
    JobDefinition::register(request, 3)
}

/// A queue, with a policy or without.
fn queue(policy: Option<&str>) -> JobQueue {
    let order = vec![batch::request::ComputeEnvironmentOrder {
        order: 1,
        compute_environment: "default".to_owned(),
    }];
    let request = batch::request::CreateJobQueue {
        job_queue_name: "high".to_owned(),
        priority: 1,
        compute_environment_order: Some(order),
        scheduling_policy_arn: policy.map(|name| site().policy(name)),
        ..Default::default()
    };
    JobQueue::create(&request, |_| true, |_| true).expect("the queue is sound")
}

/// The jobs that a submission makes of a definition.
fn submitted(definition: &Value, request: &Value, queue: &JobQueue) -> batch::Result<Vec<Job>> {
    let definition = registered(definition)?;
    let base = json!({ "jobName": "one", "jobQueue": "high", "jobDefinition": "resize" });
    let request: SubmitJob =
        serde_json::from_value(patched(&base, request)).expect("the request is of the right shape");
    let with = Submission {
        definition: &definition,
        queue,
        id: JobId::new(ID),
        number: 7,
        task_token: None,
        awaited_by: None,
        now: 1_700_000_000_000,
    };
    submit(&request, &with, |id| match id.as_str() {
        ARRAY => Some(Role::ArrayParent { size: 3 }),
        SINGLE => Some(Role::Single),
        _ => None,
    })
}

/// The only job of a submission that is sound.
fn one_job(patch: &Value) -> Job {
    let jobs =
        submitted(&register_request(), patch, &queue(None)).expect("the submission is sound");
    jobs.into_iter().next().expect("a submission makes a job")
}

/// An attempt that ended, at the given place of a job's attempts.
fn try_and_end(job: &mut Job, number: u32, exit_code: Option<i32>, reason: Option<&str>) {
    let mut attempt = batch::job::Attempt::new(job, number, "default".into());
    attempt.started_at = Some(job.created_at + 1000);
    attempt.stopped_at = Some(job.created_at + 2000);
    attempt.exit_code = exit_code;
    attempt.reason = reason.map(Arc::from);
    attempt.status_reason = Some("Essential container in task exited".into());
    attempt.address = Some("172.17.0.2".into());
    job.started_at = attempt.started_at;
    job.attempts.push(attempt);
}
