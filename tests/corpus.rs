//! The corpus: machines, what their tasks answer, and the histories that must come out. Every boundary runs the same cases.
//!
//! A file of `tests/corpus` holds the cases of one feature:
//!
//! ```text
//! === the second attempt succeeds
//! machine {"StartAt":"Call","States":{"Call":{…}}}
//! input {"order": 7}
//! task Call 1
//!   after 2s fail Busy try again
//! task Call
//!   succeed {"done":true}
//! ----
//! 1<-0 ExecutionStarted input {"order": 7}
//! …
//! SUCCEEDED {"done":true}
//! ```
//!
//! Above the dashes stands what is given, below them what is expected; `UPDATE_EXPECT=1` writes the latter anew. A value
//! may go on in lines that are indented. Lines that begin with `#` are remarks. What can be given:
//!
//! - `machine`: the definition. `input`: the execution's input, `{}` where there is none. `express`: the machine's type.
//! - `task {state} [{invocation}]`: what the state's tasks do, or only its n-th one; below it one line for each thing, counted
//!   from the task's scheduling: `[after {duration}] start [{worker}] | submit {output} | heartbeat | succeed {output} |
//!   fail [{error} [{cause}]]`. A name with spaces stands in quotes. A task without any does nothing, ever.
//! - `stop after {duration} [{error} [{cause}]]`: somebody stops the execution.
//! - `limit {payload | history | concurrency | budget} {number}`: a limit other than AWS's.
//!
//! Durations are `3s` or `250ms`. No case lets two things happen at the same moment, except where their order is plain:
//! tasks that end at once end in the order of their scheduling.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// When every execution of the corpus starts: 2026-11-22T20:00:00Z, in milliseconds since 1970.
pub const STARTED_AT: i64 = 1_795_377_600_000;

/// The role of every execution of the corpus.
pub const ROLE_ARN: &str = "arn:aws:iam::123456789012:role/Corpus";

/// A case: what is given, and what must come out.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The definition's text.
    pub definition: String,
    /// The input's text.
    pub input: String,
    /// The type of machine that it is for.
    pub machine_type: MachineType,
    /// What its tasks do.
    pub tasks: Vec<TaskScript>,
    /// When it is stopped.
    pub stop: Option<Stop>,
    /// What differs from AWS's limits.
    pub limits: Limits,
    /// The expected history and status.
    pub expected: String,
    /// The line of the file that it begins at.
    pub line: usize,
}

/// The two types of state machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineType {
    /// Kept for ever.
    Standard,
    /// Short and cheap.
    Express,
}

/// Limits other than AWS's; `None` is AWS's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The longest payload in bytes.
    pub payload_bytes: Option<usize>,
    /// The most events of a history.
    pub history_events: Option<u64>,
    /// How many iterations of a Map run at once.
    pub map_concurrency: Option<u32>,
    /// How many events one step makes.
    pub step_events: Option<u32>,
}

/// What the tasks of one state do.
#[derive(Clone, Debug)]
pub struct TaskScript {
    /// The state's name.
    pub state: String,
    /// Which of its tasks, counted from 1 in the order of their scheduling; all others where there is none.
    pub invocation: Option<u32>,
    /// What it does, in order.
    pub moments: Vec<Moment>,
}

/// One thing that a task does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds after the task was scheduled.
    pub after: i64,
    /// What happens.
    pub happening: Happening,
}

/// What can happen to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A worker takes it.
    Start(Option<String>),
    /// Its call is accepted, with that response.
    Submit(String),
    /// It shows that it is alive.
    Heartbeat,
    /// It ends well, with that output.
    Succeed(String),
    /// It fails.
    Fail(Error),
}

/// An error's name and cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Error {
    /// The name.
    pub error: Option<String>,
    /// The cause.
    pub cause: Option<String>,
}

