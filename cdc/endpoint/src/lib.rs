//! The two ends of a replication task, and the only SQL of replication.
//!
//! ```text
//!   source: connect, check, publication, slot and snapshot ──► Stream ──► Delivery
//!   schema: catalogue of the source ──► definitions ──► statements for the target
//!   target: control tables, Loader (COPY), Applier (Piece + Plan ──► one transaction with its checkpoint)
//! ```
//!
//! Read in this order: [`error`], [`source`], [`schema`], [`target`].

pub mod error;
pub mod schema;
pub mod source;
pub mod target;

pub use error::Error;
