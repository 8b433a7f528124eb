//! What can be wrong with a replication task: each ends at once, with an error that says what is wrong, where, and what to do about it.
//!
//! No error shows a password. Read `every_mistake_is_told` for the list.

use std::fs;
use std::time::Duration;

use tests::support::postgres::{Cluster, Stop};
use tests::support::replicator::Replicator;

/// How long it may take to say it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The exit code of a task whose tables must be loaded anew.
const RESYNC: i32 = 4;

/// Nothing is tried again: a connection that is refused is an error at once.
const AT_ONCE: &str = r#"{"ErrorBehavior": {"RecoverableErrorCount": 0}, "FullLoadSettings": {"TargetTablePrepMode": "TRUNCATE_BEFORE_LOAD"}}"#;

struct Bed {
    source: Cluster,
    target: Cluster,
}

impl Bed {
    fn new() -> Self {
        let source = Cluster::start(&[
            ("wal_level", "logical"),
            ("max_slot_wal_keep_size", "2MB"),
            ("wal_keep_size", "0"),
        ]);
        let target = Cluster::start(&[]);
        Self { source, target }
    }

    /// Databases of this name at both sides, with a table at the source.
    fn databases(&self, name: &str) {
        self.source.create_database(name);
        self.target.create_database(name);
        self.source
            .sql(name)
            .run("create table items (id int primary key, name text); insert into items values (1, 'bolt'), (2, null)");
    }

    fn task(&self, name: &str) -> Replicator {
        Replicator::new(name, &self.source.url(name), &self.target.url(name)).settings(AT_ONCE)
    }

    /// A task that was loaded and stopped.
    fn stopped_task(&self, name: &str) -> Replicator {
        self.databases(name);
        let mut task = self.task(name);
        task.start(&["--until".to_owned(), "caught-up".to_owned()]);
        let status = task.wait(PATIENCE).expect("it ends");
        assert!(status.success(), "{name}: {status}\n{}", task.log());
        task
    }

    fn slot(&self, name: &str) -> String {
        self.source
            .sql(name)
            .one("select slot_name from pg_replication_slots where database = current_database()")
    }
}

/// Starts the task, which must end and say all of this.
fn check(what: &str, task: &mut Replicator, code: Option<i32>, told: &[&str]) -> Option<String> {
    let before = task.log().len();
    task.start(&[]);
    let status = match task.wait(PATIENCE) {
        Ok(status) => status,
        Err(problem) => return Some(format!("{what}: {problem}\n{}", &task.log()[before..])),
    };
    let log = task.log();
    let said = &log[before..];
    let lower = said.to_lowercase();
    let missing: Vec<_> = told
        .iter()
        .filter(|text| !lower.contains(&text.to_lowercase()))
        .collect();
    let right = !status.success()
        && status.code().is_some()
        && code.is_none_or(|code| status.code() == Some(code))
        && missing.is_empty()
        && !said.contains("s3cret")
        && !said.contains("panicked");
    (!right).then(|| format!("{what}: {status}; it does not say {missing:?}:\n{said}"))
}

#[test]
fn every_mistake_is_told() {
    let bed = Bed::new();
    let mut problems = Vec::new();
    problems.extend(connections(&bed));
    problems.extend(rights(&bed));
    problems.extend(documents(&bed));
    problems.extend(slots(&bed));
    problems.extend(other_clusters());
    assert!(
        problems.is_empty(),
        "{} mistakes are not told well:\n\n{}",
        problems.len(),
        problems.join("\n\n")
    );
}

fn connections(bed: &Bed) -> Vec<String> {
    bed.databases("connections");
    bed.source
        .sql("postgres")
        .run("create role locked login replication password 's3cret'");
    bed.source
        .add_access_rules("host all locked 127.0.0.1/32 scram-sha-256");
    let (source, target) = (bed.source.url("connections"), bed.target.url("connections"));
    let wrong_password = bed.source.url_as("locked:s3cretwrong", "connections");
    let nobody = "postgresql://postgres@127.0.0.1:1/connections";
    let tls = format!("{source}?sslmode=require");
    let list: &[(&str, &str, &str, &[&str])] = &[
        (
            "a wrong password",
            &wrong_password,
            &target,
            &["password", "locked", "source"],
        ),
        (
            "no source server",
            nobody,
            &target,
            &["source", "127.0.0.1", "refused"],
        ),
        (
            "no target server",
            &source,
            nobody,
            &["target", "127.0.0.1", "refused"],
        ),
        (
            "no source database",
            &bed.source.url("nosuch"),
            &target,
            &["source", "nosuch", "does not exist"],
        ),
        (
            "no target database",
            &source,
            &bed.target.url("nosuch"),
            &["target", "nosuch", "create database \"nosuch\""],
        ),
        ("a server without TLS", &tls, &target, &["source", "tls"]),
        (
            "a URL whose port is none",
            "postgresql://u:s3cret@h:port/d",
            &target,
            &["port"],
        ),
        (
            "a URL of something else",
            "mysql://u:s3cret@h/d",
            &target,
            &["postgresql://"],
        ),
        (
            "a URL with an unknown parameter",
            &format!("{source}?sslmod=require"),
            &target,
            &["sslmod"],
        ),
        (
            "source and target are the same",
            &source,
            &source,
            &["same"],
        ),
    ];
    list.iter()
        .filter_map(|(what, source, target, told)| {
            check(
                what,
                &mut Replicator::new("connections", source, target).settings(AT_ONCE),
                None,
                told,
            )
        })
        .collect()
}

