//! Kills the replicator, the target and the source, and cuts their connections, again and again while random transactions run; then compares.
//!
//! ```text
//!   writers ──SQL──▶ source ──▶ proxy ──▶ ratchet replicate ──▶ proxy ──▶ target ◀──SQL── watchers
//!                    SIGKILL     cut           SIGKILL            cut     SIGKILL
//! ```
//!
//! Read [`schema`] for what is replicated, [`writers`] for who writes, [`watchers`] for what must hold at every instant, [`chaos`] for what goes
//! wrong. The rounds are divided into episodes, each with databases, a mode and a load of its own, and an exact comparison at its end.
//! `RATCHET_REPLICATION_CRASH_SEED=17` replays a seed's choices, `RATCHET_REPLICATION_CRASH_ROUNDS=500` has more rounds.

mod chaos;
mod schema;
mod watchers;
mod writers;

use std::env;
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use tests::support::binary::ratchet;
use tests::support::compare::{Compared, differences};
use tests::support::postgres::{Cluster, Installation};
use tests::support::proxy::Proxy;
use tests::support::random::Random;
use tests::support::replicator::Replicator;
use tests::support::sql::Sql;

use crate::chaos::{Chaos, LOAD_POINTS};
use crate::schema::{TABLES, WEIGHTED};
use crate::watchers::{Commits, Watchers};
use crate::writers::Writers;

/// How many rounds there are when nothing else is said.
const ROUNDS: u64 = 100;

/// Rounds of one episode.
const EPISODE: u64 = 25;

/// How long the replicator may take to catch up after the last round.
const CATCH_UP: Duration = Duration::from_secs(120);

#[test]
fn nothing_is_lost_or_doubled_whatever_is_killed() {
    let seed = number("RATCHET_REPLICATION_CRASH_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        u64::from(now.expect("it is after 1970").subsec_nanos())
    });
    let rounds = number("RATCHET_REPLICATION_CRASH_ROUNDS").unwrap_or(ROUNDS);
    println!("RATCHET_REPLICATION_CRASH_SEED={seed} replays this");
    let _built = ratchet();
    let settings = [
        ("wal_level", "logical"),
        ("logical_decoding_work_mem", "64kB"),
        ("wal_receiver_status_interval", "1s"),
        ("wal_sender_timeout", "5s"),
    ];
    let mut source = Cluster::start_with(&Installation::of_source(), &settings);
    let mut target = Cluster::start_with(&Installation::of_target(), &settings);
    let proxies = (Proxy::to(source.port()), Proxy::to(target.port()));
    let mut random = Random::new(seed);
    let mut left = rounds;
    for number in 0.. {
        if left == 0 {
            break;
        }
        let of_episode = left.min(EPISODE);
        left -= of_episode;
        let mut episode = Episode {
            number,
            rounds: of_episode,
            random: random.fork(),
            source: &mut source,
            target: &mut target,
            proxies: &proxies,
        };
        if let Err(problem) = episode.run() {
            panic!("episode {number} (RATCHET_REPLICATION_CRASH_SEED={seed}): {problem}");
        }
    }
}

struct Episode<'a> {
    number: u64,
    rounds: u64,
    random: Random,
    source: &'a mut Cluster,
    target: &'a mut Cluster,
    proxies: &'a (Proxy, Proxy),
}

