//! What the relations look like, as far as this connection has told.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use pgoutput::message::{RelationBody, RelationId, Xid};

use super::growing::Growing;
use crate::piece::Barrier;
use crate::relation::Relation;

/// The relations that were told, on the whole and inside each streamed transaction.
///
/// What is told inside a streamed transaction holds for it alone until it commits: the server tells it again to others, and after an
/// abort.
#[derive(Debug, Default)]
pub(super) struct Versions {
    whole: HashMap<RelationId, Version, FixedState>,
    streams: HashMap<Xid, Stream, FixedState>,
    /// Counts what was told, so that a version that was told later wins.
    told: u64,
}

/// What a streamed transaction has told.
#[derive(Debug, Default)]
struct Stream {
    /// Whether it has changes that were handed over.
    any: bool,
    /// The versions of each relation, the latest last: a subtransaction's go when it aborts.
    relations: HashMap<RelationId, Vec<Version>, FixedState>,
}

#[derive(Debug)]
struct Version {
    relation: Arc<Relation>,
    /// The version that was last used, if that is another: a barrier is due.
    before: Option<Arc<Relation>>,
    /// Which subtransaction told it (0: none).
    subxid: Xid,
    /// When.
    told: u64,
    /// The generation of the piece that it has an index in, and the index.
    place: Option<(u64, u32)>,
}

/// A relation's place in a piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used {
    /// Index into [`crate::piece::Piece::relations`].
    pub(super) index: u32,
    /// How many columns it has.
    pub(super) columns: usize,
}

impl Versions {
    /// A relation was told; inside a streamed part with the transaction and subtransaction.
    pub(super) fn tell(&mut self, body: &RelationBody<'_>, stream: Option<(Xid, Xid)>) {
        self.told += 1;
        let relation = Relation::from(body);
        let latest = match stream {
            None => self.whole.get(&body.id),
            Some((top, _)) => self
                .streams
                .get(&top)
                .and_then(|stream| stream.relations.get(&body.id)?.last())
                .or_else(|| self.whole.get(&body.id)),
        };
        let mut version = Version {
            relation: Arc::new(relation),
            before: None,
            subxid: stream.map_or(0, |(_, subxid)| subxid),
            told: self.told,
            place: None,
        };
        if let Some(latest) = latest {
            let last_used = latest.before.as_ref().unwrap_or(&latest.relation);
            if *latest.relation == *version.relation {
                // The same again: what it had, it keeps.
                version.relation = Arc::clone(&latest.relation);
                version.before.clone_from(&latest.before);
                version.place = latest.place;
            } else if **last_used != *version.relation {
                version.before = Some(Arc::clone(last_used));
            }
        }
        match stream {
            None => {
                self.whole.insert(body.id, version);
            }
            Some((top, _)) => {
                let stream = self.streams.entry(top).or_default();
                stream.relations.entry(body.id).or_default().push(version);
            }
        }
    }

    /// A relation's place in the growing piece; the barrier that is due goes before. Nothing if it was not told.
    pub(super) fn find(
        &mut self,
        id: RelationId,
        stream: Option<Xid>,
        growing: &mut Growing,
        subxid: Option<Xid>,
    ) -> Option<Used> {
        let streamed = stream
            .and_then(|top| self.streams.get_mut(&top))
            .and_then(|stream| stream.relations.get_mut(&id)?.last_mut());
        let version = match streamed {
            Some(version) => version,
            None => self.whole.get_mut(&id)?,
        };
        let index = match version.place {
            Some((generation, index)) if generation == growing.generation => index,
            _ => growing.relation(&version.relation),
        };
        version.place = Some((growing.generation, index));
        if let Some(before) = version.before.take() {
            let after = index;
            growing.barrier(Barrier::Relation { before, after }, 0, subxid);
        }
        Some(Used {
            index,
            columns: version.relation.columns.len(),
        })
    }

    /// A change of the relation was dropped: it counts as used.
    pub(super) fn skip(&mut self, id: RelationId) {
        if let Some(version) = self.whole.get_mut(&id) {
            version.before = None;
        }
    }

    /// A part of a transaction in progress begins.
    pub(super) fn open(&mut self, xid: Xid) {
        self.streams.entry(xid).or_default();
    }

    /// Changes of a transaction in progress were handed over.
    pub(super) fn handed_over(&mut self, xid: Xid) {
        self.streams.entry(xid).or_default().any = true;
    }

    /// A transaction in progress ended, and what it told ends with it. Whether it had changes; nothing if it never began.
    pub(super) fn close(&mut self, xid: Xid) -> Option<bool> {
        self.streams.remove(&xid).map(|stream| stream.any)
    }

    /// It committed: what it told holds for all, unless something later was told meanwhile.
    pub(super) fn commit(&mut self, xid: Xid) -> Option<bool> {
        let stream = self.streams.remove(&xid)?;
        for (id, mut versions) in stream.relations {
            let Some(version) = versions.pop() else {
                continue;
            };
            let later = self
                .whole
                .get(&id)
                .is_some_and(|known| known.told > version.told);
            if !later {
                self.whole.insert(id, version);
            }
        }
        Some(stream.any)
    }

    /// It aborted, or a subtransaction of it. Whether the transaction had changes.
    pub(super) fn abort(&mut self, xid: Xid, subxid: Xid) -> bool {
        if xid == subxid {
            return self.close(xid).unwrap_or(false);
        }
        let Some(stream) = self.streams.get_mut(&xid) else {
            return false;
        };
        for versions in stream.relations.values_mut() {
            versions.retain(|version| version.subxid != subxid);
        }
        stream.any
    }
}
