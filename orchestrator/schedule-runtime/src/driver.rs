//! The one task that owns all schedules: it waits for requests, answers and the earliest wake-up, and turns what has gathered into one
//! commit. What is due is found in the order of the wake-ups; no tick looks at schedules that rest.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use schedule::step::Input;
use store::contract::Store;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::book::Book;
use crate::clock::Clock;
use crate::effects::Effects;
use crate::error::Error;
use crate::operations::Request;
use crate::turn::Turn;

/// What comes into the inbox.
pub(crate) enum Message {
    /// Somebody asks for something.
    Asked(Request),
    /// Something happened to a schedule.
    Happened { key: Arc<str>, input: Input },
}

/// How many messages, and how many schedules that are due, one turn takes.
const TURN: usize = 1000;

/// The longest sleep: a machine that was suspended, or whose clock was set, is noticed after it.
const NAP: Duration = Duration::from_secs(10);

/// The pause after a commit that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Owns all schedules.
pub(crate) struct Driver {
    pub(crate) book: Book,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) inbox: mpsc::Receiver<Message>,
    pub(crate) effects: Effects,
    pub(crate) closing: CancellationToken,
}

impl Driver {
    /// Works until it is told to close, or the store is gone.
    pub(crate) async fn run(mut self) {
        let mut happened = self.recovered();
        let mut messages = Vec::new();
        loop {
            if happened.is_empty() && !self.wait(&mut messages).await {
                break;
            }
            happened = match self.turn(happened, &mut messages).await {
                Ok(()) => Vec::new(),
                Err((_, Error::Closed)) => break,
                Err((again, error)) => {
                    tracing::error!(%error, "cannot remember what happened to schedules; trying again");
                    tokio::select! {
                        () = self.closing.cancelled() => break,
                        () = tokio::time::sleep(PAUSE) => again,
                    }
                }
            };
        }
        self.closing.cancel();
        // Those who still wait for an answer get none, which says that the server is shutting down.
        drop(self.inbox);
        self.effects.tracker.close();
        self.effects.tracker.wait().await;
    }

    /// What a process before may not have done is done again.
    fn recovered(&self) -> Vec<(Arc<str>, Input)> {
        let is_open = self
            .book
            .entries
            .iter()
            .filter(|(_, entry)| !entry.memory.state.open.is_empty());
        is_open
            .map(|(key, _)| (key.clone(), Input::Recovered))
            .collect()
    }

    /// Waits until there is something to do; says whether there will be.
    async fn wait(&mut self, messages: &mut Vec<Message>) -> bool {
        let until = self.book.next_wake().map(|at| self.clock.until(at));
        let nap = until.map_or(NAP, |until| until.min(NAP));
        tokio::select! {
            biased;
            () = self.closing.cancelled() => false,
            received = self.inbox.recv_many(messages, TURN) => received > 0,
            () = tokio::time::sleep(nap) => true,
        }
    }

    /// Lets everything happen that has gathered, commits it, and does what is then to be done. When the commit fails, nothing happened,
    /// and what must not be forgotten is given back.
    async fn turn(
        &mut self,
        happened: Vec<(Arc<str>, Input)>,
        messages: &mut Vec<Message>,
    ) -> Result<(), (Vec<(Arc<str>, Input)>, Error)> {
        let now = self.clock.now();
        let mut kept = happened.clone();
        let mut turn = Turn::new(&mut self.book, now);
        for (key, input) in happened {
            turn.step(&key, input);
        }
        for message in messages.drain(..) {
            match message {
                Message::Asked(request) => turn.perform(request, &*self.effects.targets),
                Message::Happened { key, input } => {
                    kept.push((key.clone(), input.clone()));
                    turn.step(&key, input);
                }
            }
        }
        for key in turn.book.due(now, TURN) {
            turn.step(&key, Input::Woke);
        }
        let (commit, done, before) = turn.finish();
        let committed = if commit.writes.is_empty() {
            Ok(())
        } else {
            self.store.commit(commit).await.map_err(Error::from)
        };
        for answer in done.answers {
            answer(committed.clone());
        }
        if let Err(error) = committed {
            before.restore(&mut self.book);
            return Err((kept, error));
        }
        for (key, effect) in done.effects {
            // One that was deleted meanwhile wants nothing any more.
            let entry = self.book.entries.get(&key);
            if let Some(entry) = entry.or_else(|| done.complete.get(&key)) {
                self.effects.release(&self.book, &key, entry, effect);
            }
        }
        let schedules = self.book.entries.len() as u64;
        let counters = &self.effects.counters;
        counters.schedules.store(schedules, Ordering::Relaxed);
        Ok(())
    }
}
