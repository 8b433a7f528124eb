//! Bytes to messages.

use crate::envelope::Envelope;
use crate::lsn::Lsn;
use crate::message::{
    Begin, ColumnBody, Commit, Message, OldTuple, Prepared, RelationBody, ReplicaIdentity,
    Truncate, Xid,
};
use crate::time::PgTimestamp;
use crate::tuple::Tuple;

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first byte names no message.
    #[error("message of unknown kind {0:#04x}")]
    UnknownKind(u8),
    /// The bytes end too early, or a part of them is not what it must be.
    #[error("malformed {message} message: {what}")]
    Malformed {
        /// Which message.
        message: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// Whether the message stands inside a streamed part, where a transaction id precedes its content (protocol 2 and up).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Between Begin and Commit, or outside of any transaction.
    Whole,
    /// Between StreamStart and StreamStop.
    Streamed,
}

impl<'a> Message<'a> {
    /// Reads one message of the plugin.
    ///
    /// # Errors
    /// When the bytes are no message.
    #[inline]
    pub fn decode(body: &'a [u8], place: Place) -> Result<Self, Error> {
        let Some((&kind, rest)) = body.split_first() else {
            return Err(malformed("empty", TOO_SHORT));
        };
        let mut reader = Reader { rest };
        let reader = &mut reader;
        let (name, message) = match kind {
            // Rows first: nearly all messages are theirs.
            b'I' => ("Insert", insert(reader, place)),
            b'U' => ("Update", update(reader, place)),
            b'D' => ("Delete", delete(reader, place)),
            b'B' => ("Begin", begin(reader)),
            b'C' => ("Commit", commit(reader).map(Message::Commit)),
            b'O' => ("Origin", origin(reader)),
            b'R' => ("Relation", relation(reader, place)),
            b'Y' => ("Type", type_name(reader, place)),
            b'T' => ("Truncate", truncate(reader, place)),
            b'M' => ("Logical", logical(reader, place)),
            b'S' => ("StreamStart", stream_start(reader)),
            b'E' => ("StreamStop", Ok(Message::StreamStop)),
            b'c' => ("StreamCommit", stream_commit(reader)),
            b'A' => ("StreamAbort", stream_abort(reader)),
            b'b' => ("BeginPrepare", prepared(reader).map(Message::BeginPrepare)),
            b'P' => ("Prepare", flagged(reader, prepared).map(Message::Prepare)),
            b'K' => ("CommitPrepared", commit_prepared(reader)),
            b'r' => ("RollbackPrepared", rollback_prepared(reader)),
            b'p' => (
                "StreamPrepare",
                flagged(reader, prepared).map(Message::StreamPrepare),
            ),
            other => return Err(Error::UnknownKind(other)),
        };
        match message {
            Ok(message) if reader.rest.is_empty() => Ok(message),
            Ok(_) => Err(malformed(name, "bytes follow its end")),
            Err(what) => Err(malformed(name, what)),
        }
    }
}

pub(crate) fn envelope(payload: &[u8]) -> Result<Envelope<'_>, Error> {
    let Some((&kind, rest)) = payload.split_first() else {
        return Err(malformed("empty", TOO_SHORT));
    };
    let mut reader = Reader { rest };
    let reader = &mut reader;
    match kind {
        b'w' => data(reader).map_err(|what| malformed("XLogData", what)),
        b'k' => keepalive(reader).map_err(|what| malformed("keepalive", what)),
        other => Err(Error::UnknownKind(other)),
    }
}

/// The columns of bytes that were checked by [`relation`].
pub(crate) fn columns(bytes: &[u8]) -> impl Iterator<Item = ColumnBody<'_>> + use<'_> {
    let mut reader = Reader { rest: bytes };
    std::iter::from_fn(move || column(&mut reader).ok())
}

/// What is wrong with a message.
type What = &'static str;

const TOO_SHORT: What = "it ends too early";

fn malformed(message: &'static str, what: What) -> Error {
    Error::Malformed { message, what }
}

fn data<'a>(reader: &mut Reader<'a>) -> Result<Envelope<'a>, What> {
    Ok(Envelope::Data {
        start: reader.lsn()?,
        end: reader.lsn()?,
        sent: reader.time()?,
        body: std::mem::take(&mut reader.rest),
    })
}

