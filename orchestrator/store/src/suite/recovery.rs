//! Recovery: snapshots, the inputs after them, and what a restart sees first.

use futures_util::future::join_all;

use super::samples::{append, commit, end, execution, input, snapshot, write};
use super::{Case, Subject, reopen};
use crate::contract::{Store, Write};
use crate::records::{ExecutionId, ExecutionStatus, Recovery, UnfinishedExecution};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "a snapshot replaces the one before and its inputs",
        run: |subject| Box::pin(replaced(subject)),
    },
    Case {
        name: "writes of one execution in one group come to the last state",
        run: |subject| Box::pin(in_one_group(subject)),
    },
    Case {
        name: "what recovery needs goes when the execution ends",
        run: |subject| Box::pin(ends(subject)),
    },
    Case {
        name: "many are recovered in one read, and those that are not running left out",
        run: |subject| Box::pin(many_at_once(subject)),
    },
    Case {
        name: "unfinished executions are listed by number, with what is due",
        run: |subject| Box::pin(unfinished(subject)),
    },
    Case {
        name: "a running execution without a snapshot is unfinished",
        run: |subject| Box::pin(without_snapshot(subject)),
    },
];

async fn replaced(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(
        &*store,
        [
            Write::AddExecution(execution(1, "a")),
            snapshot(1, "s0", None),
        ],
    )
    .await;
    for sequence in 0..12 {
        let bytes = format!("i{sequence}");
        write(&*store, [input(1, sequence, &bytes, Some(sequence.into()))]).await;
    }
    let store = reopen(subject, store).await;
    let expected: Vec<String> = (0..12).map(|sequence| format!("i{sequence}")).collect();
    assert_eq!(
        recovery(&*store, 1).await,
        Some(("s0".to_owned(), expected))
    );
    assert_eq!(due(&*store).await, [(1, Some(11), false)]);
    write(&*store, [snapshot(1, "s1", None)]).await;
    assert_eq!(recovery(&*store, 1).await, Some(("s1".to_owned(), vec![])));
    write(&*store, [input(1, 0, "again", None)]).await;
    let store = reopen(subject, store).await;
    let expected = Some(("s1".to_owned(), vec!["again".to_owned()]));
    assert_eq!(recovery(&*store, 1).await, expected);
    assert_eq!(due(&*store).await, [(1, None, true)]);
}

async fn in_one_group(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(
        &*store,
        [
            Write::AddExecution(execution(1, "a")),
            snapshot(1, "s0", None),
        ],
    )
    .await;
    write(&*store, [input(1, 0, "old", None)]).await;
    let commits = [
        vec![input(1, 1, "older", Some(3)), append(1, 1, 1)],
        vec![snapshot(1, "s1", Some(4)), append(1, 2, 2)],
        vec![input(1, 0, "new", Some(5))],
        vec![Write::AddExecution(execution(2, "b"))],
        vec![snapshot(2, "begun", None)],
        vec![input(2, 0, "i", Some(1))],
        vec![end(2, ExecutionStatus::Failed, 9)],
        vec![input(1, 1, "newer", Some(6))],
    ];
    let writing: Vec<_> = commits.map(|writes| store.commit(commit(writes))).into();
    for answer in join_all(writing).await {
        answer.expect("the commit is written");
    }
    let store = reopen(subject, store).await;
    let inputs = vec!["new".to_owned(), "newer".to_owned()];
    assert_eq!(recovery(&*store, 1).await, Some(("s1".to_owned(), inputs)));
    assert_eq!(recovery(&*store, 2).await, None);
    assert_eq!(due(&*store).await, [(1, Some(6), false)]);
}

