//! Kills a server that runs container jobs, again and again at random instants, and its Docker daemon once. Then every job must have ended as it
//! must, each attempt must have run once, and nothing may be left.
//!
//! ```text
//!   submitter ──SubmitJob──▶ server ──▶ dockerd ──▶ containers ─┐
//!                            SIGKILL ──▶ shims ──▶ processes ───┴──▶ one file, a line for each attempt
//! ```
//!
//! Read [`plan`] for the jobs. `RATCHET_BATCH_CRASH_SEED=17` replays the jobs and the instants of a seed, `RATCHET_BATCH_CRASH_ROUNDS=100` kills
//! more often.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod plan;

use std::collections::HashMap;
use std::env;
use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use tests::support::docker::{Daemon, IMAGE, Stop};
use tests::support::http::Client;
use tests::support::random::Random;
use tests::support::server::Server;

use crate::plan::{Expected, Planned};

/// How many jobs there are; arrays are one.
const JOBS: usize = 200;

/// How often the server is killed when nothing else is said.
const ROUNDS: u64 = 20;

/// How many attempts' ends the daemon may forget in its restart: not more than run at once.
const LOST: u64 = 6;

/// How long the last jobs may take after the last kill.
const DRAIN: Duration = Duration::from_secs(240);

#[test]
fn each_attempt_runs_once_whoever_dies() {
    let seed = number("RATCHET_BATCH_CRASH_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        u64::from(now.unwrap().subsec_nanos())
    });
    let rounds = number("RATCHET_BATCH_CRASH_ROUNDS").unwrap_or(ROUNDS);
    println!("RATCHET_BATCH_CRASH_SEED={seed} replays this");
    let mut random = Random::new(seed);
    let jobs = plan::plan(JOBS, &mut random);

    let shared = tempfile::TempDir::with_prefix("ratchet-shared-").unwrap();
    fs::set_permissions(shared.path(), Permissions::from_mode(0o777)).unwrap();
    let runs = shared.path().join("runs");
    let mut daemon = Daemon::start();
    let settings = format!(
        "log.level = \"warn\"\n[batch]\nengine = \"docker\"\ndocker_socket = {:?}\nallowed_mounts = [{:?}]\nvcpus = 6\n\
         [batch.environments.process]\nengine = \"process\"\nvcpus = 6\n",
        daemon.socket(),
        shared.path(),
    );
    let mut server = Server::new().toml(&settings).start();
    prepare(server.address(), shared.path(), &runs);

    let submitter = Submitter {
        jobs: &jobs,
        address: Mutex::new(Some(server.address())),
        allowed: AtomicUsize::new(10),
        ids: Mutex::new(Vec::new()),
    };
    let began = Instant::now();
    let of_daemon = random.below(rounds);
    let how = if random.percent(50) {
        Stop::Kill
    } else {
        Stop::Ask
    };
    let mut fewest = usize::MAX;
    thread::scope(|scope| {
        scope.spawn(|| submitter.submit_all());
        for round in 0..rounds {
            let share = (round as usize + 1) * JOBS / rounds as usize;
            submitter.allowed.store(share.max(10), Ordering::Relaxed);
            // Every so often in the middle of its start, else at any moment.
            let instant = if round % 5 == 4 { 60 } else { 3_000 };
            sleep(Duration::from_millis(random.below(instant)));
            let lines = fs::read_to_string(&runs)
                .unwrap_or_default()
                .lines()
                .count();
            fewest = fewest.min(lines);
            *submitter.address.lock().unwrap() = None;
            server.kill();
            if round == of_daemon {
                daemon.restart(how);
            }
            server.restart();
            *submitter.address.lock().unwrap() = Some(server.address());
        }
        submitter.allowed.store(JOBS, Ordering::Relaxed);
    });
    let killed = began.elapsed();
    let ids = submitter.ids.into_inner().unwrap();
    let mut client = server.http();
    wait_for_ends(&mut client, &ids);
    println!(
        "{rounds} kills in {killed:.1?}; {} jobs ended after {:.1?}",
        ids.len(),
        began.elapsed()
    );
    let mut wrong = verify(&mut client, &jobs, &ids, &runs);
    wrong.extend(leftovers(&daemon, server.home()));
    assert!(
        wrong.is_empty(),
        "RATCHET_BATCH_CRASH_SEED={seed}: {} things are wrong\n{}\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n"),
        server.logged_text()
    );
    assert!(server.terminate().success(), "a clean stop succeeds");
}

