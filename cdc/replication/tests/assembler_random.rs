//! Random streams: whatever interleaves, however frames are cut, and wherever the connection breaks, the transactions that committed
//! arrive, once each and in their order.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use pgoutput::{Lsn, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use replication::assembler::{Assembler, Settings};
use replication::piece::{ChangeKind, Delivery, Piece};

mod support;

use support::Writer;

/// Something that the server does next.
#[derive(Clone, Debug)]
enum Action {
    /// A transaction with so many rows.
    Whole(usize),
    /// A part of one of some transactions in progress: rows of its subtransactions (0 is itself).
    Part(usize, Vec<u32>),
    /// A subtransaction aborts.
    AbortPart(usize, u32),
    /// A transaction in progress ends.
    End {
        stream: usize,
        commits: bool,
    },
    Keepalive,
    /// The table gets another column, or loses it.
    Alter,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        5 => (0..5_usize).prop_map(Action::Whole),
        5 => (0..3_usize, vec(0..3_u32, 0..6)).prop_map(|(stream, rows)| Action::Part(stream, rows)),
        2 => (0..3_usize, 1..3_u32).prop_map(|(stream, part)| Action::AbortPart(stream, part)),
        3 => (0..3_usize, any::<bool>()).prop_map(|(stream, commits)| Action::End { stream, commits }),
        1 => Just(Action::Keepalive),
        1 => Just(Action::Alter),
    ]
}

/// A transaction that committed: where it ends, and its rows.
type Committed = (u64, Vec<String>);

/// What the server sends, and what committed.
#[derive(Default)]
struct Server {
    writer: Writer,
    committed: Vec<Committed>,
    /// Transactions in progress, by their place: id, rows with their subtransactions.
    streams: BTreeMap<usize, (u32, Vec<(u32, String)>)>,
    /// To whom the table was described as it is: 0, or a transaction in progress.
    told: Vec<u32>,
    two_columns: bool,
    clock: u64,
}

impl Server {
    fn send(actions: &[Action]) -> Self {
        let mut server = Self::default();
        for action in actions {
            server.act(action);
        }
        server.keepalive();
        server
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Whole(rows) => self.whole(*rows),
            Action::Part(stream, rows) => self.part(*stream, rows),
            Action::AbortPart(stream, part) => self.abort_part(*stream, *part),
            Action::End { stream, commits } => self.end(*stream, *commits),
            Action::Keepalive => self.keepalive(),
            Action::Alter => {
                self.two_columns = !self.two_columns;
                self.told.clear();
            }
        }
    }

    fn whole(&mut self, count: usize) {
        let lsn = self.tick();
        self.writer.begin(u32::try_from(lsn).unwrap(), lsn);
        let rows = (0..count).map(|_| self.row(0)).collect();
        self.writer.commit(lsn, lsn + 8);
        self.commit(lsn + 8, rows);
    }

    fn part(&mut self, stream: usize, rows: &[u32]) {
        let fresh = u32::try_from(self.tick()).unwrap();
        let xid = self.streams.entry(stream).or_insert((fresh, Vec::new())).0;
        self.writer.stream_start(xid);
        for part in rows {
            self.writer.xid = Some(xid + part);
            let row = self.row(xid);
            self.streams.get_mut(&stream).unwrap().1.push((*part, row));
        }
        self.writer.stream_stop();
    }

    fn abort_part(&mut self, stream: usize, part: u32) {
        if let Some((xid, rows)) = self.streams.get_mut(&stream) {
            self.writer.stream_abort(*xid, *xid + part);
            rows.retain(|(of, _)| *of != part);
            let xid = *xid;
            self.told.retain(|told| *told != xid);
        }
    }

    fn end(&mut self, stream: usize, commits: bool) {
        let lsn = self.tick();
        let Some((xid, rows)) = self.streams.remove(&stream) else {
            return;
        };
        if commits {
            self.writer.stream_commit(xid, lsn, lsn + 8);
            if self.told.contains(&xid) {
                self.told.push(0);
            }
            self.commit(lsn + 8, rows.into_iter().map(|(_, row)| row).collect());
        } else {
            self.writer.stream_abort(xid, xid);
        }
        self.told.retain(|told| *told != xid);
    }

    fn keepalive(&mut self) {
        let lsn = self.tick();
        self.writer.keepalive(lsn, 0);
    }

    fn commit(&mut self, end: u64, rows: Vec<String>) {
        if !rows.is_empty() {
            self.committed.push((end, rows));
        }
    }

    /// Sends a row, with the table's description first if it wasn't told to this transaction.
    fn row(&mut self, to: u32) -> String {
        let columns = [("id", true), ("more", false)];
        let columns = &columns[..1 + usize::from(self.two_columns)];
        if !self.told.contains(&to) {
            self.writer.relation(1, "t", b'd', columns);
            self.told.push(to);
        }
        let row = self.tick().to_string();
        let cells = [row.as_str(), "more"];
        self.writer.insert(1, &cells[..columns.len()]);
        row
    }

    fn tick(&mut self) -> u64 {
        self.clock += 10;
        self.clock
    }
}

