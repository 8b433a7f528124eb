//! The engine that runs attempts as processes of this machine, for machines without Docker.
//!
//! ```text
//!   Ratchet ──spawns──► shim ──spawns──► entrance ──becomes──► the command
//!                        │                  └ joins the limits, takes the user, says why if it can't
//!                        └ in a session of its own; writes the log, passes on signals, keeps the exit code
//! ```
//!
//! Each attempt has a directory; what is in it says how far the attempt is, whoever looks: see [`place`]. Ratchet may die and come back at any
//! instant: the shim goes on without it. Commands share the host's files, network and users: limits bound them, nothing walls them off.

mod cgroup;
mod entrance;
mod place;
pub mod shim;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

use crate::launch::{Launch, Network};
use crate::logs::LogStore;
use crate::reason;
use crate::runner::{Error, Outcome, Runner, Told};
use cgroup::Cgroups;
use place::{Exit, Order, Place, State};

/// Where attempts are kept, and how the shim is called.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A directory of this instance's own: one directory inside for each attempt.
    pub directory: PathBuf,
    /// A program that calls [`shim::run`] with what comes after `arguments`: Ratchet's own.
    pub program: PathBuf,
    /// Its first arguments.
    pub arguments: Vec<String>,
    /// Whether memory and vCPUs are limited.
    pub limits: Limits,
}

/// Whether memory and vCPUs are limited by cgroups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// Where the machine allows it.
    #[default]
    WherePossible,
    /// Not at all.
    Off,
}

/// This machine's processes as an engine.
#[derive(Clone, Debug)]
pub struct Processes {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    logs: LogStore,
    cgroups: Result<Cgroups, String>,
    /// How many `run` there are of each attempt.
    running: Mutex<HashMap<Arc<str>, usize>>,
}

impl Processes {
    /// An engine that keeps what processes print in `logs`.
    ///
    /// # Errors
    /// When its directory can't be made.
    pub fn new(settings: Settings, logs: LogStore) -> Result<Self, Error> {
        std::fs::create_dir_all(&settings.directory)
            .map_err(|source| place::at("make", &settings.directory, source))?;
        let cgroups = match settings.limits {
            Limits::WherePossible => Cgroups::find(),
            Limits::Off => Err("limits are off".to_owned()),
        };
        let shared = Shared {
            settings,
            logs,
            cgroups,
            running: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Why memory and vCPUs are not limited; `None`: they are.
    #[must_use]
    pub fn unlimited(&self) -> Option<&str> {
        self.shared.cgroups.as_ref().err().map(String::as_str)
    }
}

impl Runner for Processes {
    fn run(&self, launch: Launch, told: mpsc::Sender<Told>) -> BoxFuture<'static, Outcome> {
        let shared = Arc::clone(&self.shared);
        let running = Running::begin(&shared, &launch.attempt);
        async move {
            let outcome = shared.run(launch, told).await;
            drop(running);
            outcome.unwrap_or_else(|error| Outcome::Unavailable {
                why: error.to_string(),
            })
        }
        .boxed()
    }

    fn stop(&self, attempt: &str, grace: Duration) -> BoxFuture<'static, ()> {
        let shared = Arc::clone(&self.shared);
        let attempt = attempt.to_owned();
        async move {
            if let Err(error) = shared.stop(&attempt, grace).await {
                tracing::warn!(attempt, %error, "a process could not be stopped");
            }
        }
        .boxed()
    }

    fn forget(&self, attempt: &str) -> BoxFuture<'static, Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        let attempt = attempt.to_owned();
        async move {
            let place = shared.place(&attempt);
            if matches!(place.state()?, State::Runs { .. } | State::Lost { .. }) {
                shared.stop(&attempt, Duration::ZERO).await?;
            }
            if let Some(order) = place.order()? {
                cgroup::remove(&order.groups);
            }
            place.remove()
        }
        .boxed()
    }

    fn present(&self) -> BoxFuture<'static, Result<Vec<String>, Error>> {
        let shared = Arc::clone(&self.shared);
        async move { place::all(&shared.settings.directory) }.boxed()
    }

    fn ready(&self) -> BoxFuture<'static, Result<(), String>> {
        let shared = Arc::clone(&self.shared);
        async move {
            let Settings {
                directory, program, ..
            } = &shared.settings;
            std::fs::create_dir_all(directory)
                .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
            if !program.exists() {
                return Err(format!(
                    "there is no {}: it was there when Ratchet started; start Ratchet again",
                    program.display()
                ));
            }
            Ok(())
        }
        .boxed()
    }
}

impl Shared {
    fn place(&self, attempt: &str) -> Place {
        Place::new(&self.settings.directory, attempt)
    }

