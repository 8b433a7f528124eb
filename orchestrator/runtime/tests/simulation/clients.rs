//! The clients: they start and stop executions, hold tokens, poll activities and read histories, and try again what failed.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use interpreter::failure::Failure;
use interpreter::input::TaskToken;
use runtime::error::Error;
use runtime::runtime::Runtime;
use runtime::views::{CreateStateMachine, Redrive, StartExecution};
use serde_json::json;
use store::contract::Direction;
use store::records::{ExecutionStatus, MachineType};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::checker::is_terminal;
use crate::machines::ACTIVITIES;
use crate::random::Random;
use crate::services::payload_of;
use crate::world::{Outcome, World};

/// What every client of one life has.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) runtime: Runtime,
    pub(crate) world: World,
    pub(crate) random: Arc<Random>,
}

impl Client {
    /// Sets everybody to work who is not done.
    pub(crate) async fn run_all(self, mut tokens: mpsc::UnboundedReceiver<String>) {
        self.set_up().await;
        let count = self.world.lock().starts.len();
        for number in 0..count {
            tokio::spawn(self.clone().start(number));
            tokio::spawn(self.clone().stop(number));
            tokio::spawn(self.clone().pause(number));
            tokio::spawn(self.clone().redrive(number));
        }
        for activity in ACTIVITIES {
            tokio::spawn(self.clone().poll(activity));
        }
        tokio::spawn(self.clone().read());
        let held: Vec<String> = {
            let records = self.world.lock();
            let open = records.work.iter().filter(|(_, work)| !work.is_done);
            open.map(|(token, _)| token.clone()).collect()
        };
        for token in held {
            tokio::spawn(self.clone().work(token));
        }
        while let Some(token) = tokens.recv().await {
            tokio::spawn(self.clone().work(token));
        }
    }

    /// Makes the state machines and activities, until they are there.
    async fn set_up(&self) {
        let machines = self.world.lock().machines.clone();
        for activity in ACTIVITIES {
            while let Err(error) = self.runtime.create_activity(activity, Vec::new()).await {
                self.expect_retryable("create_activity", &error).await;
            }
        }
        for machine in machines {
            let request = CreateStateMachine {
                name: machine.name,
                definition: machine.definition,
                role_arn: "arn:aws:iam::000000000000:role/simulated".to_owned(),
                machine_type: MachineType::Standard,
                settings: "{}".to_owned(),
                tags: Vec::new(),
            };
            while let Err(error) = self.runtime.create_state_machine(request.clone()).await {
                self.expect_retryable("create_state_machine", &error).await;
            }
        }
    }

    async fn expect_retryable(&self, call: &str, error: &Error) {
        if !error.is_retryable() {
            self.world.violation(format!("{call}: {error:?}"));
        }
        sleep(Duration::from_millis(self.random.between(1, 500))).await;
    }

