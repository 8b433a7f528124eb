//! What the wire of AWS Step Functions looks like, written by `generate/wire.py`. Do not edit.
//!
//! From the service's own model, version 2016-11-23.

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess};

use crate::aws::constraints::{Findings, ListRule, NumberRule, TextRule};
use crate::aws::json::{self, Map, Required, Structure, Text, Timestamp};
use crate::aws::operation::OperationSpec;

/// What stands before the operation in `X-Amz-Target`.
pub(crate) const TARGET_PREFIX: &str = "AWSStepFunctions";

/// The operations of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    CreateActivity,
    CreateStateMachine,
    CreateStateMachineAlias,
    DeleteActivity,
    DeleteStateMachine,
    DeleteStateMachineAlias,
    DeleteStateMachineVersion,
    DescribeActivity,
    DescribeExecution,
    DescribeMapRun,
    DescribeStateMachine,
    DescribeStateMachineAlias,
    DescribeStateMachineForExecution,
    GetActivityTask,
    GetExecutionHistory,
    ListActivities,
    ListExecutions,
    ListMapRuns,
    ListStateMachineAliases,
    ListStateMachineVersions,
    ListStateMachines,
    ListTagsForResource,
    PublishStateMachineVersion,
    RedriveExecution,
    SendTaskFailure,
    SendTaskHeartbeat,
    SendTaskSuccess,
    StartExecution,
    StartSyncExecution,
    StopExecution,
    TagResource,
    TestState,
    UntagResource,
    UpdateMapRun,
    UpdateStateMachine,
    UpdateStateMachineAlias,
    ValidateStateMachineDefinition,
}

impl Operation {
    /// All of them.
    pub(crate) const ALL: [Self; 37] = [
        Self::CreateActivity,
        Self::CreateStateMachine,
        Self::CreateStateMachineAlias,
        Self::DeleteActivity,
        Self::DeleteStateMachine,
        Self::DeleteStateMachineAlias,
        Self::DeleteStateMachineVersion,
        Self::DescribeActivity,
        Self::DescribeExecution,
        Self::DescribeMapRun,
        Self::DescribeStateMachine,
        Self::DescribeStateMachineAlias,
        Self::DescribeStateMachineForExecution,
        Self::GetActivityTask,
        Self::GetExecutionHistory,
        Self::ListActivities,
        Self::ListExecutions,
        Self::ListMapRuns,
        Self::ListStateMachineAliases,
        Self::ListStateMachineVersions,
        Self::ListStateMachines,
        Self::ListTagsForResource,
        Self::PublishStateMachineVersion,
        Self::RedriveExecution,
        Self::SendTaskFailure,
        Self::SendTaskHeartbeat,
        Self::SendTaskSuccess,
        Self::StartExecution,
        Self::StartSyncExecution,
        Self::StopExecution,
        Self::TagResource,
        Self::TestState,
        Self::UntagResource,
        Self::UpdateMapRun,
        Self::UpdateStateMachine,
        Self::UpdateStateMachineAlias,
        Self::ValidateStateMachineDefinition,
    ];

    /// The operation of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "CreateActivity" => Self::CreateActivity,
            "CreateStateMachine" => Self::CreateStateMachine,
            "CreateStateMachineAlias" => Self::CreateStateMachineAlias,
            "DeleteActivity" => Self::DeleteActivity,
            "DeleteStateMachine" => Self::DeleteStateMachine,
            "DeleteStateMachineAlias" => Self::DeleteStateMachineAlias,
            "DeleteStateMachineVersion" => Self::DeleteStateMachineVersion,
            "DescribeActivity" => Self::DescribeActivity,
            "DescribeExecution" => Self::DescribeExecution,
            "DescribeMapRun" => Self::DescribeMapRun,
            "DescribeStateMachine" => Self::DescribeStateMachine,
            "DescribeStateMachineAlias" => Self::DescribeStateMachineAlias,
            "DescribeStateMachineForExecution" => Self::DescribeStateMachineForExecution,
            "GetActivityTask" => Self::GetActivityTask,
            "GetExecutionHistory" => Self::GetExecutionHistory,
            "ListActivities" => Self::ListActivities,
            "ListExecutions" => Self::ListExecutions,
            "ListMapRuns" => Self::ListMapRuns,
            "ListStateMachineAliases" => Self::ListStateMachineAliases,
            "ListStateMachineVersions" => Self::ListStateMachineVersions,
            "ListStateMachines" => Self::ListStateMachines,
            "ListTagsForResource" => Self::ListTagsForResource,
            "PublishStateMachineVersion" => Self::PublishStateMachineVersion,
            "RedriveExecution" => Self::RedriveExecution,
            "SendTaskFailure" => Self::SendTaskFailure,
            "SendTaskHeartbeat" => Self::SendTaskHeartbeat,
            "SendTaskSuccess" => Self::SendTaskSuccess,
            "StartExecution" => Self::StartExecution,
            "StartSyncExecution" => Self::StartSyncExecution,
            "StopExecution" => Self::StopExecution,
            "TagResource" => Self::TagResource,
            "TestState" => Self::TestState,
            "UntagResource" => Self::UntagResource,
            "UpdateMapRun" => Self::UpdateMapRun,
            "UpdateStateMachine" => Self::UpdateStateMachine,
            "UpdateStateMachineAlias" => Self::UpdateStateMachineAlias,
            "ValidateStateMachineDefinition" => Self::ValidateStateMachineDefinition,
            _ => return None,
        })
    }

    /// What the model says of it.
    pub(crate) const fn spec(self) -> &'static OperationSpec {
        match self {
            Self::CreateActivity => &OperationSpec {
                name: "CreateActivity",
                host_prefix: None,
                is_idempotent: true,
                errors: &[
                    "ActivityLimitExceeded",
                    "ActivityAlreadyExists",
                    "InvalidName",
                    "TooManyTags",
                    "InvalidEncryptionConfiguration",
                    "KmsAccessDeniedException",
                    "KmsThrottlingException",
                ],
            },
            Self::CreateStateMachine => &OperationSpec {
                name: "CreateStateMachine",
                host_prefix: None,
                is_idempotent: true,
                errors: &[
                    "InvalidArn",
                    "InvalidDefinition",
                    "InvalidName",
                    "InvalidLoggingConfiguration",
                    "InvalidTracingConfiguration",
                    "StateMachineAlreadyExists",
                    "StateMachineDeleting",
                    "StateMachineLimitExceeded",
                    "StateMachineTypeNotSupported",
                    "TooManyTags",
                    "ValidationException",
                    "ConflictException",
                    "InvalidEncryptionConfiguration",
                    "KmsAccessDeniedException",
                    "KmsThrottlingException",
                ],
            },
            Self::CreateStateMachineAlias => &OperationSpec {
                name: "CreateStateMachineAlias",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "InvalidArn",
                    "InvalidName",
                    "ValidationException",
                    "StateMachineDeleting",
                    "ResourceNotFound",
                    "ConflictException",
                    "ServiceQuotaExceededException",
                ],
            },
            Self::DeleteActivity => &OperationSpec {
                name: "DeleteActivity",
                host_prefix: None,
                is_idempotent: false,
                errors: &["InvalidArn"],
            },
            Self::DeleteStateMachine => &OperationSpec {
                name: "DeleteStateMachine",
                host_prefix: None,
                is_idempotent: false,
                errors: &["InvalidArn", "ValidationException"],
            },
            Self::DeleteStateMachineAlias => &OperationSpec {
                name: "DeleteStateMachineAlias",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "ValidationException",
                    "InvalidArn",
                    "ResourceNotFound",
                    "ConflictException",
                ],
            },
            Self::DeleteStateMachineVersion => &OperationSpec {
                name: "DeleteStateMachineVersion",
                host_prefix: None,
                is_idempotent: false,
                errors: &["ValidationException", "InvalidArn", "ConflictException"],
            },
            Self::DescribeActivity => &OperationSpec {
                name: "DescribeActivity",
                host_prefix: None,
                is_idempotent: false,
                errors: &["ActivityDoesNotExist", "InvalidArn"],
            },
            Self::DescribeExecution => &OperationSpec {
                name: "DescribeExecution",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "ExecutionDoesNotExist",
                    "InvalidArn",
                    "KmsAccessDeniedException",
                    "KmsInvalidStateException",
                    "KmsThrottlingException",
                ],
            },
            Self::DescribeMapRun => &OperationSpec {
                name: "DescribeMapRun",
                host_prefix: None,
                is_idempotent: false,
                errors: &["ResourceNotFound", "InvalidArn"],
            },
            Self::DescribeStateMachine => &OperationSpec {
                name: "DescribeStateMachine",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "InvalidArn",
                    "StateMachineDoesNotExist",
                    "KmsAccessDeniedException",
                    "KmsInvalidStateException",
                    "KmsThrottlingException",
                ],
            },
            Self::DescribeStateMachineAlias => &OperationSpec {
                name: "DescribeStateMachineAlias",
                host_prefix: None,
                is_idempotent: false,
                errors: &["ValidationException", "InvalidArn", "ResourceNotFound"],
            },
            Self::DescribeStateMachineForExecution => &OperationSpec {
                name: "DescribeStateMachineForExecution",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "ExecutionDoesNotExist",
                    "InvalidArn",
                    "KmsAccessDeniedException",
                    "KmsInvalidStateException",
                    "KmsThrottlingException",
                ],
            },
            Self::GetActivityTask => &OperationSpec {
                name: "GetActivityTask",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "ActivityDoesNotExist",
                    "ActivityWorkerLimitExceeded",
                    "InvalidArn",
                    "KmsAccessDeniedException",
                    "KmsInvalidStateException",
                    "KmsThrottlingException",
                ],
            },
            Self::GetExecutionHistory => &OperationSpec {
                name: "GetExecutionHistory",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "ExecutionDoesNotExist",
                    "InvalidArn",
                    "InvalidToken",
                    "KmsAccessDeniedException",
                    "KmsInvalidStateException",
                    "KmsThrottlingException",
                ],
            },
            Self::ListActivities => &OperationSpec {
                name: "ListActivities",
                host_prefix: None,
                is_idempotent: false,
                errors: &["InvalidToken"],
            },
            Self::ListExecutions => &OperationSpec {
                name: "ListExecutions",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "InvalidArn",
                    "InvalidToken",
                    "StateMachineDoesNotExist",
                    "StateMachineTypeNotSupported",
                    "ValidationException",
                    "ResourceNotFound",
                ],
            },
            Self::ListMapRuns => &OperationSpec {
                name: "ListMapRuns",
                host_prefix: None,
                is_idempotent: false,
                errors: &["ExecutionDoesNotExist", "InvalidArn", "InvalidToken"],
            },
            Self::ListStateMachineAliases => &OperationSpec {
                name: "ListStateMachineAliases",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "InvalidArn",
                    "InvalidToken",
                    "ResourceNotFound",
                    "StateMachineDoesNotExist",
                    "StateMachineDeleting",
                ],
            },
            Self::ListStateMachineVersions => &OperationSpec {
                name: "ListStateMachineVersions",
                host_prefix: None,
                is_idempotent: false,
                errors: &["ValidationException", "InvalidArn", "InvalidToken"],
            },
            Self::ListStateMachines => &OperationSpec {
                name: "ListStateMachines",
                host_prefix: None,
                is_idempotent: false,
                errors: &["InvalidToken"],
            },
            Self::ListTagsForResource => &OperationSpec {
                name: "ListTagsForResource",
                host_prefix: None,
                is_idempotent: false,
                errors: &["InvalidArn", "ResourceNotFound"],
            },
            Self::PublishStateMachineVersion => &OperationSpec {
                name: "PublishStateMachineVersion",
                host_prefix: None,
                is_idempotent: true,
                errors: &[
                    "ValidationException",
                    "StateMachineDeleting",
                    "StateMachineDoesNotExist",
                    "ServiceQuotaExceededException",
                    "ConflictException",
                    "InvalidArn",
                ],
            },
            Self::RedriveExecution => &OperationSpec {
                name: "RedriveExecution",
                host_prefix: None,
                is_idempotent: true,
                errors: &[
                    "ExecutionDoesNotExist",
                    "ExecutionNotRedrivable",
                    "ExecutionLimitExceeded",
                    "InvalidArn",
                    "ValidationException",
                ],
            },
            Self::SendTaskFailure => &OperationSpec {
                name: "SendTaskFailure",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "TaskDoesNotExist",
                    "InvalidToken",
                    "TaskTimedOut",
                    "KmsAccessDeniedException",
                    "KmsInvalidStateException",
                    "KmsThrottlingException",
                ],
            },
            Self::SendTaskHeartbeat => &OperationSpec {
                name: "SendTaskHeartbeat",
                host_prefix: None,
                is_idempotent: false,
                errors: &["TaskDoesNotExist", "InvalidToken", "TaskTimedOut"],
            },
            Self::SendTaskSuccess => &OperationSpec {
                name: "SendTaskSuccess",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "TaskDoesNotExist",
                    "InvalidOutput",
                    "InvalidToken",
                    "TaskTimedOut",
                    "KmsAccessDeniedException",
                    "KmsInvalidStateException",
                    "KmsThrottlingException",
                ],
            },
            Self::StartExecution => &OperationSpec {
                name: "StartExecution",
                host_prefix: None,
                is_idempotent: true,
                errors: &[
                    "ExecutionLimitExceeded",
                    "ExecutionAlreadyExists",
                    "InvalidArn",
                    "InvalidExecutionInput",
                    "InvalidName",
                    "StateMachineDoesNotExist",
                    "StateMachineDeleting",
                    "ValidationException",
                    "KmsAccessDeniedException",
                    "KmsInvalidStateException",
                    "KmsThrottlingException",
                ],
            },
            Self::StartSyncExecution => &OperationSpec {
                name: "StartSyncExecution",
                host_prefix: Some("sync-"),
                is_idempotent: false,
                errors: &[
                    "InvalidArn",
                    "InvalidExecutionInput",
                    "InvalidName",
                    "StateMachineDoesNotExist",
                    "StateMachineDeleting",
                    "StateMachineTypeNotSupported",
                    "KmsAccessDeniedException",
                    "KmsInvalidStateException",
                    "KmsThrottlingException",
                ],
            },
            Self::StopExecution => &OperationSpec {
                name: "StopExecution",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "ExecutionDoesNotExist",
                    "InvalidArn",
                    "ValidationException",
                    "KmsAccessDeniedException",
                    "KmsInvalidStateException",
                    "KmsThrottlingException",
                ],
            },
            Self::TagResource => &OperationSpec {
                name: "TagResource",
                host_prefix: None,
                is_idempotent: false,
                errors: &["InvalidArn", "ResourceNotFound", "TooManyTags"],
            },
            Self::TestState => &OperationSpec {
                name: "TestState",
                host_prefix: Some("sync-"),
                is_idempotent: false,
                errors: &[
                    "InvalidArn",
                    "InvalidDefinition",
                    "InvalidExecutionInput",
                    "ValidationException",
                ],
            },
            Self::UntagResource => &OperationSpec {
                name: "UntagResource",
                host_prefix: None,
                is_idempotent: false,
                errors: &["InvalidArn", "ResourceNotFound"],
            },
            Self::UpdateMapRun => &OperationSpec {
                name: "UpdateMapRun",
                host_prefix: None,
                is_idempotent: false,
                errors: &["ResourceNotFound", "InvalidArn", "ValidationException"],
            },
            Self::UpdateStateMachine => &OperationSpec {
                name: "UpdateStateMachine",
                host_prefix: None,
                is_idempotent: true,
                errors: &[
                    "InvalidArn",
                    "InvalidDefinition",
                    "InvalidLoggingConfiguration",
                    "InvalidTracingConfiguration",
                    "MissingRequiredParameter",
                    "StateMachineDeleting",
                    "StateMachineDoesNotExist",
                    "ServiceQuotaExceededException",
                    "ConflictException",
                    "ValidationException",
                    "InvalidEncryptionConfiguration",
                    "KmsAccessDeniedException",
                    "KmsThrottlingException",
                ],
            },
            Self::UpdateStateMachineAlias => &OperationSpec {
                name: "UpdateStateMachineAlias",
                host_prefix: None,
                is_idempotent: false,
                errors: &[
                    "ValidationException",
                    "InvalidArn",
                    "ResourceNotFound",
                    "ConflictException",
                    "StateMachineDeleting",
                ],
            },
            Self::ValidateStateMachineDefinition => &OperationSpec {
                name: "ValidateStateMachineDefinition",
                host_prefix: None,
                is_idempotent: false,
                errors: &["ValidationException"],
            },
        }
    }
}

