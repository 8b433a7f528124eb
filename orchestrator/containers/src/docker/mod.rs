//! The engine that runs attempts as containers of a Docker daemon.
//!
//! ```text
//!   create ──201──► start ──► wait ──► outcome        a container's name is its attempt's id, so a second create gives 409:
//!     │ 404                    ▲                      what is there is then inspected, and started only if it never was
//!     ├──► pull ──► create     │
//!     └409─► inspect ──────────┘
//! ```
//!
//! A successful attempt costs five calls: create, start, wait, logs, remove. Containers are never removed by the daemon itself: their exit
//! codes wait there until the outcome is known.

mod attempt;
mod body;
mod fault;
mod network;
mod orphan;
mod output;
mod pull;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::API_DEFAULT_VERSION;
use bollard::query_parameters::{
    ListContainersOptions, RemoveContainerOptions, StopContainerOptions,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use crate::launch::Launch;
use crate::logs::LogStore;
use crate::runner::{Error, Outcome, Runner, Told};
use attempt::Attempt;
use fault::Fault;

/// The label of all that an instance of Ratchet makes at a daemon; its value is the instance's name.
pub const INSTANCE_LABEL: &str = "ratchet.instance";

/// When images are fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PullPolicy {
    /// When the daemon does not have them.
    #[default]
    Missing,
    /// Before every attempt, so that a tag that was moved is noticed.
    Always,
    /// Never: what the daemon does not have can't be run.
    Never,
}

/// What a registry wants to know.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The account.
    pub username: String,
    /// Its password or token.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Credentials({}, …)", self.username)
    }
}

/// How the daemon is reached, and what containers may have of its host.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The daemon's socket.
    pub socket: PathBuf,
    /// Tells this instance's containers from others'.
    pub instance: String,
    /// When images are fetched.
    pub pull: PullPolicy,
    /// Credentials by registry, as `registry.example.com:5000`; Docker Hub is `docker.io`.
    pub registries: BTreeMap<String, Credentials>,
    /// Directories of the host that may be mounted, with all that is in them.
    pub allowed_mounts: Vec<PathBuf>,
    /// Devices of the host that may be used.
    pub allowed_devices: Vec<PathBuf>,
    /// Containers may be privileged.
    pub allow_privileged: bool,
    /// Containers may use the host's network.
    pub allow_host_network: bool,
    /// How long the daemon may take to create or start a container.
    pub patience: Duration,
}

impl Settings {
    /// The usual socket; nothing of the host is allowed.
    #[must_use]
    pub fn new(instance: impl Into<String>) -> Self {
        Self {
            socket: PathBuf::from("/var/run/docker.sock"),
            instance: instance.into(),
            pull: PullPolicy::default(),
            registries: BTreeMap::new(),
            allowed_mounts: Vec::new(),
            allowed_devices: Vec::new(),
            allow_privileged: false,
            allow_host_network: false,
            patience: Duration::from_secs(240),
        }
    }
}

/// A Docker daemon as an engine. It need not be there yet.
#[derive(Clone, Debug)]
pub struct Docker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    logs: LogStore,
    /// Negotiated with the daemon that was there last.
    client: Mutex<Option<bollard::Docker>>,
    /// One pull at a time for each image.
    pulls: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// One network is made at a time.
    networks: tokio::sync::Mutex<()>,
    attempts: Mutex<HashMap<String, Known>>,
}

/// What is remembered of an attempt from its first `run` to its `forget`.
#[derive(Debug)]
struct Known {
    /// Set when somebody asked to stop it; the grace.
    stop: Arc<watch::Sender<Option<Duration>>>,
    network: Option<String>,
}

impl Docker {
    /// An engine that keeps what containers print in `logs`.
    #[must_use]
    pub fn new(settings: Settings, logs: LogStore) -> Self {
        let shared = Shared {
            settings,
            logs,
            client: Mutex::default(),
            pulls: Mutex::default(),
            networks: tokio::sync::Mutex::default(),
            attempts: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl Runner for Docker {
    fn run(&self, launch: Launch, told: mpsc::Sender<Told>) -> BoxFuture<'static, Outcome> {
        let shared = Arc::clone(&self.shared);
        // Before the future is first polled: a `stop` after this call finds it.
        let stop = shared.know(&launch);
        async move { Attempt::new(shared, launch, told, stop).run().await }.boxed()
    }

    fn stop(&self, attempt: &str, grace: Duration) -> BoxFuture<'static, ()> {
        let shared = Arc::clone(&self.shared);
        let attempt = attempt.to_owned();
        async move {
            let known = lock(&shared.attempts)
                .get(&attempt)
                .map(|known| Arc::clone(&known.stop));
            if let Some(stop) = known.filter(|stop| stop.receiver_count() > 0) {
                // Its `run` stops it, also if it only starts now or is out of reach.
                stop.send_replace(Some(grace));
                return stop.closed().await;
            }
            if let Err(fault) = shared.stop(&attempt, grace).await {
                tracing::warn!(attempt, %fault, "a container could not be stopped");
            }
        }
        .boxed()
    }

    fn forget(&self, attempt: &str) -> BoxFuture<'static, Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        let attempt = attempt.to_owned();
        async move { Ok(shared.forget(&attempt).await?) }.boxed()
    }

