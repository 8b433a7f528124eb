//! Trivial container jobs through a queue beside the same containers straight through Docker's API, and trivial jobs of processes.
//!
//! Both sides run so many at once, and interleave, so that what else the machine does is the same for both. The first argument is how many
//! containers a round has, the second how many processes.

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::support::docker::{Daemon, IMAGE};
use tests::support::http::Client;
use tests::support::server::Server;

/// How many run at once.
const PARALLEL: u64 = 8;
/// How many rounds of containers there are on each side.
const ROUNDS: u64 = 3;
/// What each does.
const SCRIPT: &str = "echo done";
/// What each may use, MiB.
const MEMORY: u64 = 64;

fn main() {
    let mut numbers = env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let containers = numbers.next().unwrap_or(500);
    let processes = numbers.next().unwrap_or(5_000);

    let daemon = Daemon::start();
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("there is a disk");
    let settings = format!(
        "log.level = \"warn\"\n[batch]\nengine = \"docker\"\ndocker_socket = {:?}\nvcpus = {PARALLEL}\n\
         [batch.environments.process]\nengine = \"process\"\nvcpus = {PARALLEL}\n",
        daemon.socket(),
    );
    let server = Server::new().data(place.path()).toml(&settings).start();
    for (engine, environment) in [("docker", "default"), ("process", "process")] {
        prepare(&mut server.http(), engine, environment);
    }

    println!(
        "{containers} containers, {PARALLEL} at once        straight   through the queue   ratio"
    );
    let (mut straight, mut through) = (Duration::ZERO, Duration::ZERO);
    for round in 1..=ROUNDS {
        let one = run_straight(&daemon, round, containers);
        let other = run_jobs(&server, "docker", containers);
        row(&format!("round {round}"), one, other);
        straight += one;
        through += other;
    }
    row("all", straight, through);

    let took = run_jobs(&server, "process", processes);
    println!(
        "\n{processes} jobs of processes in {:.1} s: {:.0} a minute",
        took.as_secs_f64(),
        processes as f64 * 60.0 / took.as_secs_f64()
    );
}

fn row(name: &str, straight: Duration, through: Duration) {
    let (straight, through) = (straight.as_secs_f64(), through.as_secs_f64());
    let ratio = through / straight;
    println!("{name:<32} {straight:>7.2} s   {through:>15.2} s   {ratio:>5.3}");
}

/// Makes the queue and the definition of an engine.
fn prepare(client: &mut Client, engine: &str, environment: &str) {
    let queue = json!({
        "jobQueueName": engine,
        "priority": 1,
        "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": environment}],
    });
    ask(client, "createjobqueue", &queue);
    let definition = json!({
        "jobDefinitionName": engine,
        "type": "container",
        "containerProperties": {
            "image": IMAGE,
            "command": ["sh", "-c", SCRIPT],
            "resourceRequirements": [
                {"type": "VCPU", "value": "1"},
                {"type": "MEMORY", "value": MEMORY.to_string()},
            ],
        },
    });
    ask(client, "registerjobdefinition", &definition);
}

/// Submits jobs and waits until all have ended.
fn run_jobs(server: &Server, engine: &str, number: u64) -> Duration {
    let began = Instant::now();
    all_at_once(number, |number| {
        let mut client = server.http();
        move || {
            let request = json!({
                "jobName": format!("job-{}", number()?),
                "jobQueue": engine,
                "jobDefinition": engine,
            });
            ask(&mut client, "submitjob", &request);
            Some(())
        }
    });
    let mut client = server.http();
    let is_there = |client: &mut Client, status: &str| {
        let request = json!({"jobQueue": engine, "jobStatus": status, "maxResults": 1});
        let listed = ask(client, "listjobs", &request);
        listed["jobSummaryList"]
            .as_array()
            .is_some_and(|list| !list.is_empty())
    };
    // A job passes through these in this order, so none is missed.
    while ["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING"]
        .iter()
        .any(|status| is_there(&mut client, status))
    {
        sleep(Duration::from_millis(20));
    }
    let took = began.elapsed();
    assert!(!is_there(&mut client, "FAILED"), "no job fails");
    took
}

/// Creates, starts, waits for, reads and removes containers.
fn run_straight(daemon: &Daemon, round: u64, number: u64) -> Duration {
    let body = json!({
        "Image": IMAGE,
        "Cmd": ["sh", "-c", SCRIPT],
        "HostConfig": {
            "Memory": MEMORY << 20, "MemorySwap": MEMORY << 20,
            "CpuPeriod": 100_000, "CpuQuota": 100_000, "CpuShares": 1024,
        },
    })
    .to_string();
    let body = &body;
    let began = Instant::now();
    all_at_once(number, |number| {
        move || {
            let name = format!("straight-{round}-{}", number()?);
            let created = daemon.post(&format!("/containers/create?name={name}"), body);
            assert!(created.contains(" 201 "), "{created}");
            let started = daemon.ask("POST", &format!("/containers/{name}/start"));
            assert!(started.contains(" 204 "), "{started}");
            let waited = daemon.ask("POST", &format!("/containers/{name}/wait"));
            assert!(waited.contains("\"StatusCode\":0"), "{waited}");
            let printed = daemon.ask(
                "GET",
                &format!("/containers/{name}/logs?stdout=true&stderr=true"),
            );
            assert!(printed.contains("done"), "{printed}");
            let removed = daemon.ask("DELETE", &format!("/containers/{name}?force=true&v=true"));
            assert!(removed.contains(" 204 "), "{removed}");
            Some(())
        }
    });
    began.elapsed()
}

/// Does something for each number below the bound, several at once.
fn all_at_once<F: FnMut() -> Option<()>>(
    bound: u64,
    worker: impl Fn(Box<dyn Fn() -> Option<u64> + Send>) -> F + Sync,
) {
    let next = std::sync::Arc::new(AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..PARALLEL {
            let next = next.clone();
            scope.spawn(|| {
                let number = move || {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    (number < bound).then_some(number)
                };
                let mut work = worker(Box::new(number));
                while work().is_some() {}
            });
        }
    });
}

fn ask(client: &mut Client, operation: &str, request: &Value) -> Value {
    let answer = client.post(&format!("/v1/{operation}"), request);
    let answer = answer.unwrap_or_else(|error| panic!("cannot {operation}: {error}"));
    assert!(answer.status == 200, "{operation}: {}", answer.text());
    answer.json()
}
