//! Changes of transactions in progress, kept until their end: in memory while they fit, on disk beyond.
//!
//! A change is kept as its tuples' bytes only, so that what waits does not hold the frames of the stream in memory. Nothing here survives a
//! restart, and need not: the source sends again what was not confirmed.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use pgoutput::Tuple;
use pgoutput::message::Xid;
use replication::piece::{Barrier, Change, ChangeKind, Piece};
use replication::relation::Relation;

use crate::error::Error;

/// A block is closed at this size: what one target statement of a large transaction is made from when it is read back.
const BLOCK_BYTES: usize = 8 << 20;

/// All transactions in progress that are kept.
#[derive(Debug)]
pub(crate) struct Spills {
    directory: PathBuf,
    /// Bytes that may be in memory, in all.
    budget: usize,
    in_memory: usize,
    on_disk: u64,
    transactions: HashMap<Xid, Spill>,
}

/// One transaction.
#[derive(Debug, Default)]
pub(crate) struct Spill {
    relations: Vec<Arc<Relation>>,
    barriers: Vec<Barrier>,
    aborted: HashSet<Xid>,
    /// Written blocks, all before those in memory.
    file: Option<Written>,
    blocks: Vec<Block>,
}

/// The file of a transaction. It is removed when it is dropped.
#[derive(Debug)]
struct Written {
    path: PathBuf,
    writer: BufWriter<File>,
    blocks: usize,
    bytes: u64,
}

/// Changes, and the bytes that they point into.
#[derive(Debug, Default)]
struct Block {
    bytes: Vec<u8>,
    changes: Vec<Change>,
    /// Whose the changes are: runs that end before an index of `changes`.
    runs: Vec<(Xid, u32)>,
}

impl Spills {
    /// Keeps up to `budget` bytes in memory, and the rest in files in a directory, which is made anew.
    ///
    /// # Errors
    /// When the directory can't be made.
    pub(crate) fn new(directory: PathBuf, budget: usize) -> Result<Self, Error> {
        let failed = failed("make a directory");
        match std::fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        Ok(Self {
            directory,
            budget,
            in_memory: 0,
            on_disk: 0,
            transactions: HashMap::new(),
        })
    }

    /// Keeps the changes of a streamed piece. Says whether something went to disk.
    ///
    /// # Errors
    /// When the disk refuses them.
    pub(crate) fn add(&mut self, xid: Xid, piece: &Piece) -> Result<bool, Error> {
        let spill = self.transactions.entry(xid).or_default();
        self.in_memory += spill.add(xid, piece);
        if self.in_memory <= self.budget {
            return Ok(false);
        }
        let mut largest: Vec<Xid> = self.transactions.keys().copied().collect();
        largest.sort_by_key(|xid| std::cmp::Reverse(self.transactions[xid].in_memory()));
        for xid in largest {
            if self.in_memory * 2 <= self.budget {
                break;
            }
            let Some(spill) = self.transactions.get_mut(&xid) else {
                continue;
            };
            let path = self.directory.join(format!("{xid}.changes"));
            let written = spill.write(&path).map_err(failed("write changes"))?;
            self.in_memory -= written;
            self.on_disk += written as u64;
        }
        Ok(true)
    }

    /// A transaction, or a subtransaction of it, aborted.
    pub(crate) fn abort(&mut self, xid: Xid, subxid: Xid) {
        if xid == subxid {
            self.take(xid);
        } else if let Some(spill) = self.transactions.get_mut(&xid) {
            spill.aborted.insert(subxid);
        }
    }

    /// A transaction committed: hands out what was kept for it. Nothing if it is not known.
    pub(crate) fn take(&mut self, xid: Xid) -> Option<Spill> {
        let spill = self.transactions.remove(&xid)?;
        self.in_memory -= spill.in_memory();
        self.on_disk -= spill.file.as_ref().map_or(0, |file| file.bytes);
        Some(spill)
    }

    /// Whether changes of the transaction are kept.
    pub(crate) fn has(&self, xid: Xid) -> bool {
        self.transactions.contains_key(&xid)
    }

    /// Bytes on disk.
    pub(crate) fn on_disk(&self) -> u64 {
        self.on_disk
    }
}

