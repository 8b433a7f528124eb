//! Arrays, multi-node jobs, and jobs that wait for others.

use std::sync::Arc;

use batch::definition::RetryStrategy;
use batch::job::{DependencyKind, JobSpec};
use expect_test::expect;

use crate::desk::{Desk, id};
use crate::support::{array, depends, nodes, spec};

fn after(kind: Option<DependencyKind>, name: Option<&str>) -> JobSpec {
    let dependency = depends(kind, name.map(id).as_deref());
    JobSpec {
        depends_on: vec![dependency],
        ..spec(1_000, 128)
    }
}

#[test]
fn a_job_waits_for_another() {
    let mut desk = Desk::new();
    desk.submit("x", spec(1_000, 128));
    expect!["y PENDING"].assert_eq(&desk.submit("y", after(None, Some("x"))));
    expect!["Waits for aaaaaaax-0000-4000-8000-000000000000."].assert_eq(&desk.why("y"));
    expect![[r#"
        x SUCCEEDED: Essential container in task exited
        y STARTING
        forget x-1
        start y-1 in here
        ended x"#]]
    .assert_eq(&desk.exited("x", 1, 0));
}

#[test]
fn a_failure_fails_those_that_wait() {
    let mut desk = Desk::new();
    desk.submit("x", spec(1_000, 128));
    desk.submit("y", after(None, Some("x")));
    desk.submit("z", after(None, Some("y")));
    expect![[r#"
        x FAILED: Essential container in task exited
        y FAILED: Dependent Job failed
        z FAILED: Dependent Job failed
        forget x-1
        ended x
        ended y
        ended z"#]]
    .assert_eq(&desk.exited("x", 1, 1));
}

#[test]
fn children_of_a_sequential_array_run_one_after_the_other() {
    let mut desk = Desk::new();
    let chain = Arc::new(after(Some(DependencyKind::Sequential), None));
    expect![[r#"
        x PENDING
        x:0 STARTING
        x:1 PENDING
        x:2 PENDING
        start x-0-1 in here"#]]
    .assert_eq(&desk.submit_all(array(&id("x"), 0, "queue", 3, &chain, 0)));
    expect![[r#"
        x:0 SUCCEEDED: Essential container in task exited
        x:1 STARTING
        forget x-0-1
        start x-1-1 in here
        ended x:0"#]]
    .assert_eq(&desk.exited("x:0", 1, 0));
    expect![[r#"
        x:1 FAILED: Essential container in task exited
        x FAILED: Array Child Job failed
        x:2 FAILED: Dependent Job failed
        forget x-1-1
        ended x:1
        ended x:2
        ended x"#]]
    .assert_eq(&desk.exited("x:1", 1, 1));
}

#[test]
fn children_wait_for_those_of_the_same_index() {
    let mut desk = Desk::new();
    desk.submit_all(array(
        &id("x"),
        0,
        "queue",
        2,
        &Arc::new(spec(2_000, 128)),
        0,
    ));
    let pairs = Arc::new(after(Some(DependencyKind::NToN), Some("x")));
    expect![[r#"
        y PENDING
        y:0 PENDING
        y:1 PENDING"#]]
    .assert_eq(&desk.submit_all(array(&id("y"), 0, "queue", 2, &pairs, 0)));
    expect![[r#"
        x:1 SUCCEEDED: Essential container in task exited
        y:1 STARTING
        forget x-1-1
        start y-1-1 in here
        ended x:1"#]]
    .assert_eq(&desk.exited("x:1", 1, 0));
    expect![[r#"
        x:0 FAILED: Essential container in task exited
        x FAILED: Array Child Job failed
        y:0 FAILED: Dependent Job failed
        y PENDING
        forget x-0-1
        ended x:0
        ended y:0
        ended x"#]]
    .assert_eq(&desk.exited("x:0", 1, 1));
}

#[test]
fn the_main_node_starts_first_and_decides() {
    let mut desk = Desk::new();
    expect![[r#"
        x STARTING
        x#0 STARTING
        x#1 STARTING
        x#2 STARTING
        start x-n1-1 in here"#]]
    .assert_eq(&desk.submit_all(nodes(&id("x"), 0, "queue", 3, 1, spec(1_000, 128), 0)));
    expect![[r#"
        x#1 RUNNING
        x RUNNING
        start x-n0-1 in here
        start x-n2-1 in here"#]]
    .assert_eq(&desk.started("x#1", 1));
    desk.started("x#0", 1);
    expect![[r#"
        x#0 RUNNING
        forget x-n0-1"#]]
    .assert_eq(&desk.exited("x#0", 1, 5));
    expect![[r#"
        x#1 RUNNING
        x RUNNING
        forget x-n1-1
        stop x-n2-1"#]]
    .assert_eq(&desk.exited("x#1", 1, 0));
    expect![[r#"
        x#2 SUCCEEDED: Stopped because the main node ended
        x#0 FAILED: Essential container in task exited
        x#1 SUCCEEDED: Essential container in task exited
        x SUCCEEDED: Essential container in task exited
        forget x-n2-1
        ended x#0
        ended x#1
        ended x#2
        ended x"#]]
    .assert_eq(&desk.exited("x#2", 1, 137));
}

#[test]
fn all_nodes_are_tried_again_together() {
    let mut desk = Desk::new();
    let twice = JobSpec {
        retry: RetryStrategy {
            attempts: Some(2),
            ..Default::default()
        },
        ..spec(1_000, 128)
    };
    desk.submit_all(nodes(&id("x"), 0, "queue", 2, 0, twice, 0));
    // The other node was never started.
    expect![[r#"
        x#0 STARTING
        x STARTING
        x#1 STARTING
        forget x-n0-1
        stop x-n1-1
        forget x-n1-1
        start x-n0-2 in here"#]]
    .assert_eq(&desk.exited("x#0", 1, 1));
}
