//! moto's server from PyPI: S3 and other services of AWS, on a free port, gone when it is dropped.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::binary::root;
use super::python::python;
use super::server::quiet_environment;

/// A server that runs.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    port: u16,
}

impl Moto {
    /// Starts a server that has nothing yet.
    ///
    /// # Panics
    /// When it does not say where it listens.
    #[must_use]
    pub fn start() -> Self {
        let mut command = Command::new(python());
        command
            .arg(root().join("tests/support/moto_server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        quiet_environment(&mut command);
        let mut child = command.spawn().expect("python can be started");
        let stdout = child.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("moto's output can be read");
        let port = line.trim().parse().expect("moto says its port");
        Self { child, port }
    }

    /// Where its services are.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Puts a directory's files into a bucket, by boto3; the bucket is made if need be.
    ///
    /// # Panics
    /// When that does not work.
    pub fn upload(&self, directory: &Path, bucket: &str) {
        self.copy("upload", bucket, directory);
    }

    /// Writes a bucket's objects to a directory, by boto3.
    ///
    /// # Panics
    /// When that does not work.
    pub fn download(&self, bucket: &str, directory: &Path) {
        self.copy("download", bucket, directory);
    }

    fn copy(&self, action: &str, bucket: &str, directory: &Path) {
        let mut command = Command::new(python());
        command
            .arg(root().join("tests/support/s3_objects.py"))
            .args([action, &self.url(), bucket])
            .arg(directory);
        quiet_environment(&mut command);
        let copied = command.output().expect("python can be started");
        let complaint = String::from_utf8_lossy(&copied.stderr);
        assert!(
            copied.status.success(),
            "cannot {action} {bucket}:\n{complaint}"
        );
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
