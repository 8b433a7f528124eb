//! Reads items, chunk after chunk, from wherever an earlier reading left off.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use expression::value::Value;
use serde::{Deserialize, Serialize};

use crate::buckets::{Bucket, Buckets};
use crate::content::{Content, Text};
use crate::error::{Error, Malformed, Place};
use crate::listing::{Listed, Listing};
use crate::manifest::{self, Files};
use crate::parquet_rows::ParquetRows;
use crate::parsed::{Parsed, Parser};
use crate::request::{self, Format, Named, Plan, ReadRequest};

/// How many items a chunk has at least, unless the items are over or their text is long.
const CHUNK_ITEMS: usize = 500;

/// After how many bytes of text a chunk is given, whatever it has.
const CHUNK_BYTES: usize = 512 * 1024;

/// How many bytes are parsed before it is looked whether a chunk is full.
const PIECE: usize = 16 * 1024;

/// One item.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What it is.
    pub value: Value,
    /// The member's name, where the items are the members of a JSON object.
    pub key: Option<Arc<str>>,
    /// Where it was read: `S3://bucket/key`, or `S3://bucket` for what a listing says.
    pub source: Arc<str>,
}

/// Items one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// The items, one at least.
    pub items: Vec<Item>,
    /// Where the items after these begin.
    pub next: Position,
}

/// Where a reading is. Its text is for [`Buckets::read`] only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// How many items were given.
    #[serde(rename = "n")]
    items: u64,
    /// The last key of a listing that is done with.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// How many objects of a manifest are done with.
    #[serde(rename = "o", default, skip_serializing_if = "is_zero")]
    objects: u64,
    /// How many items of the object after these were given.
    #[serde(rename = "i", default, skip_serializing_if = "is_zero")]
    inside: u64,
    /// What that object was when it was begun.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
}

impl Position {
    /// A short text without a line's end.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a position is made of texts and numbers")
    }

    /// The position of a text.
    ///
    /// # Errors
    /// When it is the text of none.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text)
            .map_err(|error| Error::Request(format!("`{text}` is no position of items: {error}")))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Items that are being read; nothing happens between two chunks.
pub struct ItemReader {
    buckets: Buckets,
    work: Work,
    position: Position,
    max_items: u64,
}

enum Work {
    List { listing: Listing, source: Arc<str> },
    Load(Box<Load>),
}

struct Load {
    queue: Queue,
    format: Format,
    open: Option<Open>,
}

/// The objects that have the items.
enum Queue {
    Fixed(VecDeque<Named>),
    Listed {
        bucket: String,
        listing: Listing,
        page: VecDeque<Listed>,
    },
}

/// An object that is being read.
struct Open {
    key: String,
    source: Arc<str>,
    etag: Option<String>,
    rows: Rows,
    /// How many of its items were given before.
    skip: u64,
}

enum Rows {
    Text(Box<TextRows>),
    Parquet(ParquetRows),
}

struct TextRows {
    place: Place,
    text: Text,
    parser: Box<dyn Parser>,
    /// What of the last piece was not parsed yet.
    rest: Bytes,
    is_over: bool,
}

impl Buckets {
    /// Begins to read; the default position is the beginning.
    ///
    /// # Errors
    /// When the request makes no sense, or a manifest can't be read.
    pub async fn read(&self, request: &ReadRequest, from: Position) -> Result<ItemReader, Error> {
        let work = match Plan::of(request)? {
            Plan::List(listed) => Work::List {
                source: format!("S3://{}", listed.bucket).into(),
                listing: self.listing(&listed, &from)?,
            },
            Plan::LoadList(listed, format) => {
                let listing = self.listing(&listed, &from)?;
                let queue = Queue::Listed {
                    bucket: listed.bucket,
                    listing,
                    page: VecDeque::new(),
                };
                Work::load(queue, format)
            }
            Plan::Load(named, format) => Work::load(Queue::rest([named].into(), &from), format),
            Plan::Inventory(named) => {
                let Files { files, format } = manifest::inventory(self, &named).await?;
                Work::load(Queue::rest(files, &from), format)
            }
            Plan::Athena(named, format) => {
                let Files { files, format } = manifest::athena(self, &named, format).await?;
                Work::load(Queue::rest(files, &from), format)
            }
        };
        Ok(ItemReader {
            buckets: self.clone(),
            work,
            position: from,
            max_items: request.max_items.unwrap_or(u64::MAX),
        })
    }

    fn listing(&self, listed: &request::Listed, from: &Position) -> Result<Listing, Error> {
        let after = from.after.clone().or_else(|| listed.after.clone());
        Ok(Listing::new(
            self.bucket(&listed.bucket)?,
            &listed.prefix,
            after,
        ))
    }
}

impl Work {
    fn load(queue: Queue, format: Format) -> Self {
        Self::Load(Box::new(Load {
            queue,
            format,
            open: None,
        }))
    }
}

impl ItemReader {
    /// The next items; `None` at the end.
    ///
    /// # Errors
    /// When they can't be read. Nothing may follow then.
    pub async fn next(&mut self) -> Result<Option<Chunk>, Error> {
        let left = self.max_items.saturating_sub(self.position.items);
        if left == 0 {
            return Ok(None);
        }
        let items = match &mut self.work {
            Work::List { listing, source } => {
                let Some(objects) = listing.next().await? else {
                    return Ok(None);
                };
                let source = source.clone();
                let mut objects: VecDeque<_> = objects.into();
                objects.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                let Some(last) = objects.back() else {
                    return Ok(None);
                };
                self.position.after = Some(last.key.clone());
                let item = |object| Item {
                    value: metadata(object),
                    key: None,
                    source: source.clone(),
                };
                objects.into_iter().map(item).collect()
            }
            Work::Load(load) => load.next(&self.buckets, &mut self.position, left).await?,
        };
        if items.is_empty() {
            return Ok(None);
        }
        self.position.items += items.len() as u64;
        Ok(Some(Chunk {
            items,
            next: self.position.clone(),
        }))
    }
}

