//! How events, snapshots and inputs become bytes: a version, then postcard, compressed where that pays.

use std::borrow::Cow;

use interpreter::execution::{Execution, Supplement};
use interpreter::history::HistoryEvent;
use interpreter::input::Input;
use interpreter::step::Limits;
use serde::{Deserialize, Serialize};

use crate::contract::Error;

/// The format that this binary writes. A newer one still reads it.
const VERSION: u8 = 1;

/// From how many bytes on compression is tried.
const COMPRESS_FROM: usize = 512;

/// An input with the environment that its step saw, so that a replay sees the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedInput {
    /// The time that the step saw.
    pub now: i64,
    /// The seed that the step saw.
    pub seed: u128,
    /// The limits that the step saw.
    pub limits: Limits,
    /// The id of the newest event after the step, to notice a replay that differs.
    pub last_event: u64,
    /// What happened.
    pub input: Input,
}

/// Events as a history chunk's bytes.
#[must_use]
pub fn encode_events(events: &[HistoryEvent]) -> Vec<u8> {
    encode(&events)
}

/// A history chunk's events.
///
/// # Errors
/// When the bytes are none.
pub fn decode_events(bytes: &[u8]) -> Result<Vec<HistoryEvent>, Error> {
    decode("history events", bytes)
}

/// An execution as a snapshot's bytes.
#[must_use]
pub fn encode_snapshot(execution: &Execution) -> Vec<u8> {
    let supplement = execution.supplement();
    if *supplement == Supplement::default() {
        return encode(execution);
    }
    encode(&(execution, supplement))
}

/// A snapshot's execution, ready for its next step.
///
/// # Errors
/// When the bytes are none.
pub fn decode_snapshot(bytes: &[u8]) -> Result<Execution, Error> {
    let damaged = |why| Error::Damaged {
        what: "a snapshot".to_owned(),
        why,
    };
    let body = body(bytes).map_err(damaged)?;
    let (mut execution, rest): (Execution, _) = take(&body).map_err(damaged)?;
    if !rest.is_empty() {
        execution.set_supplement(whole(rest).map_err(damaged)?);
    }
    execution.restore();
    Ok(execution)
}

/// An input as bytes.
#[must_use]
pub fn encode_input(input: &RecordedInput) -> Vec<u8> {
    encode(input)
}

/// The input that the bytes hold.
///
/// # Errors
/// When the bytes are none.
pub fn decode_input(bytes: &[u8]) -> Result<RecordedInput, Error> {
    decode("a recorded input", bytes)
}

/// The second byte: the rest is as postcard wrote it.
const PLAIN: u8 = 0;

/// The second byte: four bytes of size follow, little-endian, then what postcard wrote, as an LZ4 block. Texts repeat from event
/// to event, so that a history comes to a tenth.
const PACKED: u8 = 1;

/// One byte of an LZ4 block stands for at most so many. A greater size is damage, and nothing is allocated for it.
const GREATEST_RATIO: usize = 255;

/// The first byte is the version, the second says whether the rest is compressed.
fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let plain = postcard::to_extend(value, vec![VERSION, PLAIN])
        .expect("the records hold nothing that postcard cannot write");
    if plain.len() < COMPRESS_FROM {
        return plain;
    }
    let body = &plain[2..];
    let Ok(size) = u32::try_from(body.len()) else {
        return plain;
    };
    let mut packed = vec![0; 6 + lz4_flex::block::get_maximum_output_size(body.len())];
    let length = lz4_flex::block::compress_into(body, &mut packed[6..])
        .expect("the buffer has the greatest size that compression can need");
    packed.truncate(6 + length);
    packed[0] = VERSION;
    packed[1] = PACKED;
    packed[2..6].copy_from_slice(&size.to_le_bytes());
    if packed.len() < plain.len() {
        packed
    } else {
        plain
    }
}

fn decode<T: for<'de> Deserialize<'de>>(what: &str, bytes: &[u8]) -> Result<T, Error> {
    let read = body(bytes).and_then(|body| whole(&body));
    read.map_err(|why| Error::Damaged {
        what: what.to_owned(),
        why,
    })
}

/// What postcard wrote.
fn body(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    let [version, form, rest @ ..] = bytes else {
        return Err("it is too short".to_owned());
    };
    if *version != VERSION {
        return Err(format!(
            "it has format {version}, this binary reads {VERSION}"
        ));
    }
    match *form {
        PLAIN => Ok(Cow::Borrowed(rest)),
        PACKED => unpack(rest).map(Cow::Owned),
        _ => Err("it is packed in a way that this binary does not know".to_owned()),
    }
}

/// The value that the bytes begin with, and the bytes behind it.
fn take<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<(T, &[u8]), String> {
    postcard::take_from_bytes(bytes).map_err(|error| error.to_string())
}

/// The value that the bytes are.
fn whole<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, String> {
    let (value, rest) = take(bytes)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(format!("{} bytes follow its end", rest.len()))
    }
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let Some((size, packed)) = bytes.split_first_chunk() else {
        return Err("it is too short".to_owned());
    };
    let size = u32::from_le_bytes(*size) as usize;
    if size / GREATEST_RATIO > packed.len() {
        return Err(format!("its size is given as {size} bytes"));
    }
    lz4_flex::block::decompress(packed, size).map_err(|error| error.to_string())
}
