//! Transactions in progress, and those that are prepared: kept until their end, or applied at once on a connection of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pgoutput::message::Xid;
use replication::dependency::Footprint;
use replication::piece::{Change, Piece, TransactionEnd};

use crate::database::{Mark, Owner};
use crate::receiver::{Receiver, apply};
use crate::world::{Ended, World};

#[derive(Debug, Default)]
pub(crate) struct Progress {
    kept: BTreeMap<Xid, Kept>,
    eager: BTreeMap<Xid, Eager>,
    /// Parts of a whole transaction that may have been prepared before.
    parts: Vec<Piece>,
    /// Whether they are one's that was prepared before the slot could tell of it, and is told right before its commit.
    late: bool,
}

#[derive(Debug, Default)]
struct Kept {
    pieces: Vec<Piece>,
    aborted: BTreeSet<Xid>,
}

/// One that is applied at once.
#[derive(Debug)]
struct Eager {
    owner: Owner,
    savepoints: Vec<(Xid, Mark)>,
}

impl Progress {
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.eager.is_empty() && self.parts.is_empty()
    }
}

impl Receiver {
    /// A part of a transaction in progress.
    pub(crate) fn streamed(
        &mut self,
        world: &mut World,
        xid: Xid,
        piece: Piece,
    ) -> Result<(), Ended> {
        assert!(piece.ends.is_empty());
        let is_eager = self.progress.eager.contains_key(&xid);
        let first = !is_eager && !self.progress.kept.contains_key(&xid);
        // One that is prepared already would wait for itself.
        let may_begin = !world.patient && !world.target.is_any_prepared();
        let begins = first && may_begin && world.random.chance(50);
        if is_eager || begins {
            let bindings = self.bind_plain(world, &piece);
            let bindings =
                bindings.filter(|bindings| !Footprint::of(&piece, bindings).is_everything());
            match bindings {
                Some(bindings) => {
                    // What was delivered before may have been done to the same rows.
                    self.land_all(world)?;
                    let owner = match self.progress.eager.get(&xid) {
                        Some(eager) => eager.owner,
                        None => world.target.begin(),
                    };
                    let eager = self.progress.eager.entry(xid).or_insert(Eager {
                        owner,
                        savepoints: Vec::new(),
                    });
                    for (subxid, changes) in runs(&piece) {
                        if subxid != xid && !eager.savepoints.iter().any(|known| known.0 == subxid)
                        {
                            let mark = world.target.database.mark(owner);
                            eager.savepoints.push((subxid, mark));
                        }
                        apply(world, owner, &piece, changes, &bindings);
                    }
                    return world.may_break();
                }
                // The source tells it again, and then it is kept.
                None if is_eager => {
                    world.patient = true;
                    return Err(Ended);
                }
                None => {}
            }
        }
        self.progress
            .kept
            .entry(xid)
            .or_default()
            .pieces
            .push(piece);
        Ok(())
    }

    pub(crate) fn streamed_abort(&mut self, world: &mut World, xid: Xid, subxid: Xid) {
        if xid == subxid {
            self.progress.kept.remove(&xid);
            if let Some(eager) = self.progress.eager.remove(&xid) {
                world.target.database.abort(eager.owner);
            }
        } else if let Some(eager) = self.progress.eager.get_mut(&xid) {
            let mut savepoints = eager.savepoints.iter();
            if let Some(at) = savepoints.position(|known| known.0 == subxid) {
                let (_, mark) = eager.savepoints.drain(at..).next().unwrap();
                world.target.database.rollback_to(eager.owner, mark);
            }
        } else {
            let kept = self.progress.kept.get_mut(&xid);
            kept.expect("a part of it came").aborted.insert(subxid);
        }
    }

    pub(crate) fn streamed_commit(
        &mut self,
        world: &mut World,
        end: &TransactionEnd,
    ) -> Result<(), Ended> {
        self.land_all(world)?;
        if let Some(eager) = self.progress.eager.remove(&end.xid) {
            return world.commit(eager.owner, end.end_lsn.0);
        }
        self.apply_kept(world, end.xid)?;
        self.sequence(world, &ending(end))
    }

    /// A transaction was prepared. It may have been before, and be told again.
    pub(crate) fn prepared(
        &mut self,
        world: &mut World,
        gid: &str,
        streamed: bool,
        end: &TransactionEnd,
    ) -> Result<(), Ended> {
        self.land_all(world)?;
        if end.end_lsn.0 <= world.target.checkpoint {
            // After a crash nobody could tell whether one of that name has ended, so it is none.
            assert!(!streamed);
            self.progress.late = true;
            return Ok(());
        }
        let eager = self.progress.eager.remove(&end.xid);
        if world.target.is_prepared(gid) {
            assert!(eager.is_none());
            self.progress.kept.remove(&end.xid);
            self.progress.parts.clear();
        } else {
            match streamed {
                true => self.apply_kept(world, end.xid)?,
                false => self.apply_parts(world)?,
            }
            let owner = match (eager, self.open.take()) {
                (Some(eager), _) => eager.owner,
                (None, Some(open)) => open,
                (None, None) => world.target.begin(),
            };
            world.target.prepare(owner, gid);
            world.may_break()?;
        }
        world.target.advance(end.end_lsn.0);
        Ok(())
    }

    /// A prepared transaction ended. If it is not there, it did so before.
    pub(crate) fn prepared_end(
        &mut self,
        world: &mut World,
        gid: &str,
        committed: bool,
        end: &TransactionEnd,
    ) -> Result<(), Ended> {
        self.land_all(world)?;
        if std::mem::take(&mut self.progress.late) {
            assert!(committed);
            self.apply_parts(world)?;
            return self.sequence(world, &ending(end));
        }
        if world.target.end_prepared(gid, committed) {
            world.check_visible(end.end_lsn.0);
        }
        world.may_break()?;
        world.target.advance(end.end_lsn.0);
        world.check_visible(end.end_lsn.0);
        Ok(())
    }

    /// Keeps a part of a whole transaction.
    pub(crate) fn keep_part(&mut self, piece: Piece) {
        self.progress.parts.push(piece);
    }

    pub(crate) fn apply_parts(&mut self, world: &mut World) -> Result<(), Ended> {
        for part in std::mem::take(&mut self.progress.parts) {
            self.sequence(world, &part)?;
        }
        Ok(())
    }

    /// Applies what was kept, and commits nothing.
    fn apply_kept(&mut self, world: &mut World, xid: Xid) -> Result<(), Ended> {
        let kept = self.progress.kept.remove(&xid).unwrap_or_default();
        for piece in &kept.pieces {
            let mut changes: Vec<Change> = Vec::new();
            for (subxid, run) in runs(piece) {
                if !kept.aborted.contains(&subxid) {
                    changes.extend_from_slice(&piece.changes[run]);
                }
            }
            let piece = Piece {
                changes,
                ..piece.clone()
            };
            self.sequence(world, &piece)?;
        }
        Ok(())
    }
}

/// Nothing but an end.
fn ending(end: &TransactionEnd) -> Piece {
    Piece {
        ends: vec![TransactionEnd { changes: 0, ..*end }],
        ..Piece::default()
    }
}

/// The runs of a piece, each of one subtransaction.
fn runs(piece: &Piece) -> Vec<(Xid, Range<usize>)> {
    let mut start = 0;
    let runs = piece.subtransactions.iter().map(|run| {
        let changes = start..run.changes as usize;
        start = changes.end;
        (run.xid, changes)
    });
    let runs: Vec<_> = runs.collect();
    assert_eq!(start, piece.changes.len());
    runs
}
