//! A stream's one writer.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::segment::{HEADER, Segment, header};
use crate::clock;

/// The longest line, in bytes; what is longer goes on in the next one. CloudWatch has the same bound.
const LONGEST: usize = 256 << 10;
/// How much is gathered before it goes to the file by itself.
const GATHER: usize = 64 << 10;

/// Appends lines to a stream. Lines are readable when [`Writer::flush`] returns; what was not flushed is written when the writer is dropped.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: File,
    base: u64,
    length: u64,
    bytes_per_stream: u64,
    gathered: Vec<u8>,
}

impl Writer {
    pub(super) fn open(path: &Path, bytes_per_stream: u64) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let file = match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path.parent().expect("a stream is in a directory"))?;
                options.open(path)?
            }
            other => other?,
        };
        if let Some(segment) = Segment::of(file.try_clone()?)? {
            let length = whole_lines(&segment)?;
            if length < segment.length {
                file.set_len(HEADER + length)?;
            }
            return Ok(Self {
                path: path.to_owned(),
                base: segment.base,
                file,
                length,
                bytes_per_stream,
                gathered: Vec::new(),
            });
        }
        // A new stream, or a crash between the two renames when a new file was begun.
        let base = Segment::open(&path.with_extension("old"))?.map_or(0, |segment| segment.end());
        file.set_len(0)?;
        (&file).write_all(header(base, clock::nanos()).as_bytes())?;
        Ok(Self {
            path: path.to_owned(),
            file,
            base,
            length: 0,
            bytes_per_stream,
            gathered: Vec::new(),
        })
    }

    /// Appends a line that was printed at this time (epoch nanoseconds); line feeds inside end lines.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn append(&mut self, nanos: i64, text: &[u8]) -> io::Result<()> {
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let mut rest = line;
            loop {
                let (piece, after) = rest.split_at(floor(rest, LONGEST));
                write!(self.gathered, "{nanos} ")?;
                self.gathered.extend_from_slice(piece);
                self.gathered.push(b'\n');
                rest = after;
                if self.gathered.len() >= GATHER {
                    self.flush()?;
                }
                if rest.is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Appends a line that is printed now.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn append_now(&mut self, text: &[u8]) -> io::Result<()> {
        self.append(clock::nanos(), text)
    }

    /// Writes what was gathered, so that readers see it.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let half = self.bytes_per_stream / 2;
        if self.length > 0 && self.length + self.gathered.len() as u64 > half {
            self.begin_new_file()?;
        }
        self.file.write_all(&self.gathered)?;
        self.length += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }

    /// What is in the file now becomes the old half; the old half before it goes away.
    fn begin_new_file(&mut self) -> io::Result<()> {
        let base = self.base + self.length;
        let new = self.path.with_extension("new");
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&new)?;
        file.set_len(0)?;
        file.write_all(header(base, clock::nanos()).as_bytes())?;
        fs::rename(&self.path, self.path.with_extension("old"))?;
        fs::rename(&new, &self.path)?;
        self.file = file;
        self.base = base;
        self.length = 0;
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Nobody is left who could be told.
        let _ = self.flush();
    }
}

/// The length up to the last line that is whole: a crash may have cut the one after it.
fn whole_lines(segment: &Segment) -> io::Result<u64> {
    let mut end = segment.length;
    let mut window = [0; 4096];
    while end > 0 {
        let begin = end.saturating_sub(window.len() as u64);
        let part = &mut window[..usize::try_from(end - begin).expect("a window is small")];
        segment.file.read_exact_at(part, HEADER + begin)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

/// Where to cut so that at most `limit` bytes are before it, and no character is cut.
fn floor(text: &[u8], limit: usize) -> usize {
    if text.len() <= limit {
        return text.len();
    }
    (limit - 3..=limit)
        .rev()
        .find(|at| text[*at] & 0xC0 != 0x80)
        .unwrap_or(limit)
}
