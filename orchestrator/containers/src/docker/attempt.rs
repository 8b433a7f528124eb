//! One attempt, from its creation (or from where an earlier Ratchet left it) to its end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error as Wire;
use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum};
use bollard::query_parameters::{CreateContainerOptions, EventsOptions};
use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};

use super::fault::Fault;
use super::{INSTANCE_LABEL, PullPolicy, Shared, body, network, orphan, output};
use crate::clock;
use crate::launch::Launch;
use crate::reason;
use crate::runner::{Outcome, Told};

/// How long the daemon may take to say that memory ran out, after it said that the container was killed.
const OOM_DELAY: Duration = Duration::from_millis(200);
/// How long before the end memory may have run out, in milliseconds.
const OOM_AROUND: i64 = 5000;
/// How long an event may come after what it tells of, in milliseconds.
const EVENT_DELAY: i64 = 1000;
/// The exit code that the daemon gives a container whose own it does not know.
const UNKNOWN_CODE: i32 = 255;

pub(super) struct Attempt {
    shared: Arc<Shared>,
    launch: Launch,
    told: mpsc::Sender<Told>,
    stop: watch::Receiver<Option<Duration>>,
}

/// What there is of an attempt at the daemon.
enum Found {
    /// A container that was never started; its id.
    Fresh(String),
    /// One whose daemon went away while it was being started, so that the next does not know what became of it; its id.
    Halfway(String),
    /// One that was started, and may have ended since.
    Started(Started),
    /// One that could not be started, or is not ours.
    Unusable(Outcome),
}

struct Started {
    at: i64,
    container_id: String,
    address: Option<String>,
    end: Option<End>,
    /// A part of its output may be in the log already.
    resumed: bool,
}

/// How a container ended.
#[derive(Clone, Copy)]
struct End {
    code: i32,
    oom: bool,
    at: i64,
}

impl Attempt {
    pub(super) fn new(
        shared: Arc<Shared>,
        launch: Launch,
        told: mpsc::Sender<Told>,
        stop: watch::Receiver<Option<Duration>>,
    ) -> Self {
        Self {
            shared,
            launch,
            told,
            stop,
        }
    }

    pub(super) async fn run(self) -> Outcome {
        let mut stop = self.stop.clone();
        let created = tokio::select! {
            biased;
            created = self.create() => created,
            // Only a pull takes so long that somebody stops it.
            () = stop_asked(&mut stop) => return self.stopped_early(),
        };
        let mut found = match created {
            Ok(found) => found,
            Err(outcome) => return outcome,
        };
        loop {
            found = match found {
                Found::Unusable(outcome) => return outcome,
                Found::Started(started) => return self.follow(started).await,
                Found::Fresh(_) if self.stop.borrow().is_some() => return self.stopped_early(),
                Found::Fresh(id) => match self.start(&id).await {
                    Ok(started) => Found::Started(started),
                    Err(Fault::Missing(why)) if why.contains("network") => {
                        // The last of the other nodes took it away with itself.
                        match self.ensure_network().await {
                            Ok(()) => Found::Fresh(id),
                            Err(fault) => return unavailable(&fault),
                        }
                    }
                    Err(Fault::Missing(why)) => return lost(why),
                    Err(Fault::Unavailable(_) | Fault::Timeout | Fault::Unchanged) => {
                        // Whether it was started is for the daemon to say.
                        self.shared.until_back().await;
                        match self.inspect().await {
                            Ok(found) => found,
                            Err(Fault::Missing(why)) => return lost(why),
                            Err(_) => Found::Fresh(id),
                        }
                    }
                    Err(Fault::Refused(why) | Fault::Conflict(why)) if orphan::is_left(&why) => {
                        Found::Halfway(id)
                    }
                    Err(Fault::Refused(why) | Fault::Conflict(why)) => {
                        return cannot_start(&why, None);
                    }
                },
                Found::Halfway(id) => match self.begin_again(&id).await {
                    Ok(found) => found,
                    Err(outcome) => return outcome,
                },
            };
        }
    }

    /// Makes the container anew if its command has certainly not run.
    async fn begin_again(&self, id: &str) -> Result<Found, Outcome> {
        let name = &self.launch.attempt;
        tracing::info!(attempt = %name, container = id, "the Docker daemon went away while it started a container");
        if orphan::end(id) == orphan::Orphan::MayHaveRun {
            return Err(lost(
                "the Docker daemon went away while it started the container, which may have run"
                    .to_owned(),
            ));
        }
        let removed = self.shared.remove(name).await;
        removed.map_err(|fault| unavailable(&fault))?;
        self.create().await
    }

