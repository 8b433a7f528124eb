//! The receiver of one connection: takes deliveries, plans them, and has them applied at the target, some at a time and in order.

use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use replication::binding::Binding;
use replication::dependency::Footprint;
use replication::net::{Mode, plan};
use replication::piece::{Barrier, ChangeKind, Delivery, Piece, TransactionEnd};
use replication::relation::Relation;
use replication::schema_change::after_relation;
use replication::shape::TableShape;

use crate::database::Owner;
use crate::progress::Progress;
use crate::sender::DDL;
use crate::world::{Ended, World};

/// How many pieces are prepared at a time.
const LANES: usize = 3;

#[derive(Debug, Default)]
pub(crate) struct Receiver {
    jobs: VecDeque<Job>,
    /// The target's transaction of what comes in parts.
    pub(crate) open: Option<Owner>,
    /// Transactions in progress.
    pub(crate) progress: Progress,
    /// The furthest position that was delivered.
    position: u64,
}

/// Whole transactions that are applied in one of the target's.
#[derive(Debug)]
struct Job {
    piece: Piece,
    bindings: Vec<Option<Arc<Binding>>>,
    footprint: Footprint,
    end: u64,
    /// The target's transaction, when it is applied and waits for its turn.
    applied: Option<Owner>,
}

impl Receiver {
    pub(crate) fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.open.is_none() && self.progress.is_empty()
    }

    /// Goes on with what waits: a piece that waits is applied, or the first one is committed.
    pub(crate) fn work(&mut self, world: &mut World) -> Result<(), Ended> {
        match world.random.chance(50) {
            true => self.apply_some(world),
            false => self.land(world)?,
        }
        if self.jobs.is_empty() && self.open.is_none() && self.position > world.target.checkpoint {
            world.target.acknowledged = world.target.acknowledged.max(self.position);
        }
        world.may_break()
    }

    pub(crate) fn take(&mut self, world: &mut World, delivery: Delivery) -> Result<(), Ended> {
        match delivery {
            Delivery::Piece(piece) => self.piece(world, piece),
            Delivery::Streamed { xid, piece } => self.streamed(world, xid, piece),
            Delivery::StreamedAbort { xid, subxid } => {
                self.streamed_abort(world, xid, subxid);
                Ok(())
            }
            Delivery::StreamedCommit { end } => self.streamed_commit(world, &end),
            Delivery::Prepared { gid, streamed, end } => self.prepared(world, &gid, streamed, &end),
            Delivery::PreparedEnd {
                gid,
                committed,
                end,
            } => self.prepared_end(world, &gid, committed, &end),
            Delivery::Position { lsn, .. } => {
                assert!(self.open.is_none(), "a position in a transaction");
                self.position = lsn.0;
                Ok(())
            }
        }
    }

    /// Commits all that can be.
    pub(crate) fn land_all(&mut self, world: &mut World) -> Result<(), Ended> {
        while !self.jobs.is_empty() {
            self.land(world)?;
        }
        Ok(())
    }

    /// Whole transactions, or a part of one.
    fn piece(&mut self, world: &mut World, piece: Piece) -> Result<(), Ended> {
        if piece.is_open() && world.is_two_phase() {
            self.keep_part(piece);
            return Ok(());
        }
        self.apply_parts(world)?;
        let Some(bindings) = self.bind_plain(world, &piece) else {
            return self.sequence(world, &piece);
        };
        if self.open.is_some() || piece.is_open() {
            return self.sequence(world, &piece);
        }
        let pieces = match world.settings.exact {
            true => each(&piece),
            false => vec![piece],
        };
        for piece in pieces {
            let footprint = Footprint::of(&piece, &bindings);
            let meets = |job: &Job| job.footprint.meets(&footprint);
            while self.jobs.len() >= LANES || self.jobs.iter().any(meets) {
                self.land(world)?;
            }
            self.jobs.push_back(Job {
                end: piece.ends.last().unwrap().end_lsn.0,
                bindings: bindings.clone(),
                piece,
                footprint,
                applied: None,
            });
        }
        Ok(())
    }

    /// The bindings of a piece, if no definition changes in it.
    pub(crate) fn bind_plain(
        &self,
        world: &World,
        piece: &Piece,
    ) -> Option<Vec<Option<Arc<Binding>>>> {
        let plain = |barrier: &Barrier| matches!(barrier, Barrier::Truncate { .. });
        let known = |relation: &Arc<Relation>| world.target.knows(relation);
        if !piece.barriers.iter().all(plain) || !piece.relations.iter().all(known) {
            return None;
        }
        let relations = piece.relations.iter();
        let bound = relations.map(|relation| Some(world.target.bind(relation)));
        Some(bound.collect())
    }

    /// Applies one of the pieces that wait: not in order, as several connections do.
    fn apply_some(&mut self, world: &mut World) {
        let waiting = self.jobs.iter_mut().filter(|job| job.applied.is_none());
        let mut waiting: Vec<&mut Job> = waiting.collect();
        if !waiting.is_empty() {
            let some = world.random.below(waiting.len());
            waiting[some].apply(world);
        }
    }

    /// Commits the first piece that waits.
    fn land(&mut self, world: &mut World) -> Result<(), Ended> {
        if world.random.chance(30) {
            self.apply_some(world);
        }
        let Some(mut job) = self.jobs.pop_front() else {
            return Ok(());
        };
        let owner = job.apply(world);
        world.commit(owner, job.end)
    }

    /// Applies a piece alone, and commits if it ends with a whole transaction.
    pub(crate) fn sequence(&mut self, world: &mut World, piece: &Piece) -> Result<(), Ended> {
        self.land_all(world)?;
        let owner = match self.open.take() {
            Some(owner) => owner,
            None => world.target.begin(),
        };
        self.open = Some(owner);
        let mut ready = vec![None; piece.relations.len()];
        let mut start = 0;
        for (index, change) in piece.changes.iter().enumerate() {
            let relations = if change.kind != ChangeKind::Barrier {
                std::slice::from_ref(&change.relation)
            } else {
                match &piece.barriers[change.relation as usize] {
                    Barrier::Truncate { relations, .. } => relations,
                    barrier => {
                        stretch(world, owner, piece, start..index, &ready);
                        start = index + 1;
                        if let Barrier::Message { prefix, content } = barrier {
                            assert_eq!(prefix, DDL);
                            let shape: TableShape = serde_json::from_slice(content).unwrap();
                            world.target.define(owner, &shape);
                        }
                        ready.fill(None);
                        continue;
                    }
                }
            };
            for &relation in relations {
                if ready[relation as usize].is_none() {
                    stretch(world, owner, piece, start..index, &ready);
                    start = index;
                    let relation_told = &piece.relations[relation as usize];
                    ready[relation as usize] = Some(open_way(world, owner, relation_told));
                }
            }
        }
        stretch(world, owner, piece, start..piece.changes.len(), &ready);
        match piece.ends.last() {
            Some(end) if !piece.is_open() => {
                self.open = None;
                world.commit(owner, end.end_lsn.0)
            }
            _ => world.may_break(),
        }
    }
}

