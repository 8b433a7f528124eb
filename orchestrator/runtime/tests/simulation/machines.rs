//! Random state machines, each with the output that it must give.

use serde_json::{Map, Value, json};

use crate::random::Random;

/// The ARN prefix of everything in a simulation.
const ACCOUNT: &str = "us-east-1:000000000000";

/// The activities that every simulation has.
pub(crate) const ACTIVITIES: [&str; 2] = ["review", "pack"];

/// A state machine to simulate.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) definition: String,
    /// Its own timeout in seconds.
    pub(crate) timeout: Option<u64>,
    pub(crate) ending: Ending,
}

/// How an execution of a machine ends when nobody stops it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    /// With what it adds to its input.
    Output(Map<String, Value>),
    /// With this error.
    Error(&'static str),
}

impl Ending {
    /// The output for an input, if there is one.
    pub(crate) fn output(&self, input: &Value) -> Option<Value> {
        let Self::Output(added) = self else {
            return None;
        };
        Some(with(input.clone(), added))
    }
}

/// Machines that start no others.
pub(crate) fn children(random: &Random) -> Vec<Machine> {
    (0..2)
        .map(|number| Generator::new(random, &[]).machine(format!("child{number}"), 1))
        .collect()
}

/// Machines of every kind.
pub(crate) fn parents(random: &Random, children: &[Machine]) -> Vec<Machine> {
    (0..2)
        .map(|number| Generator::new(random, children).machine(format!("parent{number}"), 2))
        .collect()
}

struct Generator<'a> {
    random: &'a Random,
    children: &'a [Machine],
    names: u64,
    /// How many iterations the Maps around the current state make of it.
    iterations: u64,
}

/// How often a state is run at most because of the Maps around it.
const MOST_ITERATIONS: u64 = 60;

/// States in a row, and what they add to their input.
struct Block {
    states: Map<String, Value>,
    start: String,
    adds: Map<String, Value>,
}

/// One state, perhaps with a second one behind it, and what it adds to its input.
struct Part {
    states: Vec<(String, Value)>,
    adds: Value,
}

impl<'a> Generator<'a> {
    fn new(random: &'a Random, children: &'a [Machine]) -> Self {
        Self {
            random,
            children,
            names: 0,
            iterations: 1,
        }
    }

    fn machine(mut self, name: String, depth: u32) -> Machine {
        let mut block = self.block(depth);
        let fails = self.random.once_in(8);
        if fails {
            let state = json!({"Type": "Fail", "Error": "Refused", "Cause": "as planned"});
            self.append(&mut block, vec![("End".to_owned(), state)]);
        }
        let mut definition = json!({"StartAt": block.start, "States": block.states});
        let timeout = (depth > 1 && self.random.once_in(5)).then(|| self.random.between(60, 600));
        if let Some(seconds) = timeout {
            definition["TimeoutSeconds"] = seconds.into();
        }
        Machine {
            name,
            definition: definition.to_string(),
            timeout,
            ending: if fails {
                Ending::Error("Refused")
            } else {
                Ending::Output(block.adds)
            },
        }
    }

    fn block(&mut self, depth: u32) -> Block {
        let mut block = Block {
            states: Map::new(),
            start: String::new(),
            adds: Map::new(),
        };
        for _ in 0..self.random.between(1, if depth > 1 { 4 } else { 2 }) {
            let name = self.name();
            let part = self.part(&name, depth);
            block.adds.insert(name, part.adds);
            self.append(&mut block, part.states);
        }
        block
    }

    /// Puts states behind the last one of the block: whatever has no Next goes on to them.
    fn append(&self, block: &mut Block, states: Vec<(String, Value)>) {
        for (name, mut state) in states {
            if block.start.is_empty() {
                block.start.clone_from(&name);
            }
            for earlier in block.states.values_mut() {
                if let Some(earlier) = earlier.as_object_mut()
                    && earlier.remove("End").is_some()
                {
                    earlier.insert("Next".to_owned(), name.clone().into());
                }
            }
            let is_open = state["Type"] != "Fail" && state.get("Next").is_none();
            if is_open {
                state["End"] = true.into();
            }
            block.states.insert(name, state);
        }
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("s{}", self.names)
    }

    fn part(&mut self, name: &str, depth: u32) -> Part {
        loop {
            return match self.random.between(0, 9) {
                0 => self.pass(name),
                1 => self.wait(name),
                2 | 3 => self.function(name),
                4 => self.token(name),
                5 => self.activity(name),
                6 if depth > 0 => self.parallel(name, depth - 1),
                7 if depth > 0 => self.map(name, depth - 1),
                8 if !self.children.is_empty() => self.nested(name),
                9 if !self.children.is_empty() => self.fire_and_forget(name),
                _ => continue,
            };
        }
    }

    fn pass(&self, name: &str) -> Part {
        let value = json!(self.random.between(0, 99));
        let state = json!({"Type": "Pass", "Result": value, "ResultPath": format!("$.{name}")});
        one(name, state, value)
    }

