//! RegisterJobDefinition: from what is asked to a revision, or what is wrong with it. And how a revision is referred to.

use super::{DefinitionKind, DefinitionStatus, JobDefinition, NodeProperties};
use crate::check;
use crate::container::ecs;
use crate::error::{Error, Result};
use crate::job::Part;
use crate::names::name_of;
use crate::request::RegisterJobDefinition;
use std::sync::Arc;

/// How a definition is referred to: by its name, or with a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionReference {
    /// The name.
    pub name: String,
    /// The revision; without one, the newest that is ACTIVE.
    pub revision: Option<u32>,
}

impl DefinitionReference {
    /// Reads `name`, `name:revision`, or an ARN of either.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(member: &str, text: &str) -> Result<Self> {
        let name = name_of(text);
        let (name, revision) = match name.split_once(':') {
            Some((name, revision)) => (name, Some(revision)),
            None => (name, None),
        };
        let number = revision.map(|text| text.parse::<u32>().ok().filter(|number| *number > 0));
        if check::name(member, name).is_err() || number == Some(None) {
            return Err(Error::Client(format!(
                "{member} must be name, name:revision or an ARN of these, not {}",
                check::shown(text)
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            revision: number.flatten(),
        })
    }

    /// The revision that is meant, among those that there are in any order: the one that is named, or the newest ACTIVE one.
    ///
    /// # Errors
    /// When there is none, or it was deregistered.
    pub fn choose<'a>(
        &self,
        revisions: impl IntoIterator<Item = &'a Arc<JobDefinition>>,
    ) -> Result<&'a Arc<JobDefinition>> {
        let named = |definition: &&Arc<JobDefinition>| *definition.name == *self.name;
        let mut revisions = revisions.into_iter().filter(named);
        match self.revision {
            Some(number) => {
                let found = revisions.find(|definition| definition.revision == number);
                let Some(found) = found else {
                    return Err(Error::Client(format!(
                        "JobDefinition {}:{number} not found",
                        self.name
                    )));
                };
                match found.status {
                    DefinitionStatus::Active => Ok(found),
                    DefinitionStatus::Inactive => Err(Error::Client(format!(
                        "JobDefinition {}:{number} is INACTIVE: it was deregistered",
                        self.name
                    ))),
                }
            }
            None => {
                let active =
                    revisions.filter(|definition| definition.status == DefinitionStatus::Active);
                let newest = active.max_by_key(|definition| definition.revision);
                newest.ok_or_else(|| {
                    Error::Client(format!(
                        "JobDefinition {} not found, or no revision of it is ACTIVE",
                        self.name
                    ))
                })
            }
        }
    }
}

impl JobDefinition {
    /// The revision that a request makes. Its tags are the caller's to keep.
    ///
    /// # Errors
    /// When the request breaks a rule of AWS Batch, or asks for what is not here (Kubernetes, tasks of several containers).
    pub fn register(request: RegisterJobDefinition, revision: u32) -> Result<Self> {
        check::name("jobDefinitionName", &request.job_definition_name)?;
        let bytes = serde_json::to_vec(&request).map_or(0, |text| text.len());
        if bytes > check::DEFINITION_BYTES {
            return Err(Error::Client(format!(
                "a job definition must be at most {} bytes, not {bytes}",
                check::DEFINITION_BYTES
            )));
        }
        if let Some(tags) = &request.tags {
            check::tags(tags)?;
        }
        if let Some(priority) = request.scheduling_priority {
            check::range("schedulingPriority", priority.into(), 0, 9999)?;
        }
        if let Some(strategy) = &request.retry_strategy {
            check::retry(strategy)?;
        }
        if let Some(timeout) = &request.timeout {
            check::timeout(timeout)?;
        }
        if let Some(consumables) = &request.consumable_resource_properties {
            check::consumables(consumables)?;
        }
        if request.eks_properties.is_some() {
            return Err(Error::client(
                "eksProperties are not supported: jobs run in containers of this machine, use containerProperties",
            ));
        }
        for capability in request.platform_capabilities.iter().flatten() {
            if !["EC2", "FARGATE", "MANAGED_INSTANCES"].contains(&capability.as_str()) {
                let capability = check::shown(capability);
                return Err(Error::Client(format!(
                    "platformCapabilities must be EC2, FARGATE or MANAGED_INSTANCES, not {capability}"
                )));
            }
        }
        let container = what_runs(&request)?;
        Ok(Self {
            name: request.job_definition_name.into(),
            revision,
            status: DefinitionStatus::Active,
            kind: request.kind,
            scheduling_priority: request.scheduling_priority,
            parameters: request.parameters.unwrap_or_default(),
            retry_strategy: request.retry_strategy,
            container_properties: container,
            timeout: request.timeout,
            node_properties: request.node_properties,
            propagate_tags: request.propagate_tags,
            platform_capabilities: request.platform_capabilities.unwrap_or_default(),
            ecs_properties: request.ecs_properties.map(Arc::new),
            consumable_resource_properties: request.consumable_resource_properties,
        })
    }
}

