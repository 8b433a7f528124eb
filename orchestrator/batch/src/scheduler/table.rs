//! The jobs that have not ended: found by key, by id and by attempt, with their families and those that wait for them.

use std::collections::HashMap;
use std::sync::Arc;

use super::lines::Shape;
use crate::container::Resources;
use crate::job::{Job, JobStatus, Role};
use crate::names::{AttemptId, JobId};

/// Where a job is in the table. The key of a job that is gone finds nothing, even when the place is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    slot: u32,
    generation: u32,
}

/// A job and what the scheduler keeps beside it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) job: Arc<Job>,
    pub(crate) queue: u32,
    pub(crate) parent: Option<Key>,
    /// What it waits for, counted: other jobs, its parent's own wait, the child before it.
    pub(crate) unmet: u32,
    /// Since when it is `RUNNABLE`.
    pub(crate) since: i64,
    /// What it asks for; of jobs that are given a place, not of arrays' parents and of nodes.
    pub(crate) shape: Option<Arc<Shape>>,
    pub(crate) flight: Option<Box<Flight>>,
    pub(crate) is_touched: bool,
}

/// What is kept of an attempt that has a place.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) environment: u32,
    /// The environment's count of holds when the attempt was placed.
    pub(crate) hold: u64,
    pub(crate) resources: Resources,
    pub(crate) deadline: Option<i64>,
    /// Whether a stop was asked for, and for which reason.
    pub(crate) stop: Option<Stop>,
    /// Whether the engine was told of it, since this scheduler lives.
    pub(crate) is_handed: bool,
    /// How far its image is pulled.
    pub(crate) pulling: Option<Arc<str>>,
}

/// Why an attempt is being stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Terminated,
    TimedOut,
    MainEnded,
}

/// The children of an array or the nodes of a multi-node job.
#[derive(Debug)]
pub(crate) struct Family {
    /// By index; nothing for those that are gone.
    pub(crate) members: Vec<Option<Key>>,
    pub(crate) statuses: Vec<JobStatus>,
    pub(crate) counts: [u32; 7],
    /// Whether each child waits for the one before it.
    pub(crate) is_chain: bool,
    /// Arrays whose children wait for the child of the same index here.
    pub(crate) followers: Vec<Key>,
}

impl Family {
    pub(crate) fn new(size: usize, is_chain: bool) -> Self {
        let mut counts = [0; 7];
        counts[usize::from(JobStatus::Submitted.number())] = size as u32;
        let statuses = vec![JobStatus::Submitted; size];
        Self {
            members: vec![None; size],
            statuses,
            counts,
            is_chain,
            followers: Vec::new(),
        }
    }

    pub(crate) fn set(&mut self, index: u32, status: JobStatus) {
        let Some(old) = self.statuses.get_mut(index as usize) else {
            return;
        };
        self.counts[usize::from(old.number())] -= 1;
        self.counts[usize::from(status.number())] += 1;
        *old = status;
    }

    pub(crate) fn count(&self, status: JobStatus) -> u32 {
        self.counts[usize::from(status.number())]
    }

    pub(crate) fn is_over(&self) -> bool {
        self.count(JobStatus::Succeeded) + self.count(JobStatus::Failed)
            == self.members.len() as u32
    }

    pub(crate) fn member(&self, index: u32) -> Option<Key> {
        self.members.get(index as usize).copied().flatten()
    }

    pub(crate) fn live(&self) -> Vec<Key> {
        self.members.iter().flatten().copied().collect()
    }
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    entry: Option<Entry>,
}

/// The jobs.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    ids: HashMap<JobId, Key>,
    pub(crate) attempts: HashMap<AttemptId, Key>,
    pub(crate) families: HashMap<Key, Family>,
    /// Those that wait for the whole of a job.
    pub(crate) dependents: HashMap<Key, Vec<Key>>,
}

impl Table {
    pub(crate) fn insert(&mut self, entry: Entry) -> Key {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        let key = Key {
            slot,
            generation: self.slots[slot as usize].generation,
        };
        self.ids.insert(entry.job.id.clone(), key);
        self.slots[slot as usize].entry = Some(entry);
        key
    }

    pub(crate) fn remove(&mut self, key: Key) {
        let Some(slot) = self
            .slots
            .get_mut(key.slot as usize)
            .filter(|slot| slot.generation == key.generation)
        else {
            return;
        };
        let Some(entry) = slot.entry.take() else {
            return;
        };
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(key.slot);
        self.ids.remove(&entry.job.id);
        self.families.remove(&key);
        self.dependents.remove(&key);
    }

    pub(crate) fn find(&self, id: &JobId) -> Option<Key> {
        self.ids.get(id).copied()
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Entry> {
        self.slots
            .get(key.slot as usize)
            .filter(|slot| slot.generation == key.generation)?
            .entry
            .as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Entry> {
        self.slots
            .get_mut(key.slot as usize)
            .filter(|slot| slot.generation == key.generation)?
            .entry
            .as_mut()
    }

    /// The entry of a job that is known to be there.
    pub(crate) fn entry(&self, key: Key) -> &Entry {
        self.get(key)
            .expect("the job is in the table until the step in which it ends is over")
    }

    /// As [`entry`](Self::entry).
    pub(crate) fn entry_mut(&mut self, key: Key) -> &mut Entry {
        self.get_mut(key)
            .expect("the job is in the table until the step in which it ends is over")
    }

    /// The job, to be changed.
    pub(crate) fn job_mut(&mut self, key: Key) -> &mut Job {
        Arc::make_mut(&mut self.entry_mut(key).job)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &Entry)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let entry = slot.entry.as_ref()?;
            Some((
                Key {
                    slot: index as u32,
                    generation: slot.generation,
                },
                entry,
            ))
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }
}

/// The index of a child or node; 0 for other jobs.
pub(crate) fn index_of(job: &Job) -> u32 {
    match job.role {
        Role::ArrayChild { index, .. } | Role::Node { index, .. } => index,
        Role::Single | Role::ArrayParent { .. } | Role::MultiNodeParent { .. } => 0,
    }
}
