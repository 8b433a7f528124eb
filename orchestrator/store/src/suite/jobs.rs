//! Container jobs: replaced by id, listed by queue or parent, counted, and removed with their parts.

use std::sync::Arc;

use super::samples::{ended_job, job, write};
use super::{Case, Subject, reopen};
use crate::contract::{JobFilter, JobsAmong, Store, TextMatch, Write};
use crate::records::JobRecord;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "a job that is put again changes its status, end and document",
        run: |subject| Box::pin(replaced(subject)),
    },
    Case {
        name: "jobs are listed newest first, by queue without parts, or by parent",
        run: |subject| Box::pin(lists(subject)),
    },
    Case {
        name: "lists of jobs are filtered and paged",
        run: |subject| Box::pin(filters(subject)),
    },
    Case {
        name: "a restart finds the unfinished jobs, oldest first",
        run: |subject| Box::pin(unfinished(subject)),
    },
    Case {
        name: "an ended job is removed with its parts, and its number stays used",
        run: |subject| Box::pin(removed(subject)),
    },
    Case {
        name: "ten thousand jobs fit into one commit",
        run: |subject| Box::pin(many(subject)),
    },
];

async fn replaced(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(&*store, [Write::PutJob(job(1, "a"))]).await;
    let again = JobRecord {
        status: 4,
        document: Arc::from("{\"ü\": 2}"),
        ..job(1, "a")
    };
    write(
        &*store,
        [Write::PutJob(again.clone()), Write::PutJob(job(2, "b"))],
    )
    .await;
    let store = reopen(subject, store).await;
    assert_eq!(store.job("a").await.unwrap(), Some(again.clone()));
    assert_eq!(store.job("c").await.unwrap(), None);
    let ids = ["b", "\"\\\n", "a"].map(Arc::from);
    let mut found = store.jobs_by_id(&ids).await.unwrap();
    found.sort_by_key(|record| record.number);
    assert_eq!(found, [again, job(2, "b")]);
    assert_eq!(store.last_numbers().await.unwrap().job, 2);
    let ended = ended_job(1, "a", 6, 90);
    write(
        &*store,
        [Write::PutJob(job(1, "a")), Write::PutJob(ended.clone())],
    )
    .await;
    assert_eq!(store.job("a").await.unwrap(), Some(ended));
}

async fn lists(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(
        &*store,
        (1..=3).map(|number| Write::PutJob(job(number, &format!("j{number}")))),
    )
    .await;
    let other = JobRecord {
        queue: Arc::from("other"),
        ..job(4, "j4")
    };
    write(&*store, [Write::PutJob(other)]).await;
    write(
        &*store,
        (0..4).map(|index| Write::PutJob(part("j2", 5 + index, 3))),
    )
    .await;
    write(&*store, [Write::PutJob(part("j2", 6, 5))]).await;
    let store = reopen(subject, store).await;
    let queue = JobFilter::all(JobsAmong::Queue(Arc::from("q")));
    check(&*store, &queue, None, 10, "j3 j2 j1").await;
    check(&*store, &queue, Some(3), 1, "j2").await;
    let parts = JobFilter::all(JobsAmong::Parent(Arc::from("j2")));
    check(&*store, &parts, None, 3, "j2:8 j2:7 j2:6").await;
    let running = JobFilter {
        status: Some(3),
        ..parts
    };
    check(&*store, &running, None, 10, "j2:8 j2:7 j2:5").await;
}

