//! A Lambda endpoint for tests: answers `POST /2015-03-31/functions/{name}/invocations` by a function of the test's own.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::http::read_line;

/// A call of a function.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function's name.
    pub function: String,
    /// The payload.
    pub payload: Value,
    /// The attempt that the call belongs to: `execution's ARN#number`. It is the same when the call is repeated after a crash.
    pub attempt: String,
}

/// What a function does.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It returns this.
    Result(Value),
    /// It returns JSON, spelled like this.
    Text(String),
    /// It fails with this error.
    Error(&'static str),
    /// It fails, and this is all that it says.
    Failure(Value),
}

/// Serves an endpoint until the process ends, a thread for each connection.
///
/// # Panics
/// When no port is free.
pub fn serve<F>(answer: F) -> SocketAddr
where
    F: Fn(Call) -> Answer + Send + Sync + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            // The other side is killed at any moment, so a broken connection is nothing to speak of.
            thread::spawn(move || drop(serve_connection(stream, &*answer)));
        }
    });
    address
}

fn serve_connection(stream: TcpStream, answer: &dyn Fn(Call) -> Answer) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let call = read_call(&mut stream)?;
        let failed = "x-amz-function-error: Unhandled\r\n";
        let (header, body) = match answer(call) {
            Answer::Result(result) => ("", result.to_string()),
            Answer::Text(result) => ("", result),
            Answer::Failure(said) => (failed, said.to_string()),
            Answer::Error(name) => {
                let said = json!({"errorType": name, "errorMessage": "as the test wants it"});
                (failed, said.to_string())
            }
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\n{header}content-length: {}\r\n\r\n",
            body.len()
        );
        stream.get_mut().write_all((head + &body).as_bytes())?;
    }
}

fn read_call(stream: &mut BufReader<TcpStream>) -> io::Result<Call> {
    let request = read_line(stream)?;
    let mut length = 0;
    let mut attempt = String::new();
    loop {
        let line = read_line(stream)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "x-amz-client-context" => attempt = attempt_id(value.trim()).unwrap_or_default(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    // A function is called by its name or by its ARN.
    let name = request.split('/').nth(3).unwrap_or_default();
    let name = name.replace("%3A", ":");
    let name = name.rsplit(':').next().unwrap_or_default();
    Ok(Call {
        function: name.to_owned(),
        payload: serde_json::from_slice(&body).unwrap_or_default(),
        attempt,
    })
}

/// The attempt's id in a client context: Base64 of JSON.
fn attempt_id(context: &str) -> Option<String> {
    let context: Value = serde_json::from_slice(&STANDARD.decode(context).ok()?).ok()?;
    let id = context["custom"]["RATCHET_ATTEMPT_ID"].as_str()?;
    Some(id.to_owned())
}
