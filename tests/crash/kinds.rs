//! What is executed: one state machine for each way in which work can be in flight, and what must come out.

use serde_json::{Value, json};

use tests::support::random::Random;

/// The functions that the server performs by commands.
pub(crate) const COMMANDS: &str = r#"
[functions.echo]
command = ["sh", "-c", "sleep 0.7; cat"]
concurrency = 40
"#;

/// A way in which work can be in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A timer.
    Wait,
    /// Function calls at the Lambda endpoint, one after the other.
    Chain,
    /// A function call by a command.
    Command,
    /// A retry that is pending.
    Retry,
    /// An error that is caught after its retries.
    Catch,
    /// A Map, three at a time.
    Map,
    /// The same with a state that is too large for a snapshot at every commit.
    LargeMap,
    /// A distributed Map: each item is an execution of its own.
    Distributed,
    /// The same with an item that fails, and its redrive.
    Redrive,
    /// Branches side by side.
    Parallel,
    /// A token that somebody holds.
    Token,
    /// A task that a worker fetches.
    Activity,
    /// An execution in an execution.
    Nested,
    /// An Express execution, whose end only its functions see.
    Express,
}

/// All kinds.
pub(crate) const KINDS: &[Kind] = &[
    Kind::Wait,
    Kind::Chain,
    Kind::Command,
    Kind::Retry,
    Kind::Catch,
    Kind::Map,
    Kind::LargeMap,
    Kind::Distributed,
    Kind::Redrive,
    Kind::Parallel,
    Kind::Token,
    Kind::Activity,
    Kind::Nested,
    Kind::Express,
];

/// An execution that somebody wants.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) kind: Kind,
    pub(crate) number: u64,
    pub(crate) input: Value,
}

/// What must come out.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// Exactly this.
    Output(Value),
    /// Whatever ended the task, with the number.
    Completion,
    /// Nothing that could be asked for.
    Unseen,
}

impl Order {
    /// An order with durations of its own.
    pub(crate) fn new(kind: Kind, number: u64, random: &mut Random) -> Self {
        let items: Vec<u64> = (0..random.between(4, 9)).collect();
        let mut input = json!({
            "n": number,
            "seconds": random.between(2, 16),
            "milliseconds": random.between(300, 3_000),
            "items": items,
        });
        if kind == Kind::LargeMap {
            input["padding"] = json!("x".repeat(12_000));
        }
        Self {
            kind,
            number,
            input,
        }
    }

    /// The execution's name.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.kind.name(), self.number)
    }

    /// The execution's ARN.
    pub(crate) fn execution_arn(&self) -> String {
        let machine = self.kind.name();
        format!(
            "arn:aws:states:us-east-1:000000000000:execution:{machine}:{}",
            self.name()
        )
    }

    /// What must come out.
    pub(crate) fn expected(&self) -> Expected {
        let number = self.number;
        Expected::Output(match self.kind {
            Kind::Wait => json!({"n": number, "kind": "wait"}),
            Kind::Chain => json!(number + 3),
            Kind::Command => json!({"n": number, "kind": "command"}),
            Kind::Retry => json!(number + 1),
            Kind::Catch => json!({"n": number, "caught": "Broken"}),
            Kind::Map | Kind::LargeMap | Kind::Distributed | Kind::Redrive => {
                let items = self.input["items"].as_array().into_iter().flatten();
                let results: Vec<u64> = items
                    .map(|item| number + item.as_u64().unwrap() + 1)
                    .collect();
                json!({"n": number, "results": results})
            }
            Kind::Parallel => json!([{"n": number}, number + 1, number + 2]),
            Kind::Nested => json!({"n": number + 1}),
            Kind::Token | Kind::Activity => return Expected::Completion,
            Kind::Express => return Expected::Unseen,
        })
    }
}

