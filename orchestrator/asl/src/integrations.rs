//! The service integrations that are no plain calls of a service's API, and the patterns that each of their actions has.
//!
//! The source: <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html> and the page of each service.

use crate::resource::{Pattern, ServiceCall};

/// How an action can be called, besides asking and going on with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ways {
    /// In no other way.
    Plain,
    /// `.waitForTaskToken`
    Token,
    /// `.sync`
    Sync,
    /// Both.
    SyncAndToken,
    /// Both, and `.sync:2`.
    All,
}

use Ways::{All, Plain, Sync, SyncAndToken, Token};

/// The services in order, each with its actions in order. `dms` is this project's own; `.waitForTaskToken` of `batch`, too.
const SERVICES: &[(&str, &[(&str, Ways)])] = &[
    ("apigateway", &[("invoke", Token)]),
    (
        "athena",
        &[
            ("getQueryExecution", Plain),
            ("getQueryResults", Plain),
            ("startQueryExecution", Sync),
            ("stopQueryExecution", Plain),
        ],
    ),
    ("batch", &[("submitJob", SyncAndToken)]),
    ("bedrock", &[("invokeModel", Token)]),
    (
        "codebuild",
        &[
            ("batchDeleteBuilds", Plain),
            ("batchGetBuildBatches", Plain),
            ("batchGetReports", Plain),
            ("deleteBuildBatch", Plain),
            ("retryBuildBatch", Sync),
            ("startBuild", Sync),
            ("startBuildBatch", Sync),
            ("stopBuild", Plain),
            ("stopBuildBatch", Plain),
        ],
    ),
    ("databrew", &[("startJobRun", Sync)]),
    (
        "dms",
        &[
            ("describeReplicationTasks", Plain),
            ("describeTableStatistics", Plain),
            ("startReplicationTask", Sync),
            ("stopReplicationTask", Sync),
        ],
    ),
    (
        "dynamodb",
        &[
            ("deleteItem", Plain),
            ("getItem", Plain),
            ("putItem", Plain),
            ("updateItem", Plain),
        ],
    ),
    ("ecs", &[("runTask", SyncAndToken)]),
    (
        "eks",
        &[
            ("createCluster", Sync),
            ("createFargateProfile", Sync),
            ("createNodegroup", Sync),
            ("deleteCluster", Sync),
            ("deleteFargateProfile", Sync),
            ("deleteNodegroup", Sync),
        ],
    ),
    (
        "elasticmapreduce",
        &[
            ("addStep", Sync),
            ("cancelStep", Plain),
            ("createCluster", Sync),
            ("modifyInstanceFleetByName", Plain),
            ("modifyInstanceGroupByName", Plain),
            ("setClusterTerminationProtection", Plain),
            ("terminateCluster", Sync),
        ],
    ),
    (
        "emr-containers",
        &[
            ("createVirtualCluster", Plain),
            ("deleteVirtualCluster", Sync),
            ("startJobRun", Sync),
        ],
    ),
    (
        "emr-serverless",
        &[
            ("cancelJobRun", Sync),
            ("createApplication", Sync),
            ("deleteApplication", Sync),
            ("startApplication", Sync),
            ("startJobRun", Sync),
            ("stopApplication", Sync),
        ],
    ),
    ("events", &[("putEvents", Token)]),
    ("glue", &[("startJobRun", Sync)]),
    ("http", &[("invoke", Plain)]),
    ("lambda", &[("invoke", Token)]),
    ("mediaconvert", &[("createJob", Sync)]),
    (
        "sagemaker",
        &[
            ("createEndpoint", Plain),
            ("createEndpointConfig", Plain),
            ("createHyperParameterTuningJob", Sync),
            ("createLabelingJob", Sync),
            ("createModel", Plain),
            ("createProcessingJob", Sync),
            ("createTrainingJob", Sync),
            ("createTransformJob", Sync),
            ("updateEndpoint", Plain),
        ],
    ),
    ("sns", &[("publish", Token)]),
    ("sqs", &[("sendMessage", Token)]),
    ("states", &[("startExecution", All)]),
];

/// Calls that AWS has besides these, in order.
const ABSENT: &[(&str, &[&str])] = &[
    (
        "bedrock",
        &[
            "createModelCustomizationJob",
            "createProvisionedModelThroughput",
        ],
    ),
    ("eks", &["call", "runJob"]),
];

/// Whether there is such an integration, with its pattern.
///
/// # Errors
/// What there is instead.
pub fn check(call: &ServiceCall) -> Result<(), String> {
    let (service, action) = (&*call.resource_type, &*call.action);
    let is_absent = ABSENT
        .iter()
        .any(|(name, actions)| *name == service && actions.contains(&action));
    if is_absent {
        return Err(format!("the integration {service}:{action} is not there"));
    }
    let Some((_, actions)) = SERVICES.iter().find(|(name, _)| *name == service) else {
        let names: Vec<&str> = SERVICES.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "there are integrations of {}; any other service is called as aws-sdk:SERVICE:ACTION",
            names.join(", ")
        ));
    };
    let Some((_, ways)) = actions.iter().find(|(name, _)| *name == action) else {
        let names: Vec<&str> = actions.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "{service} has {}; other calls are written aws-sdk:SERVICE:ACTION",
            names.join(", ")
        ));
    };
    if ways.patterns().contains(&call.pattern) {
        return Ok(());
    }
    let suffixes: Vec<&str> = ways
        .patterns()
        .iter()
        .map(|pattern| pattern.suffix())
        .filter(|suffix| !suffix.is_empty())
        .collect();
    Err(match suffixes.as_slice() {
        [] => format!("{service}:{action} is written without a suffix"),
        suffixes => format!(
            "{service}:{action} is written without a suffix or with {}",
            suffixes.join(", ")
        ),
    })
}

/// All calls that there are: service, action, pattern.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str, Pattern)> {
    SERVICES.iter().flat_map(|(service, actions)| {
        actions.iter().flat_map(|(action, ways)| {
            let patterns = ways.patterns().iter();
            patterns.map(|pattern| (*service, *action, *pattern))
        })
    })
}

impl Ways {
    fn patterns(self) -> &'static [Pattern] {
        use Pattern::{RequestResponse, Sync, Sync2, WaitForTaskToken};
        match self {
            Self::Plain => &[RequestResponse],
            Self::Token => &[RequestResponse, WaitForTaskToken],
            Self::Sync => &[RequestResponse, Sync],
            Self::SyncAndToken => &[RequestResponse, Sync, WaitForTaskToken],
            Self::All => &[RequestResponse, Sync, Sync2, WaitForTaskToken],
        }
    }
}
