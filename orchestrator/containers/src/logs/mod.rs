//! What attempts print: one bounded stream of lines each, in files.
//!
//! ```text
//!   directory/a/b/c.log      the stream a/b/c: a line of header, then lines `<epoch nanoseconds> <text>`
//!   directory/a/b/c.old      what came before it, when the stream outgrew half of its bound
//! ```
//!
//! An offset counts bytes since the stream's beginning and stays valid when old lines go away: reading from an offset that is gone starts at
//! the oldest line there is. Streams have one writer at a time, in this process or another; readers never wait for it. Everything but
//! [`LogStore::grown`] reads files and blocks for that long.

mod seen;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use seen::Seen;
pub use writer::Writer;

use crate::runner::Error;
use segment::Segments;

/// How often [`LogStore::grown`] looks.
const GLANCE: Duration = Duration::from_millis(100);

/// The streams of one directory.
#[derive(Clone, Debug)]
pub struct LogStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    directory: PathBuf,
    bytes_per_stream: u64,
}

/// One line that was printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it begins.
    pub offset: u64,
    /// Epoch nanoseconds.
    pub nanos: i64,
    /// The line, without its end.
    pub text: String,
}

impl Entry {
    /// When it was printed, in epoch milliseconds.
    #[must_use]
    pub const fn timestamp(&self) -> i64 {
        self.nanos.div_euclid(1_000_000)
    }
}

/// Where reading begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// The oldest line.
    #[default]
    Start,
    /// After the newest line.
    End,
    /// Forward: the line that begins here. Backward: the line that ends here.
    Offset(u64),
}

/// Which way reading goes. Entries come in the order in which they were printed, whichever way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Towards newer lines.
    #[default]
    Forward,
    /// Towards older lines.
    Backward,
}

/// What to read of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// Where to begin.
    pub from: From,
    /// Which way to go.
    pub direction: Direction,
    /// Only lines at this time or later, epoch milliseconds.
    pub start_time: Option<i64>,
    /// Only lines before this time, epoch milliseconds.
    pub end_time: Option<i64>,
    /// At most so many lines.
    pub limit: usize,
    /// At most so many bytes of text, but one line at least.
    pub bytes: usize,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            from: From::Start,
            direction: Direction::Forward,
            start_time: None,
            end_time: None,
            limit: 10_000,
            bytes: 1 << 20,
        }
    }
}

impl Query {
    fn wants(&self, nanos: i64) -> bool {
        let at = nanos.div_euclid(1_000_000);
        self.start_time.is_none_or(|start| at >= start) && self.end_time.is_none_or(|end| at < end)
    }
}

/// Some lines, in the order in which they were printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The lines.
    pub entries: Vec<Entry>,
    /// Reading backward from here goes on before them.
    pub start: u64,
    /// Reading forward from here goes on after them.
    pub next: u64,
}

/// A stream, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its name.
    pub stream: String,
    /// When it was made, epoch milliseconds.
    pub created_at: i64,
    /// The oldest line's time that is still there, epoch milliseconds.
    pub first: Option<i64>,
    /// The newest line's time, epoch milliseconds.
    pub last: Option<i64>,
    /// Where the next line will begin: all that was ever written, in bytes.
    pub end: u64,
}