impl Drop for Spills {
    fn drop(&mut self) {
        self.transactions.clear();
        // It isn't there when nothing was ever written.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Spill {
    /// Copies the changes. Answers how many bytes of memory they take.
    fn add(&mut self, xid: Xid, piece: &Piece) -> usize {
        let before = self.in_memory();
        let relations: Vec<u32> = piece
            .relations
            .iter()
            .map(|relation| self.relation(relation))
            .collect();
        let whole = [replication::piece::Subtransaction {
            xid,
            changes: u32::try_from(piece.changes.len()).unwrap_or(u32::MAX),
        }];
        let runs = if piece.subtransactions.is_empty() {
            &whole[..]
        } else {
            &piece.subtransactions[..]
        };
        let mut start = 0;
        for run in runs {
            for change in &piece.changes[start..run.changes as usize] {
                self.change(run.xid, piece, change, &relations);
            }
            start = run.changes as usize;
        }
        self.in_memory() - before
    }

    fn relation(&mut self, relation: &Arc<Relation>) -> u32 {
        let known = self
            .relations
            .iter()
            .position(|known| Arc::ptr_eq(known, relation));
        let index = known.unwrap_or_else(|| {
            self.relations.push(Arc::clone(relation));
            self.relations.len() - 1
        });
        u32::try_from(index).expect("there are fewer relations than OIDs")
    }

    fn change(&mut self, xid: Xid, piece: &Piece, change: &Change, relations: &[u32]) {
        let mut kept = *change;
        let barriers = u32::try_from(self.barriers.len()).expect("barriers are few");
        if self
            .blocks
            .last()
            .is_none_or(|block| block.size() >= BLOCK_BYTES)
        {
            self.blocks.push(Block::default());
        }
        let block = self.blocks.last_mut().expect("one was pushed");
        kept.frame = 0;
        kept.offset = u32::try_from(block.bytes.len()).expect("a block is far below 4 GiB");
        if change.kind == ChangeKind::Barrier {
            kept.relation = barriers;
            let mut barrier = piece.barriers[change.relation as usize].clone();
            match &mut barrier {
                Barrier::Truncate { relations: of, .. } => {
                    for relation in of {
                        *relation = relations[*relation as usize];
                    }
                }
                Barrier::Relation { after, .. } => *after = relations[*after as usize],
                Barrier::Message { .. } => {}
            }
            self.barriers.push(barrier);
        } else {
            kept.relation = relations[change.relation as usize];
            let bytes = &piece.frames[change.frame as usize][change.offset as usize..];
            block
                .bytes
                .extend_from_slice(&bytes[..length(change.kind, bytes)]);
        }
        block.changes.push(kept);
        let end = u32::try_from(block.changes.len()).expect("a block is far below 4 GiB");
        match block.runs.last_mut() {
            Some((last, changes)) if *last == xid => *changes = end,
            _ => block.runs.push((xid, end)),
        }
    }

    fn in_memory(&self) -> usize {
        self.blocks.iter().map(Block::size).sum()
    }

    /// Writes what is in memory. Answers how many bytes were.
    fn write(&mut self, path: &Path) -> io::Result<usize> {
        let size = self.in_memory();
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                if let Some(directory) = path.parent() {
                    std::fs::create_dir_all(directory)?;
                }
                let writer = BufWriter::with_capacity(256 << 10, File::create(path)?);
                none.insert(Written {
                    path: path.to_owned(),
                    writer,
                    blocks: 0,
                    bytes: 0,
                })
            }
        };
        for block in self.blocks.drain(..) {
            block.write(&mut file.writer)?;
            file.blocks += 1;
        }
        file.bytes += size as u64;
        Ok(size)
    }

    /// The changes that did not abort, in their order, in pieces of some megabytes; only the last has the transaction's end, if it is given one by
    /// the caller.
    ///
    /// # Errors
    /// When the file can't be read.
    pub(crate) fn into_pieces(mut self) -> Result<Pieces, Error> {
        let read = || failed("read changes back");
        let file = match &mut self.file {
            Some(file) => {
                file.writer.flush().map_err(failed("write changes"))?;
                Some(BufReader::with_capacity(
                    1 << 20,
                    File::open(&file.path).map_err(read())?,
                ))
            }
            None => None,
        };
        Ok(Pieces {
            blocks: std::mem::take(&mut self.blocks).into_iter(),
            left: self.file.as_ref().map_or(0, |file| file.blocks),
            file,
            spill: self,
        })
    }
}

/// The pieces of a transaction that was kept.
#[derive(Debug)]
pub(crate) struct Pieces {
    spill: Spill,
    file: Option<BufReader<File>>,
    left: usize,
    blocks: std::vec::IntoIter<Block>,
}

