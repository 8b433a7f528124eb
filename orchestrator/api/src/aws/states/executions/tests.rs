//! Executions as DescribeExecution and StartSyncExecution show them.

use expect_test::expect;
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use runtime::views::{ExecutionView, Redrivable};
use store::records::ExecutionStatus;

use super::{Included, billing, describe_output, next_page, sync_output};
use crate::aws::json::encode;

fn view(status: ExecutionStatus) -> ExecutionView {
    let payload = |text: &str| Payload::parse(text).expect("JSON");
    ExecutionView {
        arn: "arn:e".into(),
        state_machine_arn: "arn:m".into(),
        state_machine_name: "m".into(),
        name: "e".into(),
        status,
        started_at: 1_700_000_000_123,
        stopped_at: (status != ExecutionStatus::Running).then_some(1_700_000_000_500),
        input: payload("{ }"),
        output: (status == ExecutionStatus::Succeeded).then(|| payload("[1]")),
        failure: match status {
            ExecutionStatus::Failed => Some(Failure::new("Err", "why")),
            ExecutionStatus::Aborted | ExecutionStatus::TimedOut => Some(Failure::default()),
            ExecutionStatus::Running | ExecutionStatus::Succeeded => None,
        },
        version_arn: None,
        alias_arn: None,
        redrive_count: 0,
        redriven_at: None,
        redrivable: match status {
            ExecutionStatus::Running => {
                Redrivable::No("Execution is RUNNING and cannot be redriven")
            }
            ExecutionStatus::Succeeded => {
                Redrivable::No("Execution is SUCCEEDED and cannot be redriven")
            }
            _ => Redrivable::Yes,
        },
        awaits_redrive: false,
        paused_at: None,
        map_run_arn: None,
        trace_header: None,
    }
}

const ALL: [ExecutionStatus; 5] = [
    ExecutionStatus::Running,
    ExecutionStatus::Succeeded,
    ExecutionStatus::Failed,
    ExecutionStatus::TimedOut,
    ExecutionStatus::Aborted,
];

fn lines(body: impl Fn(ExecutionStatus) -> Vec<u8>) -> String {
    let lines = ALL.map(|status| String::from_utf8(body(status)).expect("JSON is UTF-8"));
    lines.join("\n")
}

#[test]
fn described() {
    expect![[r#"
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"RUNNING","startDate":1700000000.123,"input":"{ }","inputDetails":{"included":true},"redriveCount":0,"redriveStatus":"NOT_REDRIVABLE","redriveStatusReason":"Execution is RUNNING and cannot be redriven"}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"SUCCEEDED","startDate":1700000000.123,"stopDate":1700000000.5,"input":"{ }","inputDetails":{"included":true},"output":"[1]","outputDetails":{"included":true},"redriveCount":0,"redriveStatus":"NOT_REDRIVABLE","redriveStatusReason":"Execution is SUCCEEDED and cannot be redriven"}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"FAILED","startDate":1700000000.123,"stopDate":1700000000.5,"input":"{ }","inputDetails":{"included":true},"error":"Err","cause":"why","redriveCount":0,"redriveStatus":"REDRIVABLE"}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"TIMED_OUT","startDate":1700000000.123,"stopDate":1700000000.5,"input":"{ }","inputDetails":{"included":true},"redriveCount":0,"redriveStatus":"REDRIVABLE"}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"ABORTED","startDate":1700000000.123,"stopDate":1700000000.5,"input":"{ }","inputDetails":{"included":true},"redriveCount":0,"redriveStatus":"REDRIVABLE"}"#]].assert_eq(&lines(|status| {
        encode(&describe_output(&view(status), Included::All))
    }));
}

#[test]
fn described_without_data() {
    expect![[r#"
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"RUNNING","startDate":1700000000.123,"inputDetails":{"included":false},"redriveCount":0,"redriveStatus":"NOT_REDRIVABLE","redriveStatusReason":"Execution is RUNNING and cannot be redriven"}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"SUCCEEDED","startDate":1700000000.123,"stopDate":1700000000.5,"inputDetails":{"included":false},"outputDetails":{"included":false},"redriveCount":0,"redriveStatus":"NOT_REDRIVABLE","redriveStatusReason":"Execution is SUCCEEDED and cannot be redriven"}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"FAILED","startDate":1700000000.123,"stopDate":1700000000.5,"inputDetails":{"included":false},"redriveCount":0,"redriveStatus":"REDRIVABLE"}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"TIMED_OUT","startDate":1700000000.123,"stopDate":1700000000.5,"inputDetails":{"included":false},"redriveCount":0,"redriveStatus":"REDRIVABLE"}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"ABORTED","startDate":1700000000.123,"stopDate":1700000000.5,"inputDetails":{"included":false},"redriveCount":0,"redriveStatus":"REDRIVABLE"}"#]].assert_eq(&lines(|status| {
        encode(&describe_output(&view(status), Included::Metadata))
    }));
}

#[test]
fn run_to_their_end() {
    expect![[r#"
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","startDate":1700000000.123,"stopDate":1700000000.123,"status":"FAILED","input":"{ }","inputDetails":{"included":true},"billingDetails":{"billedMemoryUsedInMB":64,"billedDurationInMilliseconds":100}}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","startDate":1700000000.123,"stopDate":1700000000.5,"status":"SUCCEEDED","input":"{ }","inputDetails":{"included":true},"output":"[1]","outputDetails":{"included":true},"billingDetails":{"billedMemoryUsedInMB":64,"billedDurationInMilliseconds":400}}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","startDate":1700000000.123,"stopDate":1700000000.5,"status":"FAILED","error":"Err","cause":"why","input":"{ }","inputDetails":{"included":true},"billingDetails":{"billedMemoryUsedInMB":64,"billedDurationInMilliseconds":400}}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","startDate":1700000000.123,"stopDate":1700000000.5,"status":"TIMED_OUT","input":"{ }","inputDetails":{"included":true},"billingDetails":{"billedMemoryUsedInMB":64,"billedDurationInMilliseconds":400}}
        {"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","startDate":1700000000.123,"stopDate":1700000000.5,"status":"FAILED","input":"{ }","inputDetails":{"included":true},"billingDetails":{"billedMemoryUsedInMB":64,"billedDurationInMilliseconds":400}}"#]].assert_eq(&lines(|status| {
        encode(&sync_output(&view(status), Included::All))
    }));
}

#[test]
fn billed_by_the_hundred_milliseconds() {
    for (duration, billed) in [(0, 100), (1, 100), (100, 100), (101, 200), (7_501, 7_600)] {
        let billing = billing(duration);
        assert_eq!(billing.billed_duration_in_milliseconds, Some(billed));
        assert_eq!(billing.billed_memory_used_in_mb, Some(64));
    }
}

#[test]
fn a_page_has_a_next_one_only_when_there_is_more() {
    for (found, limit, shown, next) in [
        (vec![1, 2, 3], 2, vec![1, 2], Some("2")),
        (vec![1, 2], 2, vec![1, 2], None),
        (vec![], 2, vec![], None),
    ] {
        let mut items = found;
        let token = next_page(&mut items, limit, ToString::to_string);
        assert_eq!((items, token.as_deref()), (shown, next));
    }
}
