//! A small client of the REST API: one request, one connection.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use expression::value::Value;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use runtime::arn::{ArnResource, StatesArn};
use tokio::net::TcpStream;

use crate::config::layers::Environment;
use crate::outcome::Error;

/// Where a server is when nobody says otherwise.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8083";

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait before a stream that broke is taken up, and how often that is tried in a row.
const RECONNECT: Duration = Duration::from_millis(500);
const RECONNECTS: u32 = 60;

/// How a stream of events went.
enum Followed {
    /// Whoever takes the events has seen enough.
    Enough,
    /// There is none.
    Refused(StatusCode, String),
    /// It ended before.
    Broken,
}

/// An event that a server sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Where to go on after it.
    pub(crate) id: Option<String>,
    /// Its kind.
    pub(crate) kind: String,
    /// What it tells.
    pub(crate) data: String,
}

/// Puts events together from the bytes of a stream.
#[derive(Default)]
struct EventReader {
    line: Vec<u8>,
    event: Event,
}

impl EventReader {
    /// The events that are complete with these bytes.
    fn read(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
            let line = line.strip_suffix('\r').unwrap_or(&line);
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                // What has no kind keeps the connection alive and nothing else.
                events.extend(Some(event).filter(|event| !event.kind.is_empty()));
                continue;
            }
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "id" => self.event.id = Some(value.to_owned()),
                "event" => value.clone_into(&mut self.event.kind),
                "data" if self.event.data.is_empty() => value.clone_into(&mut self.event.data),
                "data" => {
                    self.event.data.push('\n');
                    self.event.data.push_str(value);
                }
                _ => {}
            }
        }
        events
    }
}

/// A server's REST API.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// `HOST:PORT`
    authority: String,
    /// What stands before `/api/v1`, without a slash at its end.
    base: String,
}

impl Client {
    /// A client of the server that the flag names, else the variable, else the default.
    ///
    /// # Errors
    /// When the URL is none that can be used.
    pub(crate) fn new(flag: Option<&str>, environment: &Environment) -> Result<Self, Error> {
        let url = flag
            .or_else(|| environment.get("RATCHET_SERVER"))
            .unwrap_or(DEFAULT_SERVER);
        let unusable = |why: &str| Error::Usage(format!("`{url}` is no server's URL: {why}"));
        let rest = match url.split_once("://") {
            Some(("http", rest)) => rest,
            Some((_, _)) => return Err(unusable("only http:// is spoken")),
            None => url,
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() || authority.contains(|letter: char| letter.is_whitespace()) {
            return Err(unusable("write http://HOST:PORT"));
        }
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let path = path.trim_end_matches('/');
        Ok(Self {
            authority: if has_port {
                authority.to_owned()
            } else {
                format!("{authority}:80")
            },
            base: if path.is_empty() {
                String::new()
            } else {
                format!("/{path}")
            },
        })
    }

    /// Asks for something below `/api/v1`.
    ///
    /// # Errors
    /// When the server can't be reached or refuses.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Error> {
        self.send(Method::GET, path, None).await
    }

