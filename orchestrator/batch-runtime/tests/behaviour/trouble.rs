//! Engines and stores that fail.

use std::time::Duration;

use batch::job::JobStatus;
use batch::request::{DescribeComputeEnvironments, EndJob};
use expect_test::expect;
use serde_json::json;
use store::memory::Fault;

use crate::world::{World, command};

#[tokio::test(start_paused = true)]
async fn jobs_wait_for_a_daemon_that_is_down() {
    let world = World::new().await;
    world.engine.set_down(Some(
        "cannot connect to /var/run/docker.sock: start the daemon",
    ));
    let environment = || async {
        let all = DescribeComputeEnvironments::default();
        world
            .batch
            .describe_compute_environments(all)
            .await
            .unwrap()
            .compute_environments
            .remove(0)
    };
    while environment().await.status != "INVALID" {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let id = world.submit(command("exit 0")).await;
    let job = world.reach(&id, JobStatus::Runnable).await;
    expect!["ACTION_REQUIRED - No compute environment that could run the job is up. (default: is down: cannot connect to /var/run/docker.sock: start the daemon)"].assert_eq(&job.status_reason.unwrap());
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(world.job(&id).await.status, JobStatus::Runnable);
    world.engine.set_down(None);
    assert_eq!(world.end(&id).await.status, JobStatus::Succeeded);
    assert_eq!(environment().await.status, "VALID");
    world.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_goes_away_takes_no_attempt_along() {
    let world = World::new().await;
    let running = world.submit(command("sleep 100 exit 4")).await;
    world.reach(&running, JobStatus::Running).await;
    world.engine.set_down(Some("gone"));
    // It is handed to the engine before anybody knows.
    let starting = world.submit(command("exit 0")).await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(world.job(&running).await.status, JobStatus::Running);
    assert!(!world.job(&starting).await.status.is_terminal());
    world.engine.set_down(None);
    let ended = world.end(&running).await;
    assert_eq!(ended.attempts[0].container.exit_code, Some(4));
    assert_eq!(world.end(&starting).await.status, JobStatus::Succeeded);
    world.is_clean().await;
    assert!(world.engine.starts().values().all(|starts| *starts == 1));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_never_started_is_terminated_at_once() {
    let world = World::new().await;
    world.engine.set_down(Some("gone"));
    let id = world.submit(command("exit 0")).await;
    world.reach(&id, JobStatus::Starting).await;
    let reason = "no more".to_owned();
    world
        .batch
        .terminate_job(EndJob {
            job_id: id.clone(),
            reason,
        })
        .await
        .unwrap();
    assert_eq!(world.end(&id).await.status, JobStatus::Failed);
    world.engine.set_down(None);
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!(world.engine.starts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_terminated_while_nobody_answers_is_not_started_after_a_restart() {
    let mut world = World::new().await;
    world.engine.set_down(Some("gone"));
    let id = world.submit(command("exit 0")).await;
    world.reach(&id, JobStatus::Starting).await;
    world.crash().await;
    let reason = "no more".to_owned();
    world
        .batch
        .terminate_job(EndJob {
            job_id: id.clone(),
            reason,
        })
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.engine.set_down(None);
    assert_eq!(world.end(&id).await.status, JobStatus::Failed);
    assert!(world.engine.starts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_is_removed_from_the_engine() {
    let mut world = World::new().await;
    let id = world.submit(command("hang")).await;
    world.reach(&id, JobStatus::Running).await;
    world.batch.close().await;
    world
        .engine
        .leave_behind("ratchet-00000000-0000-4000-8000-000000000000-1");
    assert_eq!(world.engine.there().len(), 2);
    world.reopen().await;
    while world.engine.there().len() > 1 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(world.engine.there(), [format!("ratchet-{id}-1")]);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_delays_and_loses_nothing() {
    let world = World::new().await;
    for after in [0, 2, 3] {
        world.store.inject(after, Fault::DiskFull);
    }
    let id = world.submit(command("sleep 1")).await;
    assert_eq!(world.end(&id).await.status, JobStatus::Succeeded);
    world.is_clean().await;
    assert_eq!(world.engine.starts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_stays_full_is_told_and_the_job_runs_later() {
    let world = World::new().await;
    for after in 0..20 {
        world.store.inject(after, Fault::DiskFull);
    }
    let error = world.try_submit(json!({})).await.unwrap_err();
    assert!(error.is_retryable());
    expect!["cannot write to the store: the disk is full"].assert_eq(&error.to_string());
    let id = world.submit(command("exit 0")).await;
    assert_eq!(world.end(&id).await.status, JobStatus::Succeeded);
}
