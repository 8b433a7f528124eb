//! All schedules and groups in memory, and the order of their wake-ups.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use schedule::definition::Wanted;
use schedule::names::{self, DEFAULT_GROUP, ScheduleName};
use schedule::plan::Plan;
use schedule::step::wake_at;
use store::contract::{Commit, Error, Store, Write};

use crate::records::{self, GroupRecord, ScheduleRecord, StateRecord};
use crate::schedules::Options;
use crate::views::{GroupView, ScheduleSummary, ScheduleView};

/// All schedules and groups.
pub(crate) struct Book {
    pub(crate) options: Options,
    /// By `group/name`.
    pub(crate) entries: BTreeMap<Arc<str>, Entry>,
    pub(crate) groups: BTreeMap<Arc<str>, GroupRecord>,
    /// What was deleted lately, and by which token. A process that begins anew has forgotten it.
    pub(crate) deletions: VecDeque<(String, String)>,
    /// Who wakes when, the earliest first.
    wakes: BTreeSet<(i64, Arc<str>)>,
}

/// A schedule.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: ScheduleName,
    pub(crate) record: Arc<ScheduleRecord>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) memory: StateRecord,
    /// Where it stands among the wake-ups.
    wake: Option<i64>,
}

impl Entry {
    pub(crate) fn new(
        name: ScheduleName,
        record: ScheduleRecord,
        plan: Plan,
        memory: StateRecord,
    ) -> Self {
        Self {
            name,
            record: Arc::new(record),
            plan: Arc::new(plan),
            memory,
            wake: None,
        }
    }
}

impl Book {
    /// Reads everything that the store has.
    pub(crate) async fn read(store: &dyn Store, options: Options, now: i64) -> Result<Self, Error> {
        let mut book = Self {
            options,
            entries: BTreeMap::new(),
            groups: BTreeMap::new(),
            deletions: VecDeque::new(),
            wakes: BTreeSet::new(),
        };
        for resource in store.resources(records::GROUP).await? {
            let group = records::read(&resource)?;
            book.groups.insert(resource.name, group);
        }
        if !book.groups.contains_key(DEFAULT_GROUP) {
            book.add_default_group(store, now).await?;
        }
        let mut memories = BTreeMap::new();
        for resource in store.resources(records::STATE).await? {
            let memory: StateRecord = records::read(&resource)?;
            memories.insert(resource.name, memory);
        }
        for resource in store.resources(records::SCHEDULE).await? {
            let record: ScheduleRecord = records::read(&resource)?;
            let memory = memories.remove(&resource.name);
            let damaged = |why: String| Error::Damaged {
                what: format!("the schedule {}", resource.name),
                why,
            };
            let name = ScheduleName::of_key(&resource.name)
                .ok_or_else(|| damaged("its name has no group".to_owned()))?;
            let plan = Plan::new(
                &name,
                &record.definition,
                &record.policies,
                record.created_at,
                record.anchor,
            )
            .map_err(|mistake| damaged(mistake.to_string()))?;
            let entry = Entry::new(name, record, plan, memory.unwrap_or_default());
            book.put(&resource.name, entry);
        }
        Ok(book)
    }

    async fn add_default_group(&mut self, store: &dyn Store, now: i64) -> Result<(), Error> {
        let group = GroupRecord {
            created_at: now,
            modified_at: now,
            client_token: None,
        };
        let resource = records::resource(records::GROUP, DEFAULT_GROUP, &group);
        let writes = vec![Write::PutResource(resource)];
        store.commit(Commit { writes }).await?;
        self.groups.insert(DEFAULT_GROUP.into(), group);
        Ok(())
    }

    /// Adds a schedule or replaces it, and lets it wake when it wants to.
    pub(crate) fn put(&mut self, key: &Arc<str>, mut entry: Entry) {
        self.remove(key);
        entry.wake = None;
        self.entries.insert(key.clone(), entry);
        self.set_wake(key);
    }

    /// Takes a schedule out.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Entry> {
        let (key, entry) = self.entries.remove_entry(key)?;
        if let Some(at) = entry.wake {
            self.wakes.remove(&(at, key));
        }
        Some(entry)
    }

    /// Lets a schedule wake when it wants to now.
    pub(crate) fn set_wake(&mut self, key: &Arc<str>) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        if let Some(at) = entry.wake {
            self.wakes.remove(&(at, key.clone()));
        }
        entry.wake = wake_at(&entry.plan, &entry.memory.state);
        if let Some(at) = entry.wake {
            self.wakes.insert((at, key.clone()));
        }
    }

    /// The earliest wake-up.
    pub(crate) fn next_wake(&self) -> Option<i64> {
        self.wakes.first().map(|(at, _)| *at)
    }

    /// Who is to wake by now, up to a limit.
    pub(crate) fn due(&self, now: i64, limit: usize) -> Vec<Arc<str>> {
        let due = self.wakes.iter().take_while(|(at, _)| *at <= now);
        due.take(limit).map(|(_, key)| key.clone()).collect()
    }

    pub(crate) fn arn(&self, name: &ScheduleName) -> String {
        name.arn(&self.options.region, &self.options.account)
    }

    pub(crate) fn view(&self, entry: &Entry) -> ScheduleView {
        let state = entry.memory.state.clone();
        let mut definition = entry.record.definition.clone();
        definition.state = match state.paused {
            None => Wanted::Enabled,
            Some(_) => Wanted::Disabled,
        };
        ScheduleView {
            name: entry.name.clone(),
            arn: self.arn(&entry.name),
            definition,
            policies: entry.record.policies,
            created_at: entry.record.created_at,
            modified_at: entry.record.modified_at,
            next_at: next_at(entry),
            state,
        }
    }

    pub(crate) fn summary(&self, entry: &Entry) -> ScheduleSummary {
        let definition = &entry.record.definition;
        ScheduleSummary {
            name: entry.name.clone(),
            arn: self.arn(&entry.name),
            expression: definition.schedule_expression.clone(),
            target_arn: definition.target.arn.clone(),
            is_paused: entry.memory.state.paused.is_some(),
            created_at: entry.record.created_at,
            modified_at: entry.record.modified_at,
            next_at: next_at(entry),
        }
    }

    pub(crate) fn group_view(&self, name: &str, group: &GroupRecord) -> GroupView {
        GroupView {
            name: name.to_owned(),
            arn: names::group_arn(&self.options.region, &self.options.account, name),
            created_at: group.created_at,
            modified_at: group.modified_at,
        }
    }
}

/// When a schedule is due next, if it fires.
fn next_at(entry: &Entry) -> Option<i64> {
    let state = &entry.memory.state;
    match state.paused {
        None => entry.plan.timetable.next_after(state.seen),
        Some(_) => None,
    }
}