    /// Sends a request with a JSON body, if there is one; an empty answer is `null`.
    ///
    /// # Errors
    /// When the server can't be reached or refuses.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Error> {
        let body = body.map_or_else(Bytes::new, |body| body.to_text().into());
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.base))
            .header(HOST, &self.authority)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| Error::Usage(format!("cannot ask for {path}: {error}")))?;
        let answer = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        let (status, body) = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(self.unreachable(&error)),
            Err(_) => return Err(self.unreachable(&"it does not answer")),
        };
        let text = String::from_utf8_lossy(&body);
        if !status.is_success() {
            return Err(Error::Failed(refusal(status, &text)));
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        Value::parse(&text).map_err(|error| {
            Error::Failed(format!(
                "{} does not answer in JSON: {error}",
                self.authority
            ))
        })
    }

    /// All items of a list, page by page, up to a limit. `path` has its own query already, if only `?`.
    ///
    /// # Errors
    /// When the server can't be reached or refuses.
    pub(crate) async fn list(
        &self,
        path: &str,
        items: &str,
        limit: usize,
    ) -> Result<Vec<Value>, Error> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        while all.len() < limit {
            let page = self.get(&format!("{path}{cursor}")).await?;
            let found = page
                .get(items)
                .and_then(Value::as_array)
                .unwrap_or_default();
            all.extend(found.iter().cloned());
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={}", encoded(next)),
                None => break,
            }
        }
        all.truncate(limit);
        Ok(all)
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error>> {
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let exchange = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            Ok((status, answer.into_body().collect().await?.to_bytes()))
        };
        // The connection must be driven while the answer is awaited. It ends by itself only after the answer.
        tokio::select! {
            answer = exchange => answer,
            ended = connection => {
                ended?;
                Err("the server closed the connection".into())
            }
        }
    }

    /// Follows a stream of server-sent events below `/api/v1` until `take` says that it has seen enough. A stream that breaks is taken up
    /// after the last event that was seen, for a while.
    ///
    /// # Errors
    /// When the server can't be reached any more or refuses.
    pub(crate) async fn follow(
        &self,
        path: &str,
        mut take: impl FnMut(Event) -> bool,
    ) -> Result<(), Error> {
        let mut last = None;
        let mut attempts = 0;
        loop {
            let seen = last.clone();
            match self.follow_once(path, &mut last, &mut take).await {
                Ok(Followed::Enough) => return Ok(()),
                Ok(Followed::Refused(status, body)) => {
                    return Err(Error::Failed(refusal(status, &body)));
                }
                Ok(Followed::Broken) | Err(_) if last != seen => attempts = 0,
                Ok(Followed::Broken) if attempts < RECONNECTS => attempts += 1,
                Err(_) if attempts < RECONNECTS && last.is_some() => attempts += 1,
                Ok(Followed::Broken) => {
                    return Err(self.unreachable(&"it closes the stream"));
                }
                Err(error) => return Err(self.unreachable(&error)),
            }
            tokio::time::sleep(RECONNECT).await;
        }
    }

    async fn follow_once(
        &self,
        path: &str,
        last: &mut Option<String>,
        take: &mut impl FnMut(Event) -> bool,
    ) -> Result<Followed, Box<dyn std::error::Error>> {
        let mut request = Request::builder()
            .uri(format!("{}/api/v1{path}", self.base))
            .header(HOST, &self.authority)
            .header(ACCEPT, "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last.as_str());
        }
        let request = request.body(Full::new(Bytes::new()))?;
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let exchange = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            if status == StatusCode::NO_CONTENT {
                return Ok(Followed::Enough);
            }
            let mut body = answer.into_body();
            if !status.is_success() {
                let body = body.collect().await?.to_bytes();
                let body = String::from_utf8_lossy(&body).into_owned();
                return Ok(Followed::Refused(status, body));
            }
            let mut reader = EventReader::default();
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame?.into_data() else {
                    continue;
                };
                for event in reader.read(&data) {
                    if event.id.is_some() {
                        last.clone_from(&event.id);
                    }
                    if !take(event) {
                        return Ok(Followed::Enough);
                    }
                }
            }
            Ok(Followed::Broken)
        };
        tokio::select! {
            answer = exchange => answer,
            ended = connection => {
                ended?;
                Ok(Followed::Broken)
            }
        }
    }

    fn unreachable(&self, why: &dyn std::fmt::Display) -> Error {
        Error::Unavailable(format!(
            "cannot reach the server at http://{}: {why}",
            self.authority
        ))
    }
}

