//! A small HTTP/1.1 client that blocks: what is sent and read is plain to see, and a broken server shows as an error.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take; GetActivityTask's poll is the longest.
const PATIENCE: Duration = Duration::from_secs(70);

/// A connection that is kept and made again when it breaks.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
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
}

impl Client {
    /// A client of a server; it connects when it is used.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
        }
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// When the connection breaks before the answer is complete. Whether the server has seen the request is then unknown.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Response> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        self.exchange(&[head.as_bytes(), body].concat())
    }

    /// Sends bytes as they are and reads the answer.
    ///
    /// # Errors
    /// When the connection breaks before the answer is complete.
    pub fn exchange(&mut self, bytes: &[u8]) -> io::Result<Response> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(connect(self.address)?),
        };
        // A server that refuses early may close before all is written; its answer is there nevertheless.
        let written = stream.get_mut().write_all(bytes);
        let response = match read_response(&mut stream) {
            Ok(response) => response,
            Err(error) => return Err(written.err().unwrap_or(error)),
        };
        let keeps = response.header("connection") != Some("close");
        if keeps && written.is_ok() {
            self.stream = Some(stream);
        }
        Ok(response)
    }

    /// Sends a GET and reads an answer of JSON.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn get(&mut self, path: &str) -> io::Result<Response> {
        self.request("GET", path, &[], b"")
    }

    /// Sends JSON by POST.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn post(&mut self, path: &str, body: &Value) -> io::Result<Response> {
        let headers = [("content-type", "application/json")];
        self.request("POST", path, &headers, body.to_string().as_bytes())
    }
}

/// Connects to a server.
///
/// # Errors
/// When nobody listens there.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads the head of an answer: what comes before its body.
///
/// # Errors
/// When the connection ends in the middle, or what comes is no HTTP.
pub fn read_head(stream: &mut impl BufRead) -> io::Result<Response> {
    let status_line = read_line(stream)?;
    let status = status_line
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| io::Error::other(format!("no status line: {status_line}")))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream)?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    Ok(Response {
        status,
        headers,
        body: Vec::new(),
    })
}

fn read_response(stream: &mut impl BufRead) -> io::Result<Response> {
    let mut response = read_head(stream)?;
    if response.header("transfer-encoding") == Some("chunked") {
        loop {
            let line = read_line(stream)?;
            let length = usize::from_str_radix(&line, 16).map_err(io::Error::other)?;
            let mut chunk = vec![0; length];
            stream.read_exact(&mut chunk)?;
            read_line(stream)?;
            if length == 0 {
                break;
            }
            response.body.extend(chunk);
        }
    } else {
        let length = response.header("content-length");
        let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        response.body = vec![0; length];
        stream.read_exact(&mut response.body)?;
    }
    Ok(response)
}

/// Reads a line without its end.
///
/// # Errors
/// When the connection ends before the line does.
pub fn read_line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 || !line.ends_with('\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
