//! Requests as the services' own models describe them.

use std::sync::Arc;

use aws_client::catalogue::Catalogue;
use aws_client::model::{Kind, Model, Operation, Reference};
use serde_json::{Map, Number, Value, json};
use tests::support::random::Random;

use crate::generate::{definition, jsonata, pick};
use crate::mutate;

/// The services that are served by AWS's protocols.
const SERVICES: &[&str] = &["sfn", "batch", "scheduler", "cloudwatchlogs"];

/// All operations of these services.
pub(super) struct Shapes {
    models: Vec<Arc<Model>>,
    /// The model and the name of each operation.
    operations: Vec<(usize, String)>,
}

impl Shapes {
    pub(super) fn new() -> Self {
        let catalogue = Catalogue::new(None);
        let models: Vec<Arc<Model>> = SERVICES
            .iter()
            .map(|service| {
                catalogue
                    .model(service)
                    .expect("its model is in the binary")
            })
            .collect();
        let mut operations: Vec<(usize, String)> = Vec::new();
        for (index, model) in models.iter().enumerate() {
            operations.extend(
                model
                    .operations
                    .keys()
                    .map(|name| (index, name.to_string())),
            );
        }
        operations.sort();
        Self { models, operations }
    }

    /// How many operations there are.
    pub(super) fn count(&self) -> usize {
        self.operations.len()
    }

    /// A request of an operation, mostly a right one.
    pub(super) fn request(&self, operation: usize, random: &mut Random) -> Vec<u8> {
        let (model, name) = &self.operations[operation];
        let model = &self.models[*model];
        let target = match &model.metadata.target_prefix {
            Some(prefix) => format!("{prefix}.{name}"),
            None => String::new(),
        };
        let operation = &model.operations[name.as_str()];
        let (path, body) = parts(model, operation, random);
        format!("{} {path} {target}\n{body}", operation.http.method).into_bytes()
    }
}

/// The path with its labels filled in, and the body.
fn parts(model: &Model, operation: &Operation, random: &mut Random) -> (String, Value) {
    let mut path = operation.http.request_uri.clone();
    let mut body = Map::new();
    let input = operation
        .input
        .as_ref()
        .and_then(|input| model.shape(&input.shape));
    for (name, reference) in input.iter().flat_map(|input| &input.members) {
        let is_required = input.is_some_and(|input| input.required.contains(name));
        if !is_required && random.percent(40) || random.percent(2) {
            continue;
        }
        let value = value(model, reference, name, random, 0);
        let wire = model
            .place(reference)
            .and_then(|place| place.wire_name())
            .unwrap_or(name)
            .to_owned();
        match reference.location.as_deref() {
            Some("uri") => {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                let text = text.replace(['/', ' ', '"', '{', '}', '%'], "%2F");
                path = path.replace(&format!("{{{wire}}}"), &text);
                path = path.replace(&format!("{{{wire}+}}"), &text);
            }
            Some("querystring") => {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                let text = text.replace([' ', '"', '#', '&'], "+");
                let mark = if path.contains('?') { '&' } else { '?' };
                path = format!("{path}{mark}{wire}={text}");
            }
            _ => {
                body.insert(wire, value);
            }
        }
    }
    (path, Value::Object(body))
}

fn value(
    model: &Model,
    reference: &Reference,
    name: &str,
    random: &mut Random,
    depth: u32,
) -> Value {
    if random.percent(2) {
        return mutate::any(random);
    }
    let Some(shape) = model.shape(&reference.shape) else {
        return Value::Null;
    };
    let below = |reference: &Reference, random: &mut Random| {
        if depth > 5 {
            return Value::Null;
        }
        value(model, reference, name, random, depth + 1)
    };
    match shape.kind {
        Kind::Structure => {
            let mut members = Map::new();
            for (name, reference) in &shape.members {
                let is_required = shape.required.contains(name);
                if depth > 5 || !is_required && random.percent(60) {
                    continue;
                }
                let member = value(model, reference, name, random, depth + 1);
                members.insert(name.to_string(), member);
            }
            Value::Object(members)
        }
        Kind::List => {
            let count = random.below(3);
            let member = shape.member.as_ref();
            Value::from_iter((0..count).filter_map(|_| Some(below(member?, random))))
        }
        Kind::Map => {
            let count = random.below(3);
            let members = (0..count).filter_map(|number| {
                let value = below(shape.value.as_ref()?, random);
                Some((format!("k{number}"), value))
            });
            Value::Object(members.collect())
        }
        Kind::String | Kind::Blob => match shape.values.first() {
            Some(_) if random.percent(95) => json!(random.one_of(&shape.values)),
            _ => json!(text(name, random)),
        },
        Kind::Integer | Kind::Long | Kind::Float | Kind::Double => {
            let number = match random.below(6) {
                0 => shape.min.clone(),
                1 => shape.max.clone(),
                _ => None,
            };
            let number = number.unwrap_or_else(|| {
                Number::from(*random.one_of(&[
                    0_i64,
                    1,
                    2,
                    3,
                    10,
                    100,
                    1000,
                    -1,
                    i64::MAX,
                    i64::MIN,
                ]))
            });
            Value::Number(number)
        }
        Kind::Boolean => json!(random.percent(50)),
        Kind::Timestamp => pick(
            random,
            &["1795377600", "1795377600.5", "0", "-1", "1e300", "9e18"],
        )
        .parse()
        .unwrap_or_default(),
    }
}