    async fn run(&self, launch: Launch, told: mpsc::Sender<Told>) -> Result<Outcome, Error> {
        let place = self.place(&launch.attempt);
        let stream = Arc::clone(&launch.log_stream);
        if place.order()?.is_none() {
            if let Some(reason) = refusal(&launch) {
                return Ok(Outcome::FailedToStart { reason, code: None });
            }
            let groups = match &self.cgroups {
                Ok(cgroups) => cgroups.plan(&launch),
                Err(_) => Vec::new(),
            };
            place.prepare(&Order {
                launch,
                log_directory: self.logs.directory().to_owned(),
                bytes_per_stream: self.logs.bytes_per_stream(),
                groups,
            })?;
        }
        let mut told = Some(told);
        loop {
            let state = place.state()?;
            if let Some(started) = state.started()
                && let Some(told) = told.take()
            {
                let started = Told::Started {
                    at: started.at,
                    container_id: started.process.to_string(),
                    address: None,
                };
                // Nobody need listen.
                let _ = told.send(started).await;
            }
            match state {
                State::Gone => {
                    return Ok(Outcome::Lost {
                        why: format!("{} was removed", place.directory().display()),
                    });
                }
                State::Ready => self.shim(&place).await?,
                State::Runs { shim, started } => {
                    if started.is_some() {
                        place::until_gone(shim).await;
                    } else {
                        // Another Ratchet spawned it and died.
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                }
                State::Ended { exit, .. } => return Ok(self.outcome(&stream, exit)),
                State::Lost { started } => {
                    end_orphan(&place, started)?;
                    return Ok(Outcome::Lost {
                        why: format!(
                            "the process that watched {} went away without writing how it ended",
                            place.directory().display()
                        ),
                    });
                }
            }
        }
    }

    /// Spawns the shim; returns when the command has started, or the shim has ended.
    async fn shim(&self, place: &Place) -> Result<(), Error> {
        let mut shim = Command::new(&self.settings.program)
            .args(&self.settings.arguments)
            .arg(place.directory())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| place::at("execute", &self.settings.program, source))?;
        let output = shim.stdout.take().expect("it is piped");
        let mut line = String::new();
        // It says one line when the command has started. Its end says what the files say as well.
        let read = BufReader::new(output).read_line(&mut line).await;
        if read.is_ok_and(|length| length > 0) {
            tokio::spawn(async move { shim.wait().await });
            return Ok(());
        }
        shim.wait()
            .await
            .map_err(|source| place::at("wait for", &self.settings.program, source))?;
        Ok(())
    }

    fn outcome(&self, stream: &str, exit: Exit) -> Outcome {
        match exit {
            Exit::Ended {
                code,
                oom,
                started_at,
                at,
            } => Outcome::Exited {
                code,
                oom,
                started_at,
                at,
                reason: reason::of_exit(&self.logs, stream, code, oom),
            },
            Exit::Failed { reason, code } => Outcome::FailedToStart { reason, code },
        }
    }

    async fn stop(&self, attempt: &str, grace: Duration) -> Result<(), Error> {
        let place = self.place(attempt);
        let runs = lock(&self.running).contains_key(attempt);
        if !runs && !place.directory().exists() {
            return Ok(());
        }
        place.ask_to_stop(grace)?;
        loop {
            match place.state()? {
                State::Runs { shim, .. } => {
                    place::terminate(shim);
                    place::until_gone(shim).await;
                }
                // Its `run` has not spawned it yet: then it ends at once.
                State::Gone | State::Ready if lock(&self.running).contains_key(attempt) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                State::Lost { started } => return end_orphan(&place, started),
                State::Gone | State::Ready | State::Ended { .. } => return Ok(()),
            }
        }
    }
}

/// What is lost must not go on running.
fn end_orphan(place: &Place, started: Option<place::Started>) -> Result<(), Error> {
    if let Some(started) = started {
        place::kill_orphan(started);
    }
    if let Some(order) = place.order()? {
        cgroup::remove(&order.groups);
    }
    Ok(())
}

/// What a process can't have.
fn refusal(launch: &Launch) -> Option<String> {
    let what = if launch.command.is_empty() {
        "needs a command of its own: there is no image that says one"
    } else if launch.privileged {
        "can't be privileged"
    } else if launch.read_only_root {
        "can't have a root file system that is read only"
    } else if !launch.tmpfs.is_empty() {
        "can't have file systems of its own in memory"
    } else if launch.network == Network::None {
        "can't be without a network"
    } else if launch
        .mounts
        .iter()
        .any(|mount| mount.source.as_ref() != Some(&mount.target) || mount.read_only)
    {
        "sees the host's files where they are: it can't have mounts"
    } else {
        return None;
    };
    Some(format!(
        "a job in an environment of processes {what}; an environment with the engine docker can do it"
    ))
}

/// That somebody runs an attempt.
struct Running {
    shared: Arc<Shared>,
    attempt: Arc<str>,
}

impl Running {
    fn begin(shared: &Arc<Shared>, attempt: &Arc<str>) -> Self {
        *lock(&shared.running)
            .entry(Arc::clone(attempt))
            .or_default() += 1;
        Self {
            shared: Arc::clone(shared),
            attempt: Arc::clone(attempt),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = lock(&self.shared.running);
        if let Some(count) = running.get_mut(&self.attempt) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.attempt);
            }
        }
    }
}

/// Nothing panics while it holds this lock.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
