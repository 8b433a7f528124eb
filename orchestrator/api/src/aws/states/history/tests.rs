//! Every type of history event as GetExecutionHistory shows it.

use expect_test::expect;
use interpreter::failure::Failure;
use interpreter::history::{
    AssignedVariable, EventKind, HistoryEvent, MapIteration, StateType, TaskResource,
};
use interpreter::payload::Payload;

use super::{Data, wire_event};
use crate::aws::json::encode;

fn shown(kinds: Vec<EventKind>, data: Data) -> String {
    let mut text = String::new();
    for (id, kind) in (1..).zip(kinds) {
        let event = HistoryEvent {
            id,
            previous: id - 1,
            timestamp: 1_700_000_000_000 + i64::try_from(id).expect("small"),
            kind,
        };
        let line = String::from_utf8(encode(&wire_event(&event, data))).expect("JSON is UTF-8");
        text += &line;
        text.push('\n');
    }
    text
}

fn payload(text: &str) -> Payload {
    Payload::parse(text).expect("JSON")
}

fn failure() -> Failure {
    Failure::new("Err", "because \"x\"")
}

fn resource() -> TaskResource {
    TaskResource {
        resource_type: "lambda".into(),
        resource: "invoke".into(),
    }
}

fn iteration() -> MapIteration {
    MapIteration {
        name: "Map".into(),
        index: 4,
    }
}