/// A text for a member of that name.
fn text(name: &str, random: &mut Random) -> String {
    let lower = name.to_ascii_lowercase();
    let states = "arn:aws:states:us-east-1:000000000000";
    match lower.as_str() {
        "definition" if random.percent(60) => return definition::definition(random),
        "definition" => {
            return r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":5,"End":true}}}"#
                .to_owned();
        }
        "input" | "output" | "context" | "variables" | "result" => {
            return pick(
                random,
                &[
                    "{}",
                    r#"{"a":1,"list":[1,2]}"#,
                    "null",
                    "nonsense",
                    "[]",
                    "",
                ],
            )
            .to_owned();
        }
        "statemachinearn" | "resourcearn" => {
            let tail = pick(
                random,
                &[
                    "stateMachine:m",
                    "stateMachine:x",
                    "stateMachine:m:1",
                    "stateMachine:m:live",
                    "activity:a",
                ],
            );
            return format!("{states}:{tail}");
        }
        "executionarn" => {
            let tail = pick(
                random,
                &[
                    "execution:m:e1",
                    "express:x:e1:1",
                    "execution:m:gone",
                    "execution:m/M:e1",
                ],
            );
            return format!("{states}:{tail}");
        }
        "activityarn" => return format!("{states}:activity:a"),
        "maprunarn" => return format!("{states}:mapRun:m/M:1"),
        "rolearn" => return "arn:aws:iam::000000000000:role/r".to_owned(),
        "name" => {
            return pick(random, &["m", "e1", "e2", "s", "live", "new", "a b", "é"]).to_owned();
        }
        "jobqueue" | "jobqueues" | "computeenvironment" | "computeenvironments" => {
            return "default".to_owned();
        }
        "jobdefinition" => return pick(random, &["d", "d:1", "gone"]).to_owned(),
        "groupname" => return "default".to_owned(),
        "scheduleexpression" => {
            return pick(
                random,
                &[
                    "rate(5 minutes)",
                    "cron(0 2 * * ? *)",
                    "at(2027-01-01T00:00:00)",
                    "rate(0 days)",
                    "cron(* * * * *)",
                    "cron(0 0 31W * ? 2199)",
                ],
            )
            .to_owned();
        }
        "scheduleexpressiontimezone" => {
            return pick(
                random,
                &["Europe/Berlin", "UTC", "Nowhere/Else", "America/St_Johns"],
            )
            .to_owned();
        }
        "value" => {
            return pick(random, &["1", "0.25", "64", "2048", "text", "-1", "1e9"]).to_owned();
        }
        "image" => return "busybox".to_owned(),
        _ => {}
    }
    if lower.ends_with("arn") || lower == "resource" {
        let arns = [
            "arn:aws:states:us-east-1:000000000000:stateMachine:m",
            "arn:aws:lambda:us-east-1:000000000000:function:f",
            "arn:aws:batch:us-east-1:000000000000:job-queue/default",
            "arn:aws:states:::sqs:sendMessage",
            "arn:",
            "arn:aws:scheduler:us-east-1:000000000000:schedule-group/default",
        ];
        return pick(random, &arns).to_owned();
    }
    match random.below(8) {
        0 => String::new(),
        1 => "a".repeat(300),
        2 => jsonata::expression(random, 1),
        3 => "é😀\u{0}".to_owned(),
        _ => pick(
            random,
            &[
                "m",
                "a",
                "text",
                "1",
                "token",
                "default",
                "dG9rZW4=",
                "2026-11-22T20:00:03Z",
            ],
        )
        .to_owned(),
    }
}
