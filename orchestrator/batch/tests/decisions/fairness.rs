//! Shares get what their weights say, and nobody waits for ever.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use batch::job::{Job, JobSpec, Role};
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
            Role::Single,
            &Arc::new(job),
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

/// How long a large job waits while small ones come without end that would always fit.
fn wait_of_the_large(large: u64, small: &[(u64, i64)], before: usize) -> i64 {
    let mut desk = Desk::new();
    let mut running = Running::default();
    let length = |job: &str| small[job.bytes().map(usize::from).sum::<usize>() % small.len()].1;
    let mut count = 0;
    let mut submitted_at = 0;
    for turn in 0..100_000_usize {
        let (name, vcpus) = if turn == before {
            submitted_at = desk.now;
            ("large".to_owned(), large)
        } else {
            count += 1;
            (format!("j{count}"), small[count % small.len()].0)
        };
        let spec = Arc::new(spec(vcpus, 1));
        let job = crate::support::job(&id(&name), turn as u64, "queue", Role::Single, &spec, 0);
        let submitted = Input::Submitted {
            jobs: vec![job],
            ended_dependencies: Vec::new(),
        };
        let step = desk.scheduler.step(submitted, desk.now);
        let mut started = running.take(&step, desk.now, length);
        // So many small jobs wait that there is always one.
        if turn > before + 50
            && let Some((at, input)) = running.next()
        {
            desk.now = at;
            let step = desk.scheduler.step(input, at);
            started.extend(running.take(&step, at, length));
        }
        if started.contains(&id("large")) {
            return desk.now - submitted_at;
        }
    }
    panic!("the large job never started");
}

/// Each of those that came before it may have to stand at the front for as long as it, until room is held for it too. And each end of a job
/// is a chance: one length of slack before the hold, and one after it.
fn longest_wait(small: &[(u64, i64)], before: usize) -> i64 {
    let longest = small.iter().map(|(_, length)| *length).max();
    (before as i64 + 1) * (HOLD_AFTER_MS + 2 * longest.unwrap_or_default())
}

#[test]
fn those_before_a_large_job_may_be_passed_too() {
    // Four of the smaller leave no room for one of the larger, which is passed until room is held for it; then it is the large job's turn.
    let small = [(1_004, 1_000), (999, 2_001)];
    let waited = wait_of_the_large(2_000, &small, 6);
    assert!(waited > HOLD_AFTER_MS, "it waited for {waited} ms");
    assert!(
        waited <= longest_wait(&small, 1),
        "it waited for {waited} ms"
    );
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
        let waited = wait_of_the_large(large, &small, before);
        prop_assert!(waited <= longest_wait(&small, before), "it waited for {waited} ms");
    }
}
