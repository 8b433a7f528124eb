//! PostgreSQL clusters of the tests' own: started on a free port in a temporary directory, stopped, killed and started again, removed at the end.
//!
//! ```text
//!   let source = Cluster::start(&[("wal_level", "logical")]);
//!   source.create_database("shop");
//!   source.sql("shop").run("create table items (id int primary key)");
//!   let url = source.url("shop");
//! ```
//!
//! PostgreSQL refuses to run as root: then it runs as the user `postgres`. Its binaries are those of `RATCHET_TEST_PG_BIN`, else the newest
//! that Debian's packages installed, else those that `pg_config` names.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use super::sql::Sql;

/// How long a cluster may take to start (it may have to recover) or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where PostgreSQL's programs are.
#[derive(Clone, Debug)]
pub struct Installation {
    directory: PathBuf,
}

impl Installation {
    /// The one that `RATCHET_TEST_PG_BIN` names, else the machine's.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn find() -> Self {
        let directory = env::var_os("RATCHET_TEST_PG_BIN")
            .map(PathBuf::from)
            .or_else(newest_of_debian)
            .or_else(that_of_pg_config)
            .expect(
                "PostgreSQL is installed, or RATCHET_TEST_PG_BIN names its directory of programs",
            );
        let initdb = directory.join("initdb");
        assert!(initdb.exists(), "there is no {}", initdb.display());
        Self { directory }
    }

    /// The one for sources: `RATCHET_TEST_PG_SOURCE_BIN` before the others.
    #[must_use]
    pub fn of_source() -> Self {
        Self::named("RATCHET_TEST_PG_SOURCE_BIN")
    }

    /// The one for targets: `RATCHET_TEST_PG_TARGET_BIN` before the others.
    #[must_use]
    pub fn of_target() -> Self {
        Self::named("RATCHET_TEST_PG_TARGET_BIN")
    }

    fn named(variable: &str) -> Self {
        env::var_os(variable).map_or_else(Self::find, |directory| Self {
            directory: PathBuf::from(directory),
        })
    }

    fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

fn newest_of_debian() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs
                .join("initdb")
                .exists()
                .then_some((version, programs))
        })
        .max()
        .map(|(_, programs)| programs)
}

fn that_of_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let directory = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(directory.trim())).filter(|directory| directory.join("initdb").exists())
}

/// How to stop a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It disconnects everybody and writes its shutdown checkpoint.
    Fast,
    /// It quits at once, and recovers when it is started again.
    Immediate,
}

/// A cluster. It is stopped and removed when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    home: TempDir,
    installation: Installation,
    port: u16,
    settings: Vec<(String, String)>,
    postmaster: Option<Child>,
}

