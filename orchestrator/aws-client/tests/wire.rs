//! Holds what the client writes and reads against botocore, for every operation of every service that is bundled.
//!
//! `wire/oracle.py` makes values of all shapes and lets botocore make requests of them and results of answers.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use aws_client::credentials::{Credentials, Secret};
use aws_client::model::Model;
use aws_client::request::{Prepared, prepare};
use aws_client::response::{Received, result};
use aws_client::signature::{Signer, Unsigned, hash};
use aws_client::timestamps::Style;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// What botocore says.
static ORACLE: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let output = Command::new(python())
        .arg(here().join("tests/wire/oracle.py"))
        .arg(here().join("models"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
});

/// The interpreter of the virtual environment of all tests. `tests/support/python.rs` is the same for tests that stand on more of the house.
fn python() -> PathBuf {
    let mut target = std::env::current_exe().unwrap();
    for _ in ["wire-0123", "deps", "debug"] {
        target.pop();
    }
    let made = Command::new("bash")
        .arg(here().join("../../tests/python-environment"))
        .arg(target.join("python"))
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    target.join("python/bin/python")
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A model that speaks one protocol only.
fn model(folder: &str, protocol: &str) -> Model {
    let path: PathBuf = here().join(format!("models/{folder}.json.gz"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*fs::read(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["metadata"]["protocol"] = protocol.into();
    document["metadata"]["protocols"] = Value::Array(Vec::new());
    Model::parse(document.to_string().as_bytes()).unwrap()
}

/// Runs a check over all lines that have a member, and fails with the first few that differ.
fn check(member: &str, check: fn(&Model, &Value) -> Result<(), String>) {
    let mut models = HashMap::new();
    let mut wrong = Vec::new();
    let mut held = 0;
    for line in ORACLE.iter().filter(|line| line.get(member).is_some()) {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let key = (text("folder"), text("protocol"));
        let model = models
            .entry(key.clone())
            .or_insert_with(|| model(&key.0, &key.1));
        held += 1;
        if let Err(why) = check(model, line) {
            wrong.push(format!(
                "{} {} {}\n{why}",
                key.0,
                key.1,
                line["operation"].as_str().unwrap()
            ));
        }
    }
    assert!(held > 3000, "only {held} cases");
    assert!(
        wrong.is_empty(),
        "{} of {held} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(12)].join("\n\n")
    );
}

fn same<T: std::fmt::Debug + PartialEq<E>, E: std::fmt::Debug>(
    what: &str,
    actual: &T,
    expected: &E,
) -> Result<(), String> {
    let is_same = actual == expected;
    let (actual, expected) = (format!("{actual:?}"), format!("{expected:?}"));
    if is_same {
        return Ok(());
    }
    let short = |text: &str| text.chars().take(1500).collect::<String>();
    Err(format!(
        "{what}:\n  ours     {}\n  botocore {}",
        short(&actual),
        short(&expected)
    ))
}

fn prepared(model: &Model, line: &Value) -> Result<Prepared, String> {
    let (name, operation) = model
        .operation(line["operation"].as_str().unwrap())
        .unwrap();
    prepare(model, name, operation, &line["parameters"], "token").map_err(|error| error.to_string())
}

#[test]
fn requests_are_those_of_botocore() {
    check("request", |model, line| {
        let prepared = prepared(model, line)?;
        let expected = &line["request"];
        same(
            "method",
            &prepared.method,
            &expected["method"].as_str().unwrap(),
        )?;
        same("path", &prepared.path, &expected["path"].as_str().unwrap())?;
        let mut query: Vec<(String, String)> = prepared.query.clone();
        query.sort();
        let expected_query: Vec<(String, String)> =
            serde_json::from_value(expected["query"].clone()).unwrap();
        same("query", &query, &expected_query)?;
        same(
            "host prefix",
            &prepared.host_prefix.as_deref(),
            &expected["host_prefix"].as_str(),
        )?;
        headers(&prepared, expected)?;
        let body = STANDARD.decode(expected["body"].as_str().unwrap()).unwrap();
        body_is(&prepared, &body, line)
    });
}

fn headers(prepared: &Prepared, expected: &Value) -> Result<(), String> {
    let lower = |name: &str| name.to_ascii_lowercase();
    let mut ours: BTreeMap<String, String> = prepared
        .headers
        .iter()
        .map(|(name, value)| (lower(name), value.clone()))
        .collect();
    let theirs: BTreeMap<String, String> = expected["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (lower(name), value.as_str().unwrap().to_owned()))
        .collect();
    // Another part of botocore adds these.
    for name in ["content-md5", "content-type"] {
        if !theirs.contains_key(name) {
            ours.remove(name);
        }
    }
    same("headers", &ours, &theirs)
}

fn body_is(prepared: &Prepared, expected: &[u8], line: &Value) -> Result<(), String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match line["protocol"].as_str().unwrap() {
        "json" | "rest-json" => {
            let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
            match (json(&prepared.body), json(expected)) {
                (Some(ours), Some(theirs)) => same("body", &ours, &theirs),
                _ => same("body", &text(&prepared.body), &text(expected)),
            }
        }
        "query" | "ec2" => {
            let pairs = |bytes: &[u8]| {
                let text = text(bytes);
                let mut pairs: Vec<String> = text.split('&').map(str::to_owned).collect();
                pairs.sort();
                pairs
            };
            same("body", &pairs(&prepared.body), &pairs(expected))
        }
        _ => same("body", &text(&prepared.body), &text(expected)),
    }
}

#[test]
fn results_are_those_of_botocore() {
    check("answer", |model, line| {
        let (_, operation) = model
            .operation(line["operation"].as_str().unwrap())
            .unwrap();
        let answer = &line["answer"];
        let mut headers = HeaderMap::new();
        for (name, value) in answer["headers"].as_object().unwrap() {
            headers.insert(
                HeaderName::try_from(name.as_str()).unwrap(),
                HeaderValue::from_bytes(value.as_str().unwrap().as_bytes()).unwrap(),
            );
        }
        let received = Received {
            status: 200,
            headers,
            body: Bytes::from(STANDARD.decode(answer["body"].as_str().unwrap()).unwrap()),
        };
        let ours =
            result(model, operation, &received, Style::Text).map_err(|error| error.to_string())?;
        same("result", &ours, &line["result"])
    });
}

#[test]
fn signatures_are_those_of_botocore() {
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
        session_token: None,
    };
    static CREDENTIALS: std::sync::OnceLock<Credentials> = std::sync::OnceLock::new();
    CREDENTIALS.set(credentials).unwrap();
    check("request", |model, line| {
        let expected = &line["request"];
        let mut prepared = prepared(model, line)?;
        // What is signed is botocore's own body.
        prepared.body = Bytes::from(STANDARD.decode(expected["body"].as_str().unwrap()).unwrap());
        let name = model.metadata.signing_name();
        let mut headers: Vec<(String, String)> = expected["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_ascii_lowercase(),
                    value.as_str().unwrap().to_owned(),
                )
            })
            .filter(|(name, _)| name.starts_with("content-type") || name.starts_with("x-amz"))
            .collect();
        if model.metadata.is_s3() {
            headers.push(("x-amz-content-sha256".to_owned(), hash(&prepared.body)));
        }
        headers.sort();
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let signer = Signer::new(CREDENTIALS.get().unwrap(), "eu-central-1", name);
        let signature = signer.sign(
            &Unsigned {
                method: &prepared.method,
                path: &prepared.path,
                query: &prepared.query_text(),
                host: "127.0.0.1:4566",
                headers: &headers,
                body: &prepared.body,
            },
            "2026-11-23T05:38:39Z".parse().unwrap(),
        );
        same(
            "authorization",
            &signature.authorization,
            &expected["authorization"].as_str().unwrap(),
        )
    });
}
