//! Messages in a small notation: one a line; a row is its values, `~` is null and `?` unchanged. A commit at 100 ends at 108.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

use super::{Old, Writer};

pub(crate) fn write(words: &[&str], writer: &mut Writer) {
    let number = |text: &str| text.parse::<u32>().unwrap();
    let lsn = |text: &str| text.parse::<u64>().unwrap();
    match *words {
        ["begin", xid, at] => writer.begin(number(xid), lsn(at)),
        ["commit", at] => writer.commit(lsn(at), lsn(at) + 8),
        ["relation", id, name, identity, ref columns @ ..] => {
            let columns: Vec<(&str, bool)> = columns
                .iter()
                .map(|name| match name.strip_suffix('*') {
                    Some(name) => (name, true),
                    None => (*name, false),
                })
                .collect();
            writer.relation(number(id), name, identity.as_bytes()[0], &columns);
        }
        ["insert", id, ref new @ ..] => writer.insert(number(id), new),
        ["update", id, ref rows @ ..] => {
            let arrow = rows.iter().position(|&word| word == "->");
            match (rows.first(), arrow) {
                (Some(&"key"), Some(at)) => {
                    let old = Old::Key(&rows[1..at]);
                    writer.update(number(id), Some(old), &rows[at + 1..]);
                }
                (Some(&"row"), Some(at)) => {
                    let old = Old::Full(&rows[1..at]);
                    writer.update(number(id), Some(old), &rows[at + 1..]);
                }
                _ => writer.update(number(id), None, rows),
            }
        }
        ["delete", id, "key", ref old @ ..] => writer.delete(number(id), Old::Key(old)),
        ["delete", id, "row", ref old @ ..] => writer.delete(number(id), Old::Full(old)),
        ["truncate", flags, ref ids @ ..] => {
            let ids: Vec<u32> = ids.iter().map(|id| number(id)).collect();
            writer.truncate(&ids, flags.parse().unwrap());
        }
        ["message", prefix, content] => writer.logical(1, prefix, content),
        ["message-at-once", prefix, content] => writer.logical(0, prefix, content),
        ["origin"] => writer.data(b"O\0\0\0\0\0\0\0\0north\0"),
        ["stream", xid] => writer.stream_start(number(xid)),
        ["sub", xid] => writer.xid = Some(number(xid)),
        ["stop"] => writer.stream_stop(),
        ["stream-commit", xid, at] => writer.stream_commit(number(xid), lsn(at), lsn(at) + 8),
        ["stream-abort", xid, subxid] => writer.stream_abort(number(xid), number(subxid)),
        ["begin-prepare", xid, at, gid] => writer.begin_prepare(number(xid), lsn(at), gid),
        ["prepare", xid, at, gid] => writer.prepare(number(xid), lsn(at), gid),
        ["stream-prepare", xid, at, gid] => writer.stream_prepare(number(xid), lsn(at), gid),
        ["commit-prepared", xid, at, gid] => writer.commit_prepared(number(xid), lsn(at), gid),
        ["rollback-prepared", xid, at, gid] => writer.rollback_prepared(number(xid), lsn(at), gid),
        ["keepalive", at] => writer.keepalive(lsn(at), 0),
        ["data", text] => writer.data(text.as_bytes()),
        _ => panic!("no such message: {words:?}"),
    }
}
