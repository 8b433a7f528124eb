//! An engine that plays what commands say: `sleep 5`, `exit 3`, `oom`, `vanish`, `hang`; of the image `missing` there is none. It outlives
//! the runtime, as a daemon does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use containers::{Error, Launch, Outcome, Runner, Told};
use futures_util::future::{BoxFuture, FutureExt};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

/// The engine. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Engine {
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

#[derive(Default)]
struct State {
    containers: BTreeMap<String, Container>,
    /// How often each container was started, also after it was removed.
    starts: BTreeMap<String, u32>,
    launches: BTreeMap<String, Launch>,
    down: Option<String>,
}

#[derive(Clone)]
struct Container {
    began: Instant,
    ends: Option<Instant>,
    ending: Ending,
}

#[derive(Clone)]
enum Ending {
    Code(i32),
    Oom,
    Vanish,
}

impl Engine {
    /// How often each container was started.
    pub(crate) fn starts(&self) -> BTreeMap<String, u32> {
        self.state.lock().unwrap().starts.clone()
    }

    /// The containers that are there.
    pub(crate) fn there(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.containers.keys().cloned().collect()
    }

    /// What the attempt was to be.
    pub(crate) fn launch(&self, attempt: &str) -> Launch {
        self.state.lock().unwrap().launches[attempt].clone()
    }

    /// The daemon goes away, or comes back.
    pub(crate) fn set_down(&self, why: Option<&str>) {
        self.state.lock().unwrap().down = why.map(str::to_owned);
        self.changed.notify_waiters();
    }

    /// A container that nobody knows of.
    pub(crate) fn leave_behind(&self, attempt: &str) {
        let container = Container {
            began: Instant::now(),
            ends: None,
            ending: Ending::Code(0),
        };
        let mut state = self.state.lock().unwrap();
        state.containers.insert(attempt.to_owned(), container);
    }

    async fn play(self, launch: Launch, told: mpsc::Sender<Told>) -> Outcome {
        let id = launch.attempt.to_string();
        let began = {
            let mut state = self.state.lock().unwrap();
            if let Some(why) = &state.down {
                return Outcome::Unavailable { why: why.clone() };
            }
            state.launches.insert(id.clone(), launch.clone());
            if !state.containers.contains_key(&id) {
                if launch.image == "missing" {
                    return Outcome::FailedToStart {
                        reason: "CannotPullContainerError: no such image: missing".to_owned(),
                        code: None,
                    };
                }
                *state.starts.entry(id.clone()).or_default() += 1;
                state.containers.insert(id.clone(), container(&launch));
            }
            state.containers[&id].began
        };
        let started = Told::Started {
            at: millis(began),
            container_id: format!("c-{id}"),
            address: Some("10.0.0.1".to_owned()),
        };
        // The runtime may be gone.
        let _ = told.send(started).await;
        loop {
            let changed = self.changed.notified();
            let known = self.state.lock().unwrap().containers.get(&id).cloned();
            let Some(container) = known else {
                return lost();
            };
            let is_down = self.state.lock().unwrap().down.is_some();
            match container.ends {
                Some(ends) if ends <= Instant::now() && !is_down => {
                    return outcome(&container, ends);
                }
                Some(ends) if ends > Instant::now() => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until(ends) => {}
                    }
                }
                Some(_) | None => changed.await,
            }
        }
    }
}

fn lost() -> Outcome {
    Outcome::Lost {
        why: "the container is gone".to_owned(),
    }
}

fn container(launch: &Launch) -> Container {
    let began = Instant::now();
    let mut container = Container {
        began,
        ends: Some(began),
        ending: Ending::Code(0),
    };
    let mut words = launch.command.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "sleep" => {
                let seconds: u64 = words.next().unwrap().parse().unwrap();
                container.ends = container.ends.map(|at| at + Duration::from_secs(seconds));
            }
            "exit" => container.ending = Ending::Code(words.next().unwrap().parse().unwrap()),
            "oom" => container.ending = Ending::Oom,
            "vanish" => container.ending = Ending::Vanish,
            "hang" => container.ends = None,
            // Fails but for the attempt with that number.
            "only" => {
                let right = words.next().unwrap();
                let number = launch.attempt.rsplit('-').next().unwrap();
                container.ending = Ending::Code(i32::from(number != right));
            }
            other => panic!("the script does not know {other}"),
        }
    }
    container
}

fn outcome(container: &Container, ends: Instant) -> Outcome {
    let exited = |code, oom, reason: Option<&str>| Outcome::Exited {
        code,
        oom,
        started_at: millis(container.began),
        at: millis(ends),
        reason: reason.map(str::to_owned),
    };
    match container.ending {
        Ending::Code(code) => exited(code, false, None),
        Ending::Oom => exited(
            137,
            true,
            Some("OutOfMemoryError: Container killed due to memory usage"),
        ),
        Ending::Vanish => lost(),
    }
}

/// Simulated time: see `world`.
fn millis(at: Instant) -> i64 {
    crate::world::millis(at)
}

impl Runner for Engine {
    fn run(&self, launch: Launch, told: mpsc::Sender<Told>) -> BoxFuture<'static, Outcome> {
        self.clone().play(launch, told).boxed()
    }

    fn stop(&self, attempt: &str, _grace: Duration) -> BoxFuture<'static, ()> {
        let mut state = self.state.lock().unwrap();
        if let Some(container) = state.containers.get_mut(attempt)
            && container.ends.is_none_or(|ends| ends > Instant::now())
        {
            container.ends = Some(Instant::now());
            container.ending = Ending::Code(143);
        }
        drop(state);
        self.changed.notify_waiters();
        async {}.boxed()
    }

    fn forget(&self, attempt: &str) -> BoxFuture<'static, Result<(), Error>> {
        let mut state = self.state.lock().unwrap();
        let answer = match &state.down {
            Some(why) => Err(Error::Unavailable(why.clone())),
            None => {
                state.containers.remove(attempt);
                Ok(())
            }
        };
        drop(state);
        self.changed.notify_waiters();
        async { answer }.boxed()
    }

    fn present(&self) -> BoxFuture<'static, Result<Vec<String>, Error>> {
        let there = self.there();
        async { Ok(there) }.boxed()
    }

    fn ready(&self) -> BoxFuture<'static, Result<(), String>> {
        let down = self.state.lock().unwrap().down.clone();
        async { down.map_or(Ok(()), Err) }.boxed()
    }
}
