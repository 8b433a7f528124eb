//! Simulates schedules on simulated time: random schedules, targets that refuse and runs that last, disks that are full, processes that die
//! around every commit. A seed replays: `RATCHET_SCHEDULE_SEED=17 cargo test -p schedule-runtime --test simulation`.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod world;

use std::sync::Arc;
use std::time::Duration;

use schedule::definition::{
    ActionAfterCompletion, Definition, FlexibleTimeWindow, Overlap, Policies, RetryPolicy, Target,
    Wanted, WindowMode,
};
use schedule::names::ScheduleName;
use schedule::state::Cause;
use schedule_runtime::clock::Clock;
use schedule_runtime::requests::{NewSchedule, ScheduleFilter};
use schedule_runtime::schedules::{Options, Schedules};
use schedule_runtime::views::ScheduleView;
use store::memory::{Fault, MemoryStore};

use world::{Drawn, World};

/// How many simulations there are.
const SEEDS: u64 = 100;

/// 2026-11-24T00:00:00Z
const BEGAN_AT: i64 = 1_795_478_400_000;

const MINUTE: i64 = 60_000;

/// How many times the process may die.
const CRASHES: u64 = 6;

#[test]
fn each_due_time_is_run_as_the_policy_says() {
    if let Ok(seed) = std::env::var("RATCHET_SCHEDULE_SEED") {
        return simulate(seed.parse().unwrap());
    }
    for seed in 0..SEEDS {
        if std::panic::catch_unwind(|| simulate(seed)).is_err() {
            panic!("seed {seed} failed");
        }
    }
}

fn simulate(seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(run(seed));
}

async fn run(seed: u64) {
    let mut drawn = Drawn(seed << 20);
    let clock = Clock::simulated(BEGAN_AT);
    let world = World::new(seed, clock.clone());
    let mut store = MemoryStore::new();
    let mut schedules = opened(&store, &world, &clock).await;
    for number in 0..1 + drawn.below(5) {
        let new = new_schedule(&mut drawn, number);
        schedules.create(new).await.unwrap();
    }
    for _ in 0..CRASHES {
        match drawn.below(4) {
            0 => store.inject(drawn.below(20), Fault::CrashBeforeWriting),
            1 => store.inject(drawn.below(20), Fault::CrashAfterWriting),
            2 => store.inject(drawn.below(5), Fault::DiskFull),
            _ => {}
        }
        let until = Duration::from_secs(drawn.below(7200));
        tokio::time::sleep(until).await;
        if store.has_crashed() || drawn.below(2) == 0 {
            // Whatever was not committed is lost, also what was in flight.
            store.crash();
            schedules.close().await;
            let gone = Duration::from_secs(drawn.below(1800));
            tokio::time::sleep(gone).await;
            store = store.survivor();
            schedules = opened(&store, &world, &clock).await;
        }
    }
    // One last death, which also leaves behind what was still to go wrong.
    store.crash();
    schedules.close().await;
    store = store.survivor();
    schedules = opened(&store, &world, &clock).await;
    // From here on nothing goes wrong, and nothing is due but what is due already.
    world.heal();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let all = schedules
        .list(ScheduleFilter::default(), None, 100)
        .await
        .unwrap();
    for summary in all.items {
        let view = schedules.get(&summary.name).await.unwrap();
        holds(&view, &world, clock.now());
    }
    world.holds();
    schedules.close().await;
}

async fn opened(store: &MemoryStore, world: &World, clock: &Clock) -> Schedules {
    let options = Options {
        clock: clock.clone(),
        ..Options::default()
    };
    Schedules::open(Arc::new(store.clone()), Arc::new(world.clone()), options)
        .await
        .unwrap()
}

