//! A server that dies between a call and its note calls again, and the service recognises the repetition by the token.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tests::support::server::Server;
use tests::support::web::{Answer, Request, Web};

use super::{World, one_state, until};

/// Calls whose services recognise repetitions: the resource, the parameters, and the token's name in the request.
fn calls() -> [(&'static str, Value, &'static str); 6] {
    let task = json!({ "TaskDefinition": "t", "Cluster": "c" });
    let query = json!({ "QueryString": "select 1" });
    [
        (
            "athena:startQueryExecution",
            query.clone(),
            "ClientRequestToken",
        ),
        (
            "aws-sdk:athena:startQueryExecution",
            query,
            "ClientRequestToken",
        ),
        ("ecs:runTask.sync", task.clone(), "clientToken"),
        ("ecs:runTask", task, "clientToken"),
        (
            "codebuild:startBuild.sync",
            json!({ "ProjectName": "p" }),
            "idempotencyToken",
        ),
        (
            "mediaconvert:createJob.sync",
            json!({ "Role": "r", "Settings": { "Inputs": [{ "FileInput": "s3://b/i" }] } }),
            "clientRequestToken",
        ),
    ]
}

/// The tokens that came, by the operation or path that they came with, and by the marks that tell calls of one operation apart.
fn tokens(requests: &[Request]) -> BTreeMap<String, Vec<String>> {
    let mut tokens: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in requests {
        let body = request.json();
        let names = [
            "ClientRequestToken",
            "clientToken",
            "idempotencyToken",
            "clientRequestToken",
        ];
        let found = names
            .iter()
            .find_map(|name| Some((name, body[name].as_str()?)));
        let Some((name, token)) = found else { continue };
        let operation = match request.operation() {
            "" => request.target.clone(),
            operation => operation.to_owned(),
        };
        let came = tokens.entry(format!("{operation} {name}")).or_default();
        came.push(token.to_owned());
    }
    for came in tokens.values_mut() {
        came.sort();
    }
    tokens
}

#[test]
fn a_repetition_has_the_same_token() {
    let is_silent = Arc::new(AtomicBool::new(true));
    let silent = is_silent.clone();
    let web = Web::serve(move |request| {
        // Who is not answered is killed, and asks once more.
        if silent.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_secs(600));
        }
        let status = |state: &str| json!({ "State": state });
        Answer::json(&match request.operation() {
            "StartQueryExecution" => json!({ "QueryExecutionId": "q" }),
            "GetQueryExecution" => json!({ "QueryExecution": { "Status": status("SUCCEEDED") } }),
            "RunTask" => json!({ "tasks": [{ "taskArn": "t", "clusterArn": "c" }] }),
            "DescribeTasks" => {
                json!({ "tasks": [{ "lastStatus": "STOPPED", "containers": [{ "exitCode": 0 }] }] })
            }
            "StartBuild" => json!({ "build": { "id": "b" } }),
            "BatchGetBuilds" => json!({ "builds": [{ "buildStatus": "SUCCEEDED" }] }),
            _ => json!({ "job": { "id": "j", "status": "COMPLETE", "role": "r", "settings": {} } }),
        })
    });
    let server = Server::new()
        .variable("AWS_ENDPOINT_URL", web.url())
        .toml("[batch]\nenabled = false\n")
        .start();
    let mut world = World::with(server);
    let mut aws = world.server.aws();
    let calls = calls();
    let executions: Vec<String> = calls
        .iter()
        .map(|(resource, parameters, _)| {
            let machine = one_state(&format!("arn:aws:states:::{resource}"));
            world.begin(&mut aws, &machine, parameters)
        })
        .collect();
    until("all requests", || web.seen().len() == calls.len());
    world.server.kill();
    let before = tokens(&web.taken());
    is_silent.store(false, Ordering::Relaxed);
    world.server.restart();
    let mut aws = world.server.aws();
    for execution in &executions {
        let ended = aws.wait(execution);
        assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    }
    let after = tokens(&web.taken());
    assert_eq!(before, after);
    // Each attempt has a token of its own.
    let mut all: Vec<&String> = before.values().flatten().collect();
    assert_eq!(all.len(), calls.len(), "{before:?}");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), calls.len(), "{before:?}");
    for token in all {
        assert!(token.len() == 36 && token.is_ascii(), "{token}");
    }

    // A token that the state gives stays.
    for (resource, parameters, name) in calls {
        let mut parameters = parameters;
        let member = name[..1].to_uppercase() + &name[1..];
        parameters[&member] = "the state's own token, long enough".into();
        let ended = world.run(
            &one_state(&format!("arn:aws:states:::{resource}")),
            &parameters,
        );
        assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
        let sent = web.taken().remove(0).json();
        assert_eq!(
            sent[name], "the state's own token, long enough",
            "{resource}"
        );
    }
}
