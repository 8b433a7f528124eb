//! The notation of the cases: what is asked of a server, and what must come of it.
//!
//! ```text
//! === a job that fails is tried again
//! run a: echo attempt $AWS_BATCH_JOB_ATTEMPT; [ $AWS_BATCH_JOB_ATTEMPT = 2 ]
//!   + retryStrategy: {"attempts": 3}
//! ends a SUCCEEDED
//!   = attempts.0.container.exitCode 1
//! log a
//!   attempt 2
//! ```
//!
//! A block's lines are indented; one that is indented further goes on with the one before. In all texts `{case}` is a word that no other case
//! has, `{gate}` a directory of the case's own that its containers see too, `{large}` a text of 40,000 letters, `{engine}` what jobs run on, `{a}` the id of the job `a`, `{a.jobArn}` a member of what was
//! answered under that name. Definitions, queues, environments and whatever else has a name get `{case}-` before it.
//!
//! - `on {docker | process | both}`: what the case's jobs run on; docker if nothing is said. `slow`: it takes a minute or longer, and begins
//!   first. `alone`: it has a daemon and a server of its own, which may be stopped.
//! - `define {definition}: {script}`: registers a job definition of one container that runs the script; without a script, of the lines alone.
//!   `submit {job} of {definition} [to {queue}]`. `run {job} [to {queue}]: {script}`: both.
//! - `environment {name}`, `queue {name} of {environments}`: makes one.
//! - `call {Operation} [as {name}]`, `call {METHOD} {path} [as {name}]`: asks AWS Batch. `logs {Operation} [as {name}]`: asks CloudWatch Logs.
//!   `until {Operation}`: asks again until the answer is right. `times {n} {job} of {definition} [to {queue}]`: submits so many, `{job}1` and so on.
//! - `reaches {job} {STATUS}`, `ends {job} {STATUS}`: waits for it. What follows is held against DescribeJobs' answer; of `ends` at once, of
//!   `reaches` until it is right.
//! - `log {job} [attempt {n}]`: the lines that an attempt printed, the last if nothing is said. There nothing is joined.
//! - `order {jobs}`: they started one after the other. `cancel {job}: {reason}`, `terminate {job}: {reason}`.
//! - `open {name}`: makes the file `{gate}/{name}`. `file {name}`: the lines that it has.
//! - `daemon {down | up}`, `server {kill | stop | start}`: of a case that is alone. `containers {n}`: so many are left at the daemon.
//!
//! The lines of a block:
//!
//! - `{path}: {json}`: a member of the request. Of `define` and `run` it is one of the container's, unless RegisterJobDefinition itself has it;
//!   with `+` before it one of the submission's.
//! - `= {path} {json}`, `~ {path} {text}`, `- {path}`: a member of the answer is this, contains this, is not there. A path is names and numbers with
//!   points between them; `#` at its end is how many there are.
//! - `! {text}`: it is refused as the caller's mistake, and this is part of what is said.

use std::fs;
use std::path::Path;

/// A case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What it shows.
    pub(crate) name: String,
    /// The file and line that it begins at.
    pub(crate) place: String,
    /// What its jobs run on.
    pub(crate) engines: Vec<Engine>,
    /// How long it may take.
    pub(crate) pace: Pace,
    /// Whose server it asks.
    pub(crate) server: Whose,
    /// What happens, each with its line.
    pub(crate) steps: Vec<(usize, Step)>,
}

/// What jobs run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Containers.
    Docker,
    /// Processes.
    Process,
}

impl Engine {
    /// As the tag of an environment names it, and the queue for its jobs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Process => "process",
        }
    }
}

/// How long a case takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pace {
    /// A minute or longer.
    Slow,
    /// Seconds.
    Quick,
}

/// Whose server a case asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// That of all.
    Shared,
    /// Its own, with a daemon of its own.
    Own,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Registers a job definition.
    Define(String, Option<String>, Vec<Line>),
    /// Submits a job of a definition to a queue.
    Submit(String, String, Option<String>, Vec<Line>),
    /// Submits so many.
    Times(usize, String, String, Option<String>, Vec<Line>),
    /// Makes a compute environment.
    Environment(String, Vec<Line>),
    /// Makes a queue of environments.
    Queue(String, Vec<String>, Vec<Line>),
    /// Asks once, and keeps the answer under a name.
    Call(Target, Option<String>, Vec<Line>),
    /// Asks until the answer is right.
    Until(Target, Vec<Line>),
    /// Waits for a status of a job.
    Reaches(String, String, Vec<Line>),
    /// Waits for a job's end.
    Ends(String, String, Vec<Line>),
    /// What an attempt printed.
    Log(String, Option<usize>, Vec<String>),
    /// In which order jobs started.
    Order(Vec<String>),
    /// Makes a file.
    Open(String),
    /// What a file has.
    File(String, Vec<String>),
    /// The daemon goes down or comes up.
    Daemon(Turn),
    /// What happens to the server.
    Server(Turn),
    /// How many containers the daemon has.
    Containers(usize),
}

