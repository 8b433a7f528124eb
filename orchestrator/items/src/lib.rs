//! The items of a distributed Map, from S3 or from folders of this machine, and its results, back there.
//!
//! ```text
//!   ReadRequest ──▶ Plan ──▶ Listing ─────────────────────────────────▶ ┐
//!                     │        │ LOAD_AND_FLATTEN                       │
//!                     ├─ Manifest ──▶ objects ──▶ Content ──▶ parser ──▶ Chunk { items, next: Position }
//!                     └──────────────▶    (4 MiB)    (CSV · JSON · JSON Lines · Parquet)
//!
//!   Child ──▶ texts ──▶ SUCCEEDED_n.json · FAILED_n.json · PENDING_n.json ──▶ manifest.json
//! ```
//!
//! Nothing is held in memory but a piece of one object and the items of one chunk; an object is asked for in ranges of one version, so that
//! between two chunks there is no connection. A [`reader::Position`] is a text that a later process can go on from: the object in progress is
//! read again, and what was given is left out; if it was changed meanwhile, that is an error.
//!
//! Read [`buckets`] for where things are, [`request`] for what can be asked, [`reader`], and the formats: `csv`, `json_lines`, `json_document`
//! (with `json_scan`), which are pure, and `parquet_rows`. `content`, `listing` and `manifest` are what the reader stands on; `connector` is
//! how object_store reaches the network. Then [`results`] and [`writer`].
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "in tests a failure is a panic that names its place"
    )
)]

pub mod buckets;
mod connector;
mod content;
mod csv;
pub mod error;
mod json_document;
mod json_lines;
mod json_scan;
mod listing;
mod manifest;
mod parquet_rows;
mod parsed;
pub mod reader;
pub mod request;
pub mod results;
pub mod writer;

pub use buckets::Buckets;
pub use error::Error;