/// The errors that operations declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ErrorCode {
    ActivityAlreadyExists,
    ActivityDoesNotExist,
    ActivityLimitExceeded,
    ActivityWorkerLimitExceeded,
    ConflictException,
    ExecutionAlreadyExists,
    ExecutionDoesNotExist,
    ExecutionLimitExceeded,
    ExecutionNotRedrivable,
    InvalidArn,
    InvalidDefinition,
    InvalidEncryptionConfiguration,
    InvalidExecutionInput,
    InvalidLoggingConfiguration,
    InvalidName,
    InvalidOutput,
    InvalidToken,
    InvalidTracingConfiguration,
    KmsAccessDeniedException,
    KmsInvalidStateException,
    KmsThrottlingException,
    MissingRequiredParameter,
    ResourceNotFound,
    ServiceQuotaExceededException,
    StateMachineAlreadyExists,
    StateMachineDeleting,
    StateMachineDoesNotExist,
    StateMachineLimitExceeded,
    StateMachineTypeNotSupported,
    TaskDoesNotExist,
    TaskTimedOut,
    TooManyTags,
    ValidationException,
}

impl ErrorCode {
    /// As it stands in `__type`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ActivityAlreadyExists => "ActivityAlreadyExists",
            Self::ActivityDoesNotExist => "ActivityDoesNotExist",
            Self::ActivityLimitExceeded => "ActivityLimitExceeded",
            Self::ActivityWorkerLimitExceeded => "ActivityWorkerLimitExceeded",
            Self::ConflictException => "ConflictException",
            Self::ExecutionAlreadyExists => "ExecutionAlreadyExists",
            Self::ExecutionDoesNotExist => "ExecutionDoesNotExist",
            Self::ExecutionLimitExceeded => "ExecutionLimitExceeded",
            Self::ExecutionNotRedrivable => "ExecutionNotRedrivable",
            Self::InvalidArn => "InvalidArn",
            Self::InvalidDefinition => "InvalidDefinition",
            Self::InvalidEncryptionConfiguration => "InvalidEncryptionConfiguration",
            Self::InvalidExecutionInput => "InvalidExecutionInput",
            Self::InvalidLoggingConfiguration => "InvalidLoggingConfiguration",
            Self::InvalidName => "InvalidName",
            Self::InvalidOutput => "InvalidOutput",
            Self::InvalidToken => "InvalidToken",
            Self::InvalidTracingConfiguration => "InvalidTracingConfiguration",
            Self::KmsAccessDeniedException => "KmsAccessDeniedException",
            Self::KmsInvalidStateException => "KmsInvalidStateException",
            Self::KmsThrottlingException => "KmsThrottlingException",
            Self::MissingRequiredParameter => "MissingRequiredParameter",
            Self::ResourceNotFound => "ResourceNotFound",
            Self::ServiceQuotaExceededException => "ServiceQuotaExceededException",
            Self::StateMachineAlreadyExists => "StateMachineAlreadyExists",
            Self::StateMachineDeleting => "StateMachineDeleting",
            Self::StateMachineDoesNotExist => "StateMachineDoesNotExist",
            Self::StateMachineLimitExceeded => "StateMachineLimitExceeded",
            Self::StateMachineTypeNotSupported => "StateMachineTypeNotSupported",
            Self::TaskDoesNotExist => "TaskDoesNotExist",
            Self::TaskTimedOut => "TaskTimedOut",
            Self::TooManyTags => "TooManyTags",
            Self::ValidationException => "ValidationException",
        }
    }

    /// The HTTP status that goes with it.
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::ActivityAlreadyExists
            | Self::ActivityDoesNotExist
            | Self::ActivityLimitExceeded
            | Self::ActivityWorkerLimitExceeded
            | Self::ConflictException
            | Self::ExecutionAlreadyExists
            | Self::ExecutionDoesNotExist
            | Self::ExecutionLimitExceeded
            | Self::ExecutionNotRedrivable
            | Self::InvalidArn
            | Self::InvalidDefinition
            | Self::InvalidEncryptionConfiguration
            | Self::InvalidExecutionInput
            | Self::InvalidLoggingConfiguration
            | Self::InvalidName
            | Self::InvalidOutput
            | Self::InvalidToken
            | Self::InvalidTracingConfiguration
            | Self::KmsAccessDeniedException
            | Self::KmsInvalidStateException
            | Self::KmsThrottlingException
            | Self::MissingRequiredParameter
            | Self::ResourceNotFound
            | Self::ServiceQuotaExceededException
            | Self::StateMachineAlreadyExists
            | Self::StateMachineDeleting
            | Self::StateMachineDoesNotExist
            | Self::StateMachineLimitExceeded
            | Self::StateMachineTypeNotSupported
            | Self::TaskDoesNotExist
            | Self::TaskTimedOut
            | Self::TooManyTags
            | Self::ValidationException => 400,
        }
    }
}

/// What the model asks of `AliasDescription`.
pub(crate) const ALIAS_DESCRIPTION: TextRule = TextRule {
    min: None,
    max: Some(256),
    pattern: None,
    values: &[],
    is_sensitive: true,
};

/// What the model asks of `Arn`.
pub(crate) const ARN: TextRule = TextRule {
    min: Some(1),
    max: Some(256),
    pattern: None,
    values: &[],
    is_sensitive: false,
};

/// What the model asks of `CharacterRestrictedName`.
pub(crate) const CHARACTER_RESTRICTED_NAME: TextRule = TextRule {
    min: Some(1),
    max: Some(80),
    pattern: Some("^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$"),
    values: &[],
    is_sensitive: false,
};

/// What the model asks of `ClientToken`.
pub(crate) const CLIENT_TOKEN: TextRule = TextRule {
    min: Some(1),
    max: Some(64),
    pattern: Some("[!-~]+"),
    values: &[],
    is_sensitive: false,
};

/// What the model asks of `Definition`.
pub(crate) const DEFINITION: TextRule = TextRule {
    min: Some(1),
    max: None,
    pattern: None,
    values: &[],
    is_sensitive: true,
};

/// What the model asks of `EncryptionType`.
pub(crate) const ENCRYPTION_TYPE: TextRule = TextRule {
    min: None,
    max: None,
    pattern: None,
    values: &EncryptionType::NAMES,
    is_sensitive: false,
};

/// What the model asks of `ExecutionRedriveFilter`.
pub(crate) const EXECUTION_REDRIVE_FILTER: TextRule = TextRule {
    min: None,
    max: None,
    pattern: None,
    values: &ExecutionRedriveFilter::NAMES,
    is_sensitive: false,
};

/// What the model asks of `ExecutionStatus`.
pub(crate) const EXECUTION_STATUS: TextRule = TextRule {
    min: None,
    max: None,
    pattern: None,
    values: &ExecutionStatus::NAMES,
    is_sensitive: false,
};

/// What the model asks of `IncludedData`.
pub(crate) const INCLUDED_DATA: TextRule = TextRule {
    min: None,
    max: None,
    pattern: None,
    values: &IncludedData::NAMES,
    is_sensitive: false,
};

/// What the model asks of `InspectionLevel`.
pub(crate) const INSPECTION_LEVEL: TextRule = TextRule {
    min: None,
    max: None,
    pattern: None,
    values: &InspectionLevel::NAMES,
    is_sensitive: false,
};

/// What the model asks of `KmsDataKeyReusePeriodSeconds`.
pub(crate) const KMS_DATA_KEY_REUSE_PERIOD_SECONDS: NumberRule = NumberRule {
    min: Some(60_f64),
    max: Some(900_f64),
};

/// What the model asks of `KmsKeyId`.
pub(crate) const KMS_KEY_ID: TextRule = TextRule {
    min: Some(1),
    max: Some(2048),
    pattern: None,
    values: &[],
    is_sensitive: false,
};

/// What the model asks of `ListExecutionsPageToken`.
pub(crate) const LIST_EXECUTIONS_PAGE_TOKEN: TextRule = TextRule {
    min: Some(1),
    max: Some(3096),
    pattern: None,
    values: &[],
    is_sensitive: false,
};

/// What the model asks of `LogLevel`.
pub(crate) const LOG_LEVEL: TextRule = TextRule {
    min: None,
    max: None,
    pattern: None,
    values: &LogLevel::NAMES,
    is_sensitive: false,
};

/// What the model asks of `LongArn`.
pub(crate) const LONG_ARN: TextRule = TextRule {
    min: Some(1),
    max: Some(2000),
    pattern: None,
    values: &[],
    is_sensitive: false,
};

/// What the model asks of `MapIterationFailureCount`.
pub(crate) const MAP_ITERATION_FAILURE_COUNT: NumberRule = NumberRule {
    min: Some(0_f64),
    max: None,
};

/// What the model asks of `MaxConcurrency`.
pub(crate) const MAX_CONCURRENCY: NumberRule = NumberRule {
    min: Some(0_f64),
    max: None,
};

/// What the model asks of `MockResponseValidationMode`.
pub(crate) const MOCK_RESPONSE_VALIDATION_MODE: TextRule = TextRule {
    min: None,
    max: None,
    pattern: None,
    values: &MockResponseValidationMode::NAMES,
    is_sensitive: false,
};

/// What the model asks of `Name`.
pub(crate) const NAME: TextRule = TextRule {
    min: Some(1),
    max: Some(80),
    pattern: None,
    values: &[],
    is_sensitive: false,
};

/// What the model asks of `PageSize`.
pub(crate) const PAGE_SIZE: NumberRule = NumberRule {
    min: Some(0_f64),
    max: Some(1000_f64),
};

/// What the model asks of `PageToken`.
pub(crate) const PAGE_TOKEN: TextRule = TextRule {
    min: Some(1),
    max: Some(1024),
    pattern: None,
    values: &[],
    is_sensitive: false,
};

/// What the model asks of `RetrierRetryCount`.
pub(crate) const RETRIER_RETRY_COUNT: NumberRule = NumberRule {
    min: Some(0_f64),
    max: None,
};

/// What the model asks of `RoutingConfigurationList`.
pub(crate) const ROUTING_CONFIGURATION_LIST: ListRule = ListRule {
    min: Some(1),
    max: Some(2),
};

/// What the model asks of `SensitiveCause`.
pub(crate) const SENSITIVE_CAUSE: TextRule = TextRule {
    min: None,
    max: Some(32768),
    pattern: None,
    values: &[],
    is_sensitive: true,
};

/// What the model asks of `SensitiveError`.
pub(crate) const SENSITIVE_ERROR: TextRule = TextRule {
    min: None,
    max: Some(256),
    pattern: None,
    values: &[],
    is_sensitive: true,
};

/// What the model asks of `StateMachineType`.
pub(crate) const STATE_MACHINE_TYPE: TextRule = TextRule {
    min: None,
    max: None,
    pattern: None,
    values: &StateMachineType::NAMES,
    is_sensitive: false,
};

/// What the model asks of `TagKey`.
pub(crate) const TAG_KEY: TextRule = TextRule {
    min: Some(1),
    max: Some(128),
    pattern: None,
    values: &[],
    is_sensitive: false,
};

/// What the model asks of `TagValue`.
pub(crate) const TAG_VALUE: TextRule = TextRule {
    min: None,
    max: Some(256),
    pattern: None,
    values: &[],
    is_sensitive: false,
};

/// What the model asks of `TaskToken`.
pub(crate) const TASK_TOKEN: TextRule = TextRule {
    min: Some(1),
    max: Some(2048),
    pattern: None,
    values: &[],
    is_sensitive: true,
};

/// What the model asks of `TestStateStateName`.
pub(crate) const TEST_STATE_STATE_NAME: TextRule = TextRule {
    min: Some(1),
    max: Some(80),
    pattern: None,
    values: &[],
    is_sensitive: true,
};

/// What the model asks of `ToleratedFailureCount`.
pub(crate) const TOLERATED_FAILURE_COUNT: NumberRule = NumberRule {
    min: Some(0_f64),
    max: None,
};

