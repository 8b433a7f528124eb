//! SubmitJob: a definition with a submission's overrides over it, as jobs.
//!
//! ```text
//!   request + definition + queue + dependencies ──▶ one job, or a parent with its children or nodes
//! ```

use std::sync::Arc;

use crate::check;
use crate::container::{ContainerProperties, KeyValuePair, ecs};
use crate::definition::{DefinitionKind, JobDefinition, Map, NodeProperties, targets};
use crate::error::{Error, Result};
use crate::job::{DependencyKind, Job, JobDependency, JobSpec, JobStatus, Part, Role};
use crate::names::JobId;
use crate::queue::{JobQueue, State};
use crate::request::{Dependency, NodeOverrides, SubmitJob};

/// What a submission is made from besides the request.
#[derive(Clone, Debug)]
pub struct Submission<'a> {
    /// The revision that the request means.
    pub definition: &'a JobDefinition,
    /// The queue that the request means.
    pub queue: &'a JobQueue,
    /// The id that the job gets: a new uuid.
    pub id: JobId,
    /// Its place in the order of submissions. Children and nodes take the numbers after it.
    pub number: u64,
    /// The task token of the workflow that waits for the job.
    pub task_token: Option<Arc<str>>,
    /// The execution of a workflow that waits for the job's end.
    pub awaited_by: Option<Arc<str>>,
    /// Milliseconds since 1970.
    pub now: i64,
}

