//! What the schedules call: it survives the process, refuses now and then, and remembers who called for what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;
use schedule::definition::Target;
use schedule::expression::Mistake;
use schedule::names::mixed;
use schedule::state::Stop;
use schedule::step::{Accepted, Outcome};
use schedule_runtime::clock::Clock;
use schedule_runtime::targets::{Call, Refusal, Targets};

/// Draws numbers from a seed.
#[derive(Debug)]
pub(crate) struct Drawn(pub(crate) u64);

impl Drawn {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mixed(self.0) % bound
    }
}

/// Everything outside of the process.
#[derive(Clone)]
pub(crate) struct World(Arc<Mutex<Inner>>, Clock);

struct Inner {
    drawn: Drawn,
    is_healthy: bool,
    runs: BTreeMap<String, TargetRun>,
    /// Calls that were made, by run and attempt.
    calls: BTreeSet<(String, u32)>,
}

/// A run as its target knows it.
#[derive(Clone, Debug)]
pub(crate) struct TargetRun {
    pub(crate) name: String,
    target: String,
    pub(crate) scheduled_at: i64,
    pub(crate) started_at: i64,
    pub(crate) ended_at: Option<i64>,
    /// When it ends by itself.
    ends_at: i64,
    fails: bool,
}

impl World {
    pub(crate) fn new(seed: u64, clock: Clock) -> Self {
        let inner = Inner {
            drawn: Drawn(mixed(seed)),
            is_healthy: false,
            runs: BTreeMap::new(),
            calls: BTreeSet::new(),
        };
        Self(Arc::new(Mutex::new(inner)), clock)
    }

    /// Refuses nothing from now on.
    pub(crate) fn heal(&self) {
        self.lock().is_healthy = true;
    }

    /// The runs that a schedule started.
    pub(crate) fn runs_of(&self, schedule: &str) -> Vec<TargetRun> {
        let now = self.1.now();
        let mut inner = self.lock();
        for run in inner.runs.values_mut() {
            run.note_end(now);
        }
        let end = format!(":{schedule}");
        let runs = inner.runs.values();
        runs.filter(|run| run.target.ends_with(&end))
            .cloned()
            .collect()
    }

    /// How many runs a schedule called its target for.
    pub(crate) fn called_by(&self, schedule: &str) -> u64 {
        let inner = self.lock();
        let beginning = format!("{schedule}-");
        let calls = inner.calls.iter();
        calls
            .filter(|(run, attempt)| run.starts_with(&beginning) && *attempt == 1)
            .count() as u64
    }

    /// What holds of all calls together.
    pub(crate) fn holds(&self) {
        let inner = self.lock();
        for (run, attempt) in &inner.calls {
            assert!(
                *attempt == 1 || inner.calls.contains(&(run.clone(), attempt - 1)),
                "{run} was called for the {attempt}th time first"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }
}

impl TargetRun {
    fn note_end(&mut self, now: i64) {
        if self.ended_at.is_none() && self.ends_at <= now {
            self.ended_at = Some(self.ends_at);
        }
    }
}

impl Targets for World {
    fn check(&self, _: &Target) -> Result<(), Mistake> {
        Ok(())
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Result<Accepted, Refusal>> {
        let this = self.clone();
        Box::pin(async move {
            let (before, after, refusal) = {
                let mut inner = this.lock();
                inner.calls.insert((call.run.clone(), call.attempt));
                let pauses = [inner.drawn.below(2000), inner.drawn.below(2000)];
                let refusal = match inner.drawn.below(8) {
                    _ if inner.is_healthy => None,
                    0 => Some(Refusal::never("it can't be")),
                    1 | 2 => Some(Refusal::later("not now")),
                    _ => None,
                };
                (pauses[0], pauses[1], refusal)
            };
            tokio::time::sleep(Duration::from_millis(before)).await;
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
            {
                let now = this.1.now();
                let mut inner = this.lock();
                let lasts = i64::try_from(inner.drawn.below(1_500_000)).unwrap();
                let fails = inner.drawn.below(4) == 0;
                // The same name again is the same run.
                inner.runs.entry(call.run.clone()).or_insert(TargetRun {
                    scheduled_at: time_of(&call.run),
                    name: call.run.clone(),
                    target: call.target_arn,
                    started_at: now,
                    ended_at: None,
                    ends_at: now + lasts,
                    fails,
                });
            }
            assert_eq!(call.input, call.run, "the run's name is the execution id");
            // The process may die before it hears of what it began.
            tokio::time::sleep(Duration::from_millis(after)).await;
            Ok(Accepted {
                handle: Some(call.run),
                outcome: None,
            })
        })
    }

    fn ended(&self, _: &str, handle: &str) -> BoxFuture<'static, Outcome> {
        let (this, handle) = (self.clone(), handle.to_owned());
        Box::pin(async move {
            loop {
                let now = this.1.now();
                {
                    let mut inner = this.lock();
                    let run = inner.runs.get_mut(&handle).unwrap();
                    run.note_end(now);
                    match run.ended_at {
                        Some(at) if at < run.ends_at => return Outcome::Stopped,
                        Some(_) if run.fails => {
                            let why = "it failed".to_owned();
                            return Outcome::Failed { why };
                        }
                        Some(_) => return Outcome::Succeeded,
                        None => {}
                    }
                }
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        })
    }

    fn stop(&self, _: &str, handle: &str, _: Stop) -> BoxFuture<'static, Result<(), String>> {
        let (this, handle) = (self.clone(), handle.to_owned());
        Box::pin(async move {
            let now = this.1.now();
            let mut inner = this.lock();
            if !inner.is_healthy && inner.drawn.below(3) == 0 {
                return Err("not now".to_owned());
            }
            let run = inner.runs.get_mut(&handle).unwrap();
            run.note_end(now);
            run.ended_at.get_or_insert(now);
            Ok(())
        })
    }
}

/// The scheduled time in a run's name, to the second.
fn time_of(run: &str) -> i64 {
    let time = run.split('-').nth(1).unwrap();
    let digits = |range: std::ops::Range<usize>| time[range].parse::<i64>().unwrap();
    let (hours, minutes, seconds) = (digits(9..11), digits(11..13), digits(13..15));
    let days = digits(6..8) - 24;
    super::BEGAN_AT + ((days * 24 + hours) * 3600 + minutes * 60 + seconds) * 1000
}