/// What the model asks of `ToleratedFailurePercentage`.
pub(crate) const TOLERATED_FAILURE_PERCENTAGE: NumberRule = NumberRule {
    min: Some(0_f64),
    max: Some(100_f64),
};

/// What the model asks of `TraceHeader`.
pub(crate) const TRACE_HEADER: TextRule = TextRule {
    min: None,
    max: Some(256),
    pattern: Some("\\p{ASCII}*"),
    values: &[],
    is_sensitive: false,
};

/// What the model asks of `ValidateStateMachineDefinitionMaxResult`.
pub(crate) const VALIDATE_STATE_MACHINE_DEFINITION_MAX_RESULT: NumberRule = NumberRule {
    min: Some(0_f64),
    max: Some(100_f64),
};

/// What the model asks of `ValidateStateMachineDefinitionSeverity`.
pub(crate) const VALIDATE_STATE_MACHINE_DEFINITION_SEVERITY: TextRule = TextRule {
    min: None,
    max: None,
    pattern: None,
    values: &ValidateStateMachineDefinitionSeverity::NAMES,
    is_sensitive: false,
};

/// What the model asks of `VersionDescription`.
pub(crate) const VERSION_DESCRIPTION: TextRule = TextRule {
    min: None,
    max: Some(256),
    pattern: None,
    values: &[],
    is_sensitive: true,
};

/// What the model asks of `VersionWeight`.
pub(crate) const VERSION_WEIGHT: NumberRule = NumberRule {
    min: Some(0_f64),
    max: Some(100_f64),
};

/// `ActivityFailedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ActivityFailedEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `ActivityListItem`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ActivityListItem<'a> {
    #[serde(rename = "activityArn")]
    pub(crate) activity_arn: &'a str,
    pub(crate) name: &'a str,
    #[serde(rename = "creationDate")]
    pub(crate) creation_date: Timestamp,
}

/// `ActivityScheduleFailedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ActivityScheduleFailedEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `ActivityScheduledEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ActivityScheduledEventDetails<'a> {
    pub(crate) resource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a str>,
    #[serde(rename = "inputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) input_details: Option<HistoryEventExecutionDataDetails>,
    #[serde(rename = "timeoutInSeconds", skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_in_seconds: Option<i64>,
    #[serde(rename = "heartbeatInSeconds", skip_serializing_if = "Option::is_none")]
    pub(crate) heartbeat_in_seconds: Option<i64>,
}

/// `ActivityStartedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ActivityStartedEventDetails<'a> {
    #[serde(rename = "workerName", skip_serializing_if = "Option::is_none")]
    pub(crate) worker_name: Option<&'a str>,
}

/// `ActivitySucceededEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ActivitySucceededEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<&'a str>,
    #[serde(rename = "outputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) output_details: Option<HistoryEventExecutionDataDetails>,
}

/// `ActivityTimedOutEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ActivityTimedOutEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `AssignedVariablesDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AssignedVariablesDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) truncated: Option<bool>,
}

/// `BillingDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct BillingDetails {
    #[serde(
        rename = "billedMemoryUsedInMB",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) billed_memory_used_in_mb: Option<i64>,
    #[serde(
        rename = "billedDurationInMilliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) billed_duration_in_milliseconds: Option<i64>,
}

/// `CloudWatchEventsExecutionDataDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CloudWatchEventsExecutionDataDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) included: Option<bool>,
}

/// `CloudWatchLogsLogGroup`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct CloudWatchLogsLogGroup<'a> {
    #[serde(rename = "logGroupArn", skip_serializing_if = "Option::is_none")]
    pub(crate) log_group_arn: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for CloudWatchLogsLogGroup<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "logGroupArn" => self.log_group_arn = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.text("logGroupArn", self.log_group_arn.as_deref(), &ARN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for CloudWatchLogsLogGroup<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `CreateActivityInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CreateActivityInput<'a> {
    pub(crate) name: Required<Text<'a>>,
    pub(crate) tags: Option<Vec<Tag<'a>>>,
    pub(crate) encryption_configuration: Option<EncryptionConfiguration<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for CreateActivityInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "name" => self.name = map.next_value()?,
            "tags" => self.tags = map.next_value()?,
            "encryptionConfiguration" => self.encryption_configuration = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("name", &self.name.0);
        findings.text("name", self.name.0.as_deref(), &NAME);
        findings.structures("tags", self.tags.as_deref());
        findings.structure(
            "encryptionConfiguration",
            self.encryption_configuration.as_ref(),
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for CreateActivityInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `CreateActivityOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CreateActivityOutput<'a> {
    #[serde(rename = "activityArn")]
    pub(crate) activity_arn: &'a str,
    #[serde(rename = "creationDate")]
    pub(crate) creation_date: Timestamp,
}

/// `CreateStateMachineAliasInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CreateStateMachineAliasInput<'a> {
    pub(crate) description: Option<Text<'a>>,
    pub(crate) name: Required<Text<'a>>,
    pub(crate) routing_configuration: Required<Vec<RoutingConfigurationListItem<'a>>>,
}

impl<'de: 'a, 'a> Structure<'de> for CreateStateMachineAliasInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "description" => self.description = map.next_value()?,
            "name" => self.name = map.next_value()?,
            "routingConfiguration" => self.routing_configuration = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.text(
            "description",
            self.description.as_deref(),
            &ALIAS_DESCRIPTION,
        );
        findings.required("name", &self.name.0);
        findings.text("name", self.name.0.as_deref(), &CHARACTER_RESTRICTED_NAME);
        findings.required("routingConfiguration", &self.routing_configuration.0);
        findings.length(
            "routingConfiguration",
            self.routing_configuration.0.as_deref(),
            &ROUTING_CONFIGURATION_LIST,
        );
        findings.structures(
            "routingConfiguration",
            self.routing_configuration.0.as_deref(),
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for CreateStateMachineAliasInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `CreateStateMachineAliasOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CreateStateMachineAliasOutput<'a> {
    #[serde(rename = "stateMachineAliasArn")]
    pub(crate) state_machine_alias_arn: &'a str,
    #[serde(rename = "creationDate")]
    pub(crate) creation_date: Timestamp,
}

/// `CreateStateMachineInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CreateStateMachineInput<'a> {
    pub(crate) name: Required<Text<'a>>,
    pub(crate) definition: Required<Text<'a>>,
    pub(crate) role_arn: Required<Text<'a>>,
    pub(crate) type_: Option<Text<'a>>,
    pub(crate) logging_configuration: Option<LoggingConfiguration<'a>>,
    pub(crate) tags: Option<Vec<Tag<'a>>>,
    pub(crate) tracing_configuration: Option<TracingConfiguration>,
    pub(crate) publish: Option<bool>,
    pub(crate) version_description: Option<Text<'a>>,
    pub(crate) encryption_configuration: Option<EncryptionConfiguration<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for CreateStateMachineInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "name" => self.name = map.next_value()?,
            "definition" => self.definition = map.next_value()?,
            "roleArn" => self.role_arn = map.next_value()?,
            "type" => self.type_ = map.next_value()?,
            "loggingConfiguration" => self.logging_configuration = map.next_value()?,
            "tags" => self.tags = map.next_value()?,
            "tracingConfiguration" => self.tracing_configuration = map.next_value()?,
            "publish" => self.publish = map.next_value()?,
            "versionDescription" => self.version_description = map.next_value()?,
            "encryptionConfiguration" => self.encryption_configuration = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("name", &self.name.0);
        findings.text("name", self.name.0.as_deref(), &NAME);
        findings.required("definition", &self.definition.0);
        findings.text("definition", self.definition.0.as_deref(), &DEFINITION);
        findings.required("roleArn", &self.role_arn.0);
        findings.text("roleArn", self.role_arn.0.as_deref(), &ARN);
        findings.text("type", self.type_.as_deref(), &STATE_MACHINE_TYPE);
        findings.structure("loggingConfiguration", self.logging_configuration.as_ref());
        findings.structures("tags", self.tags.as_deref());
        findings.structure("tracingConfiguration", self.tracing_configuration.as_ref());
        findings.text(
            "versionDescription",
            self.version_description.as_deref(),
            &VERSION_DESCRIPTION,
        );
        findings.structure(
            "encryptionConfiguration",
            self.encryption_configuration.as_ref(),
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for CreateStateMachineInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `CreateStateMachineOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CreateStateMachineOutput<'a> {
    #[serde(rename = "stateMachineArn")]
    pub(crate) state_machine_arn: &'a str,
    #[serde(rename = "creationDate")]
    pub(crate) creation_date: Timestamp,
    #[serde(
        rename = "stateMachineVersionArn",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) state_machine_version_arn: Option<&'a str>,
}

/// `DeleteActivityInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DeleteActivityInput<'a> {
    pub(crate) activity_arn: Required<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for DeleteActivityInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "activityArn" => self.activity_arn = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("activityArn", &self.activity_arn.0);
        findings.text("activityArn", self.activity_arn.0.as_deref(), &ARN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DeleteActivityInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `DeleteActivityOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DeleteActivityOutput {}

/// `DeleteStateMachineAliasInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DeleteStateMachineAliasInput<'a> {
    pub(crate) state_machine_alias_arn: Required<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for DeleteStateMachineAliasInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineAliasArn" => self.state_machine_alias_arn = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineAliasArn", &self.state_machine_alias_arn.0);
        findings.text(
            "stateMachineAliasArn",
            self.state_machine_alias_arn.0.as_deref(),
            &ARN,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DeleteStateMachineAliasInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `DeleteStateMachineAliasOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DeleteStateMachineAliasOutput {}

/// `DeleteStateMachineInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DeleteStateMachineInput<'a> {
    pub(crate) state_machine_arn: Required<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for DeleteStateMachineInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineArn" => self.state_machine_arn = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineArn", &self.state_machine_arn.0);
        findings.text("stateMachineArn", self.state_machine_arn.0.as_deref(), &ARN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DeleteStateMachineInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `DeleteStateMachineOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DeleteStateMachineOutput {}

/// `DeleteStateMachineVersionInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DeleteStateMachineVersionInput<'a> {
    pub(crate) state_machine_version_arn: Required<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for DeleteStateMachineVersionInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineVersionArn" => self.state_machine_version_arn = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineVersionArn", &self.state_machine_version_arn.0);
        findings.text(
            "stateMachineVersionArn",
            self.state_machine_version_arn.0.as_deref(),
            &LONG_ARN,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DeleteStateMachineVersionInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `DeleteStateMachineVersionOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DeleteStateMachineVersionOutput {}

/// `DescribeActivityInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DescribeActivityInput<'a> {
    pub(crate) activity_arn: Required<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for DescribeActivityInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "activityArn" => self.activity_arn = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("activityArn", &self.activity_arn.0);
        findings.text("activityArn", self.activity_arn.0.as_deref(), &ARN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DescribeActivityInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `DescribeActivityOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DescribeActivityOutput<'a> {
    #[serde(rename = "activityArn")]
    pub(crate) activity_arn: &'a str,
    pub(crate) name: &'a str,
    #[serde(rename = "creationDate")]
    pub(crate) creation_date: Timestamp,
    #[serde(
        rename = "encryptionConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) encryption_configuration: Option<EncryptionConfiguration<'a>>,
}

/// `DescribeExecutionInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DescribeExecutionInput<'a> {
    pub(crate) execution_arn: Required<Text<'a>>,
    pub(crate) included_data: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for DescribeExecutionInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "executionArn" => self.execution_arn = map.next_value()?,
            "includedData" => self.included_data = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("executionArn", &self.execution_arn.0);
        findings.text("executionArn", self.execution_arn.0.as_deref(), &ARN);
        findings.text(
            "includedData",
            self.included_data.as_deref(),
            &INCLUDED_DATA,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DescribeExecutionInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `DescribeExecutionOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DescribeExecutionOutput<'a> {
    #[serde(rename = "executionArn")]
    pub(crate) execution_arn: &'a str,
    #[serde(rename = "stateMachineArn")]
    pub(crate) state_machine_arn: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    pub(crate) status: ExecutionStatus,
    #[serde(rename = "startDate")]
    pub(crate) start_date: Timestamp,
    #[serde(rename = "stopDate", skip_serializing_if = "Option::is_none")]
    pub(crate) stop_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a str>,
    #[serde(rename = "inputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) input_details: Option<CloudWatchEventsExecutionDataDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<&'a str>,
    #[serde(rename = "outputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) output_details: Option<CloudWatchEventsExecutionDataDetails>,
    #[serde(rename = "traceHeader", skip_serializing_if = "Option::is_none")]
    pub(crate) trace_header: Option<&'a str>,
    #[serde(rename = "mapRunArn", skip_serializing_if = "Option::is_none")]
    pub(crate) map_run_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
    #[serde(
        rename = "stateMachineVersionArn",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) state_machine_version_arn: Option<&'a str>,
    #[serde(
        rename = "stateMachineAliasArn",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) state_machine_alias_arn: Option<&'a str>,
    #[serde(rename = "redriveCount", skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_count: Option<i32>,
    #[serde(rename = "redriveDate", skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_date: Option<Timestamp>,
    #[serde(rename = "redriveStatus", skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_status: Option<ExecutionRedriveStatus>,
    #[serde(
        rename = "redriveStatusReason",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) redrive_status_reason: Option<&'a str>,
}

/// `DescribeMapRunInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DescribeMapRunInput<'a> {
    pub(crate) map_run_arn: Required<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for DescribeMapRunInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "mapRunArn" => self.map_run_arn = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("mapRunArn", &self.map_run_arn.0);
        findings.text("mapRunArn", self.map_run_arn.0.as_deref(), &LONG_ARN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DescribeMapRunInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `DescribeMapRunOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DescribeMapRunOutput<'a> {
    #[serde(rename = "mapRunArn")]
    pub(crate) map_run_arn: &'a str,
    #[serde(rename = "executionArn")]
    pub(crate) execution_arn: &'a str,
    pub(crate) status: MapRunStatus,
    #[serde(rename = "startDate")]
    pub(crate) start_date: Timestamp,
    #[serde(rename = "stopDate", skip_serializing_if = "Option::is_none")]
    pub(crate) stop_date: Option<Timestamp>,
    #[serde(rename = "maxConcurrency")]
    pub(crate) max_concurrency: i32,
    #[serde(rename = "toleratedFailurePercentage")]
    pub(crate) tolerated_failure_percentage: f64,
    #[serde(rename = "toleratedFailureCount")]
    pub(crate) tolerated_failure_count: i64,
    #[serde(rename = "itemCounts")]
    pub(crate) item_counts: MapRunItemCounts,
    #[serde(rename = "executionCounts")]
    pub(crate) execution_counts: MapRunExecutionCounts,
    #[serde(rename = "redriveCount", skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_count: Option<i32>,
    #[serde(rename = "redriveDate", skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_date: Option<Timestamp>,
}

/// `DescribeStateMachineAliasInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DescribeStateMachineAliasInput<'a> {
    pub(crate) state_machine_alias_arn: Required<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for DescribeStateMachineAliasInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineAliasArn" => self.state_machine_alias_arn = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineAliasArn", &self.state_machine_alias_arn.0);
        findings.text(
            "stateMachineAliasArn",
            self.state_machine_alias_arn.0.as_deref(),
            &ARN,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DescribeStateMachineAliasInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `DescribeStateMachineAliasOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DescribeStateMachineAliasOutput<'a> {
    #[serde(
        rename = "stateMachineAliasArn",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) state_machine_alias_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    #[serde(
        rename = "routingConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) routing_configuration: Option<Vec<RoutingConfigurationListItem<'a>>>,
    #[serde(rename = "creationDate", skip_serializing_if = "Option::is_none")]
    pub(crate) creation_date: Option<Timestamp>,
    #[serde(rename = "updateDate", skip_serializing_if = "Option::is_none")]
    pub(crate) update_date: Option<Timestamp>,
}

/// `DescribeStateMachineForExecutionInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DescribeStateMachineForExecutionInput<'a> {
    pub(crate) execution_arn: Required<Text<'a>>,
    pub(crate) included_data: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for DescribeStateMachineForExecutionInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "executionArn" => self.execution_arn = map.next_value()?,
            "includedData" => self.included_data = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("executionArn", &self.execution_arn.0);
        findings.text("executionArn", self.execution_arn.0.as_deref(), &ARN);
        findings.text(
            "includedData",
            self.included_data.as_deref(),
            &INCLUDED_DATA,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DescribeStateMachineForExecutionInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `DescribeStateMachineForExecutionOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DescribeStateMachineForExecutionOutput<'a> {
    #[serde(rename = "stateMachineArn")]
    pub(crate) state_machine_arn: &'a str,
    pub(crate) name: &'a str,
    pub(crate) definition: &'a str,
    #[serde(rename = "roleArn")]
    pub(crate) role_arn: &'a str,
    #[serde(rename = "updateDate")]
    pub(crate) update_date: Timestamp,
    #[serde(
        rename = "loggingConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) logging_configuration: Option<LoggingConfiguration<'a>>,
    #[serde(
        rename = "tracingConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) tracing_configuration: Option<TracingConfiguration>,
    #[serde(rename = "mapRunArn", skip_serializing_if = "Option::is_none")]
    pub(crate) map_run_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<&'a str>,
    #[serde(rename = "revisionId", skip_serializing_if = "Option::is_none")]
    pub(crate) revision_id: Option<&'a str>,
    #[serde(
        rename = "encryptionConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) encryption_configuration: Option<EncryptionConfiguration<'a>>,
    #[serde(rename = "variableReferences", skip_serializing_if = "Option::is_none")]
    pub(crate) variable_references: Option<Map<&'a str, Vec<&'a str>>>,
}

/// `DescribeStateMachineInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DescribeStateMachineInput<'a> {
    pub(crate) state_machine_arn: Required<Text<'a>>,
    pub(crate) included_data: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for DescribeStateMachineInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineArn" => self.state_machine_arn = map.next_value()?,
            "includedData" => self.included_data = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineArn", &self.state_machine_arn.0);
        findings.text("stateMachineArn", self.state_machine_arn.0.as_deref(), &ARN);
        findings.text(
            "includedData",
            self.included_data.as_deref(),
            &INCLUDED_DATA,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DescribeStateMachineInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `DescribeStateMachineOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DescribeStateMachineOutput<'a> {
    #[serde(rename = "stateMachineArn")]
    pub(crate) state_machine_arn: &'a str,
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<StateMachineStatus>,
    pub(crate) definition: &'a str,
    #[serde(rename = "roleArn")]
    pub(crate) role_arn: &'a str,
    #[serde(rename = "type")]
    pub(crate) type_: StateMachineType,
    #[serde(rename = "creationDate")]
    pub(crate) creation_date: Timestamp,
    #[serde(
        rename = "loggingConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) logging_configuration: Option<LoggingConfiguration<'a>>,
    #[serde(
        rename = "tracingConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) tracing_configuration: Option<TracingConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<&'a str>,
    #[serde(rename = "revisionId", skip_serializing_if = "Option::is_none")]
    pub(crate) revision_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    #[serde(
        rename = "encryptionConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) encryption_configuration: Option<EncryptionConfiguration<'a>>,
    #[serde(rename = "variableReferences", skip_serializing_if = "Option::is_none")]
    pub(crate) variable_references: Option<Map<&'a str, Vec<&'a str>>>,
}

/// `EncryptionConfiguration`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct EncryptionConfiguration<'a> {
    #[serde(rename = "kmsKeyId", skip_serializing_if = "Option::is_none")]
    pub(crate) kms_key_id: Option<Text<'a>>,
    #[serde(
        rename = "kmsDataKeyReusePeriodSeconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) kms_data_key_reuse_period_seconds: Option<i32>,
    #[serde(rename = "type")]
    pub(crate) type_: Required<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for EncryptionConfiguration<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "kmsKeyId" => self.kms_key_id = map.next_value()?,
            "kmsDataKeyReusePeriodSeconds" => {
                self.kms_data_key_reuse_period_seconds = map.next_value()?
            }
            "type" => self.type_ = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.text("kmsKeyId", self.kms_key_id.as_deref(), &KMS_KEY_ID);
        findings.number(
            "kmsDataKeyReusePeriodSeconds",
            self.kms_data_key_reuse_period_seconds.map(f64::from),
            &KMS_DATA_KEY_REUSE_PERIOD_SECONDS,
        );
        findings.required("type", &self.type_.0);
        findings.text("type", self.type_.0.as_deref(), &ENCRYPTION_TYPE);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for EncryptionConfiguration<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `EncryptionType`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum EncryptionType {
    #[serde(rename = "AWS_OWNED_KEY")]
    AwsOwnedKey,
    #[serde(rename = "CUSTOMER_MANAGED_KMS_KEY")]
    CustomerManagedKmsKey,
}

impl EncryptionType {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 2] = ["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "AWS_OWNED_KEY" => Self::AwsOwnedKey,
            "CUSTOMER_MANAGED_KMS_KEY" => Self::CustomerManagedKmsKey,
            _ => return None,
        })
    }
}

/// `EvaluationFailedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct EvaluationFailedEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<&'a str>,
    pub(crate) state: &'a str,
}

/// `ExecutionAbortedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ExecutionAbortedEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `ExecutionFailedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ExecutionFailedEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `ExecutionListItem`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ExecutionListItem<'a> {
    #[serde(rename = "executionArn")]
    pub(crate) execution_arn: &'a str,
    #[serde(rename = "stateMachineArn")]
    pub(crate) state_machine_arn: &'a str,
    pub(crate) name: &'a str,
    pub(crate) status: ExecutionStatus,
    #[serde(rename = "startDate")]
    pub(crate) start_date: Timestamp,
    #[serde(rename = "stopDate", skip_serializing_if = "Option::is_none")]
    pub(crate) stop_date: Option<Timestamp>,
    #[serde(rename = "mapRunArn", skip_serializing_if = "Option::is_none")]
    pub(crate) map_run_arn: Option<&'a str>,
    #[serde(rename = "itemCount", skip_serializing_if = "Option::is_none")]
    pub(crate) item_count: Option<i32>,
    #[serde(
        rename = "stateMachineVersionArn",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) state_machine_version_arn: Option<&'a str>,
    #[serde(
        rename = "stateMachineAliasArn",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) state_machine_alias_arn: Option<&'a str>,
    #[serde(rename = "redriveCount", skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_count: Option<i32>,
    #[serde(rename = "redriveDate", skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_date: Option<Timestamp>,
}

/// `ExecutionRedriveFilter`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum ExecutionRedriveFilter {
    #[serde(rename = "REDRIVEN")]
    Redriven,
    #[serde(rename = "NOT_REDRIVEN")]
    NotRedriven,
}

impl ExecutionRedriveFilter {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 2] = ["REDRIVEN", "NOT_REDRIVEN"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "REDRIVEN" => Self::Redriven,
            "NOT_REDRIVEN" => Self::NotRedriven,
            _ => return None,
        })
    }
}