/// Somebody stops the execution.
#[derive(Clone, Debug)]
pub struct Stop {
    /// Milliseconds after its start.
    pub after: i64,
    /// The reason given.
    pub reason: Error,
}

impl Case {
    /// What the n-th task of a state does, counted from 1.
    #[must_use]
    pub fn script(&self, state: &str, invocation: u32) -> &[Moment] {
        let of_state = || self.tasks.iter().filter(|task| task.state == state);
        of_state()
            .find(|task| task.invocation == Some(invocation))
            .or_else(|| of_state().find(|task| task.invocation.is_none()))
            .map_or(&[], |task| &task.moments)
    }
}

/// One file of the corpus.
#[derive(Clone, Debug)]
pub struct Feature {
    /// Where it stands.
    pub path: PathBuf,
    /// Its cases.
    pub cases: Vec<Case>,
    text: String,
}

impl Feature {
    /// Reads all files of the corpus, in the order of their names.
    ///
    /// # Panics
    /// When a file can't be read or understood.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        let entries = fs::read_dir(&folder).expect("the corpus is there");
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("the corpus can be listed").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .collect();
        paths.sort();
        paths.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).expect("a file of the corpus can be read");
        let cases = parse(&text)
            .unwrap_or_else(|mistake| panic!("cannot read {}: {mistake}", path.display()));
        Self { path, cases, text }
    }

    /// The feature's name: `retry`.
    ///
    /// # Panics
    /// Never: a file of the corpus has a name.
    #[must_use]
    pub fn name(&self) -> &str {
        let stem = self.path.file_stem().and_then(|stem| stem.to_str());
        stem.expect("a file of the corpus has a name")
    }

    /// Writes what was expected anew; `actual` has one text for each case.
    ///
    /// # Panics
    /// When the file can't be written.
    pub fn update(&self, actual: &[String]) {
        let mut actual = actual.iter();
        let mut text = String::new();
        let mut is_expected = false;
        for line in self.text.lines() {
            is_expected &= !line.starts_with(HEADER);
            if is_expected {
                continue;
            }
            // One empty line stands between two cases.
            if line.starts_with(HEADER) && !text.is_empty() {
                text.truncate(text.trim_end().len());
                text.push_str("\n\n");
            }
            text.push_str(line);
            text.push('\n');
            if line == DIVIDER {
                text.push_str(actual.next().expect("a text for each case").trim_end());
                text.push('\n');
                is_expected = true;
            }
        }
        if text != self.text {
            fs::write(&self.path, text).expect("a file of the corpus can be written");
        }
    }
}

/// Whether what is expected is to be written anew (`UPDATE_EXPECT=1`).
#[must_use]
pub fn is_update() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

const HEADER: &str = "=== ";
const DIVIDER: &str = "----";

