//! Map Runs: their records, and how their children are read.

use std::sync::Arc;

use super::samples::{MACHINE, append, end, execution, snapshot, write};
use super::{Case, Subject, reopen};
use crate::contract::{Direction, Store, Write};
use crate::encoding::decode_events;
use crate::map_runs::{ChildFilter, MapRunRecord, MapRunStatus};
use crate::records::{ExecutionId, ExecutionRecord, ExecutionStatus, Parent};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "a Map Run is read as it was put last, by its parent and by its name",
        run: |subject| Box::pin(as_put(subject)),
    },
    Case {
        name: "the Map Runs of an execution are listed newest first, the unfinished ones of all in order",
        run: |subject| Box::pin(lists(subject)),
    },
    Case {
        name: "the children of a Map Run are listed by status, and read in order with their ends",
        run: |subject| Box::pin(children(subject)),
    },
    Case {
        name: "a child begins anew under its number",
        run: |subject| Box::pin(begun_anew(subject)),
    },
    Case {
        name: "a Map Run goes with its execution",
        run: |subject| Box::pin(deleted(subject)),
    },
];

fn parent(execution: u64, attempt: u64) -> Parent {
    Parent {
        execution: ExecutionId(execution),
        attempt,
    }
}

fn run(execution: u64, attempt: u64, status: MapRunStatus) -> MapRunRecord {
    MapRunRecord {
        parent: parent(execution, attempt),
        name: format!("m/l:{execution}-{attempt}").into(),
        status,
        started_at: 7,
        stopped_at: (status != MapRunStatus::Running).then_some(9),
        document: Arc::from("{\"version\": 1, \"ü\": 2}"),
    }
}

fn child(id: u64, of: Parent) -> ExecutionRecord {
    ExecutionRecord {
        parent: Some(of),
        ..execution(id, &format!("c{id}"))
    }
}

async fn as_put(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let first = run(1, 5, MapRunStatus::Running);
    write(
        &*store,
        [
            Write::AddExecution(execution(1, "a")),
            Write::PutMapRun(first.clone()),
        ],
    )
    .await;
    assert_eq!(store.map_run(parent(1, 5)).await.unwrap(), Some(first));
    let last = run(1, 5, MapRunStatus::Failed);
    write(
        &*store,
        [
            Write::PutMapRun(run(1, 5, MapRunStatus::Aborted)),
            Write::PutMapRun(last.clone()),
        ],
    )
    .await;
    let store = reopen(subject, store).await;
    let read = store.map_run(parent(1, 5)).await.unwrap();
    assert_eq!(read, Some(last.clone()));
    let read = store.map_run_by_name("m/l:1-5").await.unwrap();
    assert_eq!(read, Some(last));
    assert_eq!(store.map_run_by_name("m/l:1-6").await.unwrap(), None);
    assert_eq!(store.map_run(parent(1, 6)).await.unwrap(), None);
}

async fn lists(subject: &mut dyn Subject) {
    let store = subject.open().await;
    for execution in 1..=3 {
        for attempt in [4, 8, 12] {
            let status = match attempt {
                8 => MapRunStatus::Succeeded,
                _ => MapRunStatus::Running,
            };
            let record = run(execution, attempt, status);
            write(&*store, [Write::PutMapRun(record)]).await;
        }
    }
    let store = reopen(subject, store).await;
    let attempts = |runs: Vec<MapRunRecord>| {
        let attempts = runs.iter().map(|run| run.parent.attempt);
        attempts.collect::<Vec<_>>()
    };
    let all = store.map_runs(ExecutionId(2), None, 10).await.unwrap();
    assert_eq!(attempts(all), [12, 8, 4]);
    let two = store.map_runs(ExecutionId(2), None, 2).await.unwrap();
    assert_eq!(attempts(two), [12, 8]);
    let rest = store.map_runs(ExecutionId(2), Some(8), 10).await.unwrap();
    assert_eq!(attempts(rest), [4]);
    let none = store.map_runs(ExecutionId(4), None, 10).await.unwrap();
    assert!(none.is_empty());
    let mut unfinished = Vec::new();
    let mut after = None;
    loop {
        let page = store.unfinished_map_runs(after, 4).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.parent);
        let page = page.iter();
        unfinished.extend(page.map(|run| (run.parent.execution.0, run.parent.attempt)));
    }
    let expected = [(1, 4), (1, 12), (2, 4), (2, 12), (3, 4), (3, 12)];
    assert_eq!(unfinished, expected);
}

