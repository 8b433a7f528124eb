//! Shares get what their weights say, and nobody waits for ever.

use std::collections::{BTreeMap, VecDeque};

use batch::job::{Job, JobSpec};
use batch::names::AttemptId;
use batch::placement::HOLD_AFTER_MS;
use batch::scheduler::{Effect, Ended, EndedKind, Input, Step};
use proptest::prelude::*;

use crate::desk::{Desk, id};
use crate::support::{policy, queue, spec};

/// Containers that end when their time comes.
#[derive(Default)]
struct Running(VecDeque<(i64, AttemptId)>);

impl Running {
    fn take(&mut self, step: &Step, now: i64, length: impl Fn(&str) -> i64) -> Vec<String> {
        let mut jobs = Vec::new();
        for effect in &step.effects {
            if let Effect::Start(launch) = effect {
                self.0
                    .push_back((now + length(launch.job.as_str()), launch.attempt.clone()));
                jobs.push(launch.job.to_string());
            }
        }
        self.0.make_contiguous().sort();
        jobs
    }

    fn next(&mut self) -> Option<(i64, Input)> {
        let (at, attempt) = self.0.pop_front()?;
        let outcome = Ended {
            kind: EndedKind::Exited,
            exit_code: Some(0),
            oom: false,
            reason: None,
            started_at: None,
            at,
        };
        Some((at, Input::AttemptEnded { attempt, outcome }))
    }
}

/// Gives each share many jobs and tells which part of the vCPU seconds each had.
fn parts(weights: &[(&str, f64)], vcpus: &[u64]) -> BTreeMap<String, f64> {
    let mut desk = Desk::new();
    desk.step(Input::PolicyPut(policy("policy", 60, 0, weights)));
    let mut shared = queue("queue", 1, &["here"]);
    shared.policy = Some("policy".into());
    desk.step(Input::QueuePut(shared));
    let mut running = Running::default();
    let mut shares: BTreeMap<String, (String, u64)> = BTreeMap::new();
    for number in 0..3_000_usize {
        let at = number % weights.len();
        let name = format!("j{number}");
        let share = weights[at].0.trim_end_matches('*');
        shares.insert(id(&name), (share.to_owned(), vcpus[at]));
        let job = JobSpec {
            share: Some(share.into()),
            ..spec(vcpus[at], 1)
        };
        let job: Job = crate::support::job(
            &id(&name),
            number as u64,
            "queue",
            batch::job::Role::Single,
            &std::sync::Arc::new(job),
            0,
        );
        let step = desk.scheduler.step(
            Input::Submitted {
                jobs: vec![job],
                ended_dependencies: Vec::new(),
            },
            desk.now,
        );
        running.take(&step, desk.now, |_| 1_000);
    }
    let mut used: BTreeMap<String, f64> = BTreeMap::new();
    for turn in 0..900 {
        let (at, input) = running.next().unwrap();
        desk.now = at;
        let step = desk.scheduler.step(input, at);
        // The jobs differ in length, so that their ends do not fall together.
        for job in running.take(&step, at, |_| 900 + turn % 7 * 30) {
            let (share, vcpus) = &shares[&job];
            *used.entry(share.clone()).or_default() += *vcpus as f64 / 1000.0;
        }
    }
    let all: f64 = used.values().sum();
    used.into_iter()
        .map(|(share, used)| (share, used / all))
        .collect()
}

fn check(weights: &[(&str, f64)], vcpus: &[u64], expected: &[f64]) {
    let parts = parts(weights, vcpus);
    for ((name, _), expected) in weights.iter().zip(expected) {
        let part = parts
            .get(name.trim_end_matches('*'))
            .copied()
            .unwrap_or_default();
        assert!(
            (part - expected).abs() < 0.06,
            "{name} had {part} of all, not {expected}: {parts:?}"
        );
    }
}

#[test]
fn shares_get_what_their_weights_say() {
    check(&[("red", 1.0), ("blue", 1.0)], &[1_000, 1_000], &[0.5, 0.5]);
    check(&[("red", 0.5), ("blue", 1.0)], &[500, 500], &[0.667, 0.333]);
    check(
        &[("red", 1.0), ("blue", 1.0), ("green", 2.0)],
        &[500, 500, 500],
        &[0.4, 0.4, 0.2],
    );
    // vCPUs count, not jobs.
    check(&[("red", 1.0), ("blue", 1.0)], &[1_000, 250], &[0.5, 0.5]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Small jobs come without end and would always fit; the large one has its turn all the same.
    #[test]
    fn a_large_job_is_not_passed_for_ever(
        large in 2_000_u64..=4_000,
        small in proptest::collection::vec((100_u64..=1_500, 1_000_i64..=20_000), 1..8),
        before in 0_usize..20,
    ) {
        let mut desk = Desk::new();
        let mut running = Running::default();
        let length = |job: &str| small[job.bytes().map(usize::from).sum::<usize>() % small.len()].1;
        let mut count = 0;
        let mut submitted_at = None;
        let mut waited = None;
        for turn in 0..10_000_usize {
            let (name, vcpus) = if turn == before { ("large".to_owned(), large) } else {
                count += 1;
                (format!("j{count}"), small[count % small.len()].0)
            };
            let is_large = turn == before;
            let job = crate::support::job(&id(&name), turn as u64, "queue", batch::job::Role::Single, &std::sync::Arc::new(spec(vcpus, 1)), 0);
            submitted_at = if is_large { Some(desk.now) } else { submitted_at };
            let step = desk.scheduler.step(Input::Submitted { jobs: vec![job], ended_dependencies: Vec::new() }, desk.now);
            let mut started = running.take(&step, desk.now, length);
            // So many small jobs wait that there is always one.
            if turn > before + 50 && let Some((at, input)) = running.next() {
                desk.now = at;
                let step = desk.scheduler.step(input, at);
                started.extend(running.take(&step, at, length));
            }
            if started.contains(&id("large")) {
                waited = submitted_at.map(|at| desk.now - at);
                break;
            }
        }
        let waited = waited.expect("the large job never started");
        let longest = small.iter().map(|(_, length)| *length).max().unwrap_or_default();
        // Those before it come first. Then each end of a job is a chance: one length of slack before the hold, and one after it.
        let bound = HOLD_AFTER_MS + (before as i64 + 2) * longest;
        prop_assert!(waited <= bound, "it waited for {waited} ms");
    }
}
