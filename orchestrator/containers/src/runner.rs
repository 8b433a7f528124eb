//! An engine: what runs attempts, whatever it is.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use crate::launch::Launch;

/// Runs attempts. Attempts outlive Ratchet and, where the engine can, the engine's daemon.
pub trait Runner: Send + Sync {
    /// Creates, starts and waits for the end. An attempt that is there already (after a crash) is taken up and never started twice. Dropping
    /// the future leaves the attempt alone; a later call with the same launch takes it up.
    ///
    /// While the engine's daemon is away, an attempt that has been seen alive is waited for until the daemon is back and says what became of
    /// it; one that is not known to exist ends at once with [`Outcome::Unavailable`].
    fn run(&self, launch: Launch, told: mpsc::Sender<Told>) -> BoxFuture<'static, Outcome>;

    /// Asks the attempt to end (SIGTERM), and makes it end (SIGKILL) after `grace`. It is over when [`Runner::run`] says so; an attempt that
    /// is not there, or has ended, is fine. Returns when the attempt has ended; if nobody runs it, also when it can't be reached.
    fn stop(&self, attempt: &str, grace: Duration) -> BoxFuture<'static, ()>;

    /// Removes all that is left of the attempt (not its log), and kills it if it still runs. Not there is fine.
    fn forget(&self, attempt: &str) -> BoxFuture<'static, Result<(), Error>>;

    /// All attempts of this instance that the engine still has, running or ended.
    fn present(&self) -> BoxFuture<'static, Result<Vec<String>, Error>>;

    /// Whether attempts can be run now; the text says what is wrong, and what to do.
    fn ready(&self) -> BoxFuture<'static, Result<(), String>>;
}

/// What an engine tells of an attempt before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Its image is on its way; at most a few of these a second.
    Pulling {
        /// For people: what has come of how much.
        text: String,
    },
    /// It runs. Told once by each [`Runner::run`], also of an attempt that had been running already or has ended since.
    Started {
        /// Epoch milliseconds.
        at: i64,
        /// The engine's own id: the container's, or the process's.
        container_id: String,
        /// Its address in the network that it shares with the other nodes, if it is in one.
        address: Option<String>,
    },
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran and ended.
    Exited {
        /// 128 + n when signal n killed it.
        code: i32,
        /// Its memory limit killed it, or one of its processes.
        oom: bool,
        /// Epoch milliseconds.
        started_at: i64,
        /// Epoch milliseconds.
        at: i64,
        /// `OutOfMemoryError: Container killed due to memory usage`; else, after a code that is not 0, the code and the last lines printed.
        reason: Option<String>,
    },
    /// It never ran: the image can't be had, the command does not exist, the operator does not allow what it asks for.
    FailedToStart {
        /// In AWS's words where AWS has some: `CannotPullContainerError: …`.
        reason: String,
        /// The exit code that the engine gives it, as 127 for a command that does not exist.
        code: Option<i32>,
    },
    /// The engine's daemon can't be reached: nothing is known, ask again with the same launch when [`Runner::ready`] says so.
    Unavailable {
        /// What was tried and what went wrong.
        why: String,
    },
    /// It had been started, and nothing can be found out any more: somebody removed it, or the machine went down.
    Lost {
        /// What is missing.
        why: String,
    },
}

/// Why an engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine's daemon can't be reached, or is not itself.
    #[error("{0}")]
    Unavailable(String),
    /// The engine refused.
    #[error("{0}")]
    Refused(String),
    /// A file of an attempt or of a log can't be read or written.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
}
