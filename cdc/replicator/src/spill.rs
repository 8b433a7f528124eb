//! Changes of transactions in progress, kept until their end: in memory while they fit, on disk beyond.
//!
//! A change is kept as its tuples' bytes only, so that what waits does not hold the frames of the stream in memory. Nothing here survives a
//! restart, and need not: the source sends again what was not confirmed.

mod block;
mod kept;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use pgoutput::message::Xid;
use replication::piece::Piece;

use self::kept::Spill;
use crate::error::Error;

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

/// For `map_err`: says what was tried.
fn failed(what: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Spill {
        what: what.to_owned(),
        source,
    }
}
