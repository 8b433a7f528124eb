//! The directory of an attempt: the files in it are all that is known of it.
//!
//! ```text
//!   order     what to run; the attempt exists when this does        written by Ratchet
//!   stop      somebody asked to stop it; the grace in milliseconds   written by Ratchet
//!   lock      locked while the shim lives                            locked by the shim
//!   claimed   the shim's process; at most one shim ever makes it, before it spawns the command
//!   started   the command's process and time
//!   exit      how it ended
//!   work/     where the command starts, unless it says otherwise
//! ```
//!
//! All but `lock` are written beside their names and then renamed: they are whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::unix::pipe::Receiver;

use super::cgroup::Group;
use crate::launch::Launch;
use crate::runner::Error;

/// All that the shim must know.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) launch: Launch,
    pub(super) log_directory: PathBuf,
    pub(super) bytes_per_stream: u64,
    pub(super) groups: Vec<Group>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Claimed {
    shim: i32,
}

/// The command runs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Started {
    /// It leads a process group.
    pub(super) process: i32,
    /// When the kernel began it, in ticks since the machine's start: tells it from a later one with its number.
    pub(super) begun: Option<u64>,
    pub(super) at: i64,
}

/// How it ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Exit {
    Ended {
        code: i32,
        oom: bool,
        started_at: i64,
        at: i64,
    },
    Failed {
        reason: String,
        code: Option<i32>,
    },
}

/// How far an attempt is.
#[derive(Debug)]
pub(super) enum State {
    /// There is no order: it was forgotten, or is not there yet.
    Gone,
    /// There is an order, and no shim.
    Ready,
    /// A shim is at it; `started` when the command is.
    Runs { shim: i32, started: Option<Started> },
    Ended {
        exit: Exit,
        started: Option<Started>,
    },
    /// A shim was at it, and is gone.
    Lost { started: Option<Started> },
}

impl State {
    pub(super) const fn started(&self) -> Option<Started> {
        match self {
            Self::Runs { started, .. } | Self::Ended { started, .. } | Self::Lost { started } => {
                *started
            }
            Self::Gone | Self::Ready => None,
        }
    }
}

/// An attempt's directory.
#[derive(Debug)]
pub(super) struct Place {
    directory: PathBuf,
}

impl Place {
    pub(super) fn new(parent: &Path, attempt: &str) -> Self {
        Self {
            directory: parent.join(attempt),
        }
    }