/// Does with deliveries what an applier does.
#[derive(Default)]
struct Receiver {
    committed: Vec<Committed>,
    /// The rows of a transaction that goes on.
    open: Vec<String>,
    streams: BTreeMap<u32, Vec<(u32, String)>>,
    position: u64,
}

impl Receiver {
    fn take(&mut self, delivery: Delivery, sent: &[Committed]) {
        match delivery {
            Delivery::Piece(piece) => self.piece(&piece),
            Delivery::Streamed { xid, piece } => {
                assert!(piece.ends.is_empty());
                let mut runs = piece.subtransactions.iter().peekable();
                for (index, row) in rows(&piece) {
                    while runs.peek().is_some_and(|run| run.changes as usize <= index) {
                        runs.next();
                    }
                    let subxid = runs.peek().unwrap().xid;
                    self.streams.entry(xid).or_default().push((subxid, row));
                }
            }
            Delivery::StreamedAbort { xid, subxid } if xid == subxid => {
                self.streams.remove(&xid).unwrap();
            }
            Delivery::StreamedAbort { xid, subxid } => {
                let rows = self.streams.get_mut(&xid).unwrap();
                rows.retain(|(of, _)| *of != subxid);
            }
            Delivery::StreamedCommit { end } => {
                let rows = self.streams.remove(&end.xid).unwrap();
                let rows: Vec<String> = rows.into_iter().map(|(_, row)| row).collect();
                // All its rows may have been of subtransactions that aborted.
                if !rows.is_empty() {
                    self.committed.push((end.end_lsn.0, rows));
                }
                self.position = end.end_lsn.0;
            }
            Delivery::Position { lsn, .. } => {
                assert!(self.open.is_empty() && lsn.0 > self.position);
                self.position = lsn.0;
                // Nothing that was not delivered is before it.
                let before = sent.iter().rfind(|(end, _)| *end <= lsn.0);
                let missing = before
                    .filter(|(end, _)| self.committed.last().is_none_or(|(last, _)| last < end));
                assert_eq!(missing, None);
            }
            other @ (Delivery::Prepared { .. } | Delivery::PreparedEnd { .. }) => {
                panic!("{other:?} was not sent")
            }
        }
    }

    fn piece(&mut self, piece: &Piece) {
        let mut rows = rows(piece).into_iter().peekable();
        for end in &piece.ends {
            while let Some((_, row)) = rows.next_if(|(index, _)| *index < end.changes as usize) {
                self.open.push(row);
            }
            let committed = std::mem::take(&mut self.open);
            self.committed.push((end.end_lsn.0, committed));
            self.position = end.end_lsn.0;
        }
        // A part of an open transaction comes by itself.
        let rest: Vec<String> = rows.map(|(_, row)| row).collect();
        assert_eq!(piece.is_open(), !rest.is_empty());
        assert!(rest.is_empty() || piece.ends.is_empty());
        self.open.extend(rest);
    }
}

