//! How operations refuse: one table from the engine's errors and from mistakes that the API itself finds to AWS's codes.

use runtime::error::Error;

use crate::aws::constraints::Findings;
use crate::aws::problem::{COMMON, Problem};
use crate::aws::states::names::Arns;
use crate::aws::states::test_state::mistake_text;
use crate::aws::states::wire::{ErrorCode, Operation};

/// Why an operation was not performed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The engine refused.
    Runtime(Error),
    /// The API itself found a mistake.
    Mistake(Mistake),
    /// The protocol found a mistake, which has its final form already.
    Protocol(Problem),
}

/// A mistake that the API finds before it asks the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// A text is no ARN, or none that the operation takes; why.
    Arn(String),
    /// A name has characters that no name may have.
    Name(String),
    /// A page token is none, or another request's.
    PageToken,
    /// An update that changes nothing.
    NothingToUpdate,
    /// A logging configuration that can't be; why.
    Logging(&'static str),
    /// An encryption configuration that can't be; why.
    Encryption(&'static str),
    /// There is no such resource to tag.
    Resource(String),
    /// Two members that don't go together, or one that this version does not serve.
    Request(&'static str),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Runtime(error)
    }
}

impl From<Mistake> for Refusal {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Protocol(problem)
    }
}

/// The error answer of an operation.
pub(crate) fn problem(operation: Operation, arns: Arns<'_>, refusal: Refusal) -> Problem {
    let problem = match refusal {
        Refusal::Runtime(error) => of_runtime(operation, arns, &error),
        Refusal::Mistake(mistake) => of_mistake(mistake),
        Refusal::Protocol(problem) => problem,
    };
    if operation.spec().declares(problem.code) || COMMON.contains(&problem.code) {
        return problem;
    }
    // A client of this operation has no class for that code: generated SDKs would not know what to throw.
    Problem::validation(problem.message)
}

