//! Executions: what is read of them, how they are listed, and when they go.

use futures_util::future::join_all;

use super::samples::{
    MACHINE, append, commit, end, ended_child, execution, ids, input, revision, snapshot, write,
};
use super::{Case, Subject, reopen};
use crate::contract::{Direction, ExecutionFilter, Qualifier, Store, Write};
use crate::records::{
    ExecutionId, ExecutionRecord, ExecutionStatus, Parent, RedriveToken, Redrives, RevisionId,
    StartedBy, StateMachineId,
};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "an execution is read as it was added",
        run: |subject| Box::pin(as_added(subject)),
    },
    Case {
        name: "a status changes, also back to running",
        run: |subject| Box::pin(statuses(subject)),
    },
    Case {
        name: "an execution that ended leaves what a redrive goes on from",
        run: |subject| Box::pin(redrives(subject)),
    },
    Case {
        name: "an execution is paused, and no longer",
        run: |subject| Box::pin(pauses(subject)),
    },
    Case {
        name: "lists know the version and alias that executions were started by",
        run: |subject| Box::pin(starters(subject)),
    },
    Case {
        name: "the trace that an execution is a part of stays known",
        run: |subject| Box::pin(traces(subject)),
    },
    Case {
        name: "a nested execution is found by the attempt that started it",
        run: |subject| Box::pin(children(subject)),
    },
    Case {
        name: "lists are newest first, by page, machine and status",
        run: |subject| Box::pin(lists(subject)),
    },
    Case {
        name: "a deleted execution leaves nothing",
        run: |subject| Box::pin(deleted(subject)),
    },
    Case {
        name: "retention deletes what ended before, and only that",
        run: |subject| Box::pin(retention(subject)),
    },
    Case {
        name: "numbers are never given out twice",
        run: |subject| Box::pin(numbers(subject)),
    },
];

async fn as_added(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let child = ended_child(2, "Ünïcode-🦀", -5);
    write(&*store, [Write::AddExecution(execution(1, "a"))]).await;
    write(
        &*store,
        [Write::AddExecution(child.clone()), append(2, 1, 2)],
    )
    .await;
    let store = reopen(subject, store).await;
    let first = store.execution(ExecutionId(1)).await.unwrap();
    assert_eq!(first, Some(execution(1, "a")));
    let second = store.execution_by_name(MACHINE, &child.name).await.unwrap();
    assert_eq!(second, Some(child));
    assert_eq!(store.execution(ExecutionId(3)).await.unwrap(), None);
    assert_eq!(store.execution(ExecutionId(u64::MAX)).await.unwrap(), None);
    assert_eq!(store.execution_by_name(MACHINE, "A").await.unwrap(), None);
    assert_eq!(store.recovery(ExecutionId(2)).await.unwrap(), None);
}

async fn statuses(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(
        &*store,
        [
            Write::AddExecution(execution(1, "a")),
            snapshot(1, "s", None),
        ],
    )
    .await;
    for status in [
        ExecutionStatus::Succeeded,
        ExecutionStatus::Failed,
        ExecutionStatus::TimedOut,
        ExecutionStatus::Aborted,
    ] {
        write(&*store, [end(1, status, 44)]).await;
        let record = store.execution(ExecutionId(1)).await.unwrap();
        let record = record.expect("the execution is stored");
        assert_eq!((record.status, record.stopped_at), (status, Some(44)));
        assert!(store.unfinished(None, 10).await.unwrap().is_empty());
    }
    let again = Write::SetStatus {
        id: ExecutionId(1),
        status: ExecutionStatus::Running,
        stopped_at: None,
    };
    write(&*store, [again, snapshot(1, "again", Some(8))]).await;
    let store = reopen(subject, store).await;
    let record = store.execution(ExecutionId(1)).await.unwrap();
    assert_eq!(record, Some(execution(1, "a")));
    let unfinished = store.unfinished(None, 10).await.unwrap();
    assert_eq!(unfinished.len(), 1);
    assert_eq!(unfinished[0].wake_at, Some(8));
}

