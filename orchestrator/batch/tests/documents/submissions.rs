//! SubmitJob: what is refused, what overrides do, and the jobs that come of it.

use batch::job::{Job, JobStatus, Role};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::{
    ARRAY, ID, SINGLE, nodes_request, one_job, patched, queue, register_request, submitted,
};

/// A submission: empty text if it is accepted, else what is wrong.
fn check(patch: Value, expected: Expect) {
    check_of(&register_request(), None, patch, expected);
}

fn check_of(definition: &Value, policy: Option<&str>, patch: Value, expected: Expect) {
    let outcome = submitted(definition, &patch, &queue(policy));
    let text = outcome
        .map(|_| String::new())
        .unwrap_or_else(|error| error.to_string());
    expected.assert_eq(&text);
}

#[test]
fn names_begin_with_a_letter_or_a_digit() {
    check(json!({}), expect![[""]]);
    check(json!({ "jobName": "9-a_b" }), expect![[""]]);
    check(
        json!({ "jobName": "_a" }),
        expect![[r#"jobName must begin with a letter or a digit, unlike "_a""#]],
    );
    check(
        json!({ "jobName": "a.b" }),
        expect![[
            r#"jobName must be 1 to 128 letters, digits, hyphens and underscores, not "a.b""#
        ]],
    );
    check(
        json!({ "jobName": "x".repeat(129) }),
        expect![[
            r#"jobName must be 1 to 128 letters, digits, hyphens and underscores, not "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"…"#
        ]],
    );
}

#[test]
fn numbers_and_sizes_have_bounds() {
    check(json!({ "arrayProperties": { "size": 2 } }), expect![[""]]);
    check(
        json!({ "arrayProperties": { "size": 1 } }),
        expect![["arrayProperties.size must be between 2 and 10000, not 1"]],
    );
    check(
        json!({ "arrayProperties": { "size": 10_000 } }),
        expect![[""]],
    );
    check(
        json!({ "arrayProperties": { "size": 10_001 } }),
        expect![["arrayProperties.size must be between 2 and 10000, not 10001"]],
    );
    check(
        json!({ "timeout": { "attemptDurationSeconds": 1 } }),
        expect![["timeout.attemptDurationSeconds must be at least 60, not 1"]],
    );
    check(
        json!({ "retryStrategy": { "attempts": 11 } }),
        expect![["retryStrategy.attempts must be between 1 and 10, not 11"]],
    );
    check(
        json!({ "retryStrategy": { "evaluateOnExit": [{ "action": "EXIT" }] } }),
        expect![["RetryAttempts must be provided with retry strategy"]],
    );
    check(
        json!({ "parameters": { "x": "y".repeat(31_000) } }),
        expect![["a submission must be at most 30720 bytes, not 31082"]],
    );
    check(
        json!({ "tags": { "": "x" } }),
        expect![[r#"a tag's key must be 1 to 128 characters, not """#]],
    );
}

#[test]
fn overrides_obey_the_rules_of_definitions() {
    let overrides = |patch: Value| json!({ "containerOverrides": patch });
    let memory = json!([{ "type": "MEMORY", "value": "1" }]);
    check(
        overrides(json!({ "resourceRequirements": memory })),
        expect![[
            r#"containerOverrides.resourceRequirements: the value of MEMORY must be a whole number of MiB, 4 to 16777216, not "1""#
        ]],
    );
    check(
        overrides(json!({ "environment": [{ "name": "AWS_BATCH_CE_NAME", "value": "x" }] })),
        expect![[
            r#"containerOverrides.environment[0].name must not begin with AWS_BATCH, which is Batch's own, unlike "AWS_BATCH_CE_NAME""#
        ]],
    );
    check(
        overrides(json!({ "memory": 3 })),
        expect![["containerOverrides.memory must be at least 4 MiB, not 3"]],
    );
    check(
        json!({ "nodeOverrides": { "numNodes": 2 } }),
        expect![["nodeOverrides must not be given: resize:3 is no multinode job definition"]],
    );
    check(
        json!({ "eksPropertiesOverride": {} }),
        expect![["eksPropertiesOverride is not supported: use containerOverrides"]],
    );
    check(
        json!({ "ecsPropertiesOverride": {} }),
        expect![[
            "ecsPropertiesOverride must not be given: resize:3 has containerProperties, use containerOverrides"
        ]],
    );
    check_of(
        &nodes_request(),
        None,
        overrides(json!({})),
        expect![[
            "containerOverrides must not be given: solve:3 is a multinode job definition, use nodeOverrides"
        ]],
    );
    check_of(
        &nodes_request(),
        None,
        json!({ "arrayProperties": { "size": 2 } }),
        expect![["arrayProperties must not be given: solve:3 is a multinode job definition"]],
    );
}

#[test]
fn shares_belong_to_fair_queues() {
    let base = register_request();
    check(
        json!({ "shareIdentifier": "blue" }),
        expect![[
            r#"shareIdentifier "blue" must not be given: JobQueue high has no fair-share scheduling policy"#
        ]],
    );
    check_of(
        &base,
        Some("fair"),
        json!({ "shareIdentifier": "blue" }),
        expect![[""]],
    );
    check_of(
        &base,
        Some("fair"),
        json!({}),
        expect![[
            "shareIdentifier must be given: JobQueue high is shared fairly by scheduling policy fair"
        ]],
    );
    check_of(
        &base,
        Some("fair"),
        json!({ "shareIdentifier": "b*" }),
        expect![[r#"shareIdentifier must be 1 to 255 letters and digits, not "b*""#]],
    );
    check_of(
        &base,
        Some("fair"),
        json!({ "shareIdentifier": "blue", "schedulingPriorityOverride": 10_000 }),
        expect![["schedulingPriorityOverride must be between 0 and 9999, not 10000"]],
    );
    let mut disabled = queue(None);
    disabled.state = batch::queue::State::Disabled;
    let error =
        submitted(&base, &json!({}), &disabled).expect_err("a disabled queue takes no jobs");
    expect![["JobQueue high is DISABLED: it takes no jobs until it is ENABLED"]]
        .assert_eq(&error.to_string());
}

#[test]
fn dependencies_are_known_and_of_a_kind_that_fits() {
    let on = |list: Value| json!({ "dependsOn": list });
    let array_on = |list: Value| json!({ "arrayProperties": { "size": 3 }, "dependsOn": list });
    check(on(json!([{ "jobId": SINGLE }])), expect![[""]]);
    check(
        on(json!([{ "jobId": "cccccccc" }])),
        expect![["dependsOn[0].jobId cccccccc is no job that is known"]],
    );
    check(
        on(json!([{}])),
        expect![["dependsOn[0].jobId must be given"]],
    );
    check(
        on(json!([{ "type": "SEQUENTIAL" }])),
        expect![["dependsOn[0]: SEQUENTIAL is for array jobs"]],
    );
    check(
        on(json!([{ "jobId": ARRAY, "type": "N_TO_N" }])),
        expect![["dependsOn[0]: N_TO_N is for array jobs"]],
    );
    check(array_on(json!([{ "type": "SEQUENTIAL" }])), expect![[""]]);
    check(
        array_on(json!([{ "type": "N_TO_N" }])),
        expect![["dependsOn[0].jobId must be given"]],
    );
    check(
        array_on(json!([{ "jobId": ARRAY, "type": "N_TO_N" }])),
        expect![[""]],
    );
    check(
        array_on(json!([{ "jobId": SINGLE, "type": "N_TO_N" }])),
        expect![["dependsOn[0]: N_TO_N needs the id of an array job"]],
    );
    let two = json!({ "arrayProperties": { "size": 2 }, "dependsOn": [{ "jobId": ARRAY, "type": "N_TO_N" }] });
    check(
        two,
        expect![["dependsOn[0]: N_TO_N needs arrays of the same size, 2 is not 3"]],
    );
    check(
        on(json!(vec![json!({ "jobId": SINGLE }); 21])),
        expect![["dependsOn must have at most 20 jobs, not 21"]],
    );
    // A job cannot wait for itself: its id is not known before it is there.
    check(
        on(json!([{ "jobId": ID }])),
        expect![[
            "dependsOn[0].jobId 11111111-2222-4333-8444-555555555555 is no job that is known"
        ]],
    );
    let twice = one_job(&on(json!([{ "jobId": SINGLE }, { "jobId": SINGLE }])));
    assert_eq!(twice.spec.depends_on.len(), 1);
}

#[test]
fn overrides_lie_over_the_definition() {
    let job = one_job(&json!({
        "containerOverrides": {
            "command": ["sh"],
            "environment": [{ "name": "COLOUR", "value": "blue" }, { "name": "SIZE", "value": "9" }],
            "resourceRequirements": [{ "type": "MEMORY", "value": "128" }, { "type": "GPU", "value": "1" }],
        },
        "retryStrategy": { "attempts": 3 },
        "timeout": { "attemptDurationSeconds": 90 },
        "parameters": { "what": "hello" },
    }));
    let container = job.container();
    assert_eq!(container.command, ["sh"]);
    let pairs: Vec<_> = container
        .environment
        .iter()
        .map(|pair| (pair.name.as_deref(), pair.value.as_deref()))
        .collect();
    assert_eq!(
        pairs,
        [(Some("COLOUR"), Some("blue")), (Some("SIZE"), Some("9"))]
    );
    let resources = job.resources();
    assert_eq!(
        (resources.vcpus_milli, resources.memory_mib, resources.gpus),
        (500, 128, 1)
    );
    assert_eq!(
        (job.spec.max_attempts(), job.spec.timeout_seconds),
        (3, Some(90))
    );
    assert_eq!(
        (job.number, job.status, &*job.name, &*job.queue),
        (7, JobStatus::Submitted, "one", "high")
    );
    // The old members do not reach resourceRequirements.
    let old = one_job(&json!({ "containerOverrides": { "vcpus": 8, "memory": 999 } }));
    assert_eq!(
        (old.resources().vcpus_milli, old.resources().memory_mib),
        (500, 64)
    );
}

#[test]
fn a_job_that_a_workflow_waits_for_is_told_so() {
    let definition = crate::registered(&register_request()).expect("it is sound");
    let request = json!({
        "jobName": "a", "jobQueue": "high", "jobDefinition": "resize",
        "containerOverrides": { "environment": [{ "name": "MANAGED_BY_AWS", "value": "no" }] },
    });
    let with = batch::submission::Submission {
        definition: &definition,
        queue: &queue(None),
        id: batch::names::JobId::new(ID),
        number: 1,
        task_token: None,
        awaited_by: Some("arn:aws:states:us-east-1:000000000000:execution:m:e".into()),
        now: 0,
    };
    let request = serde_json::from_value(request).expect("it is a request");
    let jobs = batch::submission::submit(&request, &with, |_| None).expect("it is sound");
    let environment = jobs[0].container().environment.iter();
    let told: Vec<_> = environment
        .filter(|pair| pair.name.as_deref() == Some("MANAGED_BY_AWS"))
        .map(|pair| pair.value.as_deref())
        .collect();
    assert_eq!(told, [Some("STARTED_BY_STEP_FUNCTIONS")]);
    let record = batch::record::encode(&jobs[0]);
    let read = batch::record::Decoder::new()
        .decode(&record)
        .expect("it is ours");
    assert_eq!(read.spec.awaited_by, with.awaited_by);
}

#[test]
fn without_overrides_the_container_is_the_definitions_own() {
    let definition = crate::registered(&register_request()).expect("it is sound");
    let request = serde_json::from_value(
        json!({ "jobName": "a", "jobQueue": "high", "jobDefinition": "resize" }),
    );
    let with = batch::submission::Submission {
        definition: &definition,
        queue: &queue(None),
        id: batch::names::JobId::new(ID),
        number: 1,
        task_token: None,
        awaited_by: None,
        now: 0,
    };
    let jobs = batch::submission::submit(&request.expect("it is a request"), &with, |_| None)
        .expect("it is sound");
    let container = definition
        .container_properties
        .as_ref()
        .expect("it has a container");
    assert!(std::sync::Arc::ptr_eq(jobs[0].container(), container));
}

#[test]
fn a_task_of_one_container_can_be_overridden() {
    let mut container = register_request()["containerProperties"].clone();
    container["name"] = json!("main");
    let ecs = json!({ "containerProperties": null, "ecsProperties": { "taskProperties": [{ "containers": [container] }] } });
    let definition = patched(&register_request(), &ecs);
    let change = |name: &str| json!({ "ecsPropertiesOverride": { "taskProperties": [{ "containers": [{ "name": name, "command": ["date"] }] }] } });
    let jobs = submitted(&definition, &change("main"), &queue(None)).expect("it is sound");
    assert_eq!(jobs[0].container().command, ["date"]);
    check_of(
        &definition,
        None,
        change("side"),
        expect![[
            r#"ecsPropertiesOverride.taskProperties[0].containers[0].name "side" is not the definition's container, "main""#
        ]],
    );
    check_of(
        &definition,
        None,
        json!({ "containerOverrides": {} }),
        expect![[
            "containerOverrides must not be given: resize:3 has ecsProperties, use ecsPropertiesOverride"
        ]],
    );
}

#[test]
fn an_array_is_a_parent_and_its_children() {
    let jobs = submitted(
        &register_request(),
        &json!({ "arrayProperties": { "size": 3 } }),
        &queue(None),
    );
    let jobs = jobs.expect("it is sound");
    let told: Vec<_> = jobs.iter().map(told).collect();
    expect![[r#"
        7 11111111-2222-4333-8444-555555555555 array of 3; 0 milli; echo Ref::what Ref::unknown
        8 11111111-2222-4333-8444-555555555555:0 child 0 of 11111111-2222-4333-8444-555555555555; 500 milli; echo Ref::what Ref::unknown
        9 11111111-2222-4333-8444-555555555555:1 child 1 of 11111111-2222-4333-8444-555555555555; 500 milli; echo Ref::what Ref::unknown
        10 11111111-2222-4333-8444-555555555555:2 child 2 of 11111111-2222-4333-8444-555555555555; 500 milli; echo Ref::what Ref::unknown"#]].assert_eq(&told.join("\n"));
    assert!(
        jobs.iter()
            .all(|job| std::sync::Arc::ptr_eq(&job.spec, &jobs[0].spec))
    );
}

#[test]
fn a_multinode_job_is_a_parent_and_its_nodes() {
    let overrides = json!({ "nodeOverrides": {
        "numNodes": 4,
        "nodePropertyOverrides": [{ "targetNodes": "1:", "containerOverrides": { "command": ["work"] } }],
    } });
    let jobs = submitted(&nodes_request(), &overrides, &queue(None)).expect("it is sound");
    let told: Vec<_> = jobs.iter().map(told).collect();
    expect![[r#"
        7 11111111-2222-4333-8444-555555555555 4 nodes, main 0; 0 milli; echo Ref::what Ref::unknown
        8 11111111-2222-4333-8444-555555555555#0 node 0 of 11111111-2222-4333-8444-555555555555, main true; 500 milli; echo Ref::what Ref::unknown
        9 11111111-2222-4333-8444-555555555555#1 node 1 of 11111111-2222-4333-8444-555555555555, main false; 500 milli; work
        10 11111111-2222-4333-8444-555555555555#2 node 2 of 11111111-2222-4333-8444-555555555555, main false; 500 milli; work
        11 11111111-2222-4333-8444-555555555555#3 node 3 of 11111111-2222-4333-8444-555555555555, main false; 500 milli; work"#]].assert_eq(&told.join("\n"));
    let nodes = |patch: Value, expected: Expect| {
        check_of(
            &nodes_request(),
            None,
            json!({ "nodeOverrides": patch }),
            expected,
        )
    };
    nodes(
        json!({ "numNodes": 0 }),
        expect![["nodeOverrides.numNodes must be between 1 and 1000, not 0"]],
    );
    nodes(
        json!({ "nodePropertyOverrides": [{ "targetNodes": "0:2" }] }),
        expect![[
            r#"nodeOverrides.nodePropertyOverrides[0].targetNodes "0:2" is no range of the job definition"#
        ]],
    );
    let closed = json!({ "nodeProperties": { "nodeRangeProperties": [
        { "targetNodes": "0:2", "container": register_request()["containerProperties"] },
    ] } });
    let closed = patched(&nodes_request(), &closed);
    check_of(
        &closed,
        None,
        json!({ "nodeOverrides": { "numNodes": 5 } }),
        expect![["nodeProperties.nodeRangeProperties: node 3 of 5 is in no range"]],
    );
    check_of(
        &closed,
        None,
        json!({ "nodeOverrides": { "numNodes": 2 } }),
        expect![[
            r#"nodeProperties.nodeRangeProperties[0].targetNodes must be written as 0:3, 4:, :2 or 5 and lie within 2 nodes, not "0:2""#
        ]],
    );
}

/// A job in one line.
fn told(job: &Job) -> String {
    let role = match &job.role {
        Role::Single => "single".to_owned(),
        Role::ArrayParent { size } => format!("array of {size}"),
        Role::ArrayChild { parent, index } => format!("child {index} of {parent}"),
        Role::MultiNodeParent { nodes, main } => format!("{nodes} nodes, main {main}"),
        Role::Node {
            parent,
            index,
            is_main,
        } => format!("node {index} of {parent}, main {is_main}"),
    };
    let resources = job.resources();
    let command = job.container().command.join(" ");
    format!(
        "{} {} {role}; {} milli; {command}",
        job.number, job.id, resources.vcpus_milli
    )
}