/// Makes the queues and definitions of both engines.
fn prepare(address: SocketAddr, shared: &Path, runs: &Path) {
    let mut client = Client::new(address);
    for (engine, environment) in [("docker", "default"), ("process", "process")] {
        let queue = json!({
            "jobQueueName": engine,
            "priority": 1,
            "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": environment}],
        });
        ask(&mut client, "CreateJobQueue", &queue).unwrap();
        let mut definition = json!({
            "jobDefinitionName": engine,
            "type": "container",
            "containerProperties": {
                "image": IMAGE,
                "command": ["sh", "-c", plan::script(&runs.display().to_string())],
                "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "32"}],
            },
        });
        if engine == "docker" {
            let container = &mut definition["containerProperties"];
            container["volumes"] = json!([{"name": "shared", "host": {"sourcePath": shared}}]);
            container["mountPoints"] = json!([{"sourceVolume": "shared", "containerPath": shared}]);
        }
        ask(&mut client, "RegisterJobDefinition", &definition).unwrap();
    }
}

/// Submits the jobs in their order, each once, however often the connection breaks.
struct Submitter<'a> {
    jobs: &'a [Planned],
    /// Where the server listens, if it does.
    address: Mutex<Option<SocketAddr>>,
    /// How many may be submitted by now.
    allowed: AtomicUsize,
    ids: Mutex<Vec<String>>,
}

impl Submitter<'_> {
    fn submit_all(&self) {
        for (index, job) in self.jobs.iter().enumerate() {
            while self.allowed.load(Ordering::Relaxed) <= index {
                sleep(Duration::from_millis(5));
            }
            let id = self.submit(job);
            self.ids.lock().unwrap().push(id);
        }
    }

    fn submit(&self, job: &Planned) -> String {
        let request = job.request(|other| self.ids.lock().unwrap()[other].clone());
        let mut may_be_there = false;
        loop {
            let address = *self.address.lock().unwrap();
            let Some(address) = address else {
                sleep(Duration::from_millis(5));
                continue;
            };
            let mut client = Client::new(address);
            if may_be_there {
                // What was sent last may have been taken before the server died.
                match find(&mut client, job) {
                    Ok(Some(id)) => return id,
                    Ok(None) => {}
                    Err(_) => {
                        sleep(Duration::from_millis(5));
                        continue;
                    }
                }
            }
            match ask(&mut client, "SubmitJob", &request) {
                Ok(answer) => return answer["jobId"].as_str().unwrap().to_owned(),
                Err(_) => may_be_there = true,
            }
        }
    }
}

fn find(client: &mut Client, job: &Planned) -> io::Result<Option<String>> {
    let request = json!({
        "jobQueue": job.engine,
        "filters": [{"name": "JOB_NAME", "values": [job.name]}],
    });
    let answer = ask(client, "ListJobs", &request)?;
    let id = answer["jobSummaryList"][0]["jobId"].as_str();
    Ok(id.map(str::to_owned))
}

fn wait_for_ends(client: &mut Client, ids: &[String]) {
    let until = Instant::now() + DRAIN;
    loop {
        let unended: Vec<Value> = describe(client, ids)
            .into_iter()
            .filter(|job| !matches!(job["status"].as_str(), Some("SUCCEEDED" | "FAILED")))
            .collect();
        if unended.is_empty() {
            return;
        }
        assert!(
            Instant::now() < until,
            "{} jobs do not end, such as {}",
            unended.len(),
            unended[0]
        );
        sleep(Duration::from_millis(500));
    }
}

fn describe(client: &mut Client, ids: &[String]) -> Vec<Value> {
    let mut jobs = Vec::new();
    for some in ids.chunks(100) {
        let mut answer = ask(client, "DescribeJobs", &json!({"jobs": some})).unwrap();
        jobs.extend(answer["jobs"].as_array_mut().map(std::mem::take).unwrap());
    }
    jobs
}

