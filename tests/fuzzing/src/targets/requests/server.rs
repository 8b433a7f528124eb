//! A server in memory, whose tasks echo and whose jobs end at once, on a clock that stands still while there is work.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use api::services::Services;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, Request, StatusCode};
use batch::container::Resources;
use batch::environment::Engine;
use batch::names::Site;
use batch_runtime::options::{EnvironmentOptions, World as JobWorld};
use batch_runtime::{Batch, Options as JobOptions};
use containers::{Error, Launch, LogStore, Outcome, Runner, Told};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt;
use runtime::clock::World;
use runtime::runtime::Runtime;
use runtime::tasks::{TaskCall, TaskOutcome, TaskRunner};
use schedule::definition::Target;
use schedule::expression::Mistake;
use schedule::state::Stop;
use schedule::step::{Accepted, Outcome as RunOutcome};
use schedule_runtime::clock::Clock;
use schedule_runtime::schedules::{Options as ScheduleOptions, Schedules};
use schedule_runtime::targets::{Call, Refusal, Targets};
use store::memory::MemoryStore;
use tempfile::TempDir;
use tests::corpus::STARTED_AT;
use tokio::sync::mpsc;
use tower::ServiceExt;

/// How long an answer may be waited for, on the server's own clock.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is there from the beginning.
pub(super) const SETUP: &[&str] = &[
    "POST / AWSStepFunctions.CreateStateMachine\n{\"name\":\"m\",\"roleArn\":\"arn:aws:iam::000000000000:role/r\",\"definition\":\"{\\\"StartAt\\\":\\\"A\\\",\\\"States\\\":{\\\"A\\\":{\\\"Type\\\":\\\"Wait\\\",\\\"Seconds\\\":5,\\\"End\\\":true}}}\",\"publish\":true}",
    "POST / AWSStepFunctions.CreateStateMachine\n{\"name\":\"x\",\"type\":\"EXPRESS\",\"roleArn\":\"arn:aws:iam::000000000000:role/r\",\"definition\":\"{\\\"StartAt\\\":\\\"A\\\",\\\"States\\\":{\\\"A\\\":{\\\"Type\\\":\\\"Pass\\\",\\\"End\\\":true}}}\"}",
    "POST / AWSStepFunctions.CreateActivity\n{\"name\":\"a\"}",
    "POST / AWSStepFunctions.StartExecution\n{\"stateMachineArn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:m\",\"name\":\"e1\",\"input\":\"{}\"}",
    "POST /v1/registerjobdefinition\n{\"jobDefinitionName\":\"d\",\"type\":\"container\",\"containerProperties\":{\"image\":\"busybox\",\"command\":[\"true\"],\"resourceRequirements\":[{\"type\":\"VCPU\",\"value\":\"0.25\"},{\"type\":\"MEMORY\",\"value\":\"64\"}]}}",
    "POST /v1/submitjob\n{\"jobName\":\"j\",\"jobQueue\":\"default\",\"jobDefinition\":\"d\"}",
    "POST /schedules/s\n{\"ScheduleExpression\":\"rate(5 minutes)\",\"FlexibleTimeWindow\":{\"Mode\":\"OFF\"},\"Target\":{\"Arn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:m\",\"RoleArn\":\"arn:aws:iam::000000000000:role/r\",\"Input\":\"{}\"}}",
];

/// A server, and the runtime that it lives in.
pub(super) struct Server {
    runtime: tokio::runtime::Runtime,
    router: Router,
    _directory: TempDir,
}

impl Server {
    pub(super) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let directory = tempfile::tempdir().expect("a directory");
        let router = runtime.block_on(router(&directory));
        let server = Self {
            runtime,
            router,
            _directory: directory,
        };
        for request in SETUP {
            let _ = server.send(request.as_bytes());
        }
        server
    }

    /// Sends a request; the answer's status and text, or nothing when the input is none or the answer does not come.
    pub(super) fn send(&self, input: &[u8]) -> Option<(StatusCode, String)> {
        let cut = input
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(input.len());
        let line = String::from_utf8_lossy(&input[..cut]).into_owned();
        let body = input.get(cut + 1..).unwrap_or_default().to_vec();
        let mut words = line.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        let mut request = Request::builder().method(method).uri(path);
        if let Some(target) = words.next().filter(|target| !target.is_empty()) {
            request = request.header(HeaderName::from_static("x-amz-target"), target);
        }
        let request = request.body(Body::from(body)).ok()?;
        let router = self.router.clone();
        self.runtime.block_on(async move {
            let answer = async move {
                let answer = router
                    .oneshot(request)
                    .await
                    .expect("a router always answers");
                let status = answer.status();
                let mut body = answer.into_body();
                let mut text = Vec::new();
                // A stream of events has no end: what has come by then is enough.
                let _ = tokio::time::timeout(PATIENCE, async {
                    while let Some(Ok(frame)) = body.frame().await {
                        text.extend(frame.data_ref().into_iter().flatten());
                    }
                })
                .await;
                (status, String::from_utf8_lossy(&text).into_owned())
            };
            tokio::time::timeout(PATIENCE * 2, answer).await.ok()
        })
    }
}