/// `ExecutionRedriveStatus`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum ExecutionRedriveStatus {
    #[serde(rename = "REDRIVABLE")]
    Redrivable,
    #[serde(rename = "NOT_REDRIVABLE")]
    NotRedrivable,
    #[serde(rename = "REDRIVABLE_BY_MAP_RUN")]
    RedrivableByMapRun,
}

impl ExecutionRedriveStatus {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 3] =
        ["REDRIVABLE", "NOT_REDRIVABLE", "REDRIVABLE_BY_MAP_RUN"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "REDRIVABLE" => Self::Redrivable,
            "NOT_REDRIVABLE" => Self::NotRedrivable,
            "REDRIVABLE_BY_MAP_RUN" => Self::RedrivableByMapRun,
            _ => return None,
        })
    }
}

/// `ExecutionRedrivenEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ExecutionRedrivenEventDetails {
    #[serde(rename = "redriveCount", skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_count: Option<i32>,
}

/// `ExecutionStartedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ExecutionStartedEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a str>,
    #[serde(rename = "inputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) input_details: Option<HistoryEventExecutionDataDetails>,
    #[serde(rename = "roleArn", skip_serializing_if = "Option::is_none")]
    pub(crate) role_arn: Option<&'a str>,
    #[serde(
        rename = "stateMachineAliasArn",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) state_machine_alias_arn: Option<&'a str>,
    #[serde(
        rename = "stateMachineVersionArn",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) state_machine_version_arn: Option<&'a str>,
}

/// `ExecutionStatus`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum ExecutionStatus {
    #[serde(rename = "RUNNING")]
    Running,
    #[serde(rename = "SUCCEEDED")]
    Succeeded,
    #[serde(rename = "FAILED")]
    Failed,
    #[serde(rename = "TIMED_OUT")]
    TimedOut,
    #[serde(rename = "ABORTED")]
    Aborted,
    #[serde(rename = "PENDING_REDRIVE")]
    PendingRedrive,
}

impl ExecutionStatus {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 6] = [
        "RUNNING",
        "SUCCEEDED",
        "FAILED",
        "TIMED_OUT",
        "ABORTED",
        "PENDING_REDRIVE",
    ];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RUNNING" => Self::Running,
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            "TIMED_OUT" => Self::TimedOut,
            "ABORTED" => Self::Aborted,
            "PENDING_REDRIVE" => Self::PendingRedrive,
            _ => return None,
        })
    }
}

/// `ExecutionSucceededEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ExecutionSucceededEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<&'a str>,
    #[serde(rename = "outputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) output_details: Option<HistoryEventExecutionDataDetails>,
}

/// `ExecutionTimedOutEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ExecutionTimedOutEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `GetActivityTaskInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GetActivityTaskInput<'a> {
    pub(crate) activity_arn: Required<Text<'a>>,
    pub(crate) worker_name: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for GetActivityTaskInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "activityArn" => self.activity_arn = map.next_value()?,
            "workerName" => self.worker_name = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("activityArn", &self.activity_arn.0);
        findings.text("activityArn", self.activity_arn.0.as_deref(), &ARN);
        findings.text("workerName", self.worker_name.as_deref(), &NAME);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for GetActivityTaskInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `GetActivityTaskOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct GetActivityTaskOutput<'a> {
    #[serde(rename = "taskToken", skip_serializing_if = "Option::is_none")]
    pub(crate) task_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a str>,
}

/// `GetExecutionHistoryInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GetExecutionHistoryInput<'a> {
    pub(crate) execution_arn: Required<Text<'a>>,
    pub(crate) max_results: Option<i32>,
    pub(crate) reverse_order: Option<bool>,
    pub(crate) next_token: Option<Text<'a>>,
    pub(crate) include_execution_data: Option<bool>,
}

