//! The engines: whether each answers, watched with growing pauses, and who waits for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use batch::environment::Engine;
use containers::Runner;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;

use crate::messages::Message;

/// How often an engine that answers is asked again.
const CHECK: Duration = Duration::from_secs(5);

/// How long an engine may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// An engine with what is known of it.
pub(crate) struct EngineHandle {
    /// What runs attempts.
    pub(crate) runner: Arc<dyn Runner>,
    /// Whether it answers.
    pub(crate) ready: watch::Receiver<bool>,
    look: Arc<Notify>,
}

impl EngineHandle {
    /// An attempt found that the engine does not answer: it is asked at once.
    pub(crate) fn doubt(&self) {
        self.look.notify_one();
    }

    /// Waits until the engine answers.
    pub(crate) async fn wait(&self) {
        // Without a watcher the runtime is closing, and the caller with it.
        if self.ready.clone().wait_for(|ready| *ready).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// All engines of this server.
pub(crate) type Engines = HashMap<Engine, Arc<EngineHandle>>;

/// Tells the actor whether an engine answers, for ever.
pub(crate) struct Watcher {
    engine: Engine,
    runner: Arc<dyn Runner>,
    ready: watch::Sender<bool>,
    look: Arc<Notify>,
    to: mpsc::Sender<Message>,
}

/// The engine, and who watches it.
pub(crate) fn engine(
    engine: Engine,
    runner: Arc<dyn Runner>,
    to: mpsc::Sender<Message>,
) -> (EngineHandle, Watcher) {
    let (sender, ready) = watch::channel(false);
    let look = Arc::new(Notify::new());
    let handle = EngineHandle {
        runner: runner.clone(),
        ready,
        look: look.clone(),
    };
    let watcher = Watcher {
        engine,
        runner,
        ready: sender,
        look,
        to,
    };
    (handle, watcher)
}

impl Watcher {
    /// Asks the engine now, and says which attempts it has, or what is wrong.
    pub(crate) async fn ask(&self) -> Result<Vec<String>, Arc<str>> {
        self.is_ready().await?;
        let present = self.runner.present();
        self.patiently(async { present.await.map_err(|error| error.to_string()) })
            .await
    }

    async fn is_ready(&self) -> Result<(), Arc<str>> {
        self.patiently(self.runner.ready()).await
    }

    async fn patiently<T>(
        &self,
        answer: impl Future<Output = Result<T, String>>,
    ) -> Result<T, Arc<str>> {
        match timeout(PATIENCE, answer).await {
            Ok(answer) => answer.map_err(Arc::from),
            Err(_) => Err(Arc::from(format!(
                "the {} engine has not answered for {} s",
                self.engine.as_str(),
                PATIENCE.as_secs()
            ))),
        }
    }

    /// Takes in the first answer, and watches from then on.
    pub(crate) async fn run(self, mut known: Result<(), Arc<str>>) {
        self.ready.send_replace(known.is_ok());
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(15))
            .without_max_times();
        let mut pause = pauses.build();
        loop {
            if known.is_ok() {
                pause = pauses.build();
                tokio::select! {
                    () = tokio::time::sleep(CHECK) => {}
                    () = self.look.notified() => {}
                }
            } else {
                tokio::time::sleep(pause.next().unwrap_or(CHECK)).await;
            }
            if known.is_ok() && self.is_ready().await.is_ok() {
                continue;
            }
            let answer = self.ask().await;
            let state = answer.as_ref().map(|_| ()).map_err(Arc::clone);
            if state == known {
                continue;
            }
            known = state;
            match &known {
                Ok(()) => tracing::info!(engine = self.engine.as_str(), "the engine answers"),
                Err(why) => {
                    tracing::warn!(engine = self.engine.as_str(), %why, "the engine does not answer");
                }
            }
            let message = Message::Engine {
                engine: self.engine,
                state: answer,
            };
            if self.to.send(message).await.is_err() {
                return;
            }
            self.ready.send_replace(known.is_ok());
        }
    }
}
