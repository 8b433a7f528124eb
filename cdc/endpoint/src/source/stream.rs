//! The stream of changes: a thread that reads it, and the handle that takes its deliveries.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pgoutput::Lsn;
use pgoutput::options::Options;
use replication::assembler;
use replication::piece::Delivery;
use tokio::sync::{mpsc, oneshot};
use wire::{Mode, Session};

use super::demand::Demand;
use super::feedback::Progress;
use super::pump::Pump;
use crate::Error;
use crate::schema::quote::identifier;

/// How to read a stream.
#[derive(Clone, Debug)]
pub struct StreamOptions {
    /// The slot.
    pub slot: String,
    /// From where on: the end of the last transaction that was applied.
    pub start: Lsn,
    /// What is asked of the plugin.
    pub plugin: Options,
    /// How transactions are put together.
    pub assembler: assembler::Settings,
    /// With so many bytes waiting to be taken nothing more is read.
    pub window_bytes: usize,
    /// How long nothing is read, during a backlog, so that the next read brings much. Zero reads whatever comes at once.
    pub gulp: Duration,
    /// The source is told of the progress at least so often.
    pub status_interval: Duration,
}

/// The pause between two reads of a backlog: see [`StreamOptions::gulp`].
pub const GULP: Duration = Duration::from_millis(20);

/// A stream under way. Dropping it ends it, too, without waiting for the end.
#[derive(Debug)]
pub struct Stream {
    deliveries: mpsc::Receiver<Result<Delivery, Error>>,
    demand: Arc<Demand>,
    progress: Arc<Progress>,
    process: i32,
    ended: Option<oneshot::Receiver<()>>,
}

/// What is shared with the thread to see how far it is.
#[derive(Clone, Debug)]
pub struct Positions(Arc<Progress>);

impl Stream {
    /// Starts to stream.
    ///
    /// # Errors
    /// When the source can't be connected to or refuses.
    pub(super) async fn start(
        settings: &wire::Settings,
        options: StreamOptions,
    ) -> Result<Self, Error> {
        let slot = options.slot.clone();
        let what = move || format!("stream from the replication slot {slot}");
        let (deliver, deliveries) = mpsc::channel(1);
        let (started, starting) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let demand = Arc::new(Demand::default());
        let progress = Arc::new(Progress::new(options.start));

        let thread = {
            let (settings, demand, progress) =
                (settings.clone(), Arc::clone(&demand), Arc::clone(&progress));
            // It ends when the handle is closed or dropped: `demand` tells it.
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                match runtime {
                    Ok(runtime) => runtime.block_on(async {
                        match connect(&settings, &options).await {
                            Ok((reader, writer, process, timeout)) => {
                                drop(started.send(Ok(process)));
                                let pump =
                                    Pump::new(reader, writer, demand, progress, &options, timeout);
                                pump.run(&deliver).await;
                            }
                            Err(error) => drop(started.send(Err(error))),
                        }
                    }),
                    Err(error) => drop(started.send(Err(Error::Refused(format!(
                        "cannot start the thread of a stream: {error}"
                    ))))),
                }
                drop(end);
            }
        };
        thread::Builder::new()
            .name("ratchet-stream".to_owned())
            .spawn(thread)
            .map_err(|error| {
                Error::Refused(format!("cannot start the thread of a stream: {error}"))
            })?;
        let process =
            starting
                .await
                .unwrap_or_else(|_| Err(gone()))
                .map_err(|error| match error {
                    Error::Wire { source, .. } => Error::Wire {
                        what: what(),
                        source,
                    },
                    other => other,
                })?;
        Ok(Self {
            deliveries,
            demand,
            progress,
            process,
            ended: Some(ended),
        })
    }

    /// The next delivery. What arrives between two calls is put together, so call it when the delivery can be used. A future that is
    /// dropped loses nothing.
    ///
    /// # Errors
    /// When the stream broke; it can't go on then.
    pub async fn next(&mut self) -> Result<Delivery, Error> {
        // A delivery that a dropped future had asked for.
        if let Ok(delivery) = self.deliveries.try_recv() {
            return delivery;
        }
        self.demand.ask();
        self.deliveries.recv().await.unwrap_or_else(|| Err(gone()))
    }

    /// Everything before `flushed` is durable at the target, everything before `applied` is visible there. Older positions change nothing.
    /// The source hears of it soon, and may forget what it kept.
    pub fn confirm(&self, flushed: Lsn, applied: Lsn) {
        self.progress.confirm(flushed, applied);
    }

    /// How far the stream was read.
    #[must_use]
    pub fn written(&self) -> Lsn {
        self.progress.written()
    }

    /// Up to where the source was told that all is durable.
    #[must_use]
    pub fn confirmed(&self) -> Lsn {
        self.progress.told()
    }

    /// To look at the positions from elsewhere.
    #[must_use]
    pub fn positions(&self) -> Positions {
        Positions(Arc::clone(&self.progress))
    }

    /// The source's process that sends.
    #[must_use]
    pub fn sender_pid(&self) -> i32 {
        self.process
    }

    /// Ends the stream: tells the source the last confirmed position, and waits until the slot is free.
    pub async fn close(mut self) {
        self.demand.stop();
        if let Some(ended) = self.ended.take() {
            // It is dropped when the thread ends in whatever way.
            drop(ended.await);
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.demand.stop();
    }
}

impl Positions {
    /// How far the stream was read.
    #[must_use]
    pub fn written(&self) -> Lsn {
        self.0.written()
    }

    /// Up to where the source was told that all is durable.
    #[must_use]
    pub fn confirmed(&self) -> Lsn {
        self.0.told()
    }
}

async fn connect(
    settings: &wire::Settings,
    options: &StreamOptions,
) -> Result<(wire::duplex::Reader, wire::duplex::Writer, i32, Duration), Error> {
    const TIMEOUT: &str = "select setting from pg_settings where name = 'wal_sender_timeout'";
    let what = "start to stream";
    let mut session = Session::connect(settings, Mode::Replication)
        .await
        .map_err(Error::wire(what))?;
    let answer = session.simple(TIMEOUT).await.map_err(Error::wire(what))?;
    let milliseconds = answer
        .first()
        .and_then(|rows| rows.rows.first())
        .and_then(|row| row.get(0))
        .and_then(|text| text.parse().ok());
    let timeout = match milliseconds {
        None | Some(0) => Duration::MAX,
        Some(milliseconds) => Duration::from_millis(milliseconds),
    };
    let process = session.backend_pid();
    let command = format!(
        "START_REPLICATION SLOT {} LOGICAL {} {}",
        identifier(&options.slot),
        options.start,
        options.plugin.clause(session.server_version_num()),
    );
    tracing::debug!(command, "starting to stream");
    let (reader, writer) = session
        .start_duplex(&command)
        .await
        .map_err(Error::wire(what))?;
    Ok((reader, writer, process, timeout))
}

fn gone() -> Error {
    Error::Wire {
        what: "go on with the stream".to_owned(),
        source: wire::Error::Closed {
            host: "the source".to_owned(),
            reason: "its thread has ended".to_owned(),
        },
    }
}
