//! The source: several transactions at a time do random things, and what they do is written down.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pgoutput::message::Xid;
use replication::shape::TableShape;

use crate::database::{Database, Mark, Refused, Row, RowId, TableId, Tables};
use crate::kinds::{KINDS, Kind, LOG, column, source_tables};
use crate::random::Random;
use crate::wal::{Body, Record};

/// How many transactions go on at a time.
const AT_A_TIME: usize = 4;
/// How many rows a table has, about.
const ROWS: usize = 10;

#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) database: Database,
    pub(crate) wal: Vec<Rc<Record>>,
    /// What everybody saw after each commit, by where it ends.
    pub(crate) history: BTreeMap<u64, Tables>,
    /// Whether an event trigger tells of definitions.
    pub(crate) tells: bool,
    running: Vec<Running>,
    prepared: Vec<(Xid, String)>,
    lsn: u64,
    last_xid: Xid,
    /// Numbers names, and the rows of the log.
    counter: i16,
    /// Tables that have had another definition.
    defined: BTreeSet<TableId>,
}

#[derive(Debug)]
struct Running {
    xid: Xid,
    savepoints: Vec<Savepoint>,
}

#[derive(Debug)]
struct Savepoint {
    xid: Xid,
    /// Savepoints that were released inside it.
    inner: Vec<Xid>,
    mark: Mark,
}

impl Running {
    fn xid(&self) -> Xid {
        self.savepoints.last().map_or(self.xid, |inner| inner.xid)
    }
}

impl Source {
    pub(crate) fn new(tells: bool) -> Self {
        let tables = source_tables();
        Self {
            database: Database::new(tables.clone()),
            wal: Vec::new(),
            history: BTreeMap::from([(0, tables)]),
            tells,
            running: Vec::new(),
            prepared: Vec::new(),
            lsn: 1000,
            last_xid: 100,
            counter: 10,
            defined: BTreeSet::new(),
        }
    }

    /// Where the WAL ends.
    pub(crate) fn wal_end(&self) -> u64 {
        self.lsn
    }

    /// What everybody saw at a position.
    pub(crate) fn at(&self, lsn: u64) -> &Tables {
        self.history.range(..=lsn).next_back().unwrap().1
    }

    /// Something happens.
    pub(crate) fn step(&mut self, random: &mut Random) {
        if random.chance(2) {
            self.write(0, 0, Body::Heartbeat);
        }
        if !self.prepared.is_empty() && random.chance(8) {
            self.finish_prepared(random);
        }
        let begins = self.running.len() < AT_A_TIME && random.chance(15);
        if self.running.is_empty() || begins {
            self.begin(random);
            return;
        }
        let at = random.below(self.running.len());
        match random.below(100) {
            0..72 => self.change(at, random),
            72..80 => self.savepoint(at),
            80..84 => self.release(at),
            84..89 => self.rollback_to_savepoint(at),
            89..96 => self.commit(at),
            96..98 => self.abort(at),
            _ => self.prepare(at),
        }
    }

    /// All transactions end, and each table has another row.
    pub(crate) fn finish(&mut self, random: &mut Random) {
        while !self.running.is_empty() {
            match random.chance(80) {
                true => self.commit(0),
                false => self.abort(0),
            }
        }
        while !self.prepared.is_empty() {
            self.finish_prepared(random);
        }
        for kind in &KINDS {
            self.begin(random);
            while self.insert(0, kind, random).is_err() {}
            self.commit(0);
        }
        self.write(0, 0, Body::Heartbeat);
    }

    fn begin(&mut self, random: &mut Random) {
        let xid = self.next_xid();
        self.database.begin(xid);
        self.running.push(Running {
            xid,
            savepoints: Vec::new(),
        });
        if random.chance(70) {
            let at = self.running.len() - 1;
            let _ = self.insert(at, &LOG, random);
        }
    }

    fn commit(&mut self, at: usize) {
        let running = self.running.swap_remove(at);
        let end = self.write(running.xid, running.xid, Body::Commit);
        self.database.commit(running.xid);
        self.history.insert(end, self.database.committed.clone());
    }

    fn abort(&mut self, at: usize) {
        let running = self.running.swap_remove(at);
        self.write(running.xid, running.xid, Body::Abort);
        self.database.abort(running.xid);
    }

