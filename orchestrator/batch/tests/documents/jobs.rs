//! What DescribeJobs and ListJobs show.

use batch::job::{Job, JobStatus, StatusSummary};
use batch::view::{JobDetail, JobSummary};
use expect_test::{Expect, expect};
use serde_json::json;

use crate::{
    ARRAY, SINGLE, nodes_request, one_job, patched, queue, register_request, site, submitted,
    try_and_end,
};

/// A job as DescribeJobs shows it; what is shown can be read again.
fn check(job: &Job, expected: Expect) {
    let detail = JobDetail::of(job, &site());
    let text = serde_json::to_string_pretty(&detail).expect("a document is JSON");
    expected.assert_eq(&text);
    assert_eq!(
        serde_json::from_str::<JobDetail>(&text).expect("it can be read again"),
        detail
    );
}

/// Only these members of what is shown.
fn check_members(job: &Job, members: &[&str], expected: Expect) {
    let detail = serde_json::to_value(JobDetail::of(job, &site())).expect("a document is JSON");
    let shown: Vec<_> = members
        .iter()
        .map(|name| format!("{name}: {}", detail[name]))
        .collect();
    expected.assert_eq(&shown.join("\n"));
}

fn check_summary(job: &Job, expected: Expect) {
    let summary = JobSummary::of(job, &site());
    let text = serde_json::to_string_pretty(&summary).expect("a document is JSON");
    expected.assert_eq(&text);
    assert_eq!(
        serde_json::from_str::<JobSummary>(&text).expect("it can be read again"),
        summary
    );
}

