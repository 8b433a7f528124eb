//! Every refusal in AWS's words, and every code known to the clients of the operation.

use std::sync::Arc;

use expect_test::expect;
use runtime::arn::Partition;
use runtime::error::Error;

use super::{Mistake, Refusal, problem};
use crate::aws::problem::{COMMON, Problem};
use crate::aws::states::names::Arns;
use crate::aws::states::wire::Operation;

fn answer(operation: Operation, refusal: Refusal) -> Problem {
    let partition = Partition::default();
    let arns = Arns {
        partition: &partition,
    };
    problem(operation, arns, refusal)
}

fn runtime_errors() -> Vec<Error> {
    let text = || "m".to_owned();
    vec![
        Error::StateMachineDoesNotExist(text()),
        Error::StateMachineAlreadyExists("arn:aws:states:r:a:stateMachine:m".to_owned()),
        Error::InvalidDefinition(Vec::new()),
        Error::StateMachineTypeNotSupported(text()),
        Error::ExecutionDoesNotExist("m:e".to_owned()),
        Error::ExecutionAlreadyExists("arn:aws:states:r:a:execution:m:e".to_owned()),
        Error::InvalidExecutionInput("why".to_owned()),
        Error::TooLong {
            what: "input",
            bytes: 9,
            limit: 8,
        },
        Error::InvalidToken,
        Error::TaskDoesNotExist,
        Error::TaskTimedOut,
        Error::InvalidOutput("why".to_owned()),
        Error::ActivityDoesNotExist(text()),
        Error::ActivityWorkerLimitExceeded(text()),
        Error::LimitExceeded {
            what: "things",
            limit: 3,
        },
        Error::Parked {
            arn: "arn".into(),
            why: "reason".to_owned(),
        },
        Error::Unavailable(Arc::new(Error::Store(store::contract::Error::DiskFull))),
        Error::ShuttingDown,
        Error::Store(store::contract::Error::DiskFull),
        Error::Store(store::contract::Error::Closed),
    ]
}

fn mistakes() -> Vec<Mistake> {
    vec![
        Mistake::Arn("Invalid ARN prefix: x".to_owned()),
        Mistake::Name("a b".to_owned()),
        Mistake::PageToken,
        Mistake::NothingToUpdate,
        Mistake::Logging("why."),
        Mistake::Encryption("why"),
        Mistake::Resource("arn".to_owned()),
        Mistake::Request("why"),
    ]
}

fn refusals() -> impl Iterator<Item = Refusal> {
    let runtime = runtime_errors().into_iter().map(Refusal::Runtime);
    runtime.chain(mistakes().into_iter().map(Refusal::Mistake))
}

/// The operation that declares the code of a refusal, so that the code is seen as it is meant.
fn telling_operation(refusal: &Refusal) -> Operation {
    match refusal {
        Refusal::Runtime(Error::InvalidToken | Error::TaskDoesNotExist | Error::TaskTimedOut)
        | Refusal::Runtime(Error::InvalidOutput(_)) => Operation::SendTaskSuccess,
        Refusal::Runtime(Error::StateMachineAlreadyExists(_) | Error::InvalidDefinition(_))
        | Refusal::Mistake(Mistake::Logging(_) | Mistake::Encryption(_)) => {
            Operation::CreateStateMachine
        }
        Refusal::Runtime(Error::StateMachineTypeNotSupported(_)) => Operation::StartSyncExecution,
        Refusal::Runtime(Error::ExecutionDoesNotExist(_)) => Operation::DescribeExecution,
        Refusal::Runtime(
            Error::ActivityDoesNotExist(_) | Error::ActivityWorkerLimitExceeded(_),
        ) => Operation::GetActivityTask,
        Refusal::Mistake(Mistake::PageToken) => Operation::GetExecutionHistory,
        Refusal::Mistake(Mistake::NothingToUpdate) => Operation::UpdateStateMachine,
        Refusal::Mistake(Mistake::Resource(_)) => Operation::TagResource,
        _ => Operation::StartExecution,
    }
}

