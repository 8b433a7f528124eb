//! Histories: pages in both directions, whatever chunks the events came in.

use futures_util::future::join_all;
use interpreter::history::HistoryEvent;

use super::samples::{append, commit, ended_child, event, execution, write};
use super::{Case, Subject, reopen};
use crate::contract::{Direction, Store, Write};
use crate::records::{ExecutionId, HistoryPage};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "history pages run across chunks, both ways",
        run: |subject| Box::pin(pages(subject)),
    },
    Case {
        name: "histories of many executions do not mix",
        run: |subject| Box::pin(apart(subject)),
    },
    Case {
        name: "a history that begins and ends in one commit is whole",
        run: |subject| Box::pin(at_once(subject)),
    },
];

async fn pages(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(&*store, [Write::AddExecution(execution(1, "a"))]).await;
    let chunks = [(1, 1), (2, 6), (7, 7), (8, 30), (31, 33)];
    for (first, last) in chunks {
        write(&*store, [append(1, first, last)]).await;
    }
    let store = reopen(subject, store).await;
    let all: Vec<HistoryEvent> = (1..=33).map(event).collect();
    for limit in [1, 2, 5, 32, 33, 34, 1000] {
        assert_eq!(read(&*store, 1, limit, Direction::Forward).await, all);
        let mut reverse = read(&*store, u64::MAX, limit, Direction::Reverse).await;
        reverse.reverse();
        assert_eq!(reverse, all);
    }
    let id = ExecutionId(1);
    for from in 1..=33 {
        let page = store
            .history(id, from, 3, Direction::Forward)
            .await
            .unwrap();
        let last = (from + 2).min(33);
        assert_eq!(page.events, (from..=last).map(event).collect::<Vec<_>>());
        assert_eq!(page.next, (last < 33).then_some(last + 1));
        let page = store
            .history(id, from, 3, Direction::Reverse)
            .await
            .unwrap();
        let last = from.saturating_sub(2).max(1);
        assert_eq!(
            page.events,
            (last..=from).rev().map(event).collect::<Vec<_>>()
        );
        assert_eq!(page.next, (last > 1).then(|| last - 1));
    }
    let beyond = store.history(id, 34, 3, Direction::Forward).await.unwrap();
    assert_eq!(beyond, HistoryPage::default());
    let nobody = store.history(ExecutionId(2), 1, 3, Direction::Forward);
    assert_eq!(nobody.await.unwrap(), HistoryPage::default());
}

/// Reads page after page.
async fn read(
    store: &dyn Store,
    from: u64,
    limit: usize,
    direction: Direction,
) -> Vec<HistoryEvent> {
    let mut events = Vec::new();
    let mut next = Some(from);
    while let Some(from) = next {
        let page = store.history(ExecutionId(1), from, limit, direction);
        let page = page.await.unwrap();
        assert!(page.events.len() <= limit);
        events.extend(page.events);
        next = page.next;
    }
    events
}

async fn apart(subject: &mut dyn Subject) {
    let store = subject.open().await;
    for id in 1..=20 {
        write(
            &*store,
            [Write::AddExecution(execution(id, &format!("e{id}")))],
        )
        .await;
    }
    for turn in 0..10 {
        let writes = (1..=20).map(|id| append(id, turn * id + 1, turn * id + id));
        let writing: Vec<_> = writes.map(|write| store.commit(commit([write]))).collect();
        for answer in join_all(writing).await {
            answer.expect("the commit is written");
        }
    }
    let store = reopen(subject, store).await;
    for id in 1..=20 {
        let history = store.history(ExecutionId(id), 1, 1000, Direction::Forward);
        let expected: Vec<HistoryEvent> = (1..=id * 10).map(event).collect();
        assert_eq!(history.await.unwrap().events, expected);
    }
}

async fn at_once(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let child = Write::AddExecution(ended_child(1, "a", 4));
    write(&*store, [append(1, 1, 20), child, append(1, 21, 22)]).await;
    let store = reopen(subject, store).await;
    let all: Vec<HistoryEvent> = (1..=22).map(event).collect();
    assert_eq!(read(&*store, 1, 9, Direction::Forward).await, all);
    assert!(store.unfinished(None, 10).await.unwrap().is_empty());
}
