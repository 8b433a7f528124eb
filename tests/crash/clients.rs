//! Who talks to the server: starters, workers of an activity, clerks with tokens, one who redrives. A broken connection makes them ask again.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::support::aws::{Aws, Error, text};

use crate::functions::Functions;
use crate::kinds::{KINDS, Kind, Order};
use tests::support::random::Random;

/// How many clients of each kind there are.
const CLIENTS: u64 = 4;

/// How many workers poll the activity.
const WORKERS: u64 = 8;

/// What the clients share.
#[derive(Debug)]
pub(crate) struct World {
    seed: u64,
    address: Mutex<Option<SocketAddr>>,
    moved: Condvar,
    orders: Mutex<VecDeque<Order>>,
    started: Mutex<Vec<Started>>,
    in_hand: AtomicU64,
    completions: Mutex<BTreeMap<u64, Vec<Completion>>>,
    wrong: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

/// An execution whose start was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Started {
    pub(crate) order: Order,
    pub(crate) execution_arn: String,
}

/// Somebody's ending of a task.
#[derive(Clone, Debug)]
pub(crate) struct Completion {
    pub(crate) output: Value,
    pub(crate) answer: Answered,
}

/// What the server said to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// It was acknowledged.
    Yes,
    /// It was refused, but an earlier try broke off, so that it may have been that one.
    Perhaps,
    /// It was refused.
    No,
}

impl World {
    pub(crate) fn new(address: SocketAddr, seed: u64) -> Self {
        Self {
            seed,
            address: Mutex::new(Some(address)),
            moved: Condvar::new(),
            orders: Mutex::default(),
            started: Mutex::default(),
            in_hand: AtomicU64::new(0),
            completions: Mutex::default(),
            wrong: Mutex::default(),
            is_over: AtomicBool::new(false),
        }
    }