/// What happens to a daemon or a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is killed.
    Kill,
    /// It is asked to stop.
    Stop,
    /// It starts.
    Start,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// An operation of AWS Batch.
    Batch(String),
    /// A method and a path.
    Path(String, String),
    /// An operation of CloudWatch Logs.
    Logs(String),
}

/// A line of a block.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    /// A member of the request, as JSON.
    Set(String, String),
    /// A member of the submission, as JSON.
    Submission(String, String),
    /// A member of the answer.
    Is(String, String),
    /// A part of a member of the answer.
    Contains(String, String),
    /// A member that the answer does not have.
    Absent(String),
    /// It is refused, and this is said.
    Refused(String),
}

/// The cases of all files of a directory.
pub(crate) fn read(directory: &Path) -> Vec<Case> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .expect("the cases are there")
        .map(|entry| entry.expect("the directory can be read").path())
        .collect();
    files.sort();
    files.iter().flat_map(|file| read_file(file)).collect()
}

fn read_file(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).expect("the file can be read");
    let name = file
        .file_name()
        .expect("files have names")
        .to_string_lossy();
    let lines: Vec<&str> = text.lines().collect();
    let mut cases: Vec<Case> = Vec::new();
    let mut next = 0;
    while let Some(line) = lines.get(next) {
        next += 1;
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("{name}:{next}");
        if let Some(title) = line.strip_prefix("=== ") {
            cases.push(Case::new(title, place));
            continue;
        }
        let number = next;
        let block = block(&lines, &mut next);
        let case = cases
            .last_mut()
            .unwrap_or_else(|| panic!("{place}: a case begins with ==="));
        if let Err(problem) = case.read(number, line, &block) {
            panic!("{place}: {problem}: {line}");
        }
    }
    cases
}

/// The indented lines that follow.
fn block(lines: &[&str], next: &mut usize) -> Vec<String> {
    let mut block: Vec<String> = Vec::new();
    while let Some(inner) = lines.get(*next).and_then(|line| line.strip_prefix("  ")) {
        *next += 1;
        block.push(inner.to_owned());
    }
    block
}

/// The lines of a block, those that are indented further joined to the one before.
fn read_lines(block: &[String]) -> Result<Vec<Line>, String> {
    let mut joined: Vec<String> = Vec::new();
    for line in block {
        match joined.last_mut() {
            Some(before) if line.starts_with(' ') => {
                before.push('\n');
                before.push_str(line.trim_start());
            }
            _ => joined.push(line.clone()),
        }
    }
    joined.iter().map(|line| read_line(line)).collect()
}

impl Case {
    fn new(name: &str, place: String) -> Self {
        Self {
            name: name.to_owned(),
            place,
            engines: vec![Engine::Docker],
            pace: Pace::Quick,
            server: Whose::Shared,
            steps: Vec::new(),
        }
    }

    fn read(&mut self, number: usize, line: &str, block: &[String]) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (word, rest) {
            ("on", "docker") => self.engines = vec![Engine::Docker],
            ("on", "process") => self.engines = vec![Engine::Process],
            ("on", "both") => self.engines = vec![Engine::Docker, Engine::Process],
            ("slow", "") => self.pace = Pace::Slow,
            ("alone", "") => self.server = Whose::Own,
            _ => {
                for step in steps(word, rest, block)? {
                    self.steps.push((number, step));
                }
            }
        }
        Ok(())
    }
}