    fn prepare(&mut self, at: usize) {
        let running = self.running.swap_remove(at);
        let gid = format!("gid {}", running.xid);
        self.write(running.xid, running.xid, Body::Prepare(gid.clone()));
        self.prepared.push((running.xid, gid));
    }

    fn finish_prepared(&mut self, random: &mut Random) {
        let at = random.below(self.prepared.len());
        let (xid, gid) = self.prepared.swap_remove(at);
        if random.chance(70) {
            let end = self.write(xid, xid, Body::CommitPrepared(gid));
            self.database.commit(xid);
            self.history.insert(end, self.database.committed.clone());
        } else {
            self.write(xid, xid, Body::RollbackPrepared(gid));
            self.database.abort(xid);
        }
    }

    fn savepoint(&mut self, at: usize) {
        let xid = self.next_xid();
        let running = &mut self.running[at];
        if running.savepoints.len() < 3 {
            running.savepoints.push(Savepoint {
                xid,
                inner: Vec::new(),
                mark: self.database.mark(running.xid),
            });
        }
    }

    fn release(&mut self, at: usize) {
        let savepoints = &mut self.running[at].savepoints;
        if let Some(released) = savepoints.pop()
            && let Some(outer) = savepoints.last_mut()
        {
            outer.inner.extend(released.inner);
            outer.inner.push(released.xid);
        }
    }

    fn rollback_to_savepoint(&mut self, at: usize) {
        let running = &mut self.running[at];
        let top = running.xid;
        if let Some(savepoint) = running.savepoints.pop() {
            self.database.rollback_to(top, savepoint.mark);
            let mut aborted = savepoint.inner;
            aborted.push(savepoint.xid);
            self.write(top, savepoint.xid, Body::SubtransactionsAbort(aborted));
        }
    }

    /// A transaction writes something. What another one stands in the way of is not done.
    fn change(&mut self, at: usize, random: &mut Random) {
        let kind = random.pick(&KINDS);
        let rows = &self.database.table(kind.id).rows;
        let (some, count) = (rows.keys().copied().collect::<Vec<RowId>>(), rows.len());
        let what = random.below(100);
        let done = match what {
            _ if kind.grows => self.insert(at, kind, random),
            0..3 => self.truncate(at, kind, random),
            3..7 => self.define(at, kind, random),
            7..40 if count < ROWS => self.insert(at, kind, random),
            _ if count == 0 => self.insert(at, kind, random),
            7..25 => self.write_row(at, kind, Some(*random.pick(&some)), None),
            25..35 if count > 1 => self.swap(at, kind, &some, random),
            _ => self.update(at, kind, *random.pick(&some), random),
        };
        // Whoever finds a lock or a duplicate does something else.
        let (Ok(()) | Err(Refused::Locked | Refused::Duplicate)) = done;
    }

    fn insert(&mut self, at: usize, kind: &Kind, random: &mut Random) -> Result<(), Refused> {
        let shape = Rc::clone(&self.database.table(kind.id).shape);
        let columns = shape.columns.iter();
        let row = columns.map(|column| {
            let value = match kind.grows && column.number == 5 {
                true => {
                    self.counter += 1;
                    Some(self.counter.to_string())
                }
                false => value(column.number, random),
            };
            (column.number, value)
        });
        let row = row.collect();
        self.write_row(at, kind, None, Some(row))
    }

    fn update(
        &mut self,
        at: usize,
        kind: &Kind,
        row: RowId,
        random: &mut Random,
    ) -> Result<(), Refused> {
        let mut values = self.database.table(kind.id).rows[&row].clone();
        for (number, value_now) in &mut values {
            let often = if kind.needs(*number) { 15 } else { 40 };
            if random.chance(often) {
                *value_now = value(*number, random);
            }
        }
        self.write_row(at, kind, Some(row), Some(values))
    }

    /// Two rows take each other's place, by a third where a unique index wants that.
    fn swap(
        &mut self,
        at: usize,
        kind: &Kind,
        rows: &[RowId],
        random: &mut Random,
    ) -> Result<(), Refused> {
        let first = random.below(rows.len());
        let ids = [rows[first], rows[(first + 1) % rows.len()]];
        let known = &self.database.table(kind.id).rows;
        let [mut one, mut other] = ids.map(|id| known[&id].clone());
        let some = random.chance(50);
        let mut between = one.clone();
        for number in [1, 4] {
            if let (Some(one), Some(other)) = (one.get_mut(&number), other.get_mut(&number))
                && (number == 4 || some)
            {
                std::mem::swap(one, other);
                between.insert(number, Some("99".to_owned()));
            }
        }
        if !kind.deferred {
            self.write_row(at, kind, Some(ids[0]), Some(between))?;
        }
        self.write_row(at, kind, Some(ids[1]), Some(other))?;
        self.write_row(at, kind, Some(ids[0]), Some(one))
    }