async fn redrives(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let id = ExecutionId(1);
    let remains = |text: &str| Write::KeepRemains {
        id,
        remains: text.as_bytes().to_vec(),
    };
    let begun = [
        Write::AddExecution(execution(1, "a")),
        snapshot(1, "s", Some(3)),
    ];
    write(&*store, begun).await;
    assert_eq!(store.remains(id).await.unwrap(), None);
    write(&*store, [input(1, 0, "i", None)]).await;
    let over = [end(1, ExecutionStatus::Failed, 44), remains("left")];
    write(&*store, over).await;
    let store = reopen(subject, store).await;
    assert_eq!(
        store.remains(id).await.unwrap().as_deref(),
        Some(&b"left"[..])
    );
    assert_eq!(store.recovery(id).await.unwrap(), None);
    assert!(store.unfinished(None, 10).await.unwrap().is_empty());

    let redrives = Redrives {
        count: 2,
        last_at: 77,
        tokens: vec![
            RedriveToken {
                token: "one-of_many.~!".into(),
                at: 66,
            },
            RedriveToken {
                token: "2".into(),
                at: 77,
            },
        ],
    };
    let again = [
        Write::AddRevision(revision(2, 1)),
        Write::SetStatus {
            id,
            status: ExecutionStatus::Running,
            stopped_at: None,
        },
        Write::SetRedrive {
            id,
            revision: RevisionId(2),
            redrives: redrives.clone(),
        },
        snapshot(1, "again", Some(8)),
    ];
    write(&*store, again).await;
    let store = reopen(subject, store).await;
    let record = store.execution(id).await.unwrap().unwrap();
    let expected = ExecutionRecord {
        revision: RevisionId(2),
        redrives: Some(redrives),
        ..execution(1, "a")
    };
    assert_eq!(record, expected);
    assert_eq!(store.remains(id).await.unwrap(), None);
    let recovery = store.recovery(id).await.unwrap().unwrap();
    assert_eq!(
        (&*recovery.snapshot, recovery.inputs.len()),
        (&b"again"[..], 0)
    );

    // It fails again, and what it leaves goes with it.
    let over = [end(1, ExecutionStatus::Aborted, 99), remains("more")];
    write(&*store, over).await;
    assert_eq!(
        store.remains(id).await.unwrap().as_deref(),
        Some(&b"more"[..])
    );
    assert_eq!(store.delete_ended(100, 10).await.unwrap(), 1);
    assert_eq!(store.remains(id).await.unwrap(), None);

    // One that ended in its first commit leaves something, too.
    let mut record = execution(2, "b");
    (record.status, record.stopped_at) = (ExecutionStatus::Failed, Some(5));
    let id = ExecutionId(2);
    let remains = Write::KeepRemains {
        id,
        remains: b"at once".to_vec(),
    };
    write(&*store, [Write::AddExecution(record), remains]).await;
    let store = reopen(subject, store).await;
    assert_eq!(
        store.remains(id).await.unwrap().as_deref(),
        Some(&b"at once"[..])
    );
}

async fn pauses(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let id = ExecutionId(1);
    let begun = [
        Write::AddExecution(execution(1, "a")),
        snapshot(1, "s", Some(3)),
    ];
    write(&*store, begun).await;
    for paused_at in [Some(7), None] {
        write(&*store, [Write::SetPaused { id, paused_at }]).await;
        let record = store.execution(id).await.unwrap().unwrap();
        assert_eq!(record.paused_at, paused_at);
    }
    assert_eq!(
        store.unfinished(None, 10).await.unwrap()[0].wake_at,
        Some(3)
    );
}

async fn starters(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let mut records = Vec::new();
    for id in 1..=40 {
        let mut record = execution(id, &format!("e{id}"));
        record.machine = StateMachineId(1 + id % 2);
        record.started_by = StartedBy {
            version: (id % 3 > 0).then_some(id % 3),
            alias: (id % 5 == 1).then(|| "live".into()),
        };
        if id % 7 == 0 {
            (record.status, record.stopped_at) = (ExecutionStatus::Failed, Some(9));
        }
        records.push(record);
    }
    for record in &records {
        write(&*store, [Write::AddExecution(record.clone())]).await;
    }
    let store = reopen(subject, store).await;
    for qualifier in [
        Qualifier::Version(1),
        Qualifier::Version(2),
        Qualifier::Version(9),
        Qualifier::Alias("live".into()),
        Qualifier::Alias("dead".into()),
    ] {
        for status in [None, Some(ExecutionStatus::Failed)] {
            let filter = ExecutionFilter {
                machine: Some(StateMachineId(1)),
                status,
                started_by: Some(qualifier.clone()),
            };
            let expected: Vec<_> = records
                .iter()
                .rev()
                .filter(|record| record.id.0 < 38 && record.machine == StateMachineId(1))
                .filter(|record| status.is_none_or(|status| record.status == status))
                .filter(|record| match &qualifier {
                    Qualifier::Version(number) => record.started_by.version == Some(*number),
                    Qualifier::Alias(name) => record.started_by.alias.as_ref() == Some(name),
                })
                .take(4)
                .cloned()
                .collect();
            let before = Some(ExecutionId(38));
            let found = store.executions(filter, before, 4).await.unwrap();
            assert_eq!(found, expected, "{qualifier:?} {status:?}");
        }
    }
}