fn new_schedule(drawn: &mut Drawn, number: u64) -> NewSchedule {
    let minutes = 1 + drawn.below(20);
    let expression = match drawn.below(2) {
        0 => format!("rate({minutes} minutes)"),
        _ => format!("cron({}/{minutes} * * * ? *)", drawn.below(10)),
    };
    let overlap = Overlap::ALL[usize::try_from(drawn.below(6)).unwrap()];
    let window = (drawn.below(3) == 0).then(|| 1 + i64::try_from(drawn.below(10)).unwrap());
    NewSchedule {
        name: ScheduleName::new(None, &format!("s{number}")),
        definition: Definition {
            schedule_expression: expression,
            schedule_expression_timezone: None,
            start_date: None,
            end_date: None,
            description: None,
            state: Wanted::Enabled,
            kms_key_arn: None,
            target: Target {
                arn: format!("arn:aws:states:us-east-1:000000000000:stateMachine:s{number}"),
                role_arn: "arn:aws:iam::000000000000:role/tests".to_owned(),
                dead_letter_config: None,
                retry_policy: Some(RetryPolicy {
                    maximum_event_age_in_seconds: None,
                    maximum_retry_attempts: Some(i64::try_from(drawn.below(4)).unwrap()),
                }),
                input: Some("<aws.scheduler.execution-id>".to_owned()),
                others: serde_json::Map::new(),
            },
            flexible_time_window: FlexibleTimeWindow {
                mode: window.map_or(WindowMode::Off, |_| WindowMode::Flexible),
                maximum_window_in_minutes: window,
            },
            action_after_completion: ActionAfterCompletion::None,
        },
        policies: Some(Policies {
            overlap,
            catch_up_seconds: Some(i64::try_from(10 + drawn.below(3000)).unwrap()),
            pause_on_failure: false,
            jitter_seconds: i64::try_from(drawn.below(2) * 30).unwrap(),
        }),
        client_token: None,
    }
}

/// Every time that was due is accounted for once, and every run that began was started once, in its time.
fn holds(view: &ScheduleView, world: &World, now: i64) {
    let state = &view.state;
    let name = &view.name.name;
    let plan = schedule::plan::Plan::new(
        &view.name,
        &view.definition,
        &view.policies,
        view.created_at,
        view.created_at,
    )
    .unwrap();
    assert!(state.seen > now - 30 * MINUTE, "{name} has fallen asleep");
    let due = plan
        .timetable
        .count(view.created_at - 1, state.seen, u64::MAX);
    let waiting = (state.planned.len() + state.buffer.len()) as u64;
    let counts = state.counts;
    assert_eq!(
        counts.begun + counts.skipped + counts.missed + waiting,
        due,
        "{name}: {counts:?}, {waiting} wait, {:?}",
        view.policies.overlap
    );
    let runs = world.runs_of(name);
    // Every run that began was called, whatever died meanwhile, and no other.
    assert_eq!(world.called_by(name), counts.begun, "{name}: {counts:?}");
    for run in &runs {
        let scheduled_at = plan.timetable.next_after(run.scheduled_at - 1).unwrap();
        assert_eq!(
            scheduled_at / 1000,
            run.scheduled_at / 1000,
            "{} was not due",
            run.name
        );
        assert!(run.started_at >= run.scheduled_at, "{} is early", run.name);
        let expected = schedule::names::run(name, plan.seed, scheduled_at, Cause::Timetable);
        assert_eq!(run.name, expected);
    }
    match view.policies.overlap {
        Overlap::AllowAll => {
            assert_eq!(counts.skipped, 0, "{name} skips");
        }
        Overlap::Skip
        | Overlap::BufferOne
        | Overlap::BufferAll
        | Overlap::CancelOther
        | Overlap::TerminateOther => {
            let mut intervals: Vec<(i64, i64)> = runs
                .iter()
                .map(|run| (run.started_at, run.ended_at.unwrap_or(i64::MAX)))
                .collect();
            intervals.sort_unstable();
            for pair in intervals.windows(2) {
                assert!(pair[0].1 <= pair[1].0, "{name}: two runs at once: {pair:?}");
            }
        }
    }
    let scheduled: Vec<i64> = {
        let mut by_start = runs.clone();
        by_start.sort_by_key(|run| (run.started_at, run.scheduled_at));
        by_start.iter().map(|run| run.scheduled_at).collect()
    };
    let keeps_order = plan.window == 0 && view.policies.overlap != Overlap::AllowAll;
    assert!(
        !keeps_order || scheduled.is_sorted(),
        "{name}: out of order: {scheduled:?}"
    );
}
