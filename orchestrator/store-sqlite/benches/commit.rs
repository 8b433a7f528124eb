//! What a commit costs: CPU time, bytes and latency at several concurrencies, beside the floor that plain inserts set.
//!
//! `cargo bench -p store-sqlite --bench commit -- [commits]`; the data lies on the disk of the target directory. CPU time is the figure
//! that holds on a busy machine.
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has nothing to tell"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use interpreter::history::{EventKind, HistoryEvent, StateType};
use interpreter::payload::Payload;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};
use store::contract::{Commit, Store, Write};
use store::encoding::encode_events;
use store::records::{
    ExecutionId, ExecutionRecord, ExecutionStatus, HistoryChunk, RevisionId, StateMachineId,
};
use store_sqlite::{Options, SqliteStore};

const CONCURRENCIES: [u64; 4] = [1, 16, 64, 256];

fn main() {
    let is_measuring = std::env::args().any(|argument| argument == "--bench");
    let commits = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(if is_measuring { 40_000 } else { 200 });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    encoding(commits);
    println!(
        "{:<34} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "commits/s", "CPU us", "bytes", "p50 ms", "p99 ms"
    );
    runtime.block_on(async {
        for concurrency in CONCURRENCIES {
            start_and_end(commits, concurrency).await;
        }
        for concurrency in CONCURRENCIES {
            steps(commits, concurrency).await;
        }
        for group in [16, 64, 256] {
            floor(commits, group).await;
        }
    });
}

fn encoding(count: u64) {
    let before = Usage::now();
    let mut bytes = 0;
    for id in 0..count {
        bytes += encode_events(&events(id, 1, 22)).len();
    }
    let making = Usage::now();
    for id in 0..count {
        std::hint::black_box(events(id, 1, 22));
    }
    let done = Usage::now();
    let cpu = (making.cpu - before.cpu).saturating_sub(done.cpu - making.cpu);
    println!(
        "encoding 22 events: {:.1} us, {} bytes (making them: {:.1} us, subtracted)",
        micros(cpu) / count as f64,
        bytes as u64 / count,
        micros(done.cpu - making.cpu) / count as f64,
    );
}

/// An execution of ten Pass states: it starts and ends in one commit.
async fn start_and_end(commits: u64, concurrency: u64) {
    let directory = directory();
    let store = SqliteStore::open(directory.path(), Options::default()).await;
    let label = format!("start + end, 22 events, {concurrency} at once");
    drive(
        &label,
        Arc::new(store.unwrap()),
        commits,
        concurrency,
        |id| {
            vec![
                Write::AddExecution(execution(id, ExecutionStatus::Succeeded)),
                append(id, 1, 22),
            ]
        },
    )
    .await;
}

/// A task ended and the next one was scheduled, in one of a thousand running executions.
async fn steps(commits: u64, concurrency: u64) {
    const RUNNING: u64 = 1000;
    let directory = directory();
    let store = SqliteStore::open(directory.path(), Options::default()).await;
    let store = store.unwrap();
    let begin: Vec<_> = (1..=RUNNING)
        .map(|id| {
            let writes = vec![
                Write::AddExecution(execution(id, ExecutionStatus::Running)),
                snapshot(id, 0),
            ];
            store.commit(Commit { writes })
        })
        .collect();
    for answer in begin {
        answer.await.unwrap();
    }
    let label = format!("5 events + snapshot, {concurrency} at once");
    drive(&label, Arc::new(store), commits, concurrency, |number| {
        let (id, turn) = (number % RUNNING + 1, number / RUNNING);
        vec![append(id, turn * 5 + 1, turn * 5 + 5), snapshot(id, turn)]
    })
    .await;
}

