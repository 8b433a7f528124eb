//! The walsender: decodes what the source wrote down, and tells it in the messages of a protocol version.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bytes::Bytes;
use pgoutput::message::{ReplicaIdentity, Xid};
use replication::shape::TableShape;

use crate::database::Row;
use crate::kinds::Kind;
use crate::random::Random;
use crate::support::{Old, Writer};
use crate::wal::{Body, Record};

/// The prefix of the event trigger's messages.
pub(crate) const DDL: &str = "ddl";

/// What a connection asked for.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// 1 to 4.
    pub(crate) version: u8,
    /// Commits that start before it are not told.
    pub(crate) start: u64,
    /// So many changes wait at most before a transaction in progress is told; more than all there are without streaming.
    pub(crate) limit: usize,
    /// Transactions that were prepared from here on are told when they are.
    pub(crate) two_phase_since: Option<u64>,
    /// Whether transactions without changes are told, as old servers do.
    pub(crate) empty: bool,
}

#[derive(Debug)]
pub(crate) struct Sender {
    options: Options,
    /// How much of the WAL is decoded: records, and where the last one ends.
    decoded: usize,
    position: u64,
    /// What waits of each transaction.
    waiting: BTreeMap<Xid, Vec<Rc<Record>>>,
    /// What transactions in progress were told of: which of their subtransactions.
    streamed: BTreeMap<Xid, BTreeSet<Xid>>,
    /// Where the transactions were prepared that are.
    prepared: BTreeMap<Xid, u64>,
    told: BTreeMap<u32, Told>,
    writer: Writer,
}

/// To whom a table was described.
#[derive(Debug, Default)]
struct Told {
    whole: bool,
    streams: BTreeSet<Xid>,
}

