//! CPU time of one `lambda:invoke` through the Lambda endpoint, on the calling side alone.
//!
//! `cargo bench -p integrations` prints microseconds a call for several numbers of calls at once. The endpoint is a stub on threads of
//! its own, whose time is not counted; the kernel's time for the caller's side of each connection is.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark fails where something is not as it must be"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use asl::resource::{Pattern, Resource, ServiceCall};
use futures_util::future::join_all;
use integrations::{Integrations, Settings};
use interpreter::payload::Payload;
use runtime::tasks::{TaskCall, TaskOutcome, TaskRunner};
use rustix::time::{ClockId, clock_gettime};

const CALLS: usize = 20_000;

fn main() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // The stub ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer(stream.unwrap()));
        }
    });
    let integrations = Integrations::new(&Settings {
        lambda_endpoint: Some(format!("http://127.0.0.1:{port}")),
        ..Settings::default()
    })
    .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for concurrency in [1, 16, 64] {
        let measure = |calls| runtime.block_on(perform(&integrations, concurrency, calls));
        measure(CALLS / 10);
        let (begun, used) = (Instant::now(), cpu_microseconds());
        measure(CALLS);
        let used = cpu_microseconds() - used;
        println!(
            "lambda:invoke, {concurrency:>2} at once: {:.1} us CPU a call, {:.0} calls a second",
            used / CALLS as f64,
            CALLS as f64 / begun.elapsed().as_secs_f64(),
        );
    }
}

async fn perform(integrations: &Integrations, concurrency: usize, calls: usize) {
    let one_after_another = |_| async {
        for _ in 0..calls / concurrency {
            let outcome = integrations.run(call()).await;
            assert!(matches!(outcome, TaskOutcome::Succeeded(_)), "{outcome:?}");
        }
    };
    join_all((0..concurrency).map(one_after_another)).await;
}

fn call() -> TaskCall {
    let function = "arn:aws:lambda:us-east-1:000000000000:function:echo";
    TaskCall {
        attempt_id: "4711-12".to_owned(),
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:machine:name".into(),
        execution: 1,
        resource: Resource::Service(ServiceCall {
            arn: "arn:aws:states:::lambda:invoke".into(),
            resource_type: "lambda".into(),
            resource: "invoke".into(),
            action: "invoke".into(),
            pattern: Pattern::RequestResponse,
        }),
        input: Payload::parse(format!(
            r#"{{"FunctionName":"{function}","Payload":{{"id":12,"n":3}}}}"#
        ))
        .unwrap(),
        credentials_role_arn: None,
        token: None,
        timeout_seconds: None,
        trace: None,
    }
}

fn answer(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let body = r#"{"id":12,"n":4}"#;
    let response = format!(
        "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 20:00:00 GMT\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: keep-alive\r\nx-amzn-RequestId: 3dafcfaa-6218-8432-b6ff-42263fe100ba\r\n\
         x-amzn-Remapped-Content-Length: 0\r\nX-Amz-Executed-Version: $LATEST\r\n\
         X-Amzn-Trace-Id: Root=1-692215d2-3dafcfaa62188432b6ff4226;Sampled=0;Lineage=1:00000000:0\r\n\r\n{body}",
        body.len()
    );
    let mut buffer = [0; 8192];
    // The requests are small and written in one piece, so each read is one request.
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
        stream.write_all(response.as_bytes()).unwrap();
    }
}

fn cpu_microseconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}
