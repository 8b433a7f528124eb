//! What changes rows, and what is said of relations: added to what grows.

use pgoutput::message::{RelationBody, RelationId, Truncate, Xid};

use super::growing::At;
use super::versions::Used;
use super::{Assembler, Error, Owner, Stand, WholeKind};
use crate::piece::{Barrier, ChangeKind};

impl Assembler {
    /// A row's change. `columns` are the counts of its tuples.
    #[inline]
    pub(super) fn row(
        &mut self,
        at: &At<'_>,
        xid: Option<Xid>,
        relation: RelationId,
        kind: ChangeKind,
        columns: (usize, Option<usize>),
    ) -> Result<(), Error> {
        let Some(xid) = self.change_of(xid)? else {
            self.versions.skip(relation);
            return Ok(());
        };
        let used = match self.latest {
            Some((latest, used)) if latest == relation => used,
            _ => self.use_relation(relation, xid)?,
        };
        let (first, second) = (columns.0, columns.1.unwrap_or(used.columns));
        if first != used.columns || second != used.columns {
            return Err(self.protocol(&format!(
                "a row of {} columns for table {relation}, which has {}",
                if first == used.columns { second } else { first },
                used.columns
            )));
        }
        self.growing.row(kind, used.index, at, xid);
        if self.growing.unfinished_bytes() >= self.settings.piece_bytes {
            self.close_part();
        }
        Ok(())
    }

    pub(super) fn truncate(&mut self, truncate: &Truncate<'_>, size: usize) -> Result<(), Error> {
        let Some(xid) = self.change_of(truncate.xid)? else {
            return Ok(());
        };
        let relations = truncate
            .relations()
            .map(|id| self.use_relation(id, xid).map(|used| used.index))
            .collect::<Result<Vec<u32>, Error>>()?;
        let barrier = Barrier::Truncate {
            relations,
            cascade: truncate.cascade,
            restart_identity: truncate.restart_identity,
        };
        self.barrier(barrier, size, xid);
        Ok(())
    }

    /// A message of a transaction. Its content ends where it does.
    pub(super) fn logical(
        &mut self,
        at: &At<'_>,
        xid: Option<Xid>,
        prefix: &str,
        length: usize,
    ) -> Result<(), Error> {
        let Some(xid) = self.change_of(xid)? else {
            return Ok(());
        };
        let barrier = Barrier::Message {
            prefix: prefix.to_owned(),
            content: at.frame.slice(at.end - length..at.end),
        };
        self.barrier(barrier, at.size, xid);
        Ok(())
    }

    pub(super) fn keeps(&self, prefix: &str) -> bool {
        let mut kept = self.settings.message_prefixes.iter();
        kept.any(|kept| kept == prefix)
    }

    pub(super) fn relation(&mut self, body: &RelationBody<'_>) {
        self.latest = None;
        let stream = match self.stand {
            Stand::Streamed(top) => Some((top, body.xid.unwrap_or(top))),
            Stand::Between | Stand::Whole(_) => None,
        };
        self.versions.tell(body, stream);
    }

    /// Notes that a change comes, and tells the subtransaction that makes it if it is streamed; nothing if it is to be dropped.
    #[inline]
    fn change_of(&mut self, xid: Option<Xid>) -> Result<Option<Option<Xid>>, Error> {
        match &mut self.stand {
            Stand::Whole(whole) if whole.kind == WholeKind::Dropped => Ok(None),
            Stand::Whole(whole) => {
                whole.any = true;
                Ok(Some(None))
            }
            Stand::Streamed(top) => Ok(Some(Some(xid.unwrap_or(*top)))),
            Stand::Between => Err(self.protocol("a change outside of any transaction")),
        }
    }

    /// A relation's place in the growing piece. If it is another than at its last use, a barrier goes before.
    fn use_relation(&mut self, id: RelationId, xid: Option<Xid>) -> Result<Used, Error> {
        let stream = match self.owner {
            Owner::Whole => None,
            Owner::Streamed(top) => Some(top),
        };
        let Some(used) = self.versions.find(id, stream, &mut self.growing, xid) else {
            return Err(self.protocol(&format!("a change of table {id}, which was not described")));
        };
        self.latest = Some((id, used));
        Ok(used)
    }

    fn barrier(&mut self, barrier: Barrier, size: usize, xid: Option<Xid>) {
        self.growing.barrier(barrier, size, xid);
        if self.growing.unfinished_bytes() >= self.settings.piece_bytes {
            self.close_part();
        }
    }
}
