//! What jobs are given, and how they are ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use batch::job::JobStatus;
use batch::request::{EndJob, EndJobs};
use batch_runtime::Submission;
use expect_test::expect;
use serde_json::json;

use crate::world::{World, command, submission, with_token};

#[tokio::test(start_paused = true)]
async fn a_container_gets_its_variables_secrets_and_limits() {
    let world = World::with(|options| {
        options.secrets.insert("db".to_owned(), "hush".to_owned());
    })
    .await;
    let secrets =
        json!([{"name": "PASSWORD", "valueFrom": "arn:aws:secretsmanager:eu-west-1:1:secret:db"}]);
    let mounts = json!([{"containerPath": "/in", "sourceVolume": "v", "readOnly": true}]);
    let volumes = json!([{"name": "v", "host": {"sourcePath": "/data"}}]);
    let container =
        json!({"secrets": secrets, "mountPoints": mounts, "volumes": volumes, "user": "1000"});
    world
        .define("s", json!({"containerProperties": container}))
        .await;
    let id = world.submit(json!({"jobDefinition": "s"})).await;
    world.end(&id).await;
    let launch = world.engine.launch(&format!("ratchet-{id}-1"));
    let variables: Vec<&str> = launch
        .environment
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(
        launch
            .environment
            .contains(&("PASSWORD".to_owned(), "hush".to_owned()))
    );
    expect!["AWS_BATCH_JOB_ID AWS_BATCH_JOB_ATTEMPT AWS_BATCH_JQ_NAME AWS_BATCH_CE_NAME PASSWORD"]
        .assert_eq(&variables.join(" "));
    assert_eq!((launch.vcpus_milli, launch.memory_mib), (1000, 64));
    assert_eq!(launch.user.as_deref(), Some("1000"));
    let mount = &launch.mounts[0];
    assert_eq!(
        (
            mount.source.as_deref(),
            mount.target.as_str(),
            mount.read_only
        ),
        (Some("/data"), "/in", true)
    );
}

