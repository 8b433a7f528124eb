//! What is committed together: everything that happened since the last commit, to whichever schedules.

use std::collections::BTreeMap;
use std::sync::Arc;

use schedule::step::{Effect, Input, step};
use store::contract::{Commit, Write};

use crate::book::{Book, Entry};
use crate::error::Error;
use crate::records::{self, GroupRecord};

/// A turn of the driver: the book is changed at once, and changed back when the commit fails.
pub(crate) struct Turn<'a> {
    pub(crate) book: &'a mut Book,
    pub(crate) now: i64,
    /// What was changed, as it was before.
    schedules: BTreeMap<Arc<str>, Option<Entry>>,
    groups: BTreeMap<Arc<str>, Option<GroupRecord>>,
    /// Further writes.
    writes: Vec<Write>,
    /// What is done once the turn is durable.
    done: Done,
}

/// What is done once a turn is durable.
#[derive(Default)]
pub(crate) struct Done {
    /// What the schedules want done.
    pub(crate) effects: Vec<(Arc<str>, Effect)>,
    /// Schedules that are complete and gone, and may still want something done.
    pub(crate) complete: BTreeMap<Arc<str>, Entry>,
    /// Who waits for an answer.
    pub(crate) answers: Vec<Answer>,
}

/// Sends an answer: that of the request, or why it did not become durable.
pub(crate) type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// What a turn was before, to go back to.
pub(crate) struct Before {
    schedules: BTreeMap<Arc<str>, Option<Entry>>,
    groups: BTreeMap<Arc<str>, Option<GroupRecord>>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(book: &'a mut Book, now: i64) -> Self {
        Self {
            book,
            now,
            schedules: BTreeMap::new(),
            groups: BTreeMap::new(),
            writes: Vec::new(),
            done: Done::default(),
        }
    }

    /// Lets something happen to a schedule; nothing when it is not there any more.
    pub(crate) fn step(&mut self, key: &Arc<str>, input: Input) -> Vec<Effect> {
        self.touch(key);
        let Some(entry) = self.book.entries.get_mut(key) else {
            return Vec::new();
        };
        let effects = step(&entry.plan, &mut entry.memory.state, input, self.now);
        for effect in &effects {
            match effect {
                Effect::DeadLetter { run } => self.write_letter(key, run),
                // Its letters stay: nobody had time to read them.
                Effect::Complete => {
                    if let Some(entry) = self.book.remove(key) {
                        self.done.complete.insert(key.clone(), entry);
                    }
                }
                Effect::Call { .. }
                | Effect::Watch { .. }
                | Effect::Stop { .. }
                | Effect::Missed { .. }
                | Effect::Paused { .. } => {}
            }
            self.done.effects.push((key.clone(), effect.clone()));
        }
        self.book.set_wake(key);
        effects
    }

    /// Adds a schedule or replaces it.
    pub(crate) fn put(&mut self, key: &Arc<str>, entry: Entry) {
        self.touch(key);
        self.book.put(key, entry);
    }

    /// Takes a schedule out, with its letters.
    pub(crate) fn remove(&mut self, key: &Arc<str>) {
        self.touch(key);
        if let Some(entry) = self.book.remove(key) {
            for run in &entry.memory.letters {
                self.delete(records::DEAD_LETTER, &format!("{key}/{run}"));
            }
        }
    }

    /// Adds a group, replaces it or takes it out.
    pub(crate) fn set_group(&mut self, name: &Arc<str>, group: Option<GroupRecord>) {
        let before = match group {
            Some(group) => self.book.groups.insert(name.clone(), group),
            None => self.book.groups.remove(name),
        };
        self.groups.entry(name.clone()).or_insert(before);
    }

    /// Writes something else in the same commit.
    pub(crate) fn write(&mut self, write: Write) {
        self.writes.push(write);
    }

    pub(crate) fn delete(&mut self, kind: &str, name: &str) {
        self.writes.push(Write::DeleteResource {
            kind: kind.into(),
            name: name.into(),
        });
    }

    /// Answers once the turn is durable, or says why it is not.
    pub(crate) fn answer(&mut self, answer: Answer) {
        self.done.answers.push(answer);
    }

    /// What is to be written, what is to be done then, and what to go back to if it can't be written.
    pub(crate) fn finish(mut self) -> (Commit, Done, Before) {
        let mut writes = std::mem::take(&mut self.writes);
        for (name, before) in &self.groups {
            let after = self.book.groups.get(name);
            match after {
                Some(group) if Some(group) != before.as_ref() => {
                    let resource = records::resource(records::GROUP, name, group);
                    writes.push(Write::PutResource(resource));
                }
                Some(_) => {}
                None => writes.push(Write::DeleteResource {
                    kind: records::GROUP.into(),
                    name: name.clone(),
                }),
            }
        }
        for (key, before) in &self.schedules {
            writes_of(
                key,
                before.as_ref(),
                self.book.entries.get(key),
                &mut writes,
            );
        }
        let before = Before {
            schedules: self.schedules,
            groups: self.groups,
        };
        (Commit { writes }, self.done, before)
    }

    /// Remembers what a schedule was before it is changed.
    pub(crate) fn touch(&mut self, key: &Arc<str>) {
        if !self.schedules.contains_key(key) {
            let before = self.book.entries.get(key).cloned();
            self.schedules.insert(key.clone(), before);
        }
    }
}

impl Before {
    /// Makes the book what it was.
    pub(crate) fn restore(self, book: &mut Book) {
        for (key, entry) in self.schedules {
            match entry {
                Some(entry) => book.put(&key, entry),
                None => {
                    book.remove(&key);
                }
            }
        }
        for (name, group) in self.groups {
            match group {
                Some(group) => book.groups.insert(name, group),
                None => book.groups.remove(&name),
            };
        }
    }
}

fn writes_of(
    key: &Arc<str>,
    before: Option<&Entry>,
    after: Option<&Entry>,
    writes: &mut Vec<Write>,
) {
    let Some(after) = after else {
        if before.is_some() {
            for kind in [records::SCHEDULE, records::STATE] {
                writes.push(Write::DeleteResource {
                    kind: kind.into(),
                    name: key.clone(),
                });
            }
        }
        return;
    };
    let is_same_record = before.is_some_and(|before| Arc::ptr_eq(&before.record, &after.record));
    if !is_same_record {
        let resource = records::resource(records::SCHEDULE, key, &*after.record);
        writes.push(Write::PutResource(resource));
    }
    if before.is_none_or(|before| before.memory != after.memory) {
        let resource = records::resource(records::STATE, key, &after.memory);
        writes.push(Write::PutResource(resource));
    }
}
