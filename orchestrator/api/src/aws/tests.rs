//! Batch and its logs as boto3 sends requests and reads answers, over jobs on a scripted engine.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use batch::names::JobId;
use expect_test::{Expect, expect};
use futures_util::future::BoxFuture;
use runtime::runtime::Runtime;
use runtime::tasks::{TaskCall, TaskOutcome, TaskRunner};
use store::memory::MemoryStore;
use tower::ServiceExt;

use crate::options::Options;
use crate::scripted::{Jobs, covered, jobs};
use crate::services::Services;

struct Nothing;

impl TaskRunner for Nothing {
    fn run(&self, call: TaskCall) -> BoxFuture<'static, TaskOutcome> {
        Box::pin(std::future::ready(TaskOutcome::Succeeded(call.input)))
    }
}

struct Aws {
    jobs: Jobs,
    router: Router,
}

impl Aws {
    async fn new() -> Self {
        let jobs = jobs().await;
        let mut services = services().await;
        services.batch = Some(jobs.batch.clone());
        let options = Options {
            body_bytes: 4096,
            ..Options::default()
        };
        Self {
            jobs,
            router: crate::aws::router(&services, &options),
        }
    }

    /// Sends `METHOD PATH BODY` or `Operation BODY` of CloudWatch Logs; gives status, error type and body.
    async fn send(&self, line: &str) -> String {
        send(&self.router, line).await
    }

    /// Sends requests one after the other and compares what was said; `$1`, `$2` … are the ids of the jobs submitted so far.
    async fn check(&self, lines: &[&str], expected: Expect) {
        let mut dialogue = String::new();
        let mut ids: Vec<String> = Vec::new();
        for line in lines {
            let mut request = (*line).to_owned();
            for (number, id) in ids.iter().enumerate() {
                request = request.replace(&format!("${}", number + 1), id);
            }
            if let Some(id) = request.strip_prefix("end of ") {
                self.jobs.batch.wait_end(&JobId::new(id)).await.unwrap();
                continue;
            }
            let answer = self.send(&request).await;
            if line.contains("/submitjob") {
                ids.extend(
                    answer
                        .split("\"jobId\":\"")
                        .nth(1)
                        .map(|rest| rest[..36].to_owned()),
                );
            }
            writeln!(dialogue, "> {line}\n{answer}").unwrap();
        }
        expected.assert_eq(&covered(&dialogue));
    }
}

async fn services() -> Services {
    let store = Arc::new(MemoryStore::new());
    let options = runtime::options::Options::default();
    let runtime = Runtime::open(store, Arc::new(Nothing), options).await;
    runtime.unwrap().into()
}

async fn send(router: &Router, line: &str) -> String {
    let mut parts = line.splitn(3, ' ');
    let (first, second) = (parts.next().unwrap(), parts.next().unwrap_or_default());
    let request = if second.starts_with('/') {
        Request::builder().method(first).uri(second)
    } else {
        let target = format!("Logs_20140328.{first}");
        Request::post("/").header("x-amz-target", target)
    };
    let body = match second.starts_with('/') {
        true => parts.next().unwrap_or_default().to_owned(),
        false => line[first.len()..].trim().to_owned(),
    };
    let answer = router
        .clone()
        .oneshot(request.body(Body::from(body)).unwrap());
    let answer = answer.await.unwrap();
    let header = |name| {
        let value = answer.headers().get(name)?;
        Some(format!(" {}", value.to_str().unwrap()))
    };
    let (error, id) = (
        header("x-amzn-errortype"),
        header("x-amzn-requestid").unwrap(),
    );
    let head = format!("{}{}", answer.status().as_u16(), error.unwrap_or_default());
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let body = String::from_utf8_lossy(&body).replace(id.trim(), "<request>");
    format!("{head} {body}")
}

const DEFINITION: &str = r#"POST /v1/registerjobdefinition {"jobDefinitionName":"d","type":"container","containerProperties":{"image":"i","command":["one","two","three"],"resourceRequirements":[{"type":"VCPU","value":"1"},{"type":"MEMORY","value":"64"}]}}"#;
const SUBMIT: &str =
    r#"POST /v1/submitjob {"jobName":"n","jobQueue":"default","jobDefinition":"d"}"#;

