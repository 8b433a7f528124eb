//! Where execution logs go: a file, and log groups of CloudWatch Logs. Nothing that is executed waits for either.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use api::execution_log::{LogRecord, LogSink};
use integrations::log_groups::{LogGroups, PutError, group_name};

use crate::outcome::Error;

/// How many commits' records may wait for the disk or the network. What comes while these wait is lost, and said to be.
const WAITING: usize = 8192;

/// How many records, and how many bytes of them, one call takes. AWS: "PutLogEvents".
const RECORDS_AT_ONCE: usize = 10_000;
const BYTES_AT_ONCE: usize = 1_000_000;

/// How long records gather before they are sent.
const GATHER: Duration = Duration::from_millis(200);

/// How often a call is tried, and the first pause between two.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The logs of a server. Closing it writes what waits.
#[derive(Clone, Debug)]
pub(crate) struct ExecutionLogs {
    lanes: Arc<Vec<Lane>>,
}

impl ExecutionLogs {
    /// The logs of the configuration; `None` where it has none.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub(crate) fn open(
        file: Option<&Path>,
        endpoint: Option<LogGroups>,
    ) -> Result<Option<Self>, Error> {
        let mut lanes = Vec::new();
        if let Some(path) = file {
            let opened = File::options().create(true).append(true).open(path);
            let file = opened.map_err(|error| {
                Error::Usage(format!(
                    "cannot open the execution log {}: {error}",
                    path.display()
                ))
            })?;
            lanes.push(Lane::begin("execution-log", move |records| {
                write_file(&records, BufWriter::new(file));
            })?);
        }
        if let Some(endpoint) = endpoint {
            lanes.push(Lane::begin("execution-log-groups", move |records| {
                send_to_groups(&records, &endpoint);
            })?);
        }
        Ok((!lanes.is_empty()).then(|| Self {
            lanes: Arc::new(lanes),
        }))
    }

    /// Writes what waits, and ends.
    pub(crate) async fn close(&self) {
        let lanes = self.lanes.clone();
        let closed = tokio::task::spawn_blocking(move || {
            for lane in lanes.iter() {
                lane.close();
            }
        });
        if closed.await.is_err() {
            tracing::error!("a bug ended an execution log");
        }
    }
}

impl LogSink for ExecutionLogs {
    fn take(&self, records: Vec<LogRecord>) {
        if let Some((last, others)) = self.lanes.split_last() {
            for lane in others {
                lane.take(records.clone());
            }
            last.take(records);
        }
    }
}

/// A thread that writes, and what waits for it.
struct Lane {
    name: &'static str,
    sender: Mutex<Option<SyncSender<Vec<LogRecord>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    lost: AtomicU64,
}

impl Lane {
    fn begin(
        name: &'static str,
        work: impl FnOnce(Receiver<Vec<LogRecord>>) + Send + 'static,
    ) -> Result<Self, Error> {
        let (sender, receiver) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(receiver))
            .map_err(|error| Error::Unavailable(format!("cannot start a thread: {error}")))?;
        Ok(Self {
            name,
            sender: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            lost: AtomicU64::new(0),
        })
    }

    fn take(&self, records: Vec<LogRecord>) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = &*sender else { return };
        match sender.try_send(records) {
            Ok(()) => {
                let lost = self.lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    tracing::warn!(
                        log = self.name,
                        records = lost,
                        "execution log records were lost"
                    );
                }
            }
            Err(TrySendError::Full(records) | TrySendError::Disconnected(records)) => {
                self.lost.fetch_add(records.len() as u64, Ordering::Relaxed);
            }
        }
    }

    fn close(&self) {
        drop(
            self.sender
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!(log = self.name, "a bug ended an execution log");
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// Each record is a line; the file is flushed whenever nothing more waits.
fn write_file(records: &Receiver<Vec<LogRecord>>, mut file: impl Write) {
    while let Ok(first) = records.recv() {
        let waiting = std::iter::once(first).chain(records.try_iter());
        let mut written = Ok(());
        for record in waiting.flatten() {
            written = written.and_then(|()| writeln!(file, "{}", record.text));
        }
        if let Err(error) = written.and_then(|()| file.flush()) {
            tracing::warn!(%error, "cannot write the execution log");
        }
    }
}

/// Sends records to the groups that they name, as long as there are any.
fn send_to_groups(records: &Receiver<Vec<LogRecord>>, endpoint: &LogGroups) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "cannot send execution logs");
            return;
        }
    };
    let mut known = std::collections::HashSet::new();
    while let Ok(first) = records.recv() {
        // Few calls with many records, not one for each commit.
        std::thread::sleep(GATHER);
        let waiting = std::iter::once(first).chain(records.try_iter()).flatten();
        for (place, batch) in batches(waiting) {
            runtime.block_on(send(endpoint, &place, &batch, &mut known));
        }
    }
}

