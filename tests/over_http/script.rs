//! The functions of the corpus: each call does what its case's script says, in the order that the script means.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tests::corpus::{Case, Error, Happening, Moment};
use tests::support::aws::{Aws, text};
use tests::support::lambda::{Answer, Call};

/// How long a call waits for those before it; one whose attempt was aborted meanwhile waits in vain.
const PATIENCE: Duration = Duration::from_secs(3);

/// The scripts of the cases that run at the moment.
#[derive(Debug, Default)]
pub(crate) struct Scripts(Mutex<Running>);

#[derive(Debug, Default)]
struct Running {
    group: usize,
    server: Option<SocketAddr>,
    cases: Vec<Case>,
}

impl Scripts {
    /// Other cases run now, at another server.
    pub(crate) fn begin(&self, server: SocketAddr, cases: &[(String, Case)]) {
        let mut running = self.0.lock().unwrap();
        running.group += 1;
        running.server = Some(server);
        running.cases = cases.iter().map(|(_, case)| case.clone()).collect();
    }

    /// The name of a case's state machine.
    pub(crate) fn machine(&self, number: usize) -> String {
        format!("Case-{}-{number}", self.0.lock().unwrap().group)
    }

    /// The ARN of a case's execution.
    pub(crate) fn execution_arn(&self, number: usize) -> String {
        let machine = self.machine(number);
        format!("arn:aws:states:us-east-1:123456789012:execution:{machine}:Run")
    }

    /// Does what the script says.
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        let (arn, attempt) = call.attempt.split_once('#').unwrap();
        let attempt: u64 = attempt.parse().unwrap();
        let number = arn
            .split(':')
            .nth(6)
            .and_then(|name| name.rsplit('-').next());
        let number: usize = number.unwrap().parse().unwrap();
        let (address, case) = {
            let running = self.0.lock().unwrap();
            (running.server.unwrap(), running.cases[number].clone())
        };
        let mut aws = Aws::new(address);
        let Some((due, happening)) = aws
            .history(arn)
            .ok()
            .and_then(|history| planned(&case, &history, attempt))
        else {
            // It does nothing, ever.
            loop {
                sleep(Duration::from_secs(60));
            }
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        sleep(Duration::from_secs_f64((due - now.as_secs_f64()).max(0.0)));
        let began = Instant::now();
        while began.elapsed() < PATIENCE
            && aws
                .history(arn)
                .is_ok_and(|history| !is_next(&case, &history, attempt, due))
        {
            sleep(Duration::from_millis(5));
        }
        match happening {
            Happening::Succeed(output) => Answer::Text(output),
            Happening::Fail(error) => Answer::Failure(said(&error)),
            Happening::Start(_) | Happening::Submit(_) | Happening::Heartbeat => {
                unreachable!("such cases are left out")
            }
        }
    }
}

/// What a function says when it fails: its error's name must be in it.
pub(crate) fn said(error: &Error) -> Value {
    json!({"errorType": error.error, "errorMessage": error.cause})
}

/// When an attempt ends and how, in seconds since 1970; `None` if never.
fn planned(case: &Case, history: &[Value], attempt: u64) -> Option<(f64, Happening)> {
    let scheduled = event(history, attempt)?;
    let state = state_of(history, scheduled)?;
    let before = history.iter().filter(|event| {
        is_scheduled(event)
            && event["id"].as_u64() <= Some(attempt)
            && state_of(history, event) == Some(state)
    });
    let invocation = u32::try_from(before.count()).ok()?;
    let [Moment { after, happening }] = case.script(state, invocation) else {
        return None;
    };
    let due = scheduled["timestamp"].as_f64()? + *after as f64 / 1000.0;
    Some((due, happening.clone()))
}

/// Whether every attempt that ends before this one has done so: those that end at once end in the order of their scheduling.
fn is_next(case: &Case, history: &[Value], attempt: u64, due: f64) -> bool {
    let earlier = history
        .iter()
        .filter(|event| is_scheduled(event) && event["id"].as_u64() < Some(attempt));
    let mut earlier = earlier.filter_map(|event| event["id"].as_u64());
    earlier.all(|id| {
        has_ended(history, id) || planned(case, history, id).is_none_or(|(other, _)| other > due)
    })
}

fn has_ended(history: &[Value], attempt: u64) -> bool {
    let after = |id: u64| {
        let events = history.iter();
        events.filter(move |event| event["previousEventId"].as_u64() == Some(id))
    };
    let ends = |event: &Value| {
        ["Succeeded", "Failed", "TimedOut"]
            .iter()
            .any(|end| text(event, "type").ends_with(end))
    };
    after(attempt)
        .flat_map(|started| after(started["id"].as_u64().unwrap_or_default()))
        .any(ends)
}

fn is_scheduled(event: &Value) -> bool {
    text(event, "type") == "LambdaFunctionScheduled"
}

/// The state that an event happened in.
fn state_of<'a>(history: &'a [Value], event: &'a Value) -> Option<&'a str> {
    let mut event = event;
    loop {
        if let Some(name) = event["stateEnteredEventDetails"]["name"].as_str() {
            return Some(name);
        }
        event = self::event(history, event["previousEventId"].as_u64()?)?;
    }
}

fn event(history: &[Value], id: u64) -> Option<&Value> {
    history.get(usize::try_from(id).ok()?.checked_sub(1)?)
}
