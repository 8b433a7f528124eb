//! The Lambda Runtime API, as one process sees it: takes calls from here, brings results back.
//!
//! The rules: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use interpreter::failure::Failure;
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};

use crate::failures;
use crate::settings::LAMBDA_RESULT_BYTES;

const PREFIX: &str = "/2018-06-01/runtime/";

/// A call that waits for the process, or that the process works on.
pub(crate) struct Offer {
    pub(crate) request_id: String,
    /// What the Runtime API tells beside the payload, by header.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) reply: oneshot::Sender<Outcome>,
}

/// What became of an offer.
pub(crate) enum Outcome {
    /// The process answered and can take the next call.
    Answered(Result<Bytes, Failure>),
    /// The process has ended, or is about to.
    Ended { failure: Failure, taken: Taken },
}

/// Whether the process had begun to work on the call.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Taken {
    Yes,
    No,
}

/// The Runtime API of one process.
#[derive(Default)]
pub(crate) struct RuntimeApi {
    state: Mutex<State>,
    offered: Notify,
}

#[derive(Default)]
struct State {
    waiting: Option<Offer>,
    current: Option<Offer>,
    ended: Option<Ended>,
}

/// Why a process takes no more calls.
enum Ended {
    /// It said itself, while it was starting.
    InitError(Failure),
    /// It exited: what happened, in the words of Lambda.
    Exit(String),
}

impl Ended {
    fn failure(&self, request_id: &str) -> Failure {
        match self {
            Self::InitError(failure) => failure.clone(),
            Self::Exit(status) => failures::sandbox_error(
                "Runtime.ExitError",
                request_id,
                &format!("Runtime exited with error: {status}"),
            ),
        }
    }
}

impl RuntimeApi {
    /// Hands a call to the process; it is taken when the process asks for its next one.
    pub(crate) fn offer(&self, offer: Offer) {
        let mut state = self.state();
        if let Some(ended) = &state.ended {
            let failure = ended.failure(&offer.request_id);
            give_up(offer, failure, Taken::No);
            return;
        }
        state.waiting = Some(offer);
        drop(state);
        self.offered.notify_one();
    }

    /// Whether the process can take calls.
    pub(crate) fn is_open(&self) -> bool {
        self.state().ended.is_none()
    }

    /// Says that the process has exited. What it was working on fails.
    pub(crate) fn exited(&self, status: String) {
        self.end(Ended::Exit(status));
    }

    /// Serves one connection of the process to its end.
    pub(crate) async fn serve(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(|request| {
            let api = self.clone();
            async move { Ok::<_, Infallible>(api.handle(request).await) }
        });
        let served = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
        if let Err(error) = served {
            tracing::debug!(%error, "a connection of a function's process broke");
        }
    }

    async fn handle(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let Some(rest) = path.strip_prefix(PREFIX) else {
            return refused(StatusCode::NOT_FOUND, "UnknownPath", path);
        };
        let parts: Vec<&str> = rest.split('/').collect();
        match (&head.method, parts.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => {
                let result = read(body).await;
                self.answer(id, result)
            }
            (&Method::POST, ["invocation", id, "error"]) => {
                let result = read(body).await;
                let failure =
                    result.map_or_else(|failure| failure, |body| told(&head.headers, &body));
                self.answer(id, Err(failure))
            }
            (&Method::POST, ["init", "error"]) => {
                let result = read(body).await;
                let failure =
                    result.map_or_else(|failure| failure, |body| told(&head.headers, &body));
                self.end(Ended::InitError(failure));
                accepted()
            }
            _ => refused(StatusCode::NOT_FOUND, "UnknownPath", path),
        }
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        loop {
            if let Some(response) = self.take() {
                return response;
            }
            self.offered.notified().await;
        }
    }

    fn take(&self) -> Option<Response<Full<Bytes>>> {
        let mut state = self.state();
        let offer = state.waiting.take()?;
        let mut response = Response::new(Full::new(offer.body.clone()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &offer.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(*name, value);
            }
        }
        if let Some(unanswered) = state.current.replace(offer) {
            let id = unanswered.request_id.clone();
            let failure = failures::sandbox_error(
                "Runtime.ProtocolError",
                &id,
                "Runtime asked for the next invocation before it answered this one",
            );
            let _gone = unanswered.reply.send(Outcome::Answered(Err(failure)));
        }
        Some(response)
    }

    fn answer(&self, id: &str, result: Result<Bytes, Failure>) -> Response<Full<Bytes>> {
        let current = self.state().current.take_if(|offer| offer.request_id == id);
        let Some(offer) = current else {
            return refused(
                StatusCode::BAD_REQUEST,
                "InvalidRequestID",
                "Invalid request ID",
            );
        };
        // Nobody listens any more when the call was cancelled; the process is killed then.
        let _gone = offer.reply.send(Outcome::Answered(result));
        accepted()
    }

    fn end(&self, ended: Ended) {
        let mut state = self.state();
        let (waiting, current) = (state.waiting.take(), state.current.take());
        // What the process said itself tells more than how it exited afterwards.
        let ended = state.ended.get_or_insert(ended);
        for (offer, taken) in [(waiting, Taken::No), (current, Taken::Yes)] {
            if let Some(offer) = offer {
                let failure = ended.failure(&offer.request_id);
                give_up(offer, failure, taken);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn give_up(offer: Offer, failure: Failure, taken: Taken) {
    let _gone = offer.reply.send(Outcome::Ended { failure, taken });
}

async fn read(body: Incoming) -> Result<Bytes, Failure> {
    match Limited::new(body, LAMBDA_RESULT_BYTES).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) => Err(failures::failure(
            "Function.ResponseSizeTooLarge",
            failures::error_object(&[
                ("errorType", "Function.ResponseSizeTooLarge"),
                (
                    "errorMessage",
                    &format!("cannot read the function's response: {error}"),
                ),
            ]),
        )),
    }
}

/// The failure that a process reports; runtimes that send no error object name it in a header.
fn told(headers: &HeaderMap, body: &Bytes) -> Failure {
    let named = headers
        .get("lambda-runtime-function-error-type")
        .and_then(|value| value.to_str().ok());
    match named {
        Some(name) if failures::error_type(&String::from_utf8_lossy(body)).is_none() => {
            failures::failure(name, String::from_utf8_lossy(body))
        }
        _ => failures::function_error(body),
    }
}

fn accepted() -> Response<Full<Bytes>> {
    answer(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n".to_owned())
}

fn refused(status: StatusCode, error: &str, message: &str) -> Response<Full<Bytes>> {
    let body = failures::error_object(&[("errorType", error), ("errorMessage", message)]);
    answer(status, body)
}

fn answer(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
