//! The definition's parser and checker: every text is answered, with findings that have a place in it.

use asl::diagnostic::{Severity, invalid_definition_text};
use asl::graph::Graph;
use asl::parser::{self, Options};
use asl::variables::variable_references;
use tests::support::random::Random;

use crate::generate::definition::definition;
use crate::target::{Shown, Target};

pub(super) struct Definitions;

impl Target for Definitions {
    fn name(&self) -> &'static str {
        "definitions"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let definitions = crate::corpus::definitions();
        definitions.into_iter().map(String::into_bytes).collect()
    }

    fn generate(&self, random: &mut Random) -> Vec<u8> {
        definition(random).into()
    }

    fn pieces(&self) -> &'static [&'static str] {
        PIECES
    }

    fn run(&mut self, input: &[u8], shown: &mut Shown) {
        let text = String::from_utf8_lossy(input);
        for express in [false, true] {
            let options = Options {
                express,
                ..Options::default()
            };
            for parsed in [
                parser::parse(&text, &options),
                parser::parse_state(&text, "Lone", &options),
            ] {
                for finding in &parsed.diagnostics {
                    let position = finding.position;
                    let end = position.offset + position.length;
                    assert!(text.get(position.offset..end).is_some(), "{finding:?}");
                    shown.mark(finding.code);
                    shown.text(&finding.message);
                }
                let has_error = parsed
                    .diagnostics
                    .iter()
                    .any(|finding| finding.severity == Severity::Error);
                assert_eq!(parsed.machine.is_none(), has_error, "a machine or an error");
                let _ = invalid_definition_text(&parsed.diagnostics);
                if let Some(machine) = parsed.machine {
                    let graph = Graph::of(&machine);
                    assert_eq!(graph.clusters.len(), machine.blocks.len());
                    let _ = variable_references(&machine);
                    shown.mark(("fine", machine.states.len().min(8)));
                }
            }
        }
    }
}

/// Members and values of definitions.
pub(super) const PIECES: &[&str] = &[
    "\"Type\":",
    "\"Next\":",
    "\"End\":true",
    "\"StartAt\":",
    "\"States\":{",
    "Type",
    "Next",
    "End",
    "Default",
    "Choices",
    "Branches",
    "ItemProcessor",
    "Iterator",
    "ProcessorConfig",
    "Mode",
    "DISTRIBUTED",
    "INLINE",
    "ExecutionType",
    "EXPRESS",
    "Parameters",
    "Arguments",
    "Output",
    "Assign",
    "ResultSelector",
    "ResultPath",
    "InputPath",
    "OutputPath",
    "Result",
    "Retry",
    "Catch",
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
    "TimeoutSeconds",
    "TimeoutSecondsPath",
    "HeartbeatSeconds",
    "Seconds",
    "SecondsPath",
    "Timestamp",
    "TimestampPath",
    "QueryLanguage",
    "JSONata",
    "JSONPath",
    "Condition",
    "Variable",
    "IsPresent",
    "And",
    "Or",
    "Not",
    "StringMatches",
    "ItemReader",
    "ItemBatcher",
    "ItemSelector",
    "ResultWriter",
    "ReaderConfig",
    "InputType",
    "CSV",
    "MaxItems",
    "Items",
    "ItemsPath",
    "MaxConcurrency",
    "MaxConcurrencyPath",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "Label",
    "Resource",
    "Credentials",
    "RoleArn.$",
    "Error",
    "ErrorPath",
    "Cause",
    "CausePath",
    "Comment",
    "Version",
    "Pass",
    "Task",
    "Choice",
    "Wait",
    "Succeed",
    "Fail",
    "Parallel",
    "Map",
    "States.ALL",
    "States.Timeout",
    "$",
    "$.a",
    "$$.Task.Token",
    "$v",
    "$.a[*]",
    "a.$",
    "States.Format('{}', $.a)",
    "{% $states.input %}",
    "{% $f( %}",
    "{% $v + 1 %}",
    "2026-11-22T20:00:05Z",
    "arn:aws:states:::states:startExecution.sync:2",
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "A",
    "B",
    "S1",
    "S2",
];