#[test]
fn speaks_as_aws_does() {
    let mut text = String::new();
    for refusal in refusals() {
        let problem = answer(telling_operation(&refusal), refusal);
        let body = String::from_utf8(problem.body()).expect("JSON is UTF-8");
        text += &format!("{} {body}\n", problem.status);
    }
    expect![[r#"
        400 {"__type":"StateMachineDoesNotExist","message":"State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:m'"}
        400 {"__type":"StateMachineAlreadyExists","message":"State Machine Already Exists: 'arn:aws:states:r:a:stateMachine:m'"}
        400 {"__type":"InvalidDefinition","message":"Invalid State Machine Definition: ''"}
        400 {"__type":"StateMachineTypeNotSupported","message":"This operation is not supported by this type of state machine"}
        400 {"__type":"ExecutionDoesNotExist","message":"Execution Does Not Exist: 'arn:aws:states:us-east-1:000000000000:execution:m:e'"}
        400 {"__type":"ExecutionAlreadyExists","message":"Execution Already Exists: 'arn:aws:states:r:a:execution:m:e'"}
        400 {"__type":"InvalidExecutionInput","message":"Invalid State Machine Execution Input: 'why'"}
        400 {"__type":"ValidationException","message":"1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 8"}
        400 {"__type":"InvalidToken","message":"Invalid Token: 'Invalid token'"}
        400 {"__type":"TaskDoesNotExist","message":"Task Does Not Exist: 'Provided task does not exist'"}
        400 {"__type":"TaskTimedOut","message":"Task Timed Out: 'Provided task does not exist anymore'"}
        400 {"__type":"InvalidOutput","message":"Invalid Output: 'why'"}
        400 {"__type":"ActivityDoesNotExist","message":"Activity Does Not Exist: 'arn:aws:states:us-east-1:000000000000:activity:m'"}
        400 {"__type":"ActivityWorkerLimitExceeded","message":"Activity Worker Limit Exceeded: 'arn:aws:states:us-east-1:000000000000:activity:m'"}
        400 {"__type":"ExecutionLimitExceeded","message":"The limit of 3 things is reached"}
        500 {"__type":"InternalFailure","message":"The execution arn is parked until somebody looks at it: reason"}
        503 {"__type":"ServiceUnavailable","message":"Nothing was changed: cannot write to the store: the disk is full"}
        503 {"__type":"ServiceUnavailable","message":"The server is shutting down"}
        503 {"__type":"ServiceUnavailable","message":"Nothing was changed: cannot write to the store: the disk is full"}
        500 {"__type":"InternalFailure","message":"the store is closed"}
        400 {"__type":"InvalidArn","message":"Invalid Arn: 'Invalid ARN prefix: x'"}
        400 {"__type":"InvalidName","message":"Invalid Name: 'a b'"}
        400 {"__type":"InvalidToken","message":"Invalid Token: 'Invalid token'"}
        400 {"__type":"MissingRequiredParameter","message":"Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration, or the EncryptionConfiguration must be specified"}
        400 {"__type":"InvalidLoggingConfiguration","message":"Invalid Logging Configuration: why."}
        400 {"__type":"InvalidEncryptionConfiguration","message":"Invalid Encryption Configuration: why"}
        400 {"__type":"ResourceNotFound","message":"Resource not found: 'arn'","resourceName":"arn"}
        400 {"__type":"ValidationException","message":"why"}
    "#]].assert_eq(&text);
}

#[test]
fn names_the_limit_that_was_reached() {
    let codes = [
        Operation::CreateStateMachine,
        Operation::CreateActivity,
        Operation::TagResource,
        Operation::StartExecution,
        Operation::DescribeExecution,
    ]
    .map(|operation| {
        let error = Error::LimitExceeded {
            what: "things",
            limit: 3,
        };
        answer(operation, Refusal::Runtime(error)).code
    });
    expect!["StateMachineLimitExceeded ActivityLimitExceeded TooManyTags ExecutionLimitExceeded ValidationException"].assert_eq(&codes.join(" "));
}

#[test]
fn knows_every_operation() {
    assert_eq!(Operation::ALL.len(), 37);
    for operation in Operation::ALL {
        assert_eq!(Operation::named(operation.spec().name), Some(operation));
    }
}

#[test]
fn answers_only_codes_that_clients_know() {
    for operation in Operation::ALL {
        for refusal in refusals() {
            let shown = format!("{refusal:?}");
            let problem = answer(operation, refusal);
            let declared = operation.spec().declares(problem.code);
            assert!(
                declared || COMMON.contains(&problem.code),
                "{operation:?} answers {} to {shown}",
                problem.code
            );
        }
    }
}
