//! Random machines with all kinds of states, made from bytes: fewer and smaller bytes make simpler machines.

use serde_json::{Map, Value, json};

/// Bytes to choose by; zeros when they are used up.
pub(crate) struct Choices<'b> {
    bytes: &'b [u8],
}

impl<'b> Choices<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A number below the bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let Some((&byte, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        usize::from(byte) % bound
    }

    pub(crate) fn one_of<'o, T: ?Sized>(&mut self, options: &[&'o T]) -> &'o T {
        options[self.below(options.len())]
    }

    fn chance(&mut self, in_how_many: usize) -> bool {
        self.below(in_how_many) == in_how_many - 1
    }
}

/// Whether machines may draw random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Randomness {
    Allowed,
    Forbidden,
}

/// A definition.
pub(crate) fn machine(choices: &mut Choices<'_>, randomness: Randomness) -> String {
    let mut generator = Generator {
        choices,
        randomness,
        states: 0,
        scopes: Vec::new(),
        blocks: 0,
    };
    let mut machine = generator.block(0);
    if generator.choices.chance(4) {
        machine.insert("TimeoutSeconds".into(), json!(20));
    }
    Value::Object(machine).to_string()
}

/// An input that many of the paths below lead into.
pub(crate) fn payload(choices: &mut Choices<'_>) -> String {
    let full = r#"{"a": 1, "n": 2, "list": [1, {"list": [3]}, [4]], "s": "text", "o": {"x": [true, null]}}"#;
    let options = [
        full,
        full,
        full,
        full,
        r#"{"list": [], "a": {"list": [1]}, "at": "2026-11-22T20:00:03Z", "n": 3}"#,
        "[1, {\"a\": 2}, []]",
        "\"text\"",
        "null",
    ];
    choices.one_of(&options).to_owned()
}

struct Generator<'c, 'b> {
    choices: &'c mut Choices<'b>,
    randomness: Randomness,
    states: usize,
    /// The variables that each scope around has set, outermost first.
    scopes: Vec<Vec<String>>,
    blocks: usize,
}

impl Generator<'_, '_> {
    fn block(&mut self, depth: usize) -> Map<String, Value> {
        self.blocks += 1;
        self.scopes.push(vec![format!("v{}", self.blocks)]);
        let names: Vec<String> = (0..=self.choices.below(4))
            .map(|_| {
                self.states += 1;
                format!("S{}", self.states)
            })
            .collect();
        let states: Map<String, Value> = names
            .iter()
            .enumerate()
            .map(|(index, name)| (name.clone(), self.state(&names, index, depth)))
            .collect();
        self.scopes.pop();
        let block = json!({ "StartAt": names[0], "States": states });
        let Value::Object(block) = block else {
            unreachable!("it was made as an object")
        };
        block
    }

    fn state(&mut self, names: &[String], index: usize, depth: usize) -> Value {
        let next = names.get(index + 1);
        let kinds = if depth < 3 { 9 } else { 7 };
        let mut state = match (self.choices.below(kinds), next) {
            (1, _) => self.task(),
            (2, Some(_)) => self.choice(names),
            (3, _) => self.wait(),
            (4, None) => self.succeed(),
            (5, None) => self.fail(),
            (6, _) => self.task(),
            (7, _) => self.parallel(depth),
            (8, _) => self.map(depth),
            _ => self.pass(),
        };
        let kind = state["Type"].as_str().unwrap_or_default().to_owned();
        let fields = state.as_object_mut().expect("a state is an object");
        match (kind.as_str(), next) {
            ("Succeed" | "Fail", _) => {}
            ("Choice", Some(next)) => {
                fields.insert("Default".into(), json!(next));
            }
            (_, Some(next)) => {
                fields.insert("Next".into(), json!(next));
            }
            (_, None) => {
                fields.insert("End".into(), json!(true));
            }
        }
        if matches!(kind.as_str(), "Task" | "Parallel" | "Map") {
            self.on_error(fields, names);
        }
        if kind != "Fail" {
            self.paths(fields, &kind);
        }
        if self.choices.chance(4) {
            self.speak_jsonata(fields, &kind);
        }
        state
    }

