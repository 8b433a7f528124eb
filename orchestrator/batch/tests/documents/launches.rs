//! What an engine is told: the command with its parameters, and the variables.

use batch::job::{Attempt, Job};
use batch::launch::launch;
use batch::names::{AttemptId, JobId};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::{ID, nodes_request, one_job, queue, register_request, submitted};

/// The first attempt of a job as an engine is told of it.
fn check(job: &Job, main_address: Option<&str>, expected: Expect) {
    let launch = launch(job, &Attempt::new(job, 2, "default".into()), main_address);
    let variables: Vec<_> = launch
        .variables
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let node = launch
        .node
        .map(|node| format!("\n{node:?}"))
        .unwrap_or_default();
    expected.assert_eq(&format!(
        "{}\n{}\n{:?}\n{}{node}",
        launch.attempt,
        launch.log_stream,
        launch.command,
        variables.join("\n")
    ));
}

#[test]
fn a_job_is_told_about_itself() {
    check(
        &one_job(&json!({})),
        None,
        expect![[r#"
        ratchet-11111111-2222-4333-8444-555555555555-2
        resize/default/ratchet-11111111-2222-4333-8444-555555555555-2
        ["echo", "Ref::what", "Ref::unknown"]
        COLOUR=red
        AWS_BATCH_JOB_ID=11111111-2222-4333-8444-555555555555
        AWS_BATCH_JOB_ATTEMPT=2
        AWS_BATCH_JQ_NAME=high
        AWS_BATCH_CE_NAME=default"#]],
    );
    let overrides = json!({ "environment": [{ "name": "COLOUR", "value": "" }, { "name": "A", "value": "b" }] });
    check(
        &one_job(
            &json!({ "parameters": { "what": "Ref::what" }, "containerOverrides": overrides }),
        ),
        None,
        expect![[r#"
            ratchet-11111111-2222-4333-8444-555555555555-2
            resize/default/ratchet-11111111-2222-4333-8444-555555555555-2
            ["echo", "Ref::what", "Ref::unknown"]
            COLOUR=
            A=b
            AWS_BATCH_JOB_ID=11111111-2222-4333-8444-555555555555
            AWS_BATCH_JOB_ATTEMPT=2
            AWS_BATCH_JQ_NAME=high
            AWS_BATCH_CE_NAME=default"#]],
    );
}

#[test]
fn the_definitions_parameters_are_defaults() {
    let mut definition = register_request();
    definition["parameters"] = json!({ "what": "default", "unknown": "known" });
    let command = |patch: Value| {
        let jobs = submitted(&definition, &patch, &queue(None)).expect("it is sound");
        launch(&jobs[0], &Attempt::new(&jobs[0], 1, "default".into()), None).command
    };
    assert_eq!(command(json!({})), ["echo", "default", "known"]);
    assert_eq!(
        command(json!({ "parameters": { "what": "given" } })),
        ["echo", "given", "known"]
    );
}

#[test]
fn children_and_nodes_are_told_their_index() {
    let jobs = submitted(
        &register_request(),
        &json!({ "arrayProperties": { "size": 2 } }),
        &queue(None),
    );
    check(
        &jobs.expect("it is sound")[2],
        None,
        expect![[r#"
        ratchet-11111111-2222-4333-8444-555555555555-1-2
        resize/default/ratchet-11111111-2222-4333-8444-555555555555-1-2
        ["echo", "Ref::what", "Ref::unknown"]
        COLOUR=red
        AWS_BATCH_JOB_ID=11111111-2222-4333-8444-555555555555:1
        AWS_BATCH_JOB_ATTEMPT=2
        AWS_BATCH_JQ_NAME=high
        AWS_BATCH_CE_NAME=default
        AWS_BATCH_JOB_ARRAY_INDEX=1"#]],
    );
    let jobs = submitted(&nodes_request(), &json!({}), &queue(None)).expect("it is sound");
    check(
        &jobs[1],
        None,
        expect![[r#"
        ratchet-11111111-2222-4333-8444-555555555555-n0-2
        solve/default/ratchet-11111111-2222-4333-8444-555555555555-n0-2
        ["echo", "Ref::what", "Ref::unknown"]
        COLOUR=red
        AWS_BATCH_JOB_ID=11111111-2222-4333-8444-555555555555#0
        AWS_BATCH_JOB_ATTEMPT=2
        AWS_BATCH_JQ_NAME=high
        AWS_BATCH_CE_NAME=default
        AWS_BATCH_JOB_NODE_INDEX=0
        AWS_BATCH_JOB_NUM_NODES=3
        AWS_BATCH_JOB_MAIN_NODE_INDEX=0
        NodeLaunch { network: "ratchet-11111111-2222-4333-8444-555555555555", index: 0, nodes: 3, is_main: true }"#]],
    );
    check(
        &jobs[3],
        Some("172.18.0.2"),
        expect![[r#"
        ratchet-11111111-2222-4333-8444-555555555555-n2-2
        solve/default/ratchet-11111111-2222-4333-8444-555555555555-n2-2
        ["echo", "Ref::what", "Ref::unknown"]
        COLOUR=red
        AWS_BATCH_JOB_ID=11111111-2222-4333-8444-555555555555#2
        AWS_BATCH_JOB_ATTEMPT=2
        AWS_BATCH_JQ_NAME=high
        AWS_BATCH_CE_NAME=default
        AWS_BATCH_JOB_NODE_INDEX=2
        AWS_BATCH_JOB_NUM_NODES=3
        AWS_BATCH_JOB_MAIN_NODE_INDEX=0
        AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS=172.18.0.2
        NodeLaunch { network: "ratchet-11111111-2222-4333-8444-555555555555", index: 2, nodes: 3, is_main: false }"#]],
    );
}

#[test]
fn a_task_token_and_a_stream_prefix_reach_the_container() {
    let mut definition = register_request();
    definition["containerProperties"]["logConfiguration"] =
        json!({ "logDriver": "awslogs", "options": { "awslogs-stream-prefix": "nightly" } });
    let mut jobs = submitted(&definition, &json!({}), &queue(None)).expect("it is sound");
    std::sync::Arc::make_mut(&mut jobs[0].spec).task_token = Some("token".into());
    check(
        &jobs[0],
        None,
        expect![[r#"
        ratchet-11111111-2222-4333-8444-555555555555-2
        nightly/default/ratchet-11111111-2222-4333-8444-555555555555-2
        ["echo", "Ref::what", "Ref::unknown"]
        COLOUR=red
        TaskToken=token
        AWS_BATCH_JOB_ID=11111111-2222-4333-8444-555555555555
        AWS_BATCH_JOB_ATTEMPT=2
        AWS_BATCH_JQ_NAME=high
        AWS_BATCH_CE_NAME=default"#]],
    );
}

#[test]
fn an_attempts_name_tells_its_job() {
    let id = JobId::new(ID);
    for id in [id.clone(), id.child(3), id.node(12)] {
        let attempt = id.attempt(4);
        assert_eq!(attempt.job(), Some((id, 4)), "{attempt}");
    }
    for strange in [
        "",
        "ratchet-",
        "ratchet-1",
        "other",
        "ratchet-11111111-2222-4333-8444-555555555555-x-1",
    ] {
        assert_eq!(AttemptId(strange.into()).job(), None, "{strange}");
    }
    assert_eq!(id.child(3).parent(), Some(id.clone()));
    assert_eq!(
        (id.node(3).index(), id.index(), id.parent()),
        (Some(3), None, None)
    );
}
