//! Starts the operator's programs, each in a process group of its own, and keeps their output from getting lost.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::settings::FunctionSettings;

/// How much of the end of a stream is kept, in bytes.
const TAIL: usize = 4096;

/// The longest line that is logged in one piece, in bytes.
const LINE: usize = 8192;

/// A program that the operator configured.
#[derive(Debug)]
pub(crate) struct Program {
    program: String,
    arguments: Vec<String>,
    working_directory: Option<PathBuf>,
    environment: BTreeMap<String, String>,
}

/// A program that runs. Dropping it kills its whole process group.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) group: Group,
}

/// A process group.
pub(crate) struct Group(Option<Pid>);

impl Program {
    /// The program of a function.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn new(command: &[String], settings: &FunctionSettings) -> Result<Self, String> {
        let (program, arguments) = command
            .split_first()
            .filter(|(program, _)| !program.is_empty())
            .ok_or("its command is empty")?;
        Ok(Self {
            program: program.clone(),
            arguments: arguments.to_vec(),
            working_directory: settings.working_directory.clone(),
            environment: settings.environment.clone(),
        })
    }

    /// The last word of the command: the handler's name, by the custom of Lambda's runtime clients.
    pub(crate) fn last_word(&self) -> &str {
        self.arguments.last().unwrap_or(&self.program)
    }

    /// Where the program runs, as an absolute path.
    pub(crate) fn directory(&self) -> PathBuf {
        let configured = self.working_directory.clone();
        let directory = configured.unwrap_or_else(|| PathBuf::from("."));
        std::path::absolute(&directory).unwrap_or(directory)
    }

    /// Starts the program. It sees the server's environment, then `defaults`, then what its own settings say, then `fixed`.
    ///
    /// # Errors
    /// The operating system's, when there is no such program or it may not be run.
    pub(crate) fn start<D, F>(&self, stdin: Stdio, defaults: D, fixed: F) -> io::Result<Running>
    where
        D: IntoIterator<Item = (&'static str, String)>,
        F: IntoIterator<Item = (&'static str, String)>,
    {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .envs(defaults)
            .envs(self.environment.iter().map(|(name, value)| {
                let pair: (&OsStr, &OsStr) = (name.as_ref(), value.as_ref());
                pair
            }))
            .envs(fixed)
            .process_group(0)
            .kill_on_drop(true);
        if let Some(directory) = &self.working_directory {
            command.current_dir(directory);
        }
        let child = command.spawn()?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok());
        Ok(Running {
            group: Group(leader.and_then(Pid::from_raw)),
            child,
        })
    }
}

impl Group {
    /// Asks every process of the group to end.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends every process of the group, once.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.0 = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.0 {
            // The one error that can come says that nobody is left, which is what was wanted.
            let _nobody_left = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Logs a stream line by line until it ends, and returns its last bytes.
pub(crate) async fn log_lines(
    mut stream: impl AsyncRead + Unpin,
    function: &str,
    name: &'static str,
) -> Vec<u8> {
    let mut tail = Vec::new();
    let mut line = Vec::new();
    let mut buffer = vec![0; LINE];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let read = &buffer[..count];
        tail.extend_from_slice(read);
        if tail.len() > 2 * TAIL {
            tail.drain(..tail.len() - TAIL);
        }
        for piece in read.split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || line.len() >= LINE {
                log(&line, function, name);
                line.clear();
            }
        }
    }
    if !line.is_empty() {
        log(&line, function, name);
    }
    tail.drain(..tail.len().saturating_sub(TAIL));
    tail
}

fn log(line: &[u8], function: &str, stream: &'static str) {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    if !text.is_empty() {
        tracing::info!(function, stream, "{text}");
    }
}

/// How a process ended, in the words of Lambda.
pub(crate) fn describe(status: io::Result<ExitStatus>) -> String {
    let status = match status {
        Ok(status) => status,
        Err(error) => return error.to_string(),
    };
    if let Some(code) = status.code() {
        return format!("exit status {code}");
    }
    match status.signal() {
        Some(6) => "signal: aborted".to_owned(),
        Some(9) => "signal: killed".to_owned(),
        Some(11) => "signal: segmentation fault".to_owned(),
        Some(15) => "signal: terminated".to_owned(),
        Some(number) => format!("signal: {number}"),
        None => "unknown status".to_owned(),
    }
}