fn rights(bed: &Bed) -> Vec<String> {
    bed.databases("rights");
    bed.source.sql("rights").run(
        "create role plain login; create role copier login replication; grant create on database rights to copier, plain; \
         create role reader login replication; grant select on items to reader; revoke create on schema public from public",
    );
    bed.target.sql("rights").run("create role guest login; revoke create on database rights from public; revoke create on schema public from public");
    let source = |user: &str| bed.source.url_as(user, "rights");
    let target = bed.target.url("rights");
    let guest = bed.target.url_as("guest", "rights");
    let mut list = vec![
        (
            "no right to replicate",
            source("plain"),
            target.clone(),
            vec!["plain", "alter role", "replication"],
        ),
        (
            "no right to read",
            source("copier"),
            target.clone(),
            vec!["copier", "items", "select"],
        ),
        (
            "no right to publish",
            source("reader"),
            target.clone(),
            vec!["reader", "publication"],
        ),
        (
            "no right to write at the target",
            source("postgres"),
            guest,
            vec!["permission denied", "target", "grant create"],
        ),
    ];
    bed.target.create_database("frozen");
    bed.target
        .sql("postgres")
        .run("alter database frozen set default_transaction_read_only = on");
    list.push((
        "a target that is read-only",
        source("postgres"),
        bed.target.url("frozen"),
        vec!["target", "default_transaction_read_only"],
    ));
    list.iter()
        .filter_map(|(what, source, target, told)| {
            check(
                what,
                &mut Replicator::new("rights", source, target).settings(AT_ONCE),
                None,
                told,
            )
        })
        .collect()
}

fn documents(bed: &Bed) -> Vec<String> {
    bed.databases("documents");
    let rule = |table: &str, action: &str| {
        format!(
            r#"{{"rules": [{{"rule-type": "selection", "rule-id": "1", "rule-name": "1",
               "object-locator": {{"schema-name": "public", "table-name": "{table}"}}, "rule-action": "{action}"}}]}}"#
        )
    };
    let mappings: &[(&str, String, &[&str])] = &[
        (
            "a table that is not there",
            rule("itmes", "include"),
            &["public.itmes"],
        ),
        (
            "a selection that matches nothing",
            rule("x%", "include"),
            &["matches no table", "schema-name", "table-name"],
        ),
        (
            "mappings that are no JSON",
            "{\"rules\": [".to_owned(),
            &["mappings"],
        ),
        (
            "mappings with an unknown action",
            rule("items", "inklude"),
            &["rule-action", "inklude", "include"],
        ),
    ];
    let mut problems: Vec<_> = mappings
        .iter()
        .filter_map(|(what, mappings, told)| {
            check(
                what,
                &mut bed.task("documents").mappings(mappings),
                None,
                told,
            )
        })
        .collect();
    let settings: &[(&str, &str, &[&str])] = &[
        ("settings that are no JSON", "{,}", &["settings"]),
        (
            "settings of the wrong type",
            r#"{"TargetMetadata": {"BatchApplyEnabled": "perhaps"}}"#,
            &["BatchApplyEnabled"],
        ),
        (
            "a preparation that there is not",
            r#"{"FullLoadSettings": {"TargetTablePrepMode": "DROP"}}"#,
            &["TargetTablePrepMode", "DROP_AND_CREATE"],
        ),
    ];
    problems.extend(settings.iter().filter_map(|(what, settings, told)| {
        let task = Replicator::new(
            "documents",
            &bed.source.url("documents"),
            &bed.target.url("documents"),
        );
        check(what, &mut task.settings(settings), None, told)
    }));
    let arguments: &[(&str, &[&str], &[&str])] = &[
        (
            "a publication that is not there",
            &["--publication", "nosuch"],
            &["publication", "nosuch"],
        ),
        (
            "a type of migration that there is not",
            &["--migration-type", "half"],
            &["migration-type", "half"],
        ),
        (
            "a name that no slot can have",
            &["--slot", "Bad-Name"],
            &["slot", "Bad-Name"],
        ),
    ];
    problems.extend(arguments.iter().filter_map(|(what, arguments, told)| {
        let task = arguments
            .iter()
            .fold(bed.task("documents"), |task, argument| {
                task.argument(*argument)
            });
        check(what, &mut { task }, None, told)
    }));
    problems
}

