//! One transaction that is kept: its changes are added, written to its file, and handed out in pieces.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use endpoint::source::ddl::DDL;
use pgoutput::Tuple;
use pgoutput::message::Xid;
use replication::piece::{Barrier, Change, ChangeKind, Piece, Subtransaction};
use replication::relation::Relation;

use super::block::Block;
use super::failed;
use crate::definition;
use crate::error::Error;

/// A block is closed at this size: what one target statement of a large transaction is made from when it is read back.
const BLOCK_BYTES: usize = 8 << 20;

/// One transaction.
#[derive(Debug, Default)]
pub(crate) struct Spill {
    relations: Vec<Arc<Relation>>,
    barriers: Vec<Barrier>,
    pub(super) aborted: HashSet<Xid>,
    /// Written blocks, all before those in memory.
    pub(super) file: Option<Written>,
    blocks: Vec<Block>,
}

/// The file of a transaction. It is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Written {
    path: PathBuf,
    writer: BufWriter<File>,
    blocks: usize,
    pub(super) bytes: u64,
}

/// The pieces of a transaction that was kept.
#[derive(Debug)]
pub(crate) struct Pieces {
    spill: Spill,
    file: Option<BufReader<File>>,
    left: usize,
    blocks: std::vec::IntoIter<Block>,
}

impl Spill {
    /// Copies the changes. Answers how many bytes of memory they take.
    pub(super) fn add(&mut self, xid: Xid, piece: &Piece) -> usize {
        let before = self.in_memory();
        let relations: Vec<u32> = piece
            .relations
            .iter()
            .map(|relation| self.relation(relation))
            .collect();
        let whole = [Subtransaction {
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

    fn change(&mut self, mut xid: Xid, piece: &Piece, change: &Change, relations: &[u32]) {
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
            if let Barrier::Message { prefix, content } = &barrier
                && prefix == DDL
            {
                // What the stream calls the transaction's may be a subtransaction's.
                xid = definition::subtransaction(content).unwrap_or(xid);
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

    pub(super) fn in_memory(&self) -> usize {
        self.blocks.iter().map(Block::size).sum()
    }

    /// Writes what is in memory. Answers how many bytes were.
    pub(super) fn write(&mut self, path: &Path) -> io::Result<usize> {
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
