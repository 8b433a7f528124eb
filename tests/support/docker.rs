//! A Docker daemon of a test's own: in namespaces of its own, so that it shares no network and no mounts with another one, and so that all of
//! it, its containers too, is gone when the test is, however the test ends.
//!
//! ```text
//!   let mut daemon = Daemon::start();
//!   let socket = daemon.socket();      // has the image ratchet-test:latest, made from busybox
//!   daemon.restart(Stop::Kill);        // containers live on
//! ```
//!
//! It needs root, and the programs dockerd, unshare and a static busybox.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a daemon may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often we look whether it has.
const PACE: Duration = Duration::from_millis(20);

/// The image that every daemon has: busybox and all its names, nothing else.
pub const IMAGE: &str = "ratchet-test:latest";

/// How a daemon goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is asked to (SIGTERM).
    Ask,
    /// It is killed (SIGKILL).
    Kill,
}

/// Whether containers live on while the daemon is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// They do, and the next daemon takes them up.
    Restore,
    /// The daemon stops them when it stops.
    End,
}

/// A daemon. It is killed with all its containers, and removed, when it is dropped.
#[derive(Debug)]
pub struct Daemon {
    home: TempDir,
    live: Live,
    /// The first process of the daemon's namespaces: a shell that reads what to do. When its input ends it ends, and all others with it.
    holder: Child,
    orders: Option<ChildStdin>,
    cgroup: String,
}

impl Daemon {
    /// A daemon that runs, with [`IMAGE`]; containers live on while it is down.
    ///
    /// # Panics
    /// When it can't be started; what it logged is then shown.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(Live::Restore)
    }

    /// Likewise, and says what becomes of containers while it is down.
    ///
    /// # Panics
    /// When it can't be started; what it logged is then shown.
    #[must_use]
    pub fn start_with(live: Live) -> Self {
        let home = TempDir::with_prefix("ratchet-docker-").expect("there is a temporary directory");
        let mut holder = Command::new("unshare")
            .args([
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--mount-proc",
                "--kill-child",
            ])
            .args(["busybox", "sh"])
            .current_dir(home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(home.path().join("holder.log")).expect("it is ours"))
            .spawn()
            .expect("unshare and busybox are installed");
        let name = home.path().file_name().expect("it has a name");
        let mut daemon = Self {
            cgroup: format!("/{}", name.to_string_lossy()),
            orders: holder.stdin.take(),
            home,
            live,
            holder,
        };
        daemon.order("busybox ifconfig lo 127.0.0.1 up");
        daemon.up();
        daemon.import_image();
        daemon
    }

    /// The socket of its API.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.home.path().join("socket")
    }

    /// The daemon goes down; returns when it is.
    ///
    /// # Panics
    /// When it does not.
    pub fn down(&mut self, stop: Stop) {
        let signal = match stop {
            Stop::Ask => "TERM",
            Stop::Kill => "KILL",
        };
        // The shell gathers dead processes only while it waits for one.
        self.order(&format!(
            "kill -{signal} $(cat pid); while kill -0 $(cat pid); do sleep 0.02; done; sleep 0.1; rm -f pid socket; touch down"
        ));
        self.wait_for("to go down", |home| home.join("down").exists());
        fs::remove_file(self.home.path().join("down")).expect("it was just there");
    }

    /// The daemon starts again; returns when it answers.
    ///
    /// # Panics
    /// When it does not; what it logged is then shown.
    pub fn up(&mut self) {
        let live = match self.live {
            Live::Restore => "--live-restore",
            Live::End => "",
        };
        self.order(&format!(
            "dockerd --data-root \"$PWD/data\" --exec-root \"$PWD/exec\" --pidfile \"$PWD/pid\" -H \"unix://$PWD/socket\" \
             --cgroup-parent {} --shutdown-timeout 3 {live} >> log 2>&1 &",
            self.cgroup
        ));
        self.wait_for("to start", |home| {
            request(&home.join("socket"), "GET /_ping HTTP/1.0\r\n\r\n", &[])
                .is_some_and(|answer| answer.ends_with("OK"))
        });
    }

    /// Down and up again.
    ///
    /// # Panics
    /// When it does not come back; what it logged is then shown.
    pub fn restart(&mut self, stop: Stop) {
        self.down(stop);
        self.up();
    }

    /// The daemon's network namespace, as a file that a thread can move into: what listens at 127.0.0.1 there can be reached by the daemon.
    ///
    /// # Panics
    /// When the daemon's processes are not there.
    #[must_use]
    pub fn network(&self) -> OwnedFd {
        // Our child is unshare itself; the shell is its only child.
        let holder = self.holder.id();
        let children = fs::read_to_string(format!("/proc/{holder}/task/{holder}/children"));
        let children = children.expect("the holder is there");
        let shell = children.trim();
        let file = File::open(format!("/proc/{shell}/ns/net"));
        file.expect("root may see it").into()
    }

    /// What the daemon answers to a request without a body; the whole answer.
    ///
    /// # Panics
    /// When the daemon is not there.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str) -> String {
        request(
            &self.socket(),
            &format!("{method} {path} HTTP/1.0\r\n\r\n"),
            &[],
        )
        .expect("the daemon is there")
    }

    /// What the daemon answers to this JSON; the whole answer.
    ///
    /// # Panics
    /// When the daemon is not there.
    #[must_use]
    pub fn post(&self, path: &str, json: &str) -> String {
        let head = format!(
            "POST {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            json.len()
        );
        request(&self.socket(), &head, json.as_bytes()).expect("the daemon is there")
    }

    fn order(&mut self, line: &str) {
        let orders = self.orders.as_mut().expect("it is taken only at the end");
        writeln!(orders, "{line}").expect("the holder is there");
    }

    fn wait_for(&mut self, what: &str, done: impl Fn(&Path) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !done(self.home.path()) {
            let gone = self.holder.try_wait().expect("it is our child");
            assert!(
                gone.is_none() && Instant::now() < until,
                "the Docker daemon did not manage {what}: {}{}",
                fs::read_to_string(self.home.path().join("holder.log")).unwrap_or_default(),
                fs::read_to_string(self.home.path().join("log")).unwrap_or_default(),
            );
            sleep(PACE);
        }
    }

    fn import_image(&self) {
        let root = self.home.path().join("root");
        let archive = archive(&root);
        let head = format!(
            "POST /images/create?fromSrc=-&repo=ratchet-test&tag=latest&changes=CMD%20%5B%22true%22%5D HTTP/1.0\r\n\
             Content-Type: application/x-tar\r\nContent-Length: {}\r\n\r\n",
            archive.len()
        );
        let answer = request(&self.socket(), &head, &archive).unwrap_or_default();
        assert!(
            answer.contains("sha256:"),
            "the image was not made: {answer}"
        );
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The end of its input ends the shell; should it be busy, unshare takes it along.
        drop(self.orders.take());
        let _ = self.holder.kill();
        let _ = self.holder.wait();
        let until = Instant::now() + PATIENCE;
        // The kernel kills what was in the namespaces, which takes a moment.
        while !remove_cgroups(&self.cgroup) && Instant::now() < until {
            sleep(PACE);
        }
    }
}

