//! Runs one case: makes its two databases, carries its steps out, compares, and cleans up.

use std::collections::BTreeMap;
use std::env;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::support::compare::{Compared, differences};
use tests::support::postgres::Cluster;
use tests::support::replicator::Replicator;
use tests::support::sql::{Row, Sql};

use crate::native::Native;
use crate::notation::{Case, Expectation, Mode, Side, Statement, Step};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The two clusters that all cases share.
pub(crate) struct Clusters {
    pub(crate) source: Cluster,
    pub(crate) target: Cluster,
}

impl Clusters {
    /// The major version of the older one.
    pub(crate) fn oldest_version(&self) -> u32 {
        let version = |cluster: &Cluster| -> u32 {
            let number = cluster.sql("postgres").one("show server_version_num");
            number.parse().expect("it is a number")
        };
        version(&self.source).min(version(&self.target)) / 10_000
    }
}

/// Runs a case; says what was not as it must be.
pub(crate) fn run(
    case: &Case,
    mode: Mode,
    clusters: &Clusters,
    database: &str,
) -> Result<(), String> {
    clusters.source.create_database(database);
    clusters.target.create_database(database);
    let mut scene = Scene::new(case, mode, clusters, database);
    let outcome = scene.play(case).map_err(|problem| match &scene.replicator {
        Some(replicator) => format!(
            "{problem}\nthe replicator printed:\n{}",
            tail(&replicator.log())
        ),
        None => problem,
    });
    scene.leave();
    outcome
}

struct Scene<'a> {
    clusters: &'a Clusters,
    database: &'a str,
    sessions: BTreeMap<(Side, String), Sql>,
    replicator: Option<Replicator>,
    native: Option<Native>,
    compared: Option<Compared>,
}

impl<'a> Scene<'a> {
    fn new(case: &Case, mode: Mode, clusters: &'a Clusters, database: &'a str) -> Self {
        let native = env::var_os("RATCHET_CASE_NATIVE").map(|_| Native::new(database));
        let replicator = native.is_none().then(|| {
            let source = clusters.source.url(database);
            let target = clusters.target.url(database);
            let mut replicator =
                Replicator::new(database, &source, &target).settings(&settings(case, mode));
            if let Some(mappings) = &case.mappings {
                replicator = replicator.mappings(mappings);
            }
            case.options.iter().fold(replicator, |replicator, option| {
                replicator.argument(option.replace("{database}", database))
            })
        });
        Self {
            clusters,
            database,
            sessions: BTreeMap::new(),
            replicator,
            native,
            compared: case.compared.clone(),
        }
    }

    fn play(&mut self, case: &Case) -> Result<(), String> {
        for (line, step) in &case.steps {
            self.step(step)
                .map_err(|problem| format!("line {line}: {problem}"))?;
        }
        if self.is_running() {
            self.step(&Step::Equal)?;
            self.step(&Step::Stop)?;
        } else {
            self.compare()?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Sql(side, session, statements) => statements
                .iter()
                .try_for_each(|statement| self.statement(*side, session, statement)),
            Step::Load => {
                self.start(&[]);
                self.catch_up()
            }
            Step::Start(arguments) => {
                self.start(arguments);
                Ok(())
            }
            Step::CaughtUp => self.catch_up(),
            Step::Stop => self.stop(),
            Step::Kill => {
                if let Some(replicator) = &mut self.replicator {
                    replicator.kill();
                }
                Ok(())
            }
            Step::Ends => {
                let Some(replicator) = &mut self.replicator else {
                    return Ok(());
                };
                let status = replicator.wait(PATIENCE)?;
                status
                    .success()
                    .then_some(())
                    .ok_or_else(|| format!("it ended with {status}"))
            }
            Step::Fails(text) => self.fails(text),
            Step::Says(text) => self.says(text),
            Step::Equal => {
                self.catch_up()?;
                self.compare()
            }
            Step::Expect(side, expectations) => expectations
                .iter()
                .try_for_each(|expectation| self.expect(*side, expectation)),
            Step::Variable(name, value) => {
                if let Some(replicator) = &mut self.replicator {
                    replicator.set_variable(
                        name,
                        Some(value)
                            .filter(|value| !value.is_empty())
                            .map(String::as_str),
                    );
                }
                Ok(())
            }
        }
    }

    fn is_running(&self) -> bool {
        self.native.as_ref().is_some_and(Native::is_running)
            || self.replicator.as_ref().is_some_and(Replicator::is_started)
    }

    fn start(&mut self, arguments: &[String]) {
        match (&mut self.native, &mut self.replicator) {
            (Some(native), _) => native.start(&self.clusters.source, &self.clusters.target),
            (None, Some(replicator)) => replicator.start(arguments),
            (None, None) => unreachable!("there is one of the two"),
        }
    }

    fn stop(&mut self) -> Result<(), String> {
        match (&mut self.native, &mut self.replicator) {
            (Some(native), _) => native.stop(&self.clusters.target),
            (None, Some(replicator)) => {
                let status = replicator.terminate(PATIENCE)?;
                if !status.success() {
                    return Err(format!("it did not stop cleanly: {status}"));
                }
            }
            (None, None) => unreachable!("there is one of the two"),
        }
        Ok(())
    }

