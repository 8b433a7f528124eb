//! The notation of the cases: what happens at the source and the target, and what must come of it.
//!
//! ```text
//! === a key that changes while a large value stays
//! settings {"ChangeProcessingTuning": {"MinTransactionSize": 1}}
//! source
//!   create table t (id int primary key, big text)
//!   insert into t select 1, string_agg(md5(n::text), '') from generate_series(1, 500) n
//! load
//! source
//!   update t set id = 2
//! expect target
//!   select id, length(big) from t
//!   = 2 | 16000
//! ```
//!
//! A block's lines are indented. Each line of `source` or `target` is sent by itself: several statements in one line are one transaction, unless
//! they say otherwise; a line that is indented further goes on with the one before. One that begins with `!` must be refused. What can be said:
//!
//! - `since {version}`: not where the source or the target is older. `modes {transactional | batch}`: only in this mode. `native no {why}`: PostgreSQL's own replication can't do it (see `native.rs`).
//! - `settings {json}`, `mappings {json}`: of the task; they may go on in indented lines. `options …`: arguments of `ratchet replicate`, in which
//!   `{database}` is the database's name, which no other case has.
//! - `compare …`: how the databases are compared at the end: `nothing`, `only {tables}`, `except {tables}`, `sequences`, `columns of source`.
//! - `source [{session}]`, `target [{session}]`: statements, in which `{database}` is the same.
//! - `load`: starts the replicator and waits until it has caught up. `start […]`: starts it. `caught up`: waits for it.
//! - `stop`, `kill`: ends it. `ends`: it ends well by itself. `fails {text}`: it ends by itself and says this.
//! - `equal`: it catches up, and both sides are equal. Every case ends with that, and with a clean stop.
//! - `expect {source | target}`: queries, each followed by its rows; asked again until they are right or time is up.
//! - `says {text}`: the replicator has printed this.

use std::fs;
use std::path::Path;

use tests::support::compare::{Columns, Compared, Sequences};

/// A case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What it shows.
    pub(crate) name: String,
    /// The file and line that it begins at.
    pub(crate) place: String,
    /// The oldest major version that can do it.
    pub(crate) since: u32,
    /// In which modes it runs.
    pub(crate) modes: Vec<Mode>,
    /// Whether PostgreSQL's own replication can do it.
    pub(crate) native: bool,
    /// The task's settings.
    pub(crate) settings: Option<String>,
    /// The table mappings.
    pub(crate) mappings: Option<String>,
    /// Arguments.
    pub(crate) options: Vec<String>,
    /// What is compared at the end; nothing if there is none.
    pub(crate) compared: Option<Compared>,
    /// What happens, each with its line.
    pub(crate) steps: Vec<(usize, Step)>,
}

/// How changes are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Source transactions.
    Transactional,
    /// Net changes.
    Batch,
}

/// A database of the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// What is replicated.
    Source,
    /// Where to.
    Target,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Statements in a session.
    Sql(Side, String, Vec<Statement>),
    /// Start, and catch up.
    Load,
    /// Start, with these arguments.
    Start(Vec<String>),
    /// Wait until it has caught up.
    CaughtUp,
    /// Stop it cleanly.
    Stop,
    /// Kill it.
    Kill,
    /// It ends well by itself.
    Ends,
    /// It ends by itself and says this.
    Fails(String),
    /// It has printed this.
    Says(String),
    /// It catches up, and both sides are equal.
    Equal,
    /// A query gives these rows.
    Expect(Side, Vec<Expectation>),
    /// An environment variable of its next start.
    Variable(String, String),
}

/// A statement.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// Its text.
    pub(crate) text: String,
    /// Whether the server must refuse it.
    pub(crate) refused: bool,
}

/// A query and its rows.
#[derive(Clone, Debug)]
pub(crate) struct Expectation {
    /// The query.
    pub(crate) query: String,
    /// Its rows: values between bars, NULL as `null`.
    pub(crate) rows: Vec<String>,
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
    let mut cases: Vec<Case> = Vec::new();
    let mut lines = Lines {
        lines: text.lines().collect(),
        next: 0,
    };
    while let Some((number, line)) = lines.take_line() {
        let place = format!("{name}:{number}");
        if let Some(title) = line.strip_prefix("=== ") {
            cases.push(Case::new(title, place));
            continue;
        }
        let case = cases
            .last_mut()
            .unwrap_or_else(|| panic!("{place}: a case begins with ==="));
        let block = lines.block();
        case.read(number, line, &block)
            .unwrap_or_else(|problem| panic!("{place}: {problem}: {line:?}"));
    }
    cases
}