    fn wait(&self, name: &str) -> Part {
        let wait = format!("{name}w");
        let seconds = self.random.between(1, 300);
        let mut part = self.pass(name);
        part.states
            .insert(0, (wait, json!({"Type": "Wait", "Seconds": seconds})));
        part
    }

    /// What the simulated task does, and where its attempts are counted.
    fn script(&self, name: &str, script: Value) -> Value {
        json!({"script": script, "key.$": format!("States.Format('{name}/{{}}', $.i)")})
    }

    fn function(&self, name: &str) -> Part {
        let value = self.random.between(0, 999);
        let flaky = self.random.between(0, 2);
        let is_doomed = self.random.once_in(5);
        let hangs = if self.random.once_in(4) { 1 } else { 0 };
        let parameters = self.script(
            name,
            json!({"value": value, "latency": self.latency(), "flaky": flaky, "hangs": hangs, "doomed": is_doomed}),
        );
        let mut state = if self.random.once_in(2) {
            json!({"Resource": format!("arn:aws:lambda:{ACCOUNT}:function:work"), "Parameters": parameters})
        } else {
            json!({"Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "work", "Payload": parameters}})
        };
        if hangs > 0 {
            state["TimeoutSeconds"] = 40.into();
        }
        self.finish_task(name, state, value, is_doomed)
    }

    fn token(&self, name: &str) -> Part {
        let value = self.random.between(0, 999);
        let flaky = self.random.between(0, 1);
        let is_doomed = self.random.once_in(6);
        let mut parameters = self.script(
            name,
            json!({"value": value, "latency": self.latency(), "flaky": flaky, "doomed": is_doomed, "callback": self.latency()}),
        );
        parameters["token.$"] = "$$.Task.Token".into();
        let mut state = json!({
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": "work", "Payload": parameters},
        });
        if self.random.once_in(3) {
            state["HeartbeatSeconds"] = 60.into();
        }
        self.finish_task(name, state, value, is_doomed)
    }

    fn activity(&self, name: &str) -> Part {
        let value = self.random.between(0, 999);
        let flaky = self.random.between(0, 1);
        let is_doomed = self.random.once_in(6);
        let activity = self.random.pick(&ACTIVITIES);
        let state = json!({
            "Resource": format!("arn:aws:states:{ACCOUNT}:activity:{activity}"),
            "Parameters": self.script(
                name,
                json!({"value": value, "flaky": flaky, "doomed": is_doomed, "callback": self.latency()}),
            ),
            "HeartbeatSeconds": 30,
        });
        self.finish_task(name, state, value, is_doomed)
    }

    fn finish_task(&self, name: &str, mut state: Value, value: u64, is_doomed: bool) -> Part {
        let result_path = format!("$.{name}");
        state["Type"] = "Task".into();
        state["ResultSelector"] = json!({"v.$": "$.v"});
        state["ResultPath"] = result_path.clone().into();
        state["Retry"] = json!([
            {"ErrorEquals": ["Flaky"], "IntervalSeconds": self.random.between(1, 3), "MaxAttempts": 3},
            {"ErrorEquals": ["States.Timeout", "States.HeartbeatTimeout"], "IntervalSeconds": 1,
                "BackoffRate": 1, "MaxAttempts": 1000},
        ]);
        if !is_doomed {
            return one(name, state, json!({"v": value}));
        }
        let after = format!("{name}c");
        state["Catch"] =
            json!([{"ErrorEquals": ["Doomed"], "ResultPath": result_path, "Next": after}]);
        let caught = json!({"Error": "Doomed", "Cause": "as planned"});
        Part {
            states: vec![(name.to_owned(), state), (after, json!({"Type": "Pass"}))],
            adds: caught,
        }
    }

    fn parallel(&mut self, name: &str, depth: u32) -> Part {
        let blocks: Vec<Block> = (0..self.random.between(1, 3))
            .map(|_| self.block(depth))
            .collect();
        let outputs: Vec<Value> = blocks
            .iter()
            .map(|block| block.adds.clone().into())
            .collect();
        let branches: Vec<Value> = blocks.into_iter().map(Block::definition).collect();
        let state = json!({
            "Type": "Parallel",
            "Parameters": {"i.$": "$.i"},
            "Branches": branches,
            "ResultPath": format!("$.{name}"),
        });
        // Each branch hands its own `i` on, which only the execution knows.
        let adds = outputs.into_iter().map(|output| json!({"+i": output}));
        one(name, state, adds.collect())
    }

    fn map(&mut self, name: &str, depth: u32) -> Part {
        let length = match self.random.between(0, 29) {
            0 => MOST_ITERATIONS,
            _ => self.random.between(0, 4),
        };
        let length = length.min(MOST_ITERATIONS / self.iterations);
        let around = self.iterations;
        self.iterations = around * length.max(1);
        let block = self.block(depth);
        self.iterations = around;
        let is_distributed = !self.children.is_empty() && self.random.once_in(3);
        let items: Vec<u64> = (0..length).collect();
        let adds = block.adds.clone();
        let mut state = json!({
            "Type": "Map",
            "ItemsPath": format!("$.{name}"),
            "ItemSelector": {"i.$": "States.Format('{}.{}', $.i, $$.Map.Item.Index)"},
            "ItemProcessor": block.definition(),
            "ResultPath": format!("$.{name}"),
        });
        if self.random.once_in(2) {
            state["MaxConcurrency"] = self.random.between(1, 3).into();
        }
        if is_distributed {
            // An Express child leaves only the ends of its history, which tell nothing of tasks and Map Runs.
            let text = state.to_string();
            let is_more = text.contains("\"Task\"") || text.contains("\"DISTRIBUTED\"");
            // Nor may it take as long as one may.
            let is_long = longest_waits(&state) > 30;
            let child_type = match is_more || is_long || self.random.once_in(2) {
                true => "STANDARD",
                false => "EXPRESS",
            };
            state["ItemProcessor"]["ProcessorConfig"] =
                json!({"Mode": "DISTRIBUTED", "ExecutionType": child_type});
        }
        let before = json!({"Type": "Pass", "Result": items, "ResultPath": format!("$.{name}")});
        let outputs = (0..length).map(|index| json!({format!("+i.{index}"): adds}));
        Part {
            states: vec![(format!("{name}i"), before), (name.to_owned(), state)],
            adds: outputs.collect(),
        }
    }

    fn nested(&self, name: &str) -> Part {
        let child = self.random.pick(self.children);
        let is_parsed = self.random.once_in(2);
        let output = if is_parsed {
            "$.Output"
        } else {
            "States.StringToJson($.Output)"
        };
        let mut state = json!({
            "Type": "Task",
            "Resource": format!("arn:aws:states:::states:startExecution.sync{}", if is_parsed { ":2" } else { "" }),
            "Parameters": self.start_parameters(name, child),
            "ResultSelector": {"o.$": output},
            "ResultPath": format!("$.{name}"),
        });
        match &child.ending {
            Ending::Output(adds) => one(name, state, json!({"o": {"+i": adds}})),
            Ending::Error(_) => {
                let after = format!("{name}c");
                state["Catch"] = json!([{"ErrorEquals": ["States.TaskFailed"], "Next": after, "ResultPath": format!("$.{name}")}]);
                state["Next"] = format!("{name}x").into();
                let caught =
                    json!({"Type": "Pass", "Result": "caught", "ResultPath": format!("$.{name}")});
                let wrong = json!({"Type": "Fail", "Error": "NotCaught"});
                Part {
                    states: vec![
                        (name.to_owned(), state),
                        (format!("{name}x"), wrong),
                        (after, caught),
                    ],
                    adds: "caught".into(),
                }
            }
        }
    }

    fn fire_and_forget(&self, name: &str) -> Part {
        let child = self.random.pick(self.children);
        let state = json!({
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Parameters": self.start_parameters(name, child),
            "ResultSelector": {"started": true},
            "ResultPath": format!("$.{name}"),
        });
        one(name, state, json!({"started": true}))
    }

    fn start_parameters(&self, name: &str, child: &Machine) -> Value {
        let mut parameters = json!({
            "StateMachineArn": format!("arn:aws:states:{ACCOUNT}:stateMachine:{}", child.name),
            "Input": {"i.$": "$.i"},
        });
        if self.random.once_in(2) {
            parameters["Name.$"] =
                format!("States.Format('{{}}-{name}-{{}}', $$.Execution.Name, $.i)").into();
        }
        parameters
    }

    fn latency(&self) -> u64 {
        match self.random.between(0, 2) {
            0 => 0,
            1 => self.random.between(1, 50),
            _ => self.random.between(100, 20_000),
        }
    }
}

impl Block {
    fn definition(self) -> Value {
        json!({"StartAt": self.start, "States": self.states})
    }
}

fn one(name: &str, state: Value, adds: Value) -> Part {
    Part {
        states: vec![(name.to_owned(), state)],
        adds,
    }
}

/// The input with what was added; `+i…` in an addition stands for an object that begins with its own `i`.
fn with(input: Value, adds: &Map<String, Value>) -> Value {
    let own = input["i"].as_str().unwrap_or_default().to_owned();
    let mut output = input;
    for (name, added) in adds {
        output[name] = resolve(added, &own);
    }
    output
}

fn resolve(added: &Value, own: &str) -> Value {
    match added {
        Value::Array(items) => items.iter().map(|item| resolve(item, own)).collect(),
        Value::Object(members) => {
            if let Some((key, Value::Object(adds))) = members.iter().next()
                && let Some(suffix) = key.strip_prefix("+i")
            {
                return with(json!({"i": format!("{own}{suffix}")}), adds);
            }
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), resolve(value, own)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

/// How many seconds all Wait states take together, each once.
fn longest_waits(value: &Value) -> u64 {
    match value {
        Value::Object(members) => {
            let own = members.get("Seconds").and_then(Value::as_u64);
            own.unwrap_or(0) + members.values().map(longest_waits).sum::<u64>()
        }
        Value::Array(elements) => elements.iter().map(longest_waits).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
