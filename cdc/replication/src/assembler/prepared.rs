//! Transactions that are prepared, and how they end (two-phase commit).

use pgoutput::message::{Begin, Prepared};

use super::{Assembler, Error, Owner, Stand, Whole, WholeKind};
use crate::piece::{Delivery, TransactionEnd};

/// Whether a prepared transaction was streamed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Streamed {
    Yes,
    No,
}

/// What became of a prepared transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Committed,
    RolledBack,
}

impl Assembler {
    pub(super) fn begin_prepare(&mut self, prepared: &Prepared<'_>) -> Result<(), Error> {
        self.between("BeginPrepare")?;
        self.owned_by(Owner::Whole);
        // The transactions before it are to be committed, and this one isn't.
        self.close_whole();
        self.stand = Stand::Whole(Whole {
            begin: Begin {
                commit_lsn: prepared.prepare_lsn,
                commit_time: prepared.prepare_time,
                xid: prepared.xid,
            },
            kind: WholeKind::Prepared,
            any: false,
        });
        Ok(())
    }

    pub(super) fn prepare(&mut self, prepared: &Prepared<'_>) -> Result<(), Error> {
        match self.stand {
            Stand::Whole(Whole {
                kind: WholeKind::Prepared,
                begin,
                ..
            }) if begin.xid == prepared.xid => {
                self.close_part();
                self.stand = Stand::Between;
                self.prepared(prepared, Streamed::No);
                Ok(())
            }
            _ => Err(self.protocol("Prepare outside of its transaction")),
        }
    }

    pub(super) fn stream_prepare(&mut self, prepared: &Prepared<'_>) -> Result<(), Error> {
        self.between("StreamPrepare")?;
        self.owned_by(Owner::Whole);
        if self.versions.close(prepared.xid).is_none() {
            return Err(self.never_streamed(prepared.xid));
        }
        self.prepared(prepared, Streamed::Yes);
        Ok(())
    }

    pub(super) fn prepared_end(
        &mut self,
        gid: &str,
        decision: Decision,
        end: TransactionEnd,
    ) -> Result<(), Error> {
        self.between("the end of a prepared transaction")?;
        if end.end_lsn <= self.settings.checkpoint {
            return Ok(());
        }
        self.owned_by(Owner::Whole);
        let delivery = Delivery::PreparedEnd {
            gid: gid.to_owned(),
            committed: decision == Decision::Committed,
            end,
        };
        self.push_end(end.end_lsn, delivery);
        Ok(())
    }

    fn prepared(&mut self, prepared: &Prepared<'_>, streamed: Streamed) {
        let end = TransactionEnd {
            changes: 0,
            xid: prepared.xid,
            commit_lsn: prepared.prepare_lsn,
            end_lsn: prepared.end_lsn,
            commit_time: prepared.prepare_time,
        };
        let delivery = Delivery::Prepared {
            gid: prepared.gid.to_owned(),
            streamed: streamed == Streamed::Yes,
            end,
        };
        self.push_end(end.end_lsn, delivery);
    }
}
