//! PostgreSQL's own replication in the place of ours: it tells whether a case is right, for those cases that it can do.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tests::support::postgres::Cluster;
use tests::support::sql::Sql;

use crate::driver::PATIENCE;

/// A publication of all tables and a subscription to it.
pub(crate) struct Native {
    database: String,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Running,
    Stopped,
}

impl Native {
    pub(crate) fn new(database: &str) -> Self {
        Self {
            database: database.to_owned(),
            state: State::New,
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.state == State::Running
    }

    pub(crate) fn start(&mut self, source: &Cluster, target: &Cluster) {
        let name = &self.database;
        if self.state == State::Stopped {
            target.sql(name).run("alter subscription native enable");
        } else {
            copy_schema(&source.url(name), &target.url(name));
            source.sql(name).run(
                "create publication native for all tables with (publish_via_partition_root = true)",
            );
            target.sql(name).run(&format!(
                "create subscription native connection '{}' publication native with (slot_name = '{name}', streaming = on)",
                source.url(name)
            ));
        }
        self.state = State::Running;
    }

    pub(crate) fn stop(&mut self, target: &Cluster) {
        target
            .sql(&self.database)
            .run("alter subscription native disable");
        self.state = State::Stopped;
    }

    pub(crate) fn catch_up(&self, source: &Sql, target: &Sql) -> Result<(), String> {
        let began = Instant::now();
        let position = source.one("select pg_current_wal_insert_lsn()");
        source.run("select pg_logical_emit_message(true, 'mark', '')");
        let unready = "select count(*) from pg_subscription_rel where srsubstate <> 'r'";
        let confirmed = format!(
            "select count(*) from pg_replication_slots where slot_name = '{}' and confirmed_flush_lsn > '{position}'",
            self.database
        );
        while began.elapsed() < PATIENCE {
            if target.one(unready) == "0" && source.one(&confirmed) == "1" {
                return Ok(());
            }
            sleep(Duration::from_millis(10));
        }
        Err("native replication did not catch up".to_owned())
    }

    pub(crate) fn leave(&mut self, target: &Cluster) {
        if self.state == State::New {
            return;
        }
        let session = target.sql(&self.database);
        session.run("alter subscription native disable");
        session.run("alter subscription native set (slot_name = none)");
        session.run("drop subscription native");
        self.state = State::New;
    }
}

fn copy_schema(source: &str, target: &str) {
    let mut dump = Command::new("pg_dump")
        .args(["--schema-only", "--no-publications", "-d", source])
        .stdout(Stdio::piped())
        .spawn()
        .expect("pg_dump can be started");
    let schema = dump.stdout.take().expect("it is piped");
    let load = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target])
        .stdin(schema)
        .stdout(Stdio::null())
        .status()
        .expect("psql can be started");
    let dumped = dump.wait().expect("it is our child");
    assert!(
        dumped.success() && load.success(),
        "the schema can't be copied"
    );
}