impl Kind {
    /// The state machine's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Chain => "chain",
            Self::Command => "command",
            Self::Retry => "retry",
            Self::Catch => "catch",
            Self::Map => "map",
            Self::LargeMap => "large-map",
            Self::Distributed => "distributed",
            Self::Redrive => "redrive",
            Self::Parallel => "parallel",
            Self::Token => "token",
            Self::Activity => "activity",
            Self::Nested => "nested",
            Self::Express => "express",
        }
    }

    /// The state machine's ARN.
    pub(crate) fn machine_arn(self) -> String {
        machine_arn(self.name())
    }

    /// `STANDARD` or `EXPRESS`
    pub(crate) fn machine_type(self) -> &'static str {
        if self.is_express() {
            "EXPRESS"
        } else {
            "STANDARD"
        }
    }

    /// Whether it leaves no history.
    pub(crate) fn is_express(self) -> bool {
        self == Self::Express
    }

    /// The state machine's definition.
    pub(crate) fn definition(self) -> Value {
        match self {
            Self::Wait => machine(
                "Sleep",
                json!({
                    "Sleep": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Done"},
                    "Done": {"Type": "Pass", "Parameters": {"n.$": "$.n", "kind": "wait"}, "End": true},
                }),
            ),
            Self::Chain => machine(
                "First",
                json!({
                    "First": function("$.n", "$.milliseconds", "Second"),
                    "Second": function("$.step.sum", "$.milliseconds", "Third"),
                    "Third": {
                        "Type": "Task",
                        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:add",
                        "Parameters": work("$.step.sum", "$.milliseconds"),
                        "End": true,
                    },
                }),
            ),
            Self::Command => machine(
                "Echo",
                json!({
                    "Echo": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::lambda:invoke",
                        "Parameters": {"FunctionName": "echo", "Payload": {"n.$": "$.n", "kind": "command"}},
                        "OutputPath": "$.Payload",
                        "End": true,
                    },
                }),
            ),
            Self::Retry => machine(
                "Flaky",
                json!({
                    "Flaky": {
                        "Type": "Task",
                        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:flaky",
                        "Parameters": work("$.n", "$.milliseconds"),
                        "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "BackoffRate": 1.5, "MaxAttempts": 5}],
                        "End": true,
                    },
                }),
            ),
            Self::Catch => machine(
                "Broken",
                json!({
                    "Broken": {
                        "Type": "Task",
                        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:broken",
                        "Parameters": work("$.n", "$.milliseconds"),
                        "Retry": [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 3, "MaxAttempts": 1}],
                        "Catch": [{"ErrorEquals": ["Broken"], "ResultPath": "$.failure", "Next": "Caught"}],
                        "Next": "Caught",
                    },
                    "Caught": {
                        "Type": "Pass",
                        "Parameters": {"n.$": "$.n", "caught.$": "$.failure.Error"},
                        "End": true,
                    },
                }),
            ),
            Self::Map | Self::LargeMap => machine(
                "Each",
                json!({
                    "Each": {
                        "Type": "Map",
                        "ItemsPath": "$.items",
                        "MaxConcurrency": 3,
                        "ItemSelector": {
                            "n.$": "States.MathAdd($.n, $$.Map.Item.Value)",
                            "index.$": "$$.Map.Item.Index",
                            "milliseconds.$": "$.milliseconds",
                        },
                        "ItemProcessor": machine("Add", json!({
                            "Add": {
                                "Type": "Task",
                                "Resource": "arn:aws:lambda:us-east-1:000000000000:function:add",
                                "Parameters": {
                                    "key.$": "States.Format('{}/{}', $$.Execution.Name, $.index)",
                                    "n.$": "$.n",
                                    "milliseconds.$": "$.milliseconds",
                                },
                                "End": true,
                            },
                        })),
                        "ResultPath": "$.results",
                        "Next": "Done",
                    },
                    "Done": {"Type": "Pass", "Parameters": {"n.$": "$.n", "results.$": "$.results"}, "End": true},
                }),
            ),
            Self::Distributed => distributed("add"),
            Self::Redrive => distributed("gate"),
            Self::Parallel => machine(
                "Fork",
                json!({
                    "Fork": {
                        "Type": "Parallel",
                        "Branches": [
                            machine("Sleep", json!({
                                "Sleep": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Slept"},
                                "Slept": {"Type": "Pass", "Parameters": {"n.$": "$.n"}, "End": true},
                            })),
                            machine("Add", json!({
                                "Add": {
                                    "Type": "Task",
                                    "Resource": "arn:aws:lambda:us-east-1:000000000000:function:add",
                                    "Parameters": work("$.n", "$.milliseconds"),
                                    "End": true,
                                },
                            })),
                            machine("AddOnce", json!({
                                "AddOnce": function("$.n", "$.milliseconds", "AddTwice"),
                                "AddTwice": {
                                    "Type": "Task",
                                    "Resource": "arn:aws:lambda:us-east-1:000000000000:function:add",
                                    "Parameters": work("$.step.sum", "$.milliseconds"),
                                    "End": true,
                                },
                            })),
                        ],
                        "End": true,
                    },
                }),
            ),
            Self::Token => machine(
                "Ask",
                json!({
                    "Ask": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                        "Parameters": {
                            "FunctionName": "ask",
                            "Payload": {
                                "key.$": "$$.Execution.Name",
                                "n.$": "$.n",
                                "token.$": "$$.Task.Token",
                                "milliseconds.$": "States.MathAdd($.milliseconds, 4000)",
                            },
                        },
                        "TimeoutSeconds": 600,
                        "End": true,
                    },
                }),
            ),
            Self::Activity => machine(
                "Double",
                json!({
                    "Double": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:us-east-1:000000000000:activity:double",
                        "Parameters": {"n.$": "$.n"},
                        // A worker whose poll is cut off by a crash never sees its task.
                        "HeartbeatSeconds": 5,
                        "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 30}],
                        "End": true,
                    },
                }),
            ),
            Self::Nested => machine(
                "Child",
                json!({
                    "Child": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::states:startExecution.sync:2",
                        "Parameters": {
                            "StateMachineArn": machine_arn("child"),
                            "Input.$": "$",
                        },
                        "ResultSelector": {"n.$": "$.Output"},
                        "End": true,
                    },
                }),
            ),
            Self::Express => machine(
                "First",
                json!({
                    "First": function("$.n", "$.milliseconds", "Second"),
                    "Second": {
                        "Type": "Task",
                        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:seen",
                        "Parameters": work("$.n", "$.milliseconds"),
                        "End": true,
                    },
                }),
            ),
        }
    }
}

