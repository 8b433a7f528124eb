//! An API over a store in memory, and dialogues with it as text.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{Request, Response};
use batch_runtime::Batch;
use expect_test::Expect;
use futures_util::future::BoxFuture;
use interpreter::payload::Payload;
use runtime::runtime::Runtime;
use runtime::tasks::{TaskCall, TaskOutcome, TaskRunner};
use store::memory::MemoryStore;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tower::ServiceExt;

use crate::options::Options;
use crate::services::Services;

/// An API under test.
pub(super) struct Api {
    router: Router,
    tokens: Receiver<String>,
}

/// Performs every task by handing its token to the test.
struct Tokens(Sender<String>);

impl TaskRunner for Tokens {
    fn run(&self, call: TaskCall) -> BoxFuture<'static, TaskOutcome> {
        let tokens = self.0.clone();
        Box::pin(async move {
            let token = call.token.expect("the tests' tasks wait for their token");
            tokens.send(token).await.expect("the test is there");
            TaskOutcome::Succeeded(Payload::parse("{}").expect("it is JSON"))
        })
    }
}

impl Api {
    /// An API of an empty server.
    pub(super) async fn new() -> Self {
        Self::with_options(Options::default()).await
    }

    /// An API with other options.
    pub(super) async fn with_options(options: Options) -> Self {
        Self::with(options, None).await
    }

    /// An API with container jobs.
    pub(super) async fn with_jobs(batch: Batch) -> Self {
        Self::with(Options::default(), Some(batch)).await
    }

    async fn with(options: Options, batch: Option<Batch>) -> Self {
        let (sender, tokens) = channel(16);
        let runtime = Runtime::open(
            Arc::new(MemoryStore::new()),
            Arc::new(Tokens(sender)),
            runtime::options::Options::default(),
        )
        .await
        .expect("a store in memory opens");
        let services = Services {
            batch,
            ..Services::from(runtime)
        };
        Self {
            router: crate::rest::router(services, options),
            tokens,
        }
    }

    /// The token of the next task that is performed.
    pub(super) async fn token(&mut self) -> String {
        self.tokens.recv().await.expect("the API is there")
    }

    /// Sends `METHOD PATH BODY`.
    pub(super) async fn send(&self, request: &str) -> Response<Body> {
        let mut parts = request.splitn(3, ' ');
        let (method, path) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let body = parts.next().unwrap_or_default().to_owned();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::from(body));
        self.ask(request.expect("the test's request is one")).await
    }

    /// Sends a request.
    pub(super) async fn ask(&self, request: Request<Body>) -> Response<Body> {
        let answer = self.router.clone().oneshot(request).await;
        answer.expect("a router always answers")
    }

    /// The body of an answer.
    pub(super) async fn json(&self, request: &str) -> serde_json::Value {
        let body = self.send(request).await.into_body();
        let body = to_bytes(body, usize::MAX).await;
        serde_json::from_slice(&body.expect("the body can be read")).expect("it is JSON")
    }

    /// The same as [`Api::check`], where an id stands as `<id>`, and its last part alone as `<uuid>`.
    pub(super) async fn check_masked(&self, requests: &[&str], id: &str, expected: Expect) {
        let dialogue = self.dialogue(requests).await;
        let unique = id.rsplit(':').next().unwrap_or(id);
        let dialogue = dialogue.replace(id, "<id>");
        expected.assert_eq(&dialogue.replace(unique, "<uuid>"));
    }

    /// Sends requests one after the other and compares what was said. Times are masked.
    pub(super) async fn check(&self, requests: &[&str], expected: Expect) {
        expected.assert_eq(&self.dialogue(requests).await);
    }

    async fn dialogue(&self, requests: &[&str]) -> String {
        let mut dialogue = String::new();
        for request in requests {
            let answer = text(self.send(request).await).await;
            writeln!(dialogue, "> {request}\n{answer}").expect("a string takes any text");
        }
        dialogue
    }
}

/// An answer as text: status, what its headers say, body.
pub(super) async fn text(answer: Response<Body>) -> String {
    let header = |name| {
        let value = answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.map_or_else(String::new, |value| format!(" {value}"))
    };
    let head = format!(
        "{}{}{}",
        answer.status().as_u16(),
        header(CONTENT_TYPE).replace(" application/json", ""),
        header(LOCATION)
    );
    let body = to_bytes(answer.into_body(), usize::MAX)
        .await
        .expect("the body can be read");
    masked(format!("{head}\n{}", String::from_utf8_lossy(&body)).trim_end())
}

/// Instants become `<time>`, and UUIDs `<uuid>`.
fn masked(text: &str) -> String {
    let is_instant = |text: &str| text.len() == 24 && text.starts_with("20") && text.ends_with('Z');
    let is_uuid = |text: &str| text.len() == 36 && text.matches('-').count() == 4;
    let mask = |part: &str| match part {
        part if is_instant(part) => "<time>".to_owned(),
        part if is_uuid(part) => "<uuid>".to_owned(),
        part => match part.rsplit_once(':') {
            Some((before, last)) if is_uuid(last) => format!("{before}:<uuid>"),
            _ => part.to_owned(),
        },
    };
    let parts: Vec<String> = text.split('"').map(mask).collect();
    parts.join("\"")
}
