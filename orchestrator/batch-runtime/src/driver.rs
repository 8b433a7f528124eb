//! The actor that owns the scheduler: gather all that waits, step, commit once, then release effects and replies.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use batch::environment::Engine;
use batch::job::{Job, JobStatus};
use batch::names::{AttemptId, JobId, name_of};
use batch::scheduler::{Effect, Input, Scheduler, Step};
use batch::{Error, Result};
use store::contract::Write;
use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;

use crate::attempts::{Attempts, IsNew};
use crate::catalogue::{Catalogue, put_consumable};
use crate::commits::commit;
use crate::counters::{Counters, EnvironmentFigures};
use crate::messages::{Change, EndHow, Message, Passing, Question, Reply};
use crate::shared::Shared;
use crate::tokens::Tokens;
use crate::watch::JobChange;

/// How many messages go into one commit at most.
const GATHERED: usize = 1024;

/// The actor.
pub(crate) struct Driver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) scheduler: Scheduler,
    /// As it will be after the commit that is being gathered.
    pub(crate) catalogue: Catalogue,
    pub(crate) attempts: Attempts,
    pub(crate) messages: mpsc::Receiver<Message>,
    /// What is wrong with the engines that do not answer.
    pub(crate) trouble: HashMap<Engine, Arc<str>>,
    /// Who waits for the ends of jobs.
    pub(crate) waiters: HashMap<JobId, Vec<Reply<()>>>,
    /// Who hears of the ends of jobs with a task token.
    pub(crate) tokens: Tokens,
    /// Attempts that an earlier process may have started, until they are taken up.
    pub(crate) taken_up: HashSet<AttemptId>,
    /// The last status of each job that has not ended.
    pub(crate) statuses: HashMap<JobId, JobStatus>,
    pub(crate) counters: Counters,
    pub(crate) last_number: u64,
    pub(crate) changes: broadcast::Sender<JobChange>,
}

/// What one commit brings.
#[derive(Default)]
pub(crate) struct Gathered {
    /// Jobs as they are now, in the order of their first change.
    jobs: Vec<Arc<Job>>,
    index: HashMap<JobId, usize>,
    /// Everything else that is written.
    pub(crate) writes: Vec<Write>,
    /// What follows the commit.
    effects: Vec<Effect>,
    /// Who is answered after the commit.
    pub(crate) replies: Vec<Answer>,
    changes_catalogue: bool,
    is_closing: bool,
}

/// An answer that waits for the commit.
pub(crate) type Answer = Box<dyn FnOnce(Result<()>) + Send + Sync>;

/// An answer that is sent when the commit is done.
pub(crate) fn after<T: Send + Sync + 'static>(reply: Reply<Result<T>>, value: T) -> Answer {
    Box::new(move |committed| {
        // Nobody may be left to hear it.
        let _ = reply.send(committed.map(|()| value));
    })
}

impl Gathered {
    /// A job that this commit changes, as it is now.
    pub(crate) fn job(&self, id: &JobId) -> Option<&Arc<Job>> {
        self.index.get(id).map(|at| &self.jobs[*at])
    }

    fn take(&mut self, step: Step) {
        for job in step.changed {
            match self.index.get(&job.id) {
                Some(at) => self.jobs[*at] = job,
                None => {
                    self.index.insert(job.id.clone(), self.jobs.len());
                    self.jobs.push(job);
                }
            }
        }
        self.effects.extend(step.effects);
    }
}

impl Driver {
    /// Works until it is told to close, or nobody is left who could ask.
    pub(crate) async fn run(mut self) {
        let mut waiting = Vec::new();
        loop {
            self.gather(&mut waiting).await;
            let mut gathered = Gathered::default();
            let now = self.shared.options.world.now();
            if self.scheduler.next_wake().is_some_and(|at| at <= now) {
                self.step(Input::Tick, &mut gathered);
            }
            for message in waiting.drain(..) {
                self.take(message, &mut gathered).await;
            }
            let is_closing = gathered.is_closing;
            if !self.settle(gathered).await || is_closing {
                break;
            }
            self.attempts.reap();
        }
        self.messages.close();
        self.attempts.close().await;
    }