    fn stopped_early(&self) -> Outcome {
        Outcome::FailedToStart {
            reason: format!("{} was stopped before it started", self.launch.attempt),
            code: None,
        }
    }

    /// Creates the container, or finds the one that is there.
    async fn create(&self) -> Result<Found, Outcome> {
        let settings = &self.shared.settings;
        let refusal = body::refusal(settings, &self.launch);
        // What is there is taken up, even if it would not be allowed any more.
        if refusal.is_some() || settings.pull == PullPolicy::Always {
            match self.inspect().await {
                Ok(found) => return Ok(found),
                Err(Fault::Missing(_)) => {}
                Err(fault) => return Err(unavailable(&fault)),
            }
        }
        if let Some(reason) = refusal {
            return Err(Outcome::FailedToStart { reason, code: None });
        }
        if settings.pull == PullPolicy::Always {
            self.pull().await?;
        }
        self.ensure_network()
            .await
            .map_err(|fault| unavailable(&fault))?;
        match self.try_create().await? {
            Ok(found) => return Ok(found),
            Err(_) if settings.pull == PullPolicy::Missing => {}
            Err(why) => return Err(cannot_pull(&why)),
        }
        let line = self.shared.pull_line(&self.launch.image);
        let first_in_line = line.lock().await;
        // Somebody before us in the line may have fetched it.
        if let Ok(found) = self.try_create().await? {
            return Ok(found);
        }
        self.pull().await?;
        drop(first_in_line);
        self.try_create().await?.map_err(|why| cannot_pull(&why))
    }

    /// The inner error: the image is not there.
    async fn try_create(&self) -> Result<Result<Found, String>, Outcome> {
        let shared = &self.shared;
        loop {
            let client = shared.client().await.map_err(|fault| unavailable(&fault))?;
            let options = CreateContainerOptions {
                name: Some(self.launch.attempt.to_string()),
                ..CreateContainerOptions::default()
            };
            let log_bytes = shared.logs.bytes_per_stream();
            let body = body::of(&shared.settings, &self.launch, log_bytes);
            let error = match client.create_container(Some(options), body).await {
                Ok(created) => return Ok(Ok(Found::Fresh(created.id))),
                Err(error) => error,
            };
            match shared.fault(error) {
                Fault::Missing(why) => return Ok(Err(why)),
                Fault::Conflict(_) => match self.inspect().await {
                    Ok(found) => return Ok(Ok(found)),
                    // It went away between the two calls.
                    Err(Fault::Missing(_)) => {}
                    Err(fault) => return Err(unavailable(&fault)),
                },
                Fault::Timeout => {
                    let patience = shared.settings.patience.as_secs();
                    return Err(Outcome::FailedToStart {
                        reason: format!(
                            "DockerTimeoutError: Could not transition to created; timed out after waiting {}m{}s",
                            patience / 60,
                            patience % 60
                        ),
                        code: None,
                    });
                }
                Fault::Unavailable(why) => return Err(Outcome::Unavailable { why }),
                fault @ (Fault::Refused(_) | Fault::Unchanged) => {
                    return Err(Outcome::FailedToStart {
                        reason: format!(
                            "CannotCreateContainerError: Error response from daemon: {fault}"
                        ),
                        code: None,
                    });
                }
            }
        }
    }

    async fn pull(&self) -> Result<(), Outcome> {
        match self.shared.pull(&self.launch.image, &self.told).await {
            Ok(()) => Ok(()),
            Err(Fault::Unavailable(why)) => Err(Outcome::Unavailable { why }),
            Err(fault) => Err(cannot_pull(&fault.to_string())),
        }
    }

    async fn ensure_network(&self) -> Result<(), Fault> {
        match network::name(&self.launch) {
            Some(name) => self.shared.ensure_network(name).await,
            None => Ok(()),
        }
    }

