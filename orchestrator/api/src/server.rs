//! One port for every protocol: AWS's and REST.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::routing::get;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::options::{Figures, Options};
use crate::services::Services;

/// How long requests in progress may take once the server is told to stop. Long polls and event streams end sooner when the
/// caller closes the engine meanwhile.
const DRAIN: Duration = Duration::from_secs(10);

/// How long a client may take to send a request's head.
const HEAD: Duration = Duration::from_secs(30);

/// Everything that this crate answers, as one router.
pub fn router(services: impl Into<Services>, options: Options) -> Router {
    let services = services.into();
    crate::aws::router(&services, &options).merge(crate::rest::router(services, options))
}

/// Figures alone, for a process without an engine: `/metrics`, and `/healthz`.
pub fn figures_router(figures: Figures) -> Router {
    Router::new()
        .route("/metrics", get(crate::rest::metrics::metrics_of_process))
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(Extension(figures))
}

/// Answers on the listener until `shutdown` is ready; then takes no more connections, lets requests in progress end, and returns
/// when they have, or ten seconds later.
///
/// Not `axum::serve`: that sets no limit on how long a request's head may take and never gives up on a connection.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let (stop, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone(), stopping.clone()));
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    // Out of file descriptors, most likely: others must close first.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(ended) = connections.join_next() => noted(ended),
        }
    }
    drop(listener);
    drop(stopping);
    drop(stop);
    let drained = tokio::time::timeout(DRAIN, async {
        while let Some(ended) = connections.join_next().await {
            noted(ended);
        }
    });
    if drained.await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "requests in progress are cut off"
        );
        connections.shutdown().await;
    }
    Ok(())
}

/// Serves one connection until the client leaves, or until its present request is answered once the server stops.
async fn connection(stream: TcpStream, router: Router, mut stopping: watch::Receiver<()>) {
    // A small answer must not wait for the client's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn off Nagle's algorithm");
    }
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = &mut served => ended,
        // The sender is never used, only dropped.
        _ = stopping.changed() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

fn noted(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}
