//! What holds for every text.

use asl::diagnostic::{Severity, invalid_definition_text};
use asl::graph::Graph;
use asl::parser::{self, Options};
use asl::variables::variable_references;
use proptest::prelude::*;

/// A definition with something of everything.
const SAMPLE: &str = r#"{"Comment": "everything", "Version": "1.0", "TimeoutSeconds": 600, "StartAt": "T", "States": {
    "T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters": {"a.$": "$$.Task.Token", "b": [1, -2.5e3, null, true]},
          "TimeoutSeconds": 60, "HeartbeatSecondsPath": "$.h", "Credentials": {"RoleArn": "r"}, "ResultSelector": {"c.$": "States.Array(1, $.x)"}, "Next": "C",
          "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "BackoffRate": 1.5, "JitterStrategy": "FULL"}],
          "Catch": [{"ErrorEquals": ["a"], "ResultPath": "$.error", "Next": "F", "Assign": {"why.$": "$.Cause"}}]},
    "C": {"Type": "Choice", "Default": "P", "Choices": [
        {"And": [{"Variable": "$.a", "IsPresent": true}, {"Not": {"Variable": "$why", "StringMatches": "\u0061*"}}], "Next": "W"}
    ]},
    "P": {"Type": "Parallel", "Next": "W", "Branches": [
        {"StartAt": "B", "States": {"B": {"Type": "Pass", "Result": {"x": "ü"}, "ResultPath": "$.b", "End": true}}}
    ]},
    "W": {"Type": "Wait", "Timestamp": "2024-01-01T00:00:00Z", "Next": "M"},
    "M": {"Type": "Map", "ItemsPath": "$.rows", "MaxConcurrency": 2, "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "I", "States": {"I": {"Type": "Succeed", "OutputPath": null}}
    }},
    "F": {"Type": "Fail", "ErrorPath": "States.Format('{}', $why)", "Cause": "c"}
}}"#;

/// Parses and looks at everything that parsing gives.
fn look_at(text: &str) {
    for express in [false, true] {
        let options = Options {
            express,
            ..Options::default()
        };
        for parsed in [
            parser::parse(text, &options),
            parser::parse_state(text, "Lone", &options),
        ] {
            let mut places = Vec::new();
            for finding in &parsed.diagnostics {
                let position = finding.position;
                let end = position.offset + position.length;
                assert!(text.get(position.offset..end).is_some(), "{finding:?}");
                assert!(position.line >= 1 && position.column >= 1);
                places.push((finding.pointer.is_empty(), position.offset));
            }
            assert!(places.is_sorted(), "findings come in order");
            let has_error = parsed
                .diagnostics
                .iter()
                .any(|finding| finding.severity == Severity::Error);
            assert_eq!(parsed.machine.is_none(), has_error);
            let _ = invalid_definition_text(&parsed.diagnostics);
            if let Some(machine) = parsed.machine {
                let graph = Graph::of(&machine);
                assert_eq!(graph.clusters.len(), machine.blocks.len());
                let _ = variable_references(&machine);
            }
        }
    }
}

/// Pieces of definitions, right and wrong.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "null",
    "true",
    "1",
    "-",
    "1e9",
    "0.5",
    "\"$\"",
    "\"$.a\"",
    "\"$x\"",
    "\"States.ALL\"",
    "\"Type\":",
    "\"Next\":",
    "\"End\":",
    "\"Choices\":",
    "\"A\"",
    "\"T\"",
    "\"Map\"",
    "\"Task\"",
    "\"JSONata\"",
    "\"QueryLanguage\":",
    "\"Branches\":",
    "\"ItemProcessor\":",
    "\"Assign\":",
    "\"{% 1 %}\"",
    "\"{% $states.input.a[0] & $x %}\"",
    "\"{% $f( %}\"",
    "\"Output\":",
    "\"Condition\":",
    "ü",
    "\n",
    " ",
];

#[derive(Clone, Debug)]
enum Change {
    Delete {
        at: usize,
        length: usize,
    },
    Insert {
        at: usize,
        piece: usize,
    },
    Copy {
        from: usize,
        length: usize,
        to: usize,
    },
}

fn change() -> impl Strategy<Value = Change> {
    let place = 0..SAMPLE.len();
    prop_oneof![
        (place.clone(), 1..40usize).prop_map(|(at, length)| Change::Delete { at, length }),
        (place.clone(), 0..PIECES.len()).prop_map(|(at, piece)| Change::Insert { at, piece }),
        (place.clone(), 1..200usize, place).prop_map(|(from, length, to)| Change::Copy {
            from,
            length,
            to
        }),
    ]
}

fn changed(mut text: String, change: &Change) -> String {
    let boundary = |text: &str, at: usize| text.floor_char_boundary(at.min(text.len()));
    match *change {
        Change::Delete { at, length } => {
            let (start, end) = (boundary(&text, at), boundary(&text, at + length));
            text.replace_range(start..end, "");
        }
        Change::Insert { at, piece } => {
            let at = boundary(&text, at);
            text.insert_str(at, PIECES[piece]);
        }
        Change::Copy { from, length, to } => {
            let (start, end) = (boundary(&text, from), boundary(&text, from + length));
            let piece = text[start..end].to_owned();
            let to = boundary(&text, to);
            text.insert_str(to, &piece);
        }
    }
    text
}

#[test]
fn the_sample_has_no_mistakes() {
    assert_eq!(parser::parse(SAMPLE, &Options::default()).diagnostics, []);
}

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        look_at(&text);
    }

    #[test]
    fn any_pieces_are_answered(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        look_at(&pieces.concat());
    }

    #[test]
    fn a_changed_definition_is_answered(changes in prop::collection::vec(change(), 1..4)) {
        let text = changes.iter().fold(SAMPLE.to_owned(), changed);
        look_at(&text);
    }
}

/// A value replaced by every other, at every place: structure stays JSON, so the parser itself is reached.
#[test]
fn every_value_may_be_any_other() {
    let sample: serde_json::Value = serde_json::from_str(SAMPLE).expect("the sample is JSON");
    let mut pointers = Vec::new();
    gather(&sample, String::new(), &mut pointers);
    let values = [
        "null",
        "true",
        "-1",
        "0.5",
        "\"\"",
        "\"$.x[*]\"",
        "[]",
        "[0]",
        "{}",
        "{\"Type\": \"Map\"}",
    ];
    for pointer in &pointers {
        for value in values {
            let mut changed = sample.clone();
            let place = changed
                .pointer_mut(pointer)
                .expect("the pointer was gathered here");
            *place = serde_json::from_str(value).expect("the value is JSON");
            look_at(&changed.to_string());
        }
    }
}

fn gather(value: &serde_json::Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                gather(member, format!("{pointer}/{name}"), pointers);
            }
        }
        serde_json::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                gather(item, format!("{pointer}/{index}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(pointer);
}