impl Episode<'_> {
    fn run(&mut self) -> Result<(), String> {
        let began = Instant::now();
        let database = format!("episode_{}", self.number);
        self.source.create_database(&database);
        self.target.create_database(&database);
        let tables = TABLES.replace("from weighted)", &format!("from {WEIGHTED} w)"));
        self.source.sql(&database).run(&tables);
        let through = |proxy: &Proxy| {
            format!(
                "postgresql://postgres@127.0.0.1:{}/{database}",
                proxy.port()
            )
        };
        let mut replicator = Replicator::new(
            &database,
            &through(&self.proxies.0),
            &through(&self.proxies.1),
        )
        .settings(&self.settings());
        let writers = Writers::start(&self.source.url(&database), &mut self.random);
        let mut watchers = Watchers::start(
            &self.source.url(&database),
            &self.target.url(&database),
            self.commits(),
        );
        let outcome = self.rounds(&database, &mut replicator, &writers, &mut watchers);
        let committed = writers.stop();
        let outcome = outcome.and_then(|()| self.compare(&database, &mut replicator));
        let read = watchers.stop();
        let outcome = outcome.and(read);
        replicator.kill();
        let reads = outcome.map_err(|problem| {
            let log = replicator.log();
            let lines: Vec<_> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(40)..].join("\n");
            format!("{problem}\nthe replicator printed:\n{tail}")
        })?;
        if reads == 0 {
            return Err("the bank was never read after the load".to_owned());
        }
        println!(
            "episode {}: {} rounds, {committed} transactions, {reads} reads, {:.0?}",
            self.number,
            self.rounds,
            began.elapsed()
        );
        self.clean_up(&database);
        Ok(())
    }

    /// The modes alternate; every other pair of episodes does not wait for the target's flushes.
    fn settings(&self) -> String {
        json!({
            "TargetMetadata": {"BatchApplyEnabled": self.number % 2 == 1},
            "ChangeProcessingTuning": {"BatchApplyTimeoutMin": 0, "BatchApplyTimeoutMax": 1},
            "ErrorBehavior": {"RecoverableErrorInterval": 1, "RecoverableErrorThrottlingMax": 1},
            "Replication": {"SynchronousCommit": self.commits() == Commits::AreFlushed, "PartBytes": 2_000_000},
        })
        .to_string()
    }

    fn commits(&self) -> Commits {
        if self.number % 4 < 2 {
            Commits::AreFlushed
        } else {
            Commits::AreNot
        }
    }

    fn rounds(
        &mut self,
        database: &str,
        replicator: &mut Replicator,
        writers: &Writers,
        watchers: &mut Watchers,
    ) -> Result<(), String> {
        let mut chaos = Chaos {
            database,
            random: self.random.fork(),
            source: self.source,
            target: self.target,
            proxies: self.proxies,
        };
        // Every other time definitions change while tables are loaded, too.
        if self.number % 2 == 1 {
            writers.define();
        }
        for round in 0..self.rounds {
            let point = usize::try_from(round)
                .ok()
                .and_then(|round| LOAD_POINTS.get(round));
            let what = match point {
                // The load dies at each of its points in turn.
                Some(point) => chaos.crash_at(replicator, point),
                None => {
                    writers.define();
                    chaos.round(replicator)
                }
            };
            println!("episode {} round {round}: {}", self.number, what?);
            if let Some(problem) = watchers.found() {
                return Err(problem);
            }
        }
        Ok(())
    }

    fn compare(&self, database: &str, replicator: &mut Replicator) -> Result<(), String> {
        if !replicator.is_started() {
            replicator.set_variable(chaos::VARIABLE, None);
            replicator.start(&[]);
        }
        let (source, target) = (self.source.sql(database), self.target.sql(database));
        let caught_up = replicator.catch_up(&source, &target, CATCH_UP);
        let compared = Compared::default();
        let text =
            differences(&source, &target, &compared).map_err(|failure| failure.to_string())?;
        caught_up?;
        if !text.is_empty() {
            return Err(text);
        }
        let suspended = target.one(
            "select coalesce(string_agg(source_table || ': ' || error, '; '), '') from ratchet.tables where state = 'suspended'",
        );
        if !suspended.is_empty() {
            return Err(format!("tables are suspended: {suspended}"));
        }
        let exceptions = target.one("select count(*) from ratchet.awsdms_apply_exceptions");
        if exceptions != "0" {
            return Err(format!("there are {exceptions} exceptions"));
        }
        let status = replicator.terminate(Duration::from_secs(30))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("it did not stop cleanly: {status}"))
        }
    }

    fn clean_up(&self, database: &str) {
        let source: Sql = self.source.sql("postgres");
        source.run(&format!(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = '{database}' and not active"
        ));
        self.source.drop_database(database);
        self.target.drop_database(database);
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
    )
}
