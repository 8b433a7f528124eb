//! Transactions that are told while they are in progress, in parts.

use pgoutput::message::{Commit, Xid};
use pgoutput::{Lsn, PgTimestamp};

use super::{Assembler, Error, Owner, Stand, end_of};
use crate::piece::Delivery;

impl Assembler {
    pub(super) fn stream_start(&mut self, xid: Xid) -> Result<(), Error> {
        self.between("StreamStart")?;
        self.owned_by(Owner::Streamed(xid));
        self.versions.open(xid);
        self.stand = Stand::Streamed(xid);
        Ok(())
    }

    pub(super) fn stream_stop(&mut self) -> Result<(), Error> {
        match self.stand {
            Stand::Streamed(_) => {
                self.stand = Stand::Between;
                Ok(())
            }
            Stand::Between | Stand::Whole(_) => {
                Err(self.protocol("StreamStop outside of a streamed part"))
            }
        }
    }

    pub(super) fn stream_commit(
        &mut self,
        xid: Xid,
        commit: Commit,
        sent: PgTimestamp,
    ) -> Result<(), Error> {
        self.between("StreamCommit")?;
        self.owned_by(Owner::Whole);
        let Some(any) = self.versions.commit(xid) else {
            return Err(self.never_streamed(xid));
        };
        if !any {
            self.reached(commit.end_lsn, sent);
        } else if commit.end_lsn <= self.settings.checkpoint {
            self.push_end(Lsn::ZERO, Delivery::StreamedAbort { xid, subxid: xid });
        } else {
            let end = end_of(xid, commit);
            self.push_end(end.end_lsn, Delivery::StreamedCommit { end });
        }
        Ok(())
    }

    pub(super) fn stream_abort(&mut self, xid: Xid, subxid: Xid) -> Result<(), Error> {
        self.between("StreamAbort")?;
        self.owned_by(Owner::Whole);
        if self.versions.abort(xid, subxid) {
            self.push_end(Lsn::ZERO, Delivery::StreamedAbort { xid, subxid });
        }
        Ok(())
    }

    #[cold]
    pub(super) fn never_streamed(&self, xid: Xid) -> Error {
        self.protocol(&format!(
            "the end of streamed transaction {xid}, of which no part has come"
        ))
    }
}
