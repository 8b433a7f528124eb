//! Jobs that wait for a place, in order, so that the first one that fits is found without looking at those that do not.
//!
//! Jobs that ask for the same are alike to a placement: either all of them fit or none. So they stand in a line of their own, and
//! only the first of each line is looked at. Lines of which no environment could ever hold a job stand aside.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::table::Key;
use crate::container::Resources;

/// What a job asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) resources: Resources,
    /// Consumable resources, by their place in the scheduler's list.
    pub(crate) consumables: Vec<(u32, i64)>,
}

/// A job's place: by priority, then as submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) priority: Reverse<i32>,
    pub(crate) number: u64,
    pub(crate) index: u32,
}

#[derive(Debug, Default)]
struct Line {
    jobs: BTreeMap<Position, Key>,
    is_aside: bool,
}

/// The lines of one share.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: HashMap<Arc<Shape>, Line>,
    /// The first of each line.
    heads: BTreeMap<Position, (Key, Arc<Shape>)>,
    /// The first of each line that stands aside.
    aside: BTreeMap<Position, (Key, Arc<Shape>)>,
}

impl Lines {
    /// Adds a job; `is_aside` tells where its line stands if it is new.
    pub(crate) fn insert(
        &mut self,
        shape: &Arc<Shape>,
        position: Position,
        key: Key,
        is_aside: impl FnOnce() -> bool,
    ) {
        let line = self.lines.entry(shape.clone()).or_insert_with(|| Line {
            jobs: BTreeMap::new(),
            is_aside: is_aside(),
        });
        let heads = if line.is_aside {
            &mut self.aside
        } else {
            &mut self.heads
        };
        let first = line.jobs.first_key_value().map(|(first, _)| *first);
        line.jobs.insert(position, key);
        if first.is_none_or(|first| position < first) {
            first.and_then(|first| heads.remove(&first));
            heads.insert(position, (key, shape.clone()));
        }
    }

    pub(crate) fn remove(&mut self, shape: &Arc<Shape>, position: Position) {
        let Some(line) = self.lines.get_mut(shape) else {
            return;
        };
        let heads = if line.is_aside {
            &mut self.aside
        } else {
            &mut self.heads
        };
        line.jobs.remove(&position);
        if heads.remove(&position).is_some()
            && let Some((first, key)) = line.jobs.first_key_value()
        {
            heads.insert(*first, (*key, shape.clone()));
        }
        if line.jobs.is_empty() {
            self.lines.remove(shape);
        }
    }

    /// Puts each line where it belongs now.
    pub(crate) fn sort(&mut self, is_aside: impl Fn(&Shape) -> bool) {
        self.heads.clear();
        self.aside.clear();
        for (shape, line) in &mut self.lines {
            line.is_aside = is_aside(shape);
            let heads = if line.is_aside {
                &mut self.aside
            } else {
                &mut self.heads
            };
            if let Some((first, key)) = line.jobs.first_key_value() {
                heads.insert(*first, (*key, shape.clone()));
            }
        }
    }

    /// The first of each line that does not stand aside, in order.
    pub(crate) fn heads(&self) -> impl Iterator<Item = (&Position, &(Key, Arc<Shape>))> {
        self.heads.iter()
    }

    /// The first job of all lines.
    pub(crate) fn first(&self) -> Option<(Position, Key)> {
        let first = |heads: &BTreeMap<Position, (Key, Arc<Shape>)>| {
            heads
                .first_key_value()
                .map(|(position, (key, _))| (*position, *key))
        };
        [first(&self.heads), first(&self.aside)]
            .into_iter()
            .flatten()
            .min()
    }

    /// The first jobs of all lines, in order.
    pub(crate) fn front(&self, limit: usize) -> Vec<(Position, Key)> {
        // Only lines whose head is among the first can have a job among the first.
        let mut heads: Vec<_> = self
            .heads
            .iter()
            .take(limit)
            .chain(self.aside.iter().take(limit))
            .collect();
        heads.sort_by_key(|(position, _)| **position);
        let jobs = heads
            .into_iter()
            .take(limit)
            .filter_map(|(_, (_, shape))| self.lines.get(shape));
        let mut front: Vec<(Position, Key)> = jobs
            .flat_map(|line| line.jobs.iter().take(limit))
            .map(|(at, key)| (*at, *key))
            .collect();
        front.sort_unstable();
        front.truncate(limit);
        front
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}
