//! Random commits, several at a time: the store in SQLite says the same as the store in memory, which keeps the rules in their
//! plainest form.
#![allow(clippy::unwrap_used)]

use futures_util::future::join_all;
use proptest::prelude::*;
use store::contract::{
    Commit, Direction, ExecutionFilter, JobFilter, JobsAmong, Store, TextMatch, Write,
};
use store::memory::MemoryStore;
use store::records::{
    ExecutionId, ExecutionStatus, JobRecord, RedriveToken, Redrives, RevisionId, StateMachineId,
};
use store::suite::samples::{append, commit, execution, input, job, snapshot};
use store_sqlite::{Options, SqliteStore};

/// What a commit does; numbers choose among what is there.
#[derive(Clone, Copy, Debug)]
enum Step {
    Add { name: u8, status: u8 },
    SetStatus { of: u8, status: u8 },
    Append { of: u8, events: u8 },
    Redrive { of: u8, count: u8 },
    Pause { of: u8, paused_at: u8 },
    Snapshot { of: u8, wake_at: u8 },
    Input { of: u8, wake_at: u8 },
    AddJob { parts: u8, share: u8 },
    ChangeJob { of: u8, status: u8 },
    DeleteJob { of: u8 },
}

/// What is called before anything is awaited.
#[derive(Clone, Debug)]
enum Batch {
    Commits(Vec<Vec<Step>>),
    Delete { of: u8 },
    DeleteEnded { before: u8 },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..40_u8, 0..5_u8).prop_map(|(name, status)| Step::Add { name, status }),
        (any::<u8>(), 0..5_u8).prop_map(|(of, status)| Step::SetStatus { of, status }),
        (any::<u8>(), 1..5_u8).prop_map(|(of, events)| Step::Append { of, events }),
        (any::<u8>(), 1..5_u8).prop_map(|(of, count)| Step::Redrive { of, count }),
        (any::<u8>(), any::<u8>()).prop_map(|(of, paused_at)| Step::Pause { of, paused_at }),
        (any::<u8>(), any::<u8>()).prop_map(|(of, wake_at)| Step::Snapshot { of, wake_at }),
        (any::<u8>(), any::<u8>()).prop_map(|(of, wake_at)| Step::Input { of, wake_at }),
        (0..4_u8, 0..3_u8).prop_map(|(parts, share)| Step::AddJob { parts, share }),
        (any::<u8>(), 0..7_u8).prop_map(|(of, status)| Step::ChangeJob { of, status }),
        any::<u8>().prop_map(|of| Step::DeleteJob { of }),
    ]
}

fn batch() -> impl Strategy<Value = Batch> {
    let commit = prop::collection::vec(step(), 1..5);
    prop_oneof![
        8 => prop::collection::vec(commit, 1..12).prop_map(Batch::Commits),
        1 => any::<u8>().prop_map(|of| Batch::Delete { of }),
        1 => any::<u8>().prop_map(|before| Batch::DeleteEnded { before }),
        1 => Just(Batch::Reopen),
    ]
}

/// Makes the writes; counts what must not come twice.
#[derive(Default)]
struct Maker {
    executions: u64,
    events: u64,
    inputs: u32,
    last_job: u64,
    /// Jobs that were not deleted, as they were put last.
    jobs: Vec<JobRecord>,
}

impl Maker {
    fn commit(&mut self, steps: &[Step]) -> Commit {
        let mut writes = Vec::new();
        for step in steps {
            let write = self.write(*step);
            let ended = match &write {
                Write::SetStatus { id, status, .. } if *status > ExecutionStatus::Succeeded => {
                    Some(*id)
                }
                _ => None,
            };
            writes.push(write);
            writes.extend(ended.map(|id| Write::KeepRemains {
                id,
                remains: b"remains".to_vec(),
            }));
        }
        commit(writes)
    }

