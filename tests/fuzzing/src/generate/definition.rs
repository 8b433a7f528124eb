//! Definitions of state machines: states that lead somewhere, with fields of their kind and expressions of either language.

use serde_json::{Map, Value, json};
use tests::support::random::Random;

use crate::generate::{intrinsic, jsonata, path, pick};

/// A definition.
pub fn definition(random: &mut Random) -> String {
    let mut maker = Maker {
        states: 0,
        strange: random.percent(40),
        random,
    };
    let jsonata = maker.random.percent(30);
    let mut machine = maker.block(0, jsonata);
    if jsonata {
        machine.insert("QueryLanguage".into(), json!("JSONata"));
    }
    if maker.random.percent(20) {
        machine.insert("TimeoutSeconds".into(), json!(maker.number()));
    }
    Value::Object(machine).to_string()
}

struct Maker<'r> {
    random: &'r mut Random,
    states: usize,
    /// Whether expressions may be anything.
    strange: bool,
}

impl Maker<'_> {
    fn block(&mut self, depth: u32, jsonata: bool) -> Map<String, Value> {
        let count = 1 + self.random.below(3);
        let names: Vec<String> = (0..count)
            .map(|_| {
                self.states += 1;
                format!("S{}", self.states)
            })
            .collect();
        let states: Map<String, Value> = names
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let jsonata_too = jsonata || self.random.percent(25);
                let mut state = self.state(&names, index, depth, jsonata_too);
                if jsonata_too && !jsonata {
                    state.insert("QueryLanguage".into(), json!("JSONata"));
                }
                (name.clone(), Value::Object(state))
            })
            .collect();
        let mut block = Map::new();
        block.insert("StartAt".into(), json!(names[0]));
        block.insert("States".into(), Value::Object(states));
        block
    }

    fn state(
        &mut self,
        names: &[String],
        index: usize,
        depth: u32,
        jsonata: bool,
    ) -> Map<String, Value> {
        let next = names.get(index + 1);
        let kinds: &[&str] = match (next.is_some(), depth < 2) {
            (true, true) => &[
                "Pass", "Task", "Task", "Wait", "Choice", "Parallel", "Map", "Map",
            ],
            (true, false) => &["Pass", "Task", "Wait", "Choice"],
            (false, true) => &["Pass", "Task", "Succeed", "Fail", "Parallel", "Map"],
            (false, false) => &["Pass", "Task", "Succeed", "Fail"],
        };
        let kind = pick(self.random, kinds);
        let mut state = Map::new();
        state.insert("Type".into(), json!(kind));
        match (kind, next) {
            ("Succeed" | "Fail", _) => {}
            ("Choice", Some(next)) => {
                state.insert("Default".into(), json!(next));
                let rules: Vec<Value> = (0..=self.random.below(2))
                    .map(|_| self.rule(next, jsonata))
                    .collect();
                state.insert("Choices".into(), json!(rules));
            }
            (_, Some(next)) => {
                state.insert("Next".into(), json!(next));
            }
            (_, None) => {
                state.insert("End".into(), json!(true));
            }
        }
        match kind {
            "Task" => self.task(&mut state, jsonata),
            "Wait" => self.wait(&mut state, jsonata),
            "Fail" => self.fail(&mut state, jsonata),
            "Parallel" => {
                let branches: Vec<Value> = (0..=self.random.below(2))
                    .map(|_| Value::Object(self.block(depth + 1, jsonata)))
                    .collect();
                state.insert("Branches".into(), json!(branches));
            }
            "Map" => self.map(&mut state, depth, jsonata),
            _ => {}
        }
        if matches!(kind, "Task" | "Parallel" | "Map") {
            let target = self.index(names.len());
            self.on_error(&mut state, &names[target], jsonata);
        }
        self.data(&mut state, kind, jsonata);
        state
    }

    fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.random.below(count as u64)).unwrap_or(0)
    }

    fn data(&mut self, state: &mut Map<String, Value>, kind: &str, jsonata: bool) {
        if kind == "Fail" {
            return;
        }
        if jsonata {
            if self.random.percent(40) {
                let output = self.template(true, 2);
                state.insert("Output".into(), output);
            }
            if matches!(kind, "Task" | "Parallel") && self.random.percent(40) {
                let arguments = self.template(true, 2);
                state.insert("Arguments".into(), arguments);
            }
        } else {
            if self.random.percent(15) {
                let path = self.path();
                state.insert("InputPath".into(), json!(path));
            }
            if self.random.percent(15) {
                let path = self.path();
                state.insert("OutputPath".into(), json!(path));
            }
            if matches!(kind, "Pass" | "Task" | "Parallel") && self.random.percent(40) {
                let parameters = self.template(false, 2);
                state.insert("Parameters".into(), parameters);
            }
            if matches!(kind, "Task" | "Parallel" | "Map") && self.random.percent(30) {
                let selector = self.template(false, 1);
                state.insert("ResultSelector".into(), selector);
            }
            if matches!(kind, "Pass" | "Task" | "Parallel" | "Map") && self.random.percent(30) {
                let path = pick(
                    self.random,
                    &["$", "$.r", "$.a.b.c", "$.list[0]", "$['x y'].z", "$.c[1].d"],
                );
                state.insert("ResultPath".into(), json!(path));
            }
        }
        if kind != "Succeed" && self.random.percent(30) {
            let name = pick(self.random, &["v", "x", "y"]);
            let (name, value) = if jsonata {
                (name.to_owned(), self.template(true, 1))
            } else {
                (format!("{name}.$"), json!(self.expression(false)))
            };
            state.insert("Assign".into(), json!({ name: value }));
        }
    }

    fn task(&mut self, state: &mut Map<String, Value>, jsonata: bool) {
        let resource = pick(
            self.random,
            &[
                "arn:aws:lambda:us-east-1:123456789012:function:call",
                "arn:aws:states:::lambda:invoke",
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "arn:aws:states:::batch:submitJob.sync",
                "arn:aws:states:::states:startExecution.sync:2",
                "arn:aws:states:us-east-1:123456789012:activity:work",
                "arn:aws:states:::aws-sdk:s3:getObject",
                "arn:aws:states:::http:invoke",
            ],
        );
        state.insert("Resource".into(), json!(resource));
        if self.random.percent(30) {
            let seconds = self.amount(jsonata);
            state.insert("TimeoutSeconds".into(), seconds);
        }
        if self.random.percent(20) {
            let seconds = self.amount(jsonata);
            state.insert("HeartbeatSeconds".into(), seconds);
        }
        if !jsonata && self.random.percent(10) {
            state.remove("TimeoutSeconds");
            let path = self.path();
            state.insert("TimeoutSecondsPath".into(), json!(path));
        }
    }

    fn wait(&mut self, state: &mut Map<String, Value>, jsonata: bool) {
        let (name, value) = match (self.random.below(4), jsonata) {
            (0, _) => ("Seconds", self.amount(jsonata)),
            (1, _) => ("Timestamp", json!("2026-11-22T20:00:05Z")),
            (2, false) => ("SecondsPath", json!("$.n")),
            (_, false) => ("TimestampPath", json!(self.path())),
            (_, true) => ("Timestamp", json!(self.query())),
        };
        state.insert(name.into(), value);
    }

    fn fail(&mut self, state: &mut Map<String, Value>, jsonata: bool) {
        for name in ["Error", "Cause"] {
            match (self.random.below(3), jsonata) {
                (0, _) => {}
                (1, false) => {
                    state.insert(format!("{name}Path"), json!(self.expression(false)));
                }
                (1, true) => {
                    state.insert(name.into(), json!(self.query()));
                }
                _ => {
                    state.insert(name.into(), json!("Boom"));
                }
            }
        }
    }

    fn map(&mut self, state: &mut Map<String, Value>, depth: u32, jsonata: bool) {
        let mut processor = self.block(depth + 1, jsonata);
        let distributed = self.random.percent(30);
        if distributed {
            let config = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
            processor.insert("ProcessorConfig".into(), config);
            if self.random.percent(30) {
                let amount = self.amount(jsonata);
                state.insert("ToleratedFailurePercentage".into(), amount);
            }
            if self.random.percent(30) {
                let amount = self.amount(jsonata);
                state.insert("ItemBatcher".into(), json!({ "MaxItemsPerBatch": amount }));
            }
        }
        state.insert("ItemProcessor".into(), Value::Object(processor));
        match (self.random.below(3), jsonata) {
            (0, false) => {
                let path = self.path();
                state.insert("ItemsPath".into(), json!(path));
            }
            (0, true) => {
                let items = self.query();
                state.insert("Items".into(), json!(items));
            }
            (1, true) => {
                state.insert("Items".into(), json!("{% [1..3] %}"));
            }
            (1, false) => {
                state.insert("ItemsPath".into(), json!("$.list"));
            }
            _ => {}
        }
        if self.random.percent(30) {
            let selector = if jsonata {
                json!({ "i": "{% $states.context.Map.Item.Index %}", "q": self.query() })
            } else {
                json!({ "v.$": "$$.Map.Item.Value", "q.$": self.expression(false) })
            };
            state.insert("ItemSelector".into(), selector);
        }
        if self.random.percent(30) {
            let amount = self.amount(jsonata);
            state.insert("MaxConcurrency".into(), amount);
        }
    }

    fn on_error(&mut self, state: &mut Map<String, Value>, next: &str, jsonata: bool) {
        let errors = [
            "States.ALL",
            "States.TaskFailed",
            "States.Timeout",
            "States.Runtime",
            "Boom",
            "States.HeartbeatTimeout",
        ];
        if self.random.percent(40) {
            let mut retrier = json!({ "ErrorEquals": [pick(self.random, &errors)] });
            if self.random.percent(70) {
                retrier["MaxAttempts"] = json!(self.random.below(4));
            }
            if self.random.percent(30) {
                retrier["IntervalSeconds"] = json!(self.number().max(1));
                retrier["BackoffRate"] = json!(*self.random.one_of(&[1.0, 1.5, 10.0, 1e300]));
            }
            if self.random.percent(30) {
                retrier["MaxDelaySeconds"] = json!(1 + self.random.below(100));
                retrier["JitterStrategy"] = json!("FULL");
            }
            state.insert("Retry".into(), json!([retrier]));
        }
        if self.random.percent(40) {
            let mut catcher = json!({ "ErrorEquals": [pick(self.random, &errors)], "Next": next });
            if jsonata && self.random.percent(50) {
                catcher["Output"] = self.template(true, 1);
            } else if !jsonata && self.random.percent(50) {
                catcher["ResultPath"] = json!("$.caught");
            }
            state.insert("Catch".into(), json!([catcher]));
        }
    }

    fn rule(&mut self, next: &str, jsonata: bool) -> Value {
        if jsonata {
            let condition = pick(
                self.random,
                &[
                    "$exists($states.input)",
                    "$states.input.n > 1",
                    "true",
                    "$states.input.a = 1",
                ],
            );
            return json!({ "Condition": format!("{{% {condition} %}}"), "Next": next });
        }
        let mut rule = self.test(2);
        rule["Next"] = json!(next);
        rule
    }

    fn test(&mut self, depth: u32) -> Value {
        match self.random.below(if depth == 0 { 1 } else { 4 }) {
            1 => json!({ "Not": self.test(depth - 1) }),
            2 => json!({ "And": [self.test(depth - 1), self.test(depth - 1)] }),
            3 => json!({ "Or": [self.test(depth - 1), { "Variable": "$.a", "IsPresent": true }] }),
            _ => {
                let variable = self.path();
                let (operator, value) = match self.random.below(6) {
                    0 => (
                        pick(self.random, &["IsPresent", "IsNull", "IsTimestamp"]),
                        json!(true),
                    ),
                    1 => (
                        pick(self.random, &["NumericEquals", "NumericGreaterThan"]),
                        json!(1.5),
                    ),
                    2 => (
                        pick(self.random, &["StringEqualsPath", "TimestampLessThanPath"]),
                        json!(self.path()),
                    ),
                    3 => (
                        "StringMatches",
                        json!(pick(self.random, &["*", "a*b\\\\*", "**x", "\\*"])),
                    ),
                    4 => ("TimestampGreaterThan", json!("2026-11-22T20:00:03Z")),
                    _ => ("StringLessThan", json!("text")),
                };
                json!({ "Variable": variable, operator: value })
            }
        }
    }

    fn number(&mut self) -> u64 {
        *self.random.one_of(&[0, 1, 2, 3, 10, 60, 99_999_999])
    }

    fn amount(&mut self, jsonata: bool) -> Value {
        if jsonata && self.random.percent(40) {
            return json!(pick(
                self.random,
                &[
                    "{% 1 %}",
                    "{% $states.input.n %}",
                    "{% 2.5 %}",
                    "{% -1 %}",
                    "{% 1e300 %}",
                    "{% 'a' %}"
                ]
            ));
        }
        json!(self.number().max(1))
    }

    fn template(&mut self, jsonata: bool, depth: u32) -> Value {
        if jsonata {
            return match self.random.below(if depth == 0 { 2 } else { 4 }) {
                0 => json!(self.query()),
                1 => json!({ "a": self.query(), "n": 1 }),
                2 => json!([self.template(true, depth - 1), null]),
                _ => json!({ "list": [self.template(true, depth - 1)], "s": "text" }),
            };
        }
        match self.random.below(if depth == 0 { 2 } else { 4 }) {
            0 => json!({ "a.$": self.expression(false) }),
            1 => json!({ "a.$": "$", "list": [1, 2], "n": 3 }),
            2 => json!({ "o": self.template(false, depth - 1), "x.$": self.expression(false) }),
            _ => json!({ "list": [self.template(false, depth - 1), 2] }),
        }
    }

    fn expression(&mut self, strange: bool) -> String {
        if self.random.percent(30) {
            return intrinsic::call(self.random, 1 + u32::from(strange));
        }
        self.path()
    }

    fn path(&mut self) -> String {
        if self.strange && self.random.percent(30) {
            return path::path(self.random);
        }
        pick(
            self.random,
            &[
                "$",
                "$.a",
                "$.list",
                "$.list[0]",
                "$..a",
                "$.c[*]",
                "$.n",
                "$.s",
                "$.gone",
                "$$.Execution.Input",
                "$$.State.Name",
                "$$",
                "$v",
                "$x",
                "$.list.length()",
                "$.c[?(@.a==1)]",
            ],
        )
        .to_owned()
    }

    fn query(&mut self) -> String {
        let expression = if self.strange && self.random.percent(40) {
            jsonata::expression(self.random, 2)
        } else {
            pick(
                self.random,
                &[
                    "$states.input",
                    "$states.input.list",
                    "$states.input.a + 1",
                    "$states.result",
                    "$states.errorOutput",
                    "$states.context.Execution.Input",
                    "$count($states.input.list)",
                    "[1..3]",
                    "$v",
                    "$x & 'a'",
                    "$uuid()",
                    "$merge([$states.input, {'a': 1}])",
                    "$string($states.input)",
                    "$now()",
                ],
            )
            .to_owned()
        };
        format!("{{% {expression} %}}")
    }
}
