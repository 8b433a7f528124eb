//! What a container prints, from the daemon into its stream: each line once, whatever happens in between.

use std::time::Duration;

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::Shared;
use super::fault::Fault;
use crate::clock;
use crate::logs::{Seen, Writer};

/// A container that ends within this time is read once, after its end.
const SHORT: Duration = Duration::from_millis(250);
/// How often lines become readable.
const PACE: Duration = Duration::from_millis(100);
/// A stream that says nothing for so long after the container's end hangs, as they do.
const HANGS: Duration = Duration::from_secs(2);
/// A line without an end is kept together for so long, and up to this length.
const UNENDED: Duration = Duration::from_secs(1);
const LONGEST: usize = 200 << 10;
/// How often reading is tried again after the container's end.
const TRIES: u32 = 5;

/// How a reading of the daemon's log ended.
enum Read {
    /// There is no more, for now.
    Through,
    /// The container has ended, and the stream has not.
    Hangs,
}

/// Copies until the container has ended and all was copied. `resumed`: the stream may have a part of it already.
pub(super) async fn copy(
    shared: &Shared,
    name: &str,
    stream: &str,
    resumed: bool,
    mut ended: watch::Receiver<bool>,
) {
    if !resumed {
        let _ = timeout(SHORT, has_ended(&mut ended)).await;
    }
    let writer = match shared.logs.writer(stream) {
        Ok(writer) => writer,
        Err(error) => {
            tracing::error!(attempt = name, %error, "what a container prints is not kept");
            return;
        }
    };
    let mut copy = Copy {
        writer,
        seen: Seen::default(),
        unended: [None, None],
        failed: false,
    };
    let mut again = resumed;
    let mut tries = 0;
    loop {
        if again {
            copy.resume(shared, stream);
        }
        again = true;
        let follow = !*ended.borrow();
        let read = copy.read(shared, name, follow, &mut ended).await;
        copy.finish();
        match read {
            Ok(Read::Through) if !follow => return,
            // It ended because the container did, or because the daemon goes down.
            Ok(Read::Through) if timeout(HANGS, has_ended(&mut ended)).await.is_ok() => return,
            Ok(Read::Through | Read::Hangs) => {}
            Err(Fault::Missing(_)) => return,
            Err(fault) => {
                if *ended.borrow() {
                    tries += 1;
                }
                if tries == TRIES {
                    tracing::warn!(attempt = name, %fault, "the last lines of a container were not read");
                    return;
                }
                sleep(PACE).await;
                shared.until_back().await;
            }
        }
    }
}

async fn has_ended(ended: &mut watch::Receiver<bool>) {
    // Its sender lives as long as we do.
    let _ = ended.wait_for(|ended| *ended).await;
}

struct Copy {
    writer: Writer,
    seen: Seen,
    /// For each of the two outputs: the line's time, when it came, and what it is so far.
    unended: [Option<(i64, Instant, Vec<u8>)>; 2],
    failed: bool,
}

impl Copy {
    fn resume(&mut self, shared: &Shared, stream: &str) {
        match Seen::of(&shared.logs, stream) {
            Ok(seen) => self.seen = seen,
            Err(error) => {
                tracing::warn!(stream, %error, "lines may be in the log twice");
                self.seen = Seen::default();
            }
        }
    }

    async fn read(
        &mut self,
        shared: &Shared,
        name: &str,
        follow: bool,
        ended: &mut watch::Receiver<bool>,
    ) -> Result<Read, Fault> {
        let options = LogsOptions {
            follow,
            stdout: true,
            stderr: true,
            since: i32::try_from(self.seen.since()).unwrap_or(0),
            timestamps: true,
            tail: "all".to_owned(),
            ..LogsOptions::default()
        };
        let client = shared.client().await?;
        let mut frames = std::pin::pin!(client.logs(name, Some(options)));
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut over = !follow;
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                biased;
                frame = frames.next() => match frame {
                    Some(Ok(frame)) => {
                        heard = Instant::now();
                        self.take(&frame);
                    }
                    Some(Err(error)) => return Err(shared.fault(error)),
                    None => return Ok(Read::Through),
                },
                () = has_ended(ended), if !over => {
                    over = true;
                    heard = Instant::now();
                }
                _ = pace.tick() => {
                    if follow && over && heard.elapsed() > HANGS {
                        return Ok(Read::Hangs);
                    }
                    self.write_unended(UNENDED);
                    self.flush();
                }
            }
        }
    }

    /// A frame is a line with its time before it; or a part of one, if it has no end.
    fn take(&mut self, frame: &LogOutput) {
        let output = usize::from(matches!(frame, LogOutput::StdErr { .. }));
        let message = frame.as_ref();
        let space = message.iter().position(|byte| *byte == b' ');
        let time = space
            .and_then(|space| str::from_utf8(&message[..space]).ok())
            .and_then(clock::parse_nanos);
        let (nanos, text) = match (space, time) {
            (Some(space), Some(nanos)) => (nanos, &message[space + 1..]),
            _ => (clock::nanos(), message),
        };
        let (text, whole) = match text.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let before = self.unended[output].take();
        if before.is_none() && whole {
            return self.write(nanos, text);
        }
        let (nanos, since, mut line) = before.unwrap_or_else(|| (nanos, Instant::now(), vec![]));
        line.extend_from_slice(text);
        if whole || line.len() >= LONGEST {
            self.write(nanos, &line);
        } else {
            self.unended[output] = Some((nanos, since, line));
        }
    }

    fn write_unended(&mut self, age: Duration) {
        for output in 0..self.unended.len() {
            if let Some((nanos, _, line)) =
                self.unended[output].take_if(|(_, since, _)| since.elapsed() >= age)
            {
                self.write(nanos, &line);
            }
        }
    }

    fn write(&mut self, nanos: i64, text: &[u8]) {
        if self.seen.is_new(nanos, text) {
            let written = self.writer.append(nanos, text);
            self.note(written);
        }
    }

    fn flush(&mut self) {
        let flushed = self.writer.flush();
        self.note(flushed);
    }

    fn finish(&mut self) {
        self.write_unended(Duration::ZERO);
        self.flush();
    }

    /// A disk that is full must not hold up a job.
    fn note(&mut self, result: std::io::Result<()>) {
        if let Err(error) = result
            && !std::mem::replace(&mut self.failed, true)
        {
            tracing::error!(%error, "what a container prints can't be kept");
        }
    }
}
