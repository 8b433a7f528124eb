//! Bytes of a logical replication stream in, messages out: PostgreSQL's output plugin `pgoutput`, protocol versions 1 to 4.
//!
//! ```text
//!   CopyData payload ──Envelope::decode──► data(body) | keepalive        StatusUpdate ──encode──► CopyData payload
//!   body ──Message::decode──► Begin, Relation, Insert { relation, new: Tuple }, … StreamStart, …
//!   Tuple ──values()──► Null | Unchanged | Text(&[u8]) | Binary(&[u8])
//! ```
//!
//! Nothing is copied: a message borrows from the bytes that it was decoded from, and values stay wire bytes.
//!
//! Read in this order: [`lsn`], [`time`], [`message`], [`tuple`], [`decode`], [`envelope`], [`options`].

pub mod decode;
pub mod envelope;
pub mod lsn;
pub mod message;
pub mod options;
pub mod time;
pub mod tuple;

pub use decode::Error;
pub use lsn::Lsn;
pub use message::Message;
pub use time::PgTimestamp;
pub use tuple::{Tuple, Value, Values};
