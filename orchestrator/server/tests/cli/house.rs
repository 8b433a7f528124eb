//! A user's house: a directory that is home and working directory at once, and commands that are given in it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use expect_test::Expect;
use tempfile::TempDir;

/// A definition that ends at once.
pub(crate) const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;

/// A definition that waits for ten minutes.
pub(crate) const WAIT: &str =
    r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":600,"End":true}}}"#;

/// A directory of files.
pub(crate) struct House {
    directory: TempDir,
}

impl House {
    /// A house with those files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let house = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        for (name, text) in files {
            house.write(name, text);
        }
        house
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Where the house is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The directory of a run.
    pub(crate) fn run_directory(&self, machine: &str, name: &str) -> PathBuf {
        self.path()
            .join(".local/share/ratchet/runs")
            .join(machine)
            .join(name)
    }

    /// `ratchet` with those arguments.
    pub(crate) fn ratchet(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ratchet"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null());
        command
    }

    /// Runs `ratchet` to its end.
    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.ratchet(arguments).output().unwrap()
    }

    /// Runs `ratchet` to its end and compares everything that it said.
    pub(crate) fn check(&self, arguments: &[&str], expected: Expect) {
        expected.assert_eq(&self.said(&self.output(arguments)));
    }

    /// Gives commands to a server, a line for each, and tells what each said, without times and random ids. `wait EXECUTION STATUS` waits until
    /// the execution has that status; of what follows `quiet` only the errors are shown, as an execution may meanwhile do this or that.
    pub(crate) fn session(&self, server: &Server, commands: &str) -> String {
        let mut told = String::new();
        for line in commands
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            if let Some(awaited) = line.strip_prefix("wait ") {
                self.wait(server, awaited);
                continue;
            }
            let (line, is_quiet) = match line.strip_prefix("quiet ") {
                Some(line) => (line, true),
                None => (line, false),
            };
            let words = words(line);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let mut output = self.at(server, &words).output().unwrap();
            if is_quiet {
                output.stdout.clear();
            }
            let said = masked(&self.said(&output));
            writeln!(told, "$ ratchet {line}\n{said}").unwrap();
        }
        told
    }

    /// `ratchet` with those arguments, for that server.
    pub(crate) fn at(&self, server: &Server, arguments: &[&str]) -> Command {
        let mut command = self.ratchet(arguments);
        command.env("RATCHET_SERVER", server.url());
        command
    }

    fn wait(&self, server: &Server, awaited: &str) {
        let (execution, status) = awaited.split_once(' ').unwrap();
        let arguments = ["executions", "describe", execution, "--output", "json"];
        for _ in 0..1000 {
            let output = self.at(server, &arguments).output().unwrap();
            let said = self.said(&output);
            if said.contains(&format!("\"status\": \"{status}\"")) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("{execution} is not {status}");
    }

    /// Exit code, standard output and standard error as one text, without the house's own path.
    pub(crate) fn said(&self, output: &Output) -> String {
        let mut text = format!("exit code {}\n", output.status.code().unwrap_or(-1));
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                let said = String::from_utf8_lossy(bytes);
                writeln!(text, "--- {name}\n{}", said.trim_end()).unwrap();
            }
        }
        text.replace(&self.path().display().to_string(), "<home>")
    }

    /// Starts a server on a free port.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut process = self
            .ratchet(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line
            .strip_prefix("listening on http://")
            .unwrap_or_default();
        Server {
            address: address.trim_end().to_owned(),
            process,
            stdout,
        }
    }
}

/// What a command says, without times and random ids.
pub(crate) fn masked(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let time = word.trim_matches(['"', ',', ' ', '\n']);
        if time.len() == 24 && time.starts_with("20") && time.ends_with('Z') {
            word.replace(time, "<time>")
        } else if time.len() == 36 && time.matches('-').count() == 4 {
            word.replace(time, "<id>")
        } else {
            word.to_owned()
        }
    });
    words.collect()
}

/// The words of a command as a shell sees them; single quotes keep a word together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (number, part) in line.split('\'').enumerate() {
        if number % 2 == 1 {
            words.last_mut().unwrap().push_str(part);
            continue;
        }
        for (number, word) in part.split(' ').enumerate() {
            if number > 0 {
                words.push(String::new());
            }
            words.last_mut().unwrap().push_str(word);
        }
    }
    words
}

/// A server that runs. It is killed when it is dropped.
pub(crate) struct Server {
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
    process: Child,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends a request on a connection of its own, without waiting for the answer.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}",
            self.address
        )
        .unwrap();
        stream
    }

    /// Sends a request and gives the whole answer, head and body.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut answer = String::new();
        self.send(method, path, body)
            .read_to_string(&mut answer)
            .unwrap();
        answer
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.process, name);
    }

    /// Waits for its end; gives how it ended, and what it said on standard output after its first line.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.process.wait().unwrap(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a process a signal, as a shell does: the standard library can only kill.
pub(crate) fn signal(process: &Child, name: &str) {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{name} {}", process.id())])
        .status()
        .unwrap();
    assert!(status.success());
}