    /// Starts all clients.
    pub(crate) fn start_clients(
        self: Arc<Self>,
        functions: &Arc<Functions>,
    ) -> Vec<JoinHandle<()>> {
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            let world = self.clone();
            clients.push(thread::spawn(move || world.start_executions()));
            let (world, functions) = (self.clone(), functions.clone());
            clients.push(thread::spawn(move || {
                world.answer_letters(&functions, number)
            }));
        }
        for number in 0..WORKERS {
            let world = self.clone();
            let random = Random::new(self.seed ^ (number + 1));
            clients.push(thread::spawn(move || world.work(number, random)));
        }
        clients.push(thread::spawn(move || self.redrive_failures()));
        clients
    }

    /// Asks for an execution.
    pub(crate) fn order(&self, order: Order) {
        self.in_hand.fetch_add(1, Ordering::SeqCst);
        self.orders.lock().unwrap().push_back(order);
    }

    /// Whether every execution that was asked for has been started.
    pub(crate) fn has_no_orders(&self) -> bool {
        self.in_hand.load(Ordering::SeqCst) == 0
    }

    /// The server is gone.
    pub(crate) fn close_address(&self) {
        *self.address.lock().unwrap() = None;
    }

    /// The server is there.
    pub(crate) fn set_address(&self, address: SocketAddr) {
        *self.address.lock().unwrap() = Some(address);
        self.moved.notify_all();
    }

    /// Waits until no execution runs any more.
    pub(crate) fn wait_for_ends(&self, patience: Duration) {
        let began = Instant::now();
        let mut session = Session::new(self);
        loop {
            let standard = KINDS.iter().filter(|kind| !kind.is_express());
            let running: usize = standard
                .map(|kind| session.list(*kind, "RUNNING").len())
                .sum();
            let running = running + session.list(Kind::Redrive, "FAILED").len();
            if running == 0 && self.has_no_orders() {
                return;
            }
            if began.elapsed() > patience {
                self.complain(format!("{running} executions and more do not end"));
                return;
            }
            sleep(Duration::from_millis(100));
        }
    }

    /// Sends the clients home.
    pub(crate) fn finish(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.moved.notify_all();
    }

    /// The executions whose start was acknowledged.
    pub(crate) fn started(&self) -> Vec<Started> {
        self.started.lock().unwrap().clone()
    }

    /// What was said to those who ended an execution's task.
    pub(crate) fn completions(&self, number: u64) -> Vec<Completion> {
        let completions = self.completions.lock().unwrap();
        completions.get(&number).cloned().unwrap_or_default()
    }

    /// What went wrong on the way.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }

    fn complain(&self, text: String) {
        self.wrong.lock().unwrap().push(text);
    }

    fn start_executions(&self) {
        let mut session = Session::new(self);
        while !self.is_over.load(Ordering::SeqCst) {
            let next = self.orders.lock().unwrap().pop_front();
            let Some(order) = next else {
                sleep(Duration::from_millis(5));
                continue;
            };
            let request = json!({
                "stateMachineArn": order.kind.machine_arn(),
                "name": order.name(),
                "input": order.input.to_string(),
            });
            let execution_arn = match session.call("StartExecution", &request) {
                Reply::Answered(started) => text(&started, "executionArn").to_owned(),
                // It was started when the connection broke, and has ended since.
                Reply::Refused {
                    code,
                    was_cut_off: true,
                } if code == "ExecutionAlreadyExists" => order.execution_arn(),
                Reply::Refused { code, .. } => {
                    self.complain(format!("{} was not started: {code}", order.name()));
                    self.in_hand.fetch_sub(1, Ordering::SeqCst);
                    continue;
                }
                Reply::Over => return,
            };
            self.started.lock().unwrap().push(Started {
                order,
                execution_arn,
            });
            self.in_hand.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Answers letters, each twice: the second answer must be refused.
    fn answer_letters(&self, functions: &Functions, clerk: u64) {
        let mut session = Session::new(self);
        while !self.is_over.load(Ordering::SeqCst) {
            let Some(letter) = functions.next_letter() else {
                continue;
            };
            let number = letter.number;
            let output = json!({"n": number, "by": format!("clerk {clerk}")});
            self.complete(&mut session, number, &letter.token, output);
            let again = json!({"n": number, "by": "nobody"});
            let request = json!({"taskToken": letter.token, "output": again.to_string()});
            if let Reply::Answered(_) = session.call("SendTaskSuccess", &request) {
                self.complain(format!("the token of {number} was completed twice"));
            }
        }
    }

    /// Redrives every execution that failed so that it may go on.
    fn redrive_failures(&self) {
        let mut session = Session::new(self);
        while !self.is_over.load(Ordering::SeqCst) {
            for execution_arn in session.list(Kind::Redrive, "FAILED") {
                let request = json!({"executionArn": execution_arn});
                if let Reply::Refused {
                    code,
                    was_cut_off: false,
                } = session.call("RedriveExecution", &request)
                {
                    self.complain(format!("{execution_arn} was not redriven: {code}"));
                }
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Fetches tasks of the activity and does them.
    fn work(&self, worker: u64, mut random: Random) {
        let mut session = Session::new(self);
        let activity = "arn:aws:states:us-east-1:000000000000:activity:double";
        let request = json!({"activityArn": activity, "workerName": format!("worker-{worker}")});
        let mut done = 0;
        while !self.is_over.load(Ordering::SeqCst) {
            let Reply::Answered(task) = session.call("GetActivityTask", &request) else {
                continue;
            };
            let token = text(&task, "taskToken");
            if token.is_empty() {
                continue;
            }
            let input: Value = serde_json::from_str(text(&task, "input")).unwrap();
            sleep(Duration::from_millis(random.between(50, 1_500)));
            if random.below(3) == 0 {
                session.call("SendTaskHeartbeat", &json!({"taskToken": token}));
                sleep(Duration::from_millis(random.between(50, 1_500)));
            }
            done += 1;
            let number = input["n"].as_u64().unwrap();
            let output = json!({"n": number, "by": format!("worker {worker}, task {done}")});
            self.complete(&mut session, number, token, output);
        }
    }

    fn complete(&self, session: &mut Session<'_>, number: u64, token: &str, output: Value) {
        let request = json!({"taskToken": token, "output": output.to_string()});
        let answer = match session.call("SendTaskSuccess", &request) {
            Reply::Answered(_) => Answered::Yes,
            Reply::Refused {
                was_cut_off: true, ..
            } => Answered::Perhaps,
            Reply::Refused {
                was_cut_off: false, ..
            } => Answered::No,
            Reply::Over => return,
        };
        let mut completions = self.completions.lock().unwrap();
        let completion = Completion { output, answer };
        completions.entry(number).or_default().push(completion);
    }
}

/// A client's way to the server, wherever that is at the moment.
struct Session<'a> {
    world: &'a World,
    connection: Option<(SocketAddr, Aws)>,
}

/// What the server said in the end.
enum Reply {
    Answered(Value),
    Refused {
        code: String,
        /// Whether a try before this one broke off, so that the server may have done then what it refuses now.
        was_cut_off: bool,
    },
    /// There will be no server any more.
    Over,
}

impl<'a> Session<'a> {
    fn new(world: &'a World) -> Self {
        Self {
            world,
            connection: None,
        }
    }

    /// Calls an operation until there is an answer.
    fn call(&mut self, operation: &str, request: &Value) -> Reply {
        let mut was_cut_off = false;
        loop {
            let Some(address) = self.address() else {
                return Reply::Over;
            };
            let connection = match self.connection.take() {
                Some((at, aws)) if at == address => aws,
                Some(_) | None => Aws::new(address),
            };
            let (_, aws) = self.connection.insert((address, connection));
            match aws.call(operation, request) {
                Ok(answer) => return Reply::Answered(answer),
                Err(Error::Broken(_)) => {
                    was_cut_off = true;
                    sleep(Duration::from_millis(2));
                }
                Err(Error::Refused { code, .. }) => return Reply::Refused { code, was_cut_off },
            }
        }
    }

    /// The executions of a kind with that status.
    fn list(&mut self, kind: Kind, status: &str) -> Vec<String> {
        let request = json!({"stateMachineArn": kind.machine_arn(), "statusFilter": status});
        let Reply::Answered(listed) = self.call("ListExecutions", &request) else {
            return Vec::new();
        };
        let listed = listed["executions"].as_array().into_iter().flatten();
        listed
            .map(|execution| text(execution, "executionArn").to_owned())
            .collect()
    }

    fn address(&self) -> Option<SocketAddr> {
        let mut address = self.world.address.lock().unwrap();
        while address.is_none() {
            if self.world.is_over.load(Ordering::SeqCst) {
                return None;
            }
            address = self.world.moved.wait(address).unwrap();
        }
        *address
    }
}