    fn present(&self) -> BoxFuture<'static, Result<Vec<String>, Error>> {
        let shared = Arc::clone(&self.shared);
        async move { Ok(shared.present().await?) }.boxed()
    }

    fn ready(&self) -> BoxFuture<'static, Result<(), String>> {
        let shared = Arc::clone(&self.shared);
        async move { shared.ping().await.map_err(|fault| fault.to_string()) }.boxed()
    }
}

impl Shared {
    /// The daemon, whose version is asked once.
    async fn client(&self) -> Result<bollard::Docker, Fault> {
        if let Some(client) = lock(&self.client).clone() {
            return Ok(client);
        }
        let path = self.settings.socket.to_string_lossy();
        let seconds = self.settings.patience.as_secs().max(1);
        let connect = bollard::Docker::connect_with_unix(&path, seconds, API_DEFAULT_VERSION);
        let client = match connect {
            Ok(client) => client.negotiate_version().await,
            Err(error) => Err(error),
        }
        .map_err(|error| self.fault(error))?;
        *lock(&self.client) = Some(client.clone());
        Ok(client)
    }

    /// What an error of the client means. A daemon that comes back may be another one.
    fn fault(&self, error: bollard::errors::Error) -> Fault {
        let fault = Fault::of(error, &self.settings.socket);
        if matches!(fault, Fault::Unavailable(_)) {
            *lock(&self.client) = None;
        }
        fault
    }

    async fn ping(&self) -> Result<(), Fault> {
        let client = self.client().await?;
        let pong = tokio::time::timeout(Duration::from_secs(10), client.ping()).await;
        let pong = pong.map_err(|_| self.fault(bollard::errors::Error::RequestTimeoutError))?;
        pong.map(drop).map_err(|error| self.fault(error))
    }

    /// Returns when the daemon answers.
    async fn until_back(&self) {
        let mut pause = Duration::from_millis(50);
        while self.ping().await.is_err() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    fn know(&self, launch: &Launch) -> watch::Receiver<Option<Duration>> {
        let mut attempts = lock(&self.attempts);
        let known = attempts
            .entry(launch.attempt.to_string())
            .or_insert_with(|| Known {
                stop: Arc::default(),
                network: network::name(launch).map(str::to_owned),
            });
        known.stop.subscribe()
    }

    async fn stop(&self, attempt: &str, grace: Duration) -> Result<(), Fault> {
        let options = StopContainerOptions {
            signal: None,
            t: Some(i32::try_from(grace.as_millis().div_ceil(1000)).unwrap_or(i32::MAX)),
        };
        let client = self.client().await?;
        match client.stop_container(attempt, Some(options)).await {
            Ok(()) => Ok(()),
            Err(error) => match self.fault(error) {
                Fault::Missing(_) | Fault::Unchanged => Ok(()),
                fault => Err(fault),
            },
        }
    }

    /// Removes the container; one that is not there is fine.
    async fn remove(&self, attempt: &str) -> Result<(), Fault> {
        let options = RemoveContainerOptions {
            v: true,
            force: true,
            link: false,
        };
        let client = self.client().await?;
        if let Err(error) = client.remove_container(attempt, Some(options)).await {
            match self.fault(error) {
                // A conflict: it is being removed already.
                Fault::Missing(_) | Fault::Conflict(_) => {}
                fault => return Err(fault),
            }
        }
        Ok(())
    }

    async fn forget(&self, attempt: &str) -> Result<(), Fault> {
        self.remove(attempt).await?;
        let known = lock(&self.attempts).remove(attempt);
        match known {
            Some(Known {
                network: Some(network),
                ..
            }) => self.remove_network(&network).await,
            Some(Known { network: None, .. }) => Ok(()),
            None => self.remove_unused_networks().await,
        }
    }

    async fn present(&self) -> Result<Vec<String>, Fault> {
        let options = ListContainersOptions {
            all: true,
            filters: Some(self.ours()),
            ..Default::default()
        };
        let client = self.client().await?;
        let containers = client.list_containers(Some(options)).await;
        let containers = containers.map_err(|error| self.fault(error))?;
        let names = containers.into_iter().filter_map(|container| {
            let name = container.names?.into_iter().next()?;
            Some(name.trim_start_matches('/').to_owned())
        });
        Ok(names.collect())
    }

    /// A filter that selects what this instance made.
    fn ours(&self) -> HashMap<String, Vec<String>> {
        let label = format!("{INSTANCE_LABEL}={}", self.settings.instance);
        HashMap::from([("label".to_owned(), vec![label])])
    }
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