#[test]
fn a_job_that_was_just_submitted() {
    check(
        &one_job(&json!({})),
        expect![[r#"
        {
          "jobArn": "arn:aws:batch:us-east-1:123456789012:job/11111111-2222-4333-8444-555555555555",
          "jobName": "one",
          "jobId": "11111111-2222-4333-8444-555555555555",
          "jobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/high",
          "status": "SUBMITTED",
          "attempts": [],
          "createdAt": 1700000000000,
          "retryStrategy": {
            "attempts": 1,
            "evaluateOnExit": []
          },
          "dependsOn": [],
          "jobDefinition": "arn:aws:batch:us-east-1:123456789012:job-definition/resize:3",
          "parameters": {},
          "container": {
            "image": "busybox:1.36",
            "command": [
              "echo",
              "Ref::what",
              "Ref::unknown"
            ],
            "volumes": [],
            "environment": [
              {
                "name": "COLOUR",
                "value": "red"
              }
            ],
            "mountPoints": [],
            "ulimits": [],
            "resourceRequirements": [
              {
                "value": "0.5",
                "type": "VCPU"
              },
              {
                "value": "64",
                "type": "MEMORY"
              }
            ],
            "secrets": [],
            "networkInterfaces": []
          },
          "tags": {},
          "platformCapabilities": [],
          "eksAttempts": [],
          "isCancelled": false,
          "isTerminated": false
        }"#]],
    );
    check_summary(
        &one_job(&json!({})),
        expect![[r#"
        {
          "jobArn": "arn:aws:batch:us-east-1:123456789012:job/11111111-2222-4333-8444-555555555555",
          "jobId": "11111111-2222-4333-8444-555555555555",
          "jobName": "one",
          "createdAt": 1700000000000,
          "status": "SUBMITTED",
          "jobDefinition": "arn:aws:batch:us-east-1:123456789012:job-definition/resize:3",
          "isCancelled": false,
          "isTerminated": false
        }"#]],
    );
}

#[test]
fn a_job_that_failed_twice() {
    let mut job = one_job(&json!({
        "retryStrategy": { "attempts": 2 },
        "timeout": { "attemptDurationSeconds": 60 },
        "tags": { "team": "x" },
        "consumableResourcePropertiesOverride": {
            "consumableResourceList": [{
                "consumableResource": "arn:aws:batch:us-east-1:123456789012:consumable-resource/licence",
                "quantity": 2,
            }],
        },
        "dependsOn": [{ "jobId": SINGLE }],
    }));
    try_and_end(&mut job, 1, Some(1), None);
    try_and_end(
        &mut job,
        2,
        Some(137),
        Some("OutOfMemoryError: Container killed due to memory usage"),
    );
    job.status = JobStatus::Failed;
    job.status_reason = Some("Essential container in task exited".into());
    job.stopped_at = Some(job.created_at + 3000);
    check(
        &job,
        expect![[r#"
        {
          "jobArn": "arn:aws:batch:us-east-1:123456789012:job/11111111-2222-4333-8444-555555555555",
          "jobName": "one",
          "jobId": "11111111-2222-4333-8444-555555555555",
          "jobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/high",
          "status": "FAILED",
          "attempts": [
            {
              "container": {
                "containerInstanceArn": "arn:aws:ecs:us-east-1:123456789012:container-instance/default",
                "taskArn": "arn:aws:ecs:us-east-1:123456789012:task/default/ratchet-11111111-2222-4333-8444-555555555555-1",
                "exitCode": 1,
                "logStreamName": "resize/default/ratchet-11111111-2222-4333-8444-555555555555-1",
                "networkInterfaces": [
                  {
                    "privateIpv4Address": "172.17.0.2"
                  }
                ]
              },
              "startedAt": 1700000001000,
              "stoppedAt": 1700000002000,
              "statusReason": "Essential container in task exited"
            },
            {
              "container": {
                "containerInstanceArn": "arn:aws:ecs:us-east-1:123456789012:container-instance/default",
                "taskArn": "arn:aws:ecs:us-east-1:123456789012:task/default/ratchet-11111111-2222-4333-8444-555555555555-2",
                "exitCode": 137,
                "reason": "OutOfMemoryError: Container killed due to memory usage",
                "logStreamName": "resize/default/ratchet-11111111-2222-4333-8444-555555555555-2",
                "networkInterfaces": [
                  {
                    "privateIpv4Address": "172.17.0.2"
                  }
                ]
              },
              "startedAt": 1700000001000,
              "stoppedAt": 1700000002000,
              "statusReason": "Essential container in task exited"
            }
          ],
          "statusReason": "Essential container in task exited",
          "createdAt": 1700000000000,
          "retryStrategy": {
            "attempts": 2,
            "evaluateOnExit": []
          },
          "startedAt": 1700000001000,
          "stoppedAt": 1700000003000,
          "dependsOn": [
            {
              "jobId": "bbbbbbbb-0000-4000-8000-000000000000"
            }
          ],
          "jobDefinition": "arn:aws:batch:us-east-1:123456789012:job-definition/resize:3",
          "parameters": {},
          "container": {
            "image": "busybox:1.36",
            "command": [
              "echo",
              "Ref::what",
              "Ref::unknown"
            ],
            "volumes": [],
            "environment": [
              {
                "name": "COLOUR",
                "value": "red"
              }
            ],
            "mountPoints": [],
            "ulimits": [],
            "resourceRequirements": [
              {
                "value": "0.5",
                "type": "VCPU"
              },
              {
                "value": "64",
                "type": "MEMORY"
              }
            ],
            "secrets": [],
            "containerInstanceArn": "arn:aws:ecs:us-east-1:123456789012:container-instance/default",
            "taskArn": "arn:aws:ecs:us-east-1:123456789012:task/default/ratchet-11111111-2222-4333-8444-555555555555-2",
            "exitCode": 137,
            "reason": "OutOfMemoryError: Container killed due to memory usage",
            "logStreamName": "resize/default/ratchet-11111111-2222-4333-8444-555555555555-2",
            "networkInterfaces": [
              {
                "privateIpv4Address": "172.17.0.2"
              }
            ]
          },
          "timeout": {
            "attemptDurationSeconds": 60
          },
          "tags": {
            "team": "x"
          },
          "platformCapabilities": [],
          "eksAttempts": [],
          "isCancelled": false,
          "isTerminated": false,
          "consumableResourceProperties": {
            "consumableResourceList": [
              {
                "consumableResource": "licence",
                "quantity": 2
              }
            ]
          }
        }"#]],
    );
    check_summary(
        &job,
        expect![[r#"
        {
          "jobArn": "arn:aws:batch:us-east-1:123456789012:job/11111111-2222-4333-8444-555555555555",
          "jobId": "11111111-2222-4333-8444-555555555555",
          "jobName": "one",
          "createdAt": 1700000000000,
          "status": "FAILED",
          "statusReason": "Essential container in task exited",
          "startedAt": 1700000001000,
          "stoppedAt": 1700000003000,
          "container": {
            "exitCode": 137,
            "reason": "OutOfMemoryError: Container killed due to memory usage"
          },
          "jobDefinition": "arn:aws:batch:us-east-1:123456789012:job-definition/resize:3",
          "isCancelled": false,
          "isTerminated": false
        }"#]],
    );
}

#[test]
fn an_attempt_that_runs_is_not_among_the_attempts() {
    let mut job = one_job(&json!({}));
    try_and_end(&mut job, 1, None, None);
    if let Some(attempt) = job.attempts.last_mut() {
        attempt.stopped_at = None;
    }
    let detail = JobDetail::of(&job, &site());
    assert!(detail.attempts.is_empty());
    let container = detail.container.expect("it has a container");
    assert!(container.outcome.log_stream_name.is_some() && container.outcome.exit_code.is_none());
}

#[test]
fn an_array_counts_its_children() {
    let request = json!({
        "arrayProperties": { "size": 3 },
        "dependsOn": [{ "jobId": ARRAY, "type": "N_TO_N" }, { "type": "SEQUENTIAL" }, { "jobId": SINGLE }],
    });
    let mut jobs = submitted(&register_request(), &request, &queue(None)).expect("it is sound");
    let members = ["arrayProperties", "dependsOn", "jobId"];
    check_members(
        &jobs[0],
        &members,
        expect![[r#"
            arrayProperties: {"statusSummary":{"FAILED":0,"PENDING":0,"RUNNABLE":0,"RUNNING":0,"STARTING":0,"SUBMITTED":3,"SUCCEEDED":0},"statusSummaryLastUpdatedAt":1700000000000,"size":3}
            dependsOn: [{"jobId":"aaaaaaaa-0000-4000-8000-000000000000","type":"N_TO_N"},{"type":"SEQUENTIAL"},{"jobId":"bbbbbbbb-0000-4000-8000-000000000000"}]
            jobId: "11111111-2222-4333-8444-555555555555""#]],
    );
    jobs[0].summary = Some(Box::new(StatusSummary {
        counts: [0, 0, 1, 0, 1, 1, 0],
        updated_at: 5,
    }));
    check_members(
        &jobs[0],
        &members,
        expect![[r#"
            arrayProperties: {"statusSummary":{"FAILED":0,"PENDING":0,"RUNNABLE":1,"RUNNING":1,"STARTING":0,"SUBMITTED":0,"SUCCEEDED":1},"statusSummaryLastUpdatedAt":5,"size":3}
            dependsOn: [{"jobId":"aaaaaaaa-0000-4000-8000-000000000000","type":"N_TO_N"},{"type":"SEQUENTIAL"},{"jobId":"bbbbbbbb-0000-4000-8000-000000000000"}]
            jobId: "11111111-2222-4333-8444-555555555555""#]],
    );
    check_members(
        &jobs[1],
        &members,
        expect![[r#"
        arrayProperties: {"index":0}
        dependsOn: [{"jobId":"aaaaaaaa-0000-4000-8000-000000000000:0","type":"N_TO_N"},{"jobId":"bbbbbbbb-0000-4000-8000-000000000000"}]
        jobId: "11111111-2222-4333-8444-555555555555:0""#]],
    );
    check_members(
        &jobs[3],
        &members,
        expect![[r#"
        arrayProperties: {"index":2}
        dependsOn: [{"jobId":"aaaaaaaa-0000-4000-8000-000000000000:2","type":"N_TO_N"},{"jobId":"11111111-2222-4333-8444-555555555555:1","type":"SEQUENTIAL"},{"jobId":"bbbbbbbb-0000-4000-8000-000000000000"}]
        jobId: "11111111-2222-4333-8444-555555555555:2""#]],
    );
}

#[test]
fn nodes_are_shown_with_their_parent_and_alone() {
    let jobs = submitted(&nodes_request(), &json!({}), &queue(None)).expect("it is sound");
    let members = ["nodeDetails", "nodeProperties", "container"];
    check_members(
        &jobs[0],
        &members,
        expect![[r#"
            nodeDetails: null
            nodeProperties: {"numNodes":3,"mainNode":0,"nodeRangeProperties":[{"targetNodes":"0:0","container":{"image":"busybox:1.36","command":["echo","Ref::what","Ref::unknown"],"volumes":[],"environment":[{"name":"COLOUR","value":"red"}],"mountPoints":[],"ulimits":[],"resourceRequirements":[{"value":"0.5","type":"VCPU"},{"value":"64","type":"MEMORY"}],"secrets":[]}},{"targetNodes":"1:","container":{"image":"busybox:1.36","command":["echo","Ref::what","Ref::unknown"],"volumes":[],"environment":[{"name":"COLOUR","value":"red"}],"mountPoints":[],"ulimits":[],"resourceRequirements":[{"value":"0.5","type":"VCPU"},{"value":"64","type":"MEMORY"}],"secrets":[]}}]}
            container: null"#]],
    );
    check_members(
        &jobs[2],
        &members,
        expect![[r#"
            nodeDetails: {"nodeIndex":1,"isMainNode":false}
            nodeProperties: null
            container: {"image":"busybox:1.36","command":["echo","Ref::what","Ref::unknown"],"volumes":[],"environment":[{"name":"COLOUR","value":"red"}],"mountPoints":[],"ulimits":[],"resourceRequirements":[{"value":"0.5","type":"VCPU"},{"value":"64","type":"MEMORY"}],"secrets":[],"networkInterfaces":[]}"#]],
    );
    check_summary(
        &jobs[2],
        expect![[r#"
        {
          "jobArn": "arn:aws:batch:us-east-1:123456789012:job/11111111-2222-4333-8444-555555555555#1",
          "jobId": "11111111-2222-4333-8444-555555555555#1",
          "jobName": "one",
          "createdAt": 1700000000000,
          "status": "SUBMITTED",
          "nodeProperties": {
            "isMainNode": false,
            "nodeIndex": 1
          },
          "jobDefinition": "arn:aws:batch:us-east-1:123456789012:job-definition/solve:3",
          "isCancelled": false,
          "isTerminated": false
        }"#]],
    );
}

#[test]
fn a_task_is_shown_in_its_own_words() {
    let mut container = register_request()["containerProperties"].clone();
    container["name"] = json!("main");
    let ecs = json!({ "containerProperties": null, "ecsProperties": { "taskProperties": [{ "containers": [container] }] } });
    let definition = patched(&register_request(), &ecs);
    let mut jobs = submitted(&definition, &json!({}), &queue(None)).expect("it is sound");
    try_and_end(&mut jobs[0], 1, Some(0), None);
    check_members(
        &jobs[0],
        &["container", "ecsProperties", "attempts"],
        expect![[r#"
            container: null
            ecsProperties: {"taskProperties":[{"containers":[{"image":"busybox:1.36","command":["echo","Ref::what","Ref::unknown"],"environment":[{"name":"COLOUR","value":"red"}],"resourceRequirements":[{"value":"0.5","type":"VCPU"},{"value":"64","type":"MEMORY"}],"name":"main","exitCode":0,"logStreamName":"resize/default/ratchet-11111111-2222-4333-8444-555555555555-1","networkInterfaces":[{"privateIpv4Address":"172.17.0.2"}]}],"containerInstanceArn":"arn:aws:ecs:us-east-1:123456789012:container-instance/default","taskArn":"arn:aws:ecs:us-east-1:123456789012:task/default/ratchet-11111111-2222-4333-8444-555555555555-1"}]}
            attempts: [{"container":{"containerInstanceArn":"arn:aws:ecs:us-east-1:123456789012:container-instance/default","taskArn":"arn:aws:ecs:us-east-1:123456789012:task/default/ratchet-11111111-2222-4333-8444-555555555555-1","exitCode":0,"logStreamName":"resize/default/ratchet-11111111-2222-4333-8444-555555555555-1","networkInterfaces":[{"privateIpv4Address":"172.17.0.2"}]},"startedAt":1700000001000,"stoppedAt":1700000002000,"statusReason":"Essential container in task exited","taskProperties":[{"containerInstanceArn":"arn:aws:ecs:us-east-1:123456789012:container-instance/default","taskArn":"arn:aws:ecs:us-east-1:123456789012:task/default/ratchet-11111111-2222-4333-8444-555555555555-1","containers":[{"exitCode":0,"logStreamName":"resize/default/ratchet-11111111-2222-4333-8444-555555555555-1","networkInterfaces":[{"privateIpv4Address":"172.17.0.2"}],"name":"main"}]}]}]"#]],
    );
}

#[test]
fn what_is_taken_from_a_store_is_found() {
    let taken =
        json!({ "consumableResourceList": [{ "consumableResource": "licence", "quantity": 2 }] });
    let job = one_job(&json!({ "consumableResourcePropertiesOverride": taken }));
    let shown = batch::view::ConsumingJob::of(&job, "licence", &site());
    assert_eq!(shown.map(|job| job.quantity), Some(2));
    assert_eq!(batch::view::ConsumingJob::of(&job, "other", &site()), None);
}