    /// Waits for messages, or until the scheduler wants to look at the time.
    async fn gather(&mut self, waiting: &mut Vec<Message>) {
        let now = self.shared.options.world.now();
        let pause = match self.scheduler.next_wake() {
            Some(at) if at <= now => Duration::from_millis(1),
            Some(at) => self.shared.options.world.until(at),
            None => Duration::from_secs(3600),
        };
        tokio::select! {
            biased;
            count = self.messages.recv_many(waiting, GATHERED) => {
                if count == 0 {
                    waiting.push(Message::Close);
                }
            }
            () = tokio::time::sleep(pause) => {}
        }
    }

    pub(crate) fn step(&mut self, input: Input, gathered: &mut Gathered) {
        let began = Instant::now();
        let step = self.scheduler.step(input, self.shared.options.world.now());
        self.counters.decisions += 1;
        let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.counters.decision_nanos += nanos;
        for resource in &step.consumables {
            gathered.writes.push(put_consumable(resource));
            let name = resource.name.clone();
            self.catalogue.consumables.insert(name, resource.clone());
            gathered.changes_catalogue = true;
        }
        gathered.take(step);
    }

    async fn take(&mut self, message: Message, gathered: &mut Gathered) {
        match message {
            Message::Submit {
                request,
                submission,
                reply,
            } => self.submit(*request, submission, reply, gathered).await,
            Message::End {
                id,
                reason,
                how,
                reply,
            } => {
                let input = match how {
                    EndHow::Cancel => Input::Cancel { id, reason },
                    EndHow::Terminate => Input::Terminate { id, reason },
                };
                self.step(input, gathered);
                gathered.replies.push(after(reply, ()));
            }
            Message::Change { changes, reply } => {
                for change in changes {
                    self.change(change, gathered);
                }
                gathered.replies.push(after(reply, ()));
            }
            Message::UpdateConsumable { request, reply } => {
                let name = name_of(&request.consumable_resource);
                let updated = match self.catalogue.consumables.get(name) {
                    Some(resource) => resource.updated(&request),
                    None => Err(Error::Client(format!(
                        "ConsumableResource {name} not found"
                    ))),
                };
                match updated.map(Arc::new) {
                    Ok(updated) => {
                        self.change(Change::PutConsumable(updated.clone()), gathered);
                        gathered.replies.push(after(reply, updated));
                    }
                    Err(error) => {
                        let _ = reply.send(Err(error));
                    }
                }
            }
            Message::Input(input) => self.step(input, gathered),
            Message::Engine { engine, state } => self.hear_of_engine(engine, state, gathered),
            Message::TokenTold(id) => gathered.writes.extend(self.tokens.told(&id)),
            Message::Ask(question) => self.answer(question, gathered),
            Message::Close => gathered.is_closing = true,
        }
    }

    pub(crate) fn change(&mut self, change: Change, gathered: &mut Gathered) {
        let put = match &change {
            Change::PutEnvironment(environment) => Some(environment.clone()),
            _ => None,
        };
        let (write, input) = self.catalogue.apply(change);
        gathered.changes_catalogue = true;
        gathered.writes.push(write);
        if let Some(input) = input {
            self.step(input, gathered);
        }
        if let Some(environment) = put
            && let Some(why) = self.why_down(environment.engine)
        {
            let name = environment.name.clone();
            self.step(Input::EnvironmentDown { name, why }, gathered);
        }
    }

    /// What is wrong with an engine, if anything.
    pub(crate) fn why_down(&self, engine: Engine) -> Option<Arc<str>> {
        if !self.shared.engines.contains_key(&engine) {
            let name = engine.as_str();
            return Some(format!("the {name} engine is not set up on this server").into());
        }
        self.trouble.get(&engine).cloned()
    }