impl<'de: 'a, 'a> Structure<'de> for GetExecutionHistoryInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "executionArn" => self.execution_arn = map.next_value()?,
            "maxResults" => self.max_results = map.next_value()?,
            "reverseOrder" => self.reverse_order = map.next_value()?,
            "nextToken" => self.next_token = map.next_value()?,
            "includeExecutionData" => self.include_execution_data = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("executionArn", &self.execution_arn.0);
        findings.text("executionArn", self.execution_arn.0.as_deref(), &ARN);
        findings.number("maxResults", self.max_results.map(f64::from), &PAGE_SIZE);
        findings.text("nextToken", self.next_token.as_deref(), &PAGE_TOKEN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for GetExecutionHistoryInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `GetExecutionHistoryOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct GetExecutionHistoryOutput<'a> {
    pub(crate) events: Vec<HistoryEvent<'a>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}

/// `HistoryEvent`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct HistoryEvent<'a> {
    pub(crate) timestamp: Timestamp,
    #[serde(rename = "type")]
    pub(crate) type_: HistoryEventType,
    pub(crate) id: i64,
    #[serde(rename = "previousEventId", skip_serializing_if = "Option::is_none")]
    pub(crate) previous_event_id: Option<i64>,
    /// Whichever details the type has.
    #[serde(flatten)]
    pub(crate) details: Option<HistoryEventDetails<'a>>,
}

/// The details of `HistoryEvent`, at most one of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) enum HistoryEventDetails<'a> {
    #[serde(rename = "activityFailedEventDetails")]
    ActivityFailed(ActivityFailedEventDetails<'a>),
    #[serde(rename = "activityScheduleFailedEventDetails")]
    ActivityScheduleFailed(ActivityScheduleFailedEventDetails<'a>),
    #[serde(rename = "activityScheduledEventDetails")]
    ActivityScheduled(ActivityScheduledEventDetails<'a>),
    #[serde(rename = "activityStartedEventDetails")]
    ActivityStarted(ActivityStartedEventDetails<'a>),
    #[serde(rename = "activitySucceededEventDetails")]
    ActivitySucceeded(ActivitySucceededEventDetails<'a>),
    #[serde(rename = "activityTimedOutEventDetails")]
    ActivityTimedOut(ActivityTimedOutEventDetails<'a>),
    #[serde(rename = "taskFailedEventDetails")]
    TaskFailed(TaskFailedEventDetails<'a>),
    #[serde(rename = "taskScheduledEventDetails")]
    TaskScheduled(TaskScheduledEventDetails<'a>),
    #[serde(rename = "taskStartFailedEventDetails")]
    TaskStartFailed(TaskStartFailedEventDetails<'a>),
    #[serde(rename = "taskStartedEventDetails")]
    TaskStarted(TaskStartedEventDetails<'a>),
    #[serde(rename = "taskSubmitFailedEventDetails")]
    TaskSubmitFailed(TaskSubmitFailedEventDetails<'a>),
    #[serde(rename = "taskSubmittedEventDetails")]
    TaskSubmitted(TaskSubmittedEventDetails<'a>),
    #[serde(rename = "taskSucceededEventDetails")]
    TaskSucceeded(TaskSucceededEventDetails<'a>),
    #[serde(rename = "taskTimedOutEventDetails")]
    TaskTimedOut(TaskTimedOutEventDetails<'a>),
    #[serde(rename = "executionFailedEventDetails")]
    ExecutionFailed(ExecutionFailedEventDetails<'a>),
    #[serde(rename = "executionStartedEventDetails")]
    ExecutionStarted(ExecutionStartedEventDetails<'a>),
    #[serde(rename = "executionSucceededEventDetails")]
    ExecutionSucceeded(ExecutionSucceededEventDetails<'a>),
    #[serde(rename = "executionAbortedEventDetails")]
    ExecutionAborted(ExecutionAbortedEventDetails<'a>),
    #[serde(rename = "executionTimedOutEventDetails")]
    ExecutionTimedOut(ExecutionTimedOutEventDetails<'a>),
    #[serde(rename = "executionRedrivenEventDetails")]
    ExecutionRedriven(ExecutionRedrivenEventDetails),
    #[serde(rename = "mapStateStartedEventDetails")]
    MapStateStarted(MapStateStartedEventDetails),
    #[serde(rename = "mapIterationStartedEventDetails")]
    MapIterationStarted(MapIterationEventDetails<'a>),
    #[serde(rename = "mapIterationSucceededEventDetails")]
    MapIterationSucceeded(MapIterationEventDetails<'a>),
    #[serde(rename = "mapIterationFailedEventDetails")]
    MapIterationFailed(MapIterationEventDetails<'a>),
    #[serde(rename = "mapIterationAbortedEventDetails")]
    MapIterationAborted(MapIterationEventDetails<'a>),
    #[serde(rename = "lambdaFunctionFailedEventDetails")]
    LambdaFunctionFailed(LambdaFunctionFailedEventDetails<'a>),
    #[serde(rename = "lambdaFunctionScheduleFailedEventDetails")]
    LambdaFunctionScheduleFailed(LambdaFunctionScheduleFailedEventDetails<'a>),
    #[serde(rename = "lambdaFunctionScheduledEventDetails")]
    LambdaFunctionScheduled(LambdaFunctionScheduledEventDetails<'a>),
    #[serde(rename = "lambdaFunctionStartFailedEventDetails")]
    LambdaFunctionStartFailed(LambdaFunctionStartFailedEventDetails<'a>),
    #[serde(rename = "lambdaFunctionSucceededEventDetails")]
    LambdaFunctionSucceeded(LambdaFunctionSucceededEventDetails<'a>),
    #[serde(rename = "lambdaFunctionTimedOutEventDetails")]
    LambdaFunctionTimedOut(LambdaFunctionTimedOutEventDetails<'a>),
    #[serde(rename = "stateEnteredEventDetails")]
    StateEntered(StateEnteredEventDetails<'a>),
    #[serde(rename = "stateExitedEventDetails")]
    StateExited(StateExitedEventDetails<'a>),
    #[serde(rename = "mapRunStartedEventDetails")]
    MapRunStarted(MapRunStartedEventDetails<'a>),
    #[serde(rename = "mapRunFailedEventDetails")]
    MapRunFailed(MapRunFailedEventDetails<'a>),
    #[serde(rename = "mapRunRedrivenEventDetails")]
    MapRunRedriven(MapRunRedrivenEventDetails<'a>),
    #[serde(rename = "evaluationFailedEventDetails")]
    EvaluationFailed(EvaluationFailedEventDetails<'a>),
}

/// `HistoryEventExecutionDataDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct HistoryEventExecutionDataDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) truncated: Option<bool>,
}

/// `HistoryEventType`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum HistoryEventType {
    ActivityFailed,
    ActivityScheduled,
    ActivityScheduleFailed,
    ActivityStarted,
    ActivitySucceeded,
    ActivityTimedOut,
    ChoiceStateEntered,
    ChoiceStateExited,
    ExecutionAborted,
    ExecutionFailed,
    ExecutionStarted,
    ExecutionSucceeded,
    ExecutionTimedOut,
    FailStateEntered,
    LambdaFunctionFailed,
    LambdaFunctionScheduled,
    LambdaFunctionScheduleFailed,
    LambdaFunctionStarted,
    LambdaFunctionStartFailed,
    LambdaFunctionSucceeded,
    LambdaFunctionTimedOut,
    MapIterationAborted,
    MapIterationFailed,
    MapIterationStarted,
    MapIterationSucceeded,
    MapStateAborted,
    MapStateEntered,
    MapStateExited,
    MapStateFailed,
    MapStateStarted,
    MapStateSucceeded,
    ParallelStateAborted,
    ParallelStateEntered,
    ParallelStateExited,
    ParallelStateFailed,
    ParallelStateStarted,
    ParallelStateSucceeded,
    PassStateEntered,
    PassStateExited,
    SucceedStateEntered,
    SucceedStateExited,
    TaskFailed,
    TaskScheduled,
    TaskStarted,
    TaskStartFailed,
    TaskStateAborted,
    TaskStateEntered,
    TaskStateExited,
    TaskSubmitFailed,
    TaskSubmitted,
    TaskSucceeded,
    TaskTimedOut,
    WaitStateAborted,
    WaitStateEntered,
    WaitStateExited,
    MapRunAborted,
    MapRunFailed,
    MapRunStarted,
    MapRunSucceeded,
    ExecutionRedriven,
    MapRunRedriven,
    EvaluationFailed,
}

impl HistoryEventType {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 62] = [
        "ActivityFailed",
        "ActivityScheduled",
        "ActivityScheduleFailed",
        "ActivityStarted",
        "ActivitySucceeded",
        "ActivityTimedOut",
        "ChoiceStateEntered",
        "ChoiceStateExited",
        "ExecutionAborted",
        "ExecutionFailed",
        "ExecutionStarted",
        "ExecutionSucceeded",
        "ExecutionTimedOut",
        "FailStateEntered",
        "LambdaFunctionFailed",
        "LambdaFunctionScheduled",
        "LambdaFunctionScheduleFailed",
        "LambdaFunctionStarted",
        "LambdaFunctionStartFailed",
        "LambdaFunctionSucceeded",
        "LambdaFunctionTimedOut",
        "MapIterationAborted",
        "MapIterationFailed",
        "MapIterationStarted",
        "MapIterationSucceeded",
        "MapStateAborted",
        "MapStateEntered",
        "MapStateExited",
        "MapStateFailed",
        "MapStateStarted",
        "MapStateSucceeded",
        "ParallelStateAborted",
        "ParallelStateEntered",
        "ParallelStateExited",
        "ParallelStateFailed",
        "ParallelStateStarted",
        "ParallelStateSucceeded",
        "PassStateEntered",
        "PassStateExited",
        "SucceedStateEntered",
        "SucceedStateExited",
        "TaskFailed",
        "TaskScheduled",
        "TaskStarted",
        "TaskStartFailed",
        "TaskStateAborted",
        "TaskStateEntered",
        "TaskStateExited",
        "TaskSubmitFailed",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskTimedOut",
        "WaitStateAborted",
        "WaitStateEntered",
        "WaitStateExited",
        "MapRunAborted",
        "MapRunFailed",
        "MapRunStarted",
        "MapRunSucceeded",
        "ExecutionRedriven",
        "MapRunRedriven",
        "EvaluationFailed",
    ];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ActivityFailed" => Self::ActivityFailed,
            "ActivityScheduled" => Self::ActivityScheduled,
            "ActivityScheduleFailed" => Self::ActivityScheduleFailed,
            "ActivityStarted" => Self::ActivityStarted,
            "ActivitySucceeded" => Self::ActivitySucceeded,
            "ActivityTimedOut" => Self::ActivityTimedOut,
            "ChoiceStateEntered" => Self::ChoiceStateEntered,
            "ChoiceStateExited" => Self::ChoiceStateExited,
            "ExecutionAborted" => Self::ExecutionAborted,
            "ExecutionFailed" => Self::ExecutionFailed,
            "ExecutionStarted" => Self::ExecutionStarted,
            "ExecutionSucceeded" => Self::ExecutionSucceeded,
            "ExecutionTimedOut" => Self::ExecutionTimedOut,
            "FailStateEntered" => Self::FailStateEntered,
            "LambdaFunctionFailed" => Self::LambdaFunctionFailed,
            "LambdaFunctionScheduled" => Self::LambdaFunctionScheduled,
            "LambdaFunctionScheduleFailed" => Self::LambdaFunctionScheduleFailed,
            "LambdaFunctionStarted" => Self::LambdaFunctionStarted,
            "LambdaFunctionStartFailed" => Self::LambdaFunctionStartFailed,
            "LambdaFunctionSucceeded" => Self::LambdaFunctionSucceeded,
            "LambdaFunctionTimedOut" => Self::LambdaFunctionTimedOut,
            "MapIterationAborted" => Self::MapIterationAborted,
            "MapIterationFailed" => Self::MapIterationFailed,
            "MapIterationStarted" => Self::MapIterationStarted,
            "MapIterationSucceeded" => Self::MapIterationSucceeded,
            "MapStateAborted" => Self::MapStateAborted,
            "MapStateEntered" => Self::MapStateEntered,
            "MapStateExited" => Self::MapStateExited,
            "MapStateFailed" => Self::MapStateFailed,
            "MapStateStarted" => Self::MapStateStarted,
            "MapStateSucceeded" => Self::MapStateSucceeded,
            "ParallelStateAborted" => Self::ParallelStateAborted,
            "ParallelStateEntered" => Self::ParallelStateEntered,
            "ParallelStateExited" => Self::ParallelStateExited,
            "ParallelStateFailed" => Self::ParallelStateFailed,
            "ParallelStateStarted" => Self::ParallelStateStarted,
            "ParallelStateSucceeded" => Self::ParallelStateSucceeded,
            "PassStateEntered" => Self::PassStateEntered,
            "PassStateExited" => Self::PassStateExited,
            "SucceedStateEntered" => Self::SucceedStateEntered,
            "SucceedStateExited" => Self::SucceedStateExited,
            "TaskFailed" => Self::TaskFailed,
            "TaskScheduled" => Self::TaskScheduled,
            "TaskStarted" => Self::TaskStarted,
            "TaskStartFailed" => Self::TaskStartFailed,
            "TaskStateAborted" => Self::TaskStateAborted,
            "TaskStateEntered" => Self::TaskStateEntered,
            "TaskStateExited" => Self::TaskStateExited,
            "TaskSubmitFailed" => Self::TaskSubmitFailed,
            "TaskSubmitted" => Self::TaskSubmitted,
            "TaskSucceeded" => Self::TaskSucceeded,
            "TaskTimedOut" => Self::TaskTimedOut,
            "WaitStateAborted" => Self::WaitStateAborted,
            "WaitStateEntered" => Self::WaitStateEntered,
            "WaitStateExited" => Self::WaitStateExited,
            "MapRunAborted" => Self::MapRunAborted,
            "MapRunFailed" => Self::MapRunFailed,
            "MapRunStarted" => Self::MapRunStarted,
            "MapRunSucceeded" => Self::MapRunSucceeded,
            "ExecutionRedriven" => Self::ExecutionRedriven,
            "MapRunRedriven" => Self::MapRunRedriven,
            "EvaluationFailed" => Self::EvaluationFailed,
            _ => return None,
        })
    }
}

/// `IncludedData`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum IncludedData {
    #[serde(rename = "ALL_DATA")]
    AllData,
    #[serde(rename = "METADATA_ONLY")]
    MetadataOnly,
}

impl IncludedData {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 2] = ["ALL_DATA", "METADATA_ONLY"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ALL_DATA" => Self::AllData,
            "METADATA_ONLY" => Self::MetadataOnly,
            _ => return None,
        })
    }
}

/// `InspectionData`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct InspectionData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a str>,
    #[serde(rename = "afterArguments", skip_serializing_if = "Option::is_none")]
    pub(crate) after_arguments: Option<&'a str>,
    #[serde(rename = "afterInputPath", skip_serializing_if = "Option::is_none")]
    pub(crate) after_input_path: Option<&'a str>,
    #[serde(rename = "afterParameters", skip_serializing_if = "Option::is_none")]
    pub(crate) after_parameters: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<&'a str>,
    #[serde(
        rename = "afterResultSelector",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) after_result_selector: Option<&'a str>,
    #[serde(rename = "afterResultPath", skip_serializing_if = "Option::is_none")]
    pub(crate) after_result_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<InspectionDataRequest<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response: Option<InspectionDataResponse<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variables: Option<&'a str>,
    #[serde(rename = "errorDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) error_details: Option<InspectionErrorDetails>,
    #[serde(rename = "afterItemsPath", skip_serializing_if = "Option::is_none")]
    pub(crate) after_items_path: Option<&'a str>,
    #[serde(rename = "afterItemSelector", skip_serializing_if = "Option::is_none")]
    pub(crate) after_item_selector: Option<&'a str>,
    #[serde(rename = "afterItemBatcher", skip_serializing_if = "Option::is_none")]
    pub(crate) after_item_batcher: Option<&'a str>,
    #[serde(rename = "afterItemsPointer", skip_serializing_if = "Option::is_none")]
    pub(crate) after_items_pointer: Option<&'a str>,
    #[serde(
        rename = "toleratedFailureCount",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) tolerated_failure_count: Option<i32>,
    #[serde(
        rename = "toleratedFailurePercentage",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) tolerated_failure_percentage: Option<f64>,
    #[serde(rename = "maxConcurrency", skip_serializing_if = "Option::is_none")]
    pub(crate) max_concurrency: Option<i32>,
}