async fn router(directory: &TempDir) -> Router {
    let drawn = Arc::new(AtomicU64::new(1));
    let random = move || u128::from(drawn.fetch_add(1, Ordering::Relaxed)) << 64 | 0x1234_5678;
    let options = runtime::options::Options {
        world: World::simulated(STARTED_AT, random.clone()),
        activity_poll: Duration::from_secs(1),
        ..runtime::options::Options::default()
    };
    let runtime = Runtime::open(Arc::new(MemoryStore::new()), Arc::new(Echo), options)
        .await
        .expect("an empty store opens");
    let logs = LogStore::open(directory.path(), 1 << 20).expect("it can be written");
    let site = Site {
        region: "us-east-1".into(),
        account: "000000000000".into(),
    };
    let environment = EnvironmentOptions {
        engine: Engine::Docker,
        limits: Resources {
            vcpus_milli: 2000,
            memory_mib: 1024,
            gpus: 0,
        },
    };
    let mut options = JobOptions::new(site, logs, environment);
    options.world = JobWorld::simulated(STARTED_AT, random);
    let runner: Arc<dyn Runner> = Arc::new(AtOnce);
    let runners = HashMap::from([(Engine::Docker, runner)]);
    let batch = Batch::open(Arc::new(MemoryStore::new()), runners, options)
        .await
        .expect("an empty store opens");
    let options = ScheduleOptions {
        clock: Clock::simulated(STARTED_AT),
        ..ScheduleOptions::default()
    };
    let schedules = Schedules::open(Arc::new(MemoryStore::new()), Arc::new(Anything), options)
        .await
        .expect("an empty store opens");
    let services = Services {
        runtime,
        batch: Some(batch),
        schedules: Some(schedules),
    };
    api::server::router(services, api::options::Options::default())
}

struct Echo;

impl TaskRunner for Echo {
    fn run(&self, call: TaskCall) -> BoxFuture<'static, TaskOutcome> {
        std::future::ready(TaskOutcome::Succeeded(call.input)).boxed()
    }
}

/// Jobs that are over as soon as they begin.
struct AtOnce;

impl Runner for AtOnce {
    fn run(&self, _: Launch, _: mpsc::Sender<Told>) -> BoxFuture<'static, Outcome> {
        let outcome = Outcome::Exited {
            code: 0,
            oom: false,
            started_at: STARTED_AT,
            at: STARTED_AT + 1,
            reason: None,
        };
        std::future::ready(outcome).boxed()
    }

    fn stop(&self, _: &str, _: Duration) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }

    fn forget(&self, _: &str) -> BoxFuture<'static, Result<(), Error>> {
        std::future::ready(Ok(())).boxed()
    }

    fn present(&self) -> BoxFuture<'static, Result<Vec<String>, Error>> {
        std::future::ready(Ok(Vec::new())).boxed()
    }

    fn ready(&self) -> BoxFuture<'static, Result<(), String>> {
        std::future::ready(Ok(())).boxed()
    }
}

/// Takes every call of a schedule.
struct Anything;

impl Targets for Anything {
    fn check(&self, _: &Target) -> Result<(), Mistake> {
        Ok(())
    }

    fn call(&self, _: Call) -> BoxFuture<'static, Result<Accepted, Refusal>> {
        std::future::ready(Ok(Accepted::default())).boxed()
    }

    fn ended(&self, _: &str, _: &str) -> BoxFuture<'static, RunOutcome> {
        std::future::ready(RunOutcome::Succeeded).boxed()
    }

    fn stop(&self, _: &str, _: &str, _: Stop) -> BoxFuture<'static, Result<(), String>> {
        std::future::ready(Ok(())).boxed()
    }
}