    fn hear_of_engine(
        &mut self,
        engine: Engine,
        state: std::result::Result<Vec<String>, Arc<str>>,
        gathered: &mut Gathered,
    ) {
        let environments = self.catalogue.environments.values();
        let names: Vec<Arc<str>> = environments
            .filter(|environment| environment.engine == engine)
            .map(|environment| environment.name.clone())
            .collect();
        match state {
            Ok(present) => {
                self.trouble.remove(&engine);
                for name in names {
                    self.step(Input::EnvironmentReady { name }, gathered);
                }
                self.remove_leftovers(engine, present);
            }
            Err(why) => {
                self.trouble.insert(engine, why.clone());
                for name in names {
                    let why = why.clone();
                    self.step(Input::EnvironmentDown { name, why }, gathered);
                }
            }
        }
    }

    /// Removes attempts whose end is committed, or that nobody knows.
    pub(crate) fn remove_leftovers(&mut self, engine: Engine, present: Vec<String>) {
        for attempt in present {
            let attempt = AttemptId(attempt.into());
            if self.scheduler.attempt(&attempt).is_none() {
                tracing::info!(%attempt, "removing an attempt that is over");
                self.attempts.forget(&attempt, engine);
            }
        }
    }

    /// Commits, and then releases effects and replies; says whether the store goes on.
    pub(crate) async fn settle(&mut self, gathered: Gathered) -> bool {
        let Gathered {
            jobs,
            mut writes,
            effects,
            mut replies,
            changes_catalogue,
            ..
        } = gathered;
        writes.extend(jobs.iter().map(|job| self.tokens.put_job(job)));
        if !writes.is_empty() {
            self.counters.commits += 1;
            if let Err(error) = commit(&*self.shared.store, writes, &mut replies).await {
                tracing::error!(%error, "container jobs stop: what becomes of them cannot be kept");
                return false;
            }
        }
        if changes_catalogue {
            let published = Arc::new(self.catalogue.clone());
            self.shared.publish(published);
        }
        for reply in replies {
            reply(Ok(()));
        }
        for job in &jobs {
            self.publish(job);
        }
        for effect in effects {
            self.release(effect);
        }
        true
    }

    /// Tells those who watch, and counts.
    fn publish(&mut self, job: &Arc<Job>) {
        let before = if job.status.is_terminal() {
            self.statuses.remove(&job.id)
        } else {
            self.statuses.insert(job.id.clone(), job.status)
        };
        if before == Some(job.status) {
            return;
        }
        match job.status {
            JobStatus::Succeeded => self.counters.succeeded += 1,
            JobStatus::Failed => self.counters.failed += 1,
            _ => {}
        }
        // Nobody may be watching.
        let _ = self.changes.send(JobChange {
            job: job.clone(),
            before,
        });
    }

    fn release(&mut self, effect: Effect) {
        match effect {
            Effect::Start(launch) => {
                self.counters.attempts_started += 1;
                match self.engine_of(&launch.environment) {
                    Some(engine) => {
                        let is_new = match self.taken_up.remove(&launch.attempt) {
                            true => IsNew::No,
                            false => IsNew::Yes,
                        };
                        self.attempts.start(&launch, engine, is_new);
                    }
                    None => {
                        tracing::error!(attempt = %launch.attempt, "an attempt's environment is not known")
                    }
                }
            }
            Effect::Stop {
                attempt, grace_ms, ..
            } => self
                .attempts
                .stop(&attempt, Duration::from_millis(grace_ms)),
            Effect::Forget {
                attempt,
                environment,
            } => {
                self.counters.attempts_ended += 1;
                if let Some(engine) = self.engine_of(&environment) {
                    self.attempts.forget(&attempt, engine);
                }
            }
            Effect::Ended { job } => {
                for waiter in self.waiters.remove(&job.id).unwrap_or_default() {
                    // Nobody may be left to hear it.
                    let _ = waiter.send(());
                }
                self.tell_token(job);
            }
        }
    }

    fn engine_of(&self, environment: &str) -> Option<Engine> {
        let environment = self.catalogue.environments.get(environment)?;
        Some(environment.engine)
    }

