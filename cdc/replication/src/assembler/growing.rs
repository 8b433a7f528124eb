//! The piece that the next changes are added to.

use std::sync::Arc;

use bytes::Bytes;
use pgoutput::message::Xid;

use crate::piece::{Barrier, Change, ChangeKind, Piece, Subtransaction, TransactionEnd};
use crate::relation::Relation;

/// A piece that grows: whole transactions, then what has come of an unfinished one.
#[derive(Debug, Default)]
pub(super) struct Growing {
    piece: Piece,
    /// Counts pieces, so that a relation's index is known to be one of this piece.
    pub(super) generation: u64,
    /// How many of its relations came with an unfinished transaction from the piece before.
    inherited: usize,
    /// Whether the frame that is being read is among its frames, as the last.
    has_frame: bool,
    /// The bytes of its whole transactions.
    whole_bytes: usize,
}

/// Where a message stands.
pub(super) struct At<'a> {
    /// The frame.
    pub(super) frame: &'a Bytes,
    /// Where in the frame its body starts.
    pub(super) body: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Its length with all headers.
    pub(super) size: usize,
}

impl Growing {
    pub(super) fn next_frame(&mut self) {
        self.has_frame = false;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.piece.changes.is_empty() && self.piece.ends.is_empty()
    }

    /// Whether a whole transaction (or the end of one) is in it.
    pub(super) fn has_whole(&self) -> bool {
        !self.piece.ends.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.piece.bytes
    }

    /// The bytes of the unfinished transaction.
    pub(super) fn unfinished_bytes(&self) -> usize {
        self.piece.bytes - self.whole_bytes
    }

    /// Adds a row's change. `xid` is given if it is streamed.
    #[inline]
    pub(super) fn row(&mut self, kind: ChangeKind, relation: u32, at: &At<'_>, xid: Option<Xid>) {
        if !self.has_frame {
            self.piece.frames.push(at.frame.clone());
            self.has_frame = true;
        }
        // Kind, subtransaction, table, mark of the tuple.
        let before_tuple = if xid.is_some() { 10 } else { 6 };
        self.piece.changes.push(Change {
            kind,
            relation,
            frame: index(self.piece.frames.len() - 1),
            offset: index(at.body + before_tuple),
        });
        self.piece.bytes += at.size;
        if let Some(xid) = xid {
            self.run(xid);
        }
    }

    pub(super) fn barrier(&mut self, barrier: Barrier, size: usize, xid: Option<Xid>) {
        self.piece.changes.push(Change {
            kind: ChangeKind::Barrier,
            relation: index(self.piece.barriers.len()),
            frame: 0,
            offset: 0,
        });
        self.piece.barriers.push(barrier);
        self.piece.bytes += size;
        if let Some(xid) = xid {
            self.run(xid);
        }
    }

    pub(super) fn end(&mut self, end: TransactionEnd, size: usize) {
        self.piece.bytes += size;
        self.piece.ends.push(TransactionEnd {
            changes: index(self.piece.changes.len()),
            ..end
        });
        self.whole_bytes = self.piece.bytes;
    }

    /// The index of a relation that was not looked up for this piece yet.
    pub(super) fn relation(&mut self, relation: &Arc<Relation>) -> u32 {
        let inherited = &self.piece.relations[..self.inherited];
        let known = inherited
            .iter()
            .position(|known| Arc::ptr_eq(known, relation));
        index(known.unwrap_or_else(|| {
            self.piece.relations.push(Arc::clone(relation));
            self.piece.relations.len() - 1
        }))
    }

    /// Takes the whole transactions. An unfinished one stays.
    pub(super) fn take_whole(&mut self) -> Option<Piece> {
        let end = self.piece.ends.last()?.changes as usize;
        if end == self.piece.changes.len() {
            return self.take_all();
        }
        let rest = self.split_off(end);
        let has_frame = self.has_frame && !rest.frames.is_empty();
        let whole = self.take_all();
        self.inherited = rest.relations.len();
        self.has_frame = has_frame;
        self.piece = rest;
        whole
    }

    /// Takes everything.
    pub(super) fn take_all(&mut self) -> Option<Piece> {
        if self.is_empty() {
            return None;
        }
        self.generation += 1;
        self.inherited = 0;
        self.has_frame = false;
        self.whole_bytes = 0;
        Some(std::mem::take(&mut self.piece))
    }

    /// Splits the changes from an index on off, with what they name.
    fn split_off(&mut self, at: usize) -> Piece {
        let piece = &mut self.piece;
        let mut rest = Piece {
            changes: piece.changes.split_off(at),
            bytes: piece.bytes - self.whole_bytes,
            ..Piece::default()
        };
        piece.bytes = self.whole_bytes;
        let rows = |change: &&Change| change.kind != ChangeKind::Barrier;
        // Frames and barriers are in the order of the changes that name them.
        let first_frame = rest.changes.iter().find(rows).map(|change| change.frame);
        let barriers = rest.changes.iter().filter(|change| !rows(change)).count();
        let first_barrier = piece.barriers.len() - barriers;
        rest.barriers = piece.barriers.split_off(first_barrier);
        if let Some(first_frame) = first_frame {
            rest.frames = piece.frames[first_frame as usize..].to_vec();
        }
        let mut moved = Moved {
            places: vec![None; piece.relations.len()],
            from: &piece.relations,
            to: &mut rest.relations,
        };
        for change in &mut rest.changes {
            match change.kind {
                ChangeKind::Barrier => change.relation -= index(first_barrier),
                _ => {
                    change.frame -= first_frame.expect("this change is a row's");
                    change.relation = moved.place(change.relation);
                }
            }
        }
        for barrier in &mut rest.barriers {
            match barrier {
                Barrier::Truncate { relations, .. } => {
                    for relation in relations {
                        *relation = moved.place(*relation);
                    }
                }
                Barrier::Relation { after, .. } => *after = moved.place(*after),
                Barrier::Message { .. } => {}
            }
        }
        rest
    }

    /// Notes that the last change is of a subtransaction.
    fn run(&mut self, xid: Xid) {
        let changes = index(self.piece.changes.len());
        match self.piece.subtransactions.last_mut() {
            Some(run) if run.xid == xid => run.changes = changes,
            _ => self
                .piece
                .subtransactions
                .push(Subtransaction { xid, changes }),
        }
    }
}

/// Relations on their way from one piece to another.
struct Moved<'a> {
    /// Where each is now.
    places: Vec<Option<u32>>,
    from: &'a [Arc<Relation>],
    to: &'a mut Vec<Arc<Relation>>,
}

impl Moved<'_> {
    fn place(&mut self, relation: u32) -> u32 {
        let relation = relation as usize;
        *self.places[relation].get_or_insert_with(|| {
            self.to.push(Arc::clone(&self.from[relation]));
            index(self.to.len() - 1)
        })
    }
}

fn index(index: usize) -> u32 {
    u32::try_from(index).expect("a piece has fewer than 2^32 changes, and a frame fewer bytes")
}
