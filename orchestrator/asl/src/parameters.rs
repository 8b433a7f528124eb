//! Which parameters the service integrations of our own take, and which services of AWS there are: one table for those who check definitions and
//! those who perform tasks. Which integrations there are says [`crate::integrations`].

/// The parameters of an action of a service whose parameters are checked: `None` when there is no such action.
///
/// The service is the history's `resourceType`. Of AWS's own services it is known what they are called; parameters are checked when the task is
/// performed. What is not known here is not checked.
#[must_use]
pub fn known(service: &str, action: &str) -> Option<Known> {
    if let Some(name) = service.strip_prefix("aws-sdk:") {
        return is_service(name).then_some(Known::Unchecked);
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
