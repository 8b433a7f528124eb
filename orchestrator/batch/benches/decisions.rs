//! How long a decision takes with 100,000 jobs waiting, and how many bytes a waiting job takes.
//!
//! `cargo bench -p batch` prints a line for each case: p50, p99 and the longest of the steps, in microseconds.

#![allow(clippy::unwrap_used, reason = "a bench that panics says so")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use batch::job::{Job, JobSpec, Role};
use batch::names::AttemptId;
use batch::scheduler::{Effect, Ended, EndedKind, Input, Scheduler, Step};
use support::{array, environment, job, policy, queue, spec};

/// How many jobs wait.
const JOBS: u64 = 100_000;
/// How many decisions are measured.
const DECISIONS: usize = 20_000;

fn main() {
    // First, while no memory is there to be used again.
    memory();
    case("one kind of job", |number| (spec(1_000, 1_024), number));
    case("ten kinds of jobs", |number| {
        (spec(1_000, 1_024 + number % 10), number)
    });
    case("the head does not fit", |number| {
        (
            if number == 1 {
                spec(64_000, 1_024)
            } else {
                spec(1_000, 1_024)
            },
            number,
        )
    });
    case("a thousand heads that do not fit", |number| {
        (
            if number <= 1_000 {
                spec(64_000, number)
            } else {
                spec(1_000, 1_024)
            },
            number,
        )
    });
    case("no two jobs ask for the same", |number| {
        (spec(1_000, number), number)
    });
    case("most do not fit, no two are alike", |number| {
        (
            spec(if number % 100 == 0 { 100 } else { 30_000 }, number),
            number,
        )
    });
    shares();
    submissions();
    arrays();
}

/// A scheduler with a queue and one environment of 64 vCPUs, half of which one long job uses.
fn scheduler(is_shared: bool) -> (Scheduler, Running) {
    let mut scheduler = Scheduler::new();
    let mut queue = queue("queue", 1, &["environment"]);
    queue.policy = is_shared.then(|| "policy".into());
    scheduler.step(
        Input::PolicyPut(policy("policy", 600, 0, &[("share1*", 0.5)])),
        0,
    );
    scheduler.step(
        Input::EnvironmentPut(Box::new(environment("environment", 64_000, 1_000_000_000))),
        0,
    );
    scheduler.step(Input::QueuePut(queue), 0);
    let mut long = spec(32_000, 1);
    long.share = Some("long".into());
    scheduler.step(
        submitted(vec![job(
            &id(0),
            0,
            "queue",
            Role::Single,
            &Arc::new(long),
            0,
        )]),
        0,
    );
    (scheduler, Running::default())
}

fn id(number: u64) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

fn submitted(jobs: Vec<Job>) -> Input {
    Input::Submitted {
        jobs,
        ended_dependencies: Vec::new(),
    }
}

/// What runs, oldest first.
#[derive(Default)]
struct Running(VecDeque<AttemptId>);

impl Running {
    fn take(&mut self, step: Step) {
        for effect in step.effects {
            if let Effect::Start(launch) = effect {
                self.0.push_back(launch.attempt);
            }
        }
    }

    fn end_one(&mut self, at: i64) -> Option<Input> {
        let attempt = self.0.pop_front()?;
        let outcome = Ended {
            kind: EndedKind::Exited,
            exit_code: Some(0),
            oom: false,
            reason: None,
            started_at: Some(at - 10),
            at,
        };
        Some(Input::AttemptEnded { attempt, outcome })
    }
}

/// Jobs end one after the other, and others take their places.
fn case(name: &str, what: impl Fn(u64) -> (JobSpec, u64)) {
    let (mut scheduler, mut running) = scheduler(false);
    for number in 1..=JOBS {
        let (spec, number) = what(number);
        let jobs = vec![job(
            &id(number),
            number,
            "queue",
            Role::Single,
            &Arc::new(spec),
            0,
        )];
        running.take(scheduler.step(submitted(jobs), 0));
    }
    turn_over(name, &mut scheduler, &mut running);
}

fn turn_over(name: &str, scheduler: &mut Scheduler, running: &mut Running) {
    let mut times = Vec::with_capacity(DECISIONS);
    for turn in 0..DECISIONS as i64 {
        let Some(input) = running.end_one(turn) else {
            break;
        };
        let began = Instant::now();
        let step = scheduler.step(input, turn);
        times.push(began.elapsed());
        running.take(step);
    }
    report(name, times);
}

/// Five hundred shares, two hundred jobs each.
fn shares() {
    let (mut scheduler, mut running) = scheduler(true);
    for number in 1..=JOBS {
        let mut spec = spec(1_000, 1_024 + number % 7);
        spec.share = Some(format!("share{}", number % 500).into());
        spec.priority = (number % 3) as i32;
        let jobs = vec![job(
            &id(number),
            number,
            "queue",
            Role::Single,
            &Arc::new(spec),
            0,
        )];
        running.take(scheduler.step(submitted(jobs), 0));
    }
    turn_over("five hundred shares", &mut scheduler, &mut running);
}

/// Jobs are submitted while others wait.
fn submissions() {
    let (mut scheduler, _) = scheduler(false);
    let spec = Arc::new(spec(33_000, 1_024));
    let mut times = Vec::new();
    for number in 1..=JOBS {
        let input = submitted(vec![job(
            &id(number),
            number,
            "queue",
            Role::Single,
            &spec,
            0,
        )]);
        let began = Instant::now();
        let step = scheduler.step(input, 0);
        times.push(began.elapsed());
        drop(step);
    }
    report("a submission", times.split_off(times.len() - DECISIONS));
}

/// Arrays of 10,000 are submitted: each is one step.
fn arrays() {
    let (mut scheduler, _) = scheduler(false);
    let spec = Arc::new(spec(33_000, 1_024));
    let mut times = Vec::new();
    for number in 0..20 {
        let input = submitted(array(
            &id(number + 1),
            1 + number * 10_001,
            "queue",
            10_000,
            &spec,
            0,
        ));
        let began = Instant::now();
        let step = scheduler.step(input, 0);
        times.push(began.elapsed());
        drop(step);
    }
    report("an array of 10,000", times);
}

fn memory() {
    for (name, is_array) in [("children of arrays", true), ("single jobs", false)] {
        let (mut scheduler, _) = scheduler(false);
        let before = resident();
        for number in 1..=JOBS {
            if is_array && number % 10_000 == 1 {
                scheduler.step(
                    submitted(array(
                        &id(number),
                        number * 2,
                        "queue",
                        10_000,
                        &Arc::new(spec(33_000, 1_024)),
                        0,
                    )),
                    0,
                );
            } else if !is_array {
                scheduler.step(
                    submitted(vec![job(
                        &id(number),
                        number,
                        "queue",
                        Role::Single,
                        &Arc::new(spec(33_000, 1_024)),
                        0,
                    )]),
                    0,
                );
            }
        }
        let Some((before, after)) = before.zip(resident()) else {
            continue;
        };
        println!(
            "{name:40} {:6} bytes each",
            after.saturating_sub(before) / JOBS
        );
    }
}

/// The process's memory, in bytes.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| {
        times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1)))
    };
    let micros = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_nanos() as f64 / 1000.0);
    let (half, most, all) = (micros(at(0.5)), micros(at(0.99)), micros(times.last()));
    println!(
        "{name:40} {:6} steps  p50 {half:8.1} us  p99 {most:8.1} us  max {all:8.1} us",
        times.len()
    );
}
