//! Sends what no client should send, and fills the disk: every answer is a clear error, and the server goes on.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod full_disk;

use std::io::{BufReader, Read, Write};
use std::net::Shutdown;

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use tests::support::aws::ROLE_ARN;
use tests::support::http::{Response, connect, read_head};
use tests::support::server::Server;

/// A definition that does nothing.
const NOTHING: &str = r#"{"StartAt":"Done","States":{"Done":{"Type":"Succeed"}}}"#;

/// Calls an operation with a body that is given as text, and compares the answer.
fn check(server: &Server, operation: &str, body: &str, expected: &Expect) {
    let answer = match server.aws().call_text(operation, body) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => shortened(&error.to_string()),
    };
    expected.assert_eq(&answer);
    assert_well(server);
}

/// Sends bytes and compares the answer.
fn check_bytes(server: &Server, bytes: &[u8], expected: &Expect) {
    let response = server.http().exchange(bytes).ok();
    expected.assert_eq(&described(response));
    assert_well(server);
}

/// Sends bytes and goes away, and compares the answer.
fn check_cut_off(server: &Server, bytes: &[u8], expected: &Expect) {
    let mut stream = BufReader::new(connect(server.address()).unwrap());
    stream.get_mut().write_all(bytes).unwrap();
    stream.get_mut().shutdown(Shutdown::Write).unwrap();
    let response = read_head(&mut stream).map(|mut response| {
        let _rest = stream.read_to_end(&mut response.body);
        response
    });
    expected.assert_eq(&described(response.ok()));
    assert_well(server);
}

fn described(response: Option<Response>) -> String {
    let Some(response) = response else {
        return "the connection is closed".to_owned();
    };
    let body = response.json();
    let code = body["__type"].as_str().or(body["type"].as_str());
    let code = code.unwrap_or_default();
    format!("{} {code}", response.status).trim().to_owned()
}

/// The server answers, and nothing in it has panicked.
fn assert_well(server: &Server) {
    let listed = server.aws().call("ListStateMachines", &json!({}));
    assert!(listed.is_ok(), "{listed:?}");
    let log = server.logged_text();
    assert!(!log.contains("panicked"), "{log}");
}

fn create(definition: &str) -> String {
    json!({"name": "machine", "definition": definition, "roleArn": ROLE_ARN}).to_string()
}

/// A request of the AWS protocol with headers of its own.
fn request(headers: &str, body: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n{body}").into_bytes()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(220) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
        None => text.to_owned(),
    }
}

/// A definition of so many bytes.
fn definition_of(bytes: usize) -> String {
    let shell = r#"{"Comment":"","StartAt":"Done","States":{"Done":{"Type":"Succeed"}}}"#;
    let comment = "x".repeat(bytes - shell.len());
    shell.replacen("\"\"", &format!("\"{comment}\""), 1)
}