/// Checks what is to run. The container, of a definition that has one.
fn what_runs(
    request: &RegisterJobDefinition,
) -> Result<Option<Arc<crate::container::ContainerProperties>>> {
    match (request.kind, &request.node_properties) {
        (DefinitionKind::Container, Some(_)) => Err(Error::client(
            "nodeProperties are for type multinode, not for type container",
        )),
        (DefinitionKind::Container, None) => {
            let container = match (&request.container_properties, &request.ecs_properties) {
                (Some(_), Some(_)) => {
                    return Err(Error::client(
                        "containerProperties and ecsProperties exclude each other",
                    ));
                }
                (None, None) => {
                    return Err(Error::client(
                        "containerProperties must be given for type container",
                    ));
                }
                (Some(container), None) => {
                    container.check("containerProperties")?;
                    container.clone()
                }
                (None, Some(properties)) => {
                    let container = ecs::container("ecsProperties", properties)?;
                    container.check("ecsProperties.taskProperties[0].containers[0]")?;
                    container
                }
            };
            Ok(Some(container))
        }
        (DefinitionKind::Multinode, None) => Err(Error::client(
            "nodeProperties must be given for type multinode",
        )),
        (DefinitionKind::Multinode, Some(_))
            if request.container_properties.is_some() || request.ecs_properties.is_some() =>
        {
            Err(Error::client(
                "containerProperties are for type container: a multinode definition has its containers in nodeProperties",
            ))
        }
        (DefinitionKind::Multinode, Some(nodes)) => {
            nodes.check()?;
            Ok(None)
        }
    }
}

impl NodeProperties {
    /// Checks the ranges and their containers.
    fn check(&self) -> Result<()> {
        check::range("nodeProperties.numNodes", self.num_nodes.into(), 1, 1000)?;
        if !(0..self.num_nodes).contains(&self.main_node) {
            return Err(Error::Client(format!(
                "nodeProperties.mainNode must be one of the {} nodes, 0 to {}, not {}",
                self.num_nodes,
                self.num_nodes - 1,
                self.main_node
            )));
        }
        let count = self.node_range_properties.len();
        if !(1..=5).contains(&count) {
            return Err(Error::Client(format!(
                "nodeProperties.nodeRangeProperties must have 1 to 5 ranges, not {count}"
            )));
        }
        for (index, range) in self.node_range_properties.iter().enumerate() {
            let at = format!("nodeProperties.nodeRangeProperties[{index}]");
            if range.eks_properties.is_some() {
                return Err(Error::Client(format!(
                    "{at}.eksProperties are not supported, use container"
                )));
            }
            match (&range.container, &range.ecs_properties) {
                (Some(container), None) => container.check(&format!("{at}.container"))?,
                (None, Some(properties)) => {
                    ecs::container(&format!("{at}.ecsProperties"), properties)?.check(&at)?
                }
                (None, None) => return Err(Error::Client(format!("{at}.container must be given"))),
                (Some(_), Some(_)) => {
                    return Err(Error::Client(format!(
                        "{at}: container and ecsProperties exclude each other"
                    )));
                }
            }
            if let Some(consumables) = &range.consumable_resource_properties {
                check::consumables(consumables)?;
            }
        }
        self.parts().map(|_| ())
    }

    /// What the nodes run, range by range.
    ///
    /// # Errors
    /// When a range is malformed, ranges cross (one inside another is allowed), or a node is in none.
    pub(crate) fn parts(&self) -> Result<Vec<Part>> {
        let at = "nodeProperties.nodeRangeProperties";
        let nodes = u32::try_from(self.num_nodes).unwrap_or(0);
        let mut parts: Vec<Part> = Vec::new();
        for (index, range) in self.node_range_properties.iter().enumerate() {
            let at = format!("{at}[{index}]");
            let (first, last) = targets(&format!("{at}.targetNodes"), &range.target_nodes, nodes)?;
            let crosses = |other: &Part| {
                let (start, end) = (first.max(other.first), last.min(other.last));
                let is_inside =
                    (start, end) == (first, last) || (start, end) == (other.first, other.last);
                start <= end && (!is_inside || (first, last) == (other.first, other.last))
            };
            if parts.iter().any(crosses) {
                let target = &range.target_nodes;
                return Err(Error::Client(format!(
                    "{at}.targetNodes {target:?} crosses another range: one may only lie inside another"
                )));
            }
            let container = match (&range.container, &range.ecs_properties) {
                (Some(container), _) => container.clone(),
                (None, Some(properties)) => {
                    ecs::container(&format!("{at}.ecsProperties"), properties)?
                }
                (None, None) => return Err(Error::Client(format!("{at}.container must be given"))),
            };
            parts.push(Part::new(
                first,
                last,
                container,
                range.consumable_resource_properties.as_ref(),
            ));
        }
        match (0..nodes).find(|node| {
            !parts
                .iter()
                .any(|part| (part.first..=part.last).contains(node))
        }) {
            Some(node) => Err(Error::Client(format!(
                "{at}: node {node} of {nodes} is in no range"
            ))),
            None => Ok(parts),
        }
    }
}

/// Reads `0:3`, `4:`, `:2` or `5` of so many nodes.
pub(crate) fn targets(member: &str, text: &str, nodes: u32) -> Result<(u32, u32)> {
    let malformed = || {
        Error::Client(format!(
            "{member} must be written as 0:3, 4:, :2 or 5 and lie within {nodes} nodes, not {}",
            check::shown(text)
        ))
    };
    let bound = |text: &str, open: u32| {
        if text.is_empty() {
            Ok(open)
        } else {
            text.parse::<u32>().map_err(|_| malformed())
        }
    };
    let (first, last) = match text.split_once(':') {
        Some(("", "")) => return Err(malformed()),
        Some((first, last)) => (bound(first, 0)?, bound(last, nodes.saturating_sub(1))?),
        None => {
            let node = text.parse().map_err(|_| malformed())?;
            (node, node)
        }
    };
    if first > last || last >= nodes {
        Err(malformed())
    } else {
        Ok((first, last))
    }
}