/// The definition of a distributed Map whose children call a function.
fn distributed(function: &str) -> Value {
    let mut processor = machine(
        "Call",
        json!({
            "Call": {
                "Type": "Task",
                "Resource": format!("arn:aws:lambda:us-east-1:000000000000:function:{function}"),
                "Parameters": {
                    // A redrive is another attempt.
                    "key.$": "States.Format('{}/{}', $$.Execution.Id, $$.Execution.RedriveCount)",
                    "redrives.$": "$$.Execution.RedriveCount",
                    "index.$": "$.index",
                    "n.$": "$.n",
                    "milliseconds.$": "$.milliseconds",
                },
                "End": true,
            },
        }),
    );
    processor["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    machine(
        "Each",
        json!({
            "Each": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "MaxConcurrency": 3,
                "ItemSelector": {
                    "n.$": "States.MathAdd($.n, $$.Map.Item.Value)",
                    "index.$": "$$.Map.Item.Index",
                    "milliseconds.$": "$.milliseconds",
                },
                "ItemProcessor": processor,
                "ResultPath": "$.results",
                "Next": "Done",
            },
            "Done": {"Type": "Pass", "Parameters": {"n.$": "$.n", "results.$": "$.results"}, "End": true},
        }),
    )
}

/// The definition of the execution in an execution.
pub(crate) fn child() -> Value {
    machine(
        "Sleep",
        json!({
            "Sleep": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Add"},
            "Add": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:000000000000:function:add",
                "Parameters": work("$.n", "$.milliseconds"),
                "End": true,
            },
        }),
    )
}

/// A definition.
fn machine(start_at: &str, states: Value) -> Value {
    json!({"StartAt": start_at, "States": states})
}

/// A state that calls `add` and goes on.
fn function(number: &str, milliseconds: &str, next: &str) -> Value {
    json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "add", "Payload": work(number, milliseconds)},
        "ResultSelector": {"sum.$": "$.Payload"},
        "ResultPath": "$.step",
        "Next": next,
    })
}

/// The payload of a function: what it works on, and a key that is the same only for the same attempt.
fn work(number: &str, milliseconds: &str) -> Value {
    json!({
        "key.$": "States.Format('{}/{}/{}', $$.Execution.Id, $$.State.Name, $$.State.RetryCount)",
        "n.$": number,
        "milliseconds.$": milliseconds,
    })
}

fn machine_arn(name: &str) -> String {
    format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}")
}
