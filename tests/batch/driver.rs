//! Carries out a case, step by step, and compares what comes of it.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tests::support::docker::IMAGE;
use tests::support::http::Client;

use crate::notation::{Case, Engine, Line, Pace, Step, Target};
use crate::world::{Refusal, World, ask, ask_logs, send};

/// How often something is looked at that must change.
const PACE: Duration = Duration::from_millis(100);

/// The members of RegisterJobDefinition; others are the container's.
const OF_DEFINITION: [&str; 12] = [
    "jobDefinitionName",
    "type",
    "parameters",
    "schedulingPriority",
    "containerProperties",
    "nodeProperties",
    "retryStrategy",
    "propagateTags",
    "timeout",
    "tags",
    "ecsProperties",
    "consumableResourceProperties",
];

/// A case that is being carried out.
struct Run<'a> {
    world: &'a Mutex<World>,
    client: Client,
    engine: Engine,
    /// The word that no other case has.
    word: &'a str,
    gate: PathBuf,
    patience: Duration,
    /// What was answered, by its name.
    answers: HashMap<String, Value>,
}

/// Runs a case under a word that no other case has.
///
/// # Errors
/// What was not as it must be.
pub(crate) fn run(
    case: &Case,
    engine: Engine,
    world: &Mutex<World>,
    word: &str,
) -> Result<(), String> {
    let (address, gate) = {
        let world = locked(world);
        (world.address(), world.gate(word))
    };
    let mut run = Run {
        world,
        client: Client::new(address),
        engine,
        word,
        gate,
        patience: match case.pace {
            Pace::Slow => Duration::from_secs(150),
            Pace::Quick => Duration::from_secs(60),
        },
        answers: HashMap::new(),
    };
    for (number, step) in &case.steps {
        run.step(step)
            .map_err(|problem| format!("line {number}: {problem}"))?;
    }
    Ok(())
}