    pub(super) const fn of(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn work(&self) -> PathBuf {
        self.directory.join("work")
    }

    pub(super) fn prepare(&self, order: &Order) -> Result<(), Error> {
        let work = self.work();
        fs::create_dir_all(&work).map_err(|source| at("make", &work, source))?;
        self.write("order", order)
    }

    pub(super) fn order(&self) -> Result<Option<Order>, Error> {
        self.read("order")
    }

    pub(super) fn ask_to_stop(&self, grace: Duration) -> Result<(), Error> {
        fs::create_dir_all(&self.directory)
            .map_err(|source| at("make", &self.directory, source))?;
        let millis = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        self.write("stop", &millis)
    }

    /// The grace, if somebody asked to stop it.
    pub(super) fn stop_asked(&self) -> Result<Option<Duration>, Error> {
        Ok(self.read("stop")?.map(Duration::from_millis))
    }

    /// Takes the shim's lock; `None`: another one has it.
    pub(super) fn lock(&self) -> Result<Option<File>, Error> {
        let path = self.directory.join("lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| at("open", &path, source))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(at("lock", &path, error.into())),
        }
    }

    /// Whether a shim lives. Our own glance must not keep a shim out: it tries again for a while.
    fn is_alive(&self) -> Result<bool, Error> {
        let path = self.directory.join("lock");
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => other.map_err(|source| at("open", &path, source))?,
        };
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(false),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
            Err(error) => Err(at("lock", &path, error.into())),
        }
    }

    /// Says that this process is the attempt's only shim; false: there was one before.
    pub(super) fn claim(&self) -> Result<bool, Error> {
        let shim = rustix::process::getpid().as_raw_pid();
        self.write("claim", &Claimed { shim })?;
        let (from, to) = (self.directory.join("claim"), self.directory.join("claimed"));
        match fs::hard_link(&from, &to) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(source) => Err(at("make", &to, source)),
        }
    }

    pub(super) fn is_claimed(&self) -> bool {
        self.directory.join("claimed").exists()
    }

    pub(super) fn started(&self, started: Started) -> Result<(), Error> {
        self.write("started", &started)
    }

    pub(super) fn ended(&self, exit: &Exit) -> Result<(), Error> {
        self.write("exit", exit)
    }

    pub(super) fn state(&self) -> Result<State, Error> {
        // The lock before the files: whoever held it may have written them until then.
        let alive = self.is_alive()?;
        let claimed: Option<Claimed> = self.read("claimed")?;
        let started = self.read("started")?;
        if let Some(exit) = self.read("exit")? {
            return Ok(State::Ended { exit, started });
        }
        Ok(match claimed {
            Some(Claimed { shim }) if alive => State::Runs { shim, started },
            Some(_) => State::Lost { started },
            None if alive => State::Runs {
                shim: 0,
                started: None,
            },
            None if self.directory.join("order").exists() => State::Ready,
            None => State::Gone,
        })
    }

    pub(super) fn remove(&self) -> Result<(), Error> {
        // Somebody who waits for the attempt may write beside us: a few times at most.
        for _ in 0..10 {
            match fs::remove_dir_all(&self.directory) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
                Err(source) => return Err(at("remove", &self.directory, source)),
            }
        }
        Err(at(
            "remove",
            &self.directory,
            io::ErrorKind::DirectoryNotEmpty.into(),
        ))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let path = self.directory.join(name);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|source| at("read", &path, source))?,
        };
        let value = serde_json::from_slice(&text);
        value
            .map(Some)
            .map_err(|error| at("understand", &path, error.into()))
    }

    fn write(&self, name: &str, value: &impl Serialize) -> Result<(), Error> {
        let path = self.directory.join(name);
        let beside = self
            .directory
            .join(format!("{name}.{}", std::process::id()));
        let text = serde_json::to_vec(value).expect("our own types have a JSON form");
        // It may hold secrets: others need not read it.
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .and_then(|mut file| io::Write::write_all(&mut file, &text))
            .and_then(|()| fs::rename(&beside, &path));
        written.map_err(|source| at("write", &path, source))
    }
}

/// The attempts that have a directory here.
pub(super) fn all(parent: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(parent).map_err(|source| at("list", parent, source))? {
        let entry = entry.map_err(|source| at("list", parent, source))?;
        if let Some(name) = entry.file_name().to_str() {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// When the kernel began a process, in ticks since the machine's start.
pub(super) fn begun(process: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may hold anything; the time is the 20th field after it.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
}

/// Kills a command that nobody watches any more, with its group.
pub(super) fn kill_orphan(started: Started) {
    if started.begun.is_some()
        && begun(started.process) == started.begun
        && let Some(group) = Pid::from_raw(started.process)
    {
        // It may have ended by itself meanwhile.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Asks a shim to stop its command.
pub(super) fn terminate(shim: i32) {
    if let Some(process) = open(shim) {
        // It may have ended meanwhile.
        let _ = pidfd_send_signal(process, Signal::TERM);
    }
}

/// Returns when the shim has ended, or might have.
pub(super) async fn until_gone(shim: i32) {
    let pause = Duration::from_millis(10);
    // Waited for like a pipe: a process's descriptor becomes readable when the process ends.
    match open(shim).map(Receiver::from_owned_fd_unchecked) {
        Some(Ok(process)) => {
            // A number may have gone to another process: look at the files now and then.
            let _ = tokio::time::timeout(Duration::from_secs(5), process.readable()).await;
        }
        _ => tokio::time::sleep(pause).await,
    }
}

fn open(process: i32) -> Option<OwnedFd> {
    let process = Pid::from_raw(process).filter(|process| process.as_raw_pid() > 1)?;
    pidfd_open(process, PidfdFlags::NONBLOCK).ok()
}

pub(super) fn at(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File {
        action,
        path: path.display().to_string(),
        source,
    }
}