impl Cluster {
    /// Makes a cluster with these settings and starts it. Everybody may connect; the superuser is `postgres`. `fsync` is off
    /// unless it is among the settings: killed processes lose nothing by that.
    ///
    /// # Panics
    /// When it can't be made; what it logged is then shown.
    #[must_use]
    pub fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_with(&Installation::find(), settings)
    }

    /// Likewise, with the programs of another installation.
    ///
    /// # Panics
    /// When it can't be made; what it logged is then shown.
    #[must_use]
    pub fn start_with(installation: &Installation, settings: &[(&str, &str)]) -> Self {
        let home = TempDir::with_prefix("ratchet-pg-").expect("there is a temporary directory");
        fs::set_permissions(home.path(), Permissions::from_mode(0o755)).expect("it is ours");
        for name in ["data", "socket"] {
            fs::create_dir(home.path().join(name)).expect("it is ours");
        }
        if let Some((user, group)) = server_user() {
            for name in ["data", "socket"] {
                chown(home.path().join(name), Some(user), Some(group)).expect("root may");
            }
        }
        let mut cluster = Self {
            port: free_port(),
            home,
            installation: installation.clone(),
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            postmaster: None,
        };
        cluster.initialise();
        for _ in 0..20 {
            if cluster.try_start() {
                return cluster;
            }
            // Somebody was faster at the port.
            cluster.port = free_port();
        }
        panic!("the cluster does not start:\n{}", cluster.log());
    }

    /// The connection URL of a database, over TCP.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_as("postgres", database)
    }

    /// The connection URL of a database for another user; `user` may hold a password, as in `anna:secret`.
    #[must_use]
    pub fn url_as(&self, user: &str, database: &str) -> String {
        format!("postgresql://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// The connection URL of a database over the unix socket.
    #[must_use]
    pub fn socket_url(&self, database: &str) -> String {
        let directory = self.socket_directory().display().to_string();
        let directory = directory.replace('/', "%2F");
        format!(
            "postgresql://postgres@/{database}?host={directory}&port={}",
            self.port
        )
    }

    /// The port that it listens on, at 127.0.0.1; it stays the same when it is started again.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of its unix socket.
    #[must_use]
    pub fn socket_directory(&self) -> PathBuf {
        self.home.path().join("socket")
    }

    /// Its data directory.
    #[must_use]
    pub fn data_directory(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Makes a database. All databases compare text by its bytes.
    ///
    /// # Panics
    /// When it can't be made.
    pub fn create_database(&self, name: &str) {
        self.sql("postgres")
            .run(&format!("create database \"{name}\" template template0"));
    }

    /// Drops a database, and whoever uses it.
    ///
    /// # Panics
    /// When it can't be dropped.
    pub fn drop_database(&self, name: &str) {
        self.sql("postgres")
            .run(&format!("drop database if exists \"{name}\" with (force)"));
    }

    /// A session of the superuser in a database.
    ///
    /// # Panics
    /// When there is none to be had.
    #[must_use]
    pub fn sql(&self, database: &str) -> Sql {
        Sql::connect(&self.url(database))
    }

    /// Runs a script with `psql`, which stops at the first error, and returns what it prints (unaligned, without headers).
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn psql(&self, database: &str, script: &str) -> String {
        let output = Command::new("psql")
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"])
            .arg(self.url(database))
            .args(["-c", script])
            .output()
            .expect("psql can be started");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "psql failed: {errors}\n{script}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Adds lines at the head of `pg_hba.conf`, where the first match counts, and reloads it.
    ///
    /// # Panics
    /// When it can't be written.
    pub fn add_access_rules(&self, lines: &str) {
        let file = self.data_directory().join("pg_hba.conf");
        let rules = fs::read_to_string(&file).expect("initdb wrote it");
        fs::write(&file, format!("{lines}\n{rules}")).expect("it can be written");
        self.sql("postgres").run("select pg_reload_conf()");
    }

    /// Sets a setting for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Stops it.
    ///
    /// # Panics
    /// When it does not run, or does not stop.
    pub fn stop(&mut self, how: Stop) {
        let mut postmaster = self.postmaster.take().expect("the cluster runs");
        let signal = match how {
            Stop::Fast => Signal::INT,
            Stop::Immediate => Signal::QUIT,
        };
        kill_process(pid_of(&postmaster), signal).expect("it is our child");
        assert!(
            ends(&mut postmaster),
            "the cluster does not stop:\n{}",
            self.log()
        );
    }

    /// Kills all its processes, as the power going out would.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&mut self) {
        let postmaster = self.postmaster.take().expect("the cluster runs");
        kill_with_children(postmaster);
    }

    /// Starts it again after [`Cluster::stop`] or [`Cluster::kill`]; returns when it accepts connections.
    ///
    /// # Panics
    /// When it does not start; what it logged is then shown.
    pub fn start_again(&mut self) {
        assert!(self.postmaster.is_none(), "the cluster runs already");
        assert!(
            self.try_start(),
            "the cluster does not start again:\n{}",
            self.log()
        );
    }

    /// What it logged.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = fs::read(self.home.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn initialise(&self) {
        let output = as_server_user(&self.installation.program("initdb"))
            .args([
                "--no-sync",
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg("--pgdata")
            .arg(self.data_directory())
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .output()
            .expect("initdb can be started");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "initdb failed: {errors}");
    }

    /// Starts the postmaster; false if it went away at once.
    fn try_start(&mut self) -> bool {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.home.path().join("log"))
            .expect("the log can be written");
        let pid_file = self.data_directory().join("postmaster.pid");
        let left_over = fs::read_to_string(&pid_file).unwrap_or_default();
        let mut command = as_server_user(&self.installation.program("postgres"));
        command.arg("-D").arg(self.data_directory());
        for argument in self.arguments() {
            command.arg("-c").arg(argument);
        }
        let mut postmaster = command
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("postgres can be started");
        let began = Instant::now();
        loop {
            if postmaster.try_wait().expect("it is our child").is_some() {
                return false;
            }
            // The eighth line of its lock file says how far it is; one that a killed postmaster left behind says nothing.
            let state = fs::read_to_string(&pid_file).unwrap_or_default();
            let line = state.lines().nth(7).unwrap_or_default().trim();
            if state != left_over && ["ready", "standby"].contains(&line) {
                self.postmaster = Some(postmaster);
                return true;
            }
            if began.elapsed() > PATIENCE {
                kill_with_children(postmaster);
                return false;
            }
            sleep(Duration::from_millis(10));
        }
    }

    fn arguments(&self) -> Vec<String> {
        let given = |name: &str| self.settings.iter().any(|(given, _)| given == name);
        let sockets = self.socket_directory().display().to_string();
        let port = self.port.to_string();
        let defaults = [
            ("listen_addresses", "127.0.0.1"),
            ("port", port.as_str()),
            ("unix_socket_directories", sockets.as_str()),
            ("fsync", "off"),
            ("shared_buffers", "64MB"),
            ("min_wal_size", "32MB"),
            ("max_wal_size", "256MB"),
            ("max_connections", "150"),
            ("max_wal_senders", "60"),
            ("max_replication_slots", "60"),
            ("max_prepared_transactions", "20"),
            ("log_line_prefix", "%m [%p] %q%u@%d %a "),
        ];
        let defaults = defaults
            .iter()
            .filter(|(name, _)| !given(name))
            .map(|(name, value)| format!("{name}={value}"));
        let settings = self
            .settings
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        defaults.chain(settings).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let Some(mut postmaster) = self.postmaster.take() else {
            return;
        };
        let _gone = kill_process(pid_of(&postmaster), Signal::QUIT);
        if !ends(&mut postmaster) {
            kill_with_children(postmaster);
        }
    }
}

fn pid_of(child: &Child) -> Pid {
    i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .expect("process ids are positive and small")
}

fn ends(child: &mut Child) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if !matches!(child.try_wait(), Ok(None)) {
            return true;
        }
        sleep(Duration::from_millis(5));
    }
    false
}