struct Lines<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Lines<'a> {
    /// The next line that says something, and its number.
    fn take_line(&mut self) -> Option<(usize, &'a str)> {
        while let Some(line) = self.lines.get(self.next) {
            self.next += 1;
            if !line.trim().is_empty() && !line.starts_with('#') {
                return Some((self.next, line));
            }
        }
        None
    }

    /// The indented lines that follow; those that are indented further are joined to the one before.
    fn block(&mut self) -> Vec<String> {
        let mut block: Vec<String> = Vec::new();
        while let Some(line) = self.lines.get(self.next) {
            let Some(inner) = line.strip_prefix("  ") else {
                break;
            };
            self.next += 1;
            match block.last_mut() {
                Some(before) if inner.starts_with(' ') => {
                    before.push('\n');
                    before.push_str(inner);
                }
                _ => block.push(inner.to_owned()),
            }
        }
        block
    }
}

impl Case {
    fn new(name: &str, place: String) -> Self {
        Self {
            name: name.to_owned(),
            place,
            since: 0,
            modes: vec![Mode::Transactional, Mode::Batch],
            native: true,
            settings: None,
            mappings: None,
            options: Vec::new(),
            compared: Some(Compared::default()),
            steps: Vec::new(),
        }
    }

    /// Reads a line that tells of the case as a whole; false if it is another.
    fn read_head(&mut self, word: &str, rest: &str, block: &[String]) -> Result<bool, String> {
        let document = || Some(format!("{rest}\n{}", block.join("\n")));
        match (word, rest) {
            ("modes", "transactional") => self.modes = vec![Mode::Transactional],
            ("modes", "batch") => self.modes = vec![Mode::Batch],
            ("native", _) => self.native = false,
            ("since", version) => {
                self.since = version.parse().map_err(|_| "since which version")?
            }
            ("settings", _) => self.settings = document(),
            ("mappings", _) => self.mappings = document(),
            ("options", _) => self.options = rest.split_whitespace().map(str::to_owned).collect(),
            ("compare", _) => self.compared = read_compared(self.compared.take(), rest)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn read(&mut self, number: usize, line: &str, block: &[String]) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words = || {
            rest.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        if self.read_head(word, rest, block)? {
            return Ok(());
        }
        let step = match (word, rest) {
            ("source", _) => Step::Sql(Side::Source, rest.to_owned(), read_statements(block)),
            ("target", _) => Step::Sql(Side::Target, rest.to_owned(), read_statements(block)),
            ("load", "") => Step::Load,
            ("start", _) => Step::Start(words()),
            ("caught", "up") => Step::CaughtUp,
            ("stop", "") => Step::Stop,
            ("kill", "") => Step::Kill,
            ("ends", "") => Step::Ends,
            ("fails", _) => Step::Fails(rest.to_owned()),
            ("says", _) => Step::Says(rest.to_owned()),
            ("equal", "") => Step::Equal,
            ("expect", "source") => Step::Expect(Side::Source, read_expectations(block)?),
            ("expect", "target") => Step::Expect(Side::Target, read_expectations(block)?),
            ("variable", _) => {
                let (name, value) = rest.split_once('=').ok_or("expected name=value")?;
                Step::Variable(name.to_owned(), value.to_owned())
            }
            _ => return Err("no such line".to_owned()),
        };
        self.steps.push((number, step));
        Ok(())
    }
}

fn read_compared(before: Option<Compared>, rest: &str) -> Result<Option<Compared>, String> {
    let mut compared = before.unwrap_or_default();
    let (word, names) = rest.split_once(' ').unwrap_or((rest, ""));
    let names = names.split_whitespace().map(str::to_owned).collect();
    match word {
        "nothing" => return Ok(None),
        "only" => compared.only = names,
        "except" => compared.except = names,
        "sequences" => compared.sequences = Sequences::Compared,
        "columns" => compared.columns = Columns::OfSource,
        _ => return Err("compare what".to_owned()),
    }
    Ok(Some(compared))
}

fn read_statements(block: &[String]) -> Vec<Statement> {
    block
        .iter()
        .filter(|line| !line.starts_with('#'))
        .map(|line| match line.strip_prefix("! ") {
            Some(text) => Statement {
                text: text.to_owned(),
                refused: true,
            },
            None => Statement {
                text: line.clone(),
                refused: false,
            },
        })
        .collect()
}

fn read_expectations(block: &[String]) -> Result<Vec<Expectation>, String> {
    let mut expectations: Vec<Expectation> = Vec::new();
    for line in block {
        match (line.strip_prefix("= "), expectations.last_mut()) {
            (Some(row), Some(last)) => last.rows.push(row.to_owned()),
            (Some(_), None) => return Err("a row without a query".to_owned()),
            (None, _) => expectations.push(Expectation {
                query: line.clone(),
                rows: Vec::new(),
            }),
        }
    }
    Ok(expectations)
}
