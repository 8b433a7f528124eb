//! One simulation: the process lives, dies at a write, and lives again, until everything has ended.

use std::sync::Arc;
use std::time::Duration;

use runtime::clock::World as Clock;
use runtime::options::Options;
use runtime::runtime::Runtime;
use serde_json::json;
use store::contract::{ExecutionFilter, Store};
use store::memory::MemoryStore;
use store::records::ExecutionStatus;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::checker;
use crate::clients::Client;
use crate::crashing_store::{Crash, CrashingStore, Faults};
use crate::machines::{children, parents};
use crate::random::Random;
use crate::services::Services;
use crate::world::{Start, World};

/// When every simulation begins: milliseconds since 1970.
const BEGINNING: i64 = 1_700_000_000_000;

/// If nothing has ended after so long, in simulated time, something is stuck.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Runs a seed and tells what was violated.
pub(crate) fn simulate(seed: u64) -> Vec<String> {
    let random = Random::new(seed);
    let world = plan(&random);
    let durable = MemoryStore::new();
    let mut now = BEGINNING;
    let crashes = random.between(0, 6);
    for life in 0..=crashes {
        let faults = faults(&random, life == crashes);
        now = live(&durable, &world, &random, faults, life, now);
        now += i64::try_from(random.between(0, 20_000)).expect("a pause is short");
    }
    let mut violations = checker::check(&durable, &world);
    violations.truncate(10);
    violations
}

fn plan(random: &Random) -> World {
    let world = World::default();
    {
        let mut records = world.lock();
        let children = children(random);
        let parents = parents(random, &children);
        records.machines = children.into_iter().chain(parents).collect();
        for number in 0..random.between(2, 7) {
            let machine = if random.once_in(6) {
                random.between(0, 1)
            } else {
                random.between(2, 3)
            };
            let start = Start {
                machine: usize::try_from(machine).expect("there are four"),
                name: format!("e{number}"),
                input: json!({"i": "r"}),
                delay: random.between(0, 3_000),
                was_tried: false,
                acknowledged: None,
                stop: random.once_in(5).then(|| random.between(0, 60_000)),
                stopped: None,
                is_done: false,
                pause: random
                    .once_in(4)
                    .then(|| (random.between(0, 20_000), random.between(0, 90_000))),
                is_resumed: false,
                redrives: if random.once_in(2) {
                    u32::try_from(random.between(1, 2)).expect("it is small")
                } else {
                    0
                },
                redriven: Vec::new(),
                is_left: false,
            };
            records.starts.push(start);
        }
    }
    world
}

fn faults(random: &Random, is_last: bool) -> Faults {
    let crash = Crash {
        at: random.between(0, 60),
        is_written: random.once_in(2),
    };
    let has_trouble = random.once_in(3);
    let failing = if has_trouble {
        vec![(random.between(0, 30), random.between(1, 8))]
    } else {
        Vec::new()
    };
    Faults {
        crash: (!is_last).then_some(crash),
        failing,
        failing_reads: if has_trouble {
            random.between(10, 60)
        } else {
            0
        },
    }
}

/// Lives until the process dies or everything has ended; says what time it is then.
fn live(
    durable: &MemoryStore,
    world: &World,
    random: &Random,
    faults: Faults,
    life: u64,
    now: i64,
) -> i64 {
    {
        let mut records = world.lock();
        records.life = life;
        records.handed_over.clear();
    }
    let process = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime can be built");
    process.block_on(async {
        let began = Instant::now();
        let seeds = random.fork();
        let clock = Clock::simulated(now, move || {
            u128::from(seeds.next()) << 64 | u128::from(seeds.next())
        });
        let options = Options {
            world: clock,
            concurrent_tasks: 50,
            resting_executions: *random.pick(&[0, 2, 4096]),
            ..Options::default()
        };
        let closes = faults.crash.is_some() && life % 3 == 1;
        let store = CrashingStore::open(durable, faults, random.fork());
        let crash = store.life();
        // Some lives end as they should.
        let close_after = Duration::from_millis(random.between(1, 200_000));
        let store: Arc<dyn Store> = Arc::new(store);
        let client_random = Arc::new(random.fork());
        tokio::select! {
            biased;
            () = crash.died() => {}
            () = work(durable, store, world, options, client_random, closes.then_some(close_after)) => {}
        }
        now + i64::try_from(began.elapsed().as_millis()).expect("a life is short")
    })
}

/// Opens the runtime, lets the clients work, and waits until everything has ended.
async fn work(
    durable: &MemoryStore,
    store: Arc<dyn Store>,
    world: &World,
    options: Options,
    random: Arc<Random>,
    close_after: Option<Duration>,
) {
    let (tokens, taken) = mpsc::unbounded_channel();
    let services = Arc::new(Services {
        world: world.clone(),
        tokens,
    });
    let runtime = loop {
        match Runtime::open(store.clone(), services.clone(), options.clone()).await {
            Ok(runtime) => break runtime,
            Err(error) if error.is_retryable() => {
                // What it had handed over was taken back.
                world.lock().handed_over.clear();
                sleep(Duration::from_millis(100)).await;
            }
            Err(error) => panic!("cannot open the runtime: {error:?}"),
        }
    };
    let client = Client {
        runtime: runtime.clone(),
        world: world.clone(),
        random,
    };
    tokio::spawn(client.run_all(taken));
    if let Some(close_after) = close_after {
        sleep(close_after).await;
        close(&runtime, world).await;
        return;
    }
    let deadline = Instant::now() + PATIENCE;
    while !is_over(durable, world).await {
        if Instant::now() > deadline {
            world.violation("something is stuck".to_owned());
            return;
        }
        sleep(Duration::from_secs(20)).await;
    }
    // Whoever holds a token may still be told that it is too late.
    sleep(Duration::from_secs(120)).await;
    let counters = runtime.counters();
    if counters.executions_loaded + counters.tasks_running + counters.timers_waiting > 0 {
        world.violation(format!("something stays in memory: {counters:?}"));
    }
    if counters.executions_parked > 0 {
        world.violation("an execution was parked".to_owned());
    }
}

/// Ends a life as it should: nothing may be left to replay.
async fn close(runtime: &Runtime, world: &World) {
    if let Err(error) = runtime.close().await
        && !error.is_retryable()
    {
        world.violation(format!("cannot close: {error:?}"));
    }
    if runtime.counters().tasks_running > 0 {
        world.violation("a task runs on after the end".to_owned());
    }
}

async fn is_over(durable: &MemoryStore, world: &World) -> bool {
    let are_clients_done = {
        let records = world.lock();
        let is_done = |start: &Start| {
            let is_stopped = start.stop.is_none() || start.stopped.is_some();
            start.is_done && is_stopped && start.is_resumed && start.is_left
        };
        records.starts.iter().all(is_done)
    };
    let running = ExecutionFilter {
        status: Some(ExecutionStatus::Running),
        ..ExecutionFilter::default()
    };
    are_clients_done
        && durable
            .executions(running, None, 1)
            .await
            .is_ok_and(|left| left.is_empty())
}
