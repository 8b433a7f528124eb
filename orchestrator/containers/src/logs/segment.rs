//! A stream's one or two files, as readers see them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::{Direction, Entry, From, Page, Query};

/// The header's length: `ratchet-log 1 <offset, 20 digits> <epoch nanoseconds, 20 digits>` and a line feed.
pub(super) const HEADER: u64 = 14 + 20 + 1 + 20 + 1;

/// The first line of a file whose lines begin at this offset.
pub(super) fn header(base: u64, created: i64) -> String {
    format!("ratchet-log 1 {base:020} {created:020}\n")
}

/// One file of a stream.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) file: File,
    pub(super) base: u64,
    pub(super) created: i64,
    /// The bytes of its lines.
    pub(super) length: u64,
}

impl Segment {
    /// `None`: there is no such file, or its header has not been written.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        match File::open(path) {
            Ok(file) => Self::of(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn of(file: File) -> io::Result<Option<Self>> {
        let mut first = [0; HEADER as usize];
        match file.read_exact_at(&mut first, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let fields = str::from_utf8(&first)
            .ok()
            .and_then(|text| text.strip_prefix("ratchet-log 1 "))
            .and_then(|text| text.trim_end().split_once(' '))
            .and_then(|(base, created)| Some((base.parse().ok()?, created.parse().ok()?)));
        let Some((base, created)) = fields else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "this is no log of Ratchet",
            ));
        };
        let length = file.metadata()?.len() - HEADER;
        Ok(Some(Self {
            file,
            base,
            created,
            length,
        }))
    }

    pub(super) const fn end(&self) -> u64 {
        self.base + self.length
    }
}

/// All files of a stream, oldest first: what is read is what was there when they were opened.
#[derive(Debug)]
pub(super) struct Segments {
    all: Vec<Segment>,
}

impl Segments {
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let mut all = Vec::new();
        // When the writer begins a new file between our two looks, there is a gap between the two: look again.
        for _ in 0..100 {
            all.clear();
            all.extend(Segment::open(&path.with_extension("old"))?);
            all.extend(Segment::open(path)?);
            if all.windows(2).all(|pair| pair[0].end() == pair[1].base) {
                break;
            }
        }
        Ok((!all.is_empty()).then_some(Self { all }))
    }

    pub(super) fn created_at(&self) -> i64 {
        self.all
            .first()
            .map_or(0, |segment| segment.created.div_euclid(1_000_000))
    }

    fn start(&self) -> u64 {
        self.all.first().map_or(0, |segment| segment.base)
    }

    pub(super) fn end(&self) -> u64 {
        self.all.last().map_or(0, Segment::end)
    }

    pub(super) fn page(&self, query: &Query) -> io::Result<Page> {
        let from = match query.from {
            From::Start => self.start(),
            From::End => self.end(),
            From::Offset(offset) => offset.clamp(self.start(), self.end()),
        };
        match query.direction {
            Direction::Forward => self.forward(from, query),
            Direction::Backward => self.backward(from, query),
        }
    }

    fn forward(&self, from: u64, query: &Query) -> io::Result<Page> {
        let mut page = Page {
            entries: Vec::new(),
            start: from,
            next: from,
        };
        let mut bytes = 0;
        let mut line = Vec::new();
        for segment in self.all.iter().filter(|segment| segment.end() > from) {
            let mut offset = from.max(segment.base);
            let mut reader = BufReader::with_capacity(64 << 10, &segment.file);
            reader.seek(SeekFrom::Start(HEADER + offset - segment.base))?;
            let mut reader = reader.take(segment.end() - offset);
            loop {
                line.clear();
                reader.read_until(b'\n', &mut line)?;
                // What the writer is amidst of has no end yet.
                if line.pop() != Some(b'\n') {
                    break;
                }
                let begin = offset;
                offset += line.len() as u64 + 1;
                if let Some(entry) = parse(begin, &line, query) {
                    let full = page.entries.len() >= query.limit
                        || (!page.entries.is_empty() && bytes + entry.text.len() > query.bytes);
                    if full {
                        return Ok(page);
                    }
                    bytes += entry.text.len();
                    page.entries.push(entry);
                }
                page.next = offset;
            }
        }
        Ok(page)
    }

    fn backward(&self, from: u64, query: &Query) -> io::Result<Page> {
        let mut page = Page {
            entries: Vec::new(),
            start: from,
            next: from,
        };
        let mut bytes = 0;
        'segments: for segment in self.all.iter().rev() {
            // Where the bytes at hand begin, and the bytes: always up to the line that was read last.
            let mut begin = from.min(segment.end());
            let mut window: Vec<u8> = Vec::new();
            let mut step = 16 << 10;
            if begin <= segment.base {
                continue;
            }
            loop {
                // All lines in the window but the first, which may have begun before it.
                let whole = if begin == segment.base {
                    Some(0)
                } else {
                    window
                        .iter()
                        .position(|byte| *byte == b'\n')
                        .map(|end| end + 1)
                };
                if let Some(whole) = whole.filter(|whole| *whole < window.len()) {
                    let mut end = window.len();
                    while end > whole {
                        let line_start = window[whole..end - 1]
                            .iter()
                            .rposition(|byte| *byte == b'\n')
                            .map_or(whole, |at| whole + at + 1);
                        let line = &window[line_start..end];
                        let offset = begin + line_start as u64;
                        if let Some(line) = line.strip_suffix(b"\n")
                            && let Some(entry) = parse(offset, line, query)
                        {
                            let full = page.entries.len() >= query.limit
                                || (!page.entries.is_empty()
                                    && bytes + entry.text.len() > query.bytes);
                            if full {
                                break 'segments;
                            }
                            bytes += entry.text.len();
                            page.entries.push(entry);
                        }
                        if window[end - 1] != b'\n' {
                            // The writer is amidst of it: it is read when it is whole.
                            page.next = offset;
                        }
                        page.start = offset;
                        end = line_start;
                    }
                    window.truncate(whole);
                }
                if begin == segment.base {
                    break;
                }
                let more = step.min(begin - segment.base);
                step *= 2;
                begin -= more;
                let mut wider = vec![0; usize::try_from(more).expect("a window fits into memory")];
                segment
                    .file
                    .read_exact_at(&mut wider, HEADER + begin - segment.base)?;
                wider.append(&mut window);
                window = wider;
            }
        }
        page.entries.reverse();
        Ok(page)
    }
}

fn parse(offset: u64, line: &[u8], query: &Query) -> Option<Entry> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    let nanos = str::from_utf8(&line[..space]).ok()?.parse().ok()?;
    query.wants(nanos).then(|| Entry {
        offset,
        nanos,
        text: String::from_utf8_lossy(&line[space + 1..]).into_owned(),
    })
}