impl Load {
    /// Items of the object that is being read, or of the next one that has any; none at the end.
    async fn next(
        &mut self,
        buckets: &Buckets,
        position: &mut Position,
        left: u64,
    ) -> Result<Vec<Item>, Error> {
        let Self {
            queue,
            format,
            open,
        } = self;
        loop {
            if open.is_none() {
                let Some(named) = queue.next().await? else {
                    return Ok(Vec::new());
                };
                *open = Some(Open::new(buckets, named, format, position).await?);
            }
            let Some(object) = open else {
                return Ok(Vec::new());
            };
            let Some(mut found) = object.rows.next().await? else {
                // It is done with.
                position.inside = 0;
                position.etag = None;
                match queue {
                    Queue::Fixed(_) => position.objects += 1,
                    Queue::Listed { .. } => position.after = Some(std::mem::take(&mut object.key)),
                }
                *open = None;
                continue;
            };
            let skipped = object.skip.min(found.len() as u64);
            object.skip -= skipped;
            found.drain(..usize::try_from(skipped).unwrap_or(usize::MAX));
            found.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            if found.is_empty() {
                continue;
            }
            position.inside += found.len() as u64;
            position.etag.clone_from(&object.etag);
            let item = |Parsed { key, value }| Item {
                value,
                key,
                source: object.source.clone(),
            };
            return Ok(found.into_iter().map(item).collect());
        }
    }
}

impl Queue {
    /// Those that are not done with.
    fn rest(mut files: VecDeque<Named>, from: &Position) -> Self {
        let done = usize::try_from(from.objects).unwrap_or(usize::MAX);
        files.drain(..done.min(files.len()));
        Self::Fixed(files)
    }

    async fn next(&mut self) -> Result<Option<Named>, Error> {
        match self {
            Self::Fixed(files) => Ok(files.pop_front()),
            Self::Listed {
                bucket,
                listing,
                page,
            } => loop {
                match page.pop_front() {
                    // What stands for a folder is no file.
                    Some(object) if object.key.ends_with('/') => {}
                    Some(object) => {
                        return Ok(Some(Named {
                            bucket: bucket.clone(),
                            key: object.key,
                            version: None,
                        }));
                    }
                    None => match listing.next().await? {
                        Some(objects) => *page = objects.into(),
                        None => return Ok(None),
                    },
                }
            },
        }
    }
}

impl Open {
    async fn new(
        buckets: &Buckets,
        named: Named,
        format: &Format,
        position: &Position,
    ) -> Result<Self, Error> {
        let bucket: Bucket = buckets.bucket(&named.bucket)?;
        let etag = position.etag.clone();
        let content = Content::open(&bucket, &named.key, named.version, etag).await?;
        let source = format!("S3://{}/{}", named.bucket, named.key);
        let etag = content.etag().map(str::to_owned);
        let mut skip = position.inside;
        let rows = if *format == Format::Parquet {
            Rows::Parquet(ParquetRows::new(content, std::mem::take(&mut skip)))
        } else {
            let parser = format
                .parser()
                .map_err(|malformed| Error::Request(malformed.to_string()))?;
            Rows::Text(Box::new(TextRows {
                place: content.place().clone(),
                text: Text::of(content),
                parser,
                rest: Bytes::new(),
                is_over: false,
            }))
        };
        Ok(Self {
            key: named.key,
            source: source.into(),
            etag,
            rows,
            skip,
        })
    }
}

impl Rows {
    /// The next items, perhaps none; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Parsed>>, Error> {
        match self {
            Self::Text(rows) => rows.next().await,
            Self::Parquet(rows) => rows.next().await,
        }
    }
}

impl TextRows {
    async fn next(&mut self) -> Result<Option<Vec<Parsed>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let place = &self.place;
        let malformed = |malformed: Malformed| Error::Malformed {
            place: place.clone(),
            malformed,
        };
        let mut items = Vec::new();
        let mut parsed = 0;
        while items.len() < CHUNK_ITEMS && parsed < CHUNK_BYTES && !self.is_over {
            if self.rest.is_empty() {
                match self.text.next().await? {
                    Some(piece) => self.rest = piece,
                    None => {
                        self.parser.finish(&mut items).map_err(malformed)?;
                        self.is_over = true;
                        break;
                    }
                }
            }
            let piece = self.rest.split_to(PIECE.min(self.rest.len()));
            parsed += piece.len();
            self.parser.push(&piece, &mut items).map_err(malformed)?;
            self.is_over = self.parser.is_done();
        }
        Ok(Some(items))
    }
}

/// An object as AWS gives it to a child.
fn metadata(object: Listed) -> Value {
    let etag = object.etag.map(|etag| ("Etag", Value::from(etag)));
    let class = object.storage_class.map(Value::from);
    let members = [
        ("Key", Value::from(object.key)),
        ("LastModified", Value::from(object.last_modified)),
        ("Size", Value::from(object.size)),
        ("StorageClass", class.unwrap_or_else(|| "STANDARD".into())),
    ];
    Value::object(etag.into_iter().chain(members))
}