impl LogStore {
    /// The streams in this directory, which is made if it is not there. A stream keeps its newest lines, about `bytes_per_stream` at most.
    ///
    /// # Errors
    /// When the directory can't be made.
    pub fn open(directory: impl Into<PathBuf>, bytes_per_stream: u64) -> Result<Self, Error> {
        let directory = directory.into();
        fs::create_dir_all(&directory).map_err(|source| at("make", &directory, source))?;
        let shared = Shared {
            directory,
            bytes_per_stream: bytes_per_stream.max(4096),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Where the streams are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.shared.directory
    }

    /// How much a stream keeps.
    #[must_use]
    pub fn bytes_per_stream(&self) -> u64 {
        self.shared.bytes_per_stream
    }

    /// Opens a stream for writing at its end, and makes it if it is not there. There must be no other writer of it.
    ///
    /// # Errors
    /// When its file can't be made or read.
    pub fn writer(&self, stream: &str) -> Result<Writer, Error> {
        let path = self.path(stream);
        Writer::open(&path, self.shared.bytes_per_stream)
            .map_err(|source| at("open", &path, source))
    }

    /// Reads lines; `None`: there is no such stream.
    ///
    /// # Errors
    /// When its files can't be read.
    pub fn read(&self, stream: &str, query: &Query) -> Result<Option<Page>, Error> {
        self.with_segments(stream, |segments| segments.page(query))
    }

    /// The last lines, for people: at most `lines`, together at most `bytes` long. Empty if there are none.
    #[must_use]
    pub fn last_lines(&self, stream: &str, lines: usize, bytes: usize) -> Vec<String> {
        let query = Query {
            from: From::End,
            direction: Direction::Backward,
            limit: lines,
            bytes,
            ..Query::default()
        };
        let page = self.read(stream, &query).ok().flatten().unwrap_or_default();
        page.entries.into_iter().map(|entry| entry.text).collect()
    }

    /// Waits until there is more than `offset`, also if the stream is not there yet. Never returns if nothing more comes: race it against the
    /// attempt's end, and read once more after that.
    pub async fn grown(&self, stream: &str, offset: u64) {
        loop {
            // Small reads of a header and a size; a thread of its own would cost more.
            if let Ok(Some(end)) = self.with_segments(stream, |segments| Ok(segments.end()))
                && end > offset
            {
                return;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// What is known of a stream; `None`: there is no such stream.
    ///
    /// # Errors
    /// When its files can't be read.
    pub fn summary(&self, stream: &str) -> Result<Option<Summary>, Error> {
        let edge = |from, direction| Query {
            from,
            direction,
            limit: 1,
            ..Query::default()
        };
        self.with_segments(stream, |segments| {
            let first = segments.page(&edge(From::Start, Direction::Forward))?;
            let last = segments.page(&edge(From::End, Direction::Backward))?;
            Ok(Summary {
                stream: stream.to_owned(),
                created_at: segments.created_at(),
                first: first.entries.first().map(Entry::timestamp),
                last: last.entries.first().map(Entry::timestamp),
                end: segments.end(),
            })
        })
    }

    /// The streams whose names begin with `prefix` and come after `after`, by name, at most `limit`.
    ///
    /// # Errors
    /// When a directory or a stream can't be read.
    pub fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Summary>, Error> {
        let mut names = Vec::new();
        let parent = prefix.rsplit_once('/').map_or("", |(parent, _)| parent);
        self.gather(parent, prefix, &mut names)?;
        names.retain(|name| after.is_none_or(|after| name.as_str() > after));
        names.sort_unstable();
        names.dedup();
        let mut summaries = Vec::new();
        for name in names {
            if summaries.len() == limit {
                break;
            }
            summaries.extend(self.summary(&name)?);
        }
        Ok(summaries)
    }

    /// Removes a stream. Not there is fine.
    ///
    /// # Errors
    /// When a file can't be removed.
    pub fn remove(&self, stream: &str) -> Result<(), Error> {
        let path = self.path(stream);
        for path in [path.clone(), path.with_extension("old")] {
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(at("remove", &path, source)),
            }
        }
        // Directories that are empty now go too; the others stay, as rmdir says.
        let mut parent = path.parent();
        while let Some(directory) = parent.filter(|parent| *parent != self.shared.directory) {
            if fs::remove_dir(directory).is_err() {
                break;
            }
            parent = directory.parent();
        }
        Ok(())
    }

    fn with_segments<T>(
        &self,
        stream: &str,
        read: impl Fn(&Segments) -> io::Result<T>,
    ) -> Result<Option<T>, Error> {
        let path = self.path(stream);
        let segments = Segments::open(&path).map_err(|source| at("read", &path, source))?;
        let answer = segments.as_ref().map(read).transpose();
        answer.map_err(|source| at("read", &path, source))
    }

    /// The file of a stream: each part of its name that is between slashes is a directory's name.
    fn path(&self, stream: &str) -> PathBuf {
        let mut path = self.shared.directory.clone();
        let (parents, name) = stream.rsplit_once('/').unwrap_or(("", stream));
        for part in parents.split('/').filter(|_| !parents.is_empty()) {
            path.push(encode(part));
        }
        path.push(format!("{}.log", encode(name)));
        path
    }

    fn gather(&self, parent: &str, prefix: &str, names: &mut Vec<String>) -> Result<(), Error> {
        let mut directory = self.shared.directory.clone();
        for part in parent.split('/').filter(|_| !parent.is_empty()) {
            directory.push(encode(part));
        }
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(at("list", &directory, source)),
        };
        for entry in entries {
            let entry = entry.map_err(|source| at("list", &directory, source))?;
            let file_name = entry.file_name();
            let Some(file_name) = file_name.to_str() else {
                continue;
            };
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let part = match file_name.rsplit_once('.') {
                Some((stem, "log" | "old")) if !is_directory => stem,
                _ if is_directory => file_name,
                _ => continue,
            };
            let name = if parent.is_empty() {
                decode(part)
            } else {
                format!("{parent}/{}", decode(part))
            };
            if is_directory {
                let inside = format!("{name}/");
                if inside.starts_with(prefix) || prefix.starts_with(&inside) {
                    self.gather(&name, prefix, names)?;
                }
            } else if name.starts_with(prefix) {
                names.push(name);
            }
        }
        Ok(())
    }
}

/// A part of a stream's name as a file's name: without dots, so that it is neither hidden nor `..` nor ends like our files do.
fn encode(part: &str) -> String {
    let mut encoded = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'=' | b'@' | b',') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    if encoded.is_empty() {
        encoded.push('%');
    }
    encoded
}

fn decode(encoded: &str) -> String {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| str::from_utf8(digits).ok());
        if let Some(value) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(value);
            rest = &rest[2..];
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn at(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File {
        action,
        path: path.display().to_string(),
        source,
    }
}
