//! Jobs that wait for a place, in order, so that the first one that fits is found without looking at those that do not.
//!
//! Jobs that ask for the same are alike to a placement: either all of them fit or none. So they stand in a line of their own, and
//! only the first of each line is looked at. Lines of which no environment could ever hold a job stand aside.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::table::Key;
use crate::container::Resources;
use crate::placement::{fits, least};

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

/// How many heads a block has before it is cut in two.
const BLOCK: usize = 128;

/// The first jobs of lines, in order, in blocks that know the least that one of theirs asks for: a block of which nothing can fit is passed
/// over whole.
#[derive(Debug, Default)]
pub(crate) struct Heads(Vec<Block>);

#[derive(Debug)]
struct Block {
    heads: Vec<Head>,
    least: Resources,
}

/// The first job of a line.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) position: Position,
    pub(crate) key: Key,
    pub(crate) shape: Arc<Shape>,
}

impl Block {
    fn new(heads: Vec<Head>) -> Self {
        let least = heads
            .iter()
            .map(|head| head.shape.resources)
            .reduce(least)
            .unwrap_or_default();
        Self { heads, least }
    }
}

impl Heads {
    /// The block that has the position, or would have it.
    fn block(&self, position: Position) -> usize {
        let at = self.0.partition_point(|block| {
            block
                .heads
                .last()
                .is_some_and(|last| last.position < position)
        });
        at.min(self.0.len().saturating_sub(1))
    }

    fn insert(&mut self, head: Head) {
        let at = self.block(head.position);
        let Some(block) = self.0.get_mut(at) else {
            self.0.push(Block::new(vec![head]));
            return;
        };
        let place = block
            .heads
            .partition_point(|other| other.position < head.position);
        let mut heads = std::mem::take(&mut block.heads);
        heads.insert(place, head);
        let rest = (heads.len() > BLOCK).then(|| heads.split_off(BLOCK / 2));
        *block = Block::new(heads);
        if let Some(rest) = rest {
            self.0.insert(at + 1, Block::new(rest));
        }
    }

    fn remove(&mut self, position: Position) -> bool {
        let at = self.block(position);
        let Some(block) = self.0.get_mut(at) else {
            return false;
        };
        let Ok(place) = block
            .heads
            .binary_search_by_key(&position, |head| head.position)
        else {
            return false;
        };
        let mut heads = std::mem::take(&mut block.heads);
        heads.remove(place);
        if heads.is_empty() {
            self.0.remove(at);
        } else {
            *block = Block::new(heads);
        }
        true
    }

    fn iter(&self) -> impl Iterator<Item = &Head> {
        self.0.iter().flat_map(|block| &block.heads)
    }

    /// The heads in order that can fit into `free`, and while `is_looking` says so all others too.
    pub(crate) fn within(
        &self,
        free: Resources,
        is_looking: impl Fn() -> bool,
    ) -> impl Iterator<Item = &Head> {
        let is_looking = std::rc::Rc::new(is_looking);
        let blocks = {
            let is_looking = is_looking.clone();
            self.0
                .iter()
                .filter(move |block| is_looking() || fits(block.least, free))
        };
        blocks
            .flat_map(|block| &block.heads)
            .filter(move |head| is_looking() || fits(head.shape.resources, free))
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

/// The lines of one share.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: HashMap<Arc<Shape>, Line>,
    /// The first of each line.
    heads: Heads,
    /// The first of each line that stands aside.
    aside: Heads,
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
            first.map(|first| heads.remove(first));
            heads.insert(Head {
                position,
                key,
                shape: shape.clone(),
            });
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
        if heads.remove(position)
            && let Some((position, key)) = line.jobs.first_key_value()
        {
            heads.insert(Head {
                position: *position,
                key: *key,
                shape: shape.clone(),
            });
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
            if let Some((position, key)) = line.jobs.first_key_value() {
                heads.insert(Head {
                    position: *position,
                    key: *key,
                    shape: shape.clone(),
                });
            }
        }
    }

    /// The first of each line that does not stand aside.
    pub(crate) fn heads(&self) -> &Heads {
        &self.heads
    }

    /// The first job of all lines.
    pub(crate) fn first(&self) -> Option<(Position, Key)> {
        let first = |heads: &Heads| {
            heads
                .0
                .first()?
                .heads
                .first()
                .map(|head| (head.position, head.key))
        };
        [first(&self.heads), first(&self.aside)]
            .into_iter()
            .flatten()
            .min()
    }

    /// The first jobs of all lines, in order.
    pub(crate) fn front(&self, limit: usize) -> Vec<(Position, Key)> {
        // Only lines whose head is among the first can have a job among the first.
        let mut heads: Vec<&Head> = self
            .heads
            .iter()
            .take(limit)
            .chain(self.aside.iter().take(limit))
            .collect();
        heads.sort_by_key(|head| head.position);
        let lines = heads
            .into_iter()
            .take(limit)
            .filter_map(|head| self.lines.get(&head.shape));
        let jobs = lines.flat_map(|line| line.jobs.iter().take(limit));
        let mut front: Vec<(Position, Key)> = jobs.map(|(at, key)| (*at, *key)).collect();
        front.sort_unstable();
        front.truncate(limit);
        front
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}