/// `InspectionDataRequest`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct InspectionDataRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) headers: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<&'a str>,
}

/// `InspectionDataResponse`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct InspectionDataResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<&'a str>,
    #[serde(rename = "statusCode", skip_serializing_if = "Option::is_none")]
    pub(crate) status_code: Option<&'a str>,
    #[serde(rename = "statusMessage", skip_serializing_if = "Option::is_none")]
    pub(crate) status_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) headers: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<&'a str>,
}

/// `InspectionErrorDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct InspectionErrorDetails {
    #[serde(rename = "catchIndex", skip_serializing_if = "Option::is_none")]
    pub(crate) catch_index: Option<i32>,
    #[serde(rename = "retryIndex", skip_serializing_if = "Option::is_none")]
    pub(crate) retry_index: Option<i32>,
    #[serde(
        rename = "retryBackoffIntervalSeconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) retry_backoff_interval_seconds: Option<i32>,
}

/// `InspectionLevel`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum InspectionLevel {
    #[serde(rename = "INFO")]
    Info,
    #[serde(rename = "DEBUG")]
    Debug,
    #[serde(rename = "TRACE")]
    Trace,
}

impl InspectionLevel {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 3] = ["INFO", "DEBUG", "TRACE"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "INFO" => Self::Info,
            "DEBUG" => Self::Debug,
            "TRACE" => Self::Trace,
            _ => return None,
        })
    }
}

/// `LambdaFunctionFailedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LambdaFunctionFailedEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `LambdaFunctionScheduleFailedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LambdaFunctionScheduleFailedEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `LambdaFunctionScheduledEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LambdaFunctionScheduledEventDetails<'a> {
    pub(crate) resource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a str>,
    #[serde(rename = "inputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) input_details: Option<HistoryEventExecutionDataDetails>,
    #[serde(rename = "timeoutInSeconds", skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_in_seconds: Option<i64>,
    #[serde(rename = "taskCredentials", skip_serializing_if = "Option::is_none")]
    pub(crate) task_credentials: Option<TaskCredentials<'a>>,
}

/// `LambdaFunctionStartFailedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LambdaFunctionStartFailedEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `LambdaFunctionSucceededEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LambdaFunctionSucceededEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<&'a str>,
    #[serde(rename = "outputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) output_details: Option<HistoryEventExecutionDataDetails>,
}

/// `LambdaFunctionTimedOutEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LambdaFunctionTimedOutEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `ListActivitiesInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ListActivitiesInput<'a> {
    pub(crate) max_results: Option<i32>,
    pub(crate) next_token: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for ListActivitiesInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "maxResults" => self.max_results = map.next_value()?,
            "nextToken" => self.next_token = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.number("maxResults", self.max_results.map(f64::from), &PAGE_SIZE);
        findings.text("nextToken", self.next_token.as_deref(), &PAGE_TOKEN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ListActivitiesInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `ListActivitiesOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ListActivitiesOutput<'a> {
    pub(crate) activities: Vec<ActivityListItem<'a>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}

/// `ListExecutionsInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ListExecutionsInput<'a> {
    pub(crate) state_machine_arn: Option<Text<'a>>,
    pub(crate) status_filter: Option<Text<'a>>,
    pub(crate) max_results: Option<i32>,
    pub(crate) next_token: Option<Text<'a>>,
    pub(crate) map_run_arn: Option<Text<'a>>,
    pub(crate) redrive_filter: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for ListExecutionsInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineArn" => self.state_machine_arn = map.next_value()?,
            "statusFilter" => self.status_filter = map.next_value()?,
            "maxResults" => self.max_results = map.next_value()?,
            "nextToken" => self.next_token = map.next_value()?,
            "mapRunArn" => self.map_run_arn = map.next_value()?,
            "redriveFilter" => self.redrive_filter = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.text("stateMachineArn", self.state_machine_arn.as_deref(), &ARN);
        findings.text(
            "statusFilter",
            self.status_filter.as_deref(),
            &EXECUTION_STATUS,
        );
        findings.number("maxResults", self.max_results.map(f64::from), &PAGE_SIZE);
        findings.text(
            "nextToken",
            self.next_token.as_deref(),
            &LIST_EXECUTIONS_PAGE_TOKEN,
        );
        findings.text("mapRunArn", self.map_run_arn.as_deref(), &LONG_ARN);
        findings.text(
            "redriveFilter",
            self.redrive_filter.as_deref(),
            &EXECUTION_REDRIVE_FILTER,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ListExecutionsInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `ListExecutionsOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ListExecutionsOutput<'a> {
    pub(crate) executions: Vec<ExecutionListItem<'a>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}

/// `ListMapRunsInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ListMapRunsInput<'a> {
    pub(crate) execution_arn: Required<Text<'a>>,
    pub(crate) max_results: Option<i32>,
    pub(crate) next_token: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for ListMapRunsInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "executionArn" => self.execution_arn = map.next_value()?,
            "maxResults" => self.max_results = map.next_value()?,
            "nextToken" => self.next_token = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("executionArn", &self.execution_arn.0);
        findings.text("executionArn", self.execution_arn.0.as_deref(), &ARN);
        findings.number("maxResults", self.max_results.map(f64::from), &PAGE_SIZE);
        findings.text("nextToken", self.next_token.as_deref(), &PAGE_TOKEN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ListMapRunsInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `ListMapRunsOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ListMapRunsOutput<'a> {
    #[serde(rename = "mapRuns")]
    pub(crate) map_runs: Vec<MapRunListItem<'a>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}

/// `ListStateMachineAliasesInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ListStateMachineAliasesInput<'a> {
    pub(crate) state_machine_arn: Required<Text<'a>>,
    pub(crate) next_token: Option<Text<'a>>,
    pub(crate) max_results: Option<i32>,
}

impl<'de: 'a, 'a> Structure<'de> for ListStateMachineAliasesInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineArn" => self.state_machine_arn = map.next_value()?,
            "nextToken" => self.next_token = map.next_value()?,
            "maxResults" => self.max_results = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineArn", &self.state_machine_arn.0);
        findings.text("stateMachineArn", self.state_machine_arn.0.as_deref(), &ARN);
        findings.text("nextToken", self.next_token.as_deref(), &PAGE_TOKEN);
        findings.number("maxResults", self.max_results.map(f64::from), &PAGE_SIZE);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ListStateMachineAliasesInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `ListStateMachineAliasesOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ListStateMachineAliasesOutput<'a> {
    #[serde(rename = "stateMachineAliases")]
    pub(crate) state_machine_aliases: Vec<StateMachineAliasListItem<'a>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}

/// `ListStateMachineVersionsInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ListStateMachineVersionsInput<'a> {
    pub(crate) state_machine_arn: Required<Text<'a>>,
    pub(crate) next_token: Option<Text<'a>>,
    pub(crate) max_results: Option<i32>,
}

impl<'de: 'a, 'a> Structure<'de> for ListStateMachineVersionsInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineArn" => self.state_machine_arn = map.next_value()?,
            "nextToken" => self.next_token = map.next_value()?,
            "maxResults" => self.max_results = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineArn", &self.state_machine_arn.0);
        findings.text("stateMachineArn", self.state_machine_arn.0.as_deref(), &ARN);
        findings.text("nextToken", self.next_token.as_deref(), &PAGE_TOKEN);
        findings.number("maxResults", self.max_results.map(f64::from), &PAGE_SIZE);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ListStateMachineVersionsInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `ListStateMachineVersionsOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ListStateMachineVersionsOutput<'a> {
    #[serde(rename = "stateMachineVersions")]
    pub(crate) state_machine_versions: Vec<StateMachineVersionListItem<'a>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}

/// `ListStateMachinesInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ListStateMachinesInput<'a> {
    pub(crate) max_results: Option<i32>,
    pub(crate) next_token: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for ListStateMachinesInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "maxResults" => self.max_results = map.next_value()?,
            "nextToken" => self.next_token = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.number("maxResults", self.max_results.map(f64::from), &PAGE_SIZE);
        findings.text("nextToken", self.next_token.as_deref(), &PAGE_TOKEN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ListStateMachinesInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `ListStateMachinesOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ListStateMachinesOutput<'a> {
    #[serde(rename = "stateMachines")]
    pub(crate) state_machines: Vec<StateMachineListItem<'a>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}

/// `ListTagsForResourceInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ListTagsForResourceInput<'a> {
    pub(crate) resource_arn: Required<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for ListTagsForResourceInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "resourceArn" => self.resource_arn = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("resourceArn", &self.resource_arn.0);
        findings.text("resourceArn", self.resource_arn.0.as_deref(), &ARN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ListTagsForResourceInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `ListTagsForResourceOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ListTagsForResourceOutput<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Vec<Tag<'a>>>,
}

/// `LogDestination`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct LogDestination<'a> {
    #[serde(
        rename = "cloudWatchLogsLogGroup",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) cloud_watch_logs_log_group: Option<CloudWatchLogsLogGroup<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for LogDestination<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "cloudWatchLogsLogGroup" => self.cloud_watch_logs_log_group = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.structure(
            "cloudWatchLogsLogGroup",
            self.cloud_watch_logs_log_group.as_ref(),
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for LogDestination<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `LogLevel`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum LogLevel {
    #[serde(rename = "ALL")]
    All,
    #[serde(rename = "ERROR")]
    Error,
    #[serde(rename = "FATAL")]
    Fatal,
    #[serde(rename = "OFF")]
    Off,
}

impl LogLevel {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 4] = ["ALL", "ERROR", "FATAL", "OFF"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ALL" => Self::All,
            "ERROR" => Self::Error,
            "FATAL" => Self::Fatal,
            "OFF" => Self::Off,
            _ => return None,
        })
    }
}

/// `LoggingConfiguration`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct LoggingConfiguration<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) level: Option<Text<'a>>,
    #[serde(
        rename = "includeExecutionData",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) include_execution_data: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) destinations: Option<Vec<LogDestination<'a>>>,
}

impl<'de: 'a, 'a> Structure<'de> for LoggingConfiguration<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "level" => self.level = map.next_value()?,
            "includeExecutionData" => self.include_execution_data = map.next_value()?,
            "destinations" => self.destinations = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.text("level", self.level.as_deref(), &LOG_LEVEL);
        findings.structures("destinations", self.destinations.as_deref());
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for LoggingConfiguration<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `MapIterationEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MapIterationEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<i32>,
}

/// `MapRunExecutionCounts`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MapRunExecutionCounts {
    pub(crate) pending: i64,
    pub(crate) running: i64,
    pub(crate) succeeded: i64,
    pub(crate) failed: i64,
    #[serde(rename = "timedOut")]
    pub(crate) timed_out: i64,
    pub(crate) aborted: i64,
    pub(crate) total: i64,
    #[serde(rename = "resultsWritten")]
    pub(crate) results_written: i64,
    #[serde(
        rename = "failuresNotRedrivable",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) failures_not_redrivable: Option<i64>,
    #[serde(rename = "pendingRedrive", skip_serializing_if = "Option::is_none")]
    pub(crate) pending_redrive: Option<i64>,
}

/// `MapRunFailedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MapRunFailedEventDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `MapRunItemCounts`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MapRunItemCounts {
    pub(crate) pending: i64,
    pub(crate) running: i64,
    pub(crate) succeeded: i64,
    pub(crate) failed: i64,
    #[serde(rename = "timedOut")]
    pub(crate) timed_out: i64,
    pub(crate) aborted: i64,
    pub(crate) total: i64,
    #[serde(rename = "resultsWritten")]
    pub(crate) results_written: i64,
    #[serde(
        rename = "failuresNotRedrivable",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) failures_not_redrivable: Option<i64>,
    #[serde(rename = "pendingRedrive", skip_serializing_if = "Option::is_none")]
    pub(crate) pending_redrive: Option<i64>,
}

/// `MapRunListItem`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MapRunListItem<'a> {
    #[serde(rename = "executionArn")]
    pub(crate) execution_arn: &'a str,
    #[serde(rename = "mapRunArn")]
    pub(crate) map_run_arn: &'a str,
    #[serde(rename = "stateMachineArn")]
    pub(crate) state_machine_arn: &'a str,
    #[serde(rename = "startDate")]
    pub(crate) start_date: Timestamp,
    #[serde(rename = "stopDate", skip_serializing_if = "Option::is_none")]
    pub(crate) stop_date: Option<Timestamp>,
}

/// `MapRunRedrivenEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MapRunRedrivenEventDetails<'a> {
    #[serde(rename = "mapRunArn", skip_serializing_if = "Option::is_none")]
    pub(crate) map_run_arn: Option<&'a str>,
    #[serde(rename = "redriveCount", skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_count: Option<i32>,
}

/// `MapRunStartedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MapRunStartedEventDetails<'a> {
    #[serde(rename = "mapRunArn", skip_serializing_if = "Option::is_none")]
    pub(crate) map_run_arn: Option<&'a str>,
}

/// `MapRunStatus`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum MapRunStatus {
    #[serde(rename = "RUNNING")]
    Running,
    #[serde(rename = "SUCCEEDED")]
    Succeeded,
    #[serde(rename = "FAILED")]
    Failed,
    #[serde(rename = "ABORTED")]
    Aborted,
}

impl MapRunStatus {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 4] = ["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RUNNING" => Self::Running,
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            "ABORTED" => Self::Aborted,
            _ => return None,
        })
    }
}