#[tokio::test(start_paused = true)]
async fn a_waiting_job_says_why_and_is_cancelled() {
    let world = World::new().await;
    let mut four = command("hang");
    four["containerOverrides"]["resourceRequirements"] = json!([{"type": "VCPU", "value": "4"}]);
    let first = world.submit(four.clone()).await;
    world.reach(&first, JobStatus::Running).await;
    let second = world.submit(four).await;
    let waiting = world.reach(&second, JobStatus::Runnable).await;
    expect!["CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested. (default: has too little room: asked 4 vCPU, 64 MiB, free 0 vCPU, 8128 MiB of 4 vCPU, 8192 MiB)"].assert_eq(&waiting.status_reason.unwrap());
    let reason = "not needed".to_owned();
    let end = |id: &str| EndJob {
        job_id: id.to_owned(),
        reason: reason.clone(),
    };
    world.batch.cancel_job(end(&second)).await.unwrap();
    let cancelled = world.end(&second).await;
    assert_eq!(
        (cancelled.status, cancelled.is_cancelled),
        (JobStatus::Failed, true)
    );
    assert_eq!(cancelled.status_reason.as_deref(), Some("not needed"));
    world.batch.cancel_job(end(&first)).await.unwrap();
    assert_eq!(world.job(&first).await.status, JobStatus::Running);
    world.batch.terminate_job(end(&first)).await.unwrap();
    let terminated = world.end(&first).await;
    assert_eq!(
        (terminated.status, terminated.is_terminated),
        (JobStatus::Failed, true)
    );
    assert_eq!(terminated.attempts[0].container.exit_code, Some(143));
    let unknown = world.batch.terminate_job(end("nothing")).await.unwrap_err();
    assert_eq!(unknown.to_string(), "Job nothing not found");
    world.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn many_are_ended_at_once() {
    let world = World::new().await;
    let first = world.submit(command("hang")).await;
    let second = world.submit(command("hang")).await;
    let jobs = vec![first.clone(), "nothing".to_owned(), second.clone()];
    let reason = "enough".to_owned();
    let ended = world
        .batch
        .terminate_jobs(EndJobs { jobs, reason })
        .await
        .unwrap();
    assert_eq!(ended.successful, [first.clone(), second.clone()]);
    assert_eq!(
        (ended.errors[0].job.as_str(), ended.errors[0].code.as_str()),
        ("nothing", "ClientException")
    );
    for id in [first, second] {
        assert_eq!(world.end(&id).await.status, JobStatus::Failed);
    }
    world.is_clean().await;
}

#[tokio::test(start_paused = true)]
async fn the_same_key_gives_the_same_job() {
    let world = World::new().await;
    let once = || Submission {
        key: Some("execution-7-attempt-1".to_owned()),
        task_token: None,
        awaited_by: None,
    };
    let first = world
        .batch
        .submit(submission(json!({})), once())
        .await
        .unwrap();
    let again = world
        .batch
        .submit(submission(json!({})), once())
        .await
        .unwrap();
    assert_eq!(first, again);
    world.end(&first.job_id).await;
    let again = world
        .batch
        .submit(submission(json!({})), once())
        .await
        .unwrap();
    assert_eq!(first, again);
    assert_eq!(world.engine.starts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_by_a_token_hears_of_the_end() {
    let mut world = World::new().await;
    world.hearer.refusals.store(3, Ordering::SeqCst);
    let request = submission(command("exit 1"));
    let submitted = world.batch.submit(request, with_token("t1")).await.unwrap();
    let launch_of = format!("ratchet-{}-1", submitted.job_id);
    world.end(&submitted.job_id).await;
    // The process dies before it could tell.
    world.hearer.refusals.store(u64::MAX, Ordering::SeqCst);
    world.crash().await;
    assert!(world.hearer.heard.lock().unwrap().is_empty());
    world.hearer.refusals.store(1, Ordering::SeqCst);
    let heard = || world.hearer.heard.lock().unwrap().clone();
    while heard().is_empty() {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let variables = world.engine.launch(&launch_of).environment;
    assert!(variables.contains(&("TaskToken".to_owned(), "t1".to_owned())));
    // Once it is known, a restart does not tell it again.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    world.reopen().await;
    tokio::time::sleep(std::time::Duration::from_secs(100)).await;
    assert_eq!(
        *world.hearer.heard.lock().unwrap(),
        [("t1".to_owned(), "FAILED".to_owned())]
    );
}

#[tokio::test(start_paused = true)]
async fn dependencies_are_looked_up_also_when_they_have_ended() {
    let world = World::new().await;
    let good = world.submit(command("exit 0")).await;
    let bad = world.submit(command("exit 1")).await;
    world.end(&good).await;
    world.end(&bad).await;
    let after = |id: &str| json!({"dependsOn": [{"jobId": id}]});
    let runs = world.submit(after(&good)).await;
    assert_eq!(world.end(&runs).await.status, JobStatus::Succeeded);
    let fails = world.submit(after(&bad)).await;
    assert_eq!(world.end(&fails).await.status, JobStatus::Failed);
    let unknown = world.try_submit(after("nothing")).await.unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "dependsOn[0].jobId nothing is no job that is known"
    );
}

#[tokio::test(start_paused = true)]
async fn changes_are_told_after_their_commit() {
    let world = World::new().await;
    let mut changes = world.batch.watch();
    let id = world.submit(command("sleep 1")).await;
    world.end(&id).await;
    let mut told = Vec::new();
    while let Ok(change) = changes.try_recv() {
        told.push(change.job.status.as_str());
    }
    assert_eq!(told.last(), Some(&"SUCCEEDED"));
    assert!(told.contains(&"RUNNING"), "{told:?}");
    let counters = world.batch.counters().await.unwrap();
    assert_eq!(
        (counters.submitted, counters.succeeded, counters.failed),
        (1, 1, 0)
    );
    assert_eq!(counters.jobs, [0; 7]);
    let default: Arc<str> = "default".into();
    assert!(counters.environments[&default].is_ready);
}
