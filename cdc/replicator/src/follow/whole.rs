//! Whole transactions: on to the lanes, if they are plain rows. One that comes in parts is kept, where its end must be known first.

use std::sync::Arc;

use pgoutput::Lsn;
use pgoutput::message::Xid;
use replication::piece::{Barrier, Piece, TransactionEnd};
use replication::settings::DdlPolicy;

use super::interruption::Interruption;
use super::{Follower, worker};
use crate::apply::Job;
use crate::filter::leave_out_copied;
use crate::routes::Open;

/// Under this id the parts of a whole transaction are kept that can't be applied before its end is known. No transaction has it.
pub(crate) const KEPT: Xid = 0;

impl Follower {
    /// Whole transactions, or a part of one.
    pub(super) async fn piece(&mut self, mut piece: Piece) -> Result<(), Interruption> {
        if let Some(end) = piece.ends.last() {
            self.passes(end);
        }
        // A part may be one of a transaction that is to be prepared, and is prepared already.
        let waits = self.two_phase.is_some() || self.routes.waits_at(self.last_commit);
        if self.keeps_open() || (piece.is_open() && waits) {
            return self.keep(piece).await;
        }
        if self.routes.waits_at(
            piece
                .ends
                .first()
                .map_or(self.last_commit, |end| end.commit_lsn),
        ) {
            leave_out_copied(&mut piece, Lsn(u64::MAX), |id| self.routes.snapshot(id));
        }
        let first = piece.ends.first().map_or(Lsn::ZERO, |end| end.end_lsn);
        let careful = first <= self.manner.careful_until && !piece.ends.is_empty();
        if self.open || piece.is_open() || careful || !self.bind_plain(&piece).await? {
            return self.sequence(piece).await;
        }
        let bindings = self.routes.bindings(&piece);
        let exact = self.surroundings.task.settings.replication.exact_boundaries;
        let jobs = match exact {
            true => Job::each(piece, &bindings),
            false => Job::whole(piece, bindings).into_iter().collect(),
        };
        for job in jobs {
            self.last_end = job.end.end_lsn;
            while !self.lanes.has_room_for(&job) {
                let few = self.lanes.count() < self.most_lanes;
                if few && self.lanes.wants_another_for(&job) {
                    let lane = worker(&self.surroundings, &self.control, &self.committed).await?;
                    self.lanes.add(lane);
                } else {
                    self.land_one().await?;
                }
            }
            self.positions.begin();
            self.lanes.start(Arc::new(job));
        }
        Ok(())
    }

    /// Binds all relations of the piece. Whether that was possible, and no definition changes in it.
    pub(super) async fn bind_plain(&mut self, piece: &Piece) -> Result<bool, Interruption> {
        let truncates = self.surroundings.task.settings.ddl.truncated == DdlPolicy::Apply;
        let plain = |barrier: &Barrier| matches!(barrier, Barrier::Truncate { .. }) && truncates;
        if !piece.barriers.iter().all(plain) {
            return Ok(false);
        }
        for relation in &piece.relations {
            match self.routes.open(relation) {
                None => {}
                Some(Open::Unbound) => self.bind(relation).await?,
                Some(Open::Changed | Open::Unknown) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Keeps the parts of a whole transaction until its end.
    async fn keep(&mut self, mut piece: Piece) -> Result<(), Interruption> {
        let Some(end) = piece.ends.first().copied() else {
            return self.spill(KEPT, &piece);
        };
        let mut part = piece.clone();
        part.changes.truncate(end.changes as usize);
        part.ends.clear();
        self.spill(KEPT, &part)?;
        self.kept_commit(KEPT, end).await?;
        piece.changes.drain(..end.changes as usize);
        piece.ends.remove(0);
        for later in &mut piece.ends {
            later.changes -= end.changes;
        }
        if piece.ends.is_empty() && piece.changes.is_empty() {
            return Ok(());
        }
        Box::pin(self.piece(piece)).await
    }

    fn keeps_open(&self) -> bool {
        self.spills.has(KEPT)
    }

    /// Applies what was kept of a transaction.
    pub(crate) async fn kept_commit(
        &mut self,
        kept: Xid,
        end: TransactionEnd,
    ) -> Result<(), Interruption> {
        let Some(spill) = self.spills.take(kept) else {
            return self.sequence(ending(Piece::default(), end)).await;
        };
        let mut pieces = spill.into_pieces()?;
        let mut next = pieces.next()?;
        while let Some(mut piece) = next {
            next = pieces.next()?;
            if self.routes.waits_at(end.commit_lsn) {
                leave_out_copied(&mut piece, end.commit_lsn, |id| self.routes.snapshot(id));
            }
            match next {
                Some(_) => self.sequence(piece).await?,
                None => return self.sequence(ending(piece, end)).await,
            }
        }
        self.sequence(ending(Piece::default(), end)).await
    }
}

/// Makes the piece the last one of a transaction.
fn ending(mut piece: Piece, end: TransactionEnd) -> Piece {
    piece.ends = vec![TransactionEnd {
        changes: u32::try_from(piece.changes.len()).expect("changes are counted in 32 bits"),
        ..end
    }];
    piece
}