fn locked(world: &Mutex<World>) -> std::sync::MutexGuard<'_, World> {
    // What a case that panicked has left of the world, the others can use.
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Run<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Define(name, script, lines) => self.define(name, script.as_deref(), lines),
            Step::Submit(name, definition, queue, lines) => {
                self.submit(name, definition, queue.as_deref(), lines)
            }
            Step::Times(number, name, definition, queue, lines) => {
                for index in 1..=*number {
                    let name = format!("{name}{index}");
                    self.submit(&name, definition, queue.as_deref(), lines)?;
                }
                Ok(())
            }
            Step::Environment(name, lines) => self.environment(name, lines),
            Step::Queue(name, environments, lines) => self.queue(name, environments, lines),
            Step::Call(target, name, lines) => {
                let request = self.request(json!({}), lines)?;
                let answer = self.send(target, &request);
                self.take(answer, name.as_deref(), lines)
            }
            Step::Until(target, lines) => {
                let request = self.request(json!({}), lines)?;
                self.until(lines, |run| run.send(target, &request).map_err(told))
            }
            Step::Reaches(name, status, lines) => {
                let id = self.id(name)?;
                let mut all = vec![Line::Is("status".to_owned(), status.clone())];
                all.extend(lines.iter().cloned());
                self.until(&all, |run| run.job(&id))
            }
            Step::Ends(name, status, lines) => self.ends(name, status, lines),
            Step::Log(name, attempt, lines) => self.log(name, *attempt, lines),
            Step::Order(names) => self.order(names),
            Step::Open(name) => {
                fs::write(self.gate.join(self.filled(name)), "").map_err(|error| error.to_string())
            }
            Step::File(name, lines) => {
                let text = fs::read_to_string(self.gate.join(self.filled(name)));
                let text = text.map_err(|error| format!("{name}: {error}"))?;
                self.same_lines(&text.lines().collect::<Vec<_>>(), lines)
            }
            Step::Daemon(turn) => {
                locked(self.world).turn_daemon(*turn);
                Ok(())
            }
            Step::Server(turn) => {
                let mut world = locked(self.world);
                world.turn_server(*turn);
                if *turn == crate::notation::Turn::Start {
                    self.client = Client::new(world.address());
                }
                Ok(())
            }
            Step::Containers(number) => {
                let until = Instant::now() + self.patience;
                loop {
                    let count = locked(self.world).containers();
                    if count == *number {
                        return Ok(());
                    }
                    if Instant::now() > until {
                        return Err(format!("there are {count} containers, not {number}"));
                    }
                    sleep(PACE);
                }
            }
        }
    }

    fn define(&mut self, name: &str, script: Option<&str>, lines: &[Line]) -> Result<(), String> {
        let mut request = json!({
            "jobDefinitionName": format!("{}-{name}", self.word),
            "type": "container",
        });
        if let Some(script) = script {
            request["containerProperties"] = self.container(script);
        }
        let own = |path: &str| OF_DEFINITION.contains(&path.split('.').next().unwrap_or(path));
        let lines: Vec<Line> = lines
            .iter()
            .map(|line| match line {
                Line::Set(path, value) if !own(path) => {
                    Line::Set(format!("containerProperties.{path}"), value.clone())
                }
                other => other.clone(),
            })
            .collect();
        let request = self.request(request, &lines)?;
        let answer = self.send(&Target::Batch("RegisterJobDefinition".to_owned()), &request);
        self.take(answer, Some(&format!("definition-{name}")), &lines)
    }

    /// A container that runs the script; it sees the gate if the script speaks of it.
    fn container(&self, script: &str) -> Value {
        let mut container = json!({
            "image": IMAGE,
            "command": ["sh", "-c", self.filled(script)],
            "resourceRequirements": [
                {"type": "VCPU", "value": "1"},
                {"type": "MEMORY", "value": "32"},
            ],
        });
        if script.contains("{gate}") && self.engine == Engine::Docker {
            let gate = self.gate.display().to_string();
            container["volumes"] = json!([{"name": "gate", "host": {"sourcePath": gate}}]);
            container["mountPoints"] = json!([{"sourceVolume": "gate", "containerPath": gate}]);
        }
        container
    }

    fn submit(
        &mut self,
        name: &str,
        definition: &str,
        queue: Option<&str>,
        lines: &[Line],
    ) -> Result<(), String> {
        let queue = match queue {
            Some(queue) => format!("{}-{queue}", self.word),
            None => self.engine.as_str().to_owned(),
        };
        let request = json!({
            "jobName": format!("{}-{name}", self.word),
            "jobQueue": queue,
            "jobDefinition": format!("{}-{definition}", self.word),
        });
        let request = self.request(request, lines)?;
        let answer = self.send(&Target::Batch("SubmitJob".to_owned()), &request);
        self.take(answer, Some(name), lines)
    }

    fn environment(&mut self, name: &str, lines: &[Line]) -> Result<(), String> {
        let request = json!({
            "computeEnvironmentName": format!("{}-{name}", self.word),
            "type": "MANAGED",
            "computeResources": {
                "type": "EC2", "maxvCpus": 1, "subnets": [], "instanceTypes": ["optimal"],
            },
            "tags": {"ratchet:engine": self.engine.as_str(), "ratchet:memory": "256"},
        });
        let request = self.request(request, lines)?;
        let target = Target::Batch("CreateComputeEnvironment".to_owned());
        let answer = self.send(&target, &request);
        self.take(answer, Some(name), lines)
    }

    fn queue(&mut self, name: &str, environments: &[String], lines: &[Line]) -> Result<(), String> {
        let order: Vec<Value> = environments
            .iter()
            .enumerate()
            .map(|(index, environment)| {
                let environment = format!("{}-{environment}", self.word);
                json!({"order": index + 1, "computeEnvironment": environment})
            })
            .collect();
        let request = json!({
            "jobQueueName": format!("{}-{name}", self.word),
            "priority": 1,
            "computeEnvironmentOrder": order,
        });
        let request = self.request(request, lines)?;
        let answer = self.send(&Target::Batch("CreateJobQueue".to_owned()), &request);
        self.take(answer, Some(name), lines)
    }

    fn send(&mut self, target: &Target, request: &Value) -> Result<Value, Refusal> {
        match target {
            Target::Batch(operation) => ask(&mut self.client, operation, request),
            Target::Logs(operation) => ask_logs(&mut self.client, operation, request),
            Target::Path(method, path) => {
                let path = self.filled(path);
                send(&mut self.client, method, &path, &[], request)
            }
        }
    }

    /// Holds an answer, or a refusal, against what was expected.
    fn take(
        &mut self,
        answer: Result<Value, Refusal>,
        name: Option<&str>,
        lines: &[Line],
    ) -> Result<(), String> {
        let refused: Vec<&String> = lines
            .iter()
            .filter_map(|line| match line {
                Line::Refused(text) => Some(text),
                _ => None,
            })
            .collect();
        match answer {
            Ok(answer) if refused.is_empty() => {
                let checked = self.check(&answer, lines);
                if let Some(name) = name {
                    self.answers.insert(name.to_owned(), answer);
                }
                checked
            }
            Ok(answer) => Err(format!("it was not refused: {answer}")),
            Err(Refusal::Client(said)) => {
                // Quotation marks in a message are escaped on the wire.
                let plain = said.replace("\\\"", "\"");
                let unsaid = refused
                    .iter()
                    .find(|text| !plain.contains(&self.filled(text)));
                match (refused.is_empty(), unsaid) {
                    (false, None) => Ok(()),
                    (false, Some(text)) => Err(format!("it does not say {text:?}: {said}")),
                    (true, _) => Err(format!("it was refused: {said}")),
                }
            }
            Err(Refusal::Other(problem)) => Err(problem),
        }
    }

    /// Looks again and again until what is there is as the lines say.
    fn until(
        &mut self,
        lines: &[Line],
        mut look: impl FnMut(&mut Self) -> Result<Value, String>,
    ) -> Result<(), String> {
        let until = Instant::now() + self.patience;
        loop {
            let found = look(self)?;
            let checked = self.check(&found, lines);
            if checked.is_ok() || Instant::now() > until {
                return checked;
            }
            sleep(PACE);
        }
    }

    fn ends(&mut self, name: &str, status: &str, lines: &[Line]) -> Result<(), String> {
        let id = self.id(name)?;
        let until = Instant::now() + self.patience;
        loop {
            let job = self.job(&id)?;
            if matches!(job["status"].as_str(), Some("SUCCEEDED" | "FAILED")) {
                let is = vec![Line::Is("status".to_owned(), status.to_owned())];
                self.answers.insert(name.to_owned(), job.clone());
                return self.check(&job, &[&is, lines].concat());
            }
            if Instant::now() > until {
                return Err(format!("{name} does not end: {job}"));
            }
            sleep(PACE);
        }
    }

    /// A job as DescribeJobs shows it.
    fn job(&mut self, id: &str) -> Result<Value, String> {
        let request = json!({"jobs": [id]});
        let mut answer = ask(&mut self.client, "DescribeJobs", &request).map_err(told)?;
        match answer["jobs"][0].take() {
            Value::Null => Err(format!("there is no job {id}")),
            job => Ok(job),
        }
    }

    fn id(&self, name: &str) -> Result<String, String> {
        // A child or a node is named by its parent.
        let (name, rest) = match name.find([':', '#']) {
            Some(at) => name.split_at(at),
            None => (name, ""),
        };
        let id = self
            .answers
            .get(name)
            .and_then(|answer| answer["jobId"].as_str());
        let id = id.ok_or_else(|| format!("there is no job {name}"))?;
        Ok(format!("{id}{rest}"))
    }

    fn log(&mut self, name: &str, attempt: Option<usize>, lines: &[String]) -> Result<(), String> {
        let id = self.id(name)?;
        let job = self.job(&id)?;
        let stream = match attempt {
            Some(number) => &job["attempts"][number - 1]["container"]["logStreamName"],
            None => &job["container"]["logStreamName"],
        };
        let request = json!({
            "logGroupName": "/aws/batch/job",
            "logStreamName": stream,
            "startFromHead": true,
        });
        let answer = ask_logs(&mut self.client, "GetLogEvents", &request).map_err(told)?;
        let events = answer["events"].as_array().cloned().unwrap_or_default();
        let printed: Vec<&str> = events
            .iter()
            .map(|event| event["message"].as_str().unwrap_or_default())
            .collect();
        self.same_lines(&printed, lines)
    }

    fn same_lines(&self, found: &[&str], expected: &[String]) -> Result<(), String> {
        let expected: Vec<String> = expected.iter().map(|line| self.filled(line)).collect();
        if found == expected {
            return Ok(());
        }
        Err(format!("there is {found:#?}, not {expected:#?}"))
    }

    fn order(&mut self, names: &[String]) -> Result<(), String> {
        let mut before = 0;
        let mut starts = Vec::new();
        for name in names {
            let id = self.id(name)?;
            starts.push((name, self.job(&id)?["startedAt"].as_i64().unwrap_or(0)));
        }
        for (name, at) in &starts {
            if *at <= before {
                return Err(format!(
                    "{name} did not start after the one before: {starts:?}"
                ));
            }
            before = *at;
        }
        Ok(())
    }

    fn check(&self, answer: &Value, lines: &[Line]) -> Result<(), String> {
        for line in lines {
            let wrong = match line {
                Line::Is(path, text) => {
                    let found = member(answer, path);
                    let text = self.filled(text);
                    let wanted = serde_json::from_str(&text).unwrap_or(Value::String(text));
                    (found != wanted).then(|| format!("{path} is {found}, not {wanted}"))
                }
                Line::Contains(path, text) => {
                    let found = member(answer, path);
                    let text = self.filled(text);
                    let plain = match &found {
                        Value::String(plain) => plain.clone(),
                        other => other.to_string(),
                    };
                    (!plain.contains(&text)).then(|| format!("{path} is {found}, without {text:?}"))
                }
                Line::Absent(path) => {
                    let found = member(answer, path);
                    (!found.is_null()).then(|| format!("{path} is {found}"))
                }
                Line::Set(..) | Line::Submission(..) | Line::Refused(_) => None,
            };
            if let Some(wrong) = wrong {
                return Err(format!("{wrong}; all of it: {answer}"));
            }
        }
        Ok(())
    }

    /// A request with the members that the lines set.
    fn request(&self, mut request: Value, lines: &[Line]) -> Result<Value, String> {
        for line in lines {
            if let Line::Set(path, text) = line {
                let text = self.filled(text);
                let value = serde_json::from_str(&text)
                    .map_err(|error| format!("{path}: {error}: {text}"))?;
                let mut place = &mut request;
                for name in path.split('.') {
                    if !place.is_object() {
                        *place = Value::Object(Map::new());
                    }
                    place = &mut place[name];
                }
                *place = value;
            }
        }
        Ok(request)
    }

    /// The text with what its braces stand for. Braces that stand for nothing stay.
    fn filled(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            rest = &rest[open..];
            let known = rest
                .find('}')
                .and_then(|close| Some((close, self.known(&rest[1..close])?)));
            match known {
                Some((close, value)) => {
                    filled.push_str(&value);
                    rest = &rest[close + 1..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled + rest
    }

    fn known(&self, name: &str) -> Option<String> {
        match name {
            "case" => return Some(self.word.to_owned()),
            "gate" => return Some(self.gate.display().to_string()),
            "large" => return Some("x".repeat(40_000)),
            "engine" => return Some(self.engine.as_str().to_owned()),
            _ => {}
        }
        let (name, path) = name.split_once('.').unwrap_or((name, "jobId"));
        match member(self.answers.get(name)?, path) {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }
}

/// A member, by names and numbers with points between them; `#` at the end: how many there are.
fn member(value: &Value, path: &str) -> Value {
    if let Some(path) = path.strip_suffix('#') {
        let found = member(value, path);
        let count = found.as_array().map(Vec::len);
        return count.or(found.as_object().map(Map::len)).into();
    }
    let mut place = value;
    for name in path.split('.') {
        place = match name.parse::<usize>() {
            Ok(index) if place.is_array() => &place[index],
            _ => &place[name],
        };
    }
    place.clone()
}

fn told(refusal: Refusal) -> String {
    match refusal {
        Refusal::Client(text) | Refusal::Other(text) => text,
    }
}