/// A tar archive of a file system with busybox.
///
/// # Panics
/// When there is no busybox.
#[must_use]
pub fn archive(root: &Path) -> Vec<u8> {
    for directory in ["bin", "etc", "tmp", "var", "root"] {
        fs::create_dir_all(root.join(directory)).expect("it is ours");
    }
    let busybox = Command::new("sh")
        .args(["-c", "command -v busybox"])
        .output()
        .expect("there is a shell");
    let busybox = String::from_utf8_lossy(&busybox.stdout).trim().to_owned();
    fs::copy(&busybox, root.join("bin/busybox")).expect("busybox is installed");
    let names = Command::new(&busybox).arg("--list").output();
    let names = names.expect("busybox runs").stdout;
    for name in String::from_utf8_lossy(&names)
        .lines()
        .filter(|name| *name != "busybox")
    {
        let _ = symlink("busybox", root.join("bin").join(name));
    }
    let users = "root:x:0:0:root:/root:/bin/sh\nworker:x:1234:1235:worker:/tmp:/bin/sh\n";
    fs::write(root.join("etc/passwd"), users).expect("it is ours");
    let groups = "root:x:0:\nworker:x:1235:\n";
    fs::write(root.join("etc/group"), groups).expect("it is ours");
    let archive = Command::new("tar")
        .arg("-C")
        .arg(root)
        .args(["--owner=0", "--group=0", "-cf", "-", "."])
        .output();
    archive.expect("tar is installed").stdout
}

/// One request, the connection's only one; `None`: nobody is there.
fn request(socket: &Path, head: &str, body: &[u8]) -> Option<String> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

/// Whether none is left of the groups with this name, in whatever tree.
fn remove_cgroups(name: &str) -> bool {
    let mut gone = true;
    let trees = fs::read_dir("/sys/fs/cgroup").into_iter().flatten();
    let mut places: Vec<PathBuf> = trees.flatten().map(|entry| entry.path()).collect();
    places.push(PathBuf::from("/sys/fs/cgroup"));
    for place in places {
        let group = place.join(name.trim_start_matches('/'));
        let inside = fs::read_dir(&group).into_iter().flatten().flatten();
        for entry in inside.filter(|entry| entry.path().is_dir()) {
            let _ = fs::remove_dir(entry.path());
        }
        let _ = fs::remove_dir(&group);
        gone &= !group.exists();
    }
    gone
}