    fn catch_up(&mut self) -> Result<(), String> {
        let source = self.clusters.source.sql(self.database);
        let target = self.clusters.target.sql(self.database);
        match (&mut self.native, &mut self.replicator) {
            (Some(native), _) => native.catch_up(&source, &target),
            (None, Some(replicator)) => replicator.catch_up(&source, &target, PATIENCE),
            (None, None) => unreachable!("there is one of the two"),
        }
    }

    fn compare(&self) -> Result<(), String> {
        let Some(compared) = &self.compared else {
            return Ok(());
        };
        let source = self.clusters.source.sql(self.database);
        let target = self.clusters.target.sql(self.database);
        let text =
            differences(&source, &target, compared).map_err(|failure| failure.to_string())?;
        if text.is_empty() { Ok(()) } else { Err(text) }
    }

    fn fails(&mut self, text: &str) -> Result<(), String> {
        let Some(replicator) = &mut self.replicator else {
            return Ok(());
        };
        let status = replicator.wait(PATIENCE)?;
        if status.success() {
            return Err("it ended well, and was to fail".to_owned());
        }
        self.says(text)
    }

    fn says(&mut self, text: &str) -> Result<(), String> {
        let Some(replicator) = &self.replicator else {
            return Ok(());
        };
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if replicator.log().contains(text) {
                return Ok(());
            }
            if !replicator.is_started() {
                break;
            }
            sleep(Duration::from_millis(10));
        }
        Err(format!("it does not say {text:?}"))
    }

    fn statement(
        &mut self,
        side: Side,
        session: &str,
        statement: &Statement,
    ) -> Result<(), String> {
        // Names of prepared transactions are those of the whole cluster.
        let text = statement.text.replace("{database}", self.database);
        let outcome = self.session(side, session).try_run(&text);
        match (outcome, statement.refused) {
            (Ok(()), false) | (Err(_), true) => Ok(()),
            (Ok(()), true) => Err(format!("it was to be refused: {}", statement.text)),
            (Err(failure), false) => Err(format!("{failure}: {}", statement.text)),
        }
    }

    fn expect(&mut self, side: Side, expectation: &Expectation) -> Result<(), String> {
        let began = Instant::now();
        loop {
            let rows = self.session(side, "").try_rows(&expectation.query);
            let rows: Vec<_> = match rows {
                Ok(rows) => rows.iter().map(written).collect(),
                Err(failure) => vec![format!("{failure}")],
            };
            if rows == expectation.rows {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!(
                    "{}\n  gives:\n{}\n  and not:\n{}",
                    expectation.query,
                    rows.join("\n"),
                    expectation.rows.join("\n")
                ));
            }
            sleep(Duration::from_millis(20));
        }
    }

    fn session(&mut self, side: Side, name: &str) -> &Sql {
        let cluster = match side {
            Side::Source => &self.clusters.source,
            Side::Target => &self.clusters.target,
        };
        self.sessions
            .entry((side, name.to_owned()))
            .or_insert_with(|| cluster.sql(self.database))
    }

    /// Ends everything, and drops the slots and databases.
    fn leave(&mut self) {
        self.sessions.clear();
        if let Some(replicator) = &mut self.replicator {
            replicator.kill();
        }
        if let Some(native) = &mut self.native {
            native.leave(&self.clusters.target);
        }
        // What a case leaves prepared holds up the slots of all others.
        for cluster in [&self.clusters.source, &self.clusters.target] {
            let session = cluster.sql(self.database);
            let left = "select gid from pg_prepared_xacts where database = current_database()";
            for row in session.try_rows(left).unwrap_or_default() {
                let gid = row[0].as_deref().unwrap_or_default();
                let gid = gid.replace('\\', "\\\\").replace('\'', "''");
                let _ended = session.try_run(&format!("rollback prepared E'{gid}'"));
            }
        }
        let source = self.clusters.source.sql("postgres");
        let slots = format!(
            "from pg_replication_slots where database = '{}'",
            self.database
        );
        let began = Instant::now();
        loop {
            let _gone = source.try_run(&format!(
                "select pg_terminate_backend(active_pid) {slots} and active"
            ));
            let _dropped = source.try_run(&format!(
                "select pg_drop_replication_slot(slot_name) {slots} and not active"
            ));
            if source.one(&format!("select count(*) {slots}")) == "0" || began.elapsed() > PATIENCE
            {
                break;
            }
            sleep(Duration::from_millis(10));
        }
        self.clusters.source.drop_database(self.database);
        self.clusters.target.drop_database(self.database);
    }
}

/// The task's settings: those of the mode, and over them the case's.
fn settings(case: &Case, mode: Mode) -> String {
    let mut settings = json!({
        "TargetMetadata": {"BatchApplyEnabled": mode == Mode::Batch},
        "ChangeProcessingTuning": {"BatchApplyTimeoutMin": 0, "BatchApplyTimeoutMax": 1},
    });
    if let Some(text) = &case.settings {
        let own = serde_json::from_str(text).expect("the case's settings are JSON");
        merge(&mut settings, own);
    }
    settings.to_string()
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn written(row: &Row) -> String {
    let values: Vec<_> = row
        .iter()
        .map(|value| value.as_deref().unwrap_or("null"))
        .collect();
    values.join(" | ")
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}