#[test]
fn what_is_no_json_is_refused() {
    let server = Server::started();
    check(
        &server,
        "StartExecution",
        "",
        &expect![
            "400 ValidationException: 1 validation error detected: Value null at 'stateMachineArn' failed to satisfy constraint: Member must not be null"
        ],
    );
    check(
        &server,
        "StartExecution",
        "not JSON",
        &expect![
            "400 SerializationException: The request is not valid JSON: expected ident at line 1 column 2"
        ],
    );
    check(
        &server,
        "StartExecution",
        "{\"input\": \"{}\"",
        &expect![
            "400 SerializationException: Unexpected end of the request's JSON: EOF while parsing an object at line 1 column 14"
        ],
    );
    check(
        &server,
        "StartExecution",
        "[]",
        &expect!["400 SerializationException: Start of list found where not expected"],
    );
    check(
        &server,
        "StartExecution",
        "{\"input\": \"\u{0}\"}",
        &expect![[
            r#"400 SerializationException: The request is not valid JSON: control character (\u0000-\u001F) found while parsing a string at line 1 column 12"#
        ]],
    );
    check(
        &server,
        "CreateStateMachine",
        &create("not JSON"),
        &expect![[r#"
            400 InvalidDefinition: Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
             at [Source: (String)"no… (301 characters)"#]],
    );
    check(
        &server,
        "CreateStateMachine",
        &create("{\"StartAt\":"),
        &expect![[r#"
            400 InvalidDefinition: Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: Unexpected end-of-input
             at [Source: (String)"{"StartAt":"; line: 1, column: 12] at [Source: (String)"{"StartAt":"; line: 1, column: 12]… (221 characters)"#]],
    );
    check(
        &server,
        "CreateStateMachine",
        &create("null"),
        &expect![
            "400 InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null'"
        ],
    );
    let bytes = b"POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: AWSStepFunctions.StartExecution\r\ncontent-length: 2\r\n\r\n\xff\xfe";
    check_bytes(&server, bytes, &expect!["400 SerializationException"]);
}

#[test]
fn a_definition_may_have_a_megabyte_and_no_more() {
    let server = Server::started();
    let whole = definition_of(1_048_576);
    assert_eq!(whole.len(), 1_048_576);
    check(
        &server,
        "CreateStateMachine",
        &create(&whole),
        &expect!["accepted"],
    );
    check(
        &server,
        "CreateStateMachine",
        &create(&definition_of(1_048_577)),
        &expect![
            "400 ValidationException: 1 validation error detected: Value at 'definition' failed to satisfy constraint: Member must have length less than or equal to 1048576"
        ],
    );
    check(
        &server,
        "CreateStateMachine",
        &create(&definition_of(3_000_000)),
        &expect![
            "400 ValidationException: 1 validation error detected: Value at 'definition' failed to satisfy constraint: Member must have length less than or equal to 1048576"
        ],
    );
    check(
        &server,
        "CreateStateMachine",
        &create(&definition_of(20_000_000)),
        &expect![
            "413 RequestEntityTooLargeException: Request size exceeded the limit of 4194304 bytes"
        ],
    );
}

#[test]
fn ten_thousand_levels_are_only_deep() {
    let server = Server::started();
    let levels = 10_000;
    let array = "[".repeat(levels) + &"]".repeat(levels);
    let object = "{\"a\":".repeat(levels) + "1" + &"}".repeat(levels);
    let parallel = r#"{"StartAt":"S","States":{"S":{"Type":"Parallel","End":true,"Branches":["#
        .repeat(levels)
        + NOTHING
        + &"]}}}".repeat(levels);
    let choice = format!(
        r#"{{"StartAt":"C","States":{{"C":{{"Type":"Choice","Choices":[{}{{"Variable":"$.a","IsNull":true}}{},"Next":"D"}}]}},"D":{{"Type":"Succeed"}}}}}}"#,
        r#"{"Not":"#.repeat(levels),
        "}".repeat(levels - 1)
    );
    check(
        &server,
        "CreateStateMachine",
        &create(&array),
        &expect![
            "400 InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Definition nests deeper than 512 levels at null'"
        ],
    );
    check(
        &server,
        "CreateStateMachine",
        &create(&object),
        &expect![
            "400 InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Definition nests deeper than 512 levels at null'"
        ],
    );
    check(
        &server,
        "CreateStateMachine",
        &create(&parallel),
        &expect![
            "400 InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Definition nests deeper than 512 levels at null'"
        ],
    );
    check(
        &server,
        "CreateStateMachine",
        &create(&choice),
        &expect![
            "400 InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Definition nests deeper than 512 levels at null'"
        ],
    );
    check(
        &server,
        "StartExecution",
        &array,
        &expect!["400 SerializationException: Start of list found where not expected"],
    );
    check(
        &server,
        "StartExecution",
        &object,
        &expect![
            "400 ValidationException: 1 validation error detected: Value null at 'stateMachineArn' failed to satisfy constraint: Member must not be null"
        ],
    );

    let machine = server.aws().create("echo", NOTHING);
    for input in [&array, &object] {
        let request = json!({"stateMachineArn": machine, "input": input});
        let refused = server.aws().call("StartExecution", &request).unwrap_err();
        assert_eq!(refused.code(), "InvalidExecutionInput");
        let said = refused.to_string();
        assert!(said.contains("nests deeper than 512 levels"), "{said}");
        assert_well(&server);
    }
}

#[test]
fn unknown_and_mistyped_fields_are_told() {
    let server = Server::started();
    let with = |name: &str, value: Value| {
        let machine = format!("wrong-{name}");
        let mut request = json!({"name": machine, "definition": NOTHING, "roleArn": ROLE_ARN});
        request[name] = value;
        request.to_string()
    };
    // AWS's services pass over members that they do not know.
    check(
        &server,
        "CreateStateMachine",
        &with("colour", json!("blue")),
        &expect!["accepted"],
    );
    check(
        &server,
        "CreateStateMachine",
        &with("name", json!(7)),
        &expect!["400 SerializationException: NUMBER_VALUE can not be converted to a String"],
    );
    check(
        &server,
        "CreateStateMachine",
        &with("name", json!("")),
        &expect![
            "400 ValidationException: 1 validation error detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ],
    );
    check(
        &server,
        "CreateStateMachine",
        &with("name", json!("a b")),
        &expect!["400 InvalidName: Invalid Name: 'a b'"],
    );
    check(
        &server,
        "CreateStateMachine",
        &with("name", json!("a".repeat(81))),
        &expect![
            "400 ValidationException: 1 validation error detected: Value 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' at 'name' failed to satisfy constraint: Member must have length less than or… (232 characters)"
        ],
    );
    check(
        &server,
        "CreateStateMachine",
        &with("type", json!("QUICK")),
        &expect![
            "400 ValidationException: 1 validation error detected: Value 'QUICK' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]"
        ],
    );
    check(
        &server,
        "CreateStateMachine",
        &with("roleArn", json!("me")),
        &expect!["accepted"],
    );
    check(
        &server,
        "CreateStateMachine",
        &with("definition", json!({})),
        &expect!["400 SerializationException: Start of structure or map found where not expected."],
    );
    check(
        &server,
        "CreateStateMachine",
        &with("tags", json!("none")),
        &expect!["400 SerializationException: Unexpected field type"],
    );
    let colour = r#"{"StartAt":"Done","States":{"Done":{"Type":"Succeed","Colour":"blue"}}}"#;
    check(
        &server,
        "CreateStateMachine",
        &with("definition", json!(colour)),
        &expect![
            "400 InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Field 'Colour' is not supported at /States/Done'"
        ],
    );
    let number =
        r#"{"StartAt":"Done","States":{"Done":{"Type":"Wait","Seconds":"ten","End":true}}}"#;
    check(
        &server,
        "CreateStateMachine",
        &with("definition", json!(number)),
        &expect![
            "400 InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Expected value of type Integer at /States/Done/Seconds'"
        ],
    );
    check(
        &server,
        "DescribeExecution",
        r#"{"executionArn":"arn:aws:states"}"#,
        &expect!["400 InvalidArn: Invalid Arn: 'Invalid ARN: arn:aws:states'"],
    );
    check(
        &server,
        "SendTaskSuccess",
        r#"{"taskToken":"none","output":"{}"}"#,
        &expect!["400 InvalidToken: Invalid Token: 'Invalid token'"],
    );
    check(
        &server,
        "ListExecutions",
        r#"{"maxResults":"many"}"#,
        &expect!["400 SerializationException: STRING_VALUE can not be converted to an Integer"],
    );
    check(
        &server,
        "GetExecutionHistory",
        r#"{"maxResults":-1}"#,
        &expect![
            "400 ValidationException: 2 validation errors detected: Value null at 'executionArn' failed to satisfy constraint: Member must not be null; Value '-1' at 'maxResults' failed to satisfy constraint: Member must have value g… (245 characters)"
        ],
    );
}

#[test]
fn payloads_over_the_limit_are_refused() {
    let server = Server::new()
        .argument("--profile")
        .argument("aws-strict")
        .start();
    let machine = server.aws().create("echo", NOTHING);
    let input = |bytes: usize| {
        let input = format!("\"{}\"", "x".repeat(bytes - 2));
        json!({"stateMachineArn": machine, "input": input}).to_string()
    };
    check(
        &server,
        "StartExecution",
        &input(262_144),
        &expect!["accepted"],
    );
    check(
        &server,
        "StartExecution",
        &input(262_145),
        &expect![
            "400 ValidationException: 1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 262144"
        ],
    );
    let no_json = json!({"stateMachineArn": machine, "input": "{"}).to_string();
    check(
        &server,
        "StartExecution",
        &no_json,
        &expect![
            "400 InvalidExecutionInput: Invalid State Machine Execution Input: 'EOF while parsing an object at line 1 column 1'"
        ],
    );
    // Two bytes for each character: what counts is what is sent.
    let wide = json!({"stateMachineArn": machine, "input": format!("\"{}\"", "ä".repeat(131_072))});
    check(
        &server,
        "StartExecution",
        &wide.to_string(),
        &expect![
            "400 ValidationException: 1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 262144"
        ],
    );
}

#[test]
fn unknown_targets_are_refused() {
    let server = Server::started();
    check(
        &server,
        "StartTheMachine",
        "{}",
        &expect![[
            r#"400 UnknownOperationException: There is no operation "AWSStepFunctions.StartTheMachine""#
        ]],
    );
    let length = "content-length: 2\r\n";
    check_bytes(
        &server,
        &request(length, "{}"),
        &expect!["400 UnknownOperationException"],
    );
    let other = format!("{length}x-amz-target: DynamoDB_20120810.GetItem\r\n");
    check_bytes(
        &server,
        &request(&other, "{}"),
        &expect!["400 UnknownOperationException"],
    );
    let empty = format!("{length}x-amz-target:\r\n");
    check_bytes(
        &server,
        &request(&empty, "{}"),
        &expect!["400 UnknownOperationException"],
    );
    check_bytes(
        &server,
        b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        &expect!["405"],
    );
    check_bytes(
        &server,
        b"GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n",
        &expect!["404 /api/v1/problems/no-such-resource"],
    );
}

#[test]
fn broken_requests_do_not_break_the_server() {
    let server = Server::started();
    let target = "x-amz-target: AWSStepFunctions.ListStateMachines\r\n";
    let with_length = |length: &str| format!("{target}content-length: {length}\r\n");
    // Truncated: the rest never comes.
    check_cut_off(
        &server,
        &request(&with_length("1000"), "{\"maxResults\":"),
        &expect!["400 SerializationException"],
    );
    check_cut_off(
        &server,
        b"POST / HTTP/1.1\r\nhost: local",
        &expect!["the connection is closed"],
    );
    // Longer than it says: what is left over is no request.
    check_bytes(
        &server,
        &request(&with_length("2"), "{} and more"),
        &expect!["200"],
    );
    check_bytes(
        &server,
        &request(&with_length("many"), "{}"),
        &expect!["400"],
    );
    check_bytes(&server, &request(&with_length("-2"), "{}"), &expect!["400"]);
    check_bytes(
        &server,
        &request(&with_length("99999999999999999999"), "{}"),
        &expect!["400"],
    );
    let twice = format!("{}content-length: 3\r\n", with_length("2"));
    check_bytes(&server, &request(&twice, "{}"), &expect!["400"]);
    let chunked = format!("{target}transfer-encoding: chunked\r\n");
    check_bytes(
        &server,
        &request(&chunked, "zz\r\n{}\r\n0\r\n\r\n"),
        &expect!["400 SerializationException"],
    );
    check_bytes(
        &server,
        &request(&chunked, "2\r\n{}\r\n0\r\n\r\n"),
        &expect!["200"],
    );
    check_bytes(
        &server,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        &expect!["400"],
    );
    check_cut_off(
        &server,
        b"\r\n\r\n\r\n",
        &expect!["the connection is closed"],
    );
}

#[test]
fn huge_headers_are_refused() {
    let server = Server::started();
    let target = "x-amz-target: AWSStepFunctions.ListStateMachines\r\ncontent-length: 2\r\n";
    let long = format!("{target}x-long: {}\r\n", "x".repeat(1_000_000));
    check_bytes(&server, &request(&long, "{}"), &expect!["431"]);
    let many: String = (0..5_000)
        .map(|number| format!("x-{number}: y\r\n"))
        .collect();
    check_bytes(
        &server,
        &request(&format!("{target}{many}"), "{}"),
        &expect!["431"],
    );
}
