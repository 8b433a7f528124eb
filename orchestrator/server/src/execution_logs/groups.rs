//! Log groups: records gather, go out in calls that the API takes, and wait there while the endpoint can't be reached.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use api::execution_log::LogRecord;
use integrations::log_groups::{LogGroups, PutError, group_name};
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Waiting, bytes_of};

/// How many records, and how many bytes of them, one call takes. AWS: "PutLogEvents".
const RECORDS_AT_ONCE: usize = 10_000;
const BYTES_AT_ONCE: usize = 1_000_000;

/// How long records gather before they are sent.
const GATHER: Duration = Duration::from_millis(200);

/// The first pause before a call is tried again, the longest, and how long one call's records are tried to be sent in all.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a server that is stopped goes on sending.
const LAST: Duration = Duration::from_secs(5);

/// Tells that the server is being stopped.
#[derive(Debug, Default)]
pub(super) struct Closing {
    begun: CancellationToken,
    deadline: OnceLock<Instant>,
}

impl Closing {
    /// From now on there is a little time left.
    pub(super) fn begin(&self) {
        self.deadline.get_or_init(|| Instant::now() + LAST);
        self.begun.cancel();
    }

    /// Waits until no time is left.
    async fn over(&self) {
        self.begun.cancelled().await;
        let deadline = self.deadline.get().copied();
        tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)).await;
    }
}

/// Sends records to the groups that they name.
pub(super) struct Groups {
    endpoint: LogGroups,
    closing: Arc<Closing>,
    runtime: Runtime,
    streams: HashMap<Place, Stream>,
}

/// What is known of a log stream.
#[derive(Default)]
struct Stream {
    is_there: bool,
    /// Records that could not be sent since one could.
    lost: u64,
}

impl Groups {
    /// Sends to this endpoint.
    pub(super) fn new(endpoint: LogGroups, closing: Arc<Closing>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            endpoint,
            closing,
            runtime,
            streams: HashMap::new(),
        })
    }

    /// Sends what waits, as long as there may come more.
    pub(super) fn send_all(mut self, waiting: &Waiting) {
        while let Some(first) = waiting.first() {
            // Few calls with many records, not one for each commit.
            if !self.closing.begun.is_cancelled() {
                std::thread::sleep(GATHER);
            }
            let mut records = first;
            records.extend(waiting.others().flatten());
            let bytes = bytes_of(&records);
            for (place, call) in batches(records.into_iter()) {
                self.send(place, &call);
            }
            waiting.done(bytes);
        }
        for ((group, stream), known) in self.streams {
            if known.lost > 0 {
                tracing::warn!(
                    group = &*group,
                    stream,
                    records = known.lost,
                    "execution logs could not be sent"
                );
            }
        }
    }

    /// Sends one call's records, or counts them as lost. The log has a line when a stream begins to fail and when it works again.
    fn send(&mut self, place: Place, records: &[(i64, String)]) {
        let known = self.streams.entry(place.clone()).or_default();
        let (group, stream) = &place;
        let delivery = deliver(&self.endpoint, &place, records, &mut known.is_there);
        let sent = self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.closing.over() => Err(PutError::Later("the server was stopped".to_owned())),
                sent = delivery => sent,
            }
        });
        match sent {
            Ok(()) if known.lost > 0 => {
                let lost = std::mem::take(&mut known.lost);
                tracing::warn!(
                    group = &**group,
                    stream,
                    records = lost,
                    "execution logs are sent again; those between are lost"
                );
            }
            Ok(()) => {}
            Err(why) => {
                if known.lost == 0 {
                    tracing::warn!(group = &**group, stream, %why, "cannot send execution logs");
                }
                known.lost += records.len() as u64;
            }
        }
    }
}

/// Sends records, and tries again while that may help.
async fn deliver(
    endpoint: &LogGroups,
    (group, stream): &Place,
    records: &[(i64, String)],
    is_there: &mut bool,
) -> Result<(), PutError> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let was_there = *is_there;
        let sent = match was_there {
            true => Ok(()),
            // Without the group, here it ends: whoever makes it gets the records that come after that.
            false => match endpoint.create_stream(group, stream).await {
                Err(PutError::NotFound) => return Err(PutError::NotFound),
                made => made,
            },
        };
        let sent = match sent {
            Ok(()) => endpoint.put(group, stream, records).await,
            Err(error) => Err(error),
        };
        *is_there = sent.is_ok();
        match sent {
            Ok(()) => return Ok(()),
            Err(error @ PutError::Refused(_)) => return Err(error),
            // The stream was removed meanwhile.
            Err(PutError::NotFound) if was_there => {}
            Err(error) if began.elapsed() + pause > PATIENCE => return Err(error),
            Err(PutError::NotFound | PutError::Later(_)) => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// A log group and a stream in it.
type Place = (Arc<str>, String);

/// The records in calls: by place, each in the order of time, none larger than a call takes.
fn batches(records: impl Iterator<Item = LogRecord>) -> Vec<(Place, Vec<(i64, String)>)> {
    let mut by_place: BTreeMap<Place, Vec<(i64, String)>> = BTreeMap::new();
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
}
