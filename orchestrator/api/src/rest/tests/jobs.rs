//! Container jobs over REST, on a scripted engine.

use std::fmt::Write;

use axum::body::Body;
use axum::http::Request;
use batch::names::JobId;
use expect_test::{Expect, expect};

use super::harness::{Api, text};
use crate::scripted::{Jobs, covered, jobs};

/// An API with jobs.
struct Desk {
    api: Api,
    jobs: Jobs,
}

impl Desk {
    async fn new() -> Self {
        let jobs = jobs().await;
        Self {
            api: Api::with_jobs(jobs.batch.clone()).await,
            jobs,
        }
    }

    /// Submits a job that does what the command says, and gives its id.
    async fn submit(&self, more: &str, command: &str) -> String {
        let words: Vec<String> = command.split(' ').map(|word| format!("{word:?}")).collect();
        let body = format!(
            r#"POST /api/v1/jobs {{"jobName":"j"{more},"containerProperties":{{"image":"i","command":[{}],
            "resourceRequirements":[{{"type":"VCPU","value":"1"}},{{"type":"MEMORY","value":"64"}}]}}}}"#,
            words.join(",")
        );
        let answer = text(self.api.send(&body).await).await;
        assert!(answer.starts_with("201 /api/v1/jobs/"), "{answer}");
        answer["201 /api/v1/jobs/".len()..][..36].to_owned()
    }

    async fn end(&self, id: &str) {
        let ended = self.jobs.batch.wait_end(&JobId::new(id)).await;
        ended.expect("it was submitted");
    }

    /// Sends requests one after the other and compares what was said.
    async fn check(&self, requests: &[&str], expected: Expect) {
        let mut dialogue = String::new();
        for request in requests {
            let answer = text(self.api.send(request).await).await;
            writeln!(dialogue, "> {request}\n{answer}").expect("a string takes any text");
        }
        expected.assert_eq(&covered(&dialogue));
    }

    /// What a stream tells, each event on a line.
    async fn stream(&self, path: &str, last: Option<&str>) -> String {
        let mut request = Request::get(path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request = request.body(Body::empty()).expect("a request");
        let answer = text(self.api.ask(request).await).await;
        let events: Vec<String> = answer
            .split("\n\n")
            .map(|event| event.replace('\n', " "))
            .filter(|event| !event.contains("event: status"))
            .collect();
        covered(&events.join("\n"))
    }
}