fn keepalive<'a>(reader: &mut Reader<'a>) -> Result<Envelope<'a>, What> {
    let keepalive = Envelope::Keepalive {
        end: reader.lsn()?,
        sent: reader.time()?,
        reply_requested: reader.byte()? != 0,
    };
    match reader.rest {
        [] => Ok(keepalive),
        _ => Err("bytes follow its end"),
    }
}

#[inline]
fn insert<'a>(reader: &mut Reader<'a>, place: Place) -> Result<Message<'a>, What> {
    let xid = reader.xid_in(place)?;
    let relation = reader.u32()?;
    match reader.byte()? {
        b'N' => Ok(Message::Insert {
            xid,
            relation,
            new: reader.tuple()?,
        }),
        _ => Err("its row is not marked as new"),
    }
}

#[inline]
fn update<'a>(reader: &mut Reader<'a>, place: Place) -> Result<Message<'a>, What> {
    let xid = reader.xid_in(place)?;
    let relation = reader.u32()?;
    let (old, mark) = match reader.byte()? {
        b'K' => (Some(OldTuple::Key(reader.tuple()?)), reader.byte()?),
        b'O' => (Some(OldTuple::Full(reader.tuple()?)), reader.byte()?),
        mark => (None, mark),
    };
    match mark {
        b'N' => Ok(Message::Update {
            xid,
            relation,
            old,
            new: reader.tuple()?,
        }),
        _ => Err("its row is not marked as new"),
    }
}

#[inline]
fn delete<'a>(reader: &mut Reader<'a>, place: Place) -> Result<Message<'a>, What> {
    let xid = reader.xid_in(place)?;
    let relation = reader.u32()?;
    let old = match reader.byte()? {
        b'K' => OldTuple::Key(reader.tuple()?),
        b'O' => OldTuple::Full(reader.tuple()?),
        _ => return Err("its row is not marked as old"),
    };
    Ok(Message::Delete { xid, relation, old })
}

fn begin<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, What> {
    Ok(Message::Begin(Begin {
        commit_lsn: reader.lsn()?,
        commit_time: reader.time()?,
        xid: reader.u32()?,
    }))
}

fn commit(reader: &mut Reader<'_>) -> Result<Commit, What> {
    flagged(reader, commit_body)
}

fn commit_body(reader: &mut Reader<'_>) -> Result<Commit, What> {
    Ok(Commit {
        commit_lsn: reader.lsn()?,
        end_lsn: reader.lsn()?,
        commit_time: reader.time()?,
    })
}

fn origin<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, What> {
    Ok(Message::Origin {
        lsn: reader.lsn()?,
        name: reader.text()?,
    })
}

fn relation<'a>(reader: &mut Reader<'a>, place: Place) -> Result<Message<'a>, What> {
    let xid = reader.xid_in(place)?;
    let id = reader.u32()?;
    let namespace = match reader.text()? {
        "" => "pg_catalog",
        namespace => namespace,
    };
    let name = reader.text()?;
    let identity = match reader.byte()? {
        b'd' => ReplicaIdentity::Default,
        b'n' => ReplicaIdentity::Nothing,
        b'f' => ReplicaIdentity::Full,
        b'i' => ReplicaIdentity::Index,
        _ => return Err("its replica identity is none of d, n, f and i"),
    };
    let column_count = reader.u16()?;
    let columns = reader.rest;
    for _ in 0..column_count {
        column(reader)?;
    }
    let columns = &columns[..columns.len() - reader.rest.len()];
    Ok(Message::Relation(RelationBody {
        xid,
        id,
        namespace,
        name,
        identity,
        column_count,
        columns,
    }))
}

fn column<'a>(reader: &mut Reader<'a>) -> Result<ColumnBody<'a>, What> {
    Ok(ColumnBody {
        key: reader.byte()? & 1 != 0,
        name: reader.text()?,
        type_id: reader.u32()?,
        type_modifier: i32::from_be_bytes(reader.array()?),
    })
}

fn type_name<'a>(reader: &mut Reader<'a>, place: Place) -> Result<Message<'a>, What> {
    Ok(Message::Type {
        xid: reader.xid_in(place)?,
        id: reader.u32()?,
        namespace: match reader.text()? {
            "" => "pg_catalog",
            namespace => namespace,
        },
        name: reader.text()?,
    })
}

