//! State machines, definitions, activities, tags, and resources of kinds that the store does not know.

use std::sync::Arc;

use super::samples::{machine, revision, tag, write};
use super::{Case, Subject, reopen};
use crate::contract::{LastNumbers, Write};
use crate::records::{ActivityRecord, MachineType, ResourceRecord, RevisionId, StateMachineId};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "machines and their definitions are read as they were put",
        run: |subject| Box::pin(machines(subject)),
    },
    Case {
        name: "a deleted machine keeps its name's number",
        run: |subject| Box::pin(deleted_machine(subject)),
    },
    Case {
        name: "activities are listed by name, and the first one put stays",
        run: |subject| Box::pin(activities(subject)),
    },
    Case {
        name: "tags keep their order and are replaced as a whole",
        run: |subject| Box::pin(tags(subject)),
    },
    Case {
        name: "resources are kept by kind and name, and the last document put stays",
        run: |subject| Box::pin(kinds(subject)),
    },
];

async fn machines(subject: &mut dyn Subject) {
    let store = subject.open().await;
    assert_eq!(store.last_numbers().await.unwrap(), LastNumbers::default());
    for id in 1..=5 {
        let writes = [
            Write::PutStateMachine(machine(id, &format!("m{id}"))),
            Write::AddRevision(revision(id, id)),
        ];
        write(&*store, writes).await;
    }
    let mut updated = machine(2, "m2");
    updated.current = RevisionId(6);
    updated.machine_type = MachineType::Express;
    updated.settings = Arc::from("{\"a\":1}");
    let writes = [
        Write::PutStateMachine(updated.clone()),
        Write::AddRevision(revision(6, 2)),
    ];
    write(&*store, writes).await;
    let store = reopen(subject, store).await;
    let numbers = store.last_numbers().await.unwrap();
    assert_eq!((numbers.state_machine, numbers.revision), (5, 6));
    let found = store.state_machine_by_name("m2").await.unwrap();
    assert_eq!(found, Some(updated));
    let found = store.state_machine(StateMachineId(3)).await.unwrap();
    assert_eq!(found, Some(machine(3, "m3")));
    assert_eq!(store.state_machine_by_name("m6").await.unwrap(), None);
    for id in [1, 6] {
        let found = store.revision(RevisionId(id)).await.unwrap();
        assert_eq!(found, Some(revision(id, if id == 6 { 2 } else { id })));
    }
    assert_eq!(store.revision(RevisionId(7)).await.unwrap(), None);
    let after = Some(StateMachineId(2));
    let page = store.state_machines(after, 2).await.unwrap();
    let ids: Vec<u64> = page.iter().map(|record| record.id.0).collect();
    assert_eq!(ids, [3, 4]);
}

async fn deleted_machine(subject: &mut dyn Subject) {
    let store = subject.open().await;
    write(&*store, [Write::PutStateMachine(machine(1, "a"))]).await;
    write(&*store, [Write::PutStateMachine(machine(2, "b"))]).await;
    let mut deleted = machine(2, "b");
    deleted.is_deleted = true;
    write(&*store, [Write::PutStateMachine(deleted.clone())]).await;
    let store = reopen(subject, store).await;
    let found = store.state_machine_by_name("b").await.unwrap();
    assert_eq!(found, Some(deleted.clone()));
    let found = store.state_machine(StateMachineId(2)).await.unwrap();
    assert_eq!(found, Some(deleted));
    let listed = store.state_machines(None, 10).await.unwrap();
    assert_eq!(listed, [machine(1, "a")]);
    assert_eq!(store.last_numbers().await.unwrap().state_machine, 2);
    write(&*store, [Write::PutStateMachine(machine(2, "b"))]).await;
    let listed = store.state_machines(None, 10).await.unwrap();
    assert_eq!(listed, [machine(1, "a"), machine(2, "b")]);
}

async fn activities(subject: &mut dyn Subject) {
    let store = subject.open().await;
    for (name, created_at) in [("b", 1), ("a", 2), ("c", 3), ("b", 4)] {
        write(&*store, [Write::PutActivity(activity(name, created_at))]).await;
    }
    let store = reopen(subject, store).await;
    let all = store.activities(None, 10).await.unwrap();
    assert_eq!(all, [activity("a", 2), activity("b", 1), activity("c", 3)]);
    let page = store.activities(Some(Arc::from("a")), 1).await.unwrap();
    assert_eq!(page, [activity("b", 1)]);
    write(&*store, [Write::DeleteActivity(Arc::from("b"))]).await;
    assert_eq!(store.activity("b").await.unwrap(), None);
    assert_eq!(store.activity("c").await.unwrap(), Some(activity("c", 3)));
}

fn activity(name: &str, created_at: i64) -> ActivityRecord {
    ActivityRecord {
        name: Arc::from(name),
        created_at,
    }
}

async fn tags(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let put = |tags| Write::PutTags {
        arn: Arc::from("arn:x"),
        tags,
    };
    write(
        &*store,
        [put(vec![tag("z", "1"), tag("a", ""), tag("m", "3")])],
    )
    .await;
    let store = reopen(subject, store).await;
    let found = store.tags("arn:x").await.unwrap();
    assert_eq!(found, [tag("z", "1"), tag("a", ""), tag("m", "3")]);
    assert!(store.tags("arn:y").await.unwrap().is_empty());
    write(&*store, [put(vec![tag("b", "2")])]).await;
    assert_eq!(store.tags("arn:x").await.unwrap(), [tag("b", "2")]);
    write(&*store, [put(vec![])]).await;
    assert!(store.tags("arn:x").await.unwrap().is_empty());
}

async fn kinds(subject: &mut dyn Subject) {
    let store = subject.open().await;
    let put = |kind, name, document| Write::PutResource(resource(kind, name, document));
    write(
        &*store,
        [put("task", "b", "1"), put("task", "a", "{\"ü\": 2}")],
    )
    .await;
    write(&*store, [put("other", "b", "3"), put("task", "b", "4")]).await;
    let store = reopen(subject, store).await;
    let all = store.resources("task").await.unwrap();
    let expected = [
        resource("task", "a", "{\"ü\": 2}"),
        resource("task", "b", "4"),
    ];
    assert_eq!(all, expected);
    let found = store.resource("other", "b").await.unwrap();
    assert_eq!(found, Some(resource("other", "b", "3")));
    assert_eq!(store.resource("other", "a").await.unwrap(), None);
    let delete = |kind, name| Write::DeleteResource {
        kind: Arc::from(kind),
        name: Arc::from(name),
    };
    write(&*store, [delete("task", "b"), delete("task", "none")]).await;
    let store = reopen(subject, store).await;
    assert_eq!(store.resource("task", "b").await.unwrap(), None);
    assert_eq!(store.resources("task").await.unwrap().len(), 1);
    assert_eq!(store.resources("other").await.unwrap().len(), 1);
    assert!(store.resources("nothing").await.unwrap().is_empty());
}

fn resource(kind: &str, name: &str, document: &str) -> ResourceRecord {
    ResourceRecord {
        kind: Arc::from(kind),
        name: Arc::from(name),
        document: Arc::from(document),
    }
}
