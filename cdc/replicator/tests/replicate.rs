//! Replicates between two real databases.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

mod support;

use std::thread::sleep;
use std::time::Duration;

use replication::relation::TableName;
use replication::settings::ApplyMode;
use replicator::status::Phase;
use replicator::task::{Start, Until};
use replicator::{Outcome, Status};
use support::{Clusters, Pair};
use tests::support::random::Random;

#[test]
fn replicates() {
    let clusters = Clusters::start();
    for (name, definition, check) in CASES {
        eprintln!("case {name}");
        check(&clusters.pair(name, definition));
    }
}

/// A case: its name, what the source has at first, and what happens then.
type Case = (&'static str, &'static str, fn(&Pair));

const CASES: &[Case] = &[
    (
        "rows_are_loaded_and_their_changes_follow",
        "create table items (id int primary key, name text, price numeric(10, 2));
         insert into items select i, 'item ' || i, i / 10.0 from generate_series(1, 1000) i",
        |pair| {
            let running = pair.start(pair.task());
            pair.wait_until_equal(&running);
            pair.source.run(
                "insert into items select i, 'new ' || i, null from generate_series(1001, 1200) i;
                 update items set price = price + 1 where id % 3 = 0;
                 delete from items where id % 5 = 0;
                 update items set id = -id where id % 7 = 0",
            );
            pair.wait_until_equal(&running);
            running.stop().unwrap();
            pair.assert_equal();
        },
    ),
    (
        "a_task_goes_on_where_it_was_killed",
        "create table items (id int primary key, name text)",
        |pair| {
            for round in 0..6 {
                let mut running = pair.start(pair.task());
                if round > 0 {
                    running.wait_for(|status| matches!(status.phase, Phase::Following { .. }));
                }
                pair.source.run(&format!(
                    "insert into items select i, 'round' from generate_series({round} * 1000, {round} * 1000 + 999) i;
                     update items set name = name || ' {round}' where id % 7 = {round}"
                ));
                running.kill();
            }
            pair.catch_up();
        },
    ),
    (
        "large_transactions_are_applied_while_they_are_in_progress",
        "create table items (id int primary key, name text);
         create table log (line text)",
        |pair| {
            let running = pair.start(pair.task());
            pair.wait_until_equal(&running);
            pair.source.run(
                "begin;
                 insert into items select i, 'one' from generate_series(1, 20000) i;
                 savepoint a;
                 update items set name = 'two';
                 rollback to savepoint a;
                 delete from items where id % 2 = 0;
                 savepoint b;
                 update items set name = 'three' where id % 3 = 0;
                 commit;
                 begin;
                 insert into items select i, 'gone' from generate_series(100001, 120000) i;
                 rollback;
                 begin;
                 insert into items select i, 'kept' from generate_series(200001, 220000) i;
                 insert into log select 'line ' || i from generate_series(1, 20000) i;
                 commit",
            );
            pair.wait_until_equal(&running);
            running.stop().unwrap();
            pair.assert_equal();
        },
    ),
    (
        "rows_that_the_target_refuses_go_to_the_exceptions",
        "create table items (id int primary key, name text)",
        |pair| {
            let running = pair.start(pair.task());
            pair.wait_until_equal(&running);
            pair.target.run(
                "alter table items add constraint short check (length(name) < 10);
                 insert into items values (5, 'here')",
            );
            pair.source.run(
                "insert into items select i, 'ok' from generate_series(1, 4) i;
                 insert into items values (5, 'there'), (6, 'much too long a name'), (7, 'fine');
                 delete from items where id = 6;
                 update items set name = 'good' where id = 1",
            );
            let exceptions = "select count(*) from ratchet.awsdms_apply_exceptions";
            pair.wait_for("two exceptions", &running, || {
                pair.target.one(exceptions) == "2"
                    && pair.target.one("select count(*) from items") == "6"
            });
            pair.target
                .run("update items set name = 'there' where id = 5");
            pair.wait_until_equal(&running);
            running.stop().unwrap();
        },
    ),
    (
        "batches_are_applied_and_commits_may_be_asynchronous",
        "create table items (id int primary key, name text)",
        |pair| {
            let mut task = pair.task();
            task.settings.apply = ApplyMode::Batch;
            task.settings.replication.synchronous_commit = false;
            let mut running = pair.start(task);
            pair.wait_until_equal(&running);
            pair.source.run(
                "insert into items select i, 'one' from generate_series(1, 1000) i;
                 update items set name = 'two' where id % 2 = 0;
                 update items set id = id + 10000 where id % 3 = 0;
                 delete from items where id % 5 = 0",
            );
            pair.wait_until_equal(&running);
            running.wait_for(|status| status.confirmed == status.applied);
            running.stop().unwrap();
            pair.assert_equal();
        },
    ),
    (
        "definitions_follow",
        "create table items (id int primary key, name text);
         insert into items values (1, 'one')",
        |pair| {
            let running = pair.start(pair.task());
            pair.wait_until_equal(&running);
            pair.source.run(
                "begin;
                 insert into items values (2, 'two');
                 alter table items add column price int default 7;
                 insert into items values (3, 'three', 3);
                 commit;
                 alter table items rename column name to title;
                 insert into items values (4, 'four', 4);
                 alter table items drop column price;
                 insert into items values (5, 'five');
                 create table more (id bigint primary key, at timestamptz default now());
                 insert into more values (1), (2);
                 alter table items alter column title type varchar(20);
                 insert into items values (6, 'six')",
            );
            pair.wait_until_equal(&running);
            pair.source.run(
                "insert into more values (3);
                 alter table items rename to things;
                 insert into things values (7, 'seven');
                 drop table more",
            );
            pair.wait_until_equal(&running);
            running.stop().unwrap();
            pair.assert_equal();
        },
    ),
    (
        "what_was_counted_outlives_the_process",
        "create table items (id int primary key, name text);
         insert into items select i, 'old' from generate_series(1, 50) i",
        |pair| {
            let name = TableName::new("public", "items");
            let counts = |status: &Status| {
                let table = status.tables.get(&name)?.statistics;
                let applied = table.applied;
                let changes = (applied.inserts, applied.updates, applied.deletes);
                Some((table.full_load_rows, changes, table.truncates, table.ddls))
            };
            let mut running = pair.start(pair.task());
            pair.wait_until_equal(&running);
            pair.source
                .run("insert into items select i, 'new' from generate_series(101, 110) i");
            pair.source
                .run("update items set name = 'newer' where id < 4");
            pair.source.run("delete from items where id = 4");
            running.wait_for(|status| counts(status) == Some((50, (10, 3, 1), 0, 0)));
            running.stop().unwrap();

            let mut running = pair.start(pair.task());
            running.wait_for(|status| counts(status) == Some((50, (10, 3, 1), 0, 0)));
            pair.source.run("alter table items add column n int");
            pair.source.run("truncate items");
            pair.source.run("insert into items values (1, 'x', 1)");
            let all = Some((50, (11, 3, 1), 1, 1));
            running.wait_for(|status| counts(status) == all);
            pair.wait_for("written counts", &running, || {
                let kept = "select statistics->>'inserts' from ratchet.tables";
                pair.target.one(kept) == "11"
            });
            running.kill();

            let mut running = pair.start(pair.task());
            running.wait_for(|status| counts(status) == all);
            running.wait_for(|status| matches!(status.phase, Phase::Following { caught_up: true }));
            running.wait_for(|status| status.lag.is_zero());
            running.stop().unwrap();
            pair.assert_equal();
        },
    ),
    (
        "prepared_transactions_survive_every_end_of_the_task",
        "create table items (id int primary key, name text);
         create table log (line text)",
        prepared_transactions,
    ),
    (
        "two_phase_commit_stays_as_it_was_begun",
        "create table items (id int primary key)",
        |pair| {
            let task = |two_phase| {
                let mut task = pair.task();
                task.settings.replication.two_phase = two_phase;
                task.until = Until::CaughtUp;
                task
            };
            pair.start(task(true)).end().unwrap();
            let error = pair.start(task(false)).end().unwrap_err().to_string();
            assert!(
                error.contains("was begun with Replication.TwoPhase"),
                "{error}"
            );
            let mut reloaded = task(false);
            reloaded.start = Start::Reload;
            pair.start(reloaded).end().unwrap();
            let error = pair.start(task(true)).end().unwrap_err().to_string();
            assert!(
                error.contains("was begun without Replication.TwoPhase"),
                "{error}"
            );
        },
    ),
];