/// `MapStateStartedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MapStateStartedEventDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) length: Option<i32>,
}

/// `MockErrorOutput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MockErrorOutput<'a> {
    pub(crate) error: Option<Text<'a>>,
    pub(crate) cause: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for MockErrorOutput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "error" => self.error = map.next_value()?,
            "cause" => self.cause = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.text("error", self.error.as_deref(), &SENSITIVE_ERROR);
        findings.text("cause", self.cause.as_deref(), &SENSITIVE_CAUSE);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for MockErrorOutput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `MockInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MockInput<'a> {
    pub(crate) result: Option<Text<'a>>,
    pub(crate) error_output: Option<MockErrorOutput<'a>>,
    pub(crate) field_validation_mode: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for MockInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "result" => self.result = map.next_value()?,
            "errorOutput" => self.error_output = map.next_value()?,
            "fieldValidationMode" => self.field_validation_mode = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.structure("errorOutput", self.error_output.as_ref());
        findings.text(
            "fieldValidationMode",
            self.field_validation_mode.as_deref(),
            &MOCK_RESPONSE_VALIDATION_MODE,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for MockInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `MockResponseValidationMode`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum MockResponseValidationMode {
    #[serde(rename = "STRICT")]
    Strict,
    #[serde(rename = "PRESENT")]
    Present,
    #[serde(rename = "NONE")]
    None,
}

impl MockResponseValidationMode {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 3] = ["STRICT", "PRESENT", "NONE"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "STRICT" => Self::Strict,
            "PRESENT" => Self::Present,
            "NONE" => Self::None,
            _ => return None,
        })
    }
}

/// `PublishStateMachineVersionInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PublishStateMachineVersionInput<'a> {
    pub(crate) state_machine_arn: Required<Text<'a>>,
    pub(crate) revision_id: Option<Text<'a>>,
    pub(crate) description: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for PublishStateMachineVersionInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineArn" => self.state_machine_arn = map.next_value()?,
            "revisionId" => self.revision_id = map.next_value()?,
            "description" => self.description = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineArn", &self.state_machine_arn.0);
        findings.text("stateMachineArn", self.state_machine_arn.0.as_deref(), &ARN);
        findings.text(
            "description",
            self.description.as_deref(),
            &VERSION_DESCRIPTION,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for PublishStateMachineVersionInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `PublishStateMachineVersionOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PublishStateMachineVersionOutput<'a> {
    #[serde(rename = "creationDate")]
    pub(crate) creation_date: Timestamp,
    #[serde(rename = "stateMachineVersionArn")]
    pub(crate) state_machine_version_arn: &'a str,
}

/// `RedriveExecutionInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RedriveExecutionInput<'a> {
    pub(crate) execution_arn: Required<Text<'a>>,
    pub(crate) client_token: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for RedriveExecutionInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "executionArn" => self.execution_arn = map.next_value()?,
            "clientToken" => self.client_token = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("executionArn", &self.execution_arn.0);
        findings.text("executionArn", self.execution_arn.0.as_deref(), &ARN);
        findings.text("clientToken", self.client_token.as_deref(), &CLIENT_TOKEN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RedriveExecutionInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `RedriveExecutionOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RedriveExecutionOutput {
    #[serde(rename = "redriveDate")]
    pub(crate) redrive_date: Timestamp,
}

/// `RoutingConfigurationListItem`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct RoutingConfigurationListItem<'a> {
    #[serde(rename = "stateMachineVersionArn")]
    pub(crate) state_machine_version_arn: Required<Text<'a>>,
    pub(crate) weight: Required<i32>,
}

impl<'de: 'a, 'a> Structure<'de> for RoutingConfigurationListItem<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineVersionArn" => self.state_machine_version_arn = map.next_value()?,
            "weight" => self.weight = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineVersionArn", &self.state_machine_version_arn.0);
        findings.text(
            "stateMachineVersionArn",
            self.state_machine_version_arn.0.as_deref(),
            &ARN,
        );
        findings.required("weight", &self.weight.0);
        findings.number("weight", self.weight.0.map(f64::from), &VERSION_WEIGHT);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RoutingConfigurationListItem<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `SendTaskFailureInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SendTaskFailureInput<'a> {
    pub(crate) task_token: Required<Text<'a>>,
    pub(crate) error: Option<Text<'a>>,
    pub(crate) cause: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for SendTaskFailureInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "taskToken" => self.task_token = map.next_value()?,
            "error" => self.error = map.next_value()?,
            "cause" => self.cause = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("taskToken", &self.task_token.0);
        findings.text("taskToken", self.task_token.0.as_deref(), &TASK_TOKEN);
        findings.text("error", self.error.as_deref(), &SENSITIVE_ERROR);
        findings.text("cause", self.cause.as_deref(), &SENSITIVE_CAUSE);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for SendTaskFailureInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `SendTaskFailureOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SendTaskFailureOutput {}

/// `SendTaskHeartbeatInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SendTaskHeartbeatInput<'a> {
    pub(crate) task_token: Required<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for SendTaskHeartbeatInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "taskToken" => self.task_token = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("taskToken", &self.task_token.0);
        findings.text("taskToken", self.task_token.0.as_deref(), &TASK_TOKEN);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for SendTaskHeartbeatInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `SendTaskHeartbeatOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SendTaskHeartbeatOutput {}

/// `SendTaskSuccessInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SendTaskSuccessInput<'a> {
    pub(crate) task_token: Required<Text<'a>>,
    pub(crate) output: Required<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for SendTaskSuccessInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "taskToken" => self.task_token = map.next_value()?,
            "output" => self.output = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("taskToken", &self.task_token.0);
        findings.text("taskToken", self.task_token.0.as_deref(), &TASK_TOKEN);
        findings.required("output", &self.output.0);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for SendTaskSuccessInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `SendTaskSuccessOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SendTaskSuccessOutput {}

/// `StartExecutionInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StartExecutionInput<'a> {
    pub(crate) state_machine_arn: Required<Text<'a>>,
    pub(crate) name: Option<Text<'a>>,
    pub(crate) input: Option<Text<'a>>,
    pub(crate) trace_header: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for StartExecutionInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineArn" => self.state_machine_arn = map.next_value()?,
            "name" => self.name = map.next_value()?,
            "input" => self.input = map.next_value()?,
            "traceHeader" => self.trace_header = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineArn", &self.state_machine_arn.0);
        findings.text("stateMachineArn", self.state_machine_arn.0.as_deref(), &ARN);
        findings.text("name", self.name.as_deref(), &NAME);
        findings.text("traceHeader", self.trace_header.as_deref(), &TRACE_HEADER);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for StartExecutionInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `StartExecutionOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct StartExecutionOutput<'a> {
    #[serde(rename = "executionArn")]
    pub(crate) execution_arn: &'a str,
    #[serde(rename = "startDate")]
    pub(crate) start_date: Timestamp,
}

/// `StartSyncExecutionInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StartSyncExecutionInput<'a> {
    pub(crate) state_machine_arn: Required<Text<'a>>,
    pub(crate) name: Option<Text<'a>>,
    pub(crate) input: Option<Text<'a>>,
    pub(crate) trace_header: Option<Text<'a>>,
    pub(crate) included_data: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for StartSyncExecutionInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineArn" => self.state_machine_arn = map.next_value()?,
            "name" => self.name = map.next_value()?,
            "input" => self.input = map.next_value()?,
            "traceHeader" => self.trace_header = map.next_value()?,
            "includedData" => self.included_data = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineArn", &self.state_machine_arn.0);
        findings.text("stateMachineArn", self.state_machine_arn.0.as_deref(), &ARN);
        findings.text("name", self.name.as_deref(), &NAME);
        findings.text("traceHeader", self.trace_header.as_deref(), &TRACE_HEADER);
        findings.text(
            "includedData",
            self.included_data.as_deref(),
            &INCLUDED_DATA,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for StartSyncExecutionInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `StartSyncExecutionOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct StartSyncExecutionOutput<'a> {
    #[serde(rename = "executionArn")]
    pub(crate) execution_arn: &'a str,
    #[serde(rename = "stateMachineArn", skip_serializing_if = "Option::is_none")]
    pub(crate) state_machine_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    #[serde(rename = "startDate")]
    pub(crate) start_date: Timestamp,
    #[serde(rename = "stopDate")]
    pub(crate) stop_date: Timestamp,
    pub(crate) status: SyncExecutionStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a str>,
    #[serde(rename = "inputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) input_details: Option<CloudWatchEventsExecutionDataDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<&'a str>,
    #[serde(rename = "outputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) output_details: Option<CloudWatchEventsExecutionDataDetails>,
    #[serde(rename = "traceHeader", skip_serializing_if = "Option::is_none")]
    pub(crate) trace_header: Option<&'a str>,
    #[serde(rename = "billingDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) billing_details: Option<BillingDetails>,
}

/// `StateEnteredEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct StateEnteredEventDetails<'a> {
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a str>,
    #[serde(rename = "inputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) input_details: Option<HistoryEventExecutionDataDetails>,
}

/// `StateExitedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct StateExitedEventDetails<'a> {
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<&'a str>,
    #[serde(rename = "outputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) output_details: Option<HistoryEventExecutionDataDetails>,
    #[serde(rename = "assignedVariables", skip_serializing_if = "Option::is_none")]
    pub(crate) assigned_variables: Option<Map<&'a str, &'a str>>,
    #[serde(
        rename = "assignedVariablesDetails",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) assigned_variables_details: Option<AssignedVariablesDetails>,
}

/// `StateMachineAliasListItem`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct StateMachineAliasListItem<'a> {
    #[serde(rename = "stateMachineAliasArn")]
    pub(crate) state_machine_alias_arn: &'a str,
    #[serde(rename = "creationDate")]
    pub(crate) creation_date: Timestamp,
}

/// `StateMachineListItem`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct StateMachineListItem<'a> {
    #[serde(rename = "stateMachineArn")]
    pub(crate) state_machine_arn: &'a str,
    pub(crate) name: &'a str,
    #[serde(rename = "type")]
    pub(crate) type_: StateMachineType,
    #[serde(rename = "creationDate")]
    pub(crate) creation_date: Timestamp,
}

/// `StateMachineStatus`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum StateMachineStatus {
    #[serde(rename = "ACTIVE")]
    Active,
    #[serde(rename = "DELETING")]
    Deleting,
}

impl StateMachineStatus {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 2] = ["ACTIVE", "DELETING"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ACTIVE" => Self::Active,
            "DELETING" => Self::Deleting,
            _ => return None,
        })
    }
}

/// `StateMachineType`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum StateMachineType {
    #[serde(rename = "STANDARD")]
    Standard,
    #[serde(rename = "EXPRESS")]
    Express,
}

impl StateMachineType {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 2] = ["STANDARD", "EXPRESS"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "STANDARD" => Self::Standard,
            "EXPRESS" => Self::Express,
            _ => return None,
        })
    }
}

/// `StateMachineVersionListItem`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct StateMachineVersionListItem<'a> {
    #[serde(rename = "stateMachineVersionArn")]
    pub(crate) state_machine_version_arn: &'a str,
    #[serde(rename = "creationDate")]
    pub(crate) creation_date: Timestamp,
}

/// `StopExecutionInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StopExecutionInput<'a> {
    pub(crate) execution_arn: Required<Text<'a>>,
    pub(crate) error: Option<Text<'a>>,
    pub(crate) cause: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for StopExecutionInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "executionArn" => self.execution_arn = map.next_value()?,
            "error" => self.error = map.next_value()?,
            "cause" => self.cause = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("executionArn", &self.execution_arn.0);
        findings.text("executionArn", self.execution_arn.0.as_deref(), &ARN);
        findings.text("error", self.error.as_deref(), &SENSITIVE_ERROR);
        findings.text("cause", self.cause.as_deref(), &SENSITIVE_CAUSE);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for StopExecutionInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `StopExecutionOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct StopExecutionOutput {
    #[serde(rename = "stopDate")]
    pub(crate) stop_date: Timestamp,
}

/// `SyncExecutionStatus`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum SyncExecutionStatus {
    #[serde(rename = "SUCCEEDED")]
    Succeeded,
    #[serde(rename = "FAILED")]
    Failed,
    #[serde(rename = "TIMED_OUT")]
    TimedOut,
}

impl SyncExecutionStatus {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 3] = ["SUCCEEDED", "FAILED", "TIMED_OUT"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            "TIMED_OUT" => Self::TimedOut,
            _ => return None,
        })
    }
}

/// `Tag`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Tag<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for Tag<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "key" => self.key = map.next_value()?,
            "value" => self.value = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.text("key", self.key.as_deref(), &TAG_KEY);
        findings.text("value", self.value.as_deref(), &TAG_VALUE);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Tag<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `TagResourceInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TagResourceInput<'a> {
    pub(crate) resource_arn: Required<Text<'a>>,
    pub(crate) tags: Required<Vec<Tag<'a>>>,
}

