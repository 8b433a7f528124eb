//! What has grown becomes deliveries, in the order in which they must be taken.

use pgoutput::{Lsn, PgTimestamp};

use super::{Assembler, Owner, Stand};
use crate::piece::Delivery;

impl Assembler {
    /// Whether what grows can be taken: not in the middle of a transaction, nor of a streamed part.
    pub(super) fn is_grown(&self) -> bool {
        match self.owner {
            Owner::Whole => self.growing.has_whole(),
            Owner::Streamed(_) => {
                !self.growing.is_empty() && !matches!(self.stand, Stand::Streamed(_))
            }
        }
    }

    /// The stream is past a position, and all that committed before it has arrived.
    pub(super) fn reached(&mut self, lsn: Lsn, sent: PgTimestamp) {
        if lsn >= self.position.0 {
            self.position = (lsn, sent);
        }
    }

    /// Makes room for changes of another owner.
    pub(super) fn owned_by(&mut self, owner: Owner) {
        if self.owner != owner {
            self.close_whole();
            self.owner = owner;
            self.latest = None;
        }
    }

    /// Closes the whole transactions that have grown, or the streamed part. What is unfinished grows on.
    pub(super) fn close_whole(&mut self) {
        match self.owner {
            Owner::Whole => {
                let Some(piece) = self.growing.take_whole() else {
                    return;
                };
                if let Some(end) = piece.ends.last() {
                    self.told = self.told.max(end.end_lsn);
                }
                self.push(Delivery::Piece(piece));
            }
            Owner::Streamed(xid) => {
                let Some(piece) = self.growing.take_all() else {
                    return;
                };
                self.versions.handed_over(xid);
                self.push(Delivery::Streamed { xid, piece });
            }
        }
        self.latest = None;
    }

    /// Closes all that has grown, an unfinished transaction, too.
    pub(super) fn close_part(&mut self) {
        self.close_whole();
        if self.owner == Owner::Whole && !self.growing.is_empty() {
            // Once a part is handed over, its receiver has a transaction open and can't confirm anything before its end.
            self.close_position();
            if let Some(piece) = self.growing.take_all() {
                self.push(Delivery::Piece(piece));
            }
            self.latest = None;
        }
    }

    pub(super) fn close_position(&mut self) {
        let (lsn, sent) = self.position;
        if lsn > self.told {
            self.told = lsn;
            self.push(Delivery::Position { lsn, sent });
        }
    }

    /// Adds what has its place after the transactions that have grown. `lsn` is where it ends, if it is an end.
    pub(super) fn push_end(&mut self, lsn: Lsn, delivery: Delivery) {
        self.close_whole();
        self.told = self.told.max(lsn);
        self.push(delivery);
    }

    fn push(&mut self, delivery: Delivery) {
        self.ready_bytes += bytes_of(&delivery);
        self.ready.push_back(delivery);
    }
}

pub(super) fn bytes_of(delivery: &Delivery) -> usize {
    match delivery {
        Delivery::Piece(piece) | Delivery::Streamed { piece, .. } => piece.bytes,
        Delivery::StreamedAbort { .. }
        | Delivery::StreamedCommit { .. }
        | Delivery::Prepared { .. }
        | Delivery::PreparedEnd { .. }
        | Delivery::Position { .. } => 0,
    }
}