/// Kills a postmaster and everything that it started. It is stopped first, so that it can't start more meanwhile.
fn kill_with_children(mut postmaster: Child) {
    let parent = pid_of(&postmaster);
    let _stopped = kill_process(parent, Signal::STOP);
    let children = children_of(parent);
    for process in [&[parent], children.as_slice()].concat() {
        let _gone = kill_process(process, Signal::KILL);
    }
    let _reaped = postmaster.wait();
    // They are init's children now: wait until each has let go of the shared memory.
    let began = Instant::now();
    while began.elapsed() < PATIENCE && children.iter().any(|child| is_alive(*child)) {
        sleep(Duration::from_millis(2));
    }
}

fn children_of(parent: Pid) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let (_, its_parent) = state_and_parent(pid)?;
            (its_parent == parent.as_raw_nonzero().get()).then(|| Pid::from_raw(pid))?
        })
        .collect()
}

fn is_alive(process: Pid) -> bool {
    state_and_parent(process.as_raw_nonzero().get()).is_some_and(|(state, _)| state != 'Z')
}

/// A process's state letter and its parent. The name before them stands in parentheses and may hold anything.
fn state_and_parent(process: i32) -> Option<(char, i32)> {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = status.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.next()?.parse().ok()?))
}

/// A port that nothing listens on, below those that the system gives to outgoing connections: it must be free again after a restart.
fn free_port() -> u16 {
    loop {
        let number = RandomState::new().build_hasher().finish() % 16_000;
        let port = 12_000 + u16::try_from(number).expect("it is below 16,000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Whom the server must run as when this is root: user and group.
fn server_user() -> Option<(u32, u32)> {
    if !geteuid().is_root() || is_root_of_one_user() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let number = |field: Option<&str>| field.and_then(|field| field.parse().ok());
    users
        .lines()
        .find(|line| line.starts_with("postgres:"))
        .and_then(|line| {
            let mut fields = line.split(':').skip(2);
            Some((number(fields.next())?, number(fields.next())?))
        })
        .or(Some((65_534, 65_534)))
}

/// Whether this is root only in a user namespace of its own, with no other user to become (`tests/run` makes one, to mount a disk).
fn is_root_of_one_user() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().nth(2) == Some("1")
}

/// A command that runs as somebody whom PostgreSQL accepts.
fn as_server_user(program: &Path) -> Command {
    let before: Vec<OsString> = match server_user() {
        Some((user, group)) => vec![
            "setpriv".into(),
            format!("--reuid={user}").into(),
            format!("--regid={group}").into(),
            "--clear-groups".into(),
        ],
        None if geteuid().is_root() => {
            vec![
                "unshare".into(),
                "--map-user=1000".into(),
                "--map-group=1000".into(),
            ]
        }
        None => Vec::new(),
    };
    let mut words = before.into_iter();
    let mut command = match words.next() {
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(program);
            command
        }
        None => Command::new(program),
    };
    for name in [
        "PGDATA",
        "PGHOST",
        "PGPORT",
        "PGUSER",
        "PGDATABASE",
        "PGOPTIONS",
    ] {
        command.env_remove(name);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_starts_stops_is_killed_and_starts_again_with_what_was_committed() {
        let mut cluster = Cluster::start(&[("wal_level", "logical"), ("work_mem", "5MB")]);
        cluster.create_database("shop");
        let session = cluster.sql("shop");
        session.run("create table items (id int primary key, name text); insert into items values (1, 'bolt'), (2, null)");
        assert_eq!(session.one("show work_mem"), "5MB");
        let read = |cluster: &Cluster| cluster.sql("shop").rows("select * from items order by id");
        let expected = [[Some("1"), Some("bolt")], [Some("2"), None]];
        assert_eq!(
            read(&cluster),
            expected.map(|row| row.map(|value| value.map(str::to_owned)).to_vec())
        );
        cluster.kill();
        cluster.start_again();
        assert_eq!(read(&cluster).len(), 2);
        assert!(
            session.try_run("select 1").is_err(),
            "the session died with it"
        );
        cluster.stop(Stop::Immediate);
        cluster.start_again();
        assert_eq!(read(&cluster).len(), 2);
        cluster.set("work_mem", "6MB");
        cluster.stop(Stop::Fast);
        cluster.start_again();
        assert_eq!(cluster.sql("shop").one("show work_mem"), "6MB");
        cluster.drop_database("shop");
        let home = cluster.home.path().to_owned();
        drop(cluster);
        assert!(!home.exists(), "it is removed");
    }
}