    async fn start(&self, id: &str) -> Result<Started, Fault> {
        let client = self.shared.client().await?;
        let started = client.start_container(&self.launch.attempt, None).await;
        started.map_err(|error| self.shared.fault(error))?;
        let mut started = Started {
            at: clock::millis(),
            container_id: id.to_owned(),
            address: None,
            end: None,
            resumed: false,
        };
        if network::name(&self.launch).is_some()
            && let Ok(Found::Started(found)) = self.inspect().await
        {
            started.address = found.address;
        }
        Ok(started)
    }

    async fn inspect(&self) -> Result<Found, Fault> {
        let client = self.shared.client().await?;
        let found = client.inspect_container(&self.launch.attempt, None).await;
        let found = found.map_err(|error| self.shared.fault(error))?;
        Ok(self.judge(found))
    }

    fn judge(&self, found: ContainerInspectResponse) -> Found {
        let labels = found.config.and_then(|config| config.labels);
        let instance = labels
            .as_ref()
            .and_then(|labels| labels.get(INSTANCE_LABEL));
        if instance != Some(&self.shared.settings.instance) {
            return Found::Unusable(Outcome::FailedToStart {
                reason: format!(
                    "CannotCreateContainerError: the name {} is taken by a container that is not of this instance ({})",
                    self.launch.attempt, self.shared.settings.instance
                ),
                code: None,
            });
        }
        let state = found.state.unwrap_or_default();
        let code = state.exit_code.unwrap_or(0);
        let code = i32::try_from(code).unwrap_or(i32::MAX);
        let error = state.error.unwrap_or_default();
        let Some(at) = clock::parse_millis(state.started_at.as_deref()) else {
            return match state.status {
                Some(ContainerStateStatusEnum::CREATED) if code == 0 && error.is_empty() => {
                    Found::Fresh(found.id.unwrap_or_default())
                }
                _ if orphan::is_left(&error) => Found::Halfway(found.id.unwrap_or_default()),
                _ => Found::Unusable(cannot_start(&error, Some(code))),
            };
        };
        let address = network::name(&self.launch).and_then(|name| {
            let networks = found.network_settings?.networks?;
            networks.get(name)?.ip_address.clone()
        });
        let runs = state.running == Some(true)
            || matches!(
                state.status,
                Some(
                    ContainerStateStatusEnum::RUNNING
                        | ContainerStateStatusEnum::PAUSED
                        | ContainerStateStatusEnum::RESTARTING
                )
            );
        Found::Started(Started {
            at,
            container_id: found.id.unwrap_or_default(),
            address: address.filter(|address| !address.is_empty()),
            end: (!runs).then(|| End {
                code,
                oom: state.oom_killed == Some(true) && code != 0,
                at: clock::parse_millis(state.finished_at.as_deref()).unwrap_or_else(clock::millis),
            }),
            resumed: true,
        })
    }

    /// Waits for the end, keeps the output, and passes on that somebody wants it to stop.
    async fn follow(&self, started: Started) -> Outcome {
        let told = Told::Started {
            at: started.at,
            container_id: started.container_id,
            address: started.address,
        };
        // Nobody need listen.
        let _ = self.told.send(told).await;
        let ended = watch::Sender::new(started.end.is_some());
        let name = &self.launch.attempt;
        let stream = &self.launch.log_stream;
        let copied = output::copy(
            &self.shared,
            name,
            stream,
            started.resumed,
            ended.subscribe(),
        );
        let waited = async {
            let end = match started.end {
                Some(end) => Ok(end),
                None => self.wait_for_end().await,
            };
            ended.send_replace(true);
            end
        };
        let both = async { tokio::join!(waited, copied) };
        let (end, ()) = tokio::select! {
            both = both => both,
            never = self.stop_when_asked() => match never {},
        };
        match end {
            Ok(end) if !self.has_seen(end, started.at).await => lost(
                "the container ended while the Docker daemon was away, which has lost its exit code".to_owned(),
            ),
            Ok(End { code, oom, at }) => Outcome::Exited {
                code,
                oom,
                // Ours is the time of the daemon's answer.
                started_at: started.at.min(at),
                at,
                reason: reason::of_exit(&self.shared.logs, stream, code, oom),
            },
            Err(why) => lost(why),
        }
    }

    async fn stop_when_asked(&self) -> std::convert::Infallible {
        let mut stop = self.stop.clone();
        stop_asked(&mut stop).await;
        let grace = stop.borrow().unwrap_or_default();
        while let Err(fault) = self.shared.stop(&self.launch.attempt, grace).await {
            tracing::warn!(attempt = %self.launch.attempt, %fault, "a container could not be stopped; trying again");
            tokio::time::sleep(Duration::from_millis(500)).await;
            self.shared.until_back().await;
        }
        std::future::pending().await
    }

