//! Execution logs: what executions did, as the records that AWS Step Functions writes to CloudWatch Logs.
//!
//! Which records, and with which data, a state machine's loggingConfiguration says. Where they go is the server's affair.

use std::fmt;
use std::sync::Arc;

use interpreter::history::{EventKind, HistoryEvent, StateType};
use runtime::observe::{Observed, Observer};
use serde::Serialize;
use serde_json::Value;

use crate::aws::states::history::{Data, event_type, wire_event};
use crate::aws::states::settings::{Level, Logging};

/// The longest record; beyond it inputs and outputs are left out. CloudWatch Logs takes events of 256 KiB, 26 bytes of them its own.
const LONGEST: usize = 256 * 1024 - 26;

/// Takes the records. It must return at once.
pub trait LogSink: fmt::Debug + Send + Sync + 'static {
    /// Takes the records of one execution, in their order.
    fn take(&self, records: Vec<LogRecord>);
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// The ARN of the log group that the state machine names, if it names one.
    pub group: Option<Arc<str>>,
    /// The state machine's name.
    pub state_machine: Arc<str>,
    /// When it happened: milliseconds since 1970.
    pub timestamp: i64,
    /// The record: JSON text on one line.
    pub text: String,
}

/// Makes the records of what it is told.
#[derive(Debug)]
pub struct ExecutionLog {
    sink: Arc<dyn LogSink>,
}

impl ExecutionLog {
    /// A log that goes there.
    #[must_use]
    pub fn new(sink: Arc<dyn LogSink>) -> Self {
        Self { sink }
    }
}

impl Observer for ExecutionLog {
    fn is_interested(&self, settings: &str) -> bool {
        Logging::of_settings(settings).level != Level::Off
    }

    fn observe(&self, observed: Observed<'_>) {
        let logging = Logging::of_settings(observed.settings);
        let group: Option<Arc<str>> = logging.group.map(Into::into);
        let records = observed
            .events
            .iter()
            .filter(|event| is_logged(&event.kind, logging.level))
            .map(|event| LogRecord {
                group: group.clone(),
                state_machine: observed.identity.state_machine_name.clone(),
                timestamp: event.timestamp,
                text: record_text(event, &observed, logging.data),
            });
        let records: Vec<_> = records.collect();
        if !records.is_empty() {
            self.sink.take(records);
        }
    }
}

/// A record as AWS has it: all numbers are texts.
#[derive(Serialize)]
struct Record<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: Value,
    details: Value,
    previous_event_id: String,
    event_timestamp: String,
    execution_arn: &'a str,
    redrive_count: String,
}

fn record_text(event: &HistoryEvent, observed: &Observed<'_>, data: Data) -> String {
    let record = |data| Record {
        id: event.id.to_string(),
        kind: as_value(&event_type(&event.kind)),
        details: details(event, data),
        previous_event_id: event.previous.to_string(),
        event_timestamp: event.timestamp.to_string(),
        execution_arn: &observed.identity.arn,
        redrive_count: observed.redrives.to_string(),
    };
    let text = |data| {
        serde_json::to_string(&record(data)).expect("a record has texts and JSON for members")
    };
    let whole = text(data);
    if whole.len() > LONGEST {
        return text(Data::LeftOut);
    }
    whole
}

fn details(event: &HistoryEvent, data: Data) -> Value {
    let Value::Object(members) = as_value(&wire_event(event, data)) else {
        return Value::Null;
    };
    let mut members = members.into_iter();
    let details = members.find(|(name, _)| name.ends_with("EventDetails"));
    details.map_or_else(
        || Value::Object(serde_json::Map::new()),
        |(_, details)| details,
    )
}

fn as_value(wire: &impl Serialize) -> Value {
    serde_json::to_value(wire).expect("wire types have text for keys")
}

/// Which events a level has. AWS: "Log levels for Step Functions execution events".
fn is_logged(kind: &EventKind, level: Level) -> bool {
    match level {
        Level::All => true,
        Level::Off => false,
        Level::Fatal => is_fatal(kind),
        Level::Error => is_fatal(kind) || is_error(kind),
    }
}

fn is_fatal(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::ExecutionFailed(_)
            | EventKind::ExecutionAborted(_)
            | EventKind::ExecutionTimedOut(_)
    )
}