    /// Waits for an answer; some clients go away at once, or after a moment.
    async fn impatiently<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        match self.random.between(0, 9) {
            0 => {
                let patience = Duration::from_millis(self.random.between(0, 6));
                tokio::time::timeout(patience, answer).await.ok()
            }
            _ => Some(answer.await),
        }
    }

    /// Starts an execution; some are started twice, and must not be.
    async fn start(self, number: usize) {
        let (plan, machine) = {
            let records = self.world.lock();
            let plan = records.starts[number].clone();
            let machine = records.machines[plan.machine].name.clone();
            (plan, machine)
        };
        if plan.is_done {
            return;
        }
        sleep(Duration::from_millis(plan.delay)).await;
        let request = StartExecution {
            state_machine: machine,
            qualifier: None,
            name: Some(plan.name.clone()),
            input: Some(plan.input.to_string()),
            trace_header: None,
        };
        while self.world.lock().starts[number].acknowledged.is_none() {
            self.start_once(number, &request).await;
        }
        if self.random.once_in(3) {
            tokio::spawn(self.clone().follow(request.clone()));
        }
        if self.random.once_in(2) {
            sleep(Duration::from_millis(self.random.between(0, 5_000))).await;
            self.start_again(number, &request).await;
        }
        self.world.lock().starts[number].is_done = true;
    }

    async fn start_once(&self, number: usize, request: &StartExecution) {
        let was_tried = {
            let mut records = self.world.lock();
            std::mem::replace(&mut records.starts[number].was_tried, true)
        };
        let Some(outcome) = self
            .impatiently(self.runtime.start_execution(request.clone()))
            .await
        else {
            return;
        };
        match outcome {
            Ok(started) => {
                let acknowledged = (started.arn.to_string(), started.started_at);
                self.world.lock().starts[number].acknowledged = Some(acknowledged);
            }
            // Its answer was lost, and by now it has ended.
            Err(Error::ExecutionAlreadyExists(arn)) if was_tried => {
                self.world.lock().starts[number].acknowledged = Some((arn, -1));
            }
            Err(error) => self.expect_retryable("start_execution", &error).await,
        }
    }

    async fn start_again(&self, number: usize, request: &StartExecution) {
        let first = self.world.lock().starts[number].acknowledged.clone();
        let is_other = self.random.once_in(2);
        let mut request = request.clone();
        if is_other {
            request.input = Some(json!({"i": "other"}).to_string());
        }
        match self.runtime.start_execution(request).await {
            Ok(started) if !is_other => {
                let again = (started.arn.to_string(), started.started_at);
                let is_same =
                    first.is_some_and(|(arn, at)| arn == again.0 && (at == again.1 || at < 0));
                if !is_same {
                    self.world
                        .violation(format!("a second start gave {again:?}"));
                }
            }
            Ok(started) => self
                .world
                .violation(format!("{} was started with another input", started.arn)),
            Err(Error::ExecutionAlreadyExists(_)) => {}
            Err(error) => self.expect_retryable("start_execution again", &error).await,
        }
    }

    async fn stop(self, number: usize) {
        let (plan, machine) = {
            let records = self.world.lock();
            let plan = records.starts[number].clone();
            (plan.clone(), records.machines[plan.machine].name.clone())
        };
        let (Some(after), None) = (plan.stop, plan.stopped) else {
            return;
        };
        loop {
            sleep(Duration::from_millis(after)).await;
            if self.world.lock().starts[number].acknowledged.is_none() {
                continue;
            }
            let failure = Failure::new("Stopped", "as planned");
            match self
                .runtime
                .stop_execution(&machine, &plan.name, failure)
                .await
            {
                Ok(stopped_at) => {
                    self.world.lock().starts[number].stopped = Some(stopped_at);
                    let key = (machine.clone(), plan.name.clone());
                    self.note_history(&key).await;
                    return;
                }
                Err(error) => self.expect_retryable("stop_execution", &error).await,
            }
        }
    }

    /// Pauses an execution for a while. A life that begins in between only resumes it.
    async fn pause(self, number: usize) {
        let (plan, machine) = {
            let records = self.world.lock();
            let plan = records.starts[number].clone();
            (plan.clone(), records.machines[plan.machine].name.clone())
        };
        if let Some((after, pause)) = plan.pause.filter(|_| !plan.is_resumed) {
            sleep(Duration::from_millis(after)).await;
            while self.world.lock().starts[number].acknowledged.is_none() {
                sleep(Duration::from_millis(500)).await;
            }
            loop {
                match self.runtime.pause_execution(&machine, &plan.name).await {
                    Ok(()) => break,
                    Err(Error::ExecutionEnded(_)) => break,
                    Err(error) => self.expect_retryable("pause_execution", &error).await,
                }
            }
            sleep(Duration::from_millis(pause)).await;
            loop {
                match self.runtime.resume_execution(&machine, &plan.name).await {
                    Ok(()) | Err(Error::ExecutionEnded(_)) => break,
                    Err(error) => self.expect_retryable("resume_execution", &error).await,
                }
            }
        }
        self.world.lock().starts[number].is_resumed = true;
    }

    /// Redrives an execution whenever it has ended without success, as often as planned; the same token is the same redrive.
    async fn redrive(self, number: usize) {
        let (name, machine, planned) = {
            let records = self.world.lock();
            let plan = &records.starts[number];
            let machine = records.machines[plan.machine].name.clone();
            (plan.name.clone(), machine, plan.redrives as usize)
        };
        loop {
            let (is_started, done) = {
                let records = self.world.lock();
                let start = &records.starts[number];
                (start.acknowledged.is_some(), start.redriven.len())
            };
            if done >= planned {
                break;
            }
            sleep(Duration::from_millis(self.random.between(1, 10_000))).await;
            if !is_started {
                continue;
            }
            match self.runtime.describe_execution(&machine, &name).await {
                Ok(view) if view.status == ExecutionStatus::Running => {}
                Ok(view) if view.status == ExecutionStatus::Succeeded => break,
                Ok(_) => self.redrive_once(number, &machine, &name, done).await,
                Err(error) => self.expect_retryable("describe_execution", &error).await,
            }
        }
        self.world.lock().starts[number].is_left = true;
    }

    async fn redrive_once(&self, number: usize, machine: &str, name: &str, done: usize) {
        let request = Redrive {
            machine: machine.to_owned(),
            name: name.to_owned(),
            client_token: Some(format!("redrive-{done}")),
            definition: None,
        };
        let redriving = self.runtime.redrive_execution(request);
        let Some(redriven) = self.impatiently(redriving).await else {
            return;
        };
        match redriven {
            Ok(at) => self.world.lock().starts[number].redriven.push(at),
            Err(error) => self.expect_retryable("redrive_execution", &error).await,
        }
    }

    /// A worker of an activity.
    async fn poll(self, activity: &'static str) {
        loop {
            let polled = self.runtime.get_activity_task(activity, Some("simulated"));
            let Some(polled) = self.impatiently(polled).await else {
                continue;
            };
            match polled {
                Ok(None) => {}
                Ok(Some(task)) => {
                    let payload = payload_of(&task.input);
                    let Some(token) = TaskToken::decode(&task.token) else {
                        self.world
                            .violation("an activity's token is none".to_owned());
                        continue;
                    };
                    let is_new = {
                        let mut records = self.world.lock();
                        let execution = format!("#{}", token.execution);
                        let attempt = token.attempt.0.to_string();
                        let outcome = records.outcome(&execution, &attempt, &payload);
                        records.take_work(&task.token, &payload, outcome)
                    };
                    if is_new {
                        tokio::spawn(self.clone().work(task.token));
                    } else {
                        self.world
                            .violation(format!("a task was given to two workers: {payload}"));
                    }
                }
                Err(error) => self.expect_retryable("get_activity_task", &error).await,
            }
        }
    }

    /// Does the work that a token stands for, and says so until it is heard.
    async fn work(self, token: String) {
        let work = self.world.lock().work[&token].clone();
        let mut left = work.latency;
        while left > 7_000 {
            sleep(Duration::from_millis(7_000)).await;
            left -= 7_000;
            if let Err(error) = self.runtime.send_task_heartbeat(&token).await
                && !is_over(&error)
            {
                self.expect_retryable("send_task_heartbeat", &error).await;
            }
        }
        sleep(Duration::from_millis(left)).await;
        loop {
            self.world
                .lock()
                .work
                .get_mut(&token)
                .expect("it is known")
                .was_sent = true;
            let sent = self.send(&token, work.outcome, work.value, work.nonce);
            let Some(sent) = self.impatiently(sent).await else {
                continue;
            };
            match sent {
                Ok(()) => break,
                Err(error) if is_over(&error) => {
                    self.finish(&token);
                    return;
                }
                Err(error) => self.expect_retryable("send_task", &error).await,
            }
        }
        {
            let mut records = self.world.lock();
            if work.outcome == Outcome::Succeeds {
                records.acknowledged.push((token.clone(), work.nonce));
            }
        }
        if self.random.once_in(3) {
            self.send_again(&token, work.value).await;
        }
        self.finish(&token);
    }

    /// A second result for a token that has one.
    async fn send_again(&self, token: &str, value: u64) {
        let nonce = self.world.lock().next_nonce();
        match self.send(token, Outcome::Succeeds, value, nonce).await {
            Ok(()) => self
                .world
                .violation("a token was completed a second time".to_owned()),
            Err(Error::TaskTimedOut) => {}
            Err(error) => self.expect_retryable("send_task again", &error).await,
        }
    }

    async fn send(
        &self,
        token: &str,
        outcome: Outcome,
        value: u64,
        nonce: u64,
    ) -> Result<(), Error> {
        match outcome {
            Outcome::Succeeds => {
                let output = json!({"v": value, "nonce": nonce}).to_string();
                self.runtime.send_task_success(token, &output).await
            }
            Outcome::Fails(error) => {
                let failure = Failure::new(error, "as planned");
                self.runtime.send_task_failure(token, failure).await
            }
            Outcome::Hangs => Ok(()),
        }
    }

    fn finish(&self, token: &str) {
        if let Some(work) = self.world.lock().work.get_mut(token) {
            work.is_done = true;
        }
    }

    /// Reads histories all the time: whatever was seen once must stay.
    async fn read(self) {
        loop {
            sleep(Duration::from_millis(self.random.between(1, 20_000))).await;
            let keys: Vec<(String, String)> = {
                let records = self.world.lock();
                let started = records
                    .starts
                    .iter()
                    .filter(|start| start.acknowledged.is_some());
                started
                    .map(|start| {
                        let machine = records.machines[start.machine].name.clone();
                        (machine, start.name.clone())
                    })
                    .collect()
            };
            if keys.is_empty() {
                continue;
            }
            self.note_history(self.random.pick(&keys)).await;
        }
    }

    /// Follows an execution to its end.
    async fn follow(self, request: StartExecution) {
        let machine = request.state_machine;
        let name = request.name.unwrap_or_default();
        let events = loop {
            match self.runtime.follow(&machine, &name, 1).await {
                Ok(events) => break events,
                Err(error) => self.expect_retryable("follow", &error).await,
            }
        };
        let mut events = events.enumerate();
        let mut last = None;
        while let Some((number, event)) = events.next().await {
            match event {
                Ok(event) if event.id == number as u64 + 1 => last = Some(event),
                Ok(event) => {
                    let text = format!("a follower of {name} got event {} at {number}", event.id);
                    return self.world.violation(text);
                }
                // The store failed, or the process ends.
                Err(_) => return,
            }
        }
        if last.is_none_or(|last| !is_terminal(&last.kind)) && self.runtime.ready().await.is_ok() {
            self.world
                .violation(format!("a follower of {name} was left before its end"));
        }
    }

    async fn note_history(&self, key: &(String, String)) {
        let page = self
            .runtime
            .history(&key.0, &key.1, None, 100_000, Direction::Forward)
            .await;
        match page {
            Ok(page) => {
                let seen = page.events;
                let mut records = self.world.lock();
                let before = records.reads.entry(key.clone()).or_default();
                if !seen.starts_with(before) {
                    let text = format!("the history of {} changed", key.1);
                    records.violations.push(text);
                } else {
                    *before = seen;
                }
            }
            Err(error) if error.is_retryable() => {}
            Err(error) => self
                .world
                .violation(format!("history of {}: {error:?}", key.1)),
        }
    }
}

fn is_over(error: &Error) -> bool {
    matches!(error, Error::TaskTimedOut)
}
