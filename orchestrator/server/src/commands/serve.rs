//! `ratchet serve`: the API on one port, until a signal.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::config::layers::{Environment, InForce};
use crate::config::values::Address;
use crate::engine::{self, Engine};
use crate::outcome::{Error, Outcome};
use crate::signals::Stop;
use crate::{output, telemetry};

/// How long requests that are being answered have to end before the engine closes under those that wait.
const DRAIN: Duration = Duration::from_secs(1);

/// Serves until a signal comes, then stops cleanly.
pub(super) async fn serve(in_force: &InForce, environment: &Environment) -> Result<Outcome, Error> {
    let config = &in_force.config;
    telemetry::begin(&config.log);
    if let Some(file) = &in_force.file {
        tracing::info!(file = %file.display(), "read the configuration");
    }
    for name in environment.unknown() {
        tracing::warn!(name, "this variable means nothing here");
    }
    let mut stop = Stop::listen()
        .map_err(|error| Error::Unavailable(format!("cannot wait for signals: {error}")))?;
    let listener = bind(&config.listen).await?;
    let address = listener.local_addr().ok();
    let opened = Instant::now();
    let engine = tokio::select! {
        engine = open(config, environment, address) => engine?,
        signal = stop.asked() => {
            tracing::info!(signal, "stopped before it was ready");
            return Ok(Outcome::Done);
        }
    };
    let front = Front::start(listener, &engine, config)?;
    tracing::info!(
        address = %front.address,
        data = %config.data.display(),
        milliseconds = opened.elapsed().as_millis() as u64,
        "ready"
    );
    if !front.address.ip().is_loopback() {
        tracing::warn!("other machines can reach this server, and it asks nobody who they are");
    }
    output::print(&format!("listening on http://{}", front.address));

    let signal = stop.asked().await;
    tracing::info!(signal, "stopping");
    tokio::select! {
        stopped = stop_cleanly(Some(front), engine, config.shutdown.0) => stopped,
        signal = stop.asked() => {
            tracing::warn!(signal, "stopped at once; what was acknowledged is safe");
            Ok(Outcome::Interrupted)
        }
    }
}

/// Opens the engine and lets schedules fire.
async fn open(
    config: &Config,
    environment: &Environment,
    address: Option<SocketAddr>,
) -> Result<Engine, Error> {
    let mut engine = engine::open(config, environment, &config.data, address).await?;
    engine.begin_schedules().await?;
    Ok(engine)
}

/// Listens on an address.
pub(super) async fn bind(address: &Address) -> Result<TcpListener, Error> {
    TcpListener::bind(address.as_str())
        .await
        .map_err(|error| Error::Unavailable(format!("cannot listen on {address}: {error}")))
}

/// The HTTP front, running.
pub(super) struct Front {
    /// Where it listens.
    pub(super) address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
    stop: oneshot::Sender<()>,
}

impl Front {
    /// Begins to answer.
    pub(super) fn start(
        listener: TcpListener,
        engine: &Engine,
        config: &Config,
    ) -> Result<Self, Error> {
        let address = listener
            .local_addr()
            .map_err(|error| Error::Unavailable(format!("cannot listen: {error}")))?;
        let router = api::server::router(engine.services(), config.api_options(engine.figures()));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = api::server::serve(listener, router, async {
            let _ = stopped.await;
        });
        Ok(Self {
            address,
            task: tokio::spawn(server),
            stop,
        })
    }

    /// Takes no more connections; those that are idle are closed, the others after their answer.
    fn take_no_more(self) -> JoinHandle<std::io::Result<()>> {
        let _ = self.stop.send(());
        self.task
    }
}

/// Ends the requests in progress, then the engine, then what still waits; all of it in bounded time.
pub(super) async fn stop_cleanly(
    front: Option<Front>,
    engine: Engine,
    limit: Duration,
) -> Result<Outcome, Error> {
    let began = Instant::now();
    let mut requests = front.map(Front::take_no_more);
    drain(requests.as_mut(), DRAIN.min(limit)).await;
    let rest = limit.saturating_sub(began.elapsed());
    let closed = tokio::time::timeout(rest, engine.close()).await;
    // Those who waited for something of the engine have their answer now.
    drain(requests.as_mut(), DRAIN.min(limit)).await;
    if let Some(requests) = requests {
        requests.abort();
    }
    match closed {
        Ok(Ok(())) => {
            tracing::info!(milliseconds = began.elapsed().as_millis() as u64, "stopped");
            Ok(Outcome::Done)
        }
        Ok(Err(error)) => Err(Error::Failed(engine::explain(&error))),
        Err(_) => {
            tracing::warn!("the engine did not stop in time; what was acknowledged is safe");
            Ok(Outcome::Done)
        }
    }
}

/// Waits for the requests in progress, up to a limit.
async fn drain(requests: Option<&mut JoinHandle<std::io::Result<()>>>, limit: Duration) {
    if let Some(requests) = requests.filter(|requests| !requests.is_finished()) {
        let _ = tokio::time::timeout(limit, requests).await;
    }
}
