//! An HTTP server of a test's own: it answers as the test says, and keeps what it was sent.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::Value;

use super::http::read_line;

/// A server that answers until the process ends.
#[derive(Clone, Debug)]
pub struct Web {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Headers beside the length.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Request {
    /// The values of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The operation of AWS's JSON protocols: what `X-Amz-Target` names behind the dot.
    #[must_use]
    pub fn operation(&self) -> &str {
        let target = self.header("x-amz-target");
        let target = target.first().copied().unwrap_or_default();
        target.rsplit('.').next().unwrap_or_default()
    }
}

impl Answer {
    /// JSON, with status 200.
    #[must_use]
    pub fn json(body: &Value) -> Self {
        Self::text(200, "application/json", &body.to_string())
    }

    /// A text of some type.
    #[must_use]
    pub fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", content_type.to_owned())],
            body: body.to_owned(),
        }
    }

    /// An error of AWS's JSON protocols.
    #[must_use]
    pub fn refusal(code: &str, message: &str) -> Self {
        let body = serde_json::json!({ "__type": code, "message": message });
        Self::text(400, "application/x-amz-json-1.1", &body.to_string())
    }
}

impl Web {
    /// Serves, a thread for each connection.
    ///
    /// # Panics
    /// When no port is free.
    pub fn serve<F>(answer: F) -> Self
    where
        F: Fn(&Request) -> Answer + Send + Sync + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let web = Self {
            address: listener.local_addr().expect("it is bound"),
            seen: Arc::default(),
        };
        let (seen, answer) = (web.seen.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (seen.clone(), answer.clone());
                // The other side may be killed at any moment: a broken connection is nothing to speak of.
                thread::spawn(move || drop(serve_connection(stream, &seen, &*answer)));
            }
        });
        web
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:PORT`
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What came since the last time that this was asked.
    #[must_use]
    pub fn taken(&self) -> Vec<Request> {
        std::mem::take(&mut *lock(&self.seen))
    }

    /// What came, without taking it away.
    #[must_use]
    pub fn seen(&self) -> Vec<Request> {
        lock(&self.seen).clone()
    }
}

fn lock(seen: &Mutex<Vec<Request>>) -> MutexGuard<'_, Vec<Request>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve_connection(
    stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &dyn Fn(&Request) -> Answer,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let request = read_request(&mut stream)?;
        lock(seen).push(request.clone());
        let answer = answer(&request);
        let mut head = format!("HTTP/1.1 {} Said\r\n", answer.status);
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = answer.body.len();
        let body = match request.method.as_str() {
            "HEAD" => "",
            _ => &answer.body,
        };
        head.push_str(&format!("Content-Length: {length}\r\n\r\n{body}"));
        stream.get_mut().write_all(head.as_bytes())?;
    }
}

fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Request> {
    let line = read_line(stream)?;
    let mut words = line.split(' ').map(str::to_owned);
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(Request {
        method,
        target,
        headers,
        body,
    })
}
