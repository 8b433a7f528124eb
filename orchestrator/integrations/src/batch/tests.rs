//! What states say to `batch:…`, and what they are answered. No engine is there, so jobs wait until somebody ends them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use asl::resource::Resource;
use batch::container::Resources;
use batch::environment::Engine;
use batch::names::Site;
use batch::view::JobDetail;
use batch_runtime::logs::LogStore;
use batch_runtime::options::{EnvironmentOptions, TokenJobs};
use batch_runtime::{Batch, Options};
use expect_test::{Expect, expect};
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use runtime::tasks::{TaskCall, TaskOutcome};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use tempfile::TempDir;

use super::batch_failures::job_failed;
use super::tokens::failure_of;
use super::{ContainerJobs, JobTokens};

const EXECUTION: &str = "arn:aws:states:us-east-1:000000000000:execution:m:e";

/// Jobs over a store of their own.
struct World {
    jobs: ContainerJobs,
    _logs: TempDir,
}

impl World {
    async fn open() -> Self {
        let logs = TempDir::new().unwrap();
        let site = Site {
            region: "us-east-1".into(),
            account: "000000000000".into(),
        };
        let environment = EnvironmentOptions {
            engine: Engine::Process,
            limits: Resources {
                vcpus_milli: 4000,
                memory_mib: 4096,
                gpus: 0,
            },
        };
        let log_store = LogStore::open(logs.path().to_owned(), 1 << 20).unwrap();
        let options = Options::new(site, log_store, environment);
        let store = Arc::new(MemoryStore::new());
        let batch = Batch::open(store, HashMap::new(), options).await.unwrap();
        let definition = json!({
            "jobDefinitionName": "d",
            "type": "container",
            "containerProperties": {
                "image": "i",
                "command": ["true"],
                "resourceRequirements": [{ "type": "VCPU", "value": "1" }, { "type": "MEMORY", "value": "32" }],
            },
        });
        let definition = serde_json::from_value(definition).unwrap();
        batch.register_job_definition(definition).await.unwrap();
        Self {
            jobs: ContainerJobs::new(batch),
            _logs: logs,
        }
    }

    /// Performs a call, with the answer's members, ids left out.
    async fn call(&self, call: &TaskCall) -> Result<TaskOutcome, Failure> {
        let Resource::Service(service) = &call.resource else {
            panic!("a service is called");
        };
        self.jobs.perform(service, call).await
    }

    /// Performs a call that is accepted, and tells the job's id and how it is answered.
    async fn submit(&self, call: &TaskCall) -> (String, Payload) {
        let response = match self.call(call).await.unwrap() {
            TaskOutcome::Succeeded(response) | TaskOutcome::Submitted(response) => response,
            TaskOutcome::Failed(failure) => panic!("{failure:?}"),
        };
        let id = response.value().get("JobId").unwrap();
        (id.as_str().unwrap().to_owned(), response)
    }

    async fn describe(&self, job: &str) -> JobDetail {
        let request = serde_json::from_value(json!({ "jobs": [job] })).unwrap();
        let jobs = self.jobs.batch.describe_jobs(request).await.unwrap().jobs;
        jobs.into_iter().next().unwrap()
    }

    /// Waits until a job has ended, and says why.
    async fn ended(&self, job: &str) -> String {
        let id = batch::names::JobId::new(job);
        let end = self.jobs.batch.wait_end(&id);
        let job = tokio::time::timeout(Duration::from_secs(10), end).await;
        job.unwrap().unwrap().status_reason.unwrap_or_default()
    }
}

fn call(resource: &str, attempt: u32, parameters: &Value) -> TaskCall {
    TaskCall {
        attempt_id: format!("{EXECUTION}#{attempt}"),
        execution_arn: EXECUTION.into(),
        execution: 7,
        resource: Resource::parse(&format!("arn:aws:states:::{resource}")).unwrap(),
        input: Payload::parse(parameters.to_string()).unwrap(),
        credentials_role_arn: None,
        token: resource
            .ends_with(".waitForTaskToken")
            .then(|| "token".to_owned()),
        timeout_seconds: None,
        trace: None,
    }
}

