//! Runs attempts: hands them to their engine, tells the actor what it hears of them, and waits while an engine is away.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use batch::environment::Engine;
use batch::launch::Launch;
use batch::names::AttemptId;
use batch::scheduler::{Ended, EndedKind, Input};
use containers::{Outcome, Told};
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::engines::{EngineHandle, Engines};
use crate::launching::container;
use crate::messages::Message;
use crate::options::Options;

/// The attempts that have not ended, each with its task.
pub(crate) struct Attempts {
    engines: Engines,
    options: Arc<Options>,
    to: mpsc::Sender<Message>,
    running: HashMap<AttemptId, Running>,
    tasks: JoinSet<()>,
}

struct Running {
    engine: Engine,
    stop: watch::Sender<Option<Duration>>,
}

impl Attempts {
    /// None yet.
    pub(crate) fn new(engines: Engines, options: Arc<Options>, to: mpsc::Sender<Message>) -> Self {
        Self {
            engines,
            options,
            to,
            running: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Runs the attempt, or takes it up. One that is run already goes on as it does.
    pub(crate) fn start(&mut self, launch: &Launch, engine: Engine, is_new: IsNew) {
        if self.running.contains_key(&launch.attempt) {
            return;
        }
        let (stop, stopped) = watch::channel(None);
        self.running
            .insert(launch.attempt.clone(), Running { engine, stop });
        let attempt = Attempt {
            id: launch.attempt.clone(),
            engine: self.engines.get(&engine).cloned(),
            may_exist: is_new == IsNew::No,
            stopped,
            options: self.options.clone(),
            to: self.to.clone(),
        };
        let launch = container(launch, &self.options.secrets);
        self.tasks.spawn(attempt.run(launch));
    }

    /// Stops the attempt; its end is told as ever.
    pub(crate) fn stop(&mut self, attempt: &AttemptId, grace: Duration) {
        let Some(running) = self.running.get(attempt) else {
            return;
        };
        running.stop.send_replace(Some(grace));
        if let Some(engine) = self.engines.get(&running.engine).cloned() {
            let attempt = attempt.clone();
            self.tasks.spawn(async move {
                engine.runner.stop(attempt.as_str(), grace).await;
            });
        }
    }

    /// The attempt has ended, and its outcome is committed.
    pub(crate) fn forget(&mut self, attempt: &AttemptId, engine: Engine) {
        self.running.remove(attempt);
        let Some(engine) = self.engines.get(&engine).cloned() else {
            return;
        };
        let attempt = attempt.clone();
        self.tasks
            .spawn(async move { forget(&engine, &attempt).await });
    }

    /// Lets a task run beside the attempts.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Takes away what has finished.
    pub(crate) fn reap(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            if let Err(error) = ended
                && error.is_panic()
            {
                tracing::error!(%error, "a task of an attempt panicked");
            }
        }
    }

    /// Leaves all attempts alone.
    pub(crate) async fn close(&mut self) {
        self.tasks.shutdown().await;
    }
}

/// Whether an attempt is started for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IsNew {
    /// Nobody started it before.
    Yes,
    /// An earlier process may have started it.
    No,
}

/// Removes what is left of an attempt, with growing pauses until it is gone.
async fn forget(engine: &EngineHandle, attempt: &AttemptId) {
    for pause in pauses() {
        match engine.runner.forget(attempt.as_str()).await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(%attempt, %error, "cannot remove what is left of an attempt");
                engine.doubt();
                tokio::time::sleep(pause).await;
                engine.wait().await;
            }
        }
    }
}

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(30))
        .without_max_times()
        .build()
}

const NEVER_STARTED: &str = "it was stopped before it was started";

struct Attempt {
    id: AttemptId,
    engine: Option<Arc<EngineHandle>>,
    /// Whether the engine may have it.
    may_exist: bool,
    /// That it shall stop, and how long it has for an orderly end.
    stopped: watch::Receiver<Option<Duration>>,
    options: Arc<Options>,
    to: mpsc::Sender<Message>,
}

impl Attempt {
    async fn run(mut self, launch: Result<containers::Launch, String>) {
        let ended = match launch {
            Ok(launch) => self.carry_out(launch).await,
            Err(reason) => self.failed_to_start(reason, None),
        };
        self.tell(Input::AttemptEnded {
            attempt: self.id.clone(),
            outcome: ended,
        })
        .await;
    }