/// A log group and a stream in it.
type Place = (Arc<str>, String);

/// The records in calls: by place, each in the order of time, none larger than a call takes.
fn batches(records: impl Iterator<Item = LogRecord>) -> Vec<(Place, Vec<(i64, String)>)> {
    let mut by_place: std::collections::BTreeMap<Place, Vec<(i64, String)>> =
        std::collections::BTreeMap::new();
    for record in records {
        let Some(group) = record.group.as_deref().and_then(group_name) else {
            continue;
        };
        let day = jiff::Timestamp::from_millisecond(record.timestamp).unwrap_or_default();
        let day = day.strftime("%Y-%m-%d");
        let place = (group, format!("states/{}/{day}", record.state_machine));
        let batch = by_place.entry(place).or_default();
        batch.push((record.timestamp, record.text));
    }
    let mut calls = Vec::new();
    for (place, mut records) in by_place {
        records.sort_by_key(|(timestamp, _)| *timestamp);
        let mut call = Vec::new();
        let mut bytes = 0;
        for record in records {
            // AWS counts 26 bytes for an event beside its text.
            let size = record.1.len() + 26;
            if !call.is_empty() && (call.len() >= RECORDS_AT_ONCE || bytes + size > BYTES_AT_ONCE) {
                calls.push((place.clone(), std::mem::take(&mut call)));
                bytes = 0;
            }
            bytes += size;
            call.push(record);
        }
        calls.push((place, call));
    }
    calls
}

async fn send(
    endpoint: &LogGroups,
    place: &Place,
    records: &[(i64, String)],
    known: &mut std::collections::HashSet<Place>,
) {
    let (group, stream) = place;
    let mut pause = FIRST_PAUSE;
    let mut why = String::new();
    for _ in 0..TRIES {
        let sent = match known.contains(place) {
            true => Ok(()),
            false => endpoint.create_stream(group, stream).await,
        };
        let sent = match sent {
            Ok(()) => endpoint.put(group, stream, records).await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => {
                known.insert(place.clone());
                return;
            }
            Err(error @ PutError::Refused(_)) => {
                why = error.to_string();
                break;
            }
            Err(error @ (PutError::NotFound | PutError::Later(_))) => {
                known.remove(place);
                why = error.to_string();
            }
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    tracing::warn!(
        group = &**group,
        stream,
        records = records.len(),
        why,
        "cannot send execution logs"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(group: &str, state_machine: &str, timestamp: i64, text: &str) -> LogRecord {
        let group = (!group.is_empty())
            .then(|| format!("arn:aws:logs:us-east-1:000000000000:log-group:{group}:*").into());
        LogRecord {
            group,
            state_machine: state_machine.into(),
            timestamp,
            text: text.to_owned(),
        }
    }

    #[test]
    fn calls_are_by_place_in_order_and_bounded() {
        let long = "x".repeat(600_000);
        let records = [
            record("g", "m", 5, "b"),
            record("g", "m", 3, "a"),
            record("", "m", 1, "nowhere"),
            record("h", "n", 1, &long),
            record("h", "n", 2, &long),
        ];
        let calls = batches(records.into_iter());
        let shown = calls.iter().map(|((group, stream), records)| {
            let records = records
                .iter()
                .map(|(time, text)| format!("{time}:{}", text.len()));
            format!("{group} {stream} {}", records.collect::<Vec<_>>().join(" "))
        });
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                "g states/m/1970-01-01 3:1 5:1",
                "h states/n/1970-01-01 1:600000",
                "h states/n/1970-01-01 2:600000",
            ]
        );
    }

    #[test]
    fn a_file_has_a_line_for_each_record() {
        let (sender, receiver) = sync_channel(4);
        sender
            .send(vec![record("", "m", 1, "{1}"), record("", "m", 2, "{2}")])
            .unwrap();
        sender.send(vec![record("", "m", 3, "{3}")]).unwrap();
        drop(sender);
        let mut file = Vec::new();
        write_file(&receiver, &mut file);
        assert_eq!(String::from_utf8(file).unwrap(), "{1}\n{2}\n{3}\n");
    }
}