async fn traces(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let traced = ExecutionRecord {
        trace_header: Some("Root=1-67891233-abcdef012345678912345678".into()),
        ..execution(2, "b")
    };
    // One commit has both, so that they are written together.
    let begun = [
        Write::AddExecution(execution(1, "a")),
        Write::AddExecution(traced.clone()),
        snapshot(2, "s", Some(3)),
    ];
    write(&*store, begun).await;
    let again = Write::AddExecution(ExecutionRecord {
        trace_header: Some("Root=another".into()),
        ..execution(3, "b")
    });
    assert!(store.commit(commit([again])).await.is_err());
    let store = reopen(subject, store).await;
    let header = async |id| {
        let record = store.execution(ExecutionId(id)).await.unwrap();
        record.map(|record| record.trace_header)
    };
    assert_eq!(header(1).await, Some(None));
    assert_eq!(header(2).await, Some(traced.trace_header.clone()));
    assert_eq!(header(3).await, None);
    let recovered = store.recoveries(&[ExecutionId(2)]).await.unwrap();
    assert_eq!(recovered[0].record, traced);
}

async fn children(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let child = ended_child(2, "child", 3);
    let parent = child.parent.expect("the sample has a parent");
    write(&*store, [Write::AddExecution(execution(1, "a"))]).await;
    write(&*store, [Write::AddExecution(child.clone())]).await;
    let store = reopen(subject, store).await;
    assert_eq!(store.child(parent).await.unwrap(), Some(child));
    let other = Parent {
        attempt: parent.attempt + 1,
        ..parent
    };
    assert_eq!(store.child(other).await.unwrap(), None);
}

async fn lists(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let all = [
        ExecutionStatus::Running,
        ExecutionStatus::Succeeded,
        ExecutionStatus::Failed,
        ExecutionStatus::TimedOut,
        ExecutionStatus::Aborted,
    ];
    let mut records = Vec::new();
    for id in 1..=200 {
        let mut record = execution(id, &format!("e{id}"));
        record.machine = StateMachineId(1 + id % 3);
        record.status = all[usize::try_from(id * id % 11 % 5).expect("it is below 5")];
        record.stopped_at = (record.status != ExecutionStatus::Running).then_some(500);
        records.push(record);
    }
    let adding = records
        .iter()
        .map(|record| store.commit(commit([Write::AddExecution(record.clone())])));
    for answer in join_all(adding).await {
        answer.unwrap();
    }
    let store = reopen(subject, store).await;
    let machines = [None, Some(1), Some(2), Some(3), Some(4)];
    let statuses = all.map(Some).into_iter().chain([None]);
    for status in statuses {
        for machine in machines.map(|machine| machine.map(StateMachineId)) {
            let filter = ExecutionFilter {
                machine,
                status,
                started_by: None,
            };
            let expected: Vec<u64> = records
                .iter()
                .rev()
                .filter(|record| machine.is_none_or(|machine| record.machine == machine))
                .filter(|record| status.is_none_or(|status| record.status == status))
                .map(|record| record.id.0)
                .collect();
            for limit in [1, 7, 1000] {
                assert_eq!(
                    list(&*store, filter.clone(), limit).await,
                    expected,
                    "{filter:?}"
                );
            }
        }
    }
}

/// Reads page after page.
async fn list(store: &dyn Store, filter: ExecutionFilter, limit: usize) -> Vec<u64> {
    let mut found = Vec::new();
    let mut before = None;
    loop {
        let page = store
            .executions(filter.clone(), before, limit)
            .await
            .unwrap();
        assert!(page.len() <= limit);
        found.extend(ids(&page));
        match page.last() {
            Some(last) if page.len() == limit => before = Some(last.id),
            _ => return found,
        }
    }
}