impl<'de: 'a, 'a> Structure<'de> for TagResourceInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "resourceArn" => self.resource_arn = map.next_value()?,
            "tags" => self.tags = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("resourceArn", &self.resource_arn.0);
        findings.text("resourceArn", self.resource_arn.0.as_deref(), &ARN);
        findings.required("tags", &self.tags.0);
        findings.structures("tags", self.tags.0.as_deref());
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for TagResourceInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `TagResourceOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TagResourceOutput {}

/// `TaskCredentials`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TaskCredentials<'a> {
    #[serde(rename = "roleArn", skip_serializing_if = "Option::is_none")]
    pub(crate) role_arn: Option<&'a str>,
}

/// `TaskFailedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TaskFailedEventDetails<'a> {
    #[serde(rename = "resourceType")]
    pub(crate) resource_type: &'a str,
    pub(crate) resource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `TaskScheduledEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TaskScheduledEventDetails<'a> {
    #[serde(rename = "resourceType")]
    pub(crate) resource_type: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) region: &'a str,
    pub(crate) parameters: &'a str,
    #[serde(rename = "timeoutInSeconds", skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_in_seconds: Option<i64>,
    #[serde(rename = "heartbeatInSeconds", skip_serializing_if = "Option::is_none")]
    pub(crate) heartbeat_in_seconds: Option<i64>,
    #[serde(rename = "taskCredentials", skip_serializing_if = "Option::is_none")]
    pub(crate) task_credentials: Option<TaskCredentials<'a>>,
}

/// `TaskStartFailedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TaskStartFailedEventDetails<'a> {
    #[serde(rename = "resourceType")]
    pub(crate) resource_type: &'a str,
    pub(crate) resource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `TaskStartedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TaskStartedEventDetails<'a> {
    #[serde(rename = "resourceType")]
    pub(crate) resource_type: &'a str,
    pub(crate) resource: &'a str,
}

/// `TaskSubmitFailedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TaskSubmitFailedEventDetails<'a> {
    #[serde(rename = "resourceType")]
    pub(crate) resource_type: &'a str,
    pub(crate) resource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `TaskSubmittedEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TaskSubmittedEventDetails<'a> {
    #[serde(rename = "resourceType")]
    pub(crate) resource_type: &'a str,
    pub(crate) resource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<&'a str>,
    #[serde(rename = "outputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) output_details: Option<HistoryEventExecutionDataDetails>,
}

/// `TaskSucceededEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TaskSucceededEventDetails<'a> {
    #[serde(rename = "resourceType")]
    pub(crate) resource_type: &'a str,
    pub(crate) resource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<&'a str>,
    #[serde(rename = "outputDetails", skip_serializing_if = "Option::is_none")]
    pub(crate) output_details: Option<HistoryEventExecutionDataDetails>,
}

/// `TaskTimedOutEventDetails`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TaskTimedOutEventDetails<'a> {
    #[serde(rename = "resourceType")]
    pub(crate) resource_type: &'a str,
    pub(crate) resource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
}

/// `TestExecutionStatus`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum TestExecutionStatus {
    #[serde(rename = "SUCCEEDED")]
    Succeeded,
    #[serde(rename = "FAILED")]
    Failed,
    #[serde(rename = "RETRIABLE")]
    Retriable,
    #[serde(rename = "CAUGHT_ERROR")]
    CaughtError,
}

impl TestExecutionStatus {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 4] =
        ["SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            "RETRIABLE" => Self::Retriable,
            "CAUGHT_ERROR" => Self::CaughtError,
            _ => return None,
        })
    }
}

/// `TestStateConfiguration`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TestStateConfiguration<'a> {
    pub(crate) retrier_retry_count: Option<i32>,
    pub(crate) error_caused_by_state: Option<Text<'a>>,
    pub(crate) map_iteration_failure_count: Option<i32>,
    pub(crate) map_item_reader_data: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for TestStateConfiguration<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "retrierRetryCount" => self.retrier_retry_count = map.next_value()?,
            "errorCausedByState" => self.error_caused_by_state = map.next_value()?,
            "mapIterationFailureCount" => self.map_iteration_failure_count = map.next_value()?,
            "mapItemReaderData" => self.map_item_reader_data = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.number(
            "retrierRetryCount",
            self.retrier_retry_count.map(f64::from),
            &RETRIER_RETRY_COUNT,
        );
        findings.text(
            "errorCausedByState",
            self.error_caused_by_state.as_deref(),
            &TEST_STATE_STATE_NAME,
        );
        findings.number(
            "mapIterationFailureCount",
            self.map_iteration_failure_count.map(f64::from),
            &MAP_ITERATION_FAILURE_COUNT,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for TestStateConfiguration<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `TestStateInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TestStateInput<'a> {
    pub(crate) definition: Required<Text<'a>>,
    pub(crate) role_arn: Option<Text<'a>>,
    pub(crate) input: Option<Text<'a>>,
    pub(crate) inspection_level: Option<Text<'a>>,
    pub(crate) reveal_secrets: Option<bool>,
    pub(crate) variables: Option<Text<'a>>,
    pub(crate) state_name: Option<Text<'a>>,
    pub(crate) mock: Option<MockInput<'a>>,
    pub(crate) context: Option<Text<'a>>,
    pub(crate) state_configuration: Option<TestStateConfiguration<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for TestStateInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "definition" => self.definition = map.next_value()?,
            "roleArn" => self.role_arn = map.next_value()?,
            "input" => self.input = map.next_value()?,
            "inspectionLevel" => self.inspection_level = map.next_value()?,
            "revealSecrets" => self.reveal_secrets = map.next_value()?,
            "variables" => self.variables = map.next_value()?,
            "stateName" => self.state_name = map.next_value()?,
            "mock" => self.mock = map.next_value()?,
            "context" => self.context = map.next_value()?,
            "stateConfiguration" => self.state_configuration = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("definition", &self.definition.0);
        findings.text("definition", self.definition.0.as_deref(), &DEFINITION);
        findings.text("roleArn", self.role_arn.as_deref(), &ARN);
        findings.text(
            "inspectionLevel",
            self.inspection_level.as_deref(),
            &INSPECTION_LEVEL,
        );
        findings.text(
            "stateName",
            self.state_name.as_deref(),
            &TEST_STATE_STATE_NAME,
        );
        findings.structure("mock", self.mock.as_ref());
        findings.structure("stateConfiguration", self.state_configuration.as_ref());
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for TestStateInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `TestStateOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TestStateOutput<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'a str>,
    #[serde(rename = "inspectionData", skip_serializing_if = "Option::is_none")]
    pub(crate) inspection_data: Option<InspectionData<'a>>,
    #[serde(rename = "nextState", skip_serializing_if = "Option::is_none")]
    pub(crate) next_state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<TestExecutionStatus>,
}

/// `TracingConfiguration`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct TracingConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
}

impl<'de> Structure<'de> for TracingConfiguration {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "enabled" => self.enabled = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, _findings: &mut Findings) {}
}

impl<'de> Deserialize<'de> for TracingConfiguration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `UntagResourceInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct UntagResourceInput<'a> {
    pub(crate) resource_arn: Required<Text<'a>>,
    pub(crate) tag_keys: Required<Vec<Text<'a>>>,
}

impl<'de: 'a, 'a> Structure<'de> for UntagResourceInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "resourceArn" => self.resource_arn = map.next_value()?,
            "tagKeys" => self.tag_keys = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("resourceArn", &self.resource_arn.0);
        findings.text("resourceArn", self.resource_arn.0.as_deref(), &ARN);
        findings.required("tagKeys", &self.tag_keys.0);
        findings.texts("tagKeys", self.tag_keys.0.as_deref(), &TAG_KEY);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for UntagResourceInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `UntagResourceOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct UntagResourceOutput {}

/// `UpdateMapRunInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct UpdateMapRunInput<'a> {
    pub(crate) map_run_arn: Required<Text<'a>>,
    pub(crate) max_concurrency: Option<i32>,
    pub(crate) tolerated_failure_percentage: Option<f64>,
    pub(crate) tolerated_failure_count: Option<i64>,
}

impl<'de: 'a, 'a> Structure<'de> for UpdateMapRunInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "mapRunArn" => self.map_run_arn = map.next_value()?,
            "maxConcurrency" => self.max_concurrency = map.next_value()?,
            "toleratedFailurePercentage" => self.tolerated_failure_percentage = map.next_value()?,
            "toleratedFailureCount" => self.tolerated_failure_count = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("mapRunArn", &self.map_run_arn.0);
        findings.text("mapRunArn", self.map_run_arn.0.as_deref(), &LONG_ARN);
        findings.number(
            "maxConcurrency",
            self.max_concurrency.map(f64::from),
            &MAX_CONCURRENCY,
        );
        findings.number(
            "toleratedFailurePercentage",
            self.tolerated_failure_percentage,
            &TOLERATED_FAILURE_PERCENTAGE,
        );
        findings.number(
            "toleratedFailureCount",
            self.tolerated_failure_count.map(|number| number as f64),
            &TOLERATED_FAILURE_COUNT,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for UpdateMapRunInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `UpdateMapRunOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct UpdateMapRunOutput {}

/// `UpdateStateMachineAliasInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct UpdateStateMachineAliasInput<'a> {
    pub(crate) state_machine_alias_arn: Required<Text<'a>>,
    pub(crate) description: Option<Text<'a>>,
    pub(crate) routing_configuration: Option<Vec<RoutingConfigurationListItem<'a>>>,
}

impl<'de: 'a, 'a> Structure<'de> for UpdateStateMachineAliasInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineAliasArn" => self.state_machine_alias_arn = map.next_value()?,
            "description" => self.description = map.next_value()?,
            "routingConfiguration" => self.routing_configuration = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineAliasArn", &self.state_machine_alias_arn.0);
        findings.text(
            "stateMachineAliasArn",
            self.state_machine_alias_arn.0.as_deref(),
            &ARN,
        );
        findings.text(
            "description",
            self.description.as_deref(),
            &ALIAS_DESCRIPTION,
        );
        findings.length(
            "routingConfiguration",
            self.routing_configuration.as_deref(),
            &ROUTING_CONFIGURATION_LIST,
        );
        findings.structures(
            "routingConfiguration",
            self.routing_configuration.as_deref(),
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for UpdateStateMachineAliasInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `UpdateStateMachineAliasOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct UpdateStateMachineAliasOutput {
    #[serde(rename = "updateDate")]
    pub(crate) update_date: Timestamp,
}

/// `UpdateStateMachineInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct UpdateStateMachineInput<'a> {
    pub(crate) state_machine_arn: Required<Text<'a>>,
    pub(crate) definition: Option<Text<'a>>,
    pub(crate) role_arn: Option<Text<'a>>,
    pub(crate) logging_configuration: Option<LoggingConfiguration<'a>>,
    pub(crate) tracing_configuration: Option<TracingConfiguration>,
    pub(crate) publish: Option<bool>,
    pub(crate) version_description: Option<Text<'a>>,
    pub(crate) encryption_configuration: Option<EncryptionConfiguration<'a>>,
}

impl<'de: 'a, 'a> Structure<'de> for UpdateStateMachineInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "stateMachineArn" => self.state_machine_arn = map.next_value()?,
            "definition" => self.definition = map.next_value()?,
            "roleArn" => self.role_arn = map.next_value()?,
            "loggingConfiguration" => self.logging_configuration = map.next_value()?,
            "tracingConfiguration" => self.tracing_configuration = map.next_value()?,
            "publish" => self.publish = map.next_value()?,
            "versionDescription" => self.version_description = map.next_value()?,
            "encryptionConfiguration" => self.encryption_configuration = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("stateMachineArn", &self.state_machine_arn.0);
        findings.text("stateMachineArn", self.state_machine_arn.0.as_deref(), &ARN);
        findings.text("definition", self.definition.as_deref(), &DEFINITION);
        findings.text("roleArn", self.role_arn.as_deref(), &ARN);
        findings.structure("loggingConfiguration", self.logging_configuration.as_ref());
        findings.structure("tracingConfiguration", self.tracing_configuration.as_ref());
        findings.text(
            "versionDescription",
            self.version_description.as_deref(),
            &VERSION_DESCRIPTION,
        );
        findings.structure(
            "encryptionConfiguration",
            self.encryption_configuration.as_ref(),
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for UpdateStateMachineInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `UpdateStateMachineOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct UpdateStateMachineOutput<'a> {
    #[serde(rename = "updateDate")]
    pub(crate) update_date: Timestamp,
    #[serde(rename = "revisionId", skip_serializing_if = "Option::is_none")]
    pub(crate) revision_id: Option<&'a str>,
    #[serde(
        rename = "stateMachineVersionArn",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) state_machine_version_arn: Option<&'a str>,
}

/// `ValidateStateMachineDefinitionDiagnostic`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ValidateStateMachineDefinitionDiagnostic<'a> {
    pub(crate) severity: ValidateStateMachineDefinitionSeverity,
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<&'a str>,
}

/// `ValidateStateMachineDefinitionInput`
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ValidateStateMachineDefinitionInput<'a> {
    pub(crate) definition: Required<Text<'a>>,
    pub(crate) type_: Option<Text<'a>>,
    pub(crate) severity: Option<Text<'a>>,
    pub(crate) max_results: Option<i32>,
}

impl<'de: 'a, 'a> Structure<'de> for ValidateStateMachineDefinitionInput<'a> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {
        match name {
            "definition" => self.definition = map.next_value()?,
            "type" => self.type_ = map.next_value()?,
            "severity" => self.severity = map.next_value()?,
            "maxResults" => self.max_results = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(&self, findings: &mut Findings) {
        findings.required("definition", &self.definition.0);
        findings.text("definition", self.definition.0.as_deref(), &DEFINITION);
        findings.text("type", self.type_.as_deref(), &STATE_MACHINE_TYPE);
        findings.text(
            "severity",
            self.severity.as_deref(),
            &VALIDATE_STATE_MACHINE_DEFINITION_SEVERITY,
        );
        findings.number(
            "maxResults",
            self.max_results.map(f64::from),
            &VALIDATE_STATE_MACHINE_DEFINITION_MAX_RESULT,
        );
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ValidateStateMachineDefinitionInput<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::structure(deserializer)
    }
}

/// `ValidateStateMachineDefinitionOutput`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ValidateStateMachineDefinitionOutput<'a> {
    pub(crate) result: ValidateStateMachineDefinitionResultCode,
    pub(crate) diagnostics: Vec<ValidateStateMachineDefinitionDiagnostic<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) truncated: Option<bool>,
}

/// `ValidateStateMachineDefinitionResultCode`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum ValidateStateMachineDefinitionResultCode {
    #[serde(rename = "OK")]
    Ok,
    #[serde(rename = "FAIL")]
    Fail,
}

impl ValidateStateMachineDefinitionResultCode {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 2] = ["OK", "FAIL"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "OK" => Self::Ok,
            "FAIL" => Self::Fail,
            _ => return None,
        })
    }
}

/// `ValidateStateMachineDefinitionSeverity`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum ValidateStateMachineDefinitionSeverity {
    #[serde(rename = "ERROR")]
    Error,
    #[serde(rename = "WARNING")]
    Warning,
}

impl ValidateStateMachineDefinitionSeverity {
    /// As they stand on the wire.
    pub(crate) const NAMES: [&'static str; 2] = ["ERROR", "WARNING"];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ERROR" => Self::Error,
            "WARNING" => Self::Warning,
            _ => return None,
        })
    }
}
