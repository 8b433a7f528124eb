//! Commits: all or nothing, in order, and a refused one disturbs nobody.

use futures_util::future::join_all;

use super::samples::{append, commit, end, execution, ids, machine, snapshot, write};
use super::{Case, Subject, reopen};
use crate::contract::{Direction, Error, ExecutionFilter, Write};
use crate::records::{ExecutionId, ExecutionStatus, StateMachineId};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "a refused commit writes nothing",
        run: |subject| Box::pin(refused(subject)),
    },
    Case {
        name: "a commit with two new executions is refused as a whole",
        run: |subject| Box::pin(refused_with_two(subject)),
    },
    Case {
        name: "a refused commit does not disturb its group",
        run: |subject| Box::pin(refused_in_group(subject)),
    },
    Case {
        name: "of two that want one name, one gets it",
        run: |subject| Box::pin(one_name(subject)),
    },
    Case {
        name: "a name is free again when its execution is deleted, and taken in another machine",
        run: |subject| Box::pin(names_of_machines(subject)),
    },
    Case {
        name: "commits of one execution are written in the order of the calls",
        run: |subject| Box::pin(order(subject)),
    },
    Case {
        name: "many commits at once are all written",
        run: |subject| Box::pin(many(subject)),
    },
    Case {
        name: "a closed store refuses",
        run: |subject| Box::pin(closed(subject)),
    },
];

async fn refused(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(
        &*store,
        [Write::AddExecution(execution(1, "a")), append(1, 1, 1)],
    )
    .await;
    let writes = [
        Write::PutStateMachine(machine(1, "m")),
        append(1, 2, 2),
        end(1, ExecutionStatus::Failed, 9),
        Write::AddExecution(execution(2, "a")),
        snapshot(2, "s", None),
    ];
    let refused = store.commit(commit(writes)).await;
    assert!(matches!(refused, Err(Error::NameTaken(name)) if &*name == "a"));
    let store = reopen(subject, store).await;
    assert_eq!(store.state_machine(StateMachineId(1)).await.unwrap(), None);
    assert_eq!(store.execution(ExecutionId(2)).await.unwrap(), None);
    assert_eq!(store.recovery(ExecutionId(2)).await.unwrap(), None);
    let first = store.execution(ExecutionId(1)).await.unwrap();
    assert_eq!(first, Some(execution(1, "a")));
    let history = store.history(ExecutionId(1), 1, 10, Direction::Forward);
    assert_eq!(history.await.unwrap().events.len(), 1);
}

async fn refused_with_two(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(&*store, [Write::AddExecution(execution(1, "a"))]).await;
    for taken in [
        [(2, "b"), (3, "a")],
        [(2, "a"), (3, "b")],
        [(2, "c"), (3, "c")],
    ] {
        let writes = taken.map(|(id, name)| Write::AddExecution(execution(id, name)));
        let refused = store.commit(commit(writes)).await;
        assert!(matches!(refused, Err(Error::NameTaken(_))));
    }
    let all = store.executions(ExecutionFilter::default(), None, 10);
    assert_eq!(ids(&all.await.unwrap()), [1]);
    let b = store.execution_by_name(super::samples::MACHINE, "b");
    assert_eq!(b.await.unwrap(), None);
}

async fn refused_in_group(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(&*store, [Write::AddExecution(execution(1, "taken"))]).await;
    let commits = (2..100).map(|id| {
        let name = if id % 7 == 0 {
            "taken".to_owned()
        } else {
            format!("free-{id}")
        };
        store.commit(commit([
            append(id, 1, 3),
            Write::AddExecution(execution(id, &name)),
            end(id, ExecutionStatus::Succeeded, 5),
        ]))
    });
    let answers = join_all(commits).await;
    let store = reopen(subject, store).await;
    for (id, answer) in (2..100).zip(answers) {
        let stored = store.execution(ExecutionId(id)).await.unwrap();
        let history = store.history(ExecutionId(id), 1, 10, Direction::Forward);
        let events = history.await.unwrap().events.len();
        if id % 7 == 0 {
            assert!(matches!(answer, Err(Error::NameTaken(name)) if &*name == "taken"));
            assert_eq!((stored, events), (None, 0));
        } else {
            answer.expect("its name is free");
            let status = stored.map(|record| (record.status, record.stopped_at));
            assert_eq!(status, Some((ExecutionStatus::Succeeded, Some(5))));
            assert_eq!(events, 3);
        }
    }
}

