//! Which service integrations there are, and which parameters those of our own take: one table for those who check definitions and those who
//! perform tasks.

/// The parameters of an action of a service whose parameters are checked: `None` when there is no such action.
///
/// The service is the history's `resourceType`. Of AWS's own services it is known what they are called, and which calls the optimised
/// integrations have; parameters are checked when the task is performed. What is not known here is not checked.
#[must_use]
pub fn known(service: &str, action: &str) -> Option<Known> {
    if let Some(name) = service.strip_prefix("aws-sdk:") {
        return is_service(name).then_some(Known::Unchecked);
    }
    if let Some((_, actions)) = OPTIMISED.iter().find(|(name, _)| *name == service) {
        return actions.contains(&action).then_some(Known::Unchecked);
    }
    if service != "dms" {
        return Some(Known::Unchecked);
    }
    let names: &[&str] = match action {
        "startReplicationTask" => &[
            "MigrationType",
            "Publications",
            "ReplicationTaskArn",
            "ReplicationTaskIdentifier",
            "ReplicationTaskSettings",
            "SlotName",
            "Source",
            "StartReplicationTaskType",
            "TableMappings",
            "Target",
            "WaitFor",
        ],
        "stopReplicationTask" => &[
            "ReplicationTaskArn",
            "ReplicationTaskIdentifier",
            "SetSequences",
        ],
        "describeReplicationTasks" => &["Filters", "Marker", "MaxRecords", "WithoutSettings"],
        "describeTableStatistics" => &[
            "Filters",
            "Marker",
            "MaxRecords",
            "ReplicationTaskArn",
            "ReplicationTaskIdentifier",
        ],
        _ => return None,
    };
    Some(Known::Names(names))
}

/// The calls of the optimised integrations.
const OPTIMISED: &[(&str, &[&str])] = &[
    ("apigateway", &["invoke"]),
    (
        "athena",
        &[
            "getQueryExecution",
            "getQueryResults",
            "startQueryExecution",
            "stopQueryExecution",
        ],
    ),
    (
        "dynamodb",
        &["deleteItem", "getItem", "putItem", "updateItem"],
    ),
    ("ecs", &["runTask"]),
    (
        "elasticmapreduce",
        &[
            "addStep",
            "cancelStep",
            "createCluster",
            "modifyInstanceFleetByName",
            "modifyInstanceGroupByName",
            "setClusterTerminationProtection",
            "terminateCluster",
        ],
    ),
    ("events", &["putEvents"]),
    ("glue", &["startJobRun"]),
    (
        "sagemaker",
        &[
            "createEndpoint",
            "createEndpointConfig",
            "createHyperParameterTuningJob",
            "createLabelingJob",
            "createModel",
            "createProcessingJob",
            "createTrainingJob",
            "createTransformJob",
            "updateEndpoint",
        ],
    ),
    ("sns", &["publish"]),
    ("sqs", &["sendMessage"]),
];

/// The names of AWS's services in `aws-sdk:NAME`, in order, one in each line. `orchestrator/aws-client/generate/models.py` writes the file.
const SERVICES: &str = include_str!("services.txt");

fn is_service(name: &str) -> bool {
    SERVICES.lines().any(|line| line == name)
}

/// What is known of an action's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: any may be given.
    Unchecked,
    /// These there are, and no others.
    Names(&'static [&'static str]),
}

impl Known {
    /// Whether a parameter is one of them. A template's `Name.$` is the parameter `Name`.
    #[must_use]
    pub fn contains(self, name: &str) -> bool {
        match self {
            Self::Unchecked => true,
            Self::Names(names) => names.contains(&name.strip_suffix(".$").unwrap_or(name)),
        }
    }
}