async fn filters(subject: &mut dyn Subject) {
    let store = subject.open().await;
    for number in 1..=6 {
        let record = JobRecord {
            name: Arc::from(["Night-a", "night-b", "day"][number as usize % 3]),
            definition: Arc::from(format!("d{}:{}", number % 2, number)),
            share: (number > 2).then(|| Arc::from("blue")),
            status: (number % 4) as u8,
            ..job(number, &format!("j{number}"))
        };
        write(&*store, [Write::PutJob(record)]).await;
    }
    let all = JobFilter::all(JobsAmong::Queue(Arc::from("q")));
    let exact = |text: &str| Some(TextMatch::Exact(Arc::from(text)));
    let prefix = |text: &str| Some(TextMatch::Prefix(Arc::from(text)));
    let filter = |change: fn(&mut JobFilter, Option<TextMatch>), wanted| {
        let mut filter = all.clone();
        change(&mut filter, wanted);
        filter
    };
    let cases = [
        (
            filter(|filter, wanted| filter.name = wanted, exact("NIGHT-A")),
            "j6 j3",
        ),
        (
            filter(|filter, wanted| filter.name = wanted, prefix("nIght")),
            "j6 j4 j3 j1",
        ),
        (
            filter(|filter, wanted| filter.name = wanted, exact("night")),
            "",
        ),
        (
            filter(|filter, wanted| filter.definition = wanted, exact("d1:5")),
            "j5",
        ),
        (
            filter(|filter, wanted| filter.definition = wanted, prefix("d0:")),
            "j6 j4 j2",
        ),
        (
            filter(|filter, wanted| filter.definition = wanted, prefix("D0:")),
            "",
        ),
        (
            filter(|filter, _| filter.share = Some(Arc::from("blue")), None),
            "j6 j5 j4 j3",
        ),
        (
            filter(|filter, _| filter.created_before = Some(3), None),
            "j2 j1",
        ),
        (
            filter(|filter, _| filter.created_after = Some(3), None),
            "j6 j5 j4",
        ),
        (filter(|filter, _| filter.status = Some(1), None), "j5 j1"),
    ];
    for (filter, expected) in cases {
        check(&*store, &filter, None, 10, expected).await;
    }
}

async fn unfinished(subject: &mut dyn Subject) {
    let store = subject.open().await;
    for number in 1..=9 {
        write(&*store, [Write::PutJob(job(number, &format!("j{number}")))]).await;
    }
    for number in [2, 5, 9] {
        let ended = ended_job(number, &format!("j{number}"), 5, 100);
        write(&*store, [Write::PutJob(ended)]).await;
    }
    let store = reopen(subject, store).await;
    let found = store.unfinished_jobs(None, 3).await.unwrap();
    assert_eq!(ids(&found), "j1 j3 j4");
    let found = store.unfinished_jobs(Some(4), 10).await.unwrap();
    assert_eq!(ids(&found), "j6 j7 j8");
}

async fn removed(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(
        &*store,
        [
            Write::PutJob(ended_job(1, "a", 5, 100)),
            Write::PutJob(job(2, "b")),
        ],
    )
    .await;
    for number in 3..=5 {
        let part = JobRecord {
            ended_at: Some(90),
            ..part("a", number, 5)
        };
        write(&*store, [Write::PutJob(part)]).await;
    }
    assert_eq!(ids(&store.ended_jobs(100, 10).await.unwrap()), "");
    assert_eq!(ids(&store.ended_jobs(101, 10).await.unwrap()), "a");
    write(
        &*store,
        [Write::DeleteJobs(vec![Arc::from("a"), Arc::from("none")])],
    )
    .await;
    let store = reopen(subject, store).await;
    assert_eq!(store.job("a").await.unwrap(), None);
    assert_eq!(store.job("a:3").await.unwrap(), None);
    assert_eq!(store.job("b").await.unwrap(), Some(job(2, "b")));
    assert_eq!(store.last_numbers().await.unwrap().job, 5);
}

async fn many(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(
        &*store,
        (1..=10_000).map(|number| Write::PutJob(part("a", number, 2))),
    )
    .await;
    let store = reopen(subject, store).await;
    let all = JobFilter::all(JobsAmong::Parent(Arc::from("a")));
    assert_eq!(store.jobs(all, None, 20_000).await.unwrap().len(), 10_000);
    let last = store.unfinished_jobs(Some(9_999), 10).await.unwrap();
    assert_eq!(last, [part("a", 10_000, 2)]);
}

fn part(parent: &str, number: u64, status: u8) -> JobRecord {
    JobRecord {
        parent: Some(Arc::from(parent)),
        status,
        ..job(number, &format!("{parent}:{number}"))
    }
}

async fn check(
    store: &dyn Store,
    filter: &JobFilter,
    before: Option<u64>,
    limit: usize,
    expected: &str,
) {
    let found = store.jobs(filter.clone(), before, limit).await.unwrap();
    assert_eq!(ids(&found), expected, "{filter:?} before {before:?}");
}

fn ids(records: &[JobRecord]) -> String {
    let ids: Vec<&str> = records.iter().map(|record| &*record.id).collect();
    ids.join(" ")
}