async fn one_name(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let commits =
        (1..=20).map(|id| store.commit(commit([Write::AddExecution(execution(id, "x"))])));
    let answers = join_all(commits).await;
    let winners = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(winners, 1);
    let all = store.executions(ExecutionFilter::default(), None, 100);
    assert_eq!(all.await.unwrap().len(), 1);
}

async fn names_of_machines(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let mut other = execution(2, "a");
    other.machine = StateMachineId(2);
    write(&*store, [Write::AddExecution(execution(1, "a"))]).await;
    write(&*store, [Write::AddExecution(other)]).await;
    write(&*store, [Write::DeleteExecution(ExecutionId(1))]).await;
    write(&*store, [Write::AddExecution(execution(3, "a"))]).await;
    let store = reopen(subject, store).await;
    let found = store.execution_by_name(StateMachineId(2), "a");
    assert_eq!(found.await.unwrap().map(|record| record.id.0), Some(2));
    let found = store.execution_by_name(StateMachineId(1), "a");
    assert_eq!(found.await.unwrap().map(|record| record.id.0), Some(3));
}

async fn order(subject: &mut dyn Subject) {
    const TURNS: u64 = 500;
    let store = subject.open().await;
    let mut writing = vec![store.commit(commit([Write::AddExecution(execution(1, "a"))]))];
    for turn in 1..=TURNS {
        writing.push(store.commit(commit([
            append(1, turn, turn),
            snapshot(1, &turn.to_string(), Some((TURNS - turn).cast_signed())),
        ])));
    }
    // Polled backwards: the order of the calls counts, not that of the polls.
    writing.reverse();
    for answer in join_all(writing).await {
        answer.expect("the commit is written");
    }
    let store = reopen(subject, store).await;
    let recovery = store.recovery(ExecutionId(1)).await.unwrap();
    let recovery = recovery.expect("the execution is running");
    assert_eq!(recovery.snapshot, TURNS.to_string().into_bytes());
    let unfinished = store.unfinished(None, 10).await.unwrap();
    assert_eq!(unfinished[0].wake_at, Some(0));
    let history = store.history(ExecutionId(1), 1, 5000, Direction::Forward);
    let events = history.await.unwrap().events;
    assert!(events.iter().map(|event| event.id).eq(1..=TURNS));
}

async fn many(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let count = 333;
    let commits = (1..=count).map(|id| {
        let writes = [
            Write::AddExecution(execution(id, &format!("n{id}"))),
            append(id, 1, id % 5 + 1),
            snapshot(id, &format!("s{id}"), None),
        ];
        store.commit(commit(writes))
    });
    for answer in join_all(commits).await {
        answer.expect("the commit is written");
    }
    let store = reopen(subject, store).await;
    for id in 1..=count {
        let recovery = store.recovery(ExecutionId(id)).await.unwrap();
        let recovery = recovery.expect("the execution is running");
        assert_eq!(recovery.snapshot, format!("s{id}").into_bytes());
    }
    let all = store.unfinished(None, 10_000).await.unwrap();
    assert!(all.iter().map(|row| row.id.0).eq(1..=count));
}

async fn closed(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let before = store.commit(commit([Write::AddExecution(execution(1, "a"))]));
    store.close().await.expect("an open store closes");
    before.await.expect("what was called before is written");
    let commit = store.commit(commit([Write::AddExecution(execution(2, "b"))]));
    assert!(matches!(commit.await, Err(Error::Closed)));
    assert!(matches!(store.ping().await, Err(Error::Closed)));
    assert!(matches!(store.delete_ended(1, 1).await, Err(Error::Closed)));
    assert!(matches!(store.close().await, Err(Error::Closed)));
    drop(store);
    let store = subject.open().await;
    store.ping().await.expect("an open store answers");
    let all = store.executions(ExecutionFilter::default(), None, 10);
    assert_eq!(ids(&all.await.unwrap()), [1]);
}
