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
