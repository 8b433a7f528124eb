//! Which parameters a service integration of our own takes: one table for those who check definitions and those who perform tasks.

/// The parameters of an action of a service whose parameters are checked: `None` when there is no such action.
///
/// The service is the history's `resourceType`. Services that are not known here are not checked.
#[must_use]
pub fn known(service: &str, action: &str) -> Option<Known> {
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
