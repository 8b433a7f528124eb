//! The rows of a Parquet file. Its reader asks for bytes here and there and waits for them, so it has a thread of its own.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf, Bytes};
use expression::value::Value;
use jiff::Timestamp;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::content::Content;
use crate::error::{Error, Malformed, Place};
use crate::parsed::Parsed;

/// How much is fetched at once.
const BLOCK: u64 = 1024 * 1024;

/// How many blocks are kept. A row group's columns are read side by side, each at another place.
const BLOCKS: usize = 32;

/// How many rows are handed over at once.
const ROWS: usize = 256;

/// Rows that are being read.
pub(crate) struct ParquetRows {
    place: Place,
    rows: mpsc::Receiver<Result<Vec<Parsed>, Error>>,
    /// It ends when the receiver is gone, or the file is over; absent when it was awaited.
    thread: Option<JoinHandle<()>>,
}

impl ParquetRows {
    /// Reads from the row of that number on.
    pub(crate) fn new(content: Content, from: u64) -> Self {
        let (sender, rows) = mpsc::channel(1);
        let handle = Handle::current();
        let place = content.place().clone();
        let thread = tokio::task::spawn_blocking(move || {
            if let Err(error) = read(content, from, &handle, &sender) {
                // Nobody listens when the receiver is gone.
                let _unheard = sender.blocking_send(Err(error));
            }
        });
        Self {
            place,
            rows,
            thread: Some(thread),
        }
    }

    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// When the object can't be read or is no Parquet file.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Parsed>>, Error> {
        if let Some(rows) = self.rows.recv().await {
            return rows.map(Some);
        }
        match self.thread.take() {
            None => Ok(None),
            // Parquet's reader panics at some damaged files. Without this, one would look as if it were over.
            Some(thread) => thread.await.map(|()| None).map_err(|_| Error::Malformed {
                place: self.place.clone(),
                malformed: Malformed::anywhere("the object is a damaged Parquet file"),
            }),
        }
    }
}

fn read(
    content: Content,
    from: u64,
    handle: &Handle,
    sender: &mpsc::Sender<Result<Vec<Parsed>, Error>>,
) -> Result<(), Error> {
    let place = content.place().clone();
    let blocks = Blocks {
        content,
        handle: handle.clone(),
        kept: Arc::default(),
        failure: Arc::default(),
    };
    let failure = blocks.failure.clone();
    let wrong = |at: Option<String>, error: &ParquetError| {
        // What the store said, if it was not the file's fault.
        let failure = failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        failure.unwrap_or_else(|| Error::Malformed {
            place: place.clone(),
            malformed: Malformed {
                at,
                reason: explained(error),
            },
        })
    };
    let file = SerializedFileReader::new(blocks).map_err(|error| wrong(None, &error))?;
    let mut passed = 0;
    let mut rows = Vec::with_capacity(ROWS);
    for group in 0..file.num_row_groups() {
        let count = file.metadata().row_group(group).num_rows();
        let count = u64::try_from(count).unwrap_or(0);
        if passed + count <= from {
            passed += count;
            continue;
        }
        let at = |row: u64| Some(format!("row {}", row + 1));
        let group = file
            .get_row_group(group)
            .map_err(|error| wrong(at(passed), &error))?;
        let iterator =
            RowIter::from_row_group(None, &*group).map_err(|error| wrong(at(passed), &error))?;
        for row in iterator {
            let row = row.map_err(|error| wrong(at(passed), &error))?;
            passed += 1;
            if passed <= from {
                continue;
            }
            rows.push(Parsed::of(row_value(row)));
            if rows.len() == ROWS && sender.blocking_send(Ok(std::mem::take(&mut rows))).is_err() {
                return Ok(());
            }
        }
    }
    if !rows.is_empty() {
        let _unheard = sender.blocking_send(Ok(rows));
    }
    Ok(())
}

fn explained(error: &ParquetError) -> String {
    let text = error.to_string();
    // Parquet's reader is built without these: they would bring C, or much code for what is rare.
    let codec = ["zstd", "brotli"]
        .into_iter()
        .find(|codec| text.contains("Disabled feature") && text.contains(codec));
    match codec {
        Some(codec) => format!(
            "the Parquet file is compressed with {codec}, which can't be read; write it with Snappy, GZIP, LZ4 or uncompressed"
        ),
        None => format!("the object is no readable Parquet file: {text}"),
    }
}

/// The file, some blocks of which are in memory.
struct Blocks {
    content: Content,
    handle: Handle,
    /// By their number, the one that was used last at the end.
    kept: Arc<Mutex<VecDeque<(u64, Bytes)>>>,
    /// Why the store did not give a block.
    failure: Arc<Mutex<Option<Error>>>,
}