fn execution_events() -> Vec<EventKind> {
    vec![
        EventKind::ExecutionStarted {
            input: payload("[[1, 2]]"),
            role_arn: "arn:role".into(),
            version_arn: None,
            alias_arn: None,
        },
        EventKind::ExecutionStarted {
            input: payload("{}"),
            role_arn: "arn:role".into(),
            version_arn: Some("arn:m:1".into()),
            alias_arn: Some("arn:m:live".into()),
        },
        EventKind::ExecutionSucceeded {
            output: payload(r#"{"a":"b"}"#),
        },
        EventKind::ExecutionFailed(failure()),
        EventKind::ExecutionFailed(Failure::default()),
        EventKind::ExecutionAborted(Failure::default()),
        EventKind::ExecutionAborted(failure()),
        EventKind::ExecutionTimedOut(Failure::default()),
    ]
}

const STATE_TYPES: [StateType; 8] = [
    StateType::Task,
    StateType::Pass,
    StateType::Choice,
    StateType::Wait,
    StateType::Succeed,
    StateType::Fail,
    StateType::Parallel,
    StateType::Map,
];

fn state_events() -> Vec<EventKind> {
    let entered = STATE_TYPES.map(|state_type| EventKind::StateEntered {
        state_type,
        name: "S".into(),
        input: payload("1"),
    });
    let exited = STATE_TYPES.map(|state_type| EventKind::StateExited {
        state_type,
        name: "S".into(),
        output: payload("null"),
        assigned: Vec::new(),
    });
    let aborted = [
        StateType::Task,
        StateType::Wait,
        StateType::Parallel,
        StateType::Map,
    ]
    .map(|state_type| EventKind::StateAborted { state_type });
    let assigning = EventKind::StateExited {
        state_type: StateType::Pass,
        name: "S".into(),
        output: payload("{}"),
        assigned: vec![
            AssignedVariable {
                name: "result".into(),
                value: payload("\"HelloWorld!\""),
            },
            AssignedVariable {
                name: "timeout".into(),
                value: payload("150"),
            },
        ],
    };
    let evaluation = EventKind::EvaluationFailed {
        state: "S".into(),
        failure: failure(),
        location: Some("Output/result".into()),
    };
    let mut kinds = Vec::from(entered);
    kinds.extend(exited);
    kinds.extend(aborted);
    kinds.extend([assigning, evaluation]);
    kinds
}

fn fork_events() -> Vec<EventKind> {
    vec![
        EventKind::ParallelStarted,
        EventKind::ParallelSucceeded,
        EventKind::ParallelFailed,
        EventKind::MapStarted { length: 3 },
        EventKind::MapSucceeded,
        EventKind::MapFailed,
        EventKind::MapIterationStarted(iteration()),
        EventKind::MapIterationSucceeded(iteration()),
        EventKind::MapIterationFailed(iteration()),
        EventKind::MapIterationAborted(iteration()),
    ]
}

fn task_events() -> Vec<EventKind> {
    vec![
        EventKind::TaskScheduled {
            resource: resource(),
            region: "us-east-1".into(),
            parameters: payload(r#"{"FunctionName":"f"}"#),
            timeout_seconds: None,
            heartbeat_seconds: None,
            credentials_role_arn: None,
        },
        EventKind::TaskScheduled {
            resource: resource(),
            region: "us-east-1".into(),
            parameters: payload("{}"),
            timeout_seconds: Some(300),
            heartbeat_seconds: Some(10),
            credentials_role_arn: Some("arn:other".into()),
        },
        EventKind::TaskStarted {
            resource: resource(),
        },
        EventKind::TaskStartFailed {
            resource: resource(),
            failure: failure(),
        },
        EventKind::TaskSubmitted {
            resource: resource(),
            output: payload("{}"),
        },
        EventKind::TaskSubmitFailed {
            resource: resource(),
            failure: failure(),
        },
        EventKind::TaskSucceeded {
            resource: resource(),
            output: payload("{}"),
        },
        EventKind::TaskFailed {
            resource: resource(),
            failure: failure(),
        },
        EventKind::TaskTimedOut {
            resource: resource(),
            failure: Failure::named("States.Timeout"),
        },
    ]
}

fn activity_events() -> Vec<EventKind> {
    vec![
        EventKind::ActivityScheduled {
            resource: "arn:activity".into(),
            input: payload("{}"),
            timeout_seconds: Some(60),
            heartbeat_seconds: Some(10),
        },
        EventKind::ActivityScheduleFailed(failure()),
        EventKind::ActivityStarted {
            worker_name: Some("w1".into()),
        },
        EventKind::ActivityStarted { worker_name: None },
        EventKind::ActivitySucceeded {
            output: payload("{}"),
        },
        EventKind::ActivityFailed(failure()),
        EventKind::ActivityTimedOut(Failure::named("States.Timeout")),
    ]
}

fn function_events() -> Vec<EventKind> {
    vec![
        EventKind::LambdaFunctionScheduled {
            resource: "arn:function".into(),
            input: payload("{}"),
            timeout_seconds: Some(5),
            credentials_role_arn: Some("arn:other".into()),
        },
        EventKind::LambdaFunctionScheduleFailed(failure()),
        EventKind::LambdaFunctionStarted,
        EventKind::LambdaFunctionStartFailed(failure()),
        EventKind::LambdaFunctionSucceeded {
            output: payload("{}"),
        },
        EventKind::LambdaFunctionFailed(failure()),
        EventKind::LambdaFunctionTimedOut(Failure::named("States.Timeout")),
    ]
}

#[test]
fn executions() {
    expect![[r#"
        {"timestamp":1700000000.001,"type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{"input":"[[1, 2]]","inputDetails":{"truncated":false},"roleArn":"arn:role"}}
        {"timestamp":1700000000.002,"type":"ExecutionStarted","id":2,"previousEventId":1,"executionStartedEventDetails":{"input":"{}","inputDetails":{"truncated":false},"roleArn":"arn:role","stateMachineAliasArn":"arn:m:live","stateMachineVersionArn":"arn:m:1"}}
        {"timestamp":1700000000.003,"type":"ExecutionSucceeded","id":3,"previousEventId":2,"executionSucceededEventDetails":{"output":"{\"a\":\"b\"}","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.004,"type":"ExecutionFailed","id":4,"previousEventId":3,"executionFailedEventDetails":{"error":"Err","cause":"because \"x\""}}
        {"timestamp":1700000000.005,"type":"ExecutionFailed","id":5,"previousEventId":4,"executionFailedEventDetails":{}}
        {"timestamp":1700000000.006,"type":"ExecutionAborted","id":6,"previousEventId":5,"executionAbortedEventDetails":{}}
        {"timestamp":1700000000.007,"type":"ExecutionAborted","id":7,"previousEventId":6,"executionAbortedEventDetails":{"error":"Err","cause":"because \"x\""}}
        {"timestamp":1700000000.008,"type":"ExecutionTimedOut","id":8,"previousEventId":7,"executionTimedOutEventDetails":{}}
    "#]].assert_eq(&shown(execution_events(), Data::Included));
}

#[test]
fn states() {
    expect![[r#"
        {"timestamp":1700000000.001,"type":"TaskStateEntered","id":1,"previousEventId":0,"stateEnteredEventDetails":{"name":"S","input":"1","inputDetails":{"truncated":false}}}
        {"timestamp":1700000000.002,"type":"PassStateEntered","id":2,"previousEventId":1,"stateEnteredEventDetails":{"name":"S","input":"1","inputDetails":{"truncated":false}}}
        {"timestamp":1700000000.003,"type":"ChoiceStateEntered","id":3,"previousEventId":2,"stateEnteredEventDetails":{"name":"S","input":"1","inputDetails":{"truncated":false}}}
        {"timestamp":1700000000.004,"type":"WaitStateEntered","id":4,"previousEventId":3,"stateEnteredEventDetails":{"name":"S","input":"1","inputDetails":{"truncated":false}}}
        {"timestamp":1700000000.005,"type":"SucceedStateEntered","id":5,"previousEventId":4,"stateEnteredEventDetails":{"name":"S","input":"1","inputDetails":{"truncated":false}}}
        {"timestamp":1700000000.006,"type":"FailStateEntered","id":6,"previousEventId":5,"stateEnteredEventDetails":{"name":"S","input":"1","inputDetails":{"truncated":false}}}
        {"timestamp":1700000000.007,"type":"ParallelStateEntered","id":7,"previousEventId":6,"stateEnteredEventDetails":{"name":"S","input":"1","inputDetails":{"truncated":false}}}
        {"timestamp":1700000000.008,"type":"MapStateEntered","id":8,"previousEventId":7,"stateEnteredEventDetails":{"name":"S","input":"1","inputDetails":{"truncated":false}}}
        {"timestamp":1700000000.009,"type":"TaskStateExited","id":9,"previousEventId":8,"stateExitedEventDetails":{"name":"S","output":"null","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.01,"type":"PassStateExited","id":10,"previousEventId":9,"stateExitedEventDetails":{"name":"S","output":"null","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.011,"type":"ChoiceStateExited","id":11,"previousEventId":10,"stateExitedEventDetails":{"name":"S","output":"null","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.012,"type":"WaitStateExited","id":12,"previousEventId":11,"stateExitedEventDetails":{"name":"S","output":"null","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.013,"type":"SucceedStateExited","id":13,"previousEventId":12,"stateExitedEventDetails":{"name":"S","output":"null","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.014,"type":"SucceedStateExited","id":14,"previousEventId":13,"stateExitedEventDetails":{"name":"S","output":"null","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.015,"type":"ParallelStateExited","id":15,"previousEventId":14,"stateExitedEventDetails":{"name":"S","output":"null","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.016,"type":"MapStateExited","id":16,"previousEventId":15,"stateExitedEventDetails":{"name":"S","output":"null","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.017,"type":"TaskStateAborted","id":17,"previousEventId":16}
        {"timestamp":1700000000.018,"type":"WaitStateAborted","id":18,"previousEventId":17}
        {"timestamp":1700000000.019,"type":"ParallelStateAborted","id":19,"previousEventId":18}
        {"timestamp":1700000000.02,"type":"MapStateAborted","id":20,"previousEventId":19}
        {"timestamp":1700000000.021,"type":"PassStateExited","id":21,"previousEventId":20,"stateExitedEventDetails":{"name":"S","output":"{}","outputDetails":{"truncated":false},"assignedVariables":{"result":"\"HelloWorld!\"","timeout":"150"},"assignedVariablesDetails":{"truncated":false}}}
        {"timestamp":1700000000.022,"type":"EvaluationFailed","id":22,"previousEventId":21,"evaluationFailedEventDetails":{"error":"Err","cause":"because \"x\"","location":"Output/result","state":"S"}}
    "#]].assert_eq(&shown(state_events(), Data::Included));
}

#[test]
fn forks() {
    expect![[r#"
        {"timestamp":1700000000.001,"type":"ParallelStateStarted","id":1,"previousEventId":0}
        {"timestamp":1700000000.002,"type":"ParallelStateSucceeded","id":2,"previousEventId":1}
        {"timestamp":1700000000.003,"type":"ParallelStateFailed","id":3,"previousEventId":2}
        {"timestamp":1700000000.004,"type":"MapStateStarted","id":4,"previousEventId":3,"mapStateStartedEventDetails":{"length":3}}
        {"timestamp":1700000000.005,"type":"MapStateSucceeded","id":5,"previousEventId":4}
        {"timestamp":1700000000.006,"type":"MapStateFailed","id":6,"previousEventId":5}
        {"timestamp":1700000000.007,"type":"MapIterationStarted","id":7,"previousEventId":6,"mapIterationStartedEventDetails":{"name":"Map","index":4}}
        {"timestamp":1700000000.008,"type":"MapIterationSucceeded","id":8,"previousEventId":7,"mapIterationSucceededEventDetails":{"name":"Map","index":4}}
        {"timestamp":1700000000.009,"type":"MapIterationFailed","id":9,"previousEventId":8,"mapIterationFailedEventDetails":{"name":"Map","index":4}}
        {"timestamp":1700000000.01,"type":"MapIterationAborted","id":10,"previousEventId":9,"mapIterationAbortedEventDetails":{"name":"Map","index":4}}
    "#]].assert_eq(&shown(fork_events(), Data::Included));
}

#[test]
fn tasks() {
    expect![[r#"
        {"timestamp":1700000000.001,"type":"TaskScheduled","id":1,"previousEventId":0,"taskScheduledEventDetails":{"resourceType":"lambda","resource":"invoke","region":"us-east-1","parameters":"{\"FunctionName\":\"f\"}"}}
        {"timestamp":1700000000.002,"type":"TaskScheduled","id":2,"previousEventId":1,"taskScheduledEventDetails":{"resourceType":"lambda","resource":"invoke","region":"us-east-1","parameters":"{}","timeoutInSeconds":300,"heartbeatInSeconds":10,"taskCredentials":{"roleArn":"arn:other"}}}
        {"timestamp":1700000000.003,"type":"TaskStarted","id":3,"previousEventId":2,"taskStartedEventDetails":{"resourceType":"lambda","resource":"invoke"}}
        {"timestamp":1700000000.004,"type":"TaskStartFailed","id":4,"previousEventId":3,"taskStartFailedEventDetails":{"resourceType":"lambda","resource":"invoke","error":"Err","cause":"because \"x\""}}
        {"timestamp":1700000000.005,"type":"TaskSubmitted","id":5,"previousEventId":4,"taskSubmittedEventDetails":{"resourceType":"lambda","resource":"invoke","output":"{}","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.006,"type":"TaskSubmitFailed","id":6,"previousEventId":5,"taskSubmitFailedEventDetails":{"resourceType":"lambda","resource":"invoke","error":"Err","cause":"because \"x\""}}
        {"timestamp":1700000000.007,"type":"TaskSucceeded","id":7,"previousEventId":6,"taskSucceededEventDetails":{"resourceType":"lambda","resource":"invoke","output":"{}","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.008,"type":"TaskFailed","id":8,"previousEventId":7,"taskFailedEventDetails":{"resourceType":"lambda","resource":"invoke","error":"Err","cause":"because \"x\""}}
        {"timestamp":1700000000.009,"type":"TaskTimedOut","id":9,"previousEventId":8,"taskTimedOutEventDetails":{"resourceType":"lambda","resource":"invoke","error":"States.Timeout"}}
    "#]].assert_eq(&shown(task_events(), Data::Included));
}

#[test]
fn activities() {
    expect![[r#"
        {"timestamp":1700000000.001,"type":"ActivityScheduled","id":1,"previousEventId":0,"activityScheduledEventDetails":{"resource":"arn:activity","input":"{}","inputDetails":{"truncated":false},"timeoutInSeconds":60,"heartbeatInSeconds":10}}
        {"timestamp":1700000000.002,"type":"ActivityScheduleFailed","id":2,"previousEventId":1,"activityScheduleFailedEventDetails":{"error":"Err","cause":"because \"x\""}}
        {"timestamp":1700000000.003,"type":"ActivityStarted","id":3,"previousEventId":2,"activityStartedEventDetails":{"workerName":"w1"}}
        {"timestamp":1700000000.004,"type":"ActivityStarted","id":4,"previousEventId":3,"activityStartedEventDetails":{}}
        {"timestamp":1700000000.005,"type":"ActivitySucceeded","id":5,"previousEventId":4,"activitySucceededEventDetails":{"output":"{}","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.006,"type":"ActivityFailed","id":6,"previousEventId":5,"activityFailedEventDetails":{"error":"Err","cause":"because \"x\""}}
        {"timestamp":1700000000.007,"type":"ActivityTimedOut","id":7,"previousEventId":6,"activityTimedOutEventDetails":{"error":"States.Timeout"}}
    "#]].assert_eq(&shown(activity_events(), Data::Included));
}

#[test]
fn functions() {
    expect![[r#"
        {"timestamp":1700000000.001,"type":"LambdaFunctionScheduled","id":1,"previousEventId":0,"lambdaFunctionScheduledEventDetails":{"resource":"arn:function","input":"{}","inputDetails":{"truncated":false},"timeoutInSeconds":5,"taskCredentials":{"roleArn":"arn:other"}}}
        {"timestamp":1700000000.002,"type":"LambdaFunctionScheduleFailed","id":2,"previousEventId":1,"lambdaFunctionScheduleFailedEventDetails":{"error":"Err","cause":"because \"x\""}}
        {"timestamp":1700000000.003,"type":"LambdaFunctionStarted","id":3,"previousEventId":2}
        {"timestamp":1700000000.004,"type":"LambdaFunctionStartFailed","id":4,"previousEventId":3,"lambdaFunctionStartFailedEventDetails":{"error":"Err","cause":"because \"x\""}}
        {"timestamp":1700000000.005,"type":"LambdaFunctionSucceeded","id":5,"previousEventId":4,"lambdaFunctionSucceededEventDetails":{"output":"{}","outputDetails":{"truncated":false}}}
        {"timestamp":1700000000.006,"type":"LambdaFunctionFailed","id":6,"previousEventId":5,"lambdaFunctionFailedEventDetails":{"error":"Err","cause":"because \"x\""}}
        {"timestamp":1700000000.007,"type":"LambdaFunctionTimedOut","id":7,"previousEventId":6,"lambdaFunctionTimedOutEventDetails":{"error":"States.Timeout"}}
    "#]].assert_eq(&shown(function_events(), Data::Included));
}

#[test]
fn without_data() {
    let kinds = vec![
        execution_events().swap_remove(0),
        state_events().swap_remove(20),
        task_events().swap_remove(0),
        task_events().swap_remove(6),
    ];
    expect![[r#"
        {"timestamp":1700000000.001,"type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{"roleArn":"arn:role"}}
        {"timestamp":1700000000.002,"type":"PassStateExited","id":2,"previousEventId":1,"stateExitedEventDetails":{"name":"S"}}
        {"timestamp":1700000000.003,"type":"TaskScheduled","id":3,"previousEventId":2,"taskScheduledEventDetails":{"resourceType":"lambda","resource":"invoke","region":"us-east-1","parameters":"{\"FunctionName\":\"f\"}"}}
        {"timestamp":1700000000.004,"type":"TaskSucceeded","id":4,"previousEventId":3,"taskSucceededEventDetails":{"resourceType":"lambda","resource":"invoke"}}
    "#]].assert_eq(&shown(kinds, Data::LeftOut));
}