fn slots(bed: &Bed) -> Vec<String> {
    let mut problems = Vec::new();
    bed.databases("others");
    bed.source
        .sql("others")
        .run("select pg_create_logical_replication_slot('strange', 'test_decoding')");
    let arguments = ["--slot", "strange", "--migration-type", "cdc"];
    let mut task = arguments.iter().fold(bed.task("others"), |task, argument| {
        task.argument(*argument)
    });
    problems.extend(check(
        "a slot of another plugin",
        &mut task,
        None,
        &["strange", "test_decoding", "pgoutput"],
    ));
    bed.databases("elsewhere");
    bed.source
        .sql("others")
        .run("select pg_create_logical_replication_slot('of_others', 'pgoutput')");
    let mut task = bed
        .task("elsewhere")
        .argument("--slot")
        .argument("of_others");
    problems.extend(check(
        "a slot of another database",
        &mut task,
        None,
        &["of_others", "others"],
    ));

    let mut task = bed.stopped_task("dropped");
    let slot = bed.slot("dropped");
    bed.source
        .sql("dropped")
        .run(&format!("select pg_drop_replication_slot('{slot}')"));
    problems.extend(check(
        "a slot that was dropped",
        &mut task,
        Some(RESYNC),
        &[&slot, "does not exist", "reload"],
    ));

    let mut task = bed.stopped_task("advanced");
    let slot = bed.slot("advanced");
    bed.source
        .sql("advanced")
        .run("insert into items values (3, 'lost')");
    bed.source.sql("advanced").run(&format!(
        "select pg_replication_slot_advance('{slot}', pg_current_wal_lsn())"
    ));
    problems.extend(check(
        "a slot that somebody advanced",
        &mut task,
        Some(RESYNC),
        &[&slot, "lost", "reload"],
    ));

    let mut task = bed.stopped_task("expired");
    let slot = bed.slot("expired");
    for _ in 0..4 {
        bed.source
            .sql("expired")
            .run("insert into items select max(id) + 1 from items");
        bed.source.sql("expired").run("select pg_switch_wal()");
    }
    bed.source.sql("expired").run("checkpoint");
    problems.extend(check(
        "a slot whose log is gone",
        &mut task,
        Some(RESYNC),
        &[&slot, "max_slot_wal_keep_size", "reload"],
    ));
    task.start(&[
        "--reload".to_owned(),
        "--until".to_owned(),
        "caught-up".to_owned(),
    ]);
    let status = task.wait(PATIENCE).expect("it ends");
    let count = bed.target.sql("expired").one("select count(*) from items");
    if !status.success() || count != "6" {
        problems.push(format!(
            "--reload: {status}, {count} rows and not 6\n{}",
            task.log()
        ));
    }
    problems
}

fn other_clusters() -> Vec<String> {
    let mut problems = Vec::new();
    let mut bed = Bed {
        source: Cluster::start(&[("wal_level", "replica"), ("max_replication_slots", "1")]),
        target: Cluster::start(&[]),
    };
    bed.databases("shop");
    problems.extend(check(
        "a source without logical decoding",
        &mut bed.task("shop"),
        None,
        &[
            "wal_level",
            "replica",
            "alter system set wal_level = logical",
            "restart",
        ],
    ));
    bed.source.stop(Stop::Fast);
    bed.source.set("wal_level", "logical");
    bed.source.start_again();
    bed.source
        .sql("shop")
        .run("select pg_create_logical_replication_slot('taken', 'pgoutput')");
    problems.extend(check(
        "a source without a free slot",
        &mut bed.task("shop"),
        None,
        &["max_replication_slots", "taken"],
    ));
    bed.source
        .sql("shop")
        .run("select pg_drop_replication_slot('taken')");
    bed.target.stop(Stop::Fast);
    fs::write(bed.target.data_directory().join("standby.signal"), "").expect("it can be written");
    bed.target.start_again();
    problems.extend(check(
        "a target that is a standby",
        &mut bed.task("shop"),
        None,
        &["target", "standby"],
    ));
    problems
}