fn steps(word: &str, rest: &str, block: &[String]) -> Result<Vec<Step>, String> {
    let lines = || read_lines(block);
    let (head, tail) = match rest.split_once(": ") {
        Some((head, tail)) => (head, Some(tail.to_owned())),
        None => (rest, None),
    };
    let words: Vec<&str> = head.split_whitespace().collect();
    let own = |text: &str| text.to_owned();
    let turn = |text: &str| match text {
        "down" | "kill" => Ok(Turn::Kill),
        "stop" => Ok(Turn::Stop),
        "up" | "start" => Ok(Turn::Start),
        _ => Err(format!("what shall it do: {text}")),
    };
    let step = match (word, words.as_slice()) {
        ("define", [name]) => Step::Define(own(name), tail, lines()?),
        ("submit", [name, "of", definition]) => {
            Step::Submit(own(name), own(definition), None, lines()?)
        }
        ("submit", [name, "of", definition, "to", queue]) => {
            Step::Submit(own(name), own(definition), Some(own(queue)), lines()?)
        }
        ("run", [name, to @ ..]) => {
            let queue = match to {
                [] => None,
                ["to", queue] => Some(own(queue)),
                _ => return Err("to which queue".to_owned()),
            };
            let (of_definition, of_submission): (Vec<_>, Vec<_>) = lines()?
                .into_iter()
                .partition(|line| matches!(line, Line::Set(..)));
            let of_submission = of_submission
                .into_iter()
                .map(|line| match line {
                    Line::Submission(path, value) => Line::Set(path, value),
                    other => other,
                })
                .collect();
            return Ok(vec![
                Step::Define(own(name), tail, of_definition),
                Step::Submit(own(name), own(name), queue, of_submission),
            ]);
        }
        ("times", [number, name, "of", definition]) => {
            let number = number.parse().map_err(|_| "how many")?;
            Step::Times(number, own(name), own(definition), None, lines()?)
        }
        ("times", [number, name, "of", definition, "to", queue]) => {
            let number = number.parse().map_err(|_| "how many")?;
            Step::Times(
                number,
                own(name),
                own(definition),
                Some(own(queue)),
                lines()?,
            )
        }
        ("environment", [name]) => Step::Environment(own(name), lines()?),
        ("queue", [name, "of", environments @ ..]) => {
            let environments = environments.iter().map(|name| own(name)).collect();
            Step::Queue(own(name), environments, lines()?)
        }
        ("call", ["GET" | "POST" | "DELETE", path]) => {
            Step::Call(Target::Path(own(words[0]), own(path)), None, lines()?)
        }
        ("call", [operation]) => Step::Call(Target::Batch(own(operation)), None, lines()?),
        ("call", [operation, "as", name]) => {
            Step::Call(Target::Batch(own(operation)), Some(own(name)), lines()?)
        }
        ("logs", [operation]) => Step::Call(Target::Logs(own(operation)), None, lines()?),
        ("logs", [operation, "as", name]) => {
            Step::Call(Target::Logs(own(operation)), Some(own(name)), lines()?)
        }
        ("until", [operation]) => Step::Until(Target::Batch(own(operation)), lines()?),
        ("reaches", [name, status]) => Step::Reaches(own(name), own(status), lines()?),
        ("ends", [name, status]) => Step::Ends(own(name), own(status), lines()?),
        ("log", [name]) => Step::Log(own(name), None, block.to_vec()),
        ("log", [name, "attempt", number]) => {
            let number = number.parse().map_err(|_| "which attempt")?;
            Step::Log(own(name), Some(number), block.to_vec())
        }
        ("order", names) => Step::Order(names.iter().map(|name| own(name)).collect()),
        ("cancel" | "terminate", [job]) => {
            let operation = if word == "cancel" {
                "CancelJob"
            } else {
                "TerminateJob"
            };
            let reason = serde_json::to_string(&tail).expect("a text is JSON");
            let mut all = vec![
                Line::Set("jobId".to_owned(), format!("\"{{{job}}}\"")),
                Line::Set("reason".to_owned(), reason),
            ];
            all.extend(lines()?);
            Step::Call(Target::Batch(own(operation)), None, all)
        }
        ("open", [name]) => Step::Open(own(name)),
        ("file", [name]) => Step::File(own(name), block.to_vec()),
        ("daemon", [what]) => Step::Daemon(turn(what)?),
        ("server", [what]) => Step::Server(turn(what)?),
        ("containers", [number]) => Step::Containers(number.parse().map_err(|_| "how many")?),
        _ => return Err("no such line".to_owned()),
    };
    Ok(vec![step])
}

fn read_line(line: &str) -> Result<Line, String> {
    let (sign, rest) = line.split_once(' ').unwrap_or((line, ""));
    let two = |text: &str| {
        let (path, value) = text.split_once(' ').ok_or("a path and a value")?;
        Ok::<_, String>((path.to_owned(), value.to_owned()))
    };
    let member = |text: &str| {
        let (path, value) = text.split_once(": ").ok_or("a path and its JSON")?;
        Ok::<_, String>((path.to_owned(), value.to_owned()))
    };
    match sign {
        "=" => two(rest).map(|(path, value)| Line::Is(path, value)),
        "~" => two(rest).map(|(path, value)| Line::Contains(path, value)),
        "-" => Ok(Line::Absent(rest.to_owned())),
        "!" => Ok(Line::Refused(rest.to_owned())),
        "+" => member(rest).map(|(path, value)| Line::Submission(path, value)),
        _ => member(line).map(|(path, value)| Line::Set(path, value)),
    }
    .map_err(|problem| format!("{problem}: {line}"))
}
