//! How the house's crates become one engine.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use integrations::Integrations;
use runtime::runtime::Runtime;
use store_sqlite::{Options, SqliteStore};

use crate::config::Config;
use crate::outcome::Error;

/// The engine and what performs its tasks.
pub(crate) struct Engine {
    /// What everybody asks.
    pub(crate) runtime: Runtime,
    integrations: Integrations,
}

impl Engine {
    /// Closes the runtime, then the functions: the other way round, a call in progress would be recorded as failed.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn close(&self) -> Result<(), runtime::error::Error> {
        let closed = self.runtime.close().await;
        self.integrations.close().await;
        closed
    }
}

/// Opens the engine on a data directory and takes up everything that was unfinished there. `server` is where its API is to be
/// found, for functions that call it.
///
/// # Errors
/// When the directory is in use or can't be read.
pub(crate) async fn open(
    config: &Config,
    directory: &Path,
    server: Option<SocketAddr>,
) -> Result<Engine, Error> {
    let integrations = Integrations::new(&config.integrations(server))
        .map_err(|error| Error::Usage(explain(&error)))?;
    let store = SqliteStore::open(directory, Options::default())
        .await
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    let tasks = Arc::new(integrations.clone());
    let runtime = Runtime::open(Arc::new(store), tasks, config.engine_options())
        .await
        .map_err(|error| Error::Unavailable(explain(&error)))?;
    Ok(Engine {
        runtime,
        integrations,
    })
}

/// An error with everything that led to it.
pub(crate) fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
