//! The process dies at every commit, before and after it is durable: the end is the same, and every attempt ran once.

use batch::job::JobStatus;
use batch::names::JobId;
use batch_runtime::Submission;
use serde_json::{Value, json};
use store::memory::Fault;

use crate::world::{World, command, submission};

/// What a job is, and which others it waits for, by their place.
type Planned = (Value, Vec<(usize, Option<&'static str>)>);

/// Jobs of all kinds.
fn workload() -> Vec<Planned> {
    let with = |mut members: Value, key: &str, value: Value| {
        members[key] = value;
        members
    };
    let array = |size: u32| json!({"size": size});
    vec![
        (command("sleep 2 exit 0"), vec![]),
        (command("exit 7"), vec![]),
        (
            with(command("only 3"), "retryStrategy", json!({"attempts": 3})),
            vec![],
        ),
        (
            with(command("sleep 1"), "arrayProperties", array(5)),
            vec![],
        ),
        (
            with(command("exit 0"), "arrayProperties", array(5)),
            vec![(3, Some("N_TO_N"))],
        ),
        (command("sleep 1 exit 0"), vec![(0, None), (2, None)]),
        (command("exit 0"), vec![(1, None)]),
        (
            with(
                command("hang"),
                "timeout",
                json!({"attemptDurationSeconds": 60}),
            ),
            vec![],
        ),
        (command("oom"), vec![(4, None)]),
    ]
}

/// Submits what is not submitted yet; stops when the process dies.
async fn submit_all(world: &World, ids: &mut Vec<String>) -> batch::Result<()> {
    for (place, (mut members, dependencies)) in workload().into_iter().enumerate().skip(ids.len()) {
        let depends_on: Vec<Value> = dependencies
            .iter()
            .map(|(on, kind)| match kind {
                Some(kind) => json!({"jobId": ids[*on], "type": kind}),
                None => json!({"jobId": ids[*on]}),
            })
            .collect();
        members["dependsOn"] = depends_on.into();
        let once = Submission {
            key: Some(format!("job {place}")),
            task_token: None,
            awaited_by: None,
        };
        ids.push(world.batch.submit(submission(members), once).await?.job_id);
    }
    Ok(())
}

async fn wait_all(world: &World, ids: &[String]) -> batch::Result<()> {
    for id in ids {
        world.batch.wait_end(&JobId::new(id)).await?;
    }
    Ok(())
}

/// Everything that must be the same, whatever happened on the way.
async fn table(world: &World, ids: &[String]) -> String {
    let mut text = String::new();
    for (place, id) in ids.iter().enumerate() {
        let job = world.job(id).await;
        let codes: Vec<_> = job
            .attempts
            .iter()
            .map(|attempt| attempt.container.exit_code)
            .collect();
        text += &format!(
            "{place}: {} {:?} {codes:?}",
            job.status.as_str(),
            job.status_reason
        );
        if let Some(array) = &job.array_properties {
            text += &format!(" {:?}", array.status_summary);
        }
        text += "\n";
    }
    text + &format!("{:#?}\n", world.engine.starts())
}

/// Runs it all, with these faults at these commits of one process after the other; says how it stands at the end, and how many commits the last
/// process needed.
async fn life(faults: &[(u64, Fault)]) -> (String, u64) {
    let mut world = World::new().await;
    let mut faults = faults.iter();
    let mut inject = |world: &World| {
        if let Some((after, fault)) = faults.next() {
            world.store.inject(*after, *fault);
        }
        world.store.commits()
    };
    let mut commits = inject(&world);
    let mut ids = Vec::new();
    loop {
        let done = match submit_all(&world, &mut ids).await {
            Ok(()) => wait_all(&world, &ids).await,
            Err(error) => Err(error),
        };
        if done.is_ok() {
            break;
        }
        assert!(world.store.has_crashed(), "{done:?}");
        world.crash().await;
        commits = inject(&world);
    }
    world.is_clean().await;
    let needed = world.store.commits() - commits;
    (table(&world, &ids).await, needed)
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_commit_changes_nothing() {
    let (expected, commits) = life(&[]).await;
    assert!(expected.contains("0: SUCCEEDED"), "{expected}");
    assert!(expected.contains("6: FAILED"), "{expected}");
    for fault in [Fault::CrashBeforeWriting, Fault::CrashAfterWriting] {
        for after in 0..=commits {
            let (found, _) = life(&[(after, fault)]).await;
            assert_eq!(found, expected, "{fault:?} at commit {after} of {commits}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn crash_after_crash_changes_nothing() {
    let (expected, _) = life(&[]).await;
    let kinds = [Fault::CrashBeforeWriting, Fault::CrashAfterWriting];
    for distance in 0..12 {
        let faults: Vec<(u64, Fault)> = (0..30)
            .map(|number| {
                (
                    (distance + number * 5) % 7,
                    kinds[(distance + number) as usize % 2],
                )
            })
            .collect();
        let (found, _) = life(&faults).await;
        assert_eq!(found, expected, "{faults:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_in_order_takes_up_what_runs() {
    let mut world = World::new().await;
    let id = world.submit(command("sleep 1000 exit 5")).await;
    let before = world.reach(&id, JobStatus::Running).await;
    for _ in 0..3 {
        world.reopen().await;
        let job = world.job(&id).await;
        assert_eq!(
            (job.status, job.started_at),
            (JobStatus::Running, before.started_at)
        );
    }
    let job = world.end(&id).await;
    assert_eq!(job.attempts[0].container.exit_code, Some(5));
    world.is_clean().await;
    assert_eq!(world.engine.starts().into_values().collect::<Vec<_>>(), [1]);
}
