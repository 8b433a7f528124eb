//! A cluster with two databases, source and target, and what the tests do with them.

use std::future::Future;
use std::process::Command;

use endpoint::schema::create::{Creation, Problem};
use endpoint::schema::definition::Schema;
use endpoint::schema::{complete, create};
use replication::mapping::Selection;
use replication::relation::TableName;
use replication::settings::PrepareMode;
use tests::support::postgres::Cluster;
use tokio_postgres::{Client, NoTls};

/// A cluster; each case has two databases of it.
pub(crate) struct Bench {
    cluster: Cluster,
}

/// The two databases of a case.
pub(crate) struct Pair {
    pub(crate) source: Client,
    pub(crate) target: Client,
    urls: [String; 2],
}

impl Bench {
    pub(crate) fn start() -> Self {
        Self {
            cluster: Cluster::start(&[("wal_level", "logical")]),
        }
    }

    /// Makes the databases of a case.
    pub(crate) async fn pair(&self, name: &str) -> Pair {
        let mut urls = [String::new(), String::new()];
        let admin = connect(&self.cluster.url("postgres")).await;
        for (side, url) in ["source", "target"].into_iter().zip(&mut urls) {
            let database = format!("{name} {side}").replace(' ', "_");
            run(
                &admin,
                &format!("create database \"{database}\" template template0"),
            )
            .await;
            *url = self.cluster.url(&database);
        }
        Pair {
            source: connect(&urls[0]).await,
            target: connect(&urls[1]).await,
            urls,
        }
    }
}

impl Pair {
    /// Copies the schema, with nothing loaded in between, and gives what was left out.
    pub(crate) async fn copy(&self, mode: PrepareMode) -> Vec<Problem> {
        let (schema, creation) = self.create(mode).await;
        let completion = complete::plan(&schema, &self.target, &creation.created)
            .await
            .expect("it can be planned");
        for step in completion.groups.iter().flat_map(|group| &group.statements) {
            assert!(
                !step.is_done(&self.target).await.expect("it can be asked"),
                "{} is not done yet",
                step.statement.description
            );
            step.run(&self.target).await.expect("it can be done");
        }
        // As after a crash: what was done is left alone.
        for step in completion.groups.iter().flat_map(|group| &group.statements) {
            step.run(&self.target)
                .await
                .expect("it is done, or can be done again");
        }
        let mut problems = creation.problems;
        problems.extend(completion.problems);
        problems
    }

    /// Makes what is made before the load.
    pub(crate) async fn create(&self, mode: PrepareMode) -> (Schema, Creation) {
        let schema = Schema::read(&self.source, &Selection::everything(), &[])
            .await
            .expect("it can be read");
        let creation = create::plan(&schema, &self.target, mode)
            .await
            .expect("it can be planned");
        creation.run(&self.target).await.expect("it can be made");
        (schema, creation)
    }

    /// How the two schemas differ, as `pg_dump` tells them: lines with `-` are the source's, with `+` the target's.
    pub(crate) fn differences(&self) -> String {
        let [source, target] = [0, 1].map(|side| dump(&self.urls[side]));
        let only = |these: &[String], those: &[String], sign: &str| {
            these
                .iter()
                .filter(|each| !those.contains(each))
                .map(|each| format!("{sign} {each}\n"))
                .collect::<String>()
        };
        only(&source, &target, "-") + &only(&target, &source, "+")
    }

    /// Takes away all that a case before has left: that is faster than another database.
    pub(crate) async fn clear(&self) {
        const CLEAR: &str = "
            do $$ declare name text; begin
                for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
                    execute format('drop schema %I cascade', name);
                end loop;
                create schema public;
            end $$;
            reset search_path";
        run(&self.source, CLEAR).await;
        run(&self.target, CLEAR).await;
    }

    /// One more session at the source.
    pub(crate) async fn another_source(&self) -> Client {
        connect(&self.urls[0]).await
    }

    /// What we read of both sides; it is the same, but for OIDs, sizes, and the numbers of columns where others were dropped.
    pub(crate) async fn definitions(&self) -> [String; 2] {
        let mut sides = [String::new(), String::new()];
        for (client, text) in [&self.source, &self.target].into_iter().zip(&mut sides) {
            let mut schema = Schema::read(client, &Selection::everything(), &[])
                .await
                .expect("it can be read");
            for table in &mut schema.tables {
                (table.id, table.pages, table.bytes, table.rows) = (0, 0, 0, None);
                for (column, number) in table.columns.iter_mut().zip(1..) {
                    column.shape.number = number;
                    column.shape.type_id = 0;
                    column.shape.missing = None;
                }
            }
            for each in &mut schema.types {
                each.id = 0;
            }
            schema
                .types
                .sort_by(|left, right| left.name.cmp(&right.name));
            *text = format!("{schema:#?}");
        }
        sides
    }

    /// All rows of a table on both sides.
    pub(crate) async fn rows(&self, table: &str) -> [Vec<String>; 2] {
        let sql = format!("select t::text from {table} t order by 1");
        let mut sides = [Vec::new(), Vec::new()];
        for (client, rows) in [&self.source, &self.target].into_iter().zip(&mut sides) {
            let read = client.query(&sql, &[]).await.expect("it can be read");
            *rows = read.iter().map(|row| row.get(0)).collect();
        }
        sides
    }
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("the cluster runs");
    tokio::spawn(connection);
    client
}

pub(crate) async fn run(client: &Client, sql: &str) {
    if let Err(error) = client.batch_execute(sql).await {
        panic!("{error:?}\n{sql}");
    }
}

/// Runs a test's steps.
pub(crate) fn block_on<T>(steps: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("there are file descriptors left")
        .block_on(steps)
}

pub(crate) fn name(text: &str) -> TableName {
    let (schema, table) = text.split_once('.').unwrap_or(("public", text));
    TableName::new(schema, table)
}

/// The statements of a dump, sorted: their order says nothing.
fn dump(url: &str) -> Vec<String> {
    let output = Command::new("pg_dump")
        .args(["--schema-only", "--no-owner", "--no-privileges", "-d", url])
        .output()
        .expect("pg_dump can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "pg_dump failed: {errors}");
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("--") && !line.starts_with('\\') && !line.is_empty())
        .filter(|line| !line.starts_with("SET ") && !line.starts_with("SELECT pg_catalog."))
        .collect();
    let mut statements: Vec<String> = lines
        .join("\n")
        .split_inclusive(";\n")
        .map(|statement| statement.trim().to_owned())
        .collect();
    statements.sort();
    statements
}
