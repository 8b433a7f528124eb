//! For tests: container jobs on an engine that does what a job's command says, word by word.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use batch::container::Resources;
use batch::environment::Engine;
use batch::names::Site;
use batch_runtime::logs::LogStore;
use batch_runtime::options::EnvironmentOptions;
use batch_runtime::{Batch, Options};
use containers::{Error, Launch, Outcome, Runner, Told};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use store::memory::MemoryStore;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

/// Jobs, and the directory of their logs.
pub(crate) struct Jobs {
    /// What is asked.
    pub(crate) batch: Batch,
    _directory: TempDir,
}

/// Opens jobs on an empty store, with an environment `default` of two vCPUs and 1 GiB.
pub(crate) async fn jobs() -> Jobs {
    let directory = tempfile::tempdir().expect("a directory");
    let logs = LogStore::open(directory.path(), 1 << 20).expect("it can be written");
    let site = Site {
        region: "us-east-1".into(),
        account: "000000000000".into(),
    };
    let default = EnvironmentOptions {
        engine: Engine::Docker,
        limits: Resources {
            vcpus_milli: 2000,
            memory_mib: 1024,
            gpus: 0,
        },
    };
    let runner: Arc<dyn Runner> = Arc::new(Scripted {
        logs: logs.clone(),
        stops: Arc::default(),
    });
    let options = Options::new(site, logs, default);
    let runners = HashMap::from([(Engine::Docker, runner)]);
    let store = Arc::new(MemoryStore::new());
    Jobs {
        batch: Batch::open(store, runners, options)
            .await
            .expect("an empty store opens"),
        _directory: directory,
    }
}

/// Prints each word of the command on a line of its own; `exit=N` is the exit code instead, and `wait` waits until it is stopped.
struct Scripted {
    logs: LogStore,
    stops: Arc<Mutex<HashMap<String, watch::Sender<bool>>>>,
}

impl Scripted {
    fn stopped(&self, attempt: &str) -> watch::Sender<bool> {
        let mut stops = self.stops.lock().expect("nobody panics with it");
        stops.entry(attempt.to_owned()).or_default().clone()
    }
}

impl Runner for Scripted {
    fn run(&self, launch: Launch, told: mpsc::Sender<Told>) -> BoxFuture<'static, Outcome> {
        let stop = self.stopped(&launch.attempt);
        let logs = self.logs.clone();
        async move {
            let started = Told::Started {
                at: 1_800_000_000_000,
                container_id: "c0ffee".to_owned(),
                address: None,
            };
            let _ = told.send(started).await;
            let mut writer = logs.writer(&launch.log_stream).expect("a stream");
            let mut code = 0;
            for (number, word) in launch.command.iter().enumerate() {
                match word.strip_prefix("exit=") {
                    Some(text) => code = text.parse().expect("an exit code"),
                    None if word == "wait" => {
                        writer.flush().expect("it can be written");
                        let mut stopped = stop.subscribe();
                        let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
                        code = 143;
                    }
                    None => {
                        let nanos = (1_800_000_000_000 + number as i64) * 1_000_000;
                        let written = writer.append(nanos, word.as_bytes());
                        written.expect("it can be written");
                    }
                }
            }
            writer.flush().expect("it can be written");
            Outcome::Exited {
                code,
                oom: false,
                started_at: 1_800_000_000_000,
                at: 1_800_000_001_000,
                reason: None,
            }
        }
        .boxed()
    }

    fn stop(&self, attempt: &str, _: Duration) -> BoxFuture<'static, ()> {
        self.stopped(attempt).send_replace(true);
        async {}.boxed()
    }

    fn forget(&self, _: &str) -> BoxFuture<'static, Result<(), Error>> {
        async { Ok(()) }.boxed()
    }

    fn present(&self) -> BoxFuture<'static, Result<Vec<String>, Error>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn ready(&self) -> BoxFuture<'static, Result<(), String>> {
        async { Ok(()) }.boxed()
    }
}

/// A text in which ids and times are covered, the first id that comes everywhere as `<1>`, the second as `<2>` and so on.
pub(crate) fn covered(text: &str) -> String {
    let mut covered = String::new();
    let mut ids: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let uuid = rest.get(..36).filter(|text| is_uuid(text));
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let length = if let Some(uuid) = uuid {
            let known = ids.iter().position(|id| *id == uuid);
            let number = known.unwrap_or_else(|| {
                ids.push(uuid);
                ids.len() - 1
            });
            covered.push_str(&format!("<{}>", number + 1));
            uuid.len()
        } else if digits == 13 {
            covered.push_str("<time>");
            digits
        } else if digits > 0 {
            covered.push_str(&rest[..digits]);
            digits
        } else {
            covered.push(first);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    covered
}

fn is_uuid(text: &str) -> bool {
    let is_dash = |at: usize| [8, 13, 18, 23].contains(&at);
    text.bytes().enumerate().all(|(at, byte)| {
        (byte == b'-') == is_dash(at) && (byte == b'-' || byte.is_ascii_hexdigit())
    })
}