async fn children(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let of = parent(1, 5);
    let mut writes = vec![Write::AddExecution(execution(1, "a"))];
    for id in 2..=9 {
        let of = match id {
            5 => parent(1, 6),
            _ => of,
        };
        writes.push(Write::AddExecution(child(id, of)));
    }
    // 3 began and ended in one step, 4 in two, 6 has only begun, and of 7 nothing is written.
    writes.push(append(3, 1, 4));
    writes.push(end(3, ExecutionStatus::Succeeded, 30));
    writes.push(append(4, 1, 2));
    writes.push(append(4, 3, 3));
    writes.push(append(4, 4, 6));
    writes.push(end(4, ExecutionStatus::Failed, 40));
    writes.push(append(6, 1, 2));
    write(&*store, writes).await;
    let store = reopen(subject, store).await;
    let list = |status, before, limit| {
        let filter = ChildFilter { parent: of, status };
        let children = store.children(filter, before, limit);
        async move {
            let children = children.await.unwrap();
            children.iter().map(|child| child.id.0).collect::<Vec<_>>()
        }
    };
    assert_eq!(list(None, None, 10).await, [9, 8, 7, 6, 4, 3, 2]);
    assert_eq!(list(None, Some(ExecutionId(7)), 2).await, [6, 4]);
    let failed = Some(ExecutionStatus::Failed);
    assert_eq!(list(failed, None, 10).await, [4]);
    let running = Some(ExecutionStatus::Running);
    assert_eq!(list(running, Some(ExecutionId(9)), 10).await, [8, 7, 6, 2]);
    let page = store.children_with_ends(of, None, 3).await.unwrap();
    let ends = |chunk: &Option<Arc<[u8]>>| {
        chunk.as_ref().map(|chunk| {
            let events = decode_events(chunk).unwrap();
            let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
            ids
        })
    };
    let shown: Vec<_> = page
        .iter()
        .map(|child| (child.record.id.0, ends(&child.first), ends(&child.last)))
        .collect();
    assert_eq!(
        shown,
        [
            (2, None, None),
            (3, Some(vec![1, 2, 3, 4]), None),
            (4, Some(vec![1, 2]), Some(vec![4, 5, 6])),
        ]
    );
    assert_eq!(page[1].record.status, ExecutionStatus::Succeeded);
    assert_eq!(page[1].record.machine, MACHINE);
    let after = Some(ExecutionId(4));
    let rest = store.children_with_ends(of, after, 10).await.unwrap();
    let rest: Vec<u64> = rest.iter().map(|child| child.record.id.0).collect();
    assert_eq!(rest, [6, 7, 8, 9]);
}

async fn begun_anew(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let (of, id) = (parent(1, 5), ExecutionId(2));
    let first = [
        Write::AddExecution(child(2, of)),
        Write::AddExecution(child(3, of)),
        append(2, 1, 1),
        append(3, 1, 1),
    ];
    write(&*store, first).await;
    let over = [append(2, 9, 9), end(2, ExecutionStatus::Failed, 20)];
    write(&*store, over).await;
    let again = Write::SetStatus {
        id,
        status: ExecutionStatus::Running,
        stopped_at: None,
    };
    let anew = [
        Write::ForgetHistory(id),
        again,
        append(2, 1, 1),
        snapshot(2, "s", None),
    ];
    write(&*store, anew).await;
    let store = reopen(subject, store).await;
    assert_eq!(store.unfinished(None, 10).await.unwrap().len(), 2);
    let ids = |store: Arc<dyn Store>| async move {
        let page = store.history(id, 1, 10, Direction::Forward).await.unwrap();
        let ids: Vec<u64> = page.events.iter().map(|event| event.id).collect();
        ids
    };
    assert_eq!(ids(store.clone()).await, [1]);
    let over = [append(2, 4, 4), end(2, ExecutionStatus::Succeeded, 30)];
    write(&*store, over).await;
    let store = reopen(subject, store).await;
    assert_eq!(ids(store.clone()).await, [1, 4]);
    // And in one step.
    let at_once = [
        Write::ForgetHistory(id),
        end(2, ExecutionStatus::Succeeded, 40),
        append(2, 1, 3),
    ];
    write(&*store, at_once).await;
    let store = reopen(subject, store).await;
    assert_eq!(ids(store.clone()).await, [1, 2, 3]);
    let record = store.execution(id).await.unwrap().unwrap();
    assert_eq!(record.stopped_at, Some(40));
    assert_eq!(store.unfinished(None, 10).await.unwrap().len(), 1);
}

async fn deleted(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(
        &*store,
        [
            Write::AddExecution(execution(1, "a")),
            Write::PutMapRun(run(1, 5, MapRunStatus::Succeeded)),
            end(1, ExecutionStatus::Succeeded, 10),
        ],
    )
    .await;
    write(
        &*store,
        [
            Write::AddExecution(execution(2, "b")),
            Write::PutMapRun(run(2, 5, MapRunStatus::Running)),
        ],
    )
    .await;
    write(&*store, [Write::DeleteExecution(ExecutionId(2))]).await;
    assert_eq!(store.map_run(parent(2, 5)).await.unwrap(), None);
    assert!(store.map_run(parent(1, 5)).await.unwrap().is_some());
    assert_eq!(store.delete_ended(11, 10).await.unwrap(), 1);
    let store = reopen(subject, store).await;
    assert_eq!(store.map_run(parent(1, 5)).await.unwrap(), None);
    assert_eq!(store.map_run_by_name("m/l:1-5").await.unwrap(), None);
}