/// Where a file of the corpus can't be understood.
#[derive(Clone, Debug)]
pub struct Mistake {
    line: usize,
    message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

/// Reads the cases of a file.
///
/// # Errors
/// The first line that says nothing known.
pub fn parse(text: &str) -> Result<Vec<Case>, Mistake> {
    let mut cases: Vec<Case> = Vec::new();
    let mut is_expected = false;
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((number, line)) = lines.next() {
        let mistake = |message: String| Mistake {
            line: number,
            message,
        };
        if let Some(name) = line.strip_prefix(HEADER) {
            cases.push(Case::new(name, number));
            is_expected = false;
            continue;
        }
        let Some(case) = cases.last_mut() else {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            return Err(mistake("a case begins with '=== '".to_owned()));
        };
        if is_expected {
            case.expected.push_str(line);
            case.expected.push('\n');
            continue;
        }
        if line == DIVIDER {
            is_expected = true;
            continue;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut block = vec![line];
        while let Some((_, more)) = lines.next_if(|(_, next)| next.starts_with(' ')) {
            block.push(more);
        }
        case.give(&block).map_err(mistake)?;
    }
    for case in &mut cases {
        case.expected.truncate(case.expected.trim_end().len());
        case.expected.push('\n');
    }
    Ok(cases)
}

impl Case {
    fn new(name: &str, line: usize) -> Self {
        Self {
            name: name.to_owned(),
            definition: String::new(),
            input: "{}".to_owned(),
            machine_type: MachineType::Standard,
            tasks: Vec::new(),
            stop: None,
            limits: Limits::default(),
            expected: String::new(),
            line,
        }
    }

    /// Takes in one thing that is given: its line and the indented ones below it.
    fn give(&mut self, block: &[&str]) -> Result<(), String> {
        let (keyword, rest) = word(block[0]);
        let whole = || {
            let mut text = rest.to_owned();
            for line in &block[1..] {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(line);
            }
            text
        };
        match keyword {
            "machine" => self.definition = whole(),
            "input" => self.input = whole(),
            "express" => self.machine_type = MachineType::Express,
            "task" => {
                let (state, rest) = name(rest);
                let invocation = match rest {
                    "" => None,
                    number => Some(number.parse().map_err(|_| format!("no number: {number}"))?),
                };
                let moments: Result<_, _> = block[1..].iter().map(|line| moment(line)).collect();
                self.tasks.push(TaskScript {
                    state: state.to_owned(),
                    invocation,
                    moments: moments?,
                });
            }
            "stop" => {
                let (after, reason) = after(rest)?;
                let reason = error(reason);
                self.stop = Some(Stop { after, reason });
            }
            "limit" => self.limit(rest)?,
            other => return Err(format!("nothing known: {other}")),
        }
        Ok(())
    }

    fn limit(&mut self, text: &str) -> Result<(), String> {
        let (which, number) = word(text);
        let number: u32 = number.parse().map_err(|_| format!("no number: {number}"))?;
        match which {
            "payload" => self.limits.payload_bytes = usize::try_from(number).ok(),
            "history" => self.limits.history_events = Some(u64::from(number)),
            "concurrency" => self.limits.map_concurrency = Some(number),
            "budget" => self.limits.step_events = Some(number),
            other => return Err(format!("no limit: {other}")),
        }
        Ok(())
    }
}

fn moment(line: &str) -> Result<Moment, String> {
    let (after, action) = after(line.trim_start())?;
    let (verb, rest) = word(action);
    let happening = match verb {
        "start" => Happening::Start((!rest.is_empty()).then(|| rest.to_owned())),
        "submit" => Happening::Submit(rest.to_owned()),
        "heartbeat" => Happening::Heartbeat,
        "succeed" => Happening::Succeed(rest.to_owned()),
        "fail" => Happening::Fail(error(rest)),
        other => return Err(format!("nothing that a task does: {other}")),
    };
    Ok(Moment { after, happening })
}

/// `after 3s …`; at once where it does not say so.
fn after(text: &str) -> Result<(i64, &str), String> {
    let Some(rest) = text.strip_prefix("after ") else {
        return Ok((0, text));
    };
    let (duration, rest) = word(rest);
    let number = |text: &str| {
        text.parse::<i64>()
            .map_err(|_| format!("no duration: {duration}"))
    };
    let milliseconds = match (duration.strip_suffix("ms"), duration.strip_suffix('s')) {
        (Some(milliseconds), _) => number(milliseconds)?,
        (None, Some(seconds)) => number(seconds)? * 1000,
        (None, None) => return Err(format!("no duration: {duration}")),
    };
    Ok((milliseconds, rest))
}

fn error(text: &str) -> Error {
    let (error, cause) = word(text);
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Error {
        error: some(error),
        cause: some(cause),
    }
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    (first, rest.trim_start())
}

/// The first word, or the first text in quotes, and what follows it.
fn name(text: &str) -> (&str, &str) {
    let quoted = text.strip_prefix('"').and_then(|text| text.split_once('"'));
    quoted.map_or_else(|| word(text), |(name, rest)| (name, rest.trim_start()))
}
