//! Where calls go, what they carry, and when they are tried again.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_client::catalogue::Catalogue;
use aws_client::client::{Call, Client};
use aws_client::credentials::{Credentials, Secret};
use aws_client::endpoints::Endpoints;
use aws_client::error::Error;
use aws_client::timestamps::Style;
use aws_client::transport::{Transport, Unreachable};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use serde_json::{Value, json};

/// What is answered, one after the other; the last one again and again. It keeps what was sent.
struct Script {
    answers: Vec<Result<(u16, &'static str), Unreachable>>,
    sent: Mutex<Vec<Request<Bytes>>>,
}

impl Transport for Script {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, Unreachable>> {
        let mut sent = self.sent.lock().unwrap();
        let number = sent.len().min(self.answers.len() - 1);
        sent.push(request);
        let answer = self.answers[number].clone().map(|(status, body)| {
            let response = Response::builder().status(status);
            let response = response.header("x-amzn-RequestId", "id");
            response.body(Bytes::from_static(body.as_bytes())).unwrap()
        });
        Box::pin(async move { answer })
    }
}

fn script(answers: &[Result<(u16, &'static str), Unreachable>]) -> Arc<Script> {
    Arc::new(Script {
        answers: answers.to_vec(),
        sent: Mutex::default(),
    })
}

fn endpoints(all: Option<&str>, services: &[(&str, &str)]) -> Endpoints {
    let services = services
        .iter()
        .map(|(name, url)| ((*name).to_owned(), (*url).to_owned()));
    Endpoints {
        all: all.map(str::to_owned),
        services: services.collect::<BTreeMap<_, _>>(),
        region: "eu-central-1".to_owned(),
    }
}

fn client(endpoints: Endpoints, credentials: Option<Credentials>, script: &Arc<Script>) -> Client {
    Client::new(
        Arc::new(Catalogue::new(None)),
        endpoints,
        credentials,
        script.clone(),
    )
}

async fn call(client: &Client, action: &str, parameters: Value) -> Result<Value, Error> {
    let (service, action) = action.split_once(':').unwrap();
    let answer = client.call(Call {
        service,
        action,
        parameters: &parameters,
        token: "token",
        style: Style::Text,
        timeout: None,
        headers: &[("x-amzn-trace-id", "Root=1-0")],
    });
    Ok(answer.await?.result)
}

fn keys() -> Option<Credentials> {
    Some(Credentials {
        access_key_id: "AKIA".to_owned(),
        secret_access_key: Secret("secret".to_owned()),
        session_token: Some(Secret("session".to_owned())),
    })
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let check = async |answers: &[Result<(u16, &'static str), Unreachable>],
                       sent: usize,
                       expected: &str| {
        let script = script(answers);
        let client = client(endpoints(Some("http://there"), &[]), None, &script);
        let shown = match call(&client, "dynamodb:listTables", json!({})).await {
            Ok(result) => result.to_string(),
            Err(Error::Refused(error)) => format!(
                "{:?} {} attempts {}",
                error.code, error.status, error.attempts
            ),
            Err(Error::Unreachable { why, attempts }) => format!("{why:?} attempts {attempts}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected);
        assert_eq!(script.sent.lock().unwrap().len(), sent, "{expected}");
    };
    let fine = Ok((200, r#"{"TableNames":["t"]}"#));
    let busy = Ok((400, r#"{"__type":"com.x#ThrottlingException"}"#));
    let broken = Err(Unreachable::Broken("reset".to_owned()));
    check(std::slice::from_ref(&fine), 1, r#"{"TableNames":["t"]}"#).await;
    check(
        &[busy.clone(), broken.clone(), fine.clone()],
        3,
        r#"{"TableNames":["t"]}"#,
    )
    .await;
    check(&[busy], 3, "Some(\"ThrottlingException\") 400 attempts 3").await;
    check(&[Ok((503, "<html>"))], 3, "None 503 attempts 3").await;
    check(&[broken], 3, "Broken(\"reset\") attempts 3").await;
    check(&[Err(Unreachable::TooLong)], 1, "TooLong attempts 1").await;
    check(
        &[Err(Unreachable::Forbidden("no".to_owned()))],
        1,
        "Forbidden(\"no\") attempts 1",
    )
    .await;
    let refused = Ok((400, r#"{"__type":"ValidationException","message":"no"}"#));
    check(
        &[refused],
        1,
        "Some(\"ValidationException\") 400 attempts 1",
    )
    .await;
    check(
        &[Ok((200, "no json"))],
        1,
        "cannot read the answer: its body is no JSON: expected ident at line 1 column 2",
    )
    .await;
}

#[tokio::test]
async fn services_are_called_where_they_are() {
    let check = async |endpoints: Endpoints, action: &str, parameters: Value, expected: &str| {
        let script = script(&[Ok((200, ""))]);
        call(&client(endpoints, keys(), &script), action, parameters)
            .await
            .unwrap();
        let sent = script.sent.lock().unwrap();
        let authorization = sent[0].headers()["authorization"].to_str().unwrap();
        let scope = authorization
            .split(['/', ','])
            .skip(2)
            .take(2)
            .collect::<Vec<_>>()
            .join("/");
        let host = sent[0].headers()["host"].to_str().unwrap();
        assert_eq!(
            format!(
                "{} {} host {host} for {scope}",
                sent[0].method(),
                sent[0].uri()
            ),
            expected
        );
        assert_eq!(sent[0].headers()["x-amz-security-token"], "session");
    };
    let aws = || endpoints(None, &[]);
    check(
        aws(),
        "dynamodb:listTables",
        json!({}),
        "POST https://dynamodb.eu-central-1.amazonaws.com/ host dynamodb.eu-central-1.amazonaws.com for eu-central-1/dynamodb",
    )
    .await;
    check(
        aws(),
        "iam:listRoles",
        json!({}),
        "POST https://iam.amazonaws.com/ host iam.amazonaws.com for us-east-1/iam",
    )
    .await;
    check(
        aws(),
        "sfn:startSyncExecution",
        json!({ "StateMachineArn": "a" }),
        "POST https://sync-states.eu-central-1.amazonaws.com/ host sync-states.eu-central-1.amazonaws.com for eu-central-1/states",
    )
    .await;
    check(
        aws(),
        "s3:getBucketAcl",
        json!({ "Bucket": "b" }),
        "GET https://s3.eu-central-1.amazonaws.com/b?acl= host s3.eu-central-1.amazonaws.com for eu-central-1/s3",
    )
    .await;
    check(
        aws(),
        "sagemaker:listModels",
        json!({}),
        "POST https://api.sagemaker.eu-central-1.amazonaws.com/ host api.sagemaker.eu-central-1.amazonaws.com for eu-central-1/sagemaker",
    )
    .await;
    let own = || {
        endpoints(
            Some("http://all:4566/"),
            &[
                ("cloudwatch_logs", "http://logs:1/prefix"),
                ("sfn", "https://sfn"),
            ],
        )
    };
    check(
        own(),
        "sqs:listQueues",
        json!({}),
        "POST http://all:4566/ host all:4566 for eu-central-1/sqs",
    )
    .await;
    check(
        own(),
        "cloudwatchlogs:describeLogGroups",
        json!({}),
        "POST http://logs:1/prefix/ host logs:1 for eu-central-1/logs",
    )
    .await;
    check(
        own(),
        "sfn:testState",
        json!({ "Definition": "{}" }),
        "POST https://sfn/ host sfn for eu-central-1/states",
    )
    .await;
}

#[tokio::test]
async fn aws_itself_wants_credentials() {
    let script = script(&[Ok((200, "{}"))]);
    let aws = client(endpoints(None, &[]), None, &script);
    assert!(matches!(
        call(&aws, "sqs:listQueues", json!({})).await,
        Err(Error::Credentials)
    ));
    // Some operations are not signed.
    let parameters = json!({ "RoleArn": "arn:aws:iam::1:role/r", "RoleSessionName": "s", "WebIdentityToken": "t" });
    let assumed = call(&aws, "sts:assumeRoleWithWebIdentity", parameters).await;
    assert!(matches!(assumed, Err(Error::Answer(_))), "{assumed:?}");
    let sent = script.sent.lock().unwrap();
    assert_eq!(sent.len(), 1);
    assert!(!sent[0].headers().contains_key("authorization"));
}

#[tokio::test]
async fn models_of_other_services_come_from_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    for (version, operation) in [("2020-01-01", "Old"), ("2024-01-01", "DoThings")] {
        let folder = directory.path().join("accessanalyzer").join(version);
        std::fs::create_dir_all(&folder).unwrap();
        let model = json!({
            "metadata": {
                "serviceId": "AccessAnalyzer", "endpointPrefix": "access-analyzer", "protocol": "rest-json", "apiVersion": version,
            },
            "operations": { operation: { "http": { "method": "PUT", "requestUri": "/things/{name}" }, "input": { "shape": "In" } } },
            "shapes": {
                "In": { "type": "structure", "members": { "name": { "shape": "S", "location": "uri", "locationName": "name" } } },
                "S": { "type": "string" },
            },
        });
        std::fs::write(folder.join("service-2.json"), model.to_string()).unwrap();
    }
    let script = script(&[Ok((200, ""))]);
    let here = endpoints(Some("http://there"), &[]);
    let nowhere = client(here.clone(), None, &script);
    let refused = call(&nowhere, "accessanalyzer:doThings", json!({}))
        .await
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("no model of the service accessanalyzer"),
        "{refused}"
    );
    let catalogue = Arc::new(Catalogue::new(Some(directory.path().to_owned())));
    assert_eq!(catalogue.knows("accessanalyzer"), Some(true));
    assert_eq!(catalogue.knows("amplify"), Some(false));
    assert_eq!(catalogue.knows("nonsense"), None);
    let client = Client::new(catalogue, here, None, script.clone());
    call(
        &client,
        "accessanalyzer:doThings",
        json!({ "Name": "a b/c" }),
    )
    .await
    .unwrap();
    let sent = script.sent.lock().unwrap();
    assert_eq!(sent[0].uri(), "http://there/things/a%20b%2Fc");
}

#[tokio::test]
async fn headers_of_a_trace_go_along_unsigned() {
    let script = script(&[Ok((200, "{}"))]);
    let client = client(endpoints(Some("http://there"), &[]), keys(), &script);
    call(&client, "dynamodb:listTables", json!({}))
        .await
        .unwrap();
    let sent = script.sent.lock().unwrap();
    let header = |name: &str| sent[0].headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-amzn-trace-id"), "Root=1-0");
    assert!(header("authorization").contains("x-amz-date"));
    assert!(!header("authorization").contains("trace"));
}
