//! How jobs end.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::world::{World, command};

/// Runs a job and says what became of it.
async fn check(members: Value, expected: Expect) {
    let world = World::new().await;
    let id = world.submit(members).await;
    let job = world.end(&id).await;
    let mut text = format!(
        "{}: {}\n",
        job.status.as_str(),
        job.status_reason.as_deref().unwrap_or("-")
    );
    for attempt in &job.attempts {
        text += &format!(
            "attempt: exit {:?}, {}, {}\n",
            attempt.container.exit_code,
            attempt.container.reason.as_deref().unwrap_or("-"),
            attempt.status_reason.as_deref().unwrap_or("-"),
        );
    }
    world.is_clean().await;
    let starts: Vec<u32> = world.engine.starts().into_values().collect();
    text += &format!("starts: {starts:?}\n");
    expected.assert_eq(&text);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_ends_well() {
    check(
        command("sleep 5 exit 0"),
        expect![[r#"
        SUCCEEDED: Essential container in task exited
        attempt: exit Some(0), -, Essential container in task exited
        starts: [1]
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_command_that_ends_otherwise() {
    check(
        command("exit 3"),
        expect![[r#"
        FAILED: Essential container in task exited
        attempt: exit Some(3), -, Essential container in task exited
        starts: [1]
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_command_that_uses_up_its_memory() {
    check(command("oom"), expect![[r#"
        FAILED: Essential container in task exited
        attempt: exit Some(137), OutOfMemoryError: Container killed due to memory usage, Essential container in task exited
        starts: [1]
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn a_container_that_vanishes() {
    check(
        command("vanish"),
        expect![[r#"
        FAILED: Host EC2 (instance default) terminated.
        attempt: exit None, the container is gone, Host EC2 (instance default) terminated.
        starts: [1]
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_tried_again() {
    let mut members = command("only 3");
    members["retryStrategy"] = json!({"attempts": 4});
    check(
        members,
        expect![[r#"
        SUCCEEDED: Essential container in task exited
        attempt: exit Some(1), -, Essential container in task exited
        attempt: exit Some(1), -, Essential container in task exited
        attempt: exit Some(0), -, Essential container in task exited
        starts: [1, 1, 1]
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_takes_too_long() {
    let mut members = command("hang");
    members["timeout"] = json!({"attemptDurationSeconds": 60});
    check(
        members,
        expect![[r#"
        FAILED: Job attempt duration exceeded timeout
        attempt: exit Some(143), -, Essential container in task exited
        starts: [1]
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_array() {
    let mut members = command("sleep 1");
    members["arrayProperties"] = json!({"size": 7});
    check(
        members,
        expect![[r#"
        SUCCEEDED: -
        starts: [1, 1, 1, 1, 1, 1, 1]
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_there() {
    let world = World::new().await;
    let secrets = json!([{"name": "PASSWORD", "valueFrom": "db"}]);
    world
        .define("s", json!({"containerProperties": {"secrets": secrets}}))
        .await;
    let id = world.submit(json!({"jobDefinition": "s"})).await;
    let job = world.end(&id).await;
    expect![
        "ResourceInitializationError: the configuration has no secret db: add it to [batch.secrets]"
    ]
    .assert_eq(&job.attempts[0].container.reason.clone().unwrap());
    assert!(world.engine.starts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_there() {
    let world = World::new().await;
    world
        .define("m", json!({"containerProperties": {"image": "missing"}}))
        .await;
    let id = world.submit(json!({"jobDefinition": "m"})).await;
    let job = world.end(&id).await;
    expect![[
        r#"Some("Task failed to start") Some("CannotPullContainerError: no such image: missing")"#
    ]]
    .assert_eq(&format!(
        "{:?} {:?}",
        job.status_reason, job.attempts[0].container.reason
    ));
}

#[tokio::test(start_paused = true)]
async fn the_main_node_decides() {
    let world = World::new().await;
    let node = |range: &str, words: &str| {
        let command: Vec<&str> = words.split(' ').collect();
        let requirements =
            json!([{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]);
        let container =
            json!({"image": "i", "command": command, "resourceRequirements": requirements});
        json!({"targetNodes": range, "container": container})
    };
    let nodes = json!({
        "numNodes": 3, "mainNode": 0,
        "nodeRangeProperties": [node("0", "sleep 10 exit 6"), node("1:2", "hang")],
    });
    let definition =
        json!({"jobDefinitionName": "n", "type": "multinode", "nodeProperties": nodes});
    let definition = serde_json::from_value(definition).unwrap();
    world
        .batch
        .register_job_definition(definition)
        .await
        .unwrap();
    let id = world.submit(json!({"jobDefinition": "n"})).await;
    let job = world.end(&id).await;
    assert_eq!(job.status.as_str(), "FAILED");
    let main = world.end(&format!("{id}#0")).await;
    assert_eq!(main.attempts[0].container.exit_code, Some(6));
    let other = world.engine.launch(&format!("ratchet-{id}-n1-1"));
    let address = "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS".to_owned();
    assert!(
        other
            .environment
            .contains(&(address, "10.0.0.1".to_owned()))
    );
    world.is_clean().await;
    let starts: Vec<u32> = world.engine.starts().into_values().collect();
    assert_eq!(starts, [1, 1, 1]);
}
