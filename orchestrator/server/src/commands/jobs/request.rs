//! `ratchet jobs submit`: what is sent.

use expression::value::Value;
use serde_json::{Map, Value as Json, json};

use crate::arguments::batch::SubmitJob;
use crate::commands::read_input;
use crate::outcome::Error;

/// The image of a job that says nothing of one.
const IMAGE: &str = "busybox";

/// What a job without a definition may use when it does not say: as much as most need, and enough for nearly all of them at once.
const VCPUS: &str = "1";
const MEMORY: u32 = 128;

/// The request that the flags stand for: SubmitJob's, with `containerProperties` in place of a definition.
///
/// # Errors
/// When a flag can't be used.
pub(super) fn of(submit: &SubmitJob) -> Result<Value, Error> {
    let mut body = match &submit.request {
        Some(text) => {
            let text = read_input("--request", text)?;
            match serde_json::from_str(&text) {
                Ok(Json::Object(members)) => members,
                Ok(_) | Err(_) => {
                    return Err(Error::Usage("the request is no JSON object".to_owned()));
                }
            }
        }
        None => Map::new(),
    };
    let mut set = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    set("jobName", Some(json!(submit.name)));
    set("jobQueue", Some(json!(submit.queue)));
    set(
        "arrayProperties",
        submit.array.map(|size| json!({ "size": size })),
    );
    let depends_on: Vec<Json> = submit
        .depends_on
        .iter()
        .map(|text| dependency(text))
        .collect();
    set("dependsOn", some(depends_on));
    set("parameters", parameters(&submit.parameter)?);
    set(
        "retryStrategy",
        submit
            .attempts
            .map(|attempts| json!({ "attempts": attempts })),
    );
    set(
        "timeout",
        submit
            .timeout
            .map(|seconds| json!({ "attemptDurationSeconds": seconds })),
    );
    set(
        "shareIdentifier",
        submit.share.as_ref().map(|share| json!(share)),
    );
    set(
        "schedulingPriorityOverride",
        submit.priority.map(|priority| json!(priority)),
    );
    let has_definition = submit.definition.is_some() || body.contains_key("jobDefinition");
    let container = container(submit, has_definition)?;
    if let Some(definition) = &submit.definition {
        body.insert("jobDefinition".to_owned(), json!(definition));
    }
    let name = if has_definition {
        "containerOverrides"
    } else {
        "containerProperties"
    };
    if !container.is_empty() {
        match body.get_mut(name).and_then(Json::as_object_mut) {
            Some(given) => given.extend(container),
            None => {
                body.insert(name.to_owned(), Json::Object(container));
            }
        }
    }
    Ok(Json::Object(body).into())
}

/// What the job's container is, or how it differs from the definition's.
fn container(submit: &SubmitJob, has_definition: bool) -> Result<Map<String, Json>, Error> {
    let mut container = Map::new();
    if !submit.command.is_empty() {
        container.insert("command".to_owned(), json!(submit.command));
    }
    let environment = pairs("--env", &submit.env)?
        .into_iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    if let Some(environment) = some(environment) {
        container.insert("environment".to_owned(), environment);
    }
    let default = |text: &str| (!has_definition).then(|| text.to_owned());
    let vcpus = submit.vcpus.clone().or_else(|| default(VCPUS));
    let memory = submit.memory.map(|memory| memory.to_string());
    let memory = memory.or_else(|| default(&MEMORY.to_string()));
    let gpus = submit.gpus.map(|gpus| gpus.to_string());
    let asked = [("VCPU", vcpus), ("MEMORY", memory), ("GPU", gpus)]
        .into_iter()
        .filter_map(|(kind, value)| Some(json!({ "type": kind, "value": value? })))
        .collect();
    if let Some(asked) = some(asked) {
        container.insert("resourceRequirements".to_owned(), asked);
    }
    if !has_definition {
        let image = submit.image.as_deref().unwrap_or(IMAGE);
        container.insert("image".to_owned(), json!(image));
    }
    Ok(container)
}

