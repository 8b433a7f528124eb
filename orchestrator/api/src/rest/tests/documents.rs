//! The OpenAPI document says what there is, and there is what it says.

use axum::body::to_bytes;
use expect_test::expect;
use serde_json::Value;

use super::harness::{Api, text};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

async fn document(api: &Api) -> Value {
    let answer = api.send("GET /api/v1/openapi.json").await;
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn every_operation_is_listed() {
    let document = document(&Api::new().await).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut lines = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(operation["summary"].is_string(), "{path}");
            lines.push(format!("{} {path} {id}", method.to_uppercase()));
        }
    }
    lines.sort();
    expect![[r#"
        DELETE /api/v1/compute-environments/{name} deleteComputeEnvironment
        DELETE /api/v1/job-definitions/{id} deregisterJobDefinition
        DELETE /api/v1/job-queues/{name} deleteJobQueue
        DELETE /api/v1/schedules/{id} deleteSchedule
        DELETE /api/v1/state-machines/{name} deleteStateMachine
        DELETE /api/v1/state-machines/{name}/aliases/{alias} deleteAlias
        DELETE /api/v1/state-machines/{name}/versions/{version} deleteVersion
        GET /api/v1/compute-environments listComputeEnvironments
        GET /api/v1/compute-environments/{name} getComputeEnvironment
        GET /api/v1/executions listExecutions
        GET /api/v1/executions/{id} getExecution
        GET /api/v1/executions/{id}/events streamExecutionEvents
        GET /api/v1/executions/{id}/history getExecutionHistory
        GET /api/v1/executions/{id}/map-runs listMapRuns
        GET /api/v1/job-definitions listJobDefinitions
        GET /api/v1/job-definitions/{id} getJobDefinition
        GET /api/v1/job-queues listJobQueues
        GET /api/v1/job-queues/{name} getJobQueue
        GET /api/v1/job-queues/{name}/snapshot getJobQueueSnapshot
        GET /api/v1/jobs listJobs
        GET /api/v1/jobs/{id} getJob
        GET /api/v1/jobs/{id}/logs getJobLog
        GET /api/v1/jobs/{id}/logs/stream streamJobLog
        GET /api/v1/map-runs/{id} getMapRun
        GET /api/v1/openapi.json getOpenApi
        GET /api/v1/problems listProblems
        GET /api/v1/problems/{slug} describeProblem
        GET /api/v1/schedules listSchedules
        GET /api/v1/schedules/{id} getSchedule
        GET /api/v1/schedules/{id}/dead-letters listScheduleDeadLetters
        GET /api/v1/schedules/{id}/runs listScheduleRuns
        GET /api/v1/state-machines listStateMachines
        GET /api/v1/state-machines/{name} getStateMachine
        GET /api/v1/state-machines/{name}/aliases listAliases
        GET /api/v1/state-machines/{name}/aliases/{alias} getAlias
        GET /api/v1/state-machines/{name}/executions listExecutionsOfStateMachine
        GET /api/v1/state-machines/{name}/versions listVersions
        GET /healthz getHealth
        GET /metrics getMetrics
        GET /readyz getReadiness
        PATCH /api/v1/compute-environments/{name} updateComputeEnvironment
        PATCH /api/v1/job-queues/{name} updateJobQueue
        PATCH /api/v1/map-runs/{id} updateMapRun
        POST /api/v1/compute-environments createComputeEnvironment
        POST /api/v1/executions/{id}/pause pauseExecution
        POST /api/v1/executions/{id}/redrive redriveExecution
        POST /api/v1/executions/{id}/resume resumeExecution
        POST /api/v1/executions/{id}/stop stopExecution
        POST /api/v1/job-definitions registerJobDefinition
        POST /api/v1/job-queues createJobQueue
        POST /api/v1/jobs submitJob
        POST /api/v1/jobs/{id}/cancel cancelJob
        POST /api/v1/jobs/{id}/terminate terminateJob
        POST /api/v1/schedules createSchedule
        POST /api/v1/schedules/{id}/backfill backfillSchedule
        POST /api/v1/schedules/{id}/pause pauseSchedule
        POST /api/v1/schedules/{id}/resume resumeSchedule
        POST /api/v1/schedules/{id}/trigger triggerSchedule
        POST /api/v1/state-machines createStateMachine
        POST /api/v1/state-machines/{name}/executions startExecution
        POST /api/v1/state-machines/{name}/versions publishVersion
        POST /api/v1/tasks/{token}/fail failTask
        POST /api/v1/tasks/{token}/heartbeat heartbeatTask
        POST /api/v1/tasks/{token}/succeed succeedTask
        POST /api/v1/test-state testState
        PUT /api/v1/schedules/{id} putSchedule
        PUT /api/v1/state-machines/{name} putStateMachine
        PUT /api/v1/state-machines/{name}/aliases/{alias} putAlias"#]]
    .assert_eq(&lines.join("\n"));
}

/// Sends each method to each documented path: what is documented has a route, and no other method has.
#[tokio::test]
async fn documented_and_routed_are_the_same() {
    let api = Api::new().await;
    let document = document(&api).await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let concrete = path
            .replace("{id}", "a:b")
            .replace("{slug}", "internal")
            .replace(['{', '}'], "");
        for method in METHODS {
            let request = format!("{} {concrete}", method.to_uppercase());
            let answer = text(api.send(&request).await).await;
            let has_no_route =
                answer.starts_with("405") || answer.contains("/problems/no-such-resource");
            let is_documented = operations.get(method).is_some();
            assert_eq!(!has_no_route, is_documented, "{request}: {answer}");
        }
    }
}

/// Every reference in the document leads somewhere.
#[tokio::test]
async fn references_lead_somewhere() {
    let document = document(&Api::new().await).await;
    let text = document.to_string();
    let references: Vec<&str> = text
        .split(r##""$ref":"#"##)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn problems_are_explained() {
    let api = Api::new().await;
    let answer = text(api.send("GET /api/v1/problems/task-ended").await).await;
    expect![[r#"
        200
        {"slug":"task-ended","title":"Nobody waits for the task any more","status":410,"explanation":"The task ended before, timed out, or its execution is over."}"#]].assert_eq(&answer);
    let list = text(api.send("GET /api/v1/problems").await).await;
    let mut slugs: Vec<&str> = list.split(r#""slug":""#).skip(1).collect();
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), crate::rest::problem_kinds::Kind::ALL.len());
}

#[tokio::test]
async fn health() {
    let api = Api::new().await;
    api.check(
        &["GET /healthz", "GET /readyz"],
        expect![[r#"
        > GET /healthz
        200 text/plain; charset=utf-8
        ok
        > GET /readyz
        200 text/plain; charset=utf-8
        ok
    "#]],
    )
    .await;
    let metrics = text(api.send("GET /metrics").await).await;
    assert!(
        metrics.contains("\nratchet_executions_started_total 0\n"),
        "{metrics}"
    );
}