#[test]
fn a_target_that_prepares_nothing_is_refused() {
    let clusters = Clusters::start_with(&[("max_prepared_transactions", "0")]);
    let pair = clusters.pair("refused", "create table items (id int primary key)");
    let mut task = pair.task();
    task.settings.replication.two_phase = true;
    let error = pair.start(task).end().unwrap_err().to_string();
    let expected = "the target has max_prepared_transactions = 0";
    assert!(error.contains(expected), "{error}");
    assert_eq!(
        pair.source.one("select count(*) from pg_replication_slots"),
        "0"
    );
}

/// While the task is ended again and again, transactions are prepared, and end.
fn prepared_transactions(pair: &Pair) {
    let seed = std::env::var("RATCHET_SEED").map_or(7, |seed| seed.parse().unwrap());
    let mut random = Random::new(seed);
    let task = || {
        let mut task = pair.task();
        task.settings.replication.two_phase = true;
        task
    };
    let mut next = 0;
    let mut open: Vec<u64> = Vec::new();
    for _ in 0..20 {
        let running = pair.start(task());
        for _ in 0..random.between(1, 8) {
            match random.below(5) {
                0 | 1 if open.len() < 6 => {
                    next += 1;
                    let rows = *random.one_of(&[1, 3, 2000]);
                    pair.source.run(&format!(
                        "begin; insert into items select {next} * 10000 + i, 'prepared' from generate_series(1, {rows}) i;
                         savepoint s; insert into log values ('gone'); rollback to s; insert into log values ('{next}');
                         update items set name = name || '!' where id = {next} * 10000 + 1;
                         prepare transaction 'seed {seed} {next}'"
                    ));
                    open.push(next);
                }
                2 | 3 if !open.is_empty() => {
                    let place = usize::try_from(random.below(open.len() as u64)).unwrap();
                    let number = open.swap_remove(place);
                    let how = *random.one_of(&["commit", "commit", "rollback"]);
                    pair.source
                        .run(&format!("{how} prepared 'seed {seed} {number}'"));
                }
                _ => {
                    next += 1;
                    pair.source.run(&format!(
                        "insert into items values ({next} * 10000, 'plain'); insert into log values ('plain {next}')"
                    ));
                }
            }
            sleep(Duration::from_millis(random.below(60)));
        }
        running.kill();
    }
    for number in open {
        pair.source
            .run(&format!("commit prepared 'seed {seed} {number}'"));
    }
    let mut last = task();
    last.until = Until::CaughtUp;
    assert_eq!(pair.start(last).end().unwrap(), Outcome::CaughtUp);
    pair.assert_equal();
    let left = "select count(*) from pg_prepared_xacts where database = current_database()";
    assert_eq!(pair.target.one(left), "0");
}
