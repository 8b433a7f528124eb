//! Container jobs that survive: an actor owns the pure scheduler of `batch`, commits what it decides, and only then carries it out.
//!
//! ```text
//!   Batch (handle) ──Message──▶ Driver: gather all that waits ─▶ Scheduler::step ─▶ ONE commit ─▶ replies, effects
//!        ▲                        ▲                                                                 │
//!        │ reads: store           └── Told, Outcome ── Attempts ── Runner (Docker, processes) ◀─────┘
//! ```
//!
//! In reading order:
//!
//! - [`handle`]: `Batch`, what callers hold; `operations`: the operations of AWS Batch, one method each
//! - [`options`]: how it is set up
//! - `messages`, `driver`, `submissions`, `commits`: the actor
//! - `attempts`, `engines`, `launching`: what carries its decisions out
//! - `recovery`, `tokens`, `housekeeping`: after a restart, for workflows that wait, and long after the end
//! - `catalogue`, `rows`, `shared`: what is kept where
//!
//! Nothing is answered or carried out before it is committed. A job is committed as STARTING before its attempt is handed to the engine, and an
//! attempt is removed from the engine after its outcome was committed; so a crash at any instant leaves either an attempt that the next process
//! takes up, or one that it knows to be over.

mod attempts;
mod catalogue;
mod commits;
pub mod counters;
mod driver;
mod engines;
pub mod handle;
mod housekeeping;
mod launching;
mod messages;
mod operations;
pub mod options;
mod recovery;
mod rows;
mod shared;
mod submissions;
mod tokens;
pub mod watch;

/// What attempts print, for those who read it.
pub use containers::logs;
pub use handle::Batch;
pub use messages::Submission;
pub use options::Options;
pub use recovery::OpenError;