    fn write(&mut self, step: Step) -> Write {
        match step {
            Step::AddJob { parts, share } => self.add_job(parts, share),
            Step::ChangeJob { of, status } => match self.job(of) {
                Some(at) => {
                    let job = &mut self.jobs[at];
                    job.status = status;
                    job.ended_at = (status > 4).then_some(i64::from(status) * 10);
                    job.document = format!("{{\"status\": {status}}}").into();
                    Write::PutJob(job.clone())
                }
                None => self.add_job(0, 0),
            },
            Step::DeleteJob { of } => match self.job(of) {
                Some(at) => {
                    let id = self.jobs[at].id.clone();
                    self.jobs
                        .retain(|job| job.id != id && job.parent.as_ref() != Some(&id));
                    Write::DeleteJobs(vec![id])
                }
                None => self.add_job(0, 0),
            },
            // Nothing is written to an execution that was never added.
            _ if self.executions == 0 && !matches!(step, Step::Add { .. }) => {
                self.write(Step::Add { name: 0, status: 0 })
            }
            Step::Add { name, status } => {
                self.executions += 1;
                let mut record = execution(self.executions, &format!("e{name}"));
                record.machine = StateMachineId(u64::from(name % 3));
                (record.status, record.stopped_at) = end_of(status);
                Write::AddExecution(record)
            }
            Step::SetStatus { of, status } => {
                let (status, stopped_at) = end_of(status);
                let id = ExecutionId(self.id(of));
                Write::SetStatus {
                    id,
                    status,
                    stopped_at,
                }
            }
            Step::Redrive { of, count } => Write::SetRedrive {
                id: ExecutionId(self.id(of)),
                revision: RevisionId(count.into()),
                redrives: Redrives {
                    count: count.into(),
                    last_at: count.into(),
                    tokens: vec![
                        RedriveToken {
                            token: "t".into(),
                            at: count.into()
                        };
                        usize::from(count % 3)
                    ],
                },
            },
            Step::Pause { of, paused_at } => Write::SetPaused {
                id: ExecutionId(self.id(of)),
                paused_at: wake(paused_at),
            },
            Step::Append { of, events } => {
                let first = self.events + 1;
                self.events += u64::from(events);
                append(self.id(of), first, self.events)
            }
            Step::Snapshot { of, wake_at } => {
                snapshot(self.id(of), &format!("s{wake_at}"), wake(wake_at))
            }
            Step::Input { of, wake_at } => {
                self.inputs += 1;
                input(
                    self.id(of),
                    self.inputs,
                    &format!("i{wake_at}"),
                    wake(wake_at),
                )
            }
        }
    }

    fn add_job(&mut self, parts: u8, share: u8) -> Write {
        self.last_job += 1;
        let whole = self.jobs.iter().rev().find(|job| job.parent.is_none());
        let parent = whole.filter(|_| parts > 0).map(|job| job.id.clone());
        let record = JobRecord {
            parent,
            share: (share > 0).then(|| format!("s{share}").into()),
            name: format!("Name-{}", self.last_job % 4).into(),
            ..job(self.last_job, &format!("j{}", self.last_job))
        };
        self.jobs.push(record.clone());
        Write::PutJob(record)
    }

    /// One of the newest jobs.
    fn job(&self, of: u8) -> Option<usize> {
        self.jobs.len().checked_sub(1 + usize::from(of % 5))
    }

    /// One of the newest, so that writes meet.
    fn id(&self, of: u8) -> u64 {
        self.executions.saturating_sub(u64::from(of % 6)).max(1)
    }
}

fn end_of(status: u8) -> (ExecutionStatus, Option<i64>) {
    match status {
        0 => (ExecutionStatus::Running, None),
        1 => (ExecutionStatus::Succeeded, Some(40)),
        2 => (ExecutionStatus::Failed, Some(80)),
        3 => (ExecutionStatus::TimedOut, Some(120)),
        _ => (ExecutionStatus::Aborted, Some(160)),
    }
}

fn wake(number: u8) -> Option<i64> {
    (!number.is_multiple_of(3)).then_some(number.into())
}