    /// Makes a state of the other language of it: what JSONata has no field for goes, and other fields come.
    fn speak_jsonata(&mut self, fields: &mut Map<String, Value>, kind: &str) {
        fields.insert("QueryLanguage".into(), json!("JSONata"));
        fields.retain(|name, _| {
            let is_path = name.ends_with("Path");
            !is_path && !matches!(name.as_str(), "Parameters" | "ResultSelector" | "Result")
        });
        if fields.contains_key("Assign") {
            let name = self.scopes.last().expect("a block has a scope")[0].clone();
            let value = self.query();
            fields.insert("Assign".into(), json!({ name: value }));
        }
        match kind {
            "Task" | "Parallel" if self.choices.chance(2) => {
                let arguments = self.query_template();
                fields.insert("Arguments".into(), arguments);
            }
            "Wait" => {
                fields.remove("Timestamp");
                let seconds = ["{% 2 %}", "{% $states.input.n %}", "{% 1 + 1 %}"];
                let seconds = self.choices.one_of(&seconds);
                fields.insert("Seconds".into(), json!(seconds));
            }
            "Fail" => {
                let error = self.query();
                fields.insert("Error".into(), error);
            }
            "Map" => {
                let items = ["{% $states.context.Execution.Input.list %}", "{% [1..3] %}"];
                let items = self.choices.one_of(&items);
                fields.insert("Items".into(), json!(items));
                fields.remove("ItemSelector");
                if self.choices.chance(2) {
                    let selector = json!({ "i": "{% $states.context.Map.Item.Index %}" });
                    fields.insert("ItemSelector".into(), selector);
                }
            }
            "Choice" => {
                let conditions = [
                    "{% $exists($states.input) %}",
                    "{% $states.input.n > 1 %}",
                    "{% $states.input = 'text' %}",
                ];
                let condition = self.choices.one_of(&conditions);
                for rule in fields["Choices"].as_array_mut().into_iter().flatten() {
                    *rule = json!({ "Condition": condition, "Next": rule["Next"] });
                }
            }
            _ => {}
        }
        for catcher in fields
            .get_mut("Catch")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let catcher = catcher.as_object_mut().expect("a catcher is an object");
            if catcher.remove("ResultPath").is_some() {
                catcher.insert("Output".into(), json!({ "e": "{% $states.errorOutput %}" }));
            }
        }
        if kind != "Fail" && self.choices.chance(2) {
            let output = self.query_template();
            fields.insert("Output".into(), output);
        }
    }

    fn query_template(&mut self) -> Value {
        let query = self.query();
        match self.choices.below(3) {
            0 => query,
            1 => json!({ "list": [query, 2] }),
            _ => json!({ "a": 1, "list": "{% [$states.input, 1] %}", "q": query }),
        }
    }

    /// An expression; some fail.
    fn query(&mut self) -> Value {
        if self.choices.chance(12) {
            let scope = self.choices.below(self.scopes.len());
            return json!(format!("{{% ${} %}}", self.scopes[scope][0]));
        }
        let options = [
            "{% $states.input %}",
            "{% $states.context.Execution.Input.list %}",
            "{% $count($states.input.list) %}",
            "{% $states.context.State.Name %}",
            "{% $states.input.a + 1 %}",
            "{% $exists($states.result) %}",
            "{% $uuid() %}",
        ];
        let drawn = match self.randomness {
            Randomness::Allowed => options.len(),
            Randomness::Forbidden => options.len() - 1,
        };
        json!(self.choices.one_of(&options[..drawn]))
    }

    fn paths(&mut self, fields: &mut Map<String, Value>, kind: &str) {
        if self.choices.chance(9) {
            let path = self.path();
            fields.insert("InputPath".into(), path.into());
        }
        if self.choices.chance(12) {
            let path = self.path();
            fields.insert("OutputPath".into(), path.into());
        }
        if kind == "Succeed" {
            return;
        }
        if self.choices.chance(4) {
            let name = self.scopes.last().expect("a block has a scope")[0].clone();
            let value = self.path();
            fields.insert("Assign".into(), json!({ format!("{name}.$"): value }));
        }
        if matches!(kind, "Pass" | "Task" | "Parallel" | "Map") && self.choices.chance(3) {
            let path = match self.choices.below(5) {
                0 => Value::Null,
                1 => json!("$.list[0]"),
                2 => json!("$.deep.er"),
                _ => json!("$"),
            };
            fields.insert("ResultPath".into(), path);
        }
        if matches!(kind, "Task" | "Parallel" | "Map") && self.choices.chance(6) {
            let selector = self.template();
            fields.insert("ResultSelector".into(), selector);
        }
    }

    fn on_error(&mut self, fields: &mut Map<String, Value>, names: &[String]) {
        let errors = [
            "States.ALL",
            "States.TaskFailed",
            "States.Timeout",
            "Boom",
            "States.HeartbeatTimeout",
        ];
        if self.choices.chance(2) {
            let mut retrier = json!({
                "ErrorEquals": [self.choices.one_of(&errors)],
                "MaxAttempts": self.choices.below(3),
                "IntervalSeconds": 1 + self.choices.below(3),
            });
            if self.randomness == Randomness::Allowed && self.choices.chance(2) {
                retrier["JitterStrategy"] = json!("FULL");
            }
            fields.insert("Retry".into(), json!([retrier]));
        }
        if self.choices.chance(2) {
            let next = &names[self.choices.below(names.len())];
            let mut catcher = json!({
                "ErrorEquals": [self.choices.one_of(&errors)],
                "Next": next,
            });
            if self.choices.chance(2) {
                catcher["ResultPath"] = json!("$.caught");
            }
            fields.insert("Catch".into(), json!([catcher]));
        }
    }

    fn pass(&mut self) -> Value {
        let mut pass = json!({ "Type": "Pass" });
        match self.choices.below(4) {
            0 | 3 => {}
            1 => pass["Result"] = json!({ "a": 1, "list": [1, 2] }),
            _ => pass["Parameters"] = self.template(),
        }
        pass
    }

    fn task(&mut self) -> Value {
        let resource = self.choices.one_of(&[
            "arn:aws:lambda:us-east-1:123456789012:function:call",
            "arn:aws:states:::sns:publish",
            "arn:aws:states:::batch:submitJob.sync",
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "arn:aws:states:us-east-1:123456789012:activity:work",
        ]);
        let mut task = json!({ "Type": "Task", "Resource": resource });
        if self.choices.chance(2) {
            task["Parameters"] = self.template();
        }
        match self.choices.below(4) {
            1 => task["TimeoutSeconds"] = json!(5),
            2 => {
                task["TimeoutSeconds"] = json!(6);
                task["HeartbeatSeconds"] = json!(2);
            }
            3 => task["TimeoutSecondsPath"] = json!("$$.Execution.Input.n"),
            _ => {}
        }
        task
    }

    fn choice(&mut self, names: &[String]) -> Value {
        let variable =
            self.choices
                .one_of(&["$$.Execution.Input.n", "$", "$$.State", "$.a", "$.list[0]"]);
        let next = &names[self.choices.below(names.len())];
        let mut rule = match self.choices.below(4) {
            0 => json!({ "Variable": variable, "IsPresent": true }),
            1 => json!({ "Variable": variable, "NumericGreaterThan": 1 }),
            2 => json!({ "Not": { "Variable": variable, "StringEquals": "text" } }),
            _ => json!({ "And": [
                { "Variable": variable, "IsPresent": true },
                { "Variable": "$.n", "NumericEqualsPath": "$.a" },
            ] }),
        };
        rule["Next"] = json!(next);
        json!({ "Type": "Choice", "Choices": [rule] })
    }

    fn wait(&mut self) -> Value {
        match self.choices.below(4) {
            0 => json!({ "Type": "Wait", "Seconds": self.choices.below(4) }),
            1 => json!({ "Type": "Wait", "SecondsPath": "$$.Execution.Input.n" }),
            2 => json!({ "Type": "Wait", "Timestamp": "2026-11-22T20:00:05Z" }),
            _ => json!({ "Type": "Wait", "TimestampPath": "$.at" }),
        }
    }

    fn succeed(&mut self) -> Value {
        json!({ "Type": "Succeed" })
    }

    fn fail(&mut self) -> Value {
        match self.choices.below(3) {
            0 => json!({ "Type": "Fail", "Error": "Boom", "Cause": "why" }),
            1 => json!({ "Type": "Fail" }),
            _ => {
                json!({ "Type": "Fail", "ErrorPath": "$.s", "CausePath": "States.JsonToString($)" })
            }
        }
    }

    fn parallel(&mut self, depth: usize) -> Value {
        let branches: Vec<_> = (0..=self.choices.below(3))
            .map(|_| self.block(depth + 1))
            .collect();
        json!({ "Type": "Parallel", "Branches": branches })
    }

    fn map(&mut self, depth: usize) -> Value {
        let mut map = json!({ "Type": "Map", "ItemProcessor": self.block(depth + 1) });
        match self.choices.below(3) {
            0 => map["ItemsPath"] = json!("$$.Execution.Input.list"),
            1 => map["ItemsPath"] = json!("$.list"),
            _ => {}
        }
        if self.choices.chance(3) {
            map["MaxConcurrency"] = json!(self.choices.below(3));
        }
        if self.choices.chance(3) {
            map["ItemSelector"] = json!({
                "i.$": "$$.Map.Item.Index",
                "list.$": "States.Array($$.Map.Item.Value)",
            });
        }
        map
    }

    fn template(&mut self) -> Value {
        let path = self.path();
        match self.choices.below(5) {
            0 => json!({ "a.$": "$", "n": 1 }),
            1 => json!({ "list": [{ "x.$": path }, 2] }),
            2 => json!({ "n.$": "States.ArrayLength($$.Execution.Input.list)", "s": "text" }),
            3 if self.randomness == Randomness::Allowed => {
                json!({ "id.$": "States.UUID()", "list.$": "States.Array($, 1)" })
            }
            _ => json!({ "list.$": "States.Array($, 1)" }),
        }
    }

    /// A path; in one of many cases it reads a variable that may not be set yet.
    fn path(&mut self) -> String {
        if self.choices.chance(12) {
            let scope = self.choices.below(self.scopes.len());
            return format!("${}", self.scopes[scope][0]);
        }
        let options = [
            "$",
            "$$.Execution.Input",
            "$$.Execution.Input.list",
            "$",
            "$$.Execution.Name",
            "$$.State",
            "$",
            "$.a",
            "$.list[0]",
            "$..list",
            "$.gone",
        ];
        self.choices.one_of(&options).to_owned()
    }
}
