//! What the tests share: a server that answers as it is told, calls, and outcomes as text.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::unwrap_used,
    reason = "a test fails where something is not as it must be"
)]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use asl::resource::{Pattern, Resource, ServiceCall};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use integrations::{Integrations, Settings};
use interpreter::payload::Payload;
use runtime::tasks::{TaskCall, TaskOutcome, TaskRunner};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(crate) const EXECUTION: &str = "arn:aws:states:us-east-1:000000000000:execution:machine:name";

type Handler = dyn Fn(&Request<Bytes>) -> Response<Full<Bytes>> + Send + Sync;

/// A server on a port of its own that answers by a function and keeps what it was asked.
pub(crate) struct Stub {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
    _server: JoinSet<()>,
}

impl Stub {
    pub(crate) async fn start(
        answer: impl Fn(&Request<Bytes>) -> Response<Full<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let mut server = JoinSet::new();
        let answer: Arc<Handler> = Arc::new(answer);
        server.spawn(accept(listener, answer, seen.clone(), connections.clone()));
        Self {
            port,
            seen,
            connections,
            _server: server,
        }
    }

    /// Always the same status, headers and body.
    pub(crate) async fn fixed(
        status: u16,
        headers: &'static [(&'static str, &'static str)],
        body: &'static str,
    ) -> Self {
        Self::start(move |_| response(status, headers, body)).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests so far: method, path and query, the headers that are not the same in every run, and the body.
    pub(crate) fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Full<Bytes>> {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap()
}

async fn accept(
    listener: TcpListener,
    answer: Arc<Handler>,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
) {
    let mut served = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        *connections.lock().unwrap() += 1;
        let (answer, seen) = (answer.clone(), seen.clone());
        served.spawn(async move {
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let (answer, seen) = (answer.clone(), seen.clone());
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    let request = Request::from_parts(head, body);
                    seen.lock().unwrap().push(text_of(&request));
                    Ok::<_, Infallible>(answer(&request))
                }
            });
            let _closed = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn text_of(request: &Request<Bytes>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    let varying = ["host", "content-length", "x-amz-date", "authorization"];
    for (name, value) in request.headers() {
        if !varying.contains(&name.as_str()) {
            text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
        }
    }
    text.push_str(std::str::from_utf8(request.body()).unwrap());
    text
}

/// A call of a plain function ARN.
pub(crate) fn function(name: &str, input: &str) -> TaskCall {
    let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{name}");
    call(Resource::Function(arn.into()), input)
}

/// A call of a service integration: `service("lambda:invoke", …)`.
pub(crate) fn service(name: &str, input: &str) -> TaskCall {
    let (resource_type, resource) = name.rsplit_once(':').unwrap();
    let (action, pattern) = match resource.split_once('.') {
        None => (resource, Pattern::RequestResponse),
        Some((action, "sync")) => (action, Pattern::Sync),
        Some((action, _)) => (action, Pattern::WaitForTaskToken),
    };
    let service = ServiceCall {
        arn: format!("arn:aws:states:::{name}").into(),
        resource_type: resource_type.into(),
        resource: resource.into(),
        action: action.into(),
        pattern,
    };
    call(Resource::Service(service), input)
}

fn call(resource: Resource, input: &str) -> TaskCall {
    TaskCall {
        attempt_id: "attempt-1".to_owned(),
        execution_arn: EXECUTION.into(),
        execution: 1,
        resource,
        input: Payload::parse(input).unwrap(),
        credentials_role_arn: None,
        token: None,
        timeout_seconds: None,
        trace: None,
    }
}

pub(crate) fn settings(toml: &str) -> Settings {
    toml::from_str(toml).unwrap()
}

/// Makes integrations of a configuration and performs one call.
pub(crate) async fn perform(toml: &str, call: TaskCall) -> String {
    run(&Integrations::new(&settings(toml)).unwrap(), call).await
}

/// Performs one call and tells its outcome: the result's text, or error and cause.
pub(crate) async fn run(integrations: &Integrations, call: TaskCall) -> String {
    match integrations.run(call).await {
        TaskOutcome::Succeeded(output) | TaskOutcome::Submitted(output) => output.text().to_owned(),
        TaskOutcome::Failed(failure) => format!(
            "{}: {}",
            failure.error.unwrap_or_default(),
            failure.cause.unwrap_or_default()
        ),
    }
}

/// The text without what differs from one run to the next: dates, trace ids and times.
pub(crate) fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("Root=1-") {
        let (before, after) = rest.split_at(at + "Root=1-".len());
        masked.push_str(before);
        masked.push_str("TIME");
        rest = &after[8..];
    }
    masked.push_str(rest);
    let mut result = String::new();
    let mut rest = masked.as_str();
    while let Some(at) = rest.find(" GMT\"") {
        // Every date has the length of this one.
        let (before, after) = rest.split_at(at);
        result.push_str(&before[..before.len() - "Sun, 22 Nov 2026 20:00:00".len()]);
        result.push_str("DATE");
        rest = &after[" GMT".len()..];
    }
    result.push_str(rest);
    result
}