fn truncate<'a>(reader: &mut Reader<'a>, place: Place) -> Result<Message<'a>, What> {
    let xid = reader.xid_in(place)?;
    let count = reader.u32()? as usize;
    let flags = reader.byte()?;
    let length = count.checked_mul(4).ok_or(TOO_SHORT)?;
    Ok(Message::Truncate(Truncate {
        xid,
        cascade: flags & 1 != 0,
        restart_identity: flags & 2 != 0,
        relations: reader.bytes(length)?,
    }))
}

fn logical<'a>(reader: &mut Reader<'a>, place: Place) -> Result<Message<'a>, What> {
    let xid = reader.xid_in(place)?;
    let transactional = reader.byte()? & 1 != 0;
    let lsn = reader.lsn()?;
    let prefix = reader.text()?;
    let length = reader.u32()? as usize;
    Ok(Message::Logical {
        xid,
        transactional,
        lsn,
        prefix,
        content: reader.bytes(length)?,
    })
}

fn stream_start<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, What> {
    Ok(Message::StreamStart {
        xid: reader.u32()?,
        first: reader.byte()? != 0,
    })
}

fn stream_commit<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, What> {
    Ok(Message::StreamCommit {
        xid: reader.u32()?,
        commit: commit(reader)?,
    })
}

fn stream_abort<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, What> {
    let xid = reader.u32()?;
    let subxid = reader.u32()?;
    // Only its length tells whether the place and time of the abort are there.
    let abort = match reader.rest {
        [] => None,
        _ => Some((reader.lsn()?, reader.time()?)),
    };
    Ok(Message::StreamAbort { xid, subxid, abort })
}

fn prepared<'a>(reader: &mut Reader<'a>) -> Result<Prepared<'a>, What> {
    Ok(Prepared {
        prepare_lsn: reader.lsn()?,
        end_lsn: reader.lsn()?,
        prepare_time: reader.time()?,
        xid: reader.u32()?,
        gid: reader.text()?,
    })
}

fn commit_prepared<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, What> {
    Ok(Message::CommitPrepared {
        commit: commit(reader)?,
        xid: reader.u32()?,
        gid: reader.text()?,
    })
}

fn rollback_prepared<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, What> {
    flagged(reader, |reader| {
        Ok(Message::RollbackPrepared {
            prepare_end_lsn: reader.lsn()?,
            end_lsn: reader.lsn()?,
            prepare_time: reader.time()?,
            rollback_time: reader.time()?,
            xid: reader.u32()?,
            gid: reader.text()?,
        })
    })
}

/// What follows a byte of flags, of which none is in use.
fn flagged<'a, T>(
    reader: &mut Reader<'a>,
    body: impl FnOnce(&mut Reader<'a>) -> Result<T, What>,
) -> Result<T, What> {
    match reader.byte()? {
        0 => body(reader),
        _ => Err("it has flags that are not known"),
    }
}

/// What is still to be read.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    #[inline]
    fn byte(&mut self) -> Result<u8, What> {
        let (&byte, rest) = self.rest.split_first().ok_or(TOO_SHORT)?;
        self.rest = rest;
        Ok(byte)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], What> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(TOO_SHORT)?;
        self.rest = rest;
        Ok(*array)
    }

    #[inline]
    fn u16(&mut self) -> Result<u16, What> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    fn u32(&mut self) -> Result<u32, What> {
        self.array().map(u32::from_be_bytes)
    }

    fn lsn(&mut self) -> Result<Lsn, What> {
        self.array().map(|bytes| Lsn(u64::from_be_bytes(bytes)))
    }

    fn time(&mut self) -> Result<PgTimestamp, What> {
        self.array()
            .map(|bytes| PgTimestamp(i64::from_be_bytes(bytes)))
    }

    #[inline]
    fn xid_in(&mut self, place: Place) -> Result<Option<Xid>, What> {
        match place {
            Place::Whole => Ok(None),
            Place::Streamed => self.u32().map(Some),
        }
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], What> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(TOO_SHORT)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// A text that a zero byte ends.
    fn text(&mut self) -> Result<&'a str, What> {
        let end = self
            .rest
            .iter()
            .position(|&byte| byte == 0)
            .ok_or("a name in it has no end")?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        std::str::from_utf8(text).map_err(|_| "a name in it is not UTF-8")
    }

    #[inline]
    fn tuple(&mut self) -> Result<Tuple<'a>, What> {
        let (tuple, length) = Tuple::read(self.rest).ok_or("its row is cut short or garbled")?;
        self.rest = &self.rest[length..];
        Ok(tuple)
    }
}
