//! The process between Ratchet and a command, which stays when Ratchet goes.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group, set_child_subreaper, setsid};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::place::{self, Exit, Order, Place, Started};
use super::{cgroup, entrance};
use crate::clock;
use crate::logs::{LogStore, Writer};
use crate::runner::Error;

/// Says that this process is to become the command.
const ENTER: &str = "--enter";
/// How long a shim tries to get its lock, which somebody may glance at.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(10);
/// How long what is left in the pipe may take to arrive when all processes are dead.
const DRAIN: Duration = Duration::from_secs(1);
/// How often lines become readable, and the longest line that is kept together.
const PACE: Duration = Duration::from_millis(100);
const LONGEST: usize = 200 << 10;
/// How long a stop waits when nobody said so.
const GRACE: Duration = Duration::from_secs(30);

/// What the hidden subcommand does: `leading` are [`Settings::arguments`](super::Settings::arguments), by which the program knows that it is a
/// shim, and `arguments` those after them. To be called in a process that has done nothing else yet, outside of any runtime.
pub fn run(leading: &[&str], arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    match (arguments.next(), arguments.next()) {
        (Some(flag), Some(directory)) if flag == ENTER => entrance::run(directory),
        (Some(directory), None) => watch(leading, directory.into()),
        _ => {
            let _ = writeln!(
                io::stderr(),
                "this is for Ratchet itself: it takes the directory of an attempt"
            );
            ExitCode::from(2)
        }
    }
}

fn watch(leading: &[&str], directory: PathBuf) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return ExitCode::FAILURE;
    };
    let place = Place::of(directory);
    match runtime.block_on(attend(leading, &place)) {
        Ok(()) => ExitCode::SUCCESS,
        // Ratchet finds the attempt without an end, and says that it is lost.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Runs the command, unless another shim did.
async fn attend(leading: &[&str], place: &Place) -> Result<(), Error> {
    let Some(_lock) = lock(place).await? else {
        return Ok(());
    };
    let cannot = |source| place::at("watch", place.directory(), source);
    // Before it can be found: a signal must never kill it.
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    // No terminal's signals and no session's end come here. It can't fail: a spawned process leads no group.
    let _ = setsid();
    let _ = set_child_subreaper(Some(rustix::process::getpid()));
    let Some(order) = place.order()? else {
        return Ok(());
    };
    if !place.claim()? {
        return Ok(());
    }
    let exit = if place.stop_asked()?.is_some() {
        failed(
            format!("{} was stopped before it started", order.launch.attempt),
            None,
        )
    } else {
        command(leading, place, &order, &mut terminate).await?
    };
    cgroup::remove(&order.groups);
    place.ended(&exit)
}

async fn lock(place: &Place) -> Result<Option<fs::File>, Error> {
    for _ in 0..LOCK_TRIES {
        if place.is_claimed() {
            return Ok(None);
        }
        if let Some(lock) = place.lock()? {
            return Ok(Some(lock));
        }
        sleep(LOCK_PAUSE).await;
    }
    Ok(None)
}

fn failed(why: String, code: Option<i32>) -> Exit {
    Exit::Failed { reason: why, code }
}

fn cannot_start(why: &str, code: Option<i32>) -> Exit {
    failed(format!("CannotStartContainerError: {why}"), code)
}

async fn command(
    leading: &[&str],
    place: &Place,
    order: &Order,
    terminate: &mut tokio::signal::unix::Signal,
) -> Result<Exit, Error> {
    if let Err(why) = cgroup::make(&order.groups) {
        return Ok(cannot_start(&why, None));
    }
    let (mut child, output, told) = match spawn(leading, place) {
        Ok(spawned) => spawned,
        Err(error) => return Ok(cannot_start(&format!("cannot spawn: {error}"), None)),
    };
    let process = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .unwrap_or(0);
    let mut failure = String::new();
    let mut told = told;
    // It ends when the entrance has become the command, or has given up.
    let _ = told.read_to_string(&mut failure).await;
    if let Some((code, why)) = failure.split_once(' ') {
        let _ = child.wait().await;
        return Ok(cannot_start(
            why,
            code.parse().ok().filter(|code| *code != 125),
        ));
    }
    let started_at = clock::millis();
    place.started(Started {
        process,
        begun: place::begun(process),
        at: started_at,
    })?;
    // Ratchet may be gone.
    let _ = writeln!(io::stdout(), "started").and_then(|()| io::stdout().flush());
    let mut log = Log::open(order);
    let status = attend_command(place, order, &mut child, output, terminate, &mut log).await;
    let status = status.map_err(|source| place::at("wait for", place.directory(), source))?;
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    Ok(Exit::Ended {
        code,
        oom: code != 0 && cgroup::ran_out_of_memory(&order.groups),
        started_at,
        at: clock::millis(),
    })
}

/// The entrance, what it prints, and what it says of its failure.
fn spawn(leading: &[&str], place: &Place) -> io::Result<(Child, Receiver, Receiver)> {
    let (output, output_end) = io::pipe()?;
    let (told, told_end) = io::pipe()?;
    let child = Command::new("/proc/self/exe")
        .args(leading)
        .arg(ENTER)
        .arg(place.directory())
        .process_group(0)
        .stdin(Stdio::from(OwnedFd::from(told_end)))
        .stdout(Stdio::from(OwnedFd::from(output_end.try_clone()?)))
        .stderr(Stdio::from(OwnedFd::from(output_end)))
        .spawn()?;
    let output = Receiver::from_owned_fd(output.into())?;
    let told = Receiver::from_owned_fd(told.into())?;
    Ok((child, output, told))
}

/// Until the command has ended, nothing of it is left, and all that it printed is in the log.
async fn attend_command(
    place: &Place,
    order: &Order,
    child: &mut Child,
    mut output: Receiver,
    terminate: &mut tokio::signal::unix::Signal,
    log: &mut Log,
) -> io::Result<ExitStatus> {
    let group = child
        .id()
        .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let ask = stop_signal(order.launch.stop_signal.as_deref());
    let mut kill_at: Option<Instant> = None;
    let mut buffer = vec![0; 64 << 10];
    let mut open = true;
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let far = Instant::now() + Duration::from_secs(365 * 24 * 3600);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            read = output.read(&mut buffer), if open => match read {
                Ok(0) | Err(_) => open = false,
                Ok(length) => log.take(&buffer[..length]),
            },
            _ = terminate.recv() => {
                let grace = place.stop_asked().ok().flatten().unwrap_or(GRACE);
                let at = Instant::now() + grace;
                kill_at = Some(kill_at.map_or(at, |before| before.min(at)));
                if let Some(group) = group.filter(|_| !grace.is_zero()) {
                    let _ = kill_process_group(group, ask);
                }
            }
            () = sleep_until(kill_at.unwrap_or(far)), if kill_at.is_some() => {
                // Once more if it takes long: it may be forking.
                kill_at = Some(Instant::now() + PACE);
                kill_all(group, order);
            }
            _ = pace.tick(), if log.waits() => log.flush(),
        }
    };
    // As in a container, nothing outlives the first process.
    kill_all(group, order);
    let rest = async {
        while open {
            match output.read(&mut buffer).await {
                Ok(0) | Err(_) => open = false,
                Ok(length) => log.take(&buffer[..length]),
            }
        }
    };
    let _ = timeout(DRAIN, rest).await;
    log.finish();
    Ok(status)
}

