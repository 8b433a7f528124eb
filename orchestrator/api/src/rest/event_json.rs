//! A history event in the REST API's form: AWS's names, but plain JSON values instead of texts with JSON in them.

use expression::value::{Object, Value};
use interpreter::history::HistoryEvent;
use serde::Serialize;
use utoipa::ToSchema;

use crate::aws::states::history::{Data, event_type, wire_event};
use crate::rest::body::instant;

/// One event of an execution's history.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    /// Its number, from 1 without gaps.
    id: u64,
    /// The event that led to this one; 0 for none.
    previous_id: u64,
    /// When it happened.
    #[schema(format = DateTime)]
    timestamp: String,
    /// What happened, by AWS's name: `TaskStateEntered`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: Value,
    /// More about it, by the names in AWS's `…EventDetails`; inputs, outputs and the like are JSON values here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    details: Option<Value>,
}

impl Event {
    /// The event in this form.
    pub(super) fn of(event: &HistoryEvent) -> Self {
        Self {
            id: event.id,
            previous_id: event.previous,
            timestamp: instant(event.timestamp),
            kind: as_value(&event_type(&event.kind)),
            details: as_value(&wire_event(event, Data::Included))
                .as_object()
                .and_then(|members| {
                    let is_details = |name: &str| name.ends_with("EventDetails");
                    let (_, details) = members.iter().find(|(name, _)| is_details(name))?;
                    details.as_object().map(plain)
                }),
        }
    }

    /// The event's number.
    pub(super) fn number(&self) -> u64 {
        self.id
    }

    /// The event's type.
    pub(super) fn kind(&self) -> &str {
        self.kind.as_str().unwrap_or_default()
    }
}

fn as_value(wire: &impl Serialize) -> Value {
    let text = serde_json::to_string(wire).expect("wire types have text for keys");
    Value::parse(&text).expect("what was just written is JSON")
}

/// Details whose payloads are values. What AWS says beside a payload (whether it was cut) is left out: none is cut here.
fn plain(details: &Object) -> Value {
    let members = details
        .iter()
        .filter(|(name, _)| !is_about_payload(name))
        .map(|(name, value)| match (&**name, value) {
            ("input" | "output" | "parameters", Value::String(text)) => {
                (name.clone(), parsed(text))
            }
            ("assignedVariables", Value::Object(variables)) => {
                let variables = variables.iter().map(|(name, value)| {
                    let value = value.as_str().map_or(value.clone(), parsed);
                    (name.clone(), value)
                });
                (name.clone(), Value::object(variables))
            }
            (_, value) => (name.clone(), value.clone()),
        });
    Value::object(members)
}

fn is_about_payload(name: &str) -> bool {
    ["inputDetails", "outputDetails", "assignedVariablesDetails"].contains(&name)
}

/// A payload's value, or its text should it be none.
fn parsed(text: &str) -> Value {
    Value::parse(text).unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod unit {
    use super::*;
    use expect_test::{Expect, expect};
    use interpreter::failure::Failure;
    use interpreter::history::{AssignedVariable, EventKind, StateType};
    use interpreter::payload::Payload;

    fn check(kind: EventKind, expected: Expect) {
        let event = HistoryEvent {
            id: 5,
            previous: 4,
            timestamp: 1_795_381_200_007,
            kind,
        };
        let text = serde_json::to_string(&Event::of(&event)).expect("it is JSON");
        expected.assert_eq(&text);
    }

    fn payload(text: &str) -> Payload {
        Payload::parse(text).expect("it is JSON")
    }

    #[test]
    fn payloads_are_values() {
        check(
            EventKind::StateExited {
                state_type: StateType::Pass,
                name: "Prepare".into(),
                output: payload(r#"{"a": [1, 2.50]}"#),
                assigned: vec![AssignedVariable {
                    name: "x".into(),
                    value: payload(r#""text""#),
                }],
            },
            expect![[
                r#"{"id":5,"previousId":4,"timestamp":"2026-11-22T21:00:00.007Z","type":"PassStateExited","details":{"name":"Prepare","output":{"a":[1,2.5]},"assignedVariables":{"x":"text"}}}"#
            ]],
        );
    }

    #[test]
    fn failures_are_texts() {
        check(
            EventKind::ExecutionFailed(Failure::new("Broken", r#"{"not": "parsed"}"#)),
            expect![[
                r#"{"id":5,"previousId":4,"timestamp":"2026-11-22T21:00:00.007Z","type":"ExecutionFailed","details":{"error":"Broken","cause":"{\"not\": \"parsed\"}"}}"#
            ]],
        );
    }

    #[test]
    fn some_events_have_no_details() {
        check(
            EventKind::ParallelStarted,
            expect![[
                r#"{"id":5,"previousId":4,"timestamp":"2026-11-22T21:00:00.007Z","type":"ParallelStateStarted"}"#
            ]],
        );
    }
}
