//! A server on the memory store, whose tasks echo.

use std::sync::Arc;
use std::time::Duration;

use api::options::Options;
use runtime::options::Options as EngineOptions;
use runtime::runtime::Runtime;
use runtime::tasks::{TaskCall, TaskOutcome, TaskRunner};
use store::memory::MemoryStore;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::Client;

/// A server that listens.
pub(crate) struct Server {
    /// Where.
    pub(crate) port: u16,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

struct Echo;

impl TaskRunner for Echo {
    fn run(&self, call: TaskCall) -> futures_util::future::BoxFuture<'static, TaskOutcome> {
        Box::pin(std::future::ready(TaskOutcome::Succeeded(call.input)))
    }
}

impl Server {
    /// Starts one that waits a second at most for an activity's task and reads bodies of 64 KiB at most.
    pub(crate) async fn start() -> Self {
        let options = EngineOptions {
            activity_poll: Duration::from_secs(1),
            ..EngineOptions::default()
        };
        let store = Arc::new(MemoryStore::new());
        let runtime = Runtime::open(store, Arc::new(Echo), options)
            .await
            .expect("a runtime");
        let router = api::server::router(
            runtime,
            Options {
                body_bytes: 65_536,
                ..Options::default()
            },
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(api::server::serve(listener, router, async {
            let _ = stopped.await;
        }));
        Self { port, stop, served }
    }

    /// A connection to it.
    pub(crate) async fn client(&self) -> Client {
        Client::new(self.port).await
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("it runs");
        self.served.await.expect("no panic").expect("no error");
    }
}
