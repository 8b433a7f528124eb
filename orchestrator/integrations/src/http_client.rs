//! Sends HTTP/1.1 requests over connections that are kept and used again.
//!
//! A connection is driven by whoever is using it, not by a task of its own: no task switch for a request, nothing to be owned while it
//! is idle, and a caller that goes away takes its connection with it, which is how a call is cancelled.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::sync::Semaphore;

use crate::connector::{ConnectError, Connector, Origin, Stream};

/// Idle connections are used again for this long. Node closes after five seconds, others later: a shorter time meets few that
/// are closing at this moment.
const IDLE: Duration = Duration::from_secs(4);

/// A request with its body.
pub(crate) type Outgoing = Request<Full<Bytes>>;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why there is no answer. The text is what a person reads after the words "Unable to execute HTTP request".
#[derive(Debug)]
pub(crate) enum ExchangeError {
    /// The rules of this client forbid the target.
    Forbidden(String),
    /// No connection could be made.
    Connect(String),
    /// The connection broke before the answer was complete.
    Broken(String),
    /// The answer's body is longer than what is read.
    TooLong,
}

/// A client with a pool of connections.
pub(crate) struct Client {
    connector: Connector,
    permits: Semaphore,
    idle: Mutex<HashMap<Origin, Vec<Link>>>,
    most_idle: usize,
    response_bytes: usize,
}

struct Link {
    sender: SendRequest<Full<Bytes>>,
    driver: Connection<TokioIo<Box<dyn Stream>>, Full<Bytes>>,
    since: Instant,
}

enum Failed {
    /// The connection was closed before the request got an answer's first byte.
    Stale(String),
    Final(ExchangeError),
}

impl Client {
    pub(crate) fn new(connector: Connector, connections: usize, response_bytes: usize) -> Self {
        Self {
            connector,
            permits: Semaphore::new(connections.max(1)),
            idle: Mutex::new(HashMap::new()),
            most_idle: connections.max(1),
            response_bytes,
        }
    }

    /// Sends the request that `make` makes and reads the answer to its end.
    ///
    /// A connection from the pool may have been closed at the other end meanwhile. Then the request is made and sent once more,
    /// on a new connection; the called side can meet it twice, as it can after a crash.
    ///
    /// # Errors
    /// When there is no answer, or it is too long.
    pub(crate) async fn send(
        &self,
        origin: &Origin,
        make: impl Fn() -> Outgoing,
    ) -> Result<Answer, ExchangeError> {
        let _permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| ExchangeError::Connect("the client is closed".to_owned()))?;
        if let Some(mut link) = self.take(origin) {
            match self.exchange(&mut link, make()).await {
                Ok(answer) => {
                    self.put(origin, link);
                    return Ok(answer);
                }
                Err(Failed::Final(error)) => return Err(error),
                Err(Failed::Stale(_)) => {}
            }
        }
        let mut link = self.open(origin).await?;
        match self.exchange(&mut link, make()).await {
            Ok(answer) => {
                self.put(origin, link);
                Ok(answer)
            }
            Err(Failed::Final(error)) => Err(error),
            Err(Failed::Stale(text)) => Err(ExchangeError::Broken(text)),
        }
    }

    async fn open(&self, origin: &Origin) -> Result<Link, ExchangeError> {
        let stream = self
            .connector
            .connect(origin)
            .await
            .map_err(|error| match error {
                ConnectError::Forbidden(text) => ExchangeError::Forbidden(text),
                ConnectError::Failed(text) => ExchangeError::Connect(text),
            })?;
        let (sender, driver) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| ExchangeError::Connect(error.to_string()))?;
        Ok(Link {
            sender,
            driver,
            since: Instant::now(),
        })
    }

    async fn exchange(&self, link: &mut Link, request: Outgoing) -> Result<Answer, Failed> {
        let Link { sender, driver, .. } = link;
        let limit = self.response_bytes;
        let work = async move {
            sender.ready().await.map_err(before_answer)?;
            let response = sender.send_request(request).await.map_err(before_answer)?;
            let (head, body) = response.into_parts();
            let body = read(body, limit).await.map_err(Failed::Final)?;
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body,
            })
        };
        drive(driver, work)
            .await
            .unwrap_or_else(|| Err(Failed::Stale("the connection was closed".to_owned())))
    }

    fn take(&self, origin: &Origin) -> Option<Link> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let links = idle.get_mut(origin)?;
        // The newest first: those that are not needed grow old and go.
        let link = links.pop()?;
        if link.since.elapsed() < IDLE {
            return Some(link);
        }
        idle.remove(origin);
        None
    }

    fn put(&self, origin: &Origin, mut link: Link) {
        if link.sender.is_closed() {
            return;
        }
        link.since = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(links) = idle.get_mut(origin) {
            if links.len() < self.most_idle {
                links.push(link);
            }
            return;
        }
        if idle.len() >= self.most_idle {
            idle.retain(|_, links| {
                links.retain(|link| link.since.elapsed() < IDLE);
                !links.is_empty()
            });
        }
        if idle.len() < self.most_idle {
            idle.insert(origin.clone(), vec![link]);
        }
    }
}

/// Polls the connection along with what waits for it; `None` when the connection ends first.
async fn drive<F: Future>(
    driver: &mut Connection<TokioIo<Box<dyn Stream>>, Full<Bytes>>,
    work: F,
) -> Option<F::Output> {
    let mut work = pin!(work);
    poll_fn(|context| {
        if let Poll::Ready(output) = work.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        let ended = Pin::new(&mut *driver).poll(context).is_ready();
        // What the connection has just read or closed is there for the work now.
        match work.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if ended => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, ExchangeError> {
    // One frame, which is the rule, is passed on as it is; only more than one are copied together.
    let mut only = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ExchangeError::Broken(describe(&error)))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if only.len().max(joined.len()) + data.len() > limit {
            return Err(ExchangeError::TooLong);
        }
        if only.is_empty() && joined.is_empty() {
            only = data;
            continue;
        }
        if joined.is_empty() {
            joined.extend_from_slice(&only);
        }
        joined.extend_from_slice(&data);
    }
    Ok(if joined.is_empty() {
        only
    } else {
        joined.freeze()
    })
}

fn before_answer(error: hyper::Error) -> Failed {
    let stale = error.is_canceled() || error.is_closed() || error.is_incomplete_message();
    let reset = std::error::Error::source(&error)
        .and_then(|source| source.downcast_ref::<std::io::Error>())
        .is_some_and(|error| {
            matches!(
                error.kind(),
                std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe
            )
        });
    let text = describe(&error);
    if stale || reset {
        Failed::Stale(text)
    } else {
        Failed::Final(ExchangeError::Broken(text))
    }
}

/// The error with what caused it.
fn describe(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None if error.is_incomplete_message() => "The target server failed to respond".to_owned(),
        None => error.to_string(),
    }
}