async fn drive(
    label: &str,
    store: Arc<SqliteStore>,
    commits: u64,
    concurrency: u64,
    writes: impl Fn(u64) -> Vec<Write> + Send + Sync + 'static,
) {
    let commits = if concurrency == 1 {
        commits / 20
    } else {
        commits
    };
    let next = Arc::new(AtomicU64::new(0));
    let writes = Arc::new(writes);
    let before = Usage::now();
    let tasks: Vec<_> = (0..concurrency)
        .map(|_| {
            let (store, next, writes) = (store.clone(), next.clone(), writes.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= commits {
                        return latencies;
                    }
                    let commit = Commit {
                        writes: writes(number + 1),
                    };
                    let start = Instant::now();
                    store.commit(commit).await.unwrap();
                    latencies.push(start.elapsed());
                }
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    let after = Usage::now();
    report(label, commits, &before, &after, &mut latencies);
    store.close().await.unwrap();
}

/// The same rows as `start_and_end` writes, by one connection, in the plainest tables, groups of a fixed size, and statements
/// with a row each or all rows at once.
async fn floor(commits: u64, group: u64) {
    let directory = directory();
    let mut connection = SqliteConnectOptions::new()
        .filename(directory.path().join("floor.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging()
        .connect()
        .await
        .unwrap();
    sqlx::raw_sql(
        "create table executions (id integer primary key, machine integer, revision integer, name text,
           status integer, started_at integer, stopped_at integer);
         create unique index names on executions (machine, name);
         create table history (execution integer primary key, events blob)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let executions = many(
        "insert into executions values",
        "(?, ?, ?, ?, ?, ?, ?)",
        group,
    );
    let history = many("insert into history values", "(?, ?)", group);
    let before = Usage::now();
    let mut latencies = Vec::new();
    let groups = commits / group;
    for number in 0..groups {
        let ids: Vec<u64> = (number * group + 1..=(number + 1) * group).collect();
        let chunks: Vec<Vec<u8>> = ids
            .iter()
            .map(|id| encode_events(&events(*id, 1, 22)))
            .collect();
        let start = Instant::now();
        insert(&mut connection, &executions, &history, &ids, chunks).await;
        latencies.push(start.elapsed());
    }
    let after = Usage::now();
    let label = format!("floor: plain inserts, groups of {group}");
    report(&label, groups * group, &before, &after, &mut latencies);
}

async fn insert(
    connection: &mut SqliteConnection,
    executions: &Arc<str>,
    history: &Arc<str>,
    ids: &[u64],
    chunks: Vec<Vec<u8>>,
) {
    sqlx::query("begin")
        .execute(&mut *connection)
        .await
        .unwrap();
    let mut query = sqlx::query(AssertSqlSafe(executions.clone()));
    for id in ids {
        let record = execution(*id, ExecutionStatus::Succeeded);
        query = query
            .bind(id.cast_signed())
            .bind(1_i64)
            .bind(1_i64)
            .bind(record.name)
            .bind(1_i64)
            .bind(record.started_at)
            .bind(record.stopped_at);
    }
    query.execute(&mut *connection).await.unwrap();
    let mut query = sqlx::query(AssertSqlSafe(history.clone()));
    for (id, chunk) in ids.iter().zip(chunks) {
        query = query.bind(id.cast_signed()).bind(chunk);
    }
    query.execute(&mut *connection).await.unwrap();
    sqlx::query("commit")
        .execute(&mut *connection)
        .await
        .unwrap();
}

fn many(head: &str, row: &str, count: u64) -> Arc<str> {
    let rows = vec![row; usize::try_from(count).unwrap()].join(", ");
    format!("{head} {rows}").into()
}

fn execution(id: u64, status: ExecutionStatus) -> ExecutionRecord {
    let is_over = status != ExecutionStatus::Running;
    ExecutionRecord {
        id: ExecutionId(id),
        machine: StateMachineId(1),
        revision: RevisionId(1),
        name: name(id),
        status,
        started_at: 1_795_000_000_000 + id.cast_signed(),
        stopped_at: is_over.then_some(1_795_000_000_020 + id.cast_signed()),
        parent: None,
        started_by: store::records::StartedBy::default(),
        redrives: None,
        paused_at: None,
        trace_header: None,
    }
}

/// As random as a UUID, and as long.
fn name(id: u64) -> Arc<str> {
    let random = |seed: u64| {
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let (a, b) = (random(id), random(id ^ 0x9e37_79b9_7f4a_7c15));
    let digits = format!("{a:016x}{b:016x}");
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
    .into()
}

fn append(id: u64, first: u64, last: u64) -> Write {
    Write::AppendHistory {
        id: ExecutionId(id),
        chunk: HistoryChunk {
            first_event: first,
            bytes: encode_events(&events(id, first, last)),
        },
    }
}

/// Bytes that don't compress further, as those of a snapshot are.
fn snapshot(id: u64, turn: u64) -> Write {
    let text = name(id * 1000 + turn);
    Write::PutSnapshot {
        id: ExecutionId(id),
        snapshot: text.as_bytes().iter().copied().cycle().take(800).collect(),
        wake_at: None,
        needs_dispatch: true,
    }
}

/// States that hand a payload of 150 bytes on.
fn events(id: u64, first: u64, last: u64) -> Vec<HistoryEvent> {
    let text = format!(
        "{{\"order\":\"{}\",\"customer\":{{\"name\":\"Ada Lovelace\",\"city\":\"London\"}},\"items\":[1,2,3],\"total\":{id}.50,\"currency\":\"EUR\"}}",
        name(id)
    );
    let payload = Payload::of_known_text(text);
    (first..=last)
        .map(|number| HistoryEvent {
            id: number,
            previous: number - 1,
            timestamp: 1_795_000_000_000 + id.cast_signed(),
            kind: kind(number, &payload),
        })
        .collect()
}

fn kind(number: u64, payload: &Payload) -> EventKind {
    let name: Arc<str> = format!("State{}", number / 2).into();
    if number.is_multiple_of(2) {
        EventKind::StateEntered {
            state_type: StateType::Pass,
            name,
            input: payload.clone(),
        }
    } else {
        EventKind::StateExited {
            state_type: StateType::Pass,
            name,
            output: payload.clone(),
            assigned: vec![],
        }
    }
}

fn directory() -> tempfile::TempDir {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tempfile::tempdir_in(parent).unwrap()
}

struct Usage {
    at: Instant,
    cpu: Duration,
    written: u64,
}

impl Usage {
    fn now() -> Self {
        Self {
            at: Instant::now(),
            cpu: cpu(),
            written: written(),
        }
    }
}

/// User and system time of all threads, from `/proc/self/stat`, which counts in hundredths of a second.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields = after_name.split(' ').skip(11).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Bytes handed to the file system.
fn written() -> u64 {
    let io = fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn report(label: &str, commits: u64, before: &Usage, after: &Usage, latencies: &mut [Duration]) {
    latencies.sort_unstable();
    let quantile = |share: f64| {
        let last = latencies.len() - 1;
        let place = (last as f64 * share) as usize;
        latencies[place.min(last)].as_secs_f64() * 1e3
    };
    let wall = (after.at - before.at).as_secs_f64();
    println!(
        "{label:<34} {:>9.0} {:>9.1} {:>9} {:>9.2} {:>9.2}",
        commits as f64 / wall,
        micros(after.cpu - before.cpu) / commits as f64,
        (after.written - before.written) / commits,
        quantile(0.5),
        quantile(0.99),
    );
}
