//! What to do with what a replication stream says: pure, from messages to the rows that a target must have.
//!
//! ```text
//!   bytes of the stream ──Assembler──► Delivery: Piece (whole transactions), Streamed parts, commits, aborts
//!   Relation + TargetTable ──Binding──► which source column goes where, what identifies a row
//!   Piece + Bindings ──net::plan──► per table: deletes, updates, inserts   (a net change for each key, or changes in order)
//!   Piece + Bindings ──dependency──► which pieces may be applied at the same time
//!   TableShape before, after ──schema_change──► add, drop, rename, alter
//!   table mappings, task settings (JSON) ──► Selection, TaskSettings
//! ```
//!
//! Time and configuration are arguments; nothing here does IO. Values stay wire bytes: a [`piece::Change`] says where they are.
//!
//! Read in this order: [`relation`], [`piece`], [`assembler`], [`table`], [`binding`], [`net`], [`dependency`], [`shape`],
//! [`schema_change`], [`mapping`], [`settings`], [`checkpoint`], [`table_state`].

pub mod assembler;
pub mod binding;
pub mod checkpoint;
pub mod dependency;
pub mod mapping;
mod nearest;
pub mod net;
pub mod piece;
pub mod relation;
pub mod schema_change;
pub mod settings;
pub mod shape;
pub mod table;
pub mod table_state;
