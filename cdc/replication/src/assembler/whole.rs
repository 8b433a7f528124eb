//! Transactions that are told as a whole, once they have committed.

use pgoutput::PgTimestamp;
use pgoutput::message::{Begin, Commit};

use super::{Assembler, Error, Owner, Stand, Whole, WholeKind, end_of};

impl Assembler {
    pub(super) fn begin(&mut self, begin: Begin) -> Result<(), Error> {
        self.between("Begin")?;
        self.owned_by(Owner::Whole);
        // Positions lie between records: a commit that starts before the checkpoint ends at it or before, too. Commit checks that.
        let kind = if begin.commit_lsn < self.settings.checkpoint {
            WholeKind::Dropped
        } else {
            WholeKind::Committed
        };
        self.stand = Stand::Whole(Whole {
            begin,
            kind,
            any: false,
        });
        Ok(())
    }

    pub(super) fn commit(
        &mut self,
        commit: Commit,
        size: usize,
        sent: PgTimestamp,
    ) -> Result<(), Error> {
        let Stand::Whole(whole) = self.stand else {
            return Err(self.protocol("Commit outside of a transaction"));
        };
        if whole.begin.commit_lsn != commit.commit_lsn {
            return Err(self.protocol("Commit of another transaction than the one that began"));
        }
        match whole.kind {
            WholeKind::Prepared => {
                return Err(self.protocol("Commit of a transaction that is prepared"));
            }
            WholeKind::Dropped if commit.end_lsn > self.settings.checkpoint => {
                return Err(self.protocol(&format!(
                    "a commit from {} to {}, and the checkpoint {} is within it",
                    commit.commit_lsn, commit.end_lsn, self.settings.checkpoint
                )));
            }
            WholeKind::Committed if whole.any => {
                self.growing.end(end_of(whole.begin.xid, commit), size);
            }
            WholeKind::Dropped | WholeKind::Committed => self.reached(commit.end_lsn, sent),
        }
        self.stand = Stand::Between;
        Ok(())
    }
}
