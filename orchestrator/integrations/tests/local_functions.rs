//! Functions of the operator's own: programs run for each call, processes that speak the Runtime API, URLs.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails where something is not as it must be"
)]

mod support;

use std::path::Path;
use std::time::Duration;

use expect_test::{Expect, expect};
use futures_util::future::join_all;
use integrations::Integrations;
use runtime::tasks::{TaskCall, TaskRunner};
use support::{Stub, function, masked, perform, run, service, settings};
use tempfile::TempDir;

/// A Runtime API client of the standard library only, with handlers for what the tests need.
const RUNTIME: &str = include_str!("support/runtime.py");

fn command(script: &str, more: &str) -> String {
    let command = toml::Value::from(vec!["python3", "-c", script]);
    format!("[functions.f]\ncommand = {command}\n{more}")
}

fn runtime(directory: &Path, handler: &str, more: &str) -> String {
    std::fs::write(directory.join("runtime.py"), RUNTIME).unwrap();
    format!(
        "[functions.f]\nruntime = [\"python3\", \"-u\", \"runtime.py\", \"{handler}\"]\nworking_directory = {directory:?}\n{more}"
    )
}

async fn check(toml: &str, call: TaskCall, expected: Expect) {
    expected.assert_eq(&masked(&perform(toml, call).await));
}

const ECHO: &str = "import sys; sys.stdout.write(sys.stdin.read())";