/// The names of AWS's list end so, but for entering a Fail state.
fn is_error(kind: &EventKind) -> bool {
    if let EventKind::StateEntered { state_type, .. } = kind {
        return *state_type == StateType::Fail;
    }
    let name = as_value(&event_type(kind));
    let name = name.as_str().unwrap_or_default();
    ["Failed", "TimedOut", "Aborted"]
        .iter()
        .any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use expect_test::{Expect, expect};
    use interpreter::execution::Identity;
    use interpreter::failure::Failure;
    use interpreter::payload::Payload;

    use super::*;

    #[derive(Debug, Default)]
    struct Kept(Mutex<Vec<LogRecord>>);

    impl LogSink for Kept {
        fn take(&self, records: Vec<LogRecord>) {
            self.0.lock().expect("nobody panics").extend(records);
        }
    }

    fn check(logging: &str, expected: Expect) {
        let settings: Arc<str> = format!("{{\"loggingConfiguration\":{logging}}}").into();
        let event = |id: u64, kind| HistoryEvent {
            id,
            previous: id - 1,
            timestamp: 1_700_000_000_123,
            kind,
        };
        let input = || Payload::parse(r#"{"x": 1}"#).expect("JSON");
        let events = [
            event(
                1,
                EventKind::ExecutionStarted {
                    input: input(),
                    role_arn: "role".into(),
                    version_arn: None,
                    alias_arn: None,
                },
            ),
            event(
                2,
                EventKind::StateEntered {
                    state_type: StateType::Task,
                    name: "T".into(),
                    input: input(),
                },
            ),
            event(3, EventKind::LambdaFunctionStarted),
            event(
                4,
                EventKind::LambdaFunctionFailed(Failure::new("Error", "why")),
            ),
            event(5, EventKind::ExecutionFailed(Failure::new("Error", "why"))),
        ];
        let kept = Arc::new(Kept::default());
        let log = ExecutionLog::new(kept.clone());
        let mut text = format!("{}\n", log.is_interested(&settings));
        log.observe(Observed {
            identity: &Identity {
                number: 1,
                arn: "arn:e".into(),
                name: "e".into(),
                role_arn: "role".into(),
                state_machine_arn: "arn:m".into(),
                state_machine_name: "m".into(),
                version_arn: None,
                alias_arn: None,
                region: "us-east-1".into(),
                started_at: 0,
                input: input(),
            },
            settings: &settings,
            redrives: 2,
            events: &events,
        });
        for record in kept.0.lock().expect("nobody panics").iter() {
            let group = record.group.as_deref().unwrap_or("-");
            text.push_str(&format!("{group} {}\n", record.text));
        }
        expected.assert_eq(&text);
    }

    #[test]
    fn everything_with_its_data() {
        let logging = r#"{"level":"ALL","includeExecutionData":true,"destinations":[{"cloudWatchLogsLogGroup":{"logGroupArn":"arn:aws:logs:us-east-1:1:log-group:g:*"}}]}"#;
        check(
            logging,
            expect![[r#"
            true
            arn:aws:logs:us-east-1:1:log-group:g:* {"id":"1","type":"ExecutionStarted","details":{"input":"{\"x\": 1}","inputDetails":{"truncated":false},"roleArn":"role"},"previous_event_id":"0","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
            arn:aws:logs:us-east-1:1:log-group:g:* {"id":"2","type":"TaskStateEntered","details":{"name":"T","input":"{\"x\": 1}","inputDetails":{"truncated":false}},"previous_event_id":"1","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
            arn:aws:logs:us-east-1:1:log-group:g:* {"id":"3","type":"LambdaFunctionStarted","details":{},"previous_event_id":"2","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
            arn:aws:logs:us-east-1:1:log-group:g:* {"id":"4","type":"LambdaFunctionFailed","details":{"error":"Error","cause":"why"},"previous_event_id":"3","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
            arn:aws:logs:us-east-1:1:log-group:g:* {"id":"5","type":"ExecutionFailed","details":{"error":"Error","cause":"why"},"previous_event_id":"4","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
        "#]],
        );
    }

    #[test]
    fn everything_without_data() {
        check(
            r#"{"level":"ALL"}"#,
            expect![[r#"
            true
            - {"id":"1","type":"ExecutionStarted","details":{"roleArn":"role"},"previous_event_id":"0","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
            - {"id":"2","type":"TaskStateEntered","details":{"name":"T"},"previous_event_id":"1","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
            - {"id":"3","type":"LambdaFunctionStarted","details":{},"previous_event_id":"2","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
            - {"id":"4","type":"LambdaFunctionFailed","details":{"error":"Error","cause":"why"},"previous_event_id":"3","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
            - {"id":"5","type":"ExecutionFailed","details":{"error":"Error","cause":"why"},"previous_event_id":"4","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
        "#]],
        );
    }

    #[test]
    fn errors_only() {
        check(
            r#"{"level":"ERROR"}"#,
            expect![[r#"
            true
            - {"id":"4","type":"LambdaFunctionFailed","details":{"error":"Error","cause":"why"},"previous_event_id":"3","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
            - {"id":"5","type":"ExecutionFailed","details":{"error":"Error","cause":"why"},"previous_event_id":"4","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
        "#]],
        );
    }

    #[test]
    fn ends_without_success_only() {
        check(
            r#"{"level":"FATAL"}"#,
            expect![[r#"
            true
            - {"id":"5","type":"ExecutionFailed","details":{"error":"Error","cause":"why"},"previous_event_id":"4","event_timestamp":"1700000000123","execution_arn":"arn:e","redrive_count":"2"}
        "#]],
        );
    }

    #[test]
    fn nothing() {
        check(
            r#"{"level":"OFF"}"#,
            expect![[r#"
            false
        "#]],
        );
        check(
            "null",
            expect![[r#"
            false
        "#]],
        );
    }
}
