//! Starts `ratchet serve`, kills it, stops it cleanly.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::aws::Aws;
use super::binary::ratchet;
use super::http::Client;

/// How long a clean stop may take.
const STOP: Duration = Duration::from_secs(30);

/// A server that can be started again and again on the same data.
#[derive(Debug)]
pub struct Server {
    home: TempDir,
    data: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
    process: Option<Process>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// A server with data of its own, not yet started.
    ///
    /// # Panics
    /// When there is no temporary directory.
    #[must_use]
    pub fn new() -> Self {
        let home = TempDir::with_prefix("ratchet-test-").expect("there is a temporary directory");
        Self {
            data: home.path().join("data"),
            home,
            arguments: Vec::new(),
            environment: Vec::new(),
            process: None,
        }
    }

    /// A server that runs.
    #[must_use]
    pub fn started() -> Self {
        Self::new().start()
    }

    /// Keeps the data elsewhere.
    #[must_use]
    pub fn data(mut self, directory: &Path) -> Self {
        self.data = directory.to_owned();
        self
    }

    /// Reads a configuration file.
    #[must_use]
    pub fn config(self, file: &Path) -> Self {
        self.argument("--config").argument(file)
    }

    /// Writes a configuration file and reads it.
    ///
    /// # Panics
    /// When the file can't be written.
    #[must_use]
    pub fn toml(self, text: &str) -> Self {
        let file = self.home.path().join("ratchet.toml");
        fs::write(&file, text).expect("the configuration can be written");
        self.config(&file)
    }

    /// Gives `ratchet serve` another argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Starts it.
    #[must_use]
    pub fn start(mut self) -> Self {
        self.restart();
        self
    }

    /// A directory for whatever belongs to this server.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Starts it, again.
    ///
    /// # Panics
    /// When it does not say that it listens; what it logged is then shown.
    pub fn restart(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let log = File::options().create(true).append(true).open(self.log());
        let mut command = Command::new(ratchet());
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&self.data)
            .args(&self.arguments)
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.expect("the log can be written"));
        quiet_environment(&mut command);
        let mut child = command
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .spawn()
            .expect("the binary can be started");
        let stdout = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(stdout).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        let address = first
            .strip_prefix("listening on http://")
            .and_then(|address| address.parse().ok());
        let Some(address) = address else {
            let _gone = child.kill();
            let _reaped = child.wait();
            panic!(
                "the server does not listen: {first:?}\n{}",
                self.logged_text()
            );
        };
        // Whatever else it may print must not block it.
        thread::spawn(move || lines.for_each(drop));
        self.process = Some(Process { child, address });
    }

    /// Where it listens.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.process.as_ref().expect("the server runs").address
    }

    /// A client of its AWS API.
    #[must_use]
    pub fn aws(&self) -> Aws {
        Aws::new(self.address())
    }

    /// A client of anything else that it answers.
    #[must_use]
    pub fn http(&self) -> Client {
        Client::new(self.address())
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("the server runs").child.id()
    }

    /// Kills it as `kill -9` does.
    ///
    /// # Panics
    /// When it has ended by itself.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("the server runs");
        let ended = process.child.try_wait().expect("it is our child");
        assert!(
            ended.is_none(),
            "it ended by itself: {ended:?}\n{}",
            self.logged_text()
        );
        process.child.kill().expect("it can be killed");
        process.child.wait().expect("it is our child");
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Panics
    /// When it does not.
    pub fn terminate(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the server runs");
        let id = i32::try_from(process.child.id()).expect("process ids are small");
        let id = rustix::process::Pid::from_raw(id).expect("process ids are positive");
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it can be asked");
        let began = Instant::now();
        loop {
            if let Some(status) = process.child.try_wait().expect("it is our child") {
                return status;
            }
            if began.elapsed() > STOP {
                let _gone = process.child.kill();
                let _reaped = process.child.wait();
                panic!("the server does not stop\n{}", self.logged_text());
            }
            sleep(Duration::from_millis(10));
        }
    }

    /// What it logged since it was made.
    #[must_use]
    pub fn logged_text(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.home.path().join("log")
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _gone = process.child.kill();
            let _reaped = process.child.wait();
        }
        if thread::panicking() {
            eprintln!("the server logged:\n{}", self.logged_text());
        }
    }
}

/// Keeps the surroundings' settings from a command, so that it behaves the same everywhere.
pub fn quiet_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["RATCHET_", "AWS_", "OTEL_"]
            .iter()
            .any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    // The keys of whoever runs the tests are nobody's business.
    for name in ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"] {
        command.env(name, "/dev/null");
    }
}