/// The ids of the jobs that a submission waits for, so that they can be looked up.
///
/// # Errors
/// When there are more than 20 dependencies, or one has neither id nor kind.
pub fn dependencies(request: &SubmitJob) -> Result<Vec<JobId>> {
    let list = request.depends_on.as_deref().unwrap_or_default();
    if list.len() > 20 {
        return Err(Error::Client(format!(
            "dependsOn must have at most 20 jobs, not {}",
            list.len()
        )));
    }
    let mut ids: Vec<JobId> = Vec::new();
    for (index, dependency) in list.iter().enumerate() {
        match (&dependency.job_id, dependency.kind) {
            (Some(id), _) if !id.is_empty() => {
                let id = JobId::new(crate::names::name_of(id));
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            (_, Some(DependencyKind::Sequential)) => {}
            (_, Some(DependencyKind::NToN) | None) => {
                return Err(Error::Client(format!(
                    "dependsOn[{index}].jobId must be given"
                )));
            }
        }
    }
    Ok(ids)
}

/// The jobs of a submission: the job, then its children or nodes. `role_of` tells what a job that is waited for is, or `None` if
/// there is no such job.
///
/// # Errors
/// When the request breaks a rule of AWS Batch.
pub fn submit(
    request: &SubmitJob,
    with: &Submission<'_>,
    role_of: impl Fn(&JobId) -> Option<Role>,
) -> Result<Vec<Job>> {
    check_request(request)?;
    check_queue(request, with.queue)?;
    let size = array_size(request, with.definition)?;
    let (mut parts, nodes) = what_runs(request, with.definition)?;
    if with.awaited_by.is_some() {
        parts.iter_mut().for_each(mark_as_managed);
    }
    let spec = JobSpec {
        definition: with.definition.reference().into(),
        parts,
        nodes,
        ecs_properties: with.definition.ecs_properties.clone(),
        retry: request
            .retry_strategy
            .clone()
            .or_else(|| with.definition.retry_strategy.clone())
            .unwrap_or_default(),
        timeout_seconds: timeout(request, with.definition),
        share: request.share_identifier.as_deref().map(Arc::from),
        priority: request
            .scheduling_priority_override
            .or(with.definition.scheduling_priority)
            .unwrap_or(0),
        depends_on: depends_on(request, size, &role_of)?,
        parameters: parameters(request, with.definition),
        tags: request.tags.clone().unwrap_or_default(),
        propagate_tags: request.propagate_tags.or(with.definition.propagate_tags),
        platform_capabilities: with.definition.platform_capabilities.clone(),
        task_token: with.task_token.clone(),
        awaited_by: with.awaited_by.clone(),
    };
    Ok(jobs(request, with, size, Arc::new(spec)))
}

/// Checks what needs only the request.
fn check_request(request: &SubmitJob) -> Result<()> {
    check::job_name(&request.job_name)?;
    let bytes = serde_json::to_vec(request).map_or(0, |text| text.len());
    if bytes > check::SUBMISSION_BYTES {
        return Err(Error::Client(format!(
            "a submission must be at most {} bytes, not {bytes}",
            check::SUBMISSION_BYTES
        )));
    }
    if let Some(strategy) = &request.retry_strategy {
        check::retry(strategy)?;
    }
    if let Some(timeout) = &request.timeout {
        check::timeout(timeout)?;
    }
    if let Some(tags) = &request.tags {
        check::tags(tags)?;
    }
    if let Some(consumables) = &request.consumable_resource_properties_override {
        check::consumables(consumables)?;
    }
    if let Some(priority) = request.scheduling_priority_override {
        check::range("schedulingPriorityOverride", priority.into(), 0, 9999)?;
    }
    if request.eks_properties_override.is_some() {
        return Err(Error::client(
            "eksPropertiesOverride is not supported: use containerOverrides",
        ));
    }
    Ok(())
}

/// Whether the queue takes the job: a fair-share queue takes jobs with a share, others take jobs without.
fn check_queue(request: &SubmitJob, queue: &JobQueue) -> Result<()> {
    let name = &queue.name;
    if queue.state == State::Disabled {
        return Err(Error::Client(format!(
            "JobQueue {name} is DISABLED: it takes no jobs until it is ENABLED"
        )));
    }
    match (&request.share_identifier, &queue.policy) {
        (Some(share), Some(_)) => check::share("shareIdentifier", share),
        (None, None) => Ok(()),
        (None, Some(policy)) => Err(Error::Client(format!(
            "shareIdentifier must be given: JobQueue {name} is shared fairly by scheduling policy {policy}"
        ))),
        (Some(share), None) => Err(Error::Client(format!(
            "shareIdentifier {share:?} must not be given: JobQueue {name} has no fair-share scheduling policy"
        ))),
    }
}

/// How many children the job has, if it is an array.
fn array_size(request: &SubmitJob, definition: &JobDefinition) -> Result<Option<u32>> {
    let Some(size) = request
        .array_properties
        .as_ref()
        .and_then(|array| array.size)
    else {
        return Ok(None);
    };
    check::range("arrayProperties.size", size.into(), 2, 10_000)?;
    match definition.kind {
        DefinitionKind::Container => Ok(Some(size.unsigned_abs())),
        DefinitionKind::Multinode => Err(Error::Client(format!(
            "arrayProperties must not be given: {} is a multinode job definition",
            definition.reference()
        ))),
    }
}

/// How long an attempt may run, seconds.
fn timeout(request: &SubmitJob, definition: &JobDefinition) -> Option<u32> {
    let timeout = request.timeout.as_ref().or(definition.timeout.as_ref())?;
    timeout
        .attempt_duration_seconds
        .and_then(|seconds| u32::try_from(seconds).ok())
}

/// The definition's parameters with the request's over them.
fn parameters(request: &SubmitJob, definition: &JobDefinition) -> Map {
    let mut parameters = definition.parameters.clone();
    for (name, value) in request.parameters.iter().flatten() {
        parameters.insert(name.clone(), value.clone());
    }
    parameters
}

/// What runs: the definition's containers with the overrides over them, and for multi-node jobs the nodes.
fn what_runs(
    request: &SubmitJob,
    definition: &JobDefinition,
) -> Result<(Vec<Part>, Option<Arc<NodeProperties>>)> {
    let reference = definition.reference();
    match (
        &definition.container_properties,
        &definition.node_properties,
    ) {
        (Some(container), _) => {
            if request.node_overrides.is_some() {
                return Err(Error::Client(format!(
                    "nodeOverrides must not be given: {reference} is no multinode job definition"
                )));
            }
            let container = overridden(request, definition, container)?;
            let consumables = request.consumable_resource_properties_override.as_ref();
            let consumables = consumables.or(definition.consumable_resource_properties.as_ref());
            Ok((vec![Part::new(0, 0, container, consumables)], None))
        }
        (None, Some(nodes)) => {
            if request.container_overrides.is_some() || request.ecs_properties_override.is_some() {
                return Err(Error::Client(format!(
                    "containerOverrides must not be given: {reference} is a multinode job definition, use nodeOverrides"
                )));
            }
            let nodes = match &request.node_overrides {
                Some(overrides) => Arc::new(overridden_nodes(nodes, overrides)?),
                None => nodes.clone(),
            };
            Ok((nodes.parts()?, Some(nodes)))
        }
        (None, None) => Err(Error::Client(format!(
            "JobDefinition {reference} has no container"
        ))),
    }
}

/// Tells the container that a workflow waits for its job, as on AWS.
fn mark_as_managed(part: &mut Part) {
    const NAME: &str = "MANAGED_BY_AWS";
    let environment = &mut Arc::make_mut(&mut part.container).environment;
    environment.retain(|pair| pair.name.as_deref() != Some(NAME));
    environment.push(KeyValuePair {
        name: Some(NAME.to_owned()),
        value: Some("STARTED_BY_STEP_FUNCTIONS".to_owned()),
    });
}

/// The definition's container with the overrides over it; the definition's own, shared, if there are none.
fn overridden(
    request: &SubmitJob,
    definition: &JobDefinition,
    container: &Arc<ContainerProperties>,
) -> Result<Arc<ContainerProperties>> {
    let reference = definition.reference();
    let (at, overrides) = match (
        &request.container_overrides,
        &request.ecs_properties_override,
        &definition.ecs_properties,
    ) {
        (None, None, _) => return Ok(container.clone()),
        (Some(overrides), None, None) => ("containerOverrides", overrides.clone()),
        (None, Some(overrides), Some(ecs)) => {
            ("ecsPropertiesOverride", ecs::overrides(ecs, overrides)?)
        }
        (Some(_), _, Some(_)) => {
            return Err(Error::Client(format!(
                "containerOverrides must not be given: {reference} has ecsProperties, use ecsPropertiesOverride"
            )));
        }
        (_, Some(_), None) => {
            return Err(Error::Client(format!(
                "ecsPropertiesOverride must not be given: {reference} has containerProperties, use containerOverrides"
            )));
        }
    };
    overrides.check(at)?;
    Ok(Arc::new(container.with(&overrides)))
}

/// The nodes with the overrides over them.
fn overridden_nodes(nodes: &NodeProperties, overrides: &NodeOverrides) -> Result<NodeProperties> {
    let mut nodes = nodes.clone();
    if let Some(number) = overrides.num_nodes {
        check::range("nodeOverrides.numNodes", number.into(), 1, 1000)?;
        if nodes.main_node >= number {
            return Err(Error::Client(format!(
                "nodeOverrides.numNodes {number} leaves out the main node, {}",
                nodes.main_node
            )));
        }
        nodes.num_nodes = number;
    }
    let number = u32::try_from(nodes.num_nodes).unwrap_or(0);
    for (index, change) in overrides
        .node_property_overrides
        .iter()
        .flatten()
        .enumerate()
    {
        let at = format!("nodeOverrides.nodePropertyOverrides[{index}]");
        if change.eks_properties_override.is_some() || change.ecs_properties_override.is_some() {
            return Err(Error::Client(format!(
                "{at}: only containerOverrides are supported"
            )));
        }
        let target = targets(&format!("{at}.targetNodes"), &change.target_nodes, number)?;
        let is_target =
            |text: &str| targets("targetNodes", text, number).is_ok_and(|range| range == target);
        let range = nodes
            .node_range_properties
            .iter_mut()
            .find(|range| is_target(&range.target_nodes));
        let Some(range) = range else {
            let target = &change.target_nodes;
            return Err(Error::Client(format!(
                "{at}.targetNodes {target:?} is no range of the job definition"
            )));
        };
        if let Some(overrides) = &change.container_overrides {
            overrides.check(&format!("{at}.containerOverrides"))?;
            let Some(container) = &range.container else {
                return Err(Error::Client(format!(
                    "{at}.containerOverrides: the range has no container"
                )));
            };
            range.container = Some(Arc::new(container.with(overrides)));
        }
        if let Some(types) = &change.instance_types {
            range.instance_types = Some(types.clone());
        }
        if let Some(consumables) = &change.consumable_resource_properties_override {
            check::consumables(consumables)?;
            range.consumable_resource_properties = Some(consumables.clone());
        }
    }
    Ok(nodes)
}

/// What the job waits for, checked against what those jobs are.
fn depends_on(
    request: &SubmitJob,
    size: Option<u32>,
    role_of: impl Fn(&JobId) -> Option<Role>,
) -> Result<Vec<JobDependency>> {
    dependencies(request)?;
    let mut list = Vec::new();
    for (index, Dependency { job_id, kind }) in request.depends_on.iter().flatten().enumerate() {
        let at = format!("dependsOn[{index}]");
        let id = job_id
            .as_deref()
            .filter(|id| !id.is_empty())
            .map(|id| JobId::new(crate::names::name_of(id)));
        let role = match &id {
            Some(id) => Some(role_of(id).ok_or_else(|| {
                Error::Client(format!("{at}.jobId {id} is no job that is known"))
            })?),
            None => None,
        };
        match (kind, size) {
            (None, _) => list.push(JobDependency {
                job_id: id,
                kind: None,
            }),
            (Some(DependencyKind::Sequential), Some(_)) => {
                // With a job's id it is that job that the first child waits for, too.
                if id.is_some() {
                    list.push(JobDependency {
                        job_id: id,
                        kind: None,
                    });
                }
                list.push(JobDependency {
                    job_id: None,
                    kind: *kind,
                });
            }
            (Some(DependencyKind::NToN), Some(size)) => match role {
                Some(Role::ArrayParent { size: other }) if other == size => {
                    list.push(JobDependency {
                        job_id: id,
                        kind: *kind,
                    })
                }
                Some(Role::ArrayParent { size: other }) => {
                    return Err(Error::Client(format!(
                        "{at}: N_TO_N needs arrays of the same size, {size} is not {other}"
                    )));
                }
                Some(_) | None => {
                    return Err(Error::Client(format!(
                        "{at}: N_TO_N needs the id of an array job"
                    )));
                }
            },
            (Some(DependencyKind::Sequential), None) => {
                return Err(Error::Client(format!("{at}: SEQUENTIAL is for array jobs")));
            }
            (Some(DependencyKind::NToN), None) => {
                return Err(Error::Client(format!("{at}: N_TO_N is for array jobs")));
            }
        }
    }
    // What is said twice counts once.
    let mut seen: Vec<JobDependency> = Vec::with_capacity(list.len());
    for dependency in list {
        if !seen.contains(&dependency) {
            seen.push(dependency);
        }
    }
    Ok(seen)
}

/// The job, then its children or nodes, which share its name, queue and spec.
fn jobs(
    request: &SubmitJob,
    with: &Submission<'_>,
    size: Option<u32>,
    spec: Arc<JobSpec>,
) -> Vec<Job> {
    let nodes = spec.nodes.as_ref().map(|nodes| {
        (
            nodes.num_nodes.unsigned_abs(),
            nodes.main_node.unsigned_abs(),
        )
    });
    let role = match (size, nodes) {
        (Some(size), _) => Role::ArrayParent { size },
        (None, Some((nodes, main))) => Role::MultiNodeParent { nodes, main },
        (None, None) => Role::Single,
    };
    let job = Job {
        id: with.id.clone(),
        number: with.number,
        name: request.job_name.as_str().into(),
        queue: with.queue.name.clone(),
        role,
        spec,
        status: JobStatus::Submitted,
        status_reason: None,
        created_at: with.now,
        started_at: None,
        stopped_at: None,
        attempts: Vec::new(),
        summary: None,
        is_cancelled: false,
        is_terminated: false,
    };
    let child = |index: u32, id: JobId, role: Role| Job {
        id,
        number: with.number + 1 + u64::from(index),
        role,
        ..job.clone()
    };
    let parent = || with.id.clone();
    let children: Vec<Job> = match (size, nodes) {
        (Some(size), _) => {
            let of = |index| {
                child(
                    index,
                    with.id.child(index),
                    Role::ArrayChild {
                        parent: parent(),
                        index,
                    },
                )
            };
            (0..size).map(of).collect()
        }
        (None, Some((nodes, main))) => {
            let of = |index| {
                child(
                    index,
                    with.id.node(index),
                    Role::Node {
                        parent: parent(),
                        index,
                        is_main: index == main,
                    },
                )
            };
            (0..nodes).map(of).collect()
        }
        (None, None) => Vec::new(),
    };
    std::iter::once(job).chain(children).collect()
}