    fn truncate(&mut self, at: usize, kind: &Kind, random: &mut Random) -> Result<(), Refused> {
        let mut tables = vec![kind.id];
        tables.extend(kind.child);
        let top = self.running[at].xid;
        let mark = self.database.mark(top);
        let mut shapes = Vec::new();
        for table in tables {
            let mut empty = self.database.table(table).clone();
            shapes.push(Rc::clone(&empty.shape));
            empty.rows.clear();
            if let Err(refused) = self.database.replace(top, table, empty) {
                self.database.rollback_to(top, mark);
                return Err(refused);
            }
        }
        let cascade = kind.child.is_some() && random.chance(50);
        self.write(
            top,
            self.running[at].xid(),
            Body::Truncate { shapes, cascade },
        );
        Ok(())
    }

    /// The table gets another definition.
    fn define(&mut self, at: usize, kind: &Kind, random: &mut Random) -> Result<(), Refused> {
        let is_possible = match self.tells {
            // What the trigger tells of a subtransaction that aborts in a transaction in progress can't be told from the rest.
            true => self.running[at].savepoints.is_empty(),
            // Without a trigger two definitions that follow each other before the catalogue is read are one.
            false => self.defined.insert(kind.id),
        };
        if !is_possible {
            return Ok(());
        }
        let mut table = self.database.table(kind.id).clone();
        let mut shape = TableShape::clone(&table.shape);
        self.counter += 1;
        let name = format!("n{}", self.counter);
        let some = random.below(shape.columns.len());
        match random.below(10) {
            0..4 => {
                let mut added = column(self.counter, &name);
                added.missing = value(self.counter, random);
                for row in table.rows.values_mut() {
                    row.insert(added.number, added.missing.clone());
                }
                shape.columns.push(added);
            }
            4..7 if shape.columns.len() > 1 && !kind.needs(shape.columns[some].number) => {
                let dropped = shape.columns.remove(some).number;
                for row in table.rows.values_mut() {
                    row.remove(&dropped);
                }
            }
            7 => shape.name.table = name,
            _ => shape.columns[some].name = name,
        }
        table.shape = Rc::new(shape);
        let shape = Rc::clone(&table.shape);
        let (top, xid) = (self.running[at].xid, self.running[at].xid());
        self.database.replace(top, kind.id, table)?;
        self.write(top, xid, Body::Define(kind.id));
        if self.tells {
            self.write(top, xid, Body::Told(shape));
        }
        Ok(())
    }

    fn write_row(
        &mut self,
        at: usize,
        kind: &Kind,
        row: Option<RowId>,
        after: Option<Row>,
    ) -> Result<(), Refused> {
        let (top, xid) = (self.running[at].xid, self.running[at].xid());
        let table = self.database.table(kind.id);
        let shape = Rc::clone(&table.shape);
        let before = row.and_then(|row| table.rows.get(&row).cloned());
        self.database.write(top, kind.id, row, after.clone())?;
        let body = Body::Row {
            shape,
            before,
            after,
        };
        self.write(top, xid, body);
        Ok(())
    }

    /// Writes a record down, and says where it ends.
    fn write(&mut self, top: Xid, xid: Xid, body: Body) -> u64 {
        let (lsn, end) = (self.lsn, self.lsn + 8);
        self.lsn = end;
        self.wal.push(Rc::new(Record {
            lsn,
            end,
            top,
            xid,
            body,
        }));
        end
    }

    fn next_xid(&mut self) -> Xid {
        self.last_xid += 1;
        self.last_xid
    }
}

/// A value for a column. Those with a `T` are TOASTed.
fn value(number: i16, random: &mut Random) -> Option<String> {
    let toasted = match number {
        1 | 4 => 8,
        3 => 60,
        _ => 0,
    };
    let mark = if random.chance(toasted) { "T" } else { "" };
    match number {
        1 | 4 => Some(format!("{mark}{}", random.below(12))),
        _ if random.chance(15) => None,
        _ => Some(format!("{mark}{number}{}", random.below(3))),
    }
}