#[tokio::test]
async fn a_command_reads_the_payload_and_writes_the_result() {
    check(
        &command(ECHO, ""),
        function("f", r#"{"a":  1.0}"#),
        expect![[r#"{"a":1.0}"#]],
    )
    .await;
}

#[tokio::test]
async fn a_command_called_by_invoke_answers_as_lambda_does() {
    let call = service(
        "lambda:invoke",
        r#"{"FunctionName":"arn:aws:lambda:us-east-1:000000000000:function:f:3","Payload":[1]}"#,
    );
    check(&command(ECHO, ""), call, expect![[r#"{"ExecutedVersion":"3","Payload":[1],"SdkHttpMetadata":{"AllHttpHeaders":{"X-Amz-Executed-Version":["3"],"x-amzn-Remapped-Content-Length":["0"],"Connection":["keep-alive"],"x-amzn-RequestId":["3dafcfaa-6218-8432-b6ff-42263fe100ba"],"Content-Length":["3"],"Date":["DATE"],"X-Amzn-Trace-Id":["Root=1-TIME-3dafcfaa62188432b6ff4226;Sampled=0;Lineage=1:00000000:0"],"Content-Type":["application/json"]},"HttpHeaders":{"Connection":"keep-alive","Content-Length":"3","Content-Type":"application/json","Date":"DATE","X-Amz-Executed-Version":"3","x-amzn-Remapped-Content-Length":"0","x-amzn-RequestId":"3dafcfaa-6218-8432-b6ff-42263fe100ba","X-Amzn-Trace-Id":"Root=1-TIME-3dafcfaa62188432b6ff4226;Sampled=0;Lineage=1:00000000:0"},"HttpStatusCode":200},"SdkResponseMetadata":{"RequestId":"3dafcfaa-6218-8432-b6ff-42263fe100ba"},"StatusCode":200}"#]]).await;
}

#[tokio::test]
async fn a_payload_that_is_absent_or_null_is_the_empty_object() {
    for input in [
        r#"{"FunctionName":"f"}"#,
        r#"{"FunctionName":"f","Payload":null}"#,
    ] {
        let outcome = perform(&command(ECHO, ""), service("lambda:invoke", input)).await;
        assert!(outcome.contains(r#""Payload":{}"#), "{outcome}");
    }
}

#[tokio::test]
async fn a_payload_that_is_no_json_is_refused() {
    let call = service("lambda:invoke", r#"{"FunctionName":"f","Payload":"hello"}"#);
    check(&command(ECHO, ""), call, expect!["Lambda.InvalidRequestContentException: Could not parse request body into json: expected value at line 1 column 1 (Service: AWSLambda; Status Code: 400; Error Code: InvalidRequestContentException; Request ID: 3dafcfaa-6218-8432-b6ff-42263fe100ba; Proxy: null)"]).await;
}

#[tokio::test]
async fn a_command_that_writes_nothing_gives_null() {
    check(&command("pass", ""), function("f", "{}"), expect!["null"]).await;
}

#[tokio::test]
async fn a_command_that_reads_nothing_is_well() {
    let big = format!("\"{}\"", "x".repeat(1 << 20));
    check(&command("print(1)", ""), function("f", &big), expect!["1"]).await;
}

#[tokio::test]
async fn a_command_knows_what_it_works_for() {
    let script = "import os, json; print(json.dumps({k: v for k, v in sorted(os.environ.items()) if k in ('MINE', 'RATCHET_ATTEMPT_ID', 'RATCHET_EXECUTION_ARN', 'RATCHET_TASK_TOKEN')}))";
    let mut call = service("lambda:invoke.waitForTaskToken", r#"{"FunctionName":"f"}"#);
    call.token = Some("token".to_owned());
    let toml = command(script, "environment = { MINE = \"1\" }");
    check(&toml, call, expect![[r#"{"ExecutedVersion":"$LATEST","Payload":{"MINE":"1","RATCHET_ATTEMPT_ID":"attempt-1","RATCHET_EXECUTION_ARN":"arn:aws:states:us-east-1:000000000000:execution:machine:name","RATCHET_TASK_TOKEN":"token"},"SdkHttpMetadata":{"AllHttpHeaders":{"X-Amz-Executed-Version":["$LATEST"],"x-amzn-Remapped-Content-Length":["0"],"Connection":["keep-alive"],"x-amzn-RequestId":["3dafcfaa-6218-8432-b6ff-42263fe100ba"],"Content-Length":["169"],"Date":["DATE"],"X-Amzn-Trace-Id":["Root=1-TIME-3dafcfaa62188432b6ff4226;Sampled=0;Lineage=1:00000000:0"],"Content-Type":["application/json"]},"HttpHeaders":{"Connection":"keep-alive","Content-Length":"169","Content-Type":"application/json","Date":"DATE","X-Amz-Executed-Version":"$LATEST","x-amzn-Remapped-Content-Length":"0","x-amzn-RequestId":"3dafcfaa-6218-8432-b6ff-42263fe100ba","X-Amzn-Trace-Id":"Root=1-TIME-3dafcfaa62188432b6ff4226;Sampled=0;Lineage=1:00000000:0"},"HttpStatusCode":200},"SdkResponseMetadata":{"RequestId":"3dafcfaa-6218-8432-b6ff-42263fe100ba"},"StatusCode":200}"#]]).await;
}

#[tokio::test]
async fn a_command_s_last_line_of_json_is_its_failure() {
    for script in [
        r#"import sys; print('log', file=sys.stderr); sys.exit('{"errorType":"CardDeclined","errorMessage":"no"}')"#,
        r#"import sys; print('{"errorType":"CardDeclined","errorMessage":"no"}'); sys.exit(2)"#,
    ] {
        let outcome = perform(&command(script, ""), function("f", "{}")).await;
        assert_eq!(
            outcome,
            r#"CardDeclined: {"errorType":"CardDeclined","errorMessage":"no"}"#
        );
    }
}

#[tokio::test]
async fn another_exit_status_is_told_with_the_log_s_end() {
    let script = "import sys; print('what went wrong', file=sys.stderr); sys.exit(3)";
    check(&command(script, ""), function("f", "{}"), expect![[r#"Runtime.ExitError: {"errorType":"Runtime.ExitError","errorMessage":"RequestId: 3dafcfaa-6218-8432-b6ff-42263fe100ba Error: Command exited with error: exit status 3","stderr":"what went wrong"}"#]]).await;
    let script = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)";
    check(&command(script, ""), function("f", "{}"), expect![[r#"Runtime.ExitError: {"errorType":"Runtime.ExitError","errorMessage":"RequestId: 3dafcfaa-6218-8432-b6ff-42263fe100ba Error: Command exited with error: signal: killed","stderr":""}"#]]).await;
}

#[tokio::test]
async fn a_command_that_is_not_there_is_told() {
    let toml = "[functions.f]\ncommand = [\"./no-such-program\"]";
    check(toml, function("f", "{}"), expect![[r#"Runtime.InvalidEntrypoint: {"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: 3dafcfaa-6218-8432-b6ff-42263fe100ba Error: cannot start the command of function 'f': No such file or directory (os error 2)"}"#]]).await;
}

#[tokio::test]
async fn output_that_is_no_json_or_too_long_fails() {
    check(
        &command("print('hello')", ""),
        function("f", "{}"),
        expect![[r#"
            States.TaskFailed: The function 'f' did not return JSON (expected value at line 1 column 1): hello
        "#]],
    )
    .await;
    let toml = command("print('x' * 5000)", "[http]\nresponse_bytes = 1000");
    check(&toml, function("f", "{}"), expect!["States.DataLimitExceeded: The state/task 'arn:aws:lambda:us-east-1:000000000000:function:f' returned a result with a size exceeding the maximum number of bytes service limit."]).await;
}

#[tokio::test]
async fn a_command_over_its_time_is_stopped() {
    let toml = command("import time; time.sleep(60)", "timeout_seconds = 1");
    check(&toml, function("f", "{}"), expect![[r#"Sandbox.Timedout: {"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 3dafcfaa-6218-8432-b6ff-42263fe100ba Error: Task timed out after 1.00 seconds"}"#]]).await;
}

/// Starts a call, waits until its function has written its process ids, drops the call, and waits until the processes are gone.
async fn check_cancellation(toml: &str, pids: &Path) {
    let integrations = Integrations::new(&settings(toml)).unwrap();
    let call = integrations.run(function("f", &format!("{pids:?}")));
    let written = async {
        loop {
            match std::fs::read_to_string(pids) {
                Ok(text) if text.ends_with('\n') => return text,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    let pids = tokio::select! {
        outcome = call => panic!("the call ended: {outcome:?}"),
        text = written => text,
    };
    for pid in pids.split_whitespace() {
        // A zombie that waits for its parent has no command line any more.
        let command_line = format!("/proc/{pid}/cmdline");
        while std::fs::read(&command_line).is_ok_and(|text| !text.is_empty()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn cancelling_a_call_kills_the_command_and_its_children() {
    let directory = TempDir::new().unwrap();
    let script = "import os, sys, json, subprocess, time
child = subprocess.Popen(['sleep', '60'])
open(json.load(sys.stdin), 'w').write(f'{os.getpid()} {child.pid}\\n')
time.sleep(60)";
    check_cancellation(&command(script, ""), &directory.path().join("pids")).await;
}

#[tokio::test]
async fn cancelling_a_call_kills_the_runtime_process() {
    let directory = TempDir::new().unwrap();
    let toml = runtime(directory.path(), "hang", "");
    check_cancellation(&toml, &directory.path().join("pids")).await;
}

#[tokio::test]
async fn a_runtime_process_is_kept_between_calls() {
    let directory = TempDir::new().unwrap();
    let toml = runtime(directory.path(), "count", "");
    let integrations = Integrations::new(&settings(&toml)).unwrap();
    for expected in ["1", "2", "3"] {
        assert_eq!(run(&integrations, function("f", "{}")).await, expected);
    }
    integrations.close().await;
    expect!["Lambda.ServiceException: the server is shutting down"]
        .assert_eq(&run(&integrations, function("f", "{}")).await);
}

#[tokio::test]
async fn a_runtime_process_is_told_what_lambda_tells() {
    let directory = TempDir::new().unwrap();
    let toml = runtime(directory.path(), "describe", "timeout_seconds = 30");
    let call = service(
        "lambda:invoke",
        r#"{"FunctionName":"f:live","Payload":"1.0"}"#,
    );
    check(&toml, call, expect![[r#"{"ExecutedVersion":"$LATEST","Payload":{"event":1.0,"seconds":true,"headers":{"Request-Id":"3dafcfaa-6218-8432-b6ff-42263fe100ba","Invoked-Function-Arn":"arn:aws:lambda:us-east-1:000000000000:function:f:live","Trace-Id":"Root=1-TIME-3dafcfaa62188432b6ff4226;Sampled=0","Client-Context":"{\"custom\":{\"RATCHET_ATTEMPT_ID\":\"attempt-1\",\"RATCHET_EXECUTION_ARN\":\"arn:aws:states:us-east-1:000000000000:execution:machine:name\"}}"},"environment":{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE":"1024","AWS_LAMBDA_FUNCTION_NAME":"f","AWS_LAMBDA_FUNCTION_VERSION":"$LATEST","AWS_LAMBDA_INITIALIZATION_TYPE":"on-demand","AWS_LAMBDA_LOG_GROUP_NAME":"/aws/lambda/f"},"region":"us-east-1","root":true},"SdkHttpMetadata":{"AllHttpHeaders":{"X-Amz-Executed-Version":["$LATEST"],"x-amzn-Remapped-Content-Length":["0"],"Connection":["keep-alive"],"x-amzn-RequestId":["3dafcfaa-6218-8432-b6ff-42263fe100ba"],"Content-Length":["674"],"Date":["DATE"],"X-Amzn-Trace-Id":["Root=1-TIME-3dafcfaa62188432b6ff4226;Sampled=0;Lineage=1:00000000:0"],"Content-Type":["application/json"]},"HttpHeaders":{"Connection":"keep-alive","Content-Length":"674","Content-Type":"application/json","Date":"DATE","X-Amz-Executed-Version":"$LATEST","x-amzn-Remapped-Content-Length":"0","x-amzn-RequestId":"3dafcfaa-6218-8432-b6ff-42263fe100ba","X-Amzn-Trace-Id":"Root=1-TIME-3dafcfaa62188432b6ff4226;Sampled=0;Lineage=1:00000000:0"},"HttpStatusCode":200},"SdkResponseMetadata":{"RequestId":"3dafcfaa-6218-8432-b6ff-42263fe100ba"},"StatusCode":200}"#]]).await;
}

#[tokio::test]
async fn failures_of_a_runtime_process_are_its_own() {
    let directory = TempDir::new().unwrap();
    let toml = runtime(directory.path(), "fail", "");
    let integrations = Integrations::new(&settings(&toml)).unwrap();
    for _again_in_the_same_process in 0..2 {
        assert_eq!(
            run(&integrations, function("f", "{}")).await,
            r#"ValueError: {"errorType": "ValueError", "errorMessage": "not this one"}"#
        );
    }
}

#[tokio::test]
async fn a_process_that_crashes_fails_its_call_and_is_replaced() {
    let directory = TempDir::new().unwrap();
    let toml = runtime(directory.path(), "crash", "");
    let integrations = Integrations::new(&settings(&toml)).unwrap();
    for (input, expected) in [
        ("\"go on\"", expect![[r#""go on""#]]),
        (
            "\"exit\"",
            expect![[
                r#"Runtime.ExitError: {"errorType":"Runtime.ExitError","errorMessage":"RequestId: 3dafcfaa-6218-8432-b6ff-42263fe100ba Error: Runtime exited with error: exit status 7"}"#
            ]],
        ),
        (
            "\"kill\"",
            expect![[
                r#"Runtime.ExitError: {"errorType":"Runtime.ExitError","errorMessage":"RequestId: 3dafcfaa-6218-8432-b6ff-42263fe100ba Error: Runtime exited with error: signal: killed"}"#
            ]],
        ),
        ("\"go on\"", expect![[r#""go on""#]]),
        ("\"answer and exit\"", expect![[r#""answer and exit""#]]),
        ("\"go on\"", expect![[r#""go on""#]]),
    ] {
        expected.assert_eq(&masked(&run(&integrations, function("f", input)).await));
    }
}

#[tokio::test]
async fn what_fails_at_the_start_is_told() {
    let directory = TempDir::new().unwrap();
    for (handler, expected) in [
        (
            "init-error",
            expect![[
                r#"Runtime.ImportModuleError: {"errorType": "Runtime.ImportModuleError", "errorMessage": "no module"}"#
            ]],
        ),
        (
            "init-exit",
            expect![[
                r#"Runtime.ExitError: {"errorType":"Runtime.ExitError","errorMessage":"RequestId: 3dafcfaa-6218-8432-b6ff-42263fe100ba Error: Runtime exited with error: exit status 5"}"#
            ]],
        ),
    ] {
        let toml = runtime(directory.path(), handler, "");
        check(&toml, function("f", "{}"), expected).await;
    }
    let toml = "[functions.f]\nruntime = [\"./no-such-program\"]";
    check(toml, function("f", "{}"), expect![[r#"Runtime.InvalidEntrypoint: {"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: 3dafcfaa-6218-8432-b6ff-42263fe100ba Error: cannot start the runtime of function 'f': No such file or directory (os error 2)"}"#]]).await;
}

#[tokio::test]
async fn concurrency_bounds_the_processes() {
    let directory = TempDir::new().unwrap();
    let toml = runtime(directory.path(), "pid", "concurrency = 2");
    let integrations = Integrations::new(&settings(&toml)).unwrap();
    let calls = (0..8).map(|_| run(&integrations, function("f", "{}")));
    let mut pids = join_all(calls).await;
    pids.sort();
    pids.dedup();
    assert!(!pids.is_empty() && pids.len() <= 2, "{pids:?}");
}

#[tokio::test]
async fn a_runtime_process_over_its_time_is_replaced() {
    let directory = TempDir::new().unwrap();
    let toml = runtime(directory.path(), "sleep", "timeout_seconds = 1");
    let integrations = Integrations::new(&settings(&toml)).unwrap();
    expect![[r#"Sandbox.Timedout: {"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 3dafcfaa-6218-8432-b6ff-42263fe100ba Error: Task timed out after 1.00 seconds"}"#]].assert_eq(&masked(&run(&integrations, function("f", "60")).await));
    expect!["0"].assert_eq(&masked(&run(&integrations, function("f", "0")).await));
}

#[tokio::test]
async fn an_event_answers_at_once_and_runs_to_its_end() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("done");
    let script = "import sys, json; open(json.load(sys.stdin), 'w').write('done')";
    let integrations = Integrations::new(&settings(&command(script, ""))).unwrap();
    let input = format!(
        r#"{{"FunctionName":"f","InvocationType":"Event","Payload":"\"{}\""}}"#,
        file.display()
    );
    let outcome = run(&integrations, service("lambda:invoke", &input)).await;
    expect![[r#"{"SdkHttpMetadata":{"AllHttpHeaders":{"x-amzn-Remapped-Content-Length":["0"],"Connection":["keep-alive"],"x-amzn-RequestId":["3dafcfaa-6218-8432-b6ff-42263fe100ba"],"Content-Length":["0"],"Date":["DATE"],"X-Amzn-Trace-Id":["Root=1-TIME-3dafcfaa62188432b6ff4226;Sampled=0;Lineage=1:00000000:0"],"Content-Type":["application/json"]},"HttpHeaders":{"Connection":"keep-alive","Content-Length":"0","Content-Type":"application/json","Date":"DATE","x-amzn-Remapped-Content-Length":"0","x-amzn-RequestId":"3dafcfaa-6218-8432-b6ff-42263fe100ba","X-Amzn-Trace-Id":"Root=1-TIME-3dafcfaa62188432b6ff4226;Sampled=0;Lineage=1:00000000:0"},"HttpStatusCode":202},"SdkResponseMetadata":{"RequestId":"3dafcfaa-6218-8432-b6ff-42263fe100ba"},"StatusCode":202}"#]].assert_eq(&masked(&outcome));
    integrations.close().await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "done");
}

#[tokio::test]
async fn the_table_goes_before_the_endpoint_and_qualified_names_before_plain_ones() {
    let stub = Stub::fixed(200, &[], "\"endpoint\"").await;
    let toml = format!(
        "lambda_endpoint = \"{}\"\n[functions.f]\ncommand = [\"echo\", \"1\"]\n[functions.\"f:live\"]\ncommand = [\"echo\", \"2\"]",
        stub.url()
    );
    for (name, expected) in [
        ("f", "1"),
        ("f:live", "2"),
        ("f:old", "1"),
        ("g", "\"endpoint\""),
    ] {
        assert_eq!(
            perform(&toml, function(name, "{}")).await,
            expected,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_url_gets_the_payload_and_gives_the_result() {
    let stub = Stub::fixed(201, &[], "[1, 2]").await;
    let toml = format!("[functions.f]\nurl = \"{}/path?q=1\"", stub.url());
    check(&toml, function("f", r#"{"a": 1}"#), expect!["[1,2]"]).await;
    expect![[r#"
        POST /path?q=1
        content-type: application/json
        x-ratchet-attempt-id: attempt-1
        x-ratchet-execution-arn: arn:aws:states:us-east-1:000000000000:execution:machine:name
        {"a": 1}"#]]
    .assert_eq(&stub.seen().join("\n---\n"));
}

#[tokio::test]
async fn failures_of_a_url() {
    const FUNCTION_ERROR: &[(&str, &str)] = &[("X-Amz-Function-Error", "Unhandled")];
    for (status, headers, body, expected) in [
        (
            200,
            FUNCTION_ERROR,
            r#"{"errorType":"E"}"#,
            expect![[r#"E: {"errorType":"E"}"#]],
        ),
        (
            503,
            &[][..],
            "try later",
            expect![
                "Lambda.ServiceException: The function 'f' at http://127.0.0.1:PORT answered 503 Service Unavailable: try later"
            ],
        ),
        (
            429,
            &[],
            "",
            expect![
                "Lambda.TooManyRequestsException: The function 'f' at http://127.0.0.1:PORT answered 429 Too Many Requests: "
            ],
        ),
        (
            302,
            &[],
            "",
            expect![
                "Lambda.AWSLambdaException: The function 'f' at http://127.0.0.1:PORT answered 302 Found: "
            ],
        ),
        (
            200,
            &[],
            "hello",
            expect![
                "States.TaskFailed: The function 'f' did not return JSON (expected value at line 1 column 1): hello"
            ],
        ),
    ] {
        let stub = Stub::start(move |_| support::response(status, headers, body)).await;
        let toml = format!("[functions.f]\nurl = \"{}\"", stub.url());
        let outcome = perform(&toml, function("f", "{}")).await;
        expected.assert_eq(&outcome.replace(&stub.port.to_string(), "PORT"));
    }
}

#[test]
fn settings_that_contradict_themselves_are_refused() {
    for (toml, expected) in [
        (
            "[functions.f]",
            expect!["cannot use function f: give exactly one of runtime, command and url"],
        ),
        (
            "[functions.f]\ncommand = []",
            expect!["cannot use function f: its command is empty"],
        ),
        (
            "[functions.f]\nurl = \"ftp://x\"",
            expect![
                "cannot use function f: its url is wrong: it must begin with http:// or https://"
            ],
        ),
        (
            "[functions.f]\nurl = \"http://x\"\ncommand = [\"a\"]",
            expect!["cannot use function f: give exactly one of runtime, command and url"],
        ),
        (
            "[functions.f]\ncommand = [\"a\"]\nconcurrency = 0",
            expect!["cannot use function f: concurrency and timeout_seconds must be at least 1"],
        ),
        (
            "lambda_endpoint = \"localhost:4566\"",
            expect![
                "cannot use lambda endpoint localhost:4566: it must begin with http:// or https://"
            ],
        ),
        (
            "[http]\nallow = [\"http://x\"]",
            expect!["cannot use http target http://x: the part before the slash is no address"],
        ),
        (
            "[http]\ncertificate_authorities = [\"no/such/file\"]",
            expect![
                "cannot read certificate authorities from no/such/file: I/O error: No such file or directory (os error 2)"
            ],
        ),
        (
            "[connections.c]\nbasic = { username = \"u\", password = \"p\" }\nbearer = { token = \"t\" }",
            expect![
                "cannot use connection c: give at most one of api_key, basic, bearer and oauth"
            ],
        ),
    ] {
        let error = Integrations::new(&settings(toml)).err().unwrap();
        expected.assert_eq(&error.to_string());
    }
}
