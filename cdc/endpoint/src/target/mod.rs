//! The target: its control tables, the load of tables, and the applying of changes with the checkpoint in the same transaction.
//!
//! ```text
//!   Control::claim ──► Lease ──► Applier: begin, apply(Piece, Plan), commit(Checkpoint)
//!                           └──► Loader: one part of a table, COPY to COPY
//! ```
//!
//! Read in this order: [`records`], [`control`] (with `claim`, `statistics`), [`error`], [`loader`], [`applier`], then what the latter is made of: `route`, `image`, `statement`,
//! `encode`, `many`, `single`, `two_phase`, `prepared`; [`careful`] last.

pub mod applier;
pub mod careful;
mod claim;
pub mod control;
mod encode;
pub mod error;
mod exceptions;
mod image;
pub mod loader;
mod many;
mod prepared;
pub mod records;
mod route;
mod single;
mod sql;
mod statement;
mod statistics;
mod two_phase;

pub use applier::{Applier, Durability};
pub use control::{Control, Lease};
pub use error::ApplyError;
pub use loader::Loader;