#[tokio::test]
async fn a_job() {
    let aws = Aws::new().await;
    aws.check(
        &[
            DEFINITION,
            SUBMIT,
            "end of $1",
            r#"POST /v1/listjobs {"jobQueue":"default","jobStatus":"SUCCEEDED"}"#,
            r#"POST /v1/listjobs {"jobQueue":"default"}"#,
            r#"POST /v1/describejobs {"jobs":["$1","nobody"]}"#,
            r#"POST /v1/canceljob {"jobId":"$1","reason":"late"}"#,
            r#"POST /v1/deregisterjobdefinition {"jobDefinition":"d:1"}"#,
            SUBMIT,
        ],
        expect![[r#"
            > POST /v1/registerjobdefinition {"jobDefinitionName":"d","type":"container","containerProperties":{"image":"i","command":["one","two","three"],"resourceRequirements":[{"type":"VCPU","value":"1"},{"type":"MEMORY","value":"64"}]}}
            200 {"jobDefinitionName":"d","jobDefinitionArn":"arn:aws:batch:us-east-1:000000000000:job-definition/d:1","revision":1}
            > POST /v1/submitjob {"jobName":"n","jobQueue":"default","jobDefinition":"d"}
            200 {"jobArn":"arn:aws:batch:us-east-1:000000000000:job/<1>","jobName":"n","jobId":"<1>"}
            > POST /v1/listjobs {"jobQueue":"default","jobStatus":"SUCCEEDED"}
            200 {"jobSummaryList":[{"jobArn":"arn:aws:batch:us-east-1:000000000000:job/<1>","jobId":"<1>","jobName":"n","createdAt":<time>,"status":"SUCCEEDED","statusReason":"Essential container in task exited","startedAt":<time>,"stoppedAt":<time>,"container":{"exitCode":0},"jobDefinition":"arn:aws:batch:us-east-1:000000000000:job-definition/d:1","isCancelled":false,"isTerminated":false}]}
            > POST /v1/listjobs {"jobQueue":"default"}
            200 {"jobSummaryList":[]}
            > POST /v1/describejobs {"jobs":["$1","nobody"]}
            200 {"jobs":[{"jobArn":"arn:aws:batch:us-east-1:000000000000:job/<1>","jobName":"n","jobId":"<1>","jobQueue":"arn:aws:batch:us-east-1:000000000000:job-queue/default","status":"SUCCEEDED","attempts":[{"container":{"containerInstanceArn":"arn:aws:ecs:us-east-1:000000000000:container-instance/default","taskArn":"arn:aws:ecs:us-east-1:000000000000:task/default/ratchet-<1>-1","exitCode":0,"logStreamName":"d/default/ratchet-<1>-1","networkInterfaces":[]},"startedAt":<time>,"stoppedAt":<time>,"statusReason":"Essential container in task exited"}],"statusReason":"Essential container in task exited","createdAt":<time>,"retryStrategy":{"attempts":1,"evaluateOnExit":[]},"startedAt":<time>,"stoppedAt":<time>,"dependsOn":[],"jobDefinition":"arn:aws:batch:us-east-1:000000000000:job-definition/d:1","parameters":{},"container":{"image":"i","command":["one","two","three"],"volumes":[],"environment":[],"mountPoints":[],"ulimits":[],"resourceRequirements":[{"value":"1","type":"VCPU"},{"value":"64","type":"MEMORY"}],"secrets":[],"containerInstanceArn":"arn:aws:ecs:us-east-1:000000000000:container-instance/default","taskArn":"arn:aws:ecs:us-east-1:000000000000:task/default/ratchet-<1>-1","exitCode":0,"logStreamName":"d/default/ratchet-<1>-1","networkInterfaces":[]},"tags":{},"platformCapabilities":[],"eksAttempts":[],"isCancelled":false,"isTerminated":false}]}
            > POST /v1/canceljob {"jobId":"$1","reason":"late"}
            200 {}
            > POST /v1/deregisterjobdefinition {"jobDefinition":"d:1"}
            200 {}
            > POST /v1/submitjob {"jobName":"n","jobQueue":"default","jobDefinition":"d"}
            400 ClientException {"message":"Error executing request, Exception : JobDefinition d not found, or no revision of it is ACTIVE, RequestId: <request>"}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn tags() {
    let aws = Aws::new().await;
    let encoded = "/v1/tags/arn%3Aaws%3Abatch%3Aus-east-1%3A000000000000%3Ajob-queue%2Fdefault";
    let plain = "/v1/tags/arn:aws:batch:us-east-1:000000000000:job-queue/default";
    aws.check(
        &[
            &format!(r#"POST {encoded} {{"tags":{{"a":"1","b c":"2"}}}}"#),
            &format!("GET {plain}"),
            &format!("DELETE {encoded}?tagKeys=a&tagKeys=b%20c"),
            &format!("GET {encoded}"),
            &format!("PUT {encoded}"),
            "GET /v1/tags/arn%3Aaws%3Abatch%3Aus-east-1%3A000000000000%3Ajob-queue%2Fnone",
        ],
        expect![[r#"
            > POST /v1/tags/arn%3Aaws%3Abatch%3Aus-east-1%3A000000000000%3Ajob-queue%2Fdefault {"tags":{"a":"1","b c":"2"}}
            200 {}
            > GET /v1/tags/arn:aws:batch:us-east-1:000000000000:job-queue/default
            200 {"tags":{"a":"1","b c":"2"}}
            > DELETE /v1/tags/arn%3Aaws%3Abatch%3Aus-east-1%3A000000000000%3Ajob-queue%2Fdefault?tagKeys=a&tagKeys=b%20c
            200 {}
            > GET /v1/tags/arn%3Aaws%3Abatch%3Aus-east-1%3A000000000000%3Ajob-queue%2Fdefault
            200 {"tags":{}}
            > PUT /v1/tags/arn%3Aaws%3Abatch%3Aus-east-1%3A000000000000%3Ajob-queue%2Fdefault
            404 ClientException {"message":"Error executing request, Exception : there is no operation PUT /v1/tags/, RequestId: <request>"}
            > GET /v1/tags/arn%3Aaws%3Abatch%3Aus-east-1%3A000000000000%3Ajob-queue%2Fnone
            400 ClientException {"message":"Error executing request, Exception : arn:aws:batch:us-east-1:000000000000:job-queue/none not found, RequestId: <request>"}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn refusals() {
    let aws = Aws::new().await;
    let long = format!("POST /v1/submitjob {}", "x".repeat(5000));
    aws.check(
        &[
            r#"POST /v1/submitjob {"jobName":"n","jobQueue":"default"}"#,
            r#"POST /v1/submitjob {"jobName":7}"#,
            "POST /v1/submitjob {",
            "POST /v1/submitjob [1]",
            "POST /v1/describejobs",
            r#"POST /v1/submitjob {"jobName":"n","jobQueue":"none","jobDefinition":"d"}"#,
            r#"POST /v1/terminatejob {"jobId":"nobody","reason":"r"}"#,
            "POST /v1/createserviceenvironment {}",
            "POST /v1/submitservicejob {}",
            "POST /v1/listquotashares {}",
            "POST /v1/nonsense {}",
            "GET /v1/describejobs",
        ],
        expect![[r#"
            > POST /v1/submitjob {"jobName":"n","jobQueue":"default"}
            400 ClientException {"message":"Error executing request, Exception : jobDefinition must be specified, RequestId: <request>"}
            > POST /v1/submitjob {"jobName":7}
            400 ClientException {"message":"Error executing request, Exception : the request can't be read: invalid type: integer `7`, expected a string at line 1 column 12, RequestId: <request>"}
            > POST /v1/submitjob {
            400 ClientException {"message":"Error executing request, Exception : the request is not valid JSON: EOF while parsing an object at line 1 column 1, RequestId: <request>"}
            > POST /v1/submitjob [1]
            400 ClientException {"message":"Error executing request, Exception : the request is no JSON object, RequestId: <request>"}
            > POST /v1/describejobs
            400 ClientException {"message":"Error executing request, Exception : jobs must be specified, RequestId: <request>"}
            > POST /v1/submitjob {"jobName":"n","jobQueue":"none","jobDefinition":"d"}
            400 ClientException {"message":"Error executing request, Exception : JobDefinition d not found, or no revision of it is ACTIVE, RequestId: <request>"}
            > POST /v1/terminatejob {"jobId":"nobody","reason":"r"}
            400 ClientException {"message":"Error executing request, Exception : Job nobody not found, RequestId: <request>"}
            > POST /v1/createserviceenvironment {}
            400 ClientException {"message":"Error executing request, Exception : service environments run on Amazon SageMaker AI and are not served here, RequestId: <request>"}
            > POST /v1/submitservicejob {}
            400 ClientException {"message":"Error executing request, Exception : service jobs run on Amazon SageMaker AI and are not served here, RequestId: <request>"}
            > POST /v1/listquotashares {}
            400 ClientException {"message":"Error executing request, Exception : quota shares run on Amazon SageMaker AI and are not served here, RequestId: <request>"}
            > POST /v1/nonsense {}
            404 ClientException {"message":"Error executing request, Exception : there is no operation nonsense, RequestId: <request>"}
            > GET /v1/describejobs
            404 ClientException {"message":"Error executing request, Exception : there is no operation GET /v1/describejobs, RequestId: <request>"}
        "#]],
    )
    .await;
    expect![[r#"413 ClientException {"message":"Error executing request, Exception : Request size exceeded the limit of 4096 bytes, RequestId: <request>"}"#]].assert_eq(&aws.send(&long).await);
}

#[tokio::test]
async fn turned_off() {
    let router = crate::aws::router(&services().await, &Options::default());
    let answer = send(&router, SUBMIT).await;
    expect![[r#"400 ClientException {"message":"Error executing request, Exception : batch is turned off on this server: batch.enabled is false, RequestId: <request>"}"#]].assert_eq(&answer);
    let answer = send(&router, r#"DescribeLogGroups {}"#).await;
    expect![[r#"200 {"logGroups":[]}"#]].assert_eq(&answer);
}

#[tokio::test]
async fn every_operation_of_the_service_is_known() {
    let aws = Aws::new().await;
    for operation in [
        "CancelJob",
        "CancelJobs",
        "CreateComputeEnvironment",
        "CreateConsumableResource",
        "CreateJobQueue",
        "CreateQuotaShare",
        "CreateSchedulingPolicy",
        "CreateServiceEnvironment",
        "DeleteComputeEnvironment",
        "DeleteConsumableResource",
        "DeleteJobQueue",
        "DeleteQuotaShare",
        "DeleteSchedulingPolicy",
        "DeleteServiceEnvironment",
        "DeregisterJobDefinition",
        "DescribeComputeEnvironments",
        "DescribeConsumableResource",
        "DescribeJobDefinitions",
        "DescribeJobQueues",
        "DescribeJobs",
        "DescribeQuotaShare",
        "DescribeSchedulingPolicies",
        "DescribeServiceEnvironments",
        "DescribeServiceJob",
        "GetJobQueueSnapshot",
        "ListConsumableResources",
        "ListJobs",
        "ListJobsByConsumableResource",
        "ListQuotaShares",
        "ListSchedulingPolicies",
        "ListServiceJobs",
        "RegisterJobDefinition",
        "SubmitJob",
        "SubmitServiceJob",
        "TerminateJob",
        "TerminateJobs",
        "TerminateServiceJob",
        "TerminateServiceJobs",
        "UpdateComputeEnvironment",
        "UpdateConsumableResource",
        "UpdateJobQueue",
        "UpdateQuotaShare",
        "UpdateSchedulingPolicy",
        "UpdateServiceEnvironment",
        "UpdateServiceJob",
    ] {
        let line = format!("POST /v1/{} {{}}", operation.to_lowercase());
        let answer = aws.send(&line).await;
        let is_known = answer.starts_with("200") || answer.starts_with("400 ClientException");
        assert!(is_known, "{operation}: {answer}");
    }
}

const GROUP: &str = r#""logGroupName":"/aws/batch/job""#;

/// The stream of a job's one attempt, once it has ended.
async fn ended_stream(aws: &Aws) -> String {
    aws.send(DEFINITION).await;
    let submitted = aws.send(SUBMIT).await;
    let id = submitted.split("\"jobId\":\"").nth(1).unwrap()[..36].to_owned();
    let job = aws.jobs.batch.wait_end(&JobId::new(&id)).await.unwrap();
    let container = job.container.unwrap();
    container.outcome.log_stream_name.unwrap()
}

#[tokio::test]
async fn one_stream_in_pages() {
    let aws = Aws::new().await;
    let stream = ended_stream(&aws).await;
    let get = |rest: &str| format!(r#"GetLogEvents {{{GROUP},"logStreamName":"{stream}"{rest}}}"#);
    let mut token = String::new();
    let mut said = String::new();
    for _ in 0..3 {
        let more = match token.is_empty() {
            true => r#","startFromHead":true,"limit":2"#.to_owned(),
            false => format!(r#","nextToken":"{token}","limit":2"#),
        };
        let answer = aws.send(&get(&more)).await;
        token = answer
            .split(r#""nextForwardToken":""#)
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        writeln!(said, "{answer}").unwrap();
    }
    expect![[r#"
        200 {"events":[{"timestamp":<time>,"message":"one","ingestionTime":<time>},{"timestamp":<time>,"message":"two","ingestionTime":<time>}],"nextForwardToken":"f/00000000000000000000000000000000000000000000000000000048/s","nextBackwardToken":"b/00000000000000000000000000000000000000000000000000000000/s"}
        200 {"events":[{"timestamp":<time>,"message":"three","ingestionTime":<time>}],"nextForwardToken":"f/00000000000000000000000000000000000000000000000000000074/s","nextBackwardToken":"b/00000000000000000000000000000000000000000000000000000048/s"}
        200 {"events":[],"nextForwardToken":"f/00000000000000000000000000000000000000000000000000000074/s","nextBackwardToken":"b/00000000000000000000000000000000000000000000000000000074/s"}
    "#]].assert_eq(&covered(&said));
    let last = aws.send(&get(r#","limit":1"#)).await;
    expect![[r#"200 {"events":[{"timestamp":<time>,"message":"three","ingestionTime":<time>}],"nextForwardToken":"f/00000000000000000000000000000000000000000000000000000074/s","nextBackwardToken":"b/00000000000000000000000000000000000000000000000000000048/s"}"#]].assert_eq(&covered(&last));
    for (rest, expected) in [
        (
            r#","nextToken":"x""#,
            expect![[
                r#"400 {"__type":"InvalidParameterException","message":"The specified nextToken is invalid."}"#
            ]],
        ),
        (
            r#","limit":0"#,
            expect![[
                r#"400 {"__type":"InvalidParameterException","message":"1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value between 1 and 10000"}"#
            ]],
        ),
        (
            r#","startTime":1800000000002"#,
            expect![[
                r#"200 {"events":[{"timestamp":<time>,"message":"three","ingestionTime":<time>}],"nextForwardToken":"f/00000000000000000000000000000000000000000000000000000074/s","nextBackwardToken":"b/00000000000000000000000000000000000000000000000000000000/s"}"#
            ]],
        ),
    ] {
        expected.assert_eq(&covered(&aws.send(&get(rest)).await));
    }
}

#[tokio::test]
async fn all_streams() {
    let aws = Aws::new().await;
    ended_stream(&aws).await;
    ended_stream(&aws).await;
    let first = aws
        .send(&format!(r#"FilterLogEvents {{{GROUP},"limit":3}}"#))
        .await;
    let messages = |answer: &str| -> Vec<String> {
        let parts = answer.split(r#""message":""#).skip(1);
        parts
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(messages(&first), ["one", "one", "two"]);
    let token = first.split(r#""nextToken":""#).nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let rest = format!(r#"FilterLogEvents {{{GROUP},"limit":3,"nextToken":"{token}"}}"#);
    let rest = aws.send(&rest).await;
    assert_eq!(messages(&rest), ["two", "three", "three"]);
    assert!(!rest.contains("nextToken"), "{rest}");
    let chosen = format!(
        r#"FilterLogEvents {{{GROUP},"filterPattern":"?one ?three -x","startTime":1800000000001}}"#
    );
    assert_eq!(messages(&aws.send(&chosen).await), ["three", "three"]);
}

#[tokio::test]
async fn what_streams_there_are() {
    let aws = Aws::new().await;
    let stream = ended_stream(&aws).await;
    ended_stream(&aws).await;
    let mut said = String::new();
    for line in [
        format!(r#"DescribeLogStreams {{{GROUP},"logStreamNamePrefix":"{stream}"}}"#),
        r#"DescribeLogGroups {"logGroupNamePrefix":"/aws/batch"}"#.to_owned(),
        r#"DescribeLogGroups {"logGroupNamePrefix":"/aws/lambda"}"#.to_owned(),
        r#"DescribeLogStreams {"logGroupName":"/aws/lambda/f"}"#.to_owned(),
        r#"GetLogEvents {"logGroupIdentifier":"arn:aws:logs:us-east-1:000000000000:log-group:/aws/batch/job:*","logStreamName":"none"}"#.to_owned(),
        format!(r#"DescribeLogStreams {{{GROUP},"orderBy":"LastEventTime","logStreamNamePrefix":"d"}}"#),
        "DescribeLogStreams {}".to_owned(),
    ] {
        writeln!(said, "> {line}\n{}", aws.send(&line).await).unwrap();
    }
    expect![[r#"
        > DescribeLogStreams {"logGroupName":"/aws/batch/job","logStreamNamePrefix":"d/default/ratchet-<1>-1"}
        200 {"logStreams":[{"logStreamName":"d/default/ratchet-<1>-1","creationTime":<time>,"firstEventTimestamp":<time>,"lastEventTimestamp":<time>,"lastIngestionTime":<time>,"arn":"arn:aws:logs:us-east-1:000000000000:log-group:/aws/batch/job:log-stream:d/default/ratchet-<1>-1","storedBytes":0}]}
        > DescribeLogGroups {"logGroupNamePrefix":"/aws/batch"}
        200 {"logGroups":[{"logGroupName":"/aws/batch/job","creationTime":<time>,"metricFilterCount":0,"arn":"arn:aws:logs:us-east-1:000000000000:log-group:/aws/batch/job:*","storedBytes":0,"logGroupClass":"STANDARD","logGroupArn":"arn:aws:logs:us-east-1:000000000000:log-group:/aws/batch/job"}]}
        > DescribeLogGroups {"logGroupNamePrefix":"/aws/lambda"}
        200 {"logGroups":[]}
        > DescribeLogStreams {"logGroupName":"/aws/lambda/f"}
        400 {"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}
        > GetLogEvents {"logGroupIdentifier":"arn:aws:logs:us-east-1:000000000000:log-group:/aws/batch/job:*","logStreamName":"none"}
        400 {"__type":"ResourceNotFoundException","message":"The specified log stream does not exist."}
        > DescribeLogStreams {"logGroupName":"/aws/batch/job","orderBy":"LastEventTime","logStreamNamePrefix":"d"}
        400 {"__type":"InvalidParameterException","message":"Cannot order by LastEventTime with a logStreamNamePrefix."}
        > DescribeLogStreams {}
        400 {"__type":"InvalidParameterException","message":"Exactly one of logGroupName and logGroupIdentifier must be given."}
    "#]].assert_eq(&covered(&said));
    for order in [r#""descending":true"#, r#""orderBy":"LastEventTime""#] {
        let page = format!(r#"DescribeLogStreams {{{GROUP},{order},"limit":1}}"#);
        let page = aws.send(&page).await;
        assert!(page.contains(r#""nextToken":"1""#), "{page}");
        let page = format!(r#"DescribeLogStreams {{{GROUP},{order},"limit":1,"nextToken":"1"}}"#);
        let page = aws.send(&page).await;
        assert!(!page.contains("nextToken"), "{page}");
    }
}