/// A piece's rows, each with its index among the changes.
fn rows(piece: &Piece) -> Vec<(usize, String)> {
    let mut rows = Vec::new();
    for (index, relation) in piece.relations.iter().enumerate() {
        let before = &piece.relations[..index];
        assert!(!before.iter().any(|other| Arc::ptr_eq(other, relation)));
    }
    for (index, change) in piece.changes.iter().enumerate() {
        if change.kind == ChangeKind::Insert {
            let new = piece.new(change).unwrap();
            assert_eq!(new.len(), piece.relation(change).columns.len());
            match new.value(0) {
                Some(Value::Text(id)) => {
                    rows.push((index, String::from_utf8(id.to_vec()).unwrap()))
                }
                other => panic!("{other:?} is no id"),
            }
        }
    }
    rows
}

/// How a connection goes.
#[derive(Clone, Debug)]
struct Connection {
    piece_bytes: usize,
    /// How many messages are in the frames, and how many deliveries are taken after each; around and around.
    frames: Vec<(usize, usize)>,
}

fn connection() -> impl Strategy<Value = Connection> {
    let frames = vec(
        (1..9_usize, prop_oneof![Just(0_usize), 1..3_usize, Just(99)]),
        1..9,
    );
    (prop_oneof![60..200_usize, Just(1 << 20)], frames).prop_map(|(piece_bytes, frames)| {
        Connection {
            piece_bytes,
            frames,
        }
    })
}

/// Receives messages after a checkpoint.
fn receive(
    messages: &[Bytes],
    checkpoint: u64,
    connection: &Connection,
    sent: &[Committed],
    all: bool,
) -> Receiver {
    let mut assembler = Assembler::new(Settings {
        checkpoint: Lsn(checkpoint),
        piece_bytes: connection.piece_bytes,
        message_prefixes: Vec::new(),
    });
    let mut receiver = Receiver {
        position: checkpoint,
        ..Receiver::default()
    };
    let sent: Vec<Committed> = sent
        .iter()
        .filter(|(end, _)| *end > checkpoint)
        .cloned()
        .collect();
    let mut rest = messages;
    for (size, takes) in connection.frames.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (frame, after) = rest.split_at((*size).min(rest.len()));
        rest = after;
        assembler.read(Bytes::from(frame.concat())).unwrap();
        for _ in 0..*takes {
            let ready = assembler.is_ready();
            let delivery = assembler.take();
            assert_eq!(ready, delivery.is_some());
            match delivery {
                Some(delivery) => receiver.take(delivery, &sent),
                None => break,
            }
        }
    }
    if all {
        while let Some(delivery) = assembler.take() {
            receiver.take(delivery, &sent);
        }
    }
    receiver
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn what_committed_arrives(actions in vec(action(), 0..40), connection in connection()) {
        let server = Server::send(&actions);
        let receiver = receive(&server.writer.messages(), 0, &connection, &server.committed, true);
        prop_assert_eq!(&receiver.committed, &server.committed);
        prop_assert_eq!(receiver.position, server.clock);
    }

    #[test]
    fn a_broken_connection_loses_and_doubles_nothing(
        actions in vec(action(), 0..40),
        connections in [connection(), connection()],
        broken: Index,
    ) {
        let server = Server::send(&actions);
        let messages = server.writer.messages();
        let arrived = &messages[..broken.index(messages.len() + 1)];
        let first = receive(arrived, 0, &connections[0], &server.committed, false);
        let second = receive(&messages, first.position, &connections[1], &server.committed, true);
        let both = [first.committed, second.committed].concat();
        prop_assert_eq!(both, server.committed);
    }
}
