//! Kills a server that is full of work, again and again at random instants, and checks that nothing was lost or done twice.
//!
//! ```text
//!   starter ──StartExecution──▶ ┌────────┐ ──Invoke──▶ functions (in this process)
//!   workers ──GetActivityTask─▶ │ server │ ──command─▶ sh
//!   clerks ──SendTaskSuccess──▶ └────────┘
//!                                 SIGKILL, 20 times; clients go on as soon as it is back
//! ```
//!
//! Read [`kinds`] for what is executed, [`clients`] for who talks to the server, [`verify`] for what must hold in the end.
//! `RATCHET_CRASH_SEED=17` replays the instants and the work of a seed, `RATCHET_CRASH_ROUNDS=100` kills more often.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod clients;
mod functions;
mod kinds;
mod verify;

use std::env;
use std::sync::Arc;
use std::thread::{self, sleep};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use tests::support::aws::Aws;
use tests::support::lambda;
use tests::support::server::Server;

use crate::clients::World;
use crate::functions::Functions;
use crate::kinds::{KINDS, Order};
use tests::support::random::Random;

/// How often the server is killed when nothing else is said.
const ROUNDS: u64 = 20;

/// How many executions are in flight whenever it is killed, at least.
const IN_FLIGHT: usize = 300;

/// How many more than that are started, so that those which end meanwhile leave enough.
const RESERVE: usize = 60;

/// How long the last executions may take after the last kill.
const DRAIN: Duration = Duration::from_secs(120);

#[test]
fn nothing_is_lost_when_the_server_is_killed() {
    let seed = number("RATCHET_CRASH_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        u64::from(now.unwrap().subsec_nanos())
    });
    let rounds = number("RATCHET_CRASH_ROUNDS").unwrap_or(ROUNDS);
    println!("RATCHET_CRASH_SEED={seed} replays this");
    let mut random = Random::new(seed);

    let functions = Arc::new(Functions::default());
    let endpoint = lambda::serve({
        let functions = functions.clone();
        move |call| functions.perform(&call)
    });
    let configuration = format!(
        "lambda_endpoint = \"http://{endpoint}\"\nactivity_poll = \"2s\"\nlog.level = \"warn\"\n{}",
        kinds::COMMANDS
    );
    let mut server = Server::new().toml(&configuration).start();
    create_machines(&mut server.aws());

    let world = Arc::new(World::new(server.address(), seed));
    let clients = world.clone().start_clients(&functions);
    let mut number_of_next = 0;
    let mut fewest = usize::MAX;
    let began = Instant::now();
    for round in 1..=rounds {
        let in_flight = fill(&server, &world, &mut random, &mut number_of_next);
        fewest = fewest.min(in_flight);
        // Every so often in the middle of its start, else at any moment.
        let instant = if round % 5 == 0 {
            random.below(40)
        } else {
            random.below(1_500)
        };
        sleep(Duration::from_millis(instant));
        server.kill();
        world.close_address();
        server.restart();
        if round % 5 == 0 {
            // Recovery itself is interrupted, too.
            sleep(Duration::from_millis(random.below(30)));
            server.kill();
            server.restart();
        }
        world.set_address(server.address());
    }
    let killed = began.elapsed();
    world.wait_for_ends(DRAIN);
    world.finish();
    for client in clients {
        client.join().unwrap();
    }
    println!(
        "{rounds} kills in {killed:.1?} with at least {fewest} executions in flight; {} executions ended after {:.1?}; \
         {} function calls, of them {} repeated",
        number_of_next,
        began.elapsed(),
        functions.calls(),
        functions.repeated(),
    );
    let wrong = verify::verify(&mut server.aws(), &world, &functions);
    assert!(
        wrong.is_empty(),
        "RATCHET_CRASH_SEED={seed}: {} things are wrong\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    assert!(server.terminate().success(), "a clean stop succeeds");
}

fn create_machines(aws: &mut Aws) {
    let activity = aws.call("CreateActivity", &json!({"name": "double"}));
    assert!(activity.is_ok(), "{activity:?}");
    aws.create("child", &kinds::child().to_string());
    for kind in KINDS {
        let request = json!({
            "name": kind.name(),
            "definition": kind.definition().to_string(),
            "roleArn": tests::support::aws::ROLE_ARN,
            "type": kind.machine_type(),
        });
        let created = aws.call("CreateStateMachine", &request);
        assert!(created.is_ok(), "{kind:?}: {created:?}");
    }
}

/// Starts executions until enough are in flight, and tells how many there are.
fn fill(server: &Server, world: &World, random: &mut Random, next: &mut u64) -> usize {
    let mut aws = server.aws();
    let began = Instant::now();
    let mut ordered = false;
    loop {
        let running = running(&mut aws);
        if running >= IN_FLIGHT {
            return running;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "only {running} executions are in flight"
        );
        if !ordered {
            for _ in running..IN_FLIGHT + RESERVE {
                let kind = KINDS[usize::try_from(*next).unwrap() % KINDS.len()];
                world.order(Order::new(kind, *next, random));
                *next += 1;
            }
        }
        ordered = !world.has_no_orders();
        thread::yield_now();
        sleep(Duration::from_millis(20));
    }
}

/// How many executions run.
fn running(aws: &mut Aws) -> usize {
    let of_kind = |kind: &kinds::Kind| {
        let request = json!({
            "stateMachineArn": kind.machine_arn(),
            "statusFilter": "RUNNING",
            "maxResults": 1000,
        });
        let listed = aws.call("ListExecutions", &request).unwrap();
        listed["executions"].as_array().map_or(0, Vec::len)
    };
    let standard = KINDS.iter().filter(|kind| !kind.is_express());
    standard.map(of_kind).sum()
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}