    async fn carry_out(&mut self, launch: containers::Launch) -> Ended {
        let Some(engine) = self.engine.clone() else {
            return self.failed_to_start(
                "its engine is not configured on this server".to_owned(),
                None,
            );
        };
        let mut pauses = pauses();
        loop {
            if let Some(ended) = self.wait_for(&engine).await {
                return ended;
            }
            match self.watch(&engine, launch.clone()).await {
                Outcome::Exited {
                    code,
                    oom,
                    started_at,
                    at,
                    reason,
                } => {
                    return Ended {
                        kind: EndedKind::Exited,
                        exit_code: Some(code),
                        oom,
                        reason: reason.map(Arc::from),
                        started_at: Some(started_at),
                        at,
                    };
                }
                Outcome::FailedToStart { reason, code } => {
                    return self.failed_to_start(reason, code);
                }
                Outcome::Lost { why } => return self.over(EndedKind::Lost, Some(why), None),
                Outcome::Unavailable { why } => {
                    engine.doubt();
                    self.tell_text(&why).await;
                    // The engine may say that it is well and not do as asked.
                    tokio::time::sleep(pauses.next().unwrap_or_default()).await;
                }
            }
        }
    }

    /// Waits until the engine answers. An attempt that is stopped before it was ever started has ended.
    async fn wait_for(&mut self, engine: &EngineHandle) -> Option<Ended> {
        let mut stopped = self.stopped.clone();
        tokio::select! {
            biased;
            () = asked(&mut stopped), if !self.may_exist => return Some(self.never_started()),
            () = engine.wait() => {}
        }
        let is_stopped = self.stopped.borrow().is_some();
        if !is_stopped {
            return None;
        }
        // It may have been told to stop before it was there, or while nobody answered: it must not be started now.
        match engine.runner.present().await {
            Ok(present) if !present.iter().any(|id| *id == *self.id.0) => {
                Some(self.never_started())
            }
            Ok(_) | Err(_) => None,
        }
    }

    async fn watch(&mut self, engine: &EngineHandle, launch: containers::Launch) -> Outcome {
        let (sender, mut told) = mpsc::channel(16);
        let mut running = engine.runner.run(launch, sender);
        let mut stopped = self.stopped.clone();
        let mut stopping: BoxFuture<'static, ()> = Box::pin(pending());
        let outcome = loop {
            tokio::select! {
                biased;
                Some(told) = told.recv() => {
                    let is_start = matches!(told, Told::Started { .. });
                    self.hear(told).await;
                    let grace = *self.stopped.borrow();
                    if let (true, Some(grace)) = (is_start, grace) {
                        // When it was asked to stop it may not have been there yet.
                        stopping = engine.runner.stop(self.id.as_str(), grace);
                    }
                }
                () = asked(&mut stopped), if !self.may_exist => {
                    // It is still being made. What there is of it is removed after its end was committed.
                    return Outcome::FailedToStart { reason: NEVER_STARTED.to_owned(), code: None };
                }
                () = &mut stopping => stopping = Box::pin(pending()),
                outcome = &mut running => break outcome,
            }
        };
        while let Ok(told) = told.try_recv() {
            self.hear(told).await;
        }
        outcome
    }

    fn never_started(&self) -> Ended {
        self.failed_to_start(NEVER_STARTED.to_owned(), None)
    }

    async fn hear(&mut self, told: Told) {
        match told {
            Told::Pulling { text } => self.tell_text(&text).await,
            Told::Started {
                at,
                container_id,
                address,
            } => {
                self.may_exist = true;
                self.tell(Input::AttemptStarted {
                    attempt: self.id.clone(),
                    at,
                    container_id: Some(container_id.into()),
                    log_stream: None,
                    address: address.map(Arc::from),
                })
                .await;
            }
        }
    }

    async fn tell_text(&self, text: &str) {
        self.tell(Input::AttemptPulling {
            attempt: self.id.clone(),
            text: text.into(),
        })
        .await;
    }

    async fn tell(&self, input: Input) {
        // The actor is gone when the runtime closes; this task goes with it.
        let _ = self.to.send(Message::Input(input)).await;
    }

    fn failed_to_start(&self, reason: String, code: Option<i32>) -> Ended {
        let kind = if reason.starts_with("CannotPullContainerError") {
            EndedKind::CannotPull
        } else {
            EndedKind::FailedToStart
        };
        self.over(kind, Some(reason), code)
    }

    fn over(&self, kind: EndedKind, reason: Option<String>, exit_code: Option<i32>) -> Ended {
        Ended {
            kind,
            exit_code,
            oom: false,
            reason: reason.map(Arc::from),
            started_at: None,
            at: self.options.world.now(),
        }
    }
}

/// Waits until the attempt is asked to stop.
async fn asked(stopped: &mut watch::Receiver<Option<Duration>>) {
    if stopped.wait_for(Option::is_some).await.is_err() {
        pending::<()>().await;
    }
}