impl Blocks {
    fn fetch(&self, begin: u64, end: u64) -> io::Result<Bytes> {
        let fetched = self.handle.block_on(self.content.range(begin..end));
        fetched.map_err(|error| {
            let text = error.to_string();
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            io::Error::other(text)
        })
    }

    /// The block that has this byte, from this byte on; empty at the end.
    fn bytes_at(&self, at: u64) -> io::Result<Bytes> {
        if at >= self.content.size() {
            return Ok(Bytes::new());
        }
        let number = at / BLOCK;
        let begin = number * BLOCK;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let block = match kept.iter().position(|(known, _)| *known == number) {
            Some(place) => kept.remove(place).map(|(_, block)| block),
            None => None,
        };
        let block = match block {
            Some(block) => block,
            None => self.fetch(begin, self.content.size().min(begin + BLOCK))?,
        };
        if kept.len() >= BLOCKS {
            kept.pop_front();
        }
        kept.push_back((number, block.clone()));
        let skipped = usize::try_from(at - begin).unwrap_or(usize::MAX);
        Ok(block.slice(skipped.min(block.len())..))
    }
}

impl Length for Blocks {
    fn len(&self) -> u64 {
        self.content.size()
    }
}

impl ChunkReader for Blocks {
    type T = FromHere;

    fn get_read(&self, start: u64) -> parquet::errors::Result<FromHere> {
        Ok(FromHere {
            blocks: Self {
                content: self.content.clone(),
                handle: self.handle.clone(),
                kept: self.kept.clone(),
                failure: self.failure.clone(),
            },
            at: start,
            block: Bytes::new(),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let end = start.saturating_add(length as u64);
        if end > self.content.size() {
            return Err(ParquetError::EOF(format!(
                "bytes {start} to {end} of {}",
                self.content.size()
            )));
        }
        if length as u64 >= BLOCK {
            return self.fetch(start, end).map_err(ParquetError::from);
        }
        let mut bytes = vec![0; length];
        self.get_read(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// The file from a place on.
struct FromHere {
    blocks: Blocks,
    at: u64,
    /// What is left of the block that is being read.
    block: Bytes,
}

impl Read for FromHere {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.block.is_empty() {
            self.block = self.blocks.bytes_at(self.at)?;
        }
        let count = buffer.len().min(self.block.len());
        self.block.copy_to_slice(&mut buffer[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

fn row_value(row: Row) -> Value {
    let columns = row.into_columns().into_iter();
    Value::object(columns.map(|(name, field)| (name, field_value(field))))
}

/// A field as JSON: times and dates as ISO 8601 in UTC, decimals as text that loses no digit, bytes that are no text as base64.
fn field_value(field: Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => value.into(),
        Field::Byte(number) => i64::from(number).into(),
        Field::Short(number) => i64::from(number).into(),
        Field::Int(number) => i64::from(number).into(),
        Field::Long(number) => number.into(),
        Field::UByte(number) => u64::from(number).into(),
        Field::UShort(number) => u64::from(number).into(),
        Field::UInt(number) => u64::from(number).into(),
        Field::ULong(number) => number.into(),
        Field::Float16(number) => shortest(f32::from(number)),
        Field::Float(number) => shortest(number),
        Field::Double(number) => number.into(),
        Field::Str(text) => text.into(),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => text.into(),
            Err(_) => STANDARD.encode(bytes.data()).into(),
        },
        Field::TimestampMillis(time) => timestamp(Timestamp::from_millisecond(time), time),
        Field::TimestampMicros(time) => timestamp(Timestamp::from_microsecond(time), time),
        field @ (Field::Date(_)
        | Field::Decimal(_)
        | Field::TimeMillis(_)
        | Field::TimeMicros(_)) => field.to_string().into(),
        Field::Group(row) => row_value(row),
        Field::ListInternal(list) => Value::array(list.elements().iter().cloned().map(field_value)),
        Field::MapInternal(map) => Value::object(map.entries().iter().map(|(key, value)| {
            let key = match field_value(key.clone()) {
                Value::String(text) => text.to_string(),
                other => other.to_text(),
            };
            (key, field_value(value.clone()))
        })),
    }
}

/// A number with as many digits as it has: 0.1 and not 0.10000000149011612.
fn shortest(number: f32) -> Value {
    number
        .to_string()
        .parse::<f64>()
        .map_or(Value::Null, Value::from)
}

fn timestamp(time: Result<Timestamp, jiff::Error>, raw: i64) -> Value {
    time.map_or_else(|_| Value::from(raw), |time| time.to_string().into())
}