/// What is not as it must be.
fn verify(client: &mut Client, jobs: &[Planned], ids: &[String], runs: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expected: HashMap<String, Expected> = HashMap::new();
    for (job, id) in jobs.iter().zip(ids) {
        for (rest, outcome) in job.expected(jobs) {
            expected.insert(format!("{id}{rest}"), outcome);
        }
    }
    let all: Vec<String> = expected.keys().cloned().collect();
    let described = describe(client, &all);
    if described.len() != all.len() {
        wrong.push(format!(
            "{} of {} jobs are known",
            described.len(),
            all.len()
        ));
    }
    // Each line is one attempt that began.
    let mut counts: HashMap<String, u64> = HashMap::new();
    for line in fs::read_to_string(runs).unwrap().lines() {
        *counts.entry(line.to_owned()).or_default() += 1;
    }
    let began: u64 = counts.values().sum();
    let mut lost = 0;
    for job in &described {
        let id = job["jobId"].as_str().unwrap();
        let wanted = &expected[id];
        let attempts = job["attempts"].as_array().map_or(&[][..], Vec::as_slice);
        let lost_here = attempts.iter().filter(|attempt| is_lost(attempt)).count() as u64;
        let number = attempts.len() as u64;
        let is_right = (job["status"] == "SUCCEEDED") == wanted.good
            && (wanted.attempts..=wanted.attempts + lost_here).contains(&number)
            && match attempts.last() {
                Some(last) if is_lost(last) => true,
                last => {
                    last.and_then(|last| last["container"]["exitCode"].as_u64()) == wanted.code
                        && wanted
                            .reason
                            .is_none_or(|reason| job["statusReason"] == reason)
                }
            };
        if !is_right {
            wrong.push(format!("{id} must be {wanted:?} and is {job}"));
        }
        for (index, attempt) in attempts.iter().enumerate() {
            let times = counts.remove(&format!("{id} {}", index + 1)).unwrap_or(0);
            if is_lost(attempt) {
                println!(
                    "lost, after it began {times} times: {}",
                    attempt["container"]["reason"]
                );
            }
            if times != 1 && !(times == 0 && is_lost(attempt)) {
                wrong.push(format!("attempt {} of {id} ran {times} times", index + 1));
            }
        }
        lost += lost_here;
    }
    wrong.extend(
        counts
            .keys()
            .map(|line| format!("{line} ran, and should not have")),
    );
    if lost > LOST {
        wrong.push(format!("{lost} attempts are lost"));
    }
    println!(
        "{} jobs with their children, {began} attempts, of them {lost} with an end that the daemon does not know",
        all.len()
    );
    wrong
}

/// Whether the daemon was away when the attempt began or ended, and does not know how.
fn is_lost(attempt: &Value) -> bool {
    let reason = attempt["statusReason"].as_str();
    reason.is_some_and(|reason| reason.starts_with("Host EC2"))
}

/// Containers and directories of attempts that are still there.
fn leftovers(daemon: &Daemon, home: &Path) -> Vec<String> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let mut left = Vec::new();
        let answer = daemon.ask("GET", "/containers/json?all=true");
        if !answer.trim_end().ends_with("[]") {
            left.push(format!("containers are left: {answer}"));
        }
        let attempts = fs::read_dir(home.join("data/batch/attempts")).unwrap();
        left.extend(attempts.map(|entry| format!("{:?} is left", entry.unwrap().path())));
        if left.is_empty() || Instant::now() > until {
            return left;
        }
        sleep(Duration::from_millis(100));
    }
}

fn ask(client: &mut Client, operation: &str, request: &Value) -> io::Result<Value> {
    let path = format!("/v1/{}", operation.to_lowercase());
    let answer = client.post(&path, request)?;
    assert!(
        answer.status == 200 || answer.status == 500,
        "{operation} was refused: {} of {request}",
        answer.text()
    );
    if answer.status == 500 {
        // It is going down.
        return Err(io::Error::other(answer.text()));
    }
    Ok(answer.json())
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}
