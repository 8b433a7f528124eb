//! The loop of a stream's thread: reads, puts together, hands over.
//!
//! How it reads decides what the source spends. The sender writes every change to its socket by itself. While the connection is empty each of these
//! writes becomes a packet of its own, and a reader that waits for the socket is woken for each: this costs the sender more than decoding
//! does. Once the connection is full a write only adds to what is waiting. So while there is a backlog the thread sleeps between reads, where no
//! write can wake it, long enough that the connection fills; then it takes everything. When little comes it waits for the socket, and sees
//! everything at once.

use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use replication::assembler::Assembler;
use replication::piece::Delivery;
use tokio::sync::{Notify, mpsc};
use tokio::task::yield_now;
use tokio::time::timeout;
use wire::duplex::{Reader, Writer};

use super::demand::{Demand, Something};
use super::feedback::{self, Progress};
use super::stream::StreamOptions;
use crate::Error;

/// A backlog is when so many bytes come in [`SPAN`]…
const MUCH: usize = 16 * 1024;
/// … and it is over when a pause brings less than this…
const LITTLE: usize = 16 * 1024;
/// … so many times in a row: on a busy machine the sender itself has to wait now and then.
const PAUSES: u32 = 3;
/// A read that brings so much has probably made room for more to come.
const WORTH_ANOTHER: usize = 32 * 1024;
/// Over how long the rate is measured.
const SPAN: Duration = Duration::from_millis(2);

pub(super) struct Pump {
    reader: Reader,
    assembler: Assembler,
    demand: Arc<Demand>,
    progress: Arc<Progress>,
    window: usize,
    gulp: Duration,
    next_gulp: Instant,
    pace: Pace,
    reporting: tokio::task::JoinHandle<Result<(), wire::Error>>,
    ending: Arc<Notify>,
}

/// How fast the stream comes.
struct Pace {
    since: Instant,
    bytes: usize,
    backlog: bool,
    /// How many pauses in a row brought little.
    little: u32,
}

impl Pump {
    pub(super) fn new(
        reader: Reader,
        writer: Writer,
        demand: Arc<Demand>,
        progress: Arc<Progress>,
        options: &StreamOptions,
        sender_timeout: Duration,
    ) -> Self {
        let ending = Arc::new(Notify::new());
        // Well within the time after which the sender gives up a receiver that says nothing.
        let interval = options.status_interval.min(sender_timeout / 4);
        let reporting = tokio::spawn(feedback::report(
            writer,
            Arc::clone(&progress),
            interval,
            Arc::clone(&ending),
        ));
        Self {
            reader,
            assembler: Assembler::new(options.assembler.clone()),
            demand,
            progress,
            window: options.window_bytes,
            gulp: options.gulp,
            next_gulp: Instant::now(),
            pace: Pace {
                since: Instant::now(),
                bytes: 0,
                backlog: false,
                little: 0,
            },
            reporting,
            ending,
        }
    }

    /// Runs until the stream breaks or is to end.
    pub(super) async fn run(mut self, deliver: &mpsc::Sender<Result<Delivery, Error>>) {
        if let Err(error) = self.pump(deliver).await {
            // The place is free, or the taker has not taken the delivery before: then it waits for that, or the taker is gone.
            drop(deliver.send(Err(error)).await);
            self.reporting.abort();
            return;
        }
        feedback::end(self.reporting, &self.ending).await;
        // The server ends its side when it has seen that we have ended ours. In the middle of a large transaction this takes long.
        let reader = &mut self.reader;
        let rest = async { while let Ok(Some(_)) = reader.read().await {} };
        drop(timeout(Duration::from_secs(1), rest).await);
    }

    async fn pump(&mut self, deliver: &mpsc::Sender<Result<Delivery, Error>>) -> Result<(), Error> {
        loop {
            if self.demand.is_stopped() {
                return Ok(());
            }
            let something = if self.assembler.is_ready() {
                Something::Ready
            } else {
                Something::Unready
            };
            if something == Something::Ready
                && self.demand.is_asked()
                && let Ok(place) = deliver.try_reserve()
            {
                if let Some(delivery) = self.assembler.take() {
                    self.demand.answered();
                    place.send(Ok(delivery));
                }
                continue;
            }
            let full = something == Something::Ready && self.assembler.waiting() >= self.window;
            if self.pace.backlog {
                self.demand.block(self.next_gulp, something);
                // Lets the reports go out, and the runtime look at the socket.
                yield_now().await;
                if Instant::now() >= self.next_gulp {
                    if !full {
                        self.gulp().await?;
                    }
                    self.next_gulp = Instant::now() + self.gulp;
                }
            } else {
                self.wait(full).await?;
            }
        }
    }

    /// Reads what came during the pause, and what the sender had to keep back.
    async fn gulp(&mut self) -> Result<(), Error> {
        let mut total = 0;
        // The sender may be as fast as the reader: no more than the window at once, as somebody may ask for it.
        while total < self.window && self.assembler.waiting() < self.window {
            let frame = tokio::select! {
                biased;
                frame = self.reader.read() => frame,
                () = ready(()) => break,
            };
            let size = self.read(frame)?;
            total += size;
            if size < WORTH_ANOTHER {
                break;
            }
            // The runtime looks at the socket again.
            yield_now().await;
        }
        self.pace.paused(total);
        Ok(())
    }

    /// Waits for whatever comes first.
    async fn wait(&mut self, full: bool) -> Result<(), Error> {
        tokio::select! {
            () = self.demand.changed() => Ok(()),
            frame = self.reader.read(), if !full => {
                let size = self.read(frame)?;
                self.pace.add(size);
                self.pace.backlog &= !self.gulp.is_zero();
                Ok(())
            }
        }
    }

    fn read(&mut self, frame: Result<Option<Bytes>, wire::Error>) -> Result<usize, Error> {
        let what = "read the replication stream";
        let Some(frame) = frame.map_err(Error::wire(what))? else {
            return Err(Error::wire(what)(wire::Error::Closed {
                host: "the source".to_owned(),
                reason: "the server ended the stream, as it does when it shuts down".to_owned(),
            }));
        };
        let size = frame.len();
        let read = self.assembler.read(frame)?;
        self.progress.wrote(read.written);
        if read.reply_requested {
            self.progress.ask();
        }
        Ok(size)
    }
}

impl Pace {
    fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        let elapsed = self.since.elapsed();
        if elapsed >= SPAN {
            // The rate counts, as the last read may have come after a long silence.
            let spans = elapsed.as_secs_f64() / SPAN.as_secs_f64();
            self.backlog = self.bytes as f64 / spans >= MUCH as f64;
            self.restart();
        }
    }

    fn paused(&mut self, bytes: usize) {
        if bytes >= LITTLE {
            self.little = 0;
            return;
        }
        self.little += 1;
        if self.little == PAUSES {
            self.backlog = false;
            self.restart();
        }
    }

    fn restart(&mut self) {
        self.little = 0;
        self.since = Instant::now();
        self.bytes = 0;
    }
}