#[tokio::test]
async fn a_job() {
    let desk = Desk::new().await;
    let id = desk.submit("", "one two exit=3").await;
    desk.end(&id).await;
    desk.check(
        &[
            &format!("GET /api/v1/jobs/{id}"),
            "GET /api/v1/jobs?status=FAILED",
            "GET /api/v1/jobs?name=k*",
            &format!("GET /api/v1/jobs/{id}/logs?limit=1"),
            &format!("GET /api/v1/jobs/{id}/logs?cursor=24"),
            &format!("GET /api/v1/jobs/{id}/logs?tail=1&attempt=1"),
            &format!("POST /api/v1/jobs/{id}/terminate"),
        ],
        expect![[r#"
            > GET /api/v1/jobs/<1>
            200
            {"jobArn":"arn:aws:batch:us-east-1:000000000000:job/<1>","jobName":"j","jobId":"<uuid>","jobQueue":"arn:aws:batch:us-east-1:000000000000:job-queue/default","status":"FAILED","attempts":[{"container":{"containerInstanceArn":"arn:aws:ecs:us-east-1:000000000000:container-instance/default","taskArn":"arn:aws:ecs:us-east-1:000000000000:task/default/ratchet-<1>-1","exitCode":3,"logStreamName":"j/default/ratchet-<1>-1","networkInterfaces":[]},"startedAt":<time>,"stoppedAt":<time>,"statusReason":"Essential container in task exited"}],"statusReason":"Essential container in task exited","createdAt":<time>,"retryStrategy":{"attempts":1,"evaluateOnExit":[]},"startedAt":<time>,"stoppedAt":<time>,"dependsOn":[],"jobDefinition":"arn:aws:batch:us-east-1:000000000000:job-definition/j:1","parameters":{},"container":{"image":"i","command":["one","two","exit=3"],"volumes":[],"environment":[],"mountPoints":[],"ulimits":[],"resourceRequirements":[{"value":"1","type":"VCPU"},{"value":"64","type":"MEMORY"}],"secrets":[],"containerInstanceArn":"arn:aws:ecs:us-east-1:000000000000:container-instance/default","taskArn":"arn:aws:ecs:us-east-1:000000000000:task/default/ratchet-<1>-1","exitCode":3,"logStreamName":"j/default/ratchet-<1>-1","networkInterfaces":[]},"tags":{},"platformCapabilities":[],"eksAttempts":[],"isCancelled":false,"isTerminated":false}
            > GET /api/v1/jobs?status=FAILED
            200
            {"jobs":[{"jobArn":"arn:aws:batch:us-east-1:000000000000:job/<1>","jobId":"<uuid>","jobName":"j","createdAt":<time>,"status":"FAILED","statusReason":"Essential container in task exited","startedAt":<time>,"stoppedAt":<time>,"container":{"exitCode":3},"jobDefinition":"arn:aws:batch:us-east-1:000000000000:job-definition/j:1","isCancelled":false,"isTerminated":false}]}
            > GET /api/v1/jobs?name=k*
            200
            {"jobs":[]}
            > GET /api/v1/jobs/<1>/logs?limit=1
            200
            {"attempt":1,"lines":[{"time":<time>,"text":"one"}],"next":"24"}
            > GET /api/v1/jobs/<1>/logs?cursor=24
            200
            {"attempt":1,"lines":[{"time":<time>,"text":"two"}],"next":"48"}
            > GET /api/v1/jobs/<1>/logs?tail=1&attempt=1
            200
            {"attempt":1,"lines":[{"time":<time>,"text":"two"}],"next":"48"}
            > POST /api/v1/jobs/<1>/terminate
            200
            {"jobArn":"arn:aws:batch:us-east-1:000000000000:job/<1>","jobName":"j","jobId":"<uuid>","jobQueue":"arn:aws:batch:us-east-1:000000000000:job-queue/default","status":"FAILED","attempts":[{"container":{"containerInstanceArn":"arn:aws:ecs:us-east-1:000000000000:container-instance/default","taskArn":"arn:aws:ecs:us-east-1:000000000000:task/default/ratchet-<1>-1","exitCode":3,"logStreamName":"j/default/ratchet-<1>-1","networkInterfaces":[]},"startedAt":<time>,"stoppedAt":<time>,"statusReason":"Essential container in task exited"}],"statusReason":"Essential container in task exited","createdAt":<time>,"retryStrategy":{"attempts":1,"evaluateOnExit":[]},"startedAt":<time>,"stoppedAt":<time>,"dependsOn":[],"jobDefinition":"arn:aws:batch:us-east-1:000000000000:job-definition/j:1","parameters":{},"container":{"image":"i","command":["one","two","exit=3"],"volumes":[],"environment":[],"mountPoints":[],"ulimits":[],"resourceRequirements":[{"value":"1","type":"VCPU"},{"value":"64","type":"MEMORY"}],"secrets":[],"containerInstanceArn":"arn:aws:ecs:us-east-1:000000000000:container-instance/default","taskArn":"arn:aws:ecs:us-east-1:000000000000:task/default/ratchet-<1>-1","exitCode":3,"logStreamName":"j/default/ratchet-<1>-1","networkInterfaces":[]},"tags":{},"platformCapabilities":[],"eksAttempts":[],"isCancelled":false,"isTerminated":false}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_definition_is_registered_once() {
    let desk = Desk::new().await;
    for (command, revision) in [("a", 1), ("a", 1), ("b", 2)] {
        let id = desk.submit("", command).await;
        let answer = text(desk.api.send(&format!("GET /api/v1/jobs/{id}")).await).await;
        let definition = format!("job-definition/j:{revision}\"");
        assert!(answer.contains(&definition), "{answer}");
    }
}

#[tokio::test]
async fn lines_are_streamed_through_all_attempts() {
    let desk = Desk::new().await;
    let id = desk
        .submit(r#","retryStrategy":{"attempts":2}"#, "one two exit=1")
        .await;
    desk.end(&id).await;
    let path = format!("/api/v1/jobs/{id}/logs/stream");
    expect![[r#"
        200 text/event-stream event: line data: {"time":<time>,"text":"one"} id: 1-24
        event: line data: {"time":<time>,"text":"two"} id: 1-48
        event: end data: {"status":"FAILED","exitCode":1}"#]]
    .assert_eq(&desk.stream(&format!("{path}?attempt=1"), None).await);
    expect![[r#"
        200 text/event-stream event: line data: {"time":<time>,"text":"one"} id: 2-24
        event: line data: {"time":<time>,"text":"two"} id: 2-48
        event: end data: {"status":"FAILED","exitCode":1}"#]]
    .assert_eq(&desk.stream(&path, None).await);
    expect![[r#"
        200 text/event-stream event: line data: {"time":<time>,"text":"two"} id: 2-48
        event: end data: {"status":"FAILED","exitCode":1}"#]]
    .assert_eq(&desk.stream(&format!("{path}?tail=1"), None).await);
    expect![[r#"
        200 text/event-stream event: line data: {"time":<time>,"text":"two"} id: 1-48
        event: line data: {"time":<time>,"text":"one"} id: 2-24
        event: line data: {"time":<time>,"text":"two"} id: 2-48
        event: end data: {"status":"FAILED","exitCode":1}"#]]
    .assert_eq(&desk.stream(&path, Some("1-24")).await);
    expect!["204"].assert_eq(&desk.stream(&path, Some("2-48")).await);
    expect![[r#"400 application/problem+json {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"Last-Event-ID: this is no line's id"}"#]].assert_eq(&desk.stream(&path, Some("2-x")).await);
}

#[tokio::test]
async fn a_job_is_ended() {
    let desk = Desk::new().await;
    let id = desk.submit("", "one wait").await;
    let waits = desk
        .submit(&format!(r#","dependsOn":[{{"jobId":"{id}"}}]"#), "two")
        .await;
    let cancel = format!(r#"POST /api/v1/jobs/{waits}/cancel {{"reason":"enough"}}"#);
    let answer = text(desk.api.send(&cancel).await).await;
    assert!(answer.contains(r#""statusReason":"enough""#), "{answer}");
    desk.api
        .send(&format!("POST /api/v1/jobs/{id}/terminate"))
        .await;
    desk.end(&id).await;
    let answer = text(desk.api.send(&format!("GET /api/v1/jobs/{id}")).await).await;
    assert!(answer.contains(r#""isTerminated":true"#), "{answer}");
}

#[tokio::test]
async fn queues_and_environments() {
    let desk = Desk::new().await;
    desk.check(
        &[
            r#"POST /api/v1/compute-environments {"computeEnvironmentName":"e","type":"MANAGED","computeResources":{"type":"EC2","maxvCpus":3},"tags":{"ratchet:memory":"512"}}"#,
            r#"POST /api/v1/job-queues {"jobQueueName":"q","priority":1,"computeEnvironmentOrder":[{"order":1,"computeEnvironment":"e"}]}"#,
            r#"PATCH /api/v1/job-queues/q {"priority":7,"state":null}"#,
            "GET /api/v1/job-queues/q/snapshot",
            "GET /api/v1/job-queues?limit=1",
            r#"PATCH /api/v1/compute-environments/e {"state":"DISABLED"}"#,
            "DELETE /api/v1/compute-environments/e",
            r#"PATCH /api/v1/job-queues/q {"state":"DISABLED"}"#,
            "DELETE /api/v1/job-queues/q",
            "DELETE /api/v1/compute-environments/e",
            "GET /api/v1/compute-environments/e",
            "GET /api/v1/job-queues/q",
        ],
        expect![[r#"
            > POST /api/v1/compute-environments {"computeEnvironmentName":"e","type":"MANAGED","computeResources":{"type":"EC2","maxvCpus":3},"tags":{"ratchet:memory":"512"}}
            201 /api/v1/compute-environments/e
            {"computeEnvironmentName":"e","computeEnvironmentArn":"arn:aws:batch:us-east-1:000000000000:compute-environment/e","tags":{"ratchet:memory":"512"},"type":"MANAGED","state":"ENABLED","status":"VALID","statusReason":"ComputeEnvironment Healthy","computeResources":{"type":"EC2","maxvCpus":3},"containerOrchestrationType":"ECS","uuid":"<uuid>","ratchet:engine":"docker","ratchet:limits":{"vcpusMilli":3000,"memoryMib":512,"gpus":0}}
            > POST /api/v1/job-queues {"jobQueueName":"q","priority":1,"computeEnvironmentOrder":[{"order":1,"computeEnvironment":"e"}]}
            201 /api/v1/job-queues/q
            {"jobQueueName":"q","jobQueueArn":"arn:aws:batch:us-east-1:000000000000:job-queue/q","state":"ENABLED","status":"VALID","statusReason":"JobQueue Healthy","priority":1,"computeEnvironmentOrder":[{"order":1,"computeEnvironment":"arn:aws:batch:us-east-1:000000000000:compute-environment/e"}],"serviceEnvironmentOrder":[],"tags":{},"jobStateTimeLimitActions":[]}
            > PATCH /api/v1/job-queues/q {"priority":7,"state":null}
            200
            {"jobQueueName":"q","jobQueueArn":"arn:aws:batch:us-east-1:000000000000:job-queue/q","state":"ENABLED","status":"VALID","statusReason":"JobQueue Healthy","priority":7,"computeEnvironmentOrder":[{"order":1,"computeEnvironment":"arn:aws:batch:us-east-1:000000000000:compute-environment/e"}],"serviceEnvironmentOrder":[],"tags":{},"jobStateTimeLimitActions":[]}
            > GET /api/v1/job-queues/q/snapshot
            200
            {"frontOfQueue":{"jobs":[],"lastUpdatedAt":<time>},"queueUtilization":{"totalCapacityUsage":[{"capacityUnit":"VCPU","quantity":0.0}],"lastUpdatedAt":<time>}}
            > GET /api/v1/job-queues?limit=1
            200
            {"jobQueues":[{"jobQueueName":"default","jobQueueArn":"arn:aws:batch:us-east-1:000000000000:job-queue/default","state":"ENABLED","status":"VALID","statusReason":"JobQueue Healthy","priority":1,"computeEnvironmentOrder":[{"order":1,"computeEnvironment":"arn:aws:batch:us-east-1:000000000000:compute-environment/default"}],"serviceEnvironmentOrder":[],"tags":{},"jobStateTimeLimitActions":[]}],"next":"64656661756c74"}
            > PATCH /api/v1/compute-environments/e {"state":"DISABLED"}
            200
            {"computeEnvironmentName":"e","computeEnvironmentArn":"arn:aws:batch:us-east-1:000000000000:compute-environment/e","tags":{"ratchet:memory":"512"},"type":"MANAGED","state":"DISABLED","status":"VALID","statusReason":"ComputeEnvironment Healthy","computeResources":{"type":"EC2","maxvCpus":3},"containerOrchestrationType":"ECS","uuid":"<uuid>","ratchet:engine":"docker","ratchet:limits":{"vcpusMilli":3000,"memoryMib":512,"gpus":0}}
            > DELETE /api/v1/compute-environments/e
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-job-request","title":"Batch refuses this","status":400,"detail":"cannot delete ComputeEnvironment e: JobQueue q uses it"}
            > PATCH /api/v1/job-queues/q {"state":"DISABLED"}
            200
            {"jobQueueName":"q","jobQueueArn":"arn:aws:batch:us-east-1:000000000000:job-queue/q","state":"DISABLED","status":"VALID","statusReason":"JobQueue Healthy","priority":7,"computeEnvironmentOrder":[{"order":1,"computeEnvironment":"arn:aws:batch:us-east-1:000000000000:compute-environment/e"}],"serviceEnvironmentOrder":[],"tags":{},"jobStateTimeLimitActions":[]}
            > DELETE /api/v1/job-queues/q
            204
            > DELETE /api/v1/compute-environments/e
            204
            > GET /api/v1/compute-environments/e
            404 application/problem+json
            {"type":"/api/v1/problems/compute-environment-not-found","title":"There is no such compute environment","status":404,"detail":"there is no compute environment e"}
            > GET /api/v1/job-queues/q
            404 application/problem+json
            {"type":"/api/v1/problems/job-queue-not-found","title":"There is no such job queue","status":404,"detail":"there is no job queue q"}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn what_is_refused() {
    let desk = Desk::new().await;
    desk.check(
        &[
            "GET /api/v1/jobs/nobody",
            "GET /api/v1/jobs/nobody/logs",
            "GET /api/v1/jobs?queue=none",
            "GET /api/v1/jobs?queue=a&parent=b",
            "GET /api/v1/jobs?status=DONE",
            "GET /api/v1/jobs?name=a&status=RUNNING",
            "GET /api/v1/jobs?limit=0",
            "GET /api/v1/jobs?limit=2&cursor=x",
            r#"POST /api/v1/jobs {"jobName":"a"}"#,
            r#"POST /api/v1/jobs {"containerProperties":{}}"#,
            r#"POST /api/v1/jobs {"jobName":"a","jobDefinition":"d","containerProperties":{}}"#,
            r#"POST /api/v1/jobs {"jobName":"a","jobDefinition":"d"}"#,
            "GET /api/v1/job-definitions/d",
            "DELETE /api/v1/job-definitions/d:1",
            r#"POST /api/v1/job-definitions {"jobDefinitionName":"d","type":"container"}"#,
        ],
        expect![[r#"
            > GET /api/v1/jobs/nobody
            404 application/problem+json
            {"type":"/api/v1/problems/job-not-found","title":"There is no such job","status":404,"detail":"there is no job nobody"}
            > GET /api/v1/jobs/nobody/logs
            404 application/problem+json
            {"type":"/api/v1/problems/job-not-found","title":"There is no such job","status":404,"detail":"there is no job nobody"}
            > GET /api/v1/jobs?queue=none
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-job-request","title":"Batch refuses this","status":400,"detail":"JobQueue none not found"}
            > GET /api/v1/jobs?queue=a&parent=b
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"queue and parent can't be given together"}
            > GET /api/v1/jobs?status=DONE
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"status: `DONE` is no status of a job"}
            > GET /api/v1/jobs?name=a&status=RUNNING
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"name and status can't be given together"}
            > GET /api/v1/jobs?limit=0
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"limit: 0 is not between 1 and 1000"}
            > GET /api/v1/jobs?limit=2&cursor=x
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-job-request","title":"Batch refuses this","status":400,"detail":"nextToken is none that was given out"}
            > POST /api/v1/jobs {"jobName":"a"}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"missing field `jobDefinition`"}
            > POST /api/v1/jobs {"containerProperties":{}}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"missing field `jobName`"}
            > POST /api/v1/jobs {"jobName":"a","jobDefinition":"d","containerProperties":{}}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"jobDefinition and containerProperties can't be given together"}
            > POST /api/v1/jobs {"jobName":"a","jobDefinition":"d"}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-job-request","title":"Batch refuses this","status":400,"detail":"JobDefinition d not found, or no revision of it is ACTIVE"}
            > GET /api/v1/job-definitions/d
            404 application/problem+json
            {"type":"/api/v1/problems/job-definition-not-found","title":"There is no such job definition","status":404,"detail":"there is no job definition d"}
            > DELETE /api/v1/job-definitions/d:1
            404 application/problem+json
            {"type":"/api/v1/problems/job-definition-not-found","title":"There is no such job definition","status":404,"detail":"there is no job definition d:1"}
            > POST /api/v1/job-definitions {"jobDefinitionName":"d","type":"container"}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-job-request","title":"Batch refuses this","status":400,"detail":"containerProperties must be given for type container"}
        "#]],
    )
    .await;
    Api::new()
        .await
        .check(&["GET /api/v1/jobs"], expect![[r#"
            > GET /api/v1/jobs
            409 application/problem+json
            {"type":"/api/v1/problems/batch-turned-off","title":"Container jobs are turned off","status":409,"detail":"`batch.enabled` is false in the server's configuration"}
        "#]])
        .await;
}

#[tokio::test]
async fn figures() {
    let desk = Desk::new().await;
    let id = desk.submit("", "one").await;
    desk.end(&id).await;
    let page = text(desk.api.send("GET /metrics").await).await;
    let lines: Vec<&str> = page
        .lines()
        .filter(|line| {
            !line.starts_with('#') && line.contains("_jobs") || line.contains("ratchet_environment")
        })
        .filter(|line| !line.starts_with('#'))
        .collect();
    expect![[r#"
        ratchet_jobs_submitted_total 1
        ratchet_jobs_ended_total{status="succeeded"} 1
        ratchet_jobs_ended_total{status="failed"} 0
        ratchet_jobs{status="submitted"} 0
        ratchet_jobs{status="pending"} 0
        ratchet_jobs{status="runnable"} 0
        ratchet_jobs{status="starting"} 0
        ratchet_jobs{status="running"} 0
        ratchet_environment_ready{environment="default"} 1
        ratchet_environment_waiting{environment="default"} 0
        ratchet_environment_used_millivcpus{environment="default"} 0
        ratchet_environment_used_memory_mebibytes{environment="default"} 0
        ratchet_environment_limit_millivcpus{environment="default"} 2000
        ratchet_environment_limit_memory_mebibytes{environment="default"} 1024"#]]
    .assert_eq(&lines.join("\n"));
}
