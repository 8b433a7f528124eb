//! What goes wrong in a round.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tests::support::postgres::{Cluster, Stop};
use tests::support::proxy::{Proxy, Refusal};
use tests::support::random::Random;
use tests::support::replicator::Replicator;

/// The variable that names the point at which the replicator ends itself.
pub(crate) const VARIABLE: &str = "RATCHET_CRASH_AT";

/// The points of the load, each of which is reached again after a restart there: the replicator dies at each in turn.
pub(crate) const LOAD_POINTS: [&str; 8] = [
    "slot-created:1",
    "tables-created:1",
    "part-copied:1",
    "table-loaded:2",
    "part-copied:3",
    "index-built:1",
    "index-built:2",
    "load-finished:1",
];

/// The points of what follows.
const POINTS: [&str; 7] = [
    "before-commit",
    "after-commit",
    "before-confirm",
    "after-confirm",
    "spill-written",
    "streamed-applied",
    "ddl-applied",
];

/// How long it may take until a point is reached; it is killed then.
const POINT: Duration = Duration::from_secs(4);

/// Whom it can happen to.
pub(crate) struct Chaos<'a> {
    pub(crate) database: &'a str,
    pub(crate) random: Random,
    pub(crate) source: &'a mut Cluster,
    pub(crate) target: &'a mut Cluster,
    pub(crate) proxies: &'a (Proxy, Proxy),
}

impl Chaos<'_> {
    /// Lets it work for a moment, and then does one thing to somebody. Says what.
    pub(crate) fn round(&mut self, replicator: &mut Replicator) -> Result<String, String> {
        self.started(replicator)?;
        sleep(Duration::from_millis(self.random.between(20, 1200)));
        self.started(replicator)?;
        Ok(match self.random.below(20) {
            0..6 => {
                let point = *self.random.one_of(&POINTS);
                let point = format!("{point}:{}", self.random.between(1, 30));
                replicator.kill();
                return self.crash_at(replicator, &point);
            }
            6..9 => {
                replicator.kill();
                "the replicator is killed".to_owned()
            }
            9 => {
                let status = replicator.terminate(Duration::from_secs(30))?;
                if !status.success() {
                    return Err(format!("it did not stop cleanly: {status}"));
                }
                "the replicator is stopped".to_owned()
            }
            10..13 => {
                let how = down(self.target, &mut self.random);
                self.pause();
                self.target.start_again();
                format!("the target is {how}")
            }
            13..15 => {
                let how = down(self.source, &mut self.random);
                self.pause();
                self.source.start_again();
                format!("the source is {how}")
            }
            15 => {
                replicator.kill();
                let how = down(self.target, &mut self.random);
                self.target.start_again();
                format!("the replicator is killed and the target is {how}")
            }
            16 => {
                self.proxies.0.cut();
                "the source's connections are cut".to_owned()
            }
            17 => {
                self.proxies.1.cut();
                "the target's connections are cut".to_owned()
            }
            18 => {
                for proxy in [&self.proxies.0, &self.proxies.1] {
                    proxy.set_refusing(Refusal::Refuses);
                    proxy.cut();
                }
                self.pause();
                for proxy in [&self.proxies.0, &self.proxies.1] {
                    proxy.set_refusing(Refusal::Accepts);
                }
                "the network is away".to_owned()
            }
            _ => {
                let database = self.database;
                let others = format!(
                    "select pg_terminate_backend(pid) from pg_stat_activity \
                     where datname = '{database}' and application_name like 'ratchet%' and application_name <> 'ratchet tests'"
                );
                let side: &Cluster = if self.random.percent(50) {
                    self.source
                } else {
                    self.target
                };
                side.sql("postgres").run(&others);
                "its sessions are terminated".to_owned()
            }
        })
    }

    /// Has the replicator end itself at a point.
    pub(crate) fn crash_at(
        &mut self,
        replicator: &mut Replicator,
        point: &str,
    ) -> Result<String, String> {
        if replicator.is_started() {
            replicator.kill();
        }
        replicator.set_variable(VARIABLE, Some(point));
        replicator.start(&[]);
        replicator.set_variable(VARIABLE, None);
        let began = Instant::now();
        while began.elapsed() < POINT {
            if let Some(status) = replicator.ended() {
                if status.code().is_some() {
                    return Err(format!(
                        "it ended by itself on its way to {point}: {status}"
                    ));
                }
                return Ok(format!("it died at {point} after {:.1?}", began.elapsed()));
            }
            sleep(Duration::from_millis(5));
        }
        replicator.kill();
        Ok(format!("it never came to {point} and is killed"))
    }

    /// Makes sure that it runs. It never ends by itself.
    fn started(&mut self, replicator: &mut Replicator) -> Result<(), String> {
        if !replicator.is_started() {
            replicator.start(&[]);
        } else if let Some(status) = replicator.ended() {
            return Err(format!("it ended by itself: {status}"));
        }
        Ok(())
    }

    fn pause(&mut self) {
        if self.random.percent(50) {
            sleep(Duration::from_millis(self.random.between(1, 500)));
        }
    }
}

/// Takes a server down. Says how.
fn down(cluster: &mut Cluster, random: &mut Random) -> &'static str {
    match random.below(5) {
        0 => {
            cluster.stop(Stop::Fast);
            "restarted"
        }
        1 => {
            cluster.stop(Stop::Immediate);
            "stopped at once"
        }
        _ => {
            cluster.kill();
            "killed"
        }
    }
}