/// Everything that can be read, as text.
async fn everything(store: &dyn Store, executions: u64) -> String {
    let mut text = String::new();
    for number in 1..=executions {
        let id = ExecutionId(number);
        let record = store.execution(id).await.unwrap();
        let recovery = store.recovery(id).await.unwrap();
        let remains = store.remains(id).await.unwrap();
        let forward = store.history(id, 1, 7, Direction::Forward).await.unwrap();
        let reverse = store
            .history(id, u64::MAX, 7, Direction::Reverse)
            .await
            .unwrap();
        text +=
            &format!("{number}: {record:?}\n{recovery:?}\n{remains:?}\n{forward:?}\n{reverse:?}\n");
    }
    for name in 0..40 {
        let machine = StateMachineId(name % 3);
        let found = store
            .execution_by_name(machine, &format!("e{name}"))
            .await
            .unwrap();
        text += &format!("{name}: {:?}\n", found.map(|record| record.id));
    }
    for status in (0..5).map(|status| Some(end_of(status).0)).chain([None]) {
        for machine in (0..3).map(|id| Some(StateMachineId(id))).chain([None]) {
            let filter = ExecutionFilter {
                machine,
                status,
                started_by: None,
            };
            let before = Some(ExecutionId(executions.max(2) - 1));
            let found = store.executions(filter.clone(), before, 9).await.unwrap();
            let ids: Vec<_> = found.iter().map(|record| record.id).collect();
            text += &format!("{filter:?}: {ids:?}\n");
        }
    }
    for among in jobs_among() {
        for status in (0..7).map(Some).chain([None]) {
            let all = JobFilter::all(among.clone());
            let shared = JobFilter {
                share: Some("s1".into()),
                name: Some(TextMatch::Prefix("name-".into())),
                ..all.clone()
            };
            for filter in [all, shared] {
                let filter = JobFilter { status, ..filter };
                let found = store.jobs(filter.clone(), Some(20), 9).await.unwrap();
                text += &format!("{filter:?}: {found:?}\n");
            }
        }
    }
    let jobs = store.unfinished_jobs(Some(2), 1000).await.unwrap();
    let mut ended: Vec<u64> = store
        .ended_jobs(55, 1000)
        .await
        .unwrap()
        .iter()
        .map(|job| job.number)
        .collect();
    ended.sort_unstable();
    text += &format!("{jobs:?}\n{ended:?}\n");
    let unfinished = store.unfinished(None, 1000).await.unwrap();
    let numbers = store.last_numbers().await.unwrap();
    text + &format!("{unfinished:?}\n{numbers:?}\n")
}

fn jobs_among() -> impl Iterator<Item = JobsAmong> {
    let parents = (1..6).map(|number| JobsAmong::Parent(format!("j{number}").into()));
    parents.chain([JobsAmong::Queue("q".into())])
}

async fn check(batches: Vec<Batch>, group_commits: usize) {
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        group_commits,
        ..Options::default()
    };
    let memory = MemoryStore::new();
    let mut sqlite = SqliteStore::open(directory.path(), options.clone())
        .await
        .unwrap();
    let mut maker = Maker::default();
    for batch in batches {
        match batch {
            Batch::Commits(commits) => {
                let commits: Vec<Commit> =
                    commits.iter().map(|steps| maker.commit(steps)).collect();
                let expected =
                    join_all(commits.iter().cloned().map(|commit| memory.commit(commit)));
                let found = join_all(commits.iter().cloned().map(|commit| sqlite.commit(commit)));
                assert_eq!(
                    format!("{:?}", found.await),
                    format!("{:?}", expected.await)
                );
            }
            Batch::Delete { of } => {
                let commit = commit([Write::DeleteExecution(ExecutionId(maker.id(of)))]);
                if memory
                    .execution(ExecutionId(maker.id(of)))
                    .await
                    .unwrap()
                    .is_some()
                {
                    memory.commit(commit.clone()).await.unwrap();
                    sqlite.commit(commit).await.unwrap();
                }
            }
            Batch::DeleteEnded { before } => {
                let expected = memory.delete_ended(before.into(), 1000).await.unwrap();
                let found = sqlite.delete_ended(before.into(), 1000).await.unwrap();
                assert_eq!(found, expected);
            }
            Batch::Reopen => {
                sqlite.close().await.unwrap();
                sqlite = SqliteStore::open(directory.path(), options.clone())
                    .await
                    .unwrap();
            }
        }
    }
    let expected = everything(&memory, maker.executions).await;
    let found = everything(&sqlite, maker.executions).await;
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    sqlite.close().await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn sqlite_says_the_same_as_memory(
        batches in prop::collection::vec(batch(), 1..12),
        group_commits in prop_oneof![Just(256_usize), 1..5_usize],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(batches, group_commits));
    }
}