fn kill_all(group: Option<Pid>, order: &Order) {
    if let Some(group) = group {
        // Nobody may be left.
        let _ = kill_process_group(group, Signal::KILL);
    }
    cgroup::kill(&order.groups);
    // Those that fled into another session come to us when their parents die.
    for _ in 0..10 {
        let own = rustix::process::getpid().as_raw_pid();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children"));
        let children = children.unwrap_or_default();
        let mut nobody = true;
        for process in children.split_whitespace().filter_map(|id| id.parse().ok()) {
            if let Some(process) = Pid::from_raw(process).filter(|_| !is_dead(process)) {
                nobody = false;
                let _ = kill_process(process, Signal::KILL);
            }
        }
        if nobody {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Killed, and waiting for its parent to ask.
fn is_dead(process: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
}

fn stop_signal(name: Option<&str>) -> Signal {
    match name.map(|name| name.trim_start_matches("SIG")) {
        Some("INT" | "2") => Signal::INT,
        Some("HUP" | "1") => Signal::HUP,
        Some("QUIT" | "3") => Signal::QUIT,
        Some("KILL" | "9") => Signal::KILL,
        Some("USR1" | "10") => Signal::USR1,
        Some("USR2" | "12") => Signal::USR2,
        _ => Signal::TERM,
    }
}

/// The attempt's stream. A log that can't be written must not hold up the command.
struct Log {
    writer: Option<Writer>,
    unended: Vec<u8>,
    /// Something is not readable yet.
    waits: bool,
}

impl Log {
    fn open(order: &Order) -> Self {
        let writer = LogStore::open(&order.log_directory, order.bytes_per_stream)
            .and_then(|store| store.writer(&order.launch.log_stream));
        Self {
            writer: writer.ok(),
            unended: Vec::new(),
            waits: false,
        }
    }

    const fn waits(&self) -> bool {
        self.waits
    }

    fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.unended.extend_from_slice(&rest[..end]);
            self.end_line();
            rest = &rest[end + 1..];
        }
        self.unended.extend_from_slice(rest);
        if self.unended.len() >= LONGEST {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.waits = true;
        if let Some(writer) = &mut self.writer {
            // A full disk: what comes later may find room.
            let _ = writer.append_now(&self.unended);
        }
        self.unended.clear();
    }

    fn flush(&mut self) {
        self.waits = false;
        if let Some(writer) = &mut self.writer {
            let _ = writer.flush();
        }
    }

    fn finish(&mut self) {
        if !self.unended.is_empty() {
            self.end_line();
        }
        self.flush();
    }
}
