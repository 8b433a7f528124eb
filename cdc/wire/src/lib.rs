//! PostgreSQL's wire: connections with TLS and authentication, pipelines, COPY in both directions, and the replication mode.
//!
//! It knows the protocol and no SQL of its own. [`session::Session`] is ours (released tokio-postgres has no replication mode, and hands out
//! COPY row by row); [`client::connect`] gives a tokio-postgres client over the same settings, for ordinary statements.
//!
//! Read in this order: [`settings`], [`error`], [`session`], [`batch`], [`copy`], [`duplex`], [`client`].

mod attempts;
pub mod batch;
mod certificate;
mod channel;
pub mod client;
pub mod copy;
pub mod duplex;
pub mod error;
mod login;
pub mod session;
pub mod settings;
mod socket;
mod tls;

pub use batch::Batch;
pub use error::Error;
pub use login::CancelToken;
pub use session::{Mode, Session};
pub use settings::Settings;