fn of_runtime(operation: Operation, arns: Arns<'_>, error: &Error) -> Problem {
    match error {
        Error::StateMachineDoesNotExist(machine) => declared(
            ErrorCode::StateMachineDoesNotExist,
            format!(
                "State Machine Does Not Exist: '{}'",
                arns.of_machine(machine)
            ),
        ),
        Error::StateMachineAlreadyExists(machine) => declared(
            ErrorCode::StateMachineAlreadyExists,
            format!(
                "State Machine Already Exists: '{}'",
                arns.of_machine(machine)
            ),
        ),
        Error::InvalidDefinition(diagnostics) => declared(
            ErrorCode::InvalidDefinition,
            asl::diagnostic::invalid_definition_text(diagnostics),
        ),
        Error::StateMachineTypeNotSupported(_) => declared(
            ErrorCode::StateMachineTypeNotSupported,
            "This operation is not supported by this type of state machine",
        ),
        Error::ExecutionDoesNotExist(execution) => declared(
            ErrorCode::ExecutionDoesNotExist,
            format!(
                "Execution Does Not Exist: '{}'",
                arns.of_execution(execution)
            ),
        ),
        Error::ExecutionAlreadyExists(execution) => declared(
            ErrorCode::ExecutionAlreadyExists,
            format!(
                "Execution Already Exists: '{}'",
                arns.of_execution(execution)
            ),
        ),
        Error::InvalidTest(mistake) => Problem::validation(mistake_text(mistake)),
        Error::TestCase(why) => Problem::validation(why.clone()),
        Error::ExecutionNotRedrivable(why) => {
            declared(ErrorCode::ExecutionNotRedrivable, why.as_str())
        }
        Error::DefinitionDoesNotFit(_) => {
            declared(ErrorCode::ExecutionNotRedrivable, error.to_string())
        }
        Error::ExecutionEnded(_) => Problem::validation(error.to_string()),
        Error::NoSuchQualifier(arn) => declared(
            ErrorCode::ResourceNotFound,
            "Request references a resource that does not exist.",
        )
        .about(arn),
        Error::Conflict(why) => declared(ErrorCode::ConflictException, why.as_str()),
        Error::InvalidRouting(why) => {
            Problem::validation(why.as_str()).because("INVALID_ROUTING_CONFIGURATION")
        }
        Error::QuotaExceeded { what, limit } => declared(
            ErrorCode::ServiceQuotaExceededException,
            format!("The limit of {limit} {what} is reached"),
        ),
        Error::InvalidExecutionInput(why) => declared(
            ErrorCode::InvalidExecutionInput,
            format!("Invalid State Machine Execution Input: '{why}'"),
        ),
        Error::TooLong { what, limit, .. } => Findings::too_long(what, *limit),
        Error::InvalidToken => declared(ErrorCode::InvalidToken, "Invalid Token: 'Invalid token'"),
        Error::TaskDoesNotExist => declared(
            ErrorCode::TaskDoesNotExist,
            "Task Does Not Exist: 'Provided task does not exist'",
        ),
        Error::TaskTimedOut => declared(
            ErrorCode::TaskTimedOut,
            "Task Timed Out: 'Provided task does not exist anymore'",
        ),
        Error::InvalidOutput(why) => {
            declared(ErrorCode::InvalidOutput, format!("Invalid Output: '{why}'"))
        }
        Error::MapRunDoesNotExist(arn) => declared(
            ErrorCode::ResourceNotFound,
            format!("Resource not found: '{arn}'"),
        )
        .about(arn),
        Error::MapRunIsOver(arn) => {
            Problem::validation(format!("Map Run '{arn}' has ended and can't be updated"))
                .because("CANNOT_UPDATE_COMPLETED_MAP_RUN")
        }
        Error::ActivityDoesNotExist(activity) => declared(
            ErrorCode::ActivityDoesNotExist,
            format!("Activity Does Not Exist: '{}'", arns.of_activity(activity)),
        ),
        Error::ActivityWorkerLimitExceeded(activity) => declared(
            ErrorCode::ActivityWorkerLimitExceeded,
            format!(
                "Activity Worker Limit Exceeded: '{}'",
                arns.of_activity(activity)
            ),
        ),
        Error::LimitExceeded { what, limit } => {
            of_limit(operation, format!("The limit of {limit} {what} is reached"))
        }
        Error::Parked { arn, why } => Problem::internal(format!(
            "The execution {arn} is parked until somebody looks at it: {why}"
        )),
        Error::Unavailable(error) => of_runtime(operation, arns, error),
        Error::ShuttingDown => Problem::unavailable("The server is shutting down"),
        Error::Store(error) if error.is_retryable() => {
            tracing::error!(operation = operation.spec().name, %error, "the store failed");
            Problem::unavailable(format!("Nothing was changed: {error}"))
        }
        Error::Store(error) => {
            tracing::error!(operation = operation.spec().name, %error, "the store failed");
            Problem::internal(error.to_string())
        }
    }
}

/// Each resource's limit has its own code.
fn of_limit(operation: Operation, message: String) -> Problem {
    match operation {
        Operation::CreateStateMachine => declared(ErrorCode::StateMachineLimitExceeded, message),
        Operation::CreateActivity => declared(ErrorCode::ActivityLimitExceeded, message),
        Operation::TagResource => declared(ErrorCode::TooManyTags, message),
        _ => declared(ErrorCode::ExecutionLimitExceeded, message),
    }
}

fn of_mistake(mistake: Mistake) -> Problem {
    match mistake {
        Mistake::Arn(why) => declared(ErrorCode::InvalidArn, format!("Invalid Arn: '{why}'")),
        Mistake::Name(name) => declared(ErrorCode::InvalidName, format!("Invalid Name: '{name}'")),
        Mistake::PageToken => declared(ErrorCode::InvalidToken, "Invalid Token: 'Invalid token'"),
        Mistake::NothingToUpdate => declared(
            ErrorCode::MissingRequiredParameter,
            "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration, or the \
             EncryptionConfiguration must be specified",
        ),
        Mistake::Logging(why) => declared(
            ErrorCode::InvalidLoggingConfiguration,
            format!("Invalid Logging Configuration: {why}"),
        ),
        Mistake::Encryption(why) => declared(
            ErrorCode::InvalidEncryptionConfiguration,
            format!("Invalid Encryption Configuration: {why}"),
        ),
        Mistake::Resource(arn) => declared(
            ErrorCode::ResourceNotFound,
            format!("Resource not found: '{arn}'"),
        )
        .about(arn),
        Mistake::Request(why) => Problem::validation(why),
    }
}

fn declared(code: ErrorCode, message: impl Into<String>) -> Problem {
    Problem::new(code.as_str(), code.status(), message)
}

#[cfg(test)]
mod tests;
