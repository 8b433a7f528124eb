//! Why jobs wait, and what is done with those that wait for too long.

use batch::consumable::ConsumableKind;
use batch::job::{Consumption, JobSpec};
use batch::queue::JobStateTimeLimitAction;
use batch::scheduler::Input;
use expect_test::expect;

use crate::desk::Desk;
use crate::support::{consumable, environment, queue, spec};

#[test]
fn reasons_have_numbers() {
    let mut desk = Desk::new();
    desk.submit("x", spec(3_000, 1_024));
    desk.submit("y", spec(2_000, 1_024));
    desk.submit("vast", spec(5_000, 1_024));
    desk.submit("wide", spec(1_000, 5_000));
    expect!["it does not wait"].assert_eq(&desk.why("x"));
    expect!["CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested. (here: has too little room: asked 2 vCPU, 1024 MiB, free 1 vCPU, 3072 MiB of 4 vCPU, 4096 MiB)"].assert_eq(&desk.why("y"));
    expect!["MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the CPU requirement of the job. (here: is too small: asked 5 vCPU, 1024 MiB, has 4 vCPU, 4096 MiB)"].assert_eq(&desk.why("vast"));
    expect!["MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to the job queue. (here: is too small: asked 1 vCPU, 5000 MiB, has 4 vCPU, 4096 MiB)"].assert_eq(&desk.why("wide"));
    desk.step(Input::EnvironmentDown {
        name: "here".into(),
        why: "cannot connect to /run/docker.sock".into(),
    });
    expect!["ACTION_REQUIRED - No compute environment that could run the job is up. (here: is down: cannot connect to /run/docker.sock)"].assert_eq(&desk.why("y"));
}

#[test]
fn jobs_wait_while_the_environment_is_down() {
    let mut desk = Desk::new();
    desk.step(Input::EnvironmentDown {
        name: "here".into(),
        why: "no answer".into(),
    });
    expect!["x RUNNABLE"].assert_eq(&desk.submit("x", spec(1_000, 128)));
    expect![[r#"
        x STARTING
        start x-1 in here"#]]
    .assert_eq(&desk.step(Input::EnvironmentReady {
        name: "here".into(),
    }));
}

#[test]
fn another_environment_is_used_when_the_first_is_full() {
    let mut desk = Desk::new();
    desk.step(Input::EnvironmentPut(Box::new(environment(
        "there", 1_000, 1_024,
    ))));
    desk.step(Input::QueuePut(queue("queue", 1, &["there", "here"])));
    expect![[r#"
        x STARTING
        start x-1 in there"#]]
    .assert_eq(&desk.submit("x", spec(1_000, 128)));
    expect![[r#"
        y STARTING
        start y-1 in here"#]]
    .assert_eq(&desk.submit("y", spec(1_000, 128)));
}

#[test]
fn consumable_resources_come_back_or_do_not() {
    for (kind, expected) in [
        (
            ConsumableKind::Replenishable,
            expect![[r#"
            UNDETERMINED - A consumable resource is used up. (here: has room: asked 1 vCPU, 128 MiB, free 3 vCPU, 3968 MiB; licence: asked 1, free 0)
            x SUCCEEDED: Essential container in task exited
            y STARTING
            forget x-1
            start y-1 in here
            ended x
            Some((1, 1))"#]],
        ),
        (
            ConsumableKind::NonReplenishable,
            expect![[r#"
            UNDETERMINED - A consumable resource is used up. (here: has room: asked 1 vCPU, 128 MiB, free 3 vCPU, 3968 MiB; licence: asked 1, free 0)
            x SUCCEEDED: Essential container in task exited
            forget x-1
            ended x
            Some((0, 0))"#]],
        ),
    ] {
        let mut desk = Desk::new();
        desk.step(Input::ConsumablePut(consumable("licence", kind, 1)));
        let mut needs = spec(1_000, 128);
        needs.parts[0].consumables.push(Consumption {
            resource: "licence".into(),
            quantity: 1,
        });
        desk.submit("x", needs.clone());
        desk.submit("y", needs);
        let before = desk.why("y");
        let after = desk.exited("x", 1, 0);
        let left = desk
            .scheduler
            .consumable("licence")
            .map(|(resource, used)| (resource.total_quantity, used));
        expected.assert_eq(&format!("{before}\n{after}\n{left:?}"));
    }
}

#[test]
fn a_job_that_stands_at_the_head_for_too_long_is_cancelled() {
    let mut desk = Desk::new();
    let mut limited = queue("queue", 1, &["here"]);
    limited
        .job_state_time_limit_actions
        .push(JobStateTimeLimitAction {
            reason: "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE".into(),
            state: "RUNNABLE".into(),
            max_time_seconds: 600,
            action: "CANCEL".into(),
        });
    desk.step(Input::QueuePut(limited));
    desk.submit("x", spec(5_000, 128));
    desk.submit("y", spec(5_000, 128));
    assert_eq!(desk.scheduler.next_wake(), Some(desk.now + 600_000));
    expect![""].assert_eq(&desk.wait(599));
    expect![[r#"
        x FAILED: Canceled by JobStateTimeLimit action due to reason: MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE
        ended x"#]].assert_eq(&desk.wait(1));
    // The time of the next one begins when it comes to the head.
    expect![""].assert_eq(&desk.wait(599));
    expect![[r#"
        y FAILED: Canceled by JobStateTimeLimit action due to reason: MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE
        ended y"#]].assert_eq(&desk.wait(1));
}

#[test]
fn a_snapshot_has_the_front_in_order() {
    let mut desk = Desk::new();
    for (name, vcpus) in [("x", 4_000), ("y", 2_000), ("z", 1_000)] {
        desk.submit(name, JobSpec { ..spec(vcpus, 128) });
    }
    let snapshot = desk.scheduler.snapshot("queue", desk.now).unwrap();
    let front: Vec<String> = snapshot
        .front
        .iter()
        .map(|job| job.id.as_str()[..8].trim_start_matches('a').to_owned())
        .collect();
    assert_eq!(
        (front, snapshot.used.vcpus_milli),
        (vec!["y".to_owned(), "z".to_owned()], 4_000)
    );
}
