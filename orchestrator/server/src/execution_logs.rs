//! Where execution logs go: a file, and log groups of CloudWatch Logs. Nothing that is executed waits for either.
//!
//! Each has a thread of its own, and a bounded lane that leads there: what comes while the lane is full is lost, and the server's log says how
//! much. Closing writes what waits; for the network there is a little time.

mod groups;

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use api::execution_log::{LogRecord, LogSink};
use integrations::log_groups::LogGroups;

use crate::outcome::Error;

use self::groups::{Closing, Groups};

/// How many commits' records may wait for the disk or the network, and how many bytes of them.
const WAITING: usize = 8192;
const WAITING_BYTES: usize = 64 * 1024 * 1024;

/// The logs of a server. Closing it writes what waits.
#[derive(Clone, Debug)]
pub(crate) struct ExecutionLogs {
    lanes: Arc<Vec<Lane>>,
    closing: Arc<Closing>,
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
        let closing = Arc::<Closing>::default();
        if let Some(path) = file {
            let opened = File::options().create(true).append(true).open(path);
            let file = opened.map_err(|error| {
                Error::Usage(format!(
                    "cannot open the execution log {}: {error}",
                    path.display()
                ))
            })?;
            lanes.push(Lane::begin(
                "execution-log",
                WAITING_BYTES,
                move |waiting| {
                    write_file(waiting, BufWriter::new(file));
                },
            )?);
        }
        if let Some(endpoint) = endpoint {
            let closing = closing.clone();
            let begun =
                Lane::begin(
                    "execution-log-groups",
                    WAITING_BYTES,
                    move |waiting| match Groups::new(endpoint, closing) {
                        Ok(groups) => groups.send_all(waiting),
                        Err(error) => tracing::error!(%error, "cannot send execution logs"),
                    },
                );
            lanes.push(begun?);
        }
        Ok((!lanes.is_empty()).then(|| Self {
            lanes: Arc::new(lanes),
            closing,
        }))
    }

    /// Writes what waits, and ends.
    pub(crate) async fn close(&self) {
        self.closing.begin();
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
    bytes: Arc<AtomicUsize>,
    most_bytes: usize,
    lost: AtomicU64,
}

/// The other end of a lane: what waits there.
struct Waiting {
    records: Receiver<Vec<LogRecord>>,
    bytes: Arc<AtomicUsize>,
}

impl Lane {
    fn begin(
        name: &'static str,
        most_bytes: usize,
        work: impl FnOnce(&Waiting) + Send + 'static,
    ) -> Result<Self, Error> {
        let (sender, records) = sync_channel(WAITING);
        let bytes = Arc::<AtomicUsize>::default();
        let waiting = Waiting {
            records,
            bytes: bytes.clone(),
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(&waiting))
            .map_err(|error| Error::Unavailable(format!("cannot start a thread: {error}")))?;
        Ok(Self {
            name,
            sender: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            bytes,
            most_bytes,
            lost: AtomicU64::new(0),
        })
    }

    fn take(&self, records: Vec<LogRecord>) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = &*sender else { return };
        let bytes = bytes_of(&records);
        let waiting = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let refused = match waiting + bytes > self.most_bytes && waiting > 0 {
            true => Some(records),
            false => match sender.try_send(records) {
                Ok(()) => None,
                Err(TrySendError::Full(records) | TrySendError::Disconnected(records)) => {
                    Some(records)
                }
            },
        };
        match refused {
            None => self.tell_lost(),
            Some(records) => {
                self.bytes.fetch_sub(bytes, Ordering::Relaxed);
                self.lost.fetch_add(records.len() as u64, Ordering::Relaxed);
            }
        }
    }

    fn tell_lost(&self) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(
                log = self.name,
                records = lost,
                "execution log records were lost, as too many waited"
            );
        }
    }

    fn close(&self) {
        drop(
            self.sender
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        self.tell_lost();
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

impl Waiting {
    /// Waits for records; `None` when there will be no more.
    fn first(&self) -> Option<Vec<LogRecord>> {
        self.records.recv().ok()
    }

    /// What is there besides.
    fn others(&self) -> impl Iterator<Item = Vec<LogRecord>> {
        self.records.try_iter()
    }

    /// Records of so many bytes wait no more.
    fn done(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

fn bytes_of(records: &[LogRecord]) -> usize {
    records.iter().map(|record| record.text.len()).sum()
}

impl fmt::Debug for Lane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// Each record is a line; the file is flushed whenever nothing more waits.
fn write_file(waiting: &Waiting, mut file: impl Write) {
    while let Some(first) = waiting.first() {
        let mut written = Ok(());
        for records in std::iter::once(first).chain(waiting.others()) {
            for record in &records {
                written = written.and_then(|()| writeln!(file, "{}", record.text));
            }
            waiting.done(bytes_of(&records));
        }
        if let Err(error) = written.and_then(|()| file.flush()) {
            tracing::warn!(%error, "cannot write the execution log");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn record(text: &str) -> LogRecord {
        LogRecord {
            group: None,
            state_machine: "m".into(),
            timestamp: 1,
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_file_has_a_line_for_each_record() {
        let (sender, records) = sync_channel(4);
        sender.send(vec![record("{1}"), record("{2}")]).unwrap();
        sender.send(vec![record("{3}")]).unwrap();
        drop(sender);
        let waiting = Waiting {
            records,
            bytes: Arc::new(AtomicUsize::new(9)),
        };
        let mut file = Vec::new();
        write_file(&waiting, &mut file);
        assert_eq!(String::from_utf8(file).unwrap(), "{1}\n{2}\n{3}\n");
        assert_eq!(waiting.bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_does_not_fit_is_counted_as_lost() {
        let (go, wait) = mpsc::channel::<()>();
        let (told, seen) = mpsc::channel();
        let lane = Lane::begin("test", 10, move |waiting| {
            wait.recv().unwrap();
            while let Some(records) = waiting.first() {
                waiting.done(bytes_of(&records));
                for record in records {
                    told.send(record.text).unwrap();
                }
            }
        });
        let lane = lane.unwrap();
        lane.take(vec![record("longer than the lane")]);
        lane.take(vec![record("lost"), record("too")]);
        assert_eq!(lane.lost.load(Ordering::Relaxed), 2);
        go.send(()).unwrap();
        assert_eq!(seen.recv().unwrap(), "longer than the lane");
        lane.take(vec![record("a"), record("b")]);
        assert_eq!(lane.lost.load(Ordering::Relaxed), 0);
        lane.close();
        assert_eq!(seen.iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(lane.bytes.load(Ordering::Relaxed), 0);
    }
}
