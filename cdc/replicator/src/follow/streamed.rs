//! Transactions in progress: applied while they are, or kept until they end.

use pgoutput::message::Xid;
use replication::piece::{Piece, TransactionEnd};

use super::interruption::{Again, Interruption};
use super::{Follower, checkpoint, worker};
use crate::eager::may_be_applied;
use crate::options::crash_points;

impl Follower {
    /// A part of a transaction in progress.
    pub(super) async fn streamed(&mut self, xid: Xid, piece: Piece) -> Result<(), Interruption> {
        let first = !self.eager.has(xid) && !self.spills.has(xid);
        if self.eager.has(xid) || (first && self.may_be_eager()) {
            let bound = self.bind_plain(&piece).await?;
            let bindings = self.routes.bindings(&piece);
            let possible = bound && may_be_applied(&piece, &bindings);
            if first && possible {
                let worker = worker(&self.surroundings, &self.control, &self.committed).await?;
                self.eager.begin(xid, worker);
            }
            if possible {
                let after = self.positions.begun();
                let handed = self.eager.apply(xid, piece, bindings, after).await;
                return handed.map_err(|error| self.impatient(error));
            }
            if !first {
                // What was applied of it can't be taken over; the source sends it again from its beginning.
                return Err(Interruption::Again(Again::Patiently {
                    reason: "it changes what can only be applied at its end".to_owned(),
                }));
            }
        }
        self.spill(xid, &piece)
    }

    fn may_be_eager(&self) -> bool {
        self.eager.has_room()
            && self.passed >= self.manner.patient_until
            && !self.is_careful()
            && !self.routes.waits_at(self.last_commit)
            && self.is_replica
            && !self.open
    }

    pub(super) fn spill(&mut self, xid: Xid, piece: &Piece) -> Result<(), Interruption> {
        if self.spills.add(xid, piece)? {
            self.surroundings.crash_point(crash_points::SPILL_WRITTEN);
            let on_disk = self.spills.on_disk();
            self.surroundings
                .status
                .send_modify(|status| status.spilled_bytes = on_disk);
        }
        Ok(())
    }

    /// A transaction that was in progress committed: now is its turn.
    pub(crate) async fn streamed_commit(
        &mut self,
        end: TransactionEnd,
    ) -> Result<(), Interruption> {
        self.passes(&end);
        if !self.eager.has(end.xid) {
            return self.kept_commit(end.xid, end).await;
        }
        self.land_all().await?;
        self.positions.begin();
        self.last_end = end.end_lsn;
        let committed = self.eager.commit(end.xid, checkpoint(&end)).await;
        let applied = committed.map_err(|error| self.impatient(error))?;
        self.committed(&applied, &end);
        Ok(())
    }

    /// A transaction in progress, or a subtransaction of it, aborted.
    pub(super) async fn streamed_abort(
        &mut self,
        xid: Xid,
        subxid: Xid,
    ) -> Result<(), Interruption> {
        if self.eager.has(xid) {
            let aborted = self.eager.abort(xid, subxid).await;
            return aborted.map_err(|error| self.impatient(error));
        }
        self.spills.abort(xid, subxid);
        Ok(())
    }
}
