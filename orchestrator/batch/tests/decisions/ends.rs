//! How jobs end: by themselves, again, too late, and because somebody wanted it.

use batch::definition::RetryStrategy;
use batch::job::JobSpec;
use batch::scheduler::EndedKind;
use expect_test::expect;

use crate::desk::Desk;
use crate::support::spec;

fn tried(attempts: i32) -> JobSpec {
    JobSpec {
        retry: RetryStrategy {
            attempts: Some(attempts),
            ..Default::default()
        },
        ..spec(1_000, 128)
    }
}

#[test]
fn a_job_runs() {
    let mut desk = Desk::new();
    expect![[r#"
        x STARTING
        start x-1 in here"#]]
    .assert_eq(&desk.submit("x", spec(1_000, 128)));
    expect!["x RUNNING"].assert_eq(&desk.started("x", 1));
    expect![[r#"
        x SUCCEEDED: Essential container in task exited
        forget x-1
        ended x"#]]
    .assert_eq(&desk.exited("x", 1, 0));
    assert!(desk.scheduler.is_empty());
    // What is told twice changes nothing.
    expect![""].assert_eq(&desk.exited("x", 1, 0));
}

#[test]
fn a_failed_job_is_tried_again() {
    let mut desk = Desk::new();
    desk.submit("x", tried(2));
    desk.started("x", 1);
    expect![[r#"
        x STARTING
        forget x-1
        start x-2 in here"#]]
    .assert_eq(&desk.exited("x", 1, 3));
    expect![[r#"
        x FAILED: Task failed to start
        forget x-2
        ended x"#]]
    .assert_eq(&desk.ended(
        "x",
        2,
        EndedKind::CannotPull,
        None,
        Some("CannotPullContainerError: no such image"),
    ));
}

#[test]
fn a_lost_machine_has_the_words_that_rules_match() {
    let mut desk = Desk::new();
    desk.submit("x", tried(1));
    expect![[r#"
        x FAILED: Host EC2 (instance here) terminated.
        forget x-1
        ended x"#]]
    .assert_eq(&desk.ended("x", 1, EndedKind::Lost, None, None));
}

#[test]
fn an_attempt_that_takes_too_long_is_stopped_and_not_tried_again() {
    let mut desk = Desk::new();
    desk.submit(
        "x",
        JobSpec {
            timeout_seconds: Some(60),
            ..tried(3)
        },
    );
    desk.started("x", 1);
    assert_eq!(desk.scheduler.next_wake(), Some(desk.now + 60_000));
    expect![""].assert_eq(&desk.wait(59));
    expect!["stop x-1"].assert_eq(&desk.wait(1));
    expect![[r#"
        x FAILED: Job attempt duration exceeded timeout
        forget x-1
        ended x"#]]
    .assert_eq(&desk.exited("x", 1, 143));
}

#[test]
fn cancelled_jobs_end_only_before_they_start() {
    let mut desk = Desk::new();
    desk.submit("x", spec(3_000, 128));
    desk.submit("y", spec(3_000, 128));
    expect![""].assert_eq(&desk.cancel("x"));
    expect![[r#"
        y FAILED: not wanted
        ended y"#]]
    .assert_eq(&desk.cancel("y"));
}

#[test]
fn terminated_jobs_are_stopped() {
    let mut desk = Desk::new();
    desk.submit("x", tried(3));
    expect![[r#"
        x STARTING: not wanted
        stop x-1"#]]
    .assert_eq(&desk.terminate("x"));
    // The container came to be after the stop: it is stopped again.
    expect![[r#"
        x RUNNING: not wanted
        stop x-1"#]]
    .assert_eq(&desk.started("x", 1));
    expect![[r#"
        x FAILED: not wanted
        forget x-1
        ended x"#]]
    .assert_eq(&desk.exited("x", 1, 143));
}
