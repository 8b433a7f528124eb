//! The store in SQLite: one file in a data directory, durable when a commit is acknowledged.
//!
//! ```text
//!   commit() ──▶ bounded queue ──▶ writer ── one transaction, one fsync ──▶ ratchet.db
//!                                    │                                          ▲
//!   answers ◀────────────────────────┘            reads ──▶ small read-only pool┘
//! ```
//!
//! Read [`open`] first, then `schema`, `writer` (the one task that writes), `group` (what a group of commits comes to),
//! `apply` (its statements) and the `read_…` modules.

mod apply;
mod apply_jobs;
mod apply_map_runs;
mod checkpoint;
mod errors;
mod group;
mod many_rows;
pub mod open;
mod read_executions;
mod read_history;
mod read_jobs;
mod read_map_runs;
mod read_resources;
mod rows;
mod schema;
mod sqlite_store;
mod writer;

pub use open::{OpenError, Options};
pub use sqlite_store::SqliteStore;
