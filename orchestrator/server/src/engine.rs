//! How the house's crates become one engine.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use api::options::Figures;
use integrations::Integrations;
use integrations::replication::{ReplicationTasks, Surroundings};
use runtime::runtime::Runtime;
use store::contract::Store;
use store_sqlite::{Options, SqliteStore};

use crate::config::Config;
use crate::config::layers::Environment;
use crate::outcome::Error;
use crate::{crash_at, passwords};

/// The engine and what performs its tasks.
pub(crate) struct Engine {
    /// What everybody asks.
    pub(crate) runtime: Runtime,
    integrations: Integrations,
    replication: ReplicationTasks,
}

impl Engine {
    /// Closes the runtime, then the functions: the other way round, a call in progress would be recorded as failed. Replication tasks are
    /// interrupted meanwhile; those of a server go on with its next start.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn close(&self) -> Result<(), runtime::error::Error> {
        self.replication.begin_close();
        let (closed, ()) = tokio::join!(self.runtime.close(), self.replication.close());
        self.integrations.close().await;
        closed
    }

    /// What `/metrics` shows besides the runtime's figures.
    pub(crate) fn figures(&self) -> Figures {
        let tasks = self.replication.clone();
        Figures::of(move || tasks.figures())
    }

    /// The replication tasks that run.
    pub(crate) fn running_replication_tasks(&self) -> Vec<String> {
        self.replication.running()
    }
}

/// Opens the engine on a data directory and takes up everything that was unfinished there. `server` is where its API is to be
/// found, for functions that call it.
///
/// # Errors
/// When the directory is in use or can't be read.
pub(crate) async fn open(
    config: &Config,
    environment: &Environment,
    directory: &Path,
    server: Option<SocketAddr>,
) -> Result<Engine, Error> {
    let crash_point = crash_at::from_environment(environment)?;
    let integrations = Integrations::new(&config.integrations(server))
        .map_err(|error| Error::Usage(explain(&error)))?;
    let store = SqliteStore::open(directory, Options::default())
        .await
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    let store: Arc<dyn Store> = Arc::new(store);
    let options = config.engine_options();
    let surroundings = Surroundings {
        settings: config.replication.clone(),
        passwords: passwords::from_environment(environment),
        spill_directory: config.spill_directory(),
        partition: options.partition.clone(),
        crash_point,
    };
    let replication = ReplicationTasks::of(store.clone(), surroundings)
        .await
        .map_err(|error| Error::Unavailable(explain(&error)))?;
    let integrations = integrations.with_replication(replication.clone());
    let tasks = Arc::new(integrations.clone());
    let runtime = Runtime::open(store, tasks, options)
        .await
        .map_err(|error| Error::Unavailable(explain(&error)))?;
    replication.resume(&runtime).await;
    Ok(Engine {
        runtime,
        integrations,
        replication,
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
