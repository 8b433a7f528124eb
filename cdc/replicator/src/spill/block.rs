//! A block of changes, with the bytes that they point into, and how it is written to a file.

use std::io::{self, Read, Write};

use pgoutput::message::Xid;
use replication::piece::{Change, ChangeKind};

/// Changes, and the bytes that they point into.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) bytes: Vec<u8>,
    pub(super) changes: Vec<Change>,
    /// Whose the changes are: runs that end before an index of `changes`.
    pub(super) runs: Vec<(Xid, u32)>,
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
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + self.changes.len() * size_of::<Change>()
    }

    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
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

    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
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