    /// Lets whoever waits for the job by its token hear of its end.
    pub(crate) fn tell_token(&mut self, job: Arc<Job>) {
        if let Some(telling) = self.tokens.tell(job) {
            self.attempts.spawn(telling);
        }
    }

    /// Answers from memory.
    fn answer(&mut self, question: Question, gathered: &Gathered) {
        let now = self.shared.options.world.now();
        // Nobody may be left to hear an answer.
        match question {
            Question::Passing(ids, reply) => {
                let passing = ids.iter().map(|id| self.passing(id, now));
                let _ = reply.send(passing.collect());
            }
            Question::End(id, reply) => {
                if self.scheduler.job(&id).is_some() || gathered.job(&id).is_some() {
                    self.waiters.entry(id).or_default().push(reply);
                }
            }
            Question::Snapshot(queue, reply) => {
                let _ = reply.send(self.scheduler.snapshot(&queue, now));
            }
            Question::Consumables(reply) => {
                let names = self.catalogue.consumables.keys();
                let known = names.filter_map(|name| self.scheduler.consumable(name));
                let _ = reply.send(known.collect());
            }
            Question::Consumers(resource, reply) => {
                let _ = reply.send(self.consumers(&resource));
            }
            Question::Awaited(reply) => {
                let _ = reply.send(self.awaited());
            }
            Question::Trouble(reply) => {
                let engines = [Engine::Docker, Engine::Process];
                let trouble = engines
                    .into_iter()
                    .filter_map(|engine| Some((engine, self.why_down(engine)?)));
                let _ = reply.send(trouble.collect());
            }
            Question::Used(environment, reply) => {
                let _ = reply.send(self.scheduler.used(&environment));
            }
            Question::Counters(reply) => {
                let _ = reply.send(self.figures());
            }
        }
    }

    /// What is known of a job besides what is kept.
    fn passing(&self, id: &JobId, now: i64) -> Passing {
        let waiting = self.scheduler.waiting_reason(id, now);
        let pulling = || Some(self.scheduler.pulling(id)?.to_string());
        Passing {
            text: waiting.map(|waiting| waiting.text).or_else(pulling),
            summary: self.scheduler.job(id).and_then(|job| job.summary.clone()),
        }
    }

    /// The jobs that take from a consumable resource and have not ended.
    fn consumers(&self, resource: &str) -> Vec<Arc<Job>> {
        let takes = |job: &Arc<Job>| {
            let mut consumables = job.consumables().iter();
            consumables.any(|taken| &*taken.resource == resource)
        };
        let mut jobs: Vec<Arc<Job>> = self
            .statuses
            .keys()
            .filter_map(|id| self.scheduler.job(id))
            .filter(takes)
            .collect();
        jobs.sort_by_key(|job| job.number);
        jobs
    }

    /// The jobs that executions wait for, with those executions.
    fn awaited(&self) -> Vec<(JobId, Arc<str>)> {
        let ids = self.statuses.keys().filter(|id| id.parent().is_none());
        ids.filter_map(|id| {
            let job = self.scheduler.job(id)?;
            Some((id.clone(), job.spec.awaited_by.clone()?))
        })
        .collect()
    }

    fn figures(&self) -> Counters {
        let mut counters = self.counters.clone();
        for status in self.statuses.values() {
            counters.jobs[usize::from(status.number())] += 1;
        }
        let runnable = usize::from(JobStatus::Runnable.number());
        for environment in self.catalogue.environments.values() {
            let queues = self.catalogue.queues.values().filter(|queue| {
                let mut environments = queue.environments.iter();
                environments.any(|order| order.environment == environment.name)
            });
            let figures = EnvironmentFigures {
                waiting: queues
                    .map(|queue| u64::from(self.scheduler.counts(&queue.name)[runnable]))
                    .sum(),
                used: self.scheduler.used(&environment.name).unwrap_or_default(),
                limits: environment.limits,
                is_ready: self.why_down(environment.engine).is_none(),
            };
            counters
                .environments
                .insert(environment.name.clone(), figures);
        }
        counters
    }
}
