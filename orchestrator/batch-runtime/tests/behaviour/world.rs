//! A store, an engine and a runtime over them that can be closed, killed and opened again.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use batch::container::Resources;
use batch::environment::Engine as Kind;
use batch::job::JobStatus;
use batch::names::{JobId, Site};
use batch::request::{DescribeJobs, RegisterJobDefinition, SubmitJob};
use batch::view::JobDetail;
use batch_runtime::options::{EnvironmentOptions, TokenJobs, World as Time};
use batch_runtime::{Batch, Options, Submission};
use containers::{LogStore, Runner};
use futures_util::future::BoxFuture;
use serde_json::json;
use store::memory::MemoryStore;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::engine::Engine;

/// When simulated time begins.
pub(crate) const BEGAN: i64 = 1_700_000_000_000;

thread_local! {
    static ORIGIN: Instant = Instant::now();
}

/// Simulated time as milliseconds since 1970.
pub(crate) fn millis(at: Instant) -> i64 {
    let origin = ORIGIN.with(|origin| *origin);
    BEGAN + i64::try_from(at.saturating_duration_since(origin).as_millis()).unwrap()
}

/// Everything that outlives the runtime, and the runtime.
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) engine: Engine,
    pub(crate) batch: Batch,
    pub(crate) options: Options,
    pub(crate) hearer: Arc<Hearer>,
    _logs: TempDir,
}

/// Hears of the ends of jobs with a token; refuses as often as it is told to.
#[derive(Default)]
pub(crate) struct Hearer {
    pub(crate) heard: Mutex<Vec<(String, String)>>,
    pub(crate) refusals: AtomicU64,
}

impl TokenJobs for Hearer {
    fn job_ended(&self, token: Arc<str>, job: JobDetail) -> BoxFuture<'static, Result<(), String>> {
        let left = self.refusals.load(Ordering::SeqCst);
        let answer = if left > 0 {
            self.refusals.store(left - 1, Ordering::SeqCst);
            Err("busy".to_owned())
        } else {
            let heard = (token.to_string(), job.status.as_str().to_owned());
            self.heard.lock().unwrap().push(heard);
            Ok(())
        };
        Box::pin(async { answer })
    }
}

impl World {
    /// With an environment of 4 vCPUs and 8 GiB, a queue, and the definition `d`.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with other options.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let logs = tempfile::tempdir().unwrap();
        let site = Site {
            region: "eu-central-1".into(),
            account: "123456789012".into(),
        };
        let environment = EnvironmentOptions {
            engine: Kind::Docker,
            limits: Resources {
                vcpus_milli: 4000,
                memory_mib: 8192,
                gpus: 0,
            },
        };
        let store = LogStore::open(logs.path(), 1 << 20).unwrap();
        let mut options = Options::new(site, store, environment);
        let hearer = Arc::new(Hearer::default());
        options.tokens = Some(hearer.clone());
        let random = AtomicU64::new(1);
        ORIGIN.with(|_| {});
        options.world = Time::simulated(millis(Instant::now()), move || {
            u128::from(random.fetch_add(1, Ordering::SeqCst))
                .wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_0C13_5D1B_4D2B)
        });
        change(&mut options);
        let store = MemoryStore::new();
        let engine = Engine::default();
        let batch = open(&store, &engine, &options).await;
        let world = Self {
            store,
            engine,
            batch,
            options,
            hearer,
            _logs: logs,
        };
        world.define("d", json!({})).await;
        world
    }

    /// A definition with these members over the usual ones.
    pub(crate) async fn define(&self, name: &str, members: serde_json::Value) {
        let mut request = json!({
            "jobDefinitionName": name,
            "type": "container",
            "containerProperties": {
                "image": "busybox",
                "command": ["exit", "0"],
                "resourceRequirements": [
                    {"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}
                ],
            },
        });
        merge(&mut request, members);
        let request: RegisterJobDefinition = serde_json::from_value(request).unwrap();
        self.batch.register_job_definition(request).await.unwrap();
    }

    /// Submits a job of the definition `d` with these members; says its id.
    pub(crate) async fn submit(&self, members: serde_json::Value) -> String {
        self.try_submit(members).await.unwrap()
    }

    /// The same, when it may be refused.
    pub(crate) async fn try_submit(&self, members: serde_json::Value) -> batch::Result<String> {
        let submitted = self.batch.submit_job(submission(members)).await?;
        Ok(submitted.job_id)
    }

    /// Waits for the job's end.
    pub(crate) async fn end(&self, id: &str) -> JobDetail {
        self.batch.wait_end(&JobId::new(id)).await.unwrap()
    }

    /// The job as it is.
    pub(crate) async fn job(&self, id: &str) -> JobDetail {
        let jobs = vec![id.to_owned()];
        let found = self.batch.describe_jobs(DescribeJobs { jobs }).await;
        found.unwrap().jobs.remove(0)
    }

    /// Waits until the job has that status.
    pub(crate) async fn reach(&self, id: &str, status: JobStatus) -> JobDetail {
        let mut changes = self.batch.watch();
        loop {
            let job = self.job(id).await;
            if job.status == status {
                return job;
            }
            assert!(!job.status.is_terminal(), "{id} is {:?}", job.status);
            changes.recv().await.unwrap();
        }
    }

    /// Waits until the engine has nothing any more.
    pub(crate) async fn is_clean(&self) {
        while !self.engine.there().is_empty() {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    }

    /// Closes in order and opens again.
    pub(crate) async fn reopen(&mut self) {
        self.batch.close().await;
        self.batch = open(&self.store, &self.engine, &self.options).await;
    }

    /// The process dies, if it has not yet; the next one finds what is durable.
    pub(crate) async fn crash(&mut self) {
        self.store.crash();
        self.batch.close().await;
        self.store = self.store.survivor();
        self.batch = open(&self.store, &self.engine, &self.options).await;
    }
}

/// A runtime over what there is.
pub(crate) async fn open(store: &MemoryStore, engine: &Engine, options: &Options) -> Batch {
    let engine: Arc<dyn Runner> = Arc::new(engine.clone());
    let runners = HashMap::from([(Kind::Docker, engine)]);
    Batch::open(Arc::new(store.clone()), runners, options.clone())
        .await
        .unwrap()
}

/// A submission of the definition `d` with these members.
pub(crate) fn submission(members: serde_json::Value) -> SubmitJob {
    let mut request = json!({"jobName": "j", "jobQueue": "default", "jobDefinition": "d"});
    merge(&mut request, members);
    serde_json::from_value(request).unwrap()
}

/// A submission for a workflow.
pub(crate) fn with_token(token: &str) -> Submission {
    Submission {
        key: None,
        task_token: Some(token.into()),
        awaited_by: None,
    }
}

/// A job that runs this command.
pub(crate) fn command(words: &str) -> serde_json::Value {
    let words: Vec<&str> = words.split(' ').collect();
    json!({"containerOverrides": {"command": words}})
}

fn merge(into: &mut serde_json::Value, from: serde_json::Value) {
    match (into, from) {
        (serde_json::Value::Object(into), serde_json::Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