async fn ends(subject: &mut dyn Subject) {
    let store = subject.open().await;
    for (id, status) in [
        (1, ExecutionStatus::Succeeded),
        (2, ExecutionStatus::Failed),
        (3, ExecutionStatus::Running),
    ] {
        let name = format!("e{id}");
        let writes = [
            Write::AddExecution(execution(id, &name)),
            snapshot(id, "s", None),
        ];
        write(&*store, writes).await;
        write(&*store, [input(id, 0, "i", None)]).await;
        if status != ExecutionStatus::Running {
            write(&*store, [append(id, 1, 3), end(id, status, 10)]).await;
        }
    }
    let store = reopen(subject, store).await;
    assert_eq!(recovery(&*store, 1).await, None);
    assert_eq!(recovery(&*store, 2).await, None);
    assert_eq!(due(&*store).await, [(3, None, true)]);
    // An execution that is redriven begins again without its old inputs.
    let again = Write::SetStatus {
        id: ExecutionId(2),
        status: ExecutionStatus::Running,
        stopped_at: None,
    };
    write(&*store, [again, snapshot(2, "redriven", Some(1))]).await;
    let expected = Some(("redriven".to_owned(), vec![]));
    assert_eq!(recovery(&*store, 2).await, expected);
}

async fn many_at_once(subject: &mut dyn Subject) {
    let store = subject.open().await;
    for id in 1..=9 {
        let name = format!("e{id}");
        let begun = [
            Write::AddExecution(execution(id, &name)),
            snapshot(id, &name, None),
        ];
        write(&*store, begun).await;
    }
    write(&*store, [input(4, 0, "first", None)]).await;
    write(&*store, [input(4, 1, "second", None)]).await;
    write(&*store, [end(5, ExecutionStatus::Failed, 1)]).await;
    let store = reopen(subject, store).await;
    let ids = [9, 77, 4, 5, u64::MAX, 1].map(ExecutionId);
    let mut found = store.recoveries(&ids).await.unwrap();
    found.sort_by_key(|recovered| recovered.record.id);
    let found: Vec<_> = found
        .into_iter()
        .map(|recovered| {
            let inputs = recovered.recovery.inputs.len();
            let snapshot = String::from_utf8(recovered.recovery.snapshot);
            (recovered.record.id.0, snapshot.unwrap(), inputs)
        })
        .collect();
    let expected = [(1, 0), (4, 2), (9, 0)].map(|(id, inputs)| (id, format!("e{id}"), inputs));
    assert_eq!(found, expected);
    assert!(store.recoveries(&[]).await.unwrap().is_empty());
}

async fn unfinished(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let mut adding = Vec::new();
    for id in 1..=50_u64 {
        let wake_at = (id % 2 == 0).then_some(id.cast_signed() * 10);
        let name = format!("e{id}");
        let writes = [
            Write::AddExecution(execution(id, &name)),
            snapshot(id, "s", wake_at),
        ];
        adding.push(store.commit(commit(writes)));
    }
    for answer in join_all(adding).await {
        answer.expect("the commit is written");
    }
    let store = reopen(subject, store).await;
    let mut found: Vec<UnfinishedExecution> = Vec::new();
    loop {
        let after = found.last().map(|row| row.id);
        let page = store.unfinished(after, 8).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 8);
        found.extend(page);
    }
    assert_eq!(found.len(), 50);
    for (id, row) in (1..=50_u64).zip(found) {
        let wake_at = (id % 2 == 0).then_some(id.cast_signed() * 10);
        let expected = UnfinishedExecution {
            id: ExecutionId(id),
            wake_at,
            needs_dispatch: wake_at.is_none(),
        };
        assert_eq!(row, expected);
    }
}

async fn without_snapshot(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(&*store, [Write::AddExecution(execution(1, "a"))]).await;
    let store = reopen(subject, store).await;
    assert_eq!(due(&*store).await, [(1, None, true)]);
    assert_eq!(recovery(&*store, 1).await, None);
    write(&*store, [end(1, ExecutionStatus::Aborted, 2)]).await;
    assert!(due(&*store).await.is_empty());
}

async fn recovery(store: &dyn Store, id: u64) -> Option<(String, Vec<String>)> {
    let Recovery { snapshot, inputs } = store.recovery(ExecutionId(id)).await.unwrap()?;
    let text = |bytes| String::from_utf8(bytes).expect("the samples are text");
    Some((text(snapshot), inputs.into_iter().map(text).collect()))
}

async fn due(store: &dyn Store) -> Vec<(u64, Option<i64>, bool)> {
    let rows = store.unfinished(None, 100).await.unwrap();
    rows.iter()
        .map(|row| (row.id.0, row.wake_at, row.needs_dispatch))
        .collect()
}
