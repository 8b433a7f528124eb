//! History events: what an execution did, as GetExecutionHistory lists it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::payload::Payload;

/// One event of an execution's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// Its number, from 1 without gaps.
    pub id: u64,
    /// The event that led to this one; 0 for none.
    pub previous: u64,
    /// When: milliseconds since 1970. Never earlier than the event before.
    pub timestamp: i64,
    /// What happened.
    pub kind: EventKind,
}

/// The type of a state, for the events that every type has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateType {
    /// Task
    Task,
    /// Pass
    Pass,
    /// Choice
    Choice,
    /// Wait
    Wait,
    /// Succeed
    Succeed,
    /// Fail
    Fail,
    /// Parallel
    Parallel,
    /// Map
    Map,
}

/// A service integration, as its events name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskResource {
    /// `lambda`, `states`, `aws-sdk:sfn`
    pub resource_type: Arc<str>,
    /// `invoke`, `startExecution.sync`
    pub resource: Arc<str>,
}

/// A variable that a state assigned, with its JSON text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssignedVariable {
    /// Its name.
    pub name: Arc<str>,
    /// Its new value.
    pub value: Payload,
}

/// What happened. Stored by position: new variants go to the end, and none is ever removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// The execution began.
    ExecutionStarted {
        /// Its input, as the caller wrote it.
        input: Payload,
        /// The role it runs under.
        role_arn: Arc<str>,
        /// The version that was started, if one was.
        version_arn: Option<Arc<str>>,
        /// The alias that was started, if one was.
        alias_arn: Option<Arc<str>>,
    },
    /// The execution ended well.
    ExecutionSucceeded {
        /// Its output.
        output: Payload,
    },
    /// The execution failed.
    ExecutionFailed(Failure),
    /// Somebody stopped the execution.
    ExecutionAborted(Failure),
    /// The execution took longer than the machine's timeout.
    ExecutionTimedOut(Failure),
    /// A state was entered.
    StateEntered {
        /// Its type.
        state_type: StateType,
        /// Its name.
        name: Arc<str>,
        /// The input before InputPath.
        input: Payload,
    },
    /// A state was left.
    StateExited {
        /// Its type.
        state_type: StateType,
        /// Its name.
        name: Arc<str>,
        /// The output after OutputPath.
        output: Payload,
        /// The variables that it assigned.
        assigned: Vec<AssignedVariable>,
    },
    /// A Task, Wait, Parallel or Map state was ended by something outside it.
    StateAborted {
        /// Its type.
        state_type: StateType,
    },
    /// A Parallel's branches began.
    ParallelStarted,
    /// All branches ended well.
    ParallelSucceeded,
    /// A branch failed and nothing retried it.
    ParallelFailed,
    /// A Map's iterations began.
    MapStarted {
        /// How many items there are.
        length: u64,
    },
    /// All iterations ended well.
    MapSucceeded,
    /// An iteration failed and nothing retried it.
    MapFailed,
    /// One iteration began.
    MapIterationStarted(MapIteration),
    /// One iteration ended well.
    MapIterationSucceeded(MapIteration),
    /// One iteration failed.
    MapIterationFailed(MapIteration),
    /// One iteration was ended by something outside it.
    MapIterationAborted(MapIteration),
    /// A service integration's call was handed over.
    TaskScheduled {
        /// What is called.
        resource: TaskResource,
        /// The region that it is called in.
        region: Arc<str>,
        /// The call's parameters.
        parameters: Payload,
        /// The task's timeout.
        timeout_seconds: Option<u64>,
        /// The task's heartbeat.
        heartbeat_seconds: Option<u64>,
        /// The role of the task's Credentials.
        credentials_role_arn: Option<Arc<str>>,
    },
    /// The call began.
    TaskStarted {
        /// What is called.
        resource: TaskResource,
    },
    /// The call could not begin.
    TaskStartFailed {
        /// What is called.
        resource: TaskResource,
        /// Why.
        failure: Failure,
    },
    /// The call was accepted and its job or callback is awaited.
    TaskSubmitted {
        /// What was called.
        resource: TaskResource,
        /// The call's response.
        output: Payload,
    },
    /// The call was refused before its job began.
    TaskSubmitFailed {
        /// What was called.
        resource: TaskResource,
        /// Why.
        failure: Failure,
    },
    /// The task ended well.
    TaskSucceeded {
        /// What was called.
        resource: TaskResource,
        /// The result.
        output: Payload,
    },
    /// The task failed.
    TaskFailed {
        /// What was called.
        resource: TaskResource,
        /// Why.
        failure: Failure,
    },
    /// The task took longer than its timeout or heartbeat.
    TaskTimedOut {
        /// What was called.
        resource: TaskResource,
        /// Why.
        failure: Failure,
    },
    /// An activity's task waits for a worker.
    ActivityScheduled {
        /// The activity's ARN.
        resource: Arc<str>,
        /// What the worker gets.
        input: Payload,
        /// The task's timeout.
        timeout_seconds: Option<u64>,
        /// The task's heartbeat.
        heartbeat_seconds: Option<u64>,
    },
    /// There is no such activity.
    ActivityScheduleFailed(Failure),
    /// A worker took the task.
    ActivityStarted {
        /// The name that the worker gave.
        worker_name: Option<Arc<str>>,
    },
    /// The worker succeeded.
    ActivitySucceeded {
        /// The result.
        output: Payload,
    },
    /// The worker failed.
    ActivityFailed(Failure),
    /// The worker took longer than the task's timeout or heartbeat.
    ActivityTimedOut(Failure),
    /// A function's call was handed over.
    LambdaFunctionScheduled {
        /// The function's ARN.
        resource: Arc<str>,
        /// What the function gets.
        input: Payload,
        /// The task's timeout.
        timeout_seconds: Option<u64>,
        /// The role of the task's Credentials.
        credentials_role_arn: Option<Arc<str>>,
    },
    /// The call could not be handed over.
    LambdaFunctionScheduleFailed(Failure),
    /// The function's call began.
    LambdaFunctionStarted,
    /// The function's call could not begin.
    LambdaFunctionStartFailed(Failure),
    /// The function returned.
    LambdaFunctionSucceeded {
        /// The result.
        output: Payload,
    },
    /// The function failed.
    LambdaFunctionFailed(Failure),
    /// The function took longer than the task's timeout.
    LambdaFunctionTimedOut(Failure),
    /// An expression had no value.
    EvaluationFailed {
        /// The state.
        state: Arc<str>,
        /// Why.
        failure: Failure,
        /// The field, where one is to blame.
        location: Option<Arc<str>>,
    },
    /// The execution had ended and goes on.
    ExecutionRedriven {
        /// How often it was redriven by now.
        count: u32,
    },
    /// A Map Run began.
    MapRunStarted {
        /// Its ARN.
        arn: Arc<str>,
    },
    /// A Map Run ended well.
    MapRunSucceeded,
    /// A Map Run failed.
    MapRunFailed(Failure),
    /// A Map Run was ended by something outside it.
    MapRunAborted,
    /// A Map Run that had not succeeded goes on.
    MapRunRedriven {
        /// Its ARN.
        arn: Arc<str>,
        /// How often it was redriven by now.
        count: u32,
    },
}

/// One iteration of a Map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapIteration {
    /// The Map state's name.
    pub name: Arc<str>,
    /// The item's index.
    pub index: u64,
}