impl Sender {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            decoded: 0,
            position: 0,
            waiting: BTreeMap::new(),
            streamed: BTreeMap::new(),
            prepared: BTreeMap::new(),
            told: BTreeMap::new(),
            writer: Writer::default(),
        }
    }

    /// Decodes the next record. Whether there was one.
    pub(crate) fn decode(&mut self, wal: &[Rc<Record>], random: &mut Random) -> bool {
        let Some(record) = wal.get(self.decoded) else {
            return false;
        };
        self.decoded += 1;
        self.record(record, random);
        self.position = record.end;
        self.writer.wal_end = record.end;
        if random.chance(10) {
            self.writer.keepalive(self.position, 0);
        }
        true
    }

    /// The server says where it is.
    pub(crate) fn keepalive(&mut self) {
        self.writer.keepalive(self.position, 1);
    }

    /// The messages since this was last asked.
    pub(crate) fn take(&mut self) -> Vec<Bytes> {
        let mut fresh = Writer::default();
        fresh.wal_end = self.writer.wal_end;
        std::mem::replace(&mut self.writer, fresh).messages()
    }

    fn record(&mut self, record: &Rc<Record>, random: &mut Random) {
        let top = record.top;
        let is_new = record.lsn >= self.options.start;
        match &record.body {
            Body::Row { .. } | Body::Truncate { .. } | Body::Define(_) | Body::Told(_) => {
                self.waiting.entry(top).or_default().push(Rc::clone(record));
                if is_new {
                    self.stream_largest();
                }
            }
            Body::Heartbeat if is_new => self.writer.logical(0, "heartbeat", "beat"),
            Body::Heartbeat => {}
            Body::SubtransactionsAbort(aborted) => self.subtransactions_abort(top, aborted),
            Body::Abort => self.abort(top),
            Body::Commit if is_new => self.commit(record, random),
            Body::Commit => self.forget(top),
            Body::Prepare(gid) => {
                self.prepared.insert(top, record.lsn);
                let since = self.options.two_phase_since;
                if is_new && since.is_some_and(|since| record.lsn >= since) {
                    self.tell_prepared(record.lsn, top, gid);
                }
            }
            Body::CommitPrepared(gid) => {
                let lsn = self.prepared.remove(&top).unwrap();
                match self.options.two_phase_since {
                    _ if !is_new => self.forget(top),
                    None => self.commit(record, random),
                    Some(since) => {
                        if lsn < since {
                            self.tell_prepared(lsn, top, gid);
                        }
                        self.forget(top);
                        self.writer.commit_prepared(top, record.lsn, gid);
                    }
                }
            }
            Body::RollbackPrepared(gid) => {
                self.prepared.remove(&top);
                if is_new && self.options.two_phase_since.is_some() {
                    self.forget(top);
                    self.writer.rollback_prepared(top, record.lsn, gid);
                } else {
                    self.abort(top);
                }
            }
        }
    }

    /// Tells what waits of the transaction that has the most, if more waits than may.
    fn stream_largest(&mut self) {
        let waiting: usize = self.waiting.values().map(Vec::len).sum();
        if waiting <= self.options.limit {
            return;
        }
        let in_progress = self.waiting.iter();
        let largest = in_progress
            .filter(|(xid, _)| !self.prepared.contains_key(xid))
            .max_by_key(|(_, records)| records.len());
        if let Some((&top, _)) = largest {
            self.stream(top);
        }
    }

    fn stream(&mut self, top: Xid) {
        let records = self.waiting.remove(&top).unwrap_or_default();
        self.writer.stream_start(top);
        for record in &records {
            self.change(record, Some(top));
        }
        self.forget_defined(&records);
        self.writer.stream_stop();
        let told = self.streamed.entry(top).or_default();
        told.extend(records.iter().map(|record| record.xid));
    }

    fn commit(&mut self, record: &Record, random: &mut Random) {
        let top = record.top;
        if self.streamed.contains_key(&top) {
            self.stream(top);
            self.writer.stream_commit(top, record.lsn, record.end);
            self.streamed.remove(&top);
            for told in self.told.values_mut() {
                // A definition that came with it may have been forgotten at the same moment.
                if told.streams.remove(&top) && random.chance(70) {
                    told.whole = true;
                }
            }
            return;
        }
        let records = self.waiting.remove(&top).unwrap_or_default();
        if records.is_empty() && !self.options.empty {
            return;
        }
        self.writer.begin(top, record.lsn);
        for record in &records {
            self.change(record, None);
            if random.chance(3) {
                self.writer.keepalive(self.position, 0);
            }
        }
        self.forget_defined(&records);
        self.writer.commit(record.lsn, record.end);
    }

    fn tell_prepared(&mut self, lsn: u64, top: Xid, gid: &str) {
        if self.streamed.contains_key(&top) {
            self.stream(top);
            self.writer.stream_prepare(top, lsn, gid);
        } else {
            let records = self.waiting.remove(&top).unwrap_or_default();
            self.writer.begin_prepare(top, lsn, gid);
            for record in &records {
                self.change(record, None);
            }
            self.forget_defined(&records);
            self.writer.prepare(top, lsn, gid);
        }
        self.forget(top);
    }

    fn abort(&mut self, top: Xid) {
        if self.streamed.contains_key(&top) {
            self.stream_abort(top, top);
        }
        self.forget(top);
    }

    fn subtransactions_abort(&mut self, top: Xid, aborted: &[Xid]) {
        if let Some(records) = self.waiting.get_mut(&top) {
            records.retain(|record| !aborted.contains(&record.xid));
        }
        for xid in aborted {
            let told = self.streamed.get(&top);
            if told.is_some_and(|told| told.contains(xid)) {
                self.stream_abort(top, *xid);
                self.forget_told(top);
            }
        }
    }

    fn stream_abort(&mut self, top: Xid, xid: Xid) {
        if self.options.version < 4 {
            self.writer.stream_abort(top, xid);
            return;
        }
        let body = [
            &b"A"[..],
            &top.to_be_bytes(),
            &xid.to_be_bytes(),
            &self.position.to_be_bytes(),
            &[0; 8],
        ];
        self.writer.data(&body.concat());
    }

    fn forget(&mut self, top: Xid) {
        self.waiting.remove(&top);
        self.streamed.remove(&top);
        self.forget_told(top);
    }

    fn forget_told(&mut self, top: Xid) {
        for told in self.told.values_mut() {
            told.streams.remove(&top);
        }
    }

    /// What a table looks like that was defined is looked up anew after what told of it.
    fn forget_defined(&mut self, records: &[Rc<Record>]) {
        for record in records {
            if let Body::Define(table) = &record.body {
                self.told.remove(table);
            }
        }
    }

    /// Tells a change; inside a transaction in progress with its subtransaction.
    fn change(&mut self, record: &Record, stream: Option<Xid>) {
        self.writer.xid = stream.map(|_| record.xid);
        match &record.body {
            Body::Row {
                shape,
                before,
                after,
            } => {
                self.describe(shape, stream);
                self.row(shape, before.as_ref(), after.as_ref());
            }
            Body::Truncate { shapes, cascade } => {
                for shape in shapes {
                    self.describe(shape, stream);
                }
                let ids: Vec<u32> = shapes.iter().map(|shape| shape.id).collect();
                self.writer.truncate(&ids, u8::from(*cascade));
            }
            Body::Define(table) => {
                self.told.remove(table);
            }
            Body::Told(shape) => {
                // In a transaction in progress a message bears the id of the transaction, whichever subtransaction wrote it.
                self.writer.xid = stream;
                let content = serde_json::to_string(&**shape).unwrap();
                self.writer.logical(1, DDL, &content);
            }
            other => panic!("{other:?} is no change"),
        }
        self.writer.xid = stream;
    }

    fn describe(&mut self, shape: &TableShape, stream: Option<Xid>) {
        let told = self.told.entry(shape.id).or_default();
        let is_new = match stream {
            None => !std::mem::replace(&mut told.whole, true),
            Some(top) => told.streams.insert(top),
        };
        if !is_new {
            return;
        }
        let kind = Kind::of(shape.id);
        let identity = match kind.identity {
            ReplicaIdentity::Default => b'd',
            ReplicaIdentity::Nothing => b'n',
            ReplicaIdentity::Full => b'f',
            ReplicaIdentity::Index => b'i',
        };
        let columns = shape.columns.iter();
        let columns: Vec<(&str, bool)> = columns
            .map(|column| (column.name.as_str(), kind.is_key(column.number)))
            .collect();
        self.writer
            .relation(shape.id, &shape.name.table, identity, &columns);
    }

    fn row(&mut self, shape: &TableShape, before: Option<&Row>, after: Option<&Row>) {
        let kind = Kind::of(shape.id);
        let is_full = kind.identity == ReplicaIdentity::Full;
        let numbers: Vec<i16> = shape.columns.iter().map(|column| column.number).collect();
        // What an update leaves as it was, and is TOASTed.
        let unchanged = |number: &i16| match (before, after) {
            (Some(before), Some(after)) => {
                let value = after[number].as_deref();
                before[number] == after[number] && value.is_some_and(|text| text.starts_with('T'))
            }
            _ => false,
        };
        let new = |row| -> Vec<&str> {
            let cell = |number: &i16| {
                if unchanged(number) {
                    "?"
                } else {
                    cell(row, number)
                }
            };
            numbers.iter().map(cell).collect()
        };
        let old = |row| -> Vec<&str> {
            let known = |number: &i16| {
                if kind.is_key(*number) {
                    cell(row, number)
                } else {
                    "~"
                }
            };
            numbers.iter().map(known).collect()
        };
        match (before, after) {
            (None, Some(after)) => self.writer.insert(shape.id, &new(after)),
            (Some(before), Some(after)) => {
                let moves = |number: &i16| before[number] != after[number] || unchanged(number);
                let keys = numbers.iter().filter(|number| kind.is_key(**number));
                let old = old(before);
                let old = match is_full {
                    true => Some(Old::Full(&old)),
                    false => keys.into_iter().any(moves).then_some(Old::Key(&old)),
                };
                self.writer.update(shape.id, old, &new(after));
            }
            (Some(before), None) => {
                let old = old(before);
                let old = if is_full {
                    Old::Full(&old)
                } else {
                    Old::Key(&old)
                };
                self.writer.delete(shape.id, old);
            }
            (None, None) => panic!("a change without a row"),
        }
    }
}

fn cell<'a>(row: &'a Row, number: &i16) -> &'a str {
    row[number].as_deref().unwrap_or("~")
}