/// What a server said when it refused, for people.
fn refusal(status: StatusCode, body: &str) -> String {
    let problem = Value::parse(body).unwrap_or_default();
    let text = |name: &str| problem.get(name).and_then(Value::as_str);
    let mut message = match (text("title"), text("detail")) {
        (_, Some(detail)) => detail.to_owned(),
        (Some(title), None) => title.to_owned(),
        (None, None) => format!("the server answered {status}"),
    };
    let findings = problem.get("findings").and_then(Value::as_array);
    for finding in findings.unwrap_or_default() {
        let number = |name: &str| {
            finding
                .get(name)
                .and_then(Value::as_i64)
                .unwrap_or_default()
        };
        let text = |name: &str| {
            finding
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        write!(
            message,
            "\n  {}:{}: {} {}: {}",
            number("line"),
            number("column"),
            text("code"),
            text("pointer"),
            text("message")
        )
        .expect("a string takes any text");
    }
    message
}

/// An execution's path, from `STATE_MACHINE:NAME` or its ARN.
///
/// # Errors
/// When the text is neither.
pub(crate) fn execution_path(text: &str) -> Result<String, Error> {
    let id = match StatesArn::parse(text).map(|arn| arn.resource) {
        Some(ArnResource::Execution(machine, name)) => format!("{machine}:{name}"),
        Some(_) => return Err(Error::Usage(format!("`{text}` is no ARN of an execution"))),
        None => text.to_owned(),
    };
    if id.split(':').filter(|part| !part.is_empty()).count() != 2 {
        return Err(Error::Usage(format!(
            "`{text}` names no execution; write STATE_MACHINE:NAME or its ARN"
        )));
    }
    Ok(format!("/executions/{}", encoded(&id)))
}

/// A text as a part of a path or query (RFC 3986, section 2.3).
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                encoded.push(byte.into());
            }
            _ => write!(encoded, "%{byte:02X}").expect("a string takes any text"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check<T: std::fmt::Debug>(
        texts: &[&str],
        function: impl Fn(&str) -> Result<T, Error>,
        expected: Expect,
    ) {
        let answers: Vec<String> = texts
            .iter()
            .map(|text| match function(text) {
                Ok(answer) => format!("{text} = {answer:?}"),
                Err(error) => format!("{text}: {error}"),
            })
            .collect();
        expected.assert_eq(&answers.join("\n"));
    }

    #[test]
    fn servers() {
        let parse = |text: &str| {
            let client = Client::new(Some(text), &Environment::default())?;
            Ok((client.authority, client.base))
        };
        check(
            &[
                "http://127.0.0.1:8083",
                "http://example.com/",
                "example.com:1/ratchet/",
                "https://example.com",
                "http://",
            ],
            parse,
            expect![[r#"
                http://127.0.0.1:8083 = ("127.0.0.1:8083", "")
                http://example.com/ = ("example.com:80", "")
                example.com:1/ratchet/ = ("example.com:1", "/ratchet")
                https://example.com: `https://example.com` is no server's URL: only http:// is spoken
                http://: `http://` is no server's URL: write http://HOST:PORT"#]],
        );
    }

    #[test]
    fn events_come_in_pieces() {
        let stream = b": hi\n\nid: 1:7\nevent: line\ndata: {\"a\":\ndata: 1}\r\n\r\nevent: end\ndata: x\n\nevent: cut";
        let whole = EventReader::default().read(stream);
        expect![[r#"
            [
                Event {
                    id: Some(
                        "1:7",
                    ),
                    kind: "line",
                    data: "{\"a\":\n1}",
                },
                Event {
                    id: None,
                    kind: "end",
                    data: "x",
                },
            ]
        "#]]
        .assert_debug_eq(&whole);
        let mut reader = EventReader::default();
        let pieces: Vec<Event> = stream
            .iter()
            .flat_map(|byte| reader.read(&[*byte]))
            .collect();
        assert_eq!(pieces, whole);
    }

    #[test]
    fn executions() {
        check(
            &[
                "orders:42",
                "arn:aws:states:us-east-1:000000000000:execution:orders:ä 1",
                "arn:aws:states:us-east-1:000000000000:stateMachine:orders",
                "orders",
                "a:b:c",
            ],
            execution_path,
            expect![[r#"
                orders:42 = "/executions/orders:42"
                arn:aws:states:us-east-1:000000000000:execution:orders:ä 1 = "/executions/orders:%C3%A4%201"
                arn:aws:states:us-east-1:000000000000:stateMachine:orders: `arn:aws:states:us-east-1:000000000000:stateMachine:orders` is no ARN of an execution
                orders: `orders` names no execution; write STATE_MACHINE:NAME or its ARN
                a:b:c: `a:b:c` names no execution; write STATE_MACHINE:NAME or its ARN"#]],
        );
    }
}