/// What every submission says, and more.
fn parameters(more: &Value) -> Value {
    let mut all = json!({ "JobName": "j", "JobQueue": "default", "JobDefinition": "d" });
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

/// Ids as `…`.
fn masked(text: &str) -> String {
    let words = text.split_inclusive([' ', ',', ';', ')', '"']);
    let masked = words.map(|word| {
        let bare = word.trim_end_matches([' ', ',', ';', ')', '"']);
        match uuid::Uuid::parse_str(bare) {
            Ok(_) => word.replace(bare, "…"),
            Err(_) => word.to_owned(),
        }
    });
    masked.collect()
}

/// Performs a call that fails.
async fn check_failure(resource: &str, given: &Value, expected: Expect) {
    let world = World::open().await;
    let failure = match world.call(&call(resource, 1, given)).await {
        Err(failure) => failure,
        Ok(outcome) => panic!("it is accepted: {outcome:?}"),
    };
    let (error, cause) = (failure.error.unwrap(), failure.cause.unwrap());
    expected.assert_eq(&masked(&format!("{error}: {cause}")));
}

#[tokio::test]
async fn what_batch_refuses_has_its_names_in_both_dialects() {
    check_failure(
        "batch:submitJob.sync",
        &parameters(&json!({ "JobQueue": "nope" })),
        expect!["Batch.ClientException: Error executing request, Exception : JobQueue nope not found, RequestId: … (Service: AWSBatch; Status Code: 400; Error Code: ClientException; Request ID: …; Proxy: null)"],
    )
    .await;
    check_failure(
        "aws-sdk:batch:describeJobs",
        &json!({ "Jobs": vec!["a"; 101] }),
        expect!["Batch.ClientException: Error executing request, Exception : jobs must be at most 100, not 101, RequestId: … (Service: Batch, Status Code: 400, Request ID: …) (SDK Attempt Count: 1)"],
    )
    .await;
}

#[tokio::test]
async fn parameters_are_checked_all_at_once() {
    check_failure("batch:submitJob", &json!({ "JobName": "j" }), expect![[r#"States.Runtime: The Parameters '{"JobName":"j"}' could not be used to start the Task: [The field "JobQueue" is required but was missing, The field "JobDefinition" is required but was missing]"#]]).await;
    let unknown = json!({ "jobName": "k", "ContainerOverrides": { "Comand": ["x"], "Environment": [] }, "Tags": { "any": "x" } });
    check_failure("batch:submitJob", &parameters(&unknown), expect![[r#"States.Runtime: The Parameters '{"JobName":"j","JobQueue":"default","JobDefinition":"d","jobName":"k","ContainerOverrides":{"Comand":["x"],"Environment":[]},"Tags":{"any":"x"}}' could not be used to start the Task: [The field "jobName" is not supported by Step Functions, The field "Comand" is not supported by Step Functions]"#]]).await;
    let mistyped = json!({ "ArrayProperties": { "Size": "3" } });
    check_failure("batch:submitJob", &parameters(&mistyped), expect![[r#"States.Runtime: The Parameters '{"JobName":"j","JobQueue":"default","JobDefinition":"d","ArrayProperties":{"Size":"3"}}' could not be used to start the Task: [The value for the field "ArrayProperties.Size" can't be used: invalid type: string "3", expected i32]"#]]).await;
    let other = json!({ "TaskToken": "another" });
    check_failure(
        "batch:submitJob.waitForTaskToken",
        &parameters(&other),
        expect![[r#"States.Runtime: The Parameters '{"JobName":"j","JobQueue":"default","JobDefinition":"d","TaskToken":"another"}' could not be used to start the Task: [The value for the field "TaskToken" must be that of $$.Task.Token]"#]],
    )
    .await;
    check_failure(
        "batch:submitJob",
        &parameters(&json!({ "TaskToken": "t" })),
        expect![[r#"States.Runtime: The Parameters '{"JobName":"j","JobQueue":"default","JobDefinition":"d","TaskToken":"t"}' could not be used to start the Task: [The field "TaskToken" is not supported by Step Functions]"#]],
    )
    .await;
    check_failure("batch:describeJobs", &json!({ "Jobs": [] }), expect!["States.TaskFailed: The resource 'arn:aws:states:::batch:describeJobs' is not supported by this server: batch has submitJob; other calls are written aws-sdk:SERVICE:ACTION."]).await;
}

#[tokio::test]
async fn an_attempt_that_comes_again_finds_its_job() {
    let world = World::open().await;
    let first = call("batch:submitJob", 1, &parameters(&json!({})));
    let (job, _) = world.submit(&first).await;
    assert_eq!(world.submit(&first).await.0, job);
    let second = call("batch:submitJob", 2, &parameters(&json!({})));
    assert_ne!(world.submit(&second).await.0, job);
    let another = TaskCall {
        execution: 8,
        ..first
    };
    assert_ne!(world.submit(&another).await.0, job);
}

#[tokio::test]
async fn names_of_callers_keep_their_letters() {
    let world = World::open().await;
    let given = parameters(&json!({
        "Parameters": { "Day": "1", "night": "2" },
        "Tags": { "Team": "a" },
        "ContainerOverrides": { "Environment": [{ "Name": "X", "Value": "y" }] },
        "RetryStrategy": { "Attempts": 2, "EvaluateOnExit": [{ "OnExitCode": "1", "Action": "EXIT" }] },
        "Timeout": { "AttemptDurationSeconds": 60 },
    }));
    let (job, _) = world.submit(&call("batch:submitJob.sync", 1, &given)).await;
    let listed = call("aws-sdk:batch:describeJobs", 2, &json!({ "Jobs": [job] }));
    let TaskOutcome::Succeeded(answer) = world.call(&listed).await.unwrap() else {
        panic!("it is answered");
    };
    let answer: Value = serde_json::from_str(answer.text()).unwrap();
    let job = &answer["Jobs"][0];
    let shown = json!({
        "Parameters": job["Parameters"],
        "Tags": job["Tags"],
        "Environment": job["Container"]["Environment"],
        "RetryStrategy": job["RetryStrategy"],
        "Timeout": job["Timeout"],
    });
    expect![[r#"{"Parameters":{"Day":"1","night":"2"},"Tags":{"Team":"a"},"Environment":[{"Name":"X","Value":"y"},{"Name":"MANAGED_BY_AWS","Value":"STARTED_BY_STEP_FUNCTIONS"}],"RetryStrategy":{"Attempts":2,"EvaluateOnExit":[{"OnExitCode":"1","Action":"EXIT"}]},"Timeout":{"AttemptDurationSeconds":60}}"#]].assert_eq(&shown.to_string());
}

#[tokio::test]
async fn who_stops_waiting_terminates_the_job() {
    let world = World::open().await;
    let sync = |attempt| call("batch:submitJob.sync", attempt, &parameters(&json!({})));
    const REASON: &str = "The workflow that waited for this job no longer does.";

    let (dropped, response) = world.submit(&sync(1)).await;
    // Never polled.
    drop(world.jobs.follow(&sync(1), &response));
    assert_eq!(world.ended(&dropped).await, REASON);

    let (stopped, response) = world.submit(&sync(2)).await;
    let following = tokio::spawn(world.jobs.follow(&sync(2), &response));
    world.jobs.execution_ended(&EXECUTION.into());
    assert_eq!(world.ended(&stopped).await, REASON);
    let failure = following.await.unwrap().unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("States.TaskFailed"));
    let cause: Value = serde_json::from_str(failure.cause.as_deref().unwrap()).unwrap();
    assert_eq!(cause["StatusReason"], REASON);
    assert_eq!(cause["JobId"], stopped.as_str());

    let (kept, response) = world.submit(&sync(3)).await;
    let free = world
        .submit(&call("batch:submitJob", 4, &parameters(&json!({}))))
        .await
        .0;
    world.jobs.begin_close();
    drop(world.jobs.follow(&sync(3), &response));
    world.jobs.close().await;
    for job in [kept, free] {
        assert!(world.describe(&job).await.stopped_at.is_none());
    }
}

#[tokio::test]
async fn a_submission_that_is_cancelled_leaves_no_job() {
    let world = World::open().await;
    let sync = call("batch:submitJob.sync", 1, &parameters(&json!({})));
    {
        let performing = world.call(&sync);
        tokio::pin!(performing);
        // Once: the submission is on its way.
        let polled = futures_util::poll!(&mut performing);
        assert!(polled.is_pending());
    }
    let again = call("batch:submitJob", 1, &parameters(&json!({})));
    let (job, _) = world.submit(&again).await;
    assert!(world.ended(&job).await.contains("no longer"));
}

/// A job with a container that was given this environment, as it ended.
fn ended_job(status: &str, environment: &Value) -> JobDetail {
    let detail = json!({
        "jobArn": "arn", "jobName": "ask", "jobId": "1", "jobQueue": "q", "status": status, "jobDefinition": "d:1",
        "statusReason": "Essential container in task exited",
        "container": { "image": "i", "command": ["true"], "environment": environment, "exitCode": 0 },
    });
    serde_json::from_value(detail).unwrap()
}

fn check_token(status: &str, environment: &Value, expected: Expect) {
    let failure = failure_of("token", &ended_job(status, environment));
    let said = failure.map_or("it may still be answered".to_owned(), |failure| {
        let cause = failure.cause.unwrap_or_default();
        let cause = match serde_json::from_str::<Value>(&cause) {
            Ok(job) => format!("JSON of a job that is {}", job["Status"]),
            Err(_) => cause.to_string(),
        };
        format!("{}: {cause}", failure.error.unwrap_or_default())
    });
    expected.assert_eq(&said);
}

#[test]
fn a_job_that_ends_without_an_answer_fails_its_task() {
    let bound = json!([{ "name": "TaskToken", "value": "token" }]);
    let handed = json!([{ "name": "TOKEN", "value": "token" }]);
    check_token(
        "FAILED",
        &bound,
        expect![[r#"States.TaskFailed: JSON of a job that is "FAILED""#]],
    );
    check_token(
        "FAILED",
        &handed,
        expect![[r#"States.TaskFailed: JSON of a job that is "FAILED""#]],
    );
    check_token(
        "SUCCEEDED",
        &bound,
        expect![
            "States.TaskFailed: The job 1 (ask) ended without an answer: its container was given the task token and exited with 0, but it called neither SendTaskSuccess nor SendTaskFailure."
        ],
    );
    check_token("SUCCEEDED", &handed, expect!["it may still be answered"]);
}

#[tokio::test]
async fn a_token_s_job_waits_for_the_runtime() {
    let tokens = JobTokens::new();
    let told = tokens.job_ended("token".into(), ended_job("FAILED", &json!([])));
    tokio::pin!(told);
    assert!(futures_util::poll!(&mut told).is_pending());
    let handed_on = tokens.job_ended("token".into(), ended_job("SUCCEEDED", &json!([])));
    assert_eq!(handed_on.await, Ok(()));
}

#[test]
fn a_cause_is_json_whatever_the_job_is() {
    let large = json!([{ "name": "A", "value": "x".repeat(40_000) }]);
    let failure = job_failed(&ended_job("FAILED", &large));
    let cause: Value = serde_json::from_str(failure.cause.as_deref().unwrap()).unwrap();
    assert_eq!(cause["Container"]["Command"], json!(["true"]));
    assert_eq!(cause["Container"]["Environment"], Value::Null);
}