async fn deleted(subject: &mut dyn Subject) {
    let store = subject.open().await;
    for id in [1, 2] {
        let writes = [
            Write::AddExecution(execution(id, &format!("e{id}"))),
            append(id, 1, 4),
            snapshot(id, "s", None),
            input(id, 0, "i", None),
        ];
        write(&*store, writes).await;
    }
    write(&*store, [Write::DeleteExecution(ExecutionId(1))]).await;
    let begun = store.commit(commit([
        Write::AddExecution(execution(3, "e3")),
        append(3, 1, 1),
    ]));
    let gone = store.commit(commit([
        append(3, 2, 2),
        Write::DeleteExecution(ExecutionId(3)),
    ]));
    begun.await.unwrap();
    gone.await.unwrap();
    let store = reopen(subject, store).await;
    for id in [1, 3].map(ExecutionId) {
        assert_eq!(store.execution(id).await.unwrap(), None);
        assert_eq!(store.recovery(id).await.unwrap(), None);
        let history = store.history(id, 1, 10, Direction::Forward);
        assert_eq!(history.await.unwrap().events, []);
    }
    let all = store.executions(ExecutionFilter::default(), None, 10);
    assert_eq!(ids(&all.await.unwrap()), [2]);
    let unfinished = store.unfinished(None, 10).await.unwrap();
    assert_eq!(unfinished.len(), 1);
    let history = store.history(ExecutionId(2), 1, 10, Direction::Forward);
    assert_eq!(history.await.unwrap().events.len(), 4);
}

async fn retention(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let mut adding = Vec::new();
    for id in 1..=300_u32 {
        // Every tenth is still running; the others end in another order than they began.
        let mut record = execution(u64::from(id), &format!("e{id}"));
        if id % 10 != 0 {
            record.status = ExecutionStatus::Succeeded;
            record.stopped_at = Some(i64::from(id * 37 % 300));
        }
        let writes = [Write::AddExecution(record), append(u64::from(id), 1, 2)];
        adding.push(store.commit(commit(writes)));
    }
    for answer in join_all(adding).await {
        answer.unwrap();
    }
    let is_old = |id: &u64| !id.is_multiple_of(10) && id * 37 % 300 < 150;
    let old = (1..=300).filter(is_old).count() as u64;
    assert_eq!(store.delete_ended(150, 0).await.unwrap(), 0);
    assert_eq!(store.delete_ended(150, 3).await.unwrap(), 3);
    assert_eq!(store.delete_ended(150, 1000).await.unwrap(), old - 3);
    assert_eq!(store.delete_ended(150, 1000).await.unwrap(), 0);
    let store = reopen(subject, store).await;
    for id in 1..=300 {
        let record = store.execution(ExecutionId(id)).await.unwrap();
        assert_eq!(record.is_none(), is_old(&id), "{id}");
        let history = store.history(ExecutionId(id), 1, 10, Direction::Forward);
        assert_eq!(
            history.await.unwrap().events.is_empty(),
            is_old(&id),
            "{id}"
        );
    }
    write(&*store, [Write::AddExecution(execution(301, "e1"))]).await;
}

async fn numbers(subject: &mut dyn Subject) {
    let store = subject.open().await;
    assert_eq!(store.last_numbers().await.unwrap().execution, 0);
    for id in 1..=5 {
        write(
            &*store,
            [Write::AddExecution(ended_child(id, &format!("e{id}"), 1))],
        )
        .await;
    }
    write(&*store, [Write::DeleteExecution(ExecutionId(5))]).await;
    let store = reopen(subject, store).await;
    assert_eq!(store.last_numbers().await.unwrap().execution, 5);
    assert_eq!(store.delete_ended(100, 100).await.unwrap(), 4);
    let begun = Write::AddExecution(execution(6, "short"));
    write(&*store, [begun]).await;
    write(&*store, [Write::DeleteExecution(ExecutionId(6))]).await;
    let store = reopen(subject, store).await;
    assert_eq!(store.last_numbers().await.unwrap().execution, 6);
    write(&*store, [Write::AddExecution(execution(9, "later"))]).await;
    assert_eq!(store.last_numbers().await.unwrap().execution, 9);
}