impl Pieces {
    /// The next piece; nothing after the last.
    ///
    /// # Errors
    /// When the file can't be read.
    pub(crate) fn next(&mut self) -> Result<Option<Piece>, Error> {
        loop {
            let block = match &mut self.file {
                Some(file) if self.left > 0 => {
                    self.left -= 1;
                    Some(Block::read(file).map_err(failed("read changes back"))?)
                }
                _ => self.blocks.next(),
            };
            let Some(block) = block else { return Ok(None) };
            let piece = self.spill.piece(block);
            if !piece.changes.is_empty() {
                return Ok(Some(piece));
            }
        }
    }
}

impl Spill {
    fn piece(&self, block: Block) -> Piece {
        let changes = if self.aborted.is_empty() {
            block.changes
        } else {
            let mut changes = Vec::with_capacity(block.changes.len());
            let mut start = 0;
            for (xid, end) in block.runs {
                if !self.aborted.contains(&xid) {
                    changes.extend_from_slice(&block.changes[start..end as usize]);
                }
                start = end as usize;
            }
            changes
        };
        Piece {
            bytes: block.bytes.len(),
            frames: vec![Bytes::from(block.bytes)],
            relations: self.relations.clone(),
            changes,
            barriers: self.barriers.clone(),
            ends: Vec::new(),
            subtransactions: Vec::new(),
        }
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // Whoever can't remove it here finds it removed at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// How many bytes a change's tuples take.
fn length(kind: ChangeKind, bytes: &[u8]) -> usize {
    let tuple = |bytes| {
        Tuple::read(bytes)
            .expect("the assembler decoded this tuple")
            .1
    };
    match kind {
        ChangeKind::Insert
        | ChangeKind::Update
        | ChangeKind::DeleteKey
        | ChangeKind::DeleteFull => tuple(bytes),
        ChangeKind::UpdateKey | ChangeKind::UpdateFull => {
            // The byte `N` stands between the two.
            let old = tuple(bytes) + 1;
            old + tuple(&bytes[old..])
        }
        ChangeKind::Barrier => 0,
    }
}

/// One byte for each kind, in the file.
const KINDS: [ChangeKind; 7] = [
    ChangeKind::Insert,
    ChangeKind::Update,
    ChangeKind::UpdateKey,
    ChangeKind::UpdateFull,
    ChangeKind::DeleteKey,
    ChangeKind::DeleteFull,
    ChangeKind::Barrier,
];

impl Block {
    fn size(&self) -> usize {
        self.bytes.len() + self.changes.len() * size_of::<Change>()
    }

    fn write(&self, to: &mut impl Write) -> io::Result<()> {
        for length in [self.bytes.len(), self.changes.len(), self.runs.len()] {
            to.write_all(&(length as u64).to_le_bytes())?;
        }
        to.write_all(&self.bytes)?;
        for change in &self.changes {
            let kind = KINDS.iter().position(|kind| *kind == change.kind);
            let kind = u8::try_from(kind.expect("all kinds are listed")).expect("there are seven");
            to.write_all(&[kind])?;
            to.write_all(&change.relation.to_le_bytes())?;
            to.write_all(&change.offset.to_le_bytes())?;
        }
        for (xid, end) in &self.runs {
            to.write_all(&xid.to_le_bytes())?;
            to.write_all(&end.to_le_bytes())?;
        }
        Ok(())
    }

    fn read(from: &mut impl Read) -> io::Result<Self> {
        let number = |from: &mut dyn Read| -> io::Result<u32> {
            let mut bytes = [0; 4];
            from.read_exact(&mut bytes)?;
            Ok(u32::from_le_bytes(bytes))
        };
        let mut lengths = [0_usize; 3];
        for length in &mut lengths {
            let mut bytes = [0; 8];
            from.read_exact(&mut bytes)?;
            *length = usize::try_from(u64::from_le_bytes(bytes)).map_err(io::Error::other)?;
        }
        let [bytes, changes, runs] = lengths;
        let mut block = Self {
            bytes: vec![0; bytes],
            changes: Vec::with_capacity(changes),
            runs: Vec::with_capacity(runs),
        };
        from.read_exact(&mut block.bytes)?;
        for _ in 0..changes {
            let mut kind = [0];
            from.read_exact(&mut kind)?;
            let kind = KINDS.get(usize::from(kind[0]));
            block.changes.push(Change {
                kind: *kind.ok_or_else(|| io::Error::other("unknown kind of change"))?,
                relation: number(from)?,
                frame: 0,
                offset: number(from)?,
            });
        }
        for _ in 0..runs {
            block.runs.push((number(from)?, number(from)?));
        }
        Ok(block)
    }
}

/// For `map_err`: says what was tried.
fn failed(what: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Spill {
        what: what.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use pgoutput::Value;
    use pgoutput::message::{ReplicaIdentity, Xid};
    use proptest::prelude::*;
    use replication::piece::{Barrier, Change, ChangeKind, Piece, Subtransaction};
    use replication::relation::{Relation, TableName};

    use super::Spills;

    fn relation() -> Arc<Relation> {
        Arc::new(Relation {
            id: 1,
            name: TableName::new("public", "t"),
            identity: ReplicaIdentity::Default,
            columns: Vec::new(),
        })
    }

    /// A piece with one change for each value: inserts, updates with their old keys, and messages for 0.
    fn piece(runs: &[(Xid, Vec<u8>)]) -> Piece {
        let mut piece = Piece {
            relations: vec![relation()],
            ..Piece::default()
        };
        let mut bytes = b"before".to_vec();
        for (xid, values) in runs {
            for value in values {
                let mut change = Change {
                    kind: ChangeKind::Insert,
                    relation: 0,
                    frame: 0,
                    offset: u32::try_from(bytes.len()).unwrap(),
                };
                let tuple = [0, 1, b't', 0, 0, 0, 1, *value];
                match value % 3 {
                    0 if *value == 0 => {
                        change.kind = ChangeKind::Barrier;
                        change.relation = u32::try_from(piece.barriers.len()).unwrap();
                        piece.barriers.push(Barrier::Message {
                            prefix: "p".to_owned(),
                            content: Bytes::from_static(b"c"),
                        });
                    }
                    1 => {
                        change.kind = ChangeKind::UpdateKey;
                        bytes.extend_from_slice(&[0, 1, b'n']);
                        bytes.push(b'N');
                    }
                    _ => {}
                }
                bytes.extend_from_slice(&tuple);
                piece.changes.push(change);
            }
            piece.subtransactions.push(Subtransaction {
                xid: *xid,
                changes: u32::try_from(piece.changes.len()).unwrap(),
            });
        }
        piece.frames.push(Bytes::from(bytes));
        piece
    }

    /// The values of a piece's changes, 0 for a message.
    fn values(piece: &Piece) -> Vec<u8> {
        let value = |change: &Change| match piece.new(change) {
            Some(tuple) => match tuple.value(0) {
                Some(Value::Text(text)) => text[0],
                other => panic!("{other:?} is no value of these tests"),
            },
            None => {
                assert!(matches!(
                    piece.barriers[change.relation as usize],
                    Barrier::Message { .. }
                ));
                0
            }
        };
        piece.changes.iter().map(value).collect()
    }

    proptest! {
        #[test]
        fn what_did_not_abort_comes_back_in_its_order(
            pieces in prop::collection::vec(
                (1_u32..3, prop::collection::vec((0_u32..4, prop::collection::vec(any::<u8>(), 0..9)), 0..4)), 0..12),
            aborted in prop::collection::vec((1_u32..3, 1_u32..4), 0..3),
            budget in 0_usize..400,
        ) {
            let directory = tempfile::tempdir().unwrap();
            let mut spills = Spills::new(directory.path().join("task"), budget).unwrap();
            let mut model: Vec<(Xid, Xid, u8)> = Vec::new();
            for (xid, runs) in &pieces {
                // Subtransactions of 1 are 100 to 103, and 100 stands for the top level.
                let runs: Vec<(Xid, Vec<u8>)> = runs
                    .iter()
                    .map(|(sub, values)| (if *sub == 0 { *xid } else { xid * 100 + sub }, values.clone()))
                    .collect();
                spills.add(*xid, &piece(&runs)).unwrap();
                for (sub, values) in &runs {
                    model.extend(values.iter().map(|value| (*xid, *sub, *value)));
                }
            }
            for (xid, sub) in &aborted {
                spills.abort(*xid, xid * 100 + sub);
                model.retain(|(_, kept, _)| *kept != xid * 100 + sub);
            }
            for xid in 1..3 {
                let mut found = Vec::new();
                if let Some(spill) = spills.take(xid) {
                    let mut pieces = spill.into_pieces().unwrap();
                    while let Some(piece) = pieces.next().unwrap() {
                        found.extend(values(&piece));
                    }
                }
                let expected: Vec<u8> =
                    model.iter().filter(|(of, _, _)| *of == xid).map(|(_, _, value)| *value).collect();
                prop_assert_eq!(found, expected);
            }
            prop_assert_eq!((spills.in_memory, spills.on_disk()), (0, 0));
            drop(spills);
            prop_assert!(std::fs::read_dir(directory.path()).unwrap().next().is_none());
        }
    }
}