impl Job {
    /// Applies it in a transaction of its own, unless that was done.
    fn apply(&mut self, world: &mut World) -> Owner {
        if let Some(owner) = self.applied {
            return owner;
        }
        let owner = world.target.begin();
        let changes = 0..self.piece.changes.len();
        apply(world, owner, &self.piece, changes, &self.bindings);
        self.applied = Some(owner);
        owner
    }
}

/// What must be done before a relation's rows can be applied.
fn open_way(world: &mut World, owner: Owner, relation: &Arc<Relation>) -> Arc<Binding> {
    if !world.target.knows(relation) {
        let known = Rc::clone(&world.target.database.table(relation.id).known);
        let now = &world.source.database.committed[&relation.id].shape;
        let after = after_relation(&known, relation, Some(now));
        world.target.define(owner, &after);
    }
    world.target.bind(relation)
}

/// Applies a range of a piece's changes, all of whose relations are bound.
fn stretch(
    world: &mut World,
    owner: Owner,
    piece: &Piece,
    changes: Range<usize>,
    bindings: &[Option<Arc<Binding>>],
) {
    if !changes.is_empty() {
        apply(world, owner, piece, changes, bindings);
    }
}

pub(crate) fn apply(
    world: &mut World,
    owner: Owner,
    piece: &Piece,
    changes: Range<usize>,
    bindings: &[Option<Arc<Binding>>],
) {
    let mode = match world.settings.in_order {
        true => Mode::InOrder,
        false => Mode::Net,
    };
    let plan = plan(piece, changes, bindings, mode);
    world.target.apply(owner, piece, &plan, bindings);
}

/// The transactions of a piece, each by itself.
fn each(piece: &Piece) -> Vec<Piece> {
    let mut start = 0;
    let ends = piece.ends.iter();
    let one = ends.map(|end| {
        let changes = start..end.changes as usize;
        start = changes.end;
        let end = TransactionEnd {
            changes: u32::try_from(changes.len()).unwrap(),
            ..*end
        };
        Piece {
            changes: piece.changes[changes].to_vec(),
            ends: vec![end],
            ..piece.clone()
        }
    });
    one.collect()
}
