//! An HTTP client that shows everything: one connection, bytes out, bytes in.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// `200`
    pub(crate) status: u16,
    /// Name and value, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: String,
}

impl Client {
    /// Connects.
    pub(crate) async fn new(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port))
            .await
            .expect("a server");
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Calls an operation.
    pub(crate) async fn call(&mut self, operation: &str, body: &Value) -> Reply {
        let target = format!("X-Amz-Target: AWSStepFunctions.{operation}\r\n");
        self.post(&target, body.to_string().as_bytes()).await
    }

    /// Posts a body to `/` with these header lines.
    pub(crate) async fn post(&mut self, headers: &str, body: &[u8]) -> Reply {
        let length = body.len();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: sync-localhost\r\n{headers}Content-Length: {length}\r\n\r\n"
        );
        self.send(head.as_bytes()).await;
        self.send(body).await;
        self.reply().await.expect("an answer")
    }

    /// Sends bytes as they are; a server that has hung up does not matter here.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.get_mut().write_all(bytes).await;
    }

    /// Says that nothing more will be sent.
    pub(crate) async fn finish(&mut self) {
        let _ = self.stream.get_mut().shutdown().await;
    }

    /// The next answer; `None` when the server hung up instead.
    pub(crate) async fn reply(&mut self) -> Option<Reply> {
        let first = self.line().await?;
        let status = first.split(' ').nth(1).expect("a status").parse();
        let mut headers = Vec::new();
        while let Some(line) = self.line().await.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").expect("a header");
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let mut reply = Reply {
            status: status.expect("a number"),
            headers,
            body: String::new(),
        };
        let length = reply
            .header("content-length")
            .map_or(0, |length| length.parse::<usize>().expect("a number"));
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.ok()?;
        reply.body = String::from_utf8(body).expect("UTF-8");
        Some(reply)
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await.ok()?;
        (read > 0).then(|| line.trim_end().to_owned())
    }
}

impl Reply {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(there, _)| there == name)?;
        Some(&found.1)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Status and body, with times, tokens and UUIDs covered.
    pub(crate) fn shown(&self) -> String {
        let mut body = self.json();
        cover("", &mut body);
        format!("{} {body}", self.status)
    }
}

fn cover(name: &str, value: &mut Value) {
    match value {
        Value::Object(members) => members
            .iter_mut()
            .for_each(|(name, value)| cover(name, value)),
        Value::Array(items) => items.iter_mut().for_each(|item| cover(name, item)),
        Value::Number(_) if name.ends_with("Date") || name == "timestamp" => {
            *value = Value::from("time");
        }
        Value::Number(_) if name == "billedDurationInMilliseconds" => {
            *value = Value::from("duration");
        }
        Value::String(text) if name.ends_with("oken") || name == "revisionId" => {
            *text = format!("<{name}>");
        }
        Value::String(text) => *text = without_uuids(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn without_uuids(text: &str) -> String {
    let parts = text.split(':').map(|part| {
        let is_uuid = part.len() == 36 && part.matches('-').count() == 4;
        if is_uuid { "<uuid>" } else { part }
    });
    parts.collect::<Vec<_>>().join(":")
}