/// `ID`, `ID:N_TO_N`, `ID:SEQUENTIAL`, or `SEQUENTIAL` alone; an id may have a colon and a number at its end itself.
fn dependency(text: &str) -> Json {
    let kinds = ["N_TO_N", "SEQUENTIAL"];
    if kinds.contains(&text) {
        return json!({ "type": text });
    }
    match text.rsplit_once(':') {
        Some((id, kind)) if kinds.contains(&kind) => json!({ "jobId": id, "type": kind }),
        _ => json!({ "jobId": text }),
    }
}

fn parameters(texts: &[String]) -> Result<Option<Json>, Error> {
    let members: Map<String, Json> = pairs("--parameter", texts)?
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    Ok((!members.is_empty()).then_some(Json::Object(members)))
}

fn pairs<'a>(flag: &str, texts: &'a [String]) -> Result<Vec<(&'a str, &'a str)>, Error> {
    let pair = |text: &'a String| {
        text.split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| Error::Usage(format!("{flag} {text}: write NAME=VALUE")))
    };
    texts.iter().map(pair).collect()
}

fn some(items: Vec<Json>) -> Option<Json> {
    (!items.is_empty()).then_some(Json::Array(items))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use expect_test::{Expect, expect};

    use super::of;
    use crate::arguments::batch::Jobs;
    use crate::arguments::{Arguments, Command};

    fn check(line: &str, expected: Expect) {
        let words = ["ratchet", "jobs", "submit"]
            .into_iter()
            .chain(line.split(' '));
        let Command::Jobs(Jobs::Submit(submit)) = Arguments::parse_from(words).command else {
            unreachable!("the command submits a job")
        };
        let said = match of(&submit) {
            Ok(body) => body.to_text(),
            Err(error) => format!("error: {error}"),
        };
        expected.assert_eq(&said);
    }

    #[test]
    fn without_a_definition() {
        check(
            "hello -- echo hello",
            expect![[
                r#"{"jobName":"hello","jobQueue":"default","containerProperties":{"command":["echo","hello"],"resourceRequirements":[{"type":"VCPU","value":"1"},{"type":"MEMORY","value":"128"}],"image":"busybox"}}"#
            ]],
        );
        check(
            "sum --image busybox:1.36 --vcpus 0.5 --memory 64 -e A=1 -e B=x=y --attempts 3 --timeout 60 -- sh -c true",
            expect![[
                r#"{"jobName":"sum","jobQueue":"default","retryStrategy":{"attempts":3},"timeout":{"attemptDurationSeconds":60},"containerProperties":{"command":["sh","-c","true"],"environment":[{"name":"A","value":"1"},{"name":"B","value":"x=y"}],"resourceRequirements":[{"type":"VCPU","value":"0.5"},{"type":"MEMORY","value":"64"}],"image":"busybox:1.36"}}"#
            ]],
        );
    }

    #[test]
    fn with_a_definition() {
        check(
            "all -d sums:3 -q big --array 10 --depends-on a:0 --depends-on b:N_TO_N --depends-on SEQUENTIAL -p day=1 --share red --priority 5",
            expect![[
                r#"{"jobName":"all","jobQueue":"big","arrayProperties":{"size":10},"dependsOn":[{"jobId":"a:0"},{"jobId":"b","type":"N_TO_N"},{"type":"SEQUENTIAL"}],"parameters":{"day":"1"},"shareIdentifier":"red","schedulingPriorityOverride":5,"jobDefinition":"sums:3"}"#
            ]],
        );
        check(
            r#"all --memory 8 --request {"jobDefinition":"d","containerOverrides":{"environment":[]},"propagateTags":true} -- ls"#,
            expect![[
                r#"{"jobDefinition":"d","containerOverrides":{"environment":[],"command":["ls"],"resourceRequirements":[{"type":"MEMORY","value":"8"}]},"propagateTags":true,"jobName":"all","jobQueue":"default"}"#
            ]],
        );
    }

    #[test]
    fn what_is_wrong() {
        check("a -e B", expect!["error: --env B: write NAME=VALUE"]);
        check(
            "a -p =1",
            expect!["error: --parameter =1: write NAME=VALUE"],
        );
        check(
            "a --request [1]",
            expect!["error: the request is no JSON object"],
        );
    }
}
