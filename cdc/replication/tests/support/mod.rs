//! Writes streams of replication messages, for tests and benchmarks.

#![allow(dead_code, reason = "each test uses a part of it")]

use bytes::Bytes;

pub(crate) mod notation;

/// A value: null (`~`), unchanged (`?`), or text.
pub(crate) fn cell(text: &str, bytes: &mut Vec<u8>) {
    match text {
        "~" => bytes.push(b'n'),
        "?" => bytes.push(b'u'),
        text => {
            bytes.push(b't');
            bytes.extend(length(text.len()));
            bytes.extend(text.as_bytes());
        }
    }
}

/// The old row of an update or a delete.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Old<'a> {
    Key(&'a [&'a str]),
    Full(&'a [&'a str]),
}

/// Writes messages, each as a CopyData message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    /// Where each message starts.
    starts: Vec<usize>,
    /// The transaction or subtransaction that precedes a streamed message.
    pub(crate) xid: Option<u32>,
    /// What messages say about the end of WAL.
    pub(crate) wal_end: u64,
}

impl Writer {
    /// All that was written, as one frame.
    pub(crate) fn frame(self) -> Bytes {
        Bytes::from(self.bytes)
    }

    /// The messages, one by one.
    pub(crate) fn messages(&self) -> Vec<Bytes> {
        let ends = self.starts.iter().skip(1).copied();
        let ends = ends.chain([self.bytes.len()]);
        self.starts
            .iter()
            .zip(ends)
            .map(|(&start, end)| Bytes::copy_from_slice(&self.bytes[start..end]))
            .collect()
    }

    pub(crate) fn begin(&mut self, xid: u32, commit_lsn: u64) {
        let body = [
            b"B",
            &commit_lsn.to_be_bytes()[..],
            &[0; 8],
            &xid.to_be_bytes(),
        ];
        self.data(&body.concat());
    }

    pub(crate) fn commit(&mut self, commit_lsn: u64, end_lsn: u64) {
        self.data(&[&b"C"[..], &commit(commit_lsn, end_lsn)].concat());
    }

    pub(crate) fn relation(&mut self, id: u32, name: &str, identity: u8, columns: &[(&str, bool)]) {
        let mut body = self.change(b'R', id);
        text("public", &mut body);
        text(name, &mut body);
        body.push(identity);
        body.extend(count(columns.len()));
        for (name, key) in columns {
            body.push(u8::from(*key));
            text(name, &mut body);
            body.extend(25_u32.to_be_bytes());
            body.extend((-1_i32).to_be_bytes());
        }
        self.data(&body);
    }

    pub(crate) fn insert(&mut self, id: u32, new: &[&str]) {
        let mut body = self.change(b'I', id);
        row(b'N', new, &mut body);
        self.data(&body);
    }

    pub(crate) fn update(&mut self, id: u32, old: Option<Old<'_>>, new: &[&str]) {
        let mut body = self.change(b'U', id);
        if let Some(old) = old {
            old_row(old, &mut body);
        }
        row(b'N', new, &mut body);
        self.data(&body);
    }

    pub(crate) fn delete(&mut self, id: u32, old: Old<'_>) {
        let mut body = self.change(b'D', id);
        old_row(old, &mut body);
        self.data(&body);
    }

    pub(crate) fn truncate(&mut self, ids: &[u32], flags: u8) {
        let mut body = self.kind(b'T');
        body.extend(length(ids.len()));
        body.push(flags);
        body.extend(ids.iter().flat_map(|id| id.to_be_bytes()));
        self.data(&body);
    }

    pub(crate) fn logical(&mut self, transactional: u8, prefix: &str, content: &str) {
        let mut body = self.kind(b'M');
        body.push(transactional);
        body.extend([0; 8]);
        text(prefix, &mut body);
        body.extend(length(content.len()));
        body.extend(content.as_bytes());
        self.data(&body);
    }

    pub(crate) fn stream_start(&mut self, xid: u32) {
        self.data(&[&b"S"[..], &xid.to_be_bytes(), &[0]].concat());
        self.xid = Some(xid);
    }

    pub(crate) fn stream_stop(&mut self) {
        self.data(b"E");
        self.xid = None;
    }

