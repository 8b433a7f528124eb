//! What a Task's `Resource` names: a function, an activity, or a service integration with its pattern.

use std::sync::Arc;

/// A Task's `Resource`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A function's own ARN: `arn:aws:lambda:…:function:name`.
    Function(Arc<str>),
    /// An activity's ARN: `arn:aws:states:…:activity:name`.
    Activity(Arc<str>),
    /// A service integration: `arn:aws:states:::lambda:invoke.waitForTaskToken`.
    Service(ServiceCall),
}

/// A service integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCall {
    /// The whole ARN, as written.
    pub arn: Arc<str>,
    /// What the history calls `resourceType`: `lambda`, `states`, `aws-sdk:sfn`.
    pub resource_type: Arc<str>,
    /// What the history calls `resource`: `invoke.waitForTaskToken`.
    pub resource: Arc<str>,
    /// The action without its pattern: `invoke`.
    pub action: Arc<str>,
    /// How the answer comes.
    pub pattern: Pattern,
}

/// How a service integration's answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// The call's own response is the result.
    RequestResponse,
    /// `.sync`: the job's end is the result.
    Sync,
    /// `.sync:2`: the same, with the child's output as JSON.
    Sync2,
    /// `.waitForTaskToken`: whoever has the token gives the result.
    WaitForTaskToken,
}