    /// The error: what is missing.
    async fn wait_for_end(&self) -> Result<End, String> {
        loop {
            match self.wait().await {
                Ok(0) => {
                    return Ok(End {
                        code: 0,
                        oom: false,
                        at: clock::millis(),
                    });
                }
                Ok(_) => {}
                Err(Fault::Missing(why)) => return Err(why),
                Err(_) => self.shared.until_back().await,
            }
            match self.inspect().await {
                Ok(Found::Started(Started { end: Some(end), .. })) => {
                    return Ok(self.again_for_memory(end).await);
                }
                Ok(Found::Started(_)) => {}
                Ok(_) => return Err("its container was replaced by another one".to_owned()),
                Err(Fault::Missing(why)) => return Err(why),
                Err(_) => self.shared.until_back().await,
            }
        }
    }

    /// The daemon learns of the kill and of its reason on two ways. When the reason comes later, the container's state never says so; its
    /// events do.
    async fn again_for_memory(&self, end: End) -> End {
        if end.code != 137 || end.oom || self.stop.borrow().is_some() {
            return end;
        }
        tokio::time::sleep(OOM_DELAY).await;
        let oom = self
            .had_event("oom", end.at - OOM_AROUND, clock::millis())
            .await
            .unwrap_or(false);
        End { oom, ..end }
    }

    /// Whether the daemon has seen how the container ended. One that was not there at the time says 255, whatever it was.
    async fn has_seen(&self, end: End, started: i64) -> bool {
        // It tells those who wait a moment before it keeps the event.
        let until = clock::millis() + EVENT_DELAY;
        end.code != UNKNOWN_CODE || self.had_event("die", started, until).await.unwrap_or(true)
    }

    async fn had_event(&self, event: &str, since: i64, until: i64) -> Result<bool, Fault> {
        let seconds = |millis: i64| Some(format!("{}.{:03}", millis / 1000, millis % 1000));
        let filter = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
        let options = EventsOptions {
            since: seconds(since),
            until: seconds(until),
            filters: Some(HashMap::from([
                filter("container", &self.launch.attempt),
                filter("event", event),
            ])),
        };
        let client = self.shared.client().await?;
        let mut events = std::pin::pin!(client.events(Some(options)));
        let event = tokio::time::timeout(Duration::from_secs(5), events.next()).await;
        Ok(matches!(event, Ok(Some(Ok(_)))))
    }

    async fn wait(&self) -> Result<i64, Fault> {
        let client = self.shared.client().await?;
        let mut answers = std::pin::pin!(client.wait_container(&self.launch.attempt, None));
        match answers.next().await {
            Some(Ok(answer)) => Ok(answer.status_code),
            Some(Err(Wire::DockerContainerWaitError { code, .. })) => Ok(code),
            Some(Err(error)) => Err(self.shared.fault(error)),
            None => Err(Fault::Unavailable("the daemon hung up".to_owned())),
        }
    }
}

async fn stop_asked(stop: &mut watch::Receiver<Option<Duration>>) {
    if stop.wait_for(Option::is_some).await.is_err() {
        // It was forgotten: nobody will ask any more.
        std::future::pending().await
    }
}

fn unavailable(fault: &Fault) -> Outcome {
    Outcome::Unavailable {
        why: fault.to_string(),
    }
}

fn lost(why: String) -> Outcome {
    Outcome::Lost { why }
}

fn cannot_pull(why: &str) -> Outcome {
    Outcome::FailedToStart {
        reason: format!(
            "CannotPullContainerError: Error response from daemon: {}",
            one_line(why)
        ),
        code: None,
    }
}

/// The code: 127 for a command that is not there, 126 for one that can't be executed, as shells have it.
fn cannot_start(why: &str, code: Option<i32>) -> Outcome {
    let missing = why.contains("executable file not found") || why.contains("no such file");
    let code = code.filter(|code| *code != 0).or_else(|| {
        if missing {
            Some(127)
        } else {
            why.contains("permission denied").then_some(126)
        }
    });
    Outcome::FailedToStart {
        reason: format!(
            "CannotStartContainerError: Error response from daemon: {}",
            one_line(why)
        ),
        code,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
