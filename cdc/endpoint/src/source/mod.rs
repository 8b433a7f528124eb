//! The source: its checks, publication, slot, snapshot and stream.
//!
//! ```text
//!   Source::connect ──► check ──► ensure_publication ──► create_slot ──► Snapshot (for the load), consistent point
//!                                                             └────────► stream ──► Stream::next ──► Delivery
//!                                                                          ▲ Stream::confirm
//! ```
//!
//! Read in this order: this file, [`state`], [`check`], [`publication`], [`slot`], [`ddl`], [`stream`], then `pump`, which reads.

pub mod check;
pub mod ddl;
mod demand;
mod feedback;
pub mod publication;
mod pump;
pub mod slot;
pub mod state;
pub mod stream;

use std::sync::atomic::AtomicU64;

use crate::Error;
use stream::{Stream, StreamOptions};

/// A source database.
#[derive(Debug)]
pub struct Source {
    settings: wire::Settings,
    client: wire::client::Client,
    version: u32,
    /// Where the last heartbeat was written.
    heartbeat: AtomicU64,
}

impl Source {
    /// Connects. The application name of all its connections is `ratchet:<task>`.
    ///
    /// # Errors
    /// When the server can't be reached or refuses.
    pub async fn connect(settings: &wire::Settings, task: &str) -> Result<Self, Error> {
        let mut settings = settings.clone();
        settings.application_name = application_name(task);
        let what = || format!("connect to the source {settings}");
        let client = wire::client::connect(&settings)
            .await
            .map_err(|source| Error::Wire {
                what: what(),
                source,
            })?;
        let row = client
            .query_one("select current_setting('server_version_num')::int", &[])
            .await
            .map_err(|source| Error::Sql {
                what: what(),
                source,
            })?;
        let version: i32 = row.get(0);
        Ok(Self {
            version: u32::try_from(version).unwrap_or(0),
            settings,
            client,
            heartbeat: AtomicU64::new(0),
        })
    }

    /// The server's version, as in 150004.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// How it is connected to.
    #[must_use]
    pub fn settings(&self) -> &wire::Settings {
        &self.settings
    }

    /// An ordinary client, for statements.
    #[must_use]
    pub fn client(&self) -> &wire::client::Client {
        &self.client
    }

    /// Whether another client is connected to the very same database of the same server. False where the server doesn't allow to ask.
    ///
    /// # Errors
    /// When one of them can't be asked.
    pub async fn is_database_of(&self, other: &wire::client::Client) -> Result<bool, Error> {
        let mut names = Vec::new();
        for client in [&self.client, other] {
            match client.query_one(WHICH_DATABASE, &[]).await {
                Ok(row) => names.push(row.get::<_, String>(0)),
                // Insufficient privilege.
                Err(error) if error.code().is_some_and(|code| code.code() == "42501") => {
                    return Ok(false);
                }
                Err(error) => return Err(Error::sql("tell source and target apart")(error)),
            }
        }
        Ok(names[0] == names[1])
    }

    /// Starts to stream.
    ///
    /// # Errors
    /// When the source can't be connected to or refuses, as when somebody else streams from the slot (55006, which is retryable).
    pub async fn stream(&self, options: StreamOptions) -> Result<Stream, Error> {
        Stream::start(&self.settings, options).await
    }

    /// Closes the connection.
    pub async fn close(self) {
        self.client.close().await;
    }
}

/// A physical copy has its original's identifier; the moment of the start tells the two apart.
const WHICH_DATABASE: &str = "
    select format('%s %s %s', system_identifier, extract(epoch from pg_postmaster_start_time()), current_database()) from pg_control_system()";

/// PostgreSQL keeps 63 bytes of it.
fn application_name(task: &str) -> String {
    let mut name = format!("ratchet:{task}");
    let mut end = name.len().min(63);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    name
}