    pub(crate) fn stream_commit(&mut self, xid: u32, commit_lsn: u64, end_lsn: u64) {
        self.data(&[&b"c"[..], &xid.to_be_bytes(), &commit(commit_lsn, end_lsn)].concat());
    }

    pub(crate) fn stream_abort(&mut self, xid: u32, subxid: u32) {
        self.data(&[&b"A"[..], &xid.to_be_bytes(), &subxid.to_be_bytes()].concat());
    }

    pub(crate) fn begin_prepare(&mut self, xid: u32, lsn: u64, gid: &str) {
        let prepared = prepared(xid, lsn, gid);
        self.data(&[&b"b"[..], &prepared].concat());
    }

    pub(crate) fn prepare(&mut self, xid: u32, lsn: u64, gid: &str) {
        let prepared = prepared(xid, lsn, gid);
        self.data(&[&b"P\0"[..], &prepared].concat());
    }

    pub(crate) fn stream_prepare(&mut self, xid: u32, lsn: u64, gid: &str) {
        let prepared = prepared(xid, lsn, gid);
        self.data(&[&b"p\0"[..], &prepared].concat());
    }

    pub(crate) fn commit_prepared(&mut self, xid: u32, lsn: u64, gid: &str) {
        let prepared = prepared(xid, lsn, gid);
        self.data(&[&b"K\0"[..], &prepared].concat());
    }

    pub(crate) fn rollback_prepared(&mut self, xid: u32, lsn: u64, gid: &str) {
        let mut body = b"r\0".to_vec();
        body.extend([0; 8]);
        body.extend((lsn + 8).to_be_bytes());
        body.extend([0; 16]);
        body.extend(xid.to_be_bytes());
        text(gid, &mut body);
        self.data(&body);
    }

    pub(crate) fn keepalive(&mut self, end: u64, reply: u8) {
        let body = [b"k", &end.to_be_bytes()[..], &[0; 8], &[reply]].concat();
        self.copy_data(&body);
    }

    /// Any bytes in place of a message.
    pub(crate) fn data(&mut self, body: &[u8]) {
        let header = [b"w", &[0; 8][..], &self.wal_end.to_be_bytes(), &[0; 8]].concat();
        self.copy_data(&[&header[..], body].concat());
    }

    fn copy_data(&mut self, payload: &[u8]) {
        self.starts.push(self.bytes.len());
        self.bytes.push(b'd');
        self.bytes.extend(length(payload.len() + 4));
        self.bytes.extend(payload);
    }

    fn kind(&self, kind: u8) -> Vec<u8> {
        let mut body = vec![kind];
        body.extend(self.xid.iter().flat_map(|xid| xid.to_be_bytes()));
        body
    }

    fn change(&self, kind: u8, id: u32) -> Vec<u8> {
        let mut body = self.kind(kind);
        body.extend(id.to_be_bytes());
        body
    }
}

fn row(mark: u8, cells: &[&str], bytes: &mut Vec<u8>) {
    bytes.push(mark);
    bytes.extend(count(cells.len()));
    for text in cells {
        cell(text, bytes);
    }
}

fn old_row(old: Old<'_>, bytes: &mut Vec<u8>) {
    match old {
        Old::Key(cells) => row(b'K', cells, bytes),
        Old::Full(cells) => row(b'O', cells, bytes),
    }
}

fn commit(commit_lsn: u64, end_lsn: u64) -> Vec<u8> {
    let commit = [
        &[0][..],
        &commit_lsn.to_be_bytes(),
        &end_lsn.to_be_bytes(),
        &[0; 8],
    ];
    commit.concat()
}

fn prepared(xid: u32, lsn: u64, gid: &str) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(lsn.to_be_bytes());
    body.extend((lsn + 8).to_be_bytes());
    body.extend([0; 8]);
    body.extend(xid.to_be_bytes());
    text(gid, &mut body);
    body
}

fn text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend(text.as_bytes());
    bytes.push(0);
}

fn count(count: usize) -> [u8; 2] {
    u16::try_from(count)
        .expect("tests have few columns")
        .to_be_bytes()
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length)
        .expect("tests have short values")
        .to_be_bytes()
}
