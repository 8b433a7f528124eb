//! From what the scheduler knows to what the operations answer.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::consumable::ConsumableResource;
use crate::definition::{ConsumableResourceRequirement, JobDefinition};
use crate::environment::ComputeEnvironment;
use crate::job::{Attempt, DependencyKind, Job, Role, StatusSummary};
use crate::names::Site;
use crate::queue::{JobQueue, SchedulingPolicy};

impl SubmittedJob {
    /// The answer for a job that was taken.
    pub fn of(job: &Job, site: &Site) -> Self {
        Self {
            job_arn: site.job(&job.id),
            job_name: job.name.to_string(),
            job_id: job.id.to_string(),
        }
    }
}

impl JobDetail {
    /// A job as DescribeJobs shows it.
    pub fn of(job: &Job, site: &Site) -> Self {
        let spec = &*job.spec;
        let last = job.attempts.last();
        let is_ecs = spec.ecs_properties.is_some();
        let shows_nodes = matches!(job.role, Role::MultiNodeParent { .. });
        let ended = job
            .attempts
            .iter()
            .filter(|attempt| attempt.stopped_at.is_some());
        Self {
            job_arn: site.job(&job.id),
            job_name: job.name.to_string(),
            job_id: job.id.to_string(),
            job_queue: site.queue(&job.queue),
            status: job.status,
            share_identifier: spec.share.as_deref().map(str::to_owned),
            scheduling_priority: spec.share.is_some().then_some(spec.priority),
            attempts: ended
                .map(|attempt| AttemptDetail::of(attempt, spec.ecs_properties.as_deref(), site))
                .collect(),
            status_reason: text(&job.status_reason),
            created_at: Some(job.created_at),
            retry_strategy: Some(RetryStrategy {
                attempts: Some(spec.max_attempts().cast_signed()),
                ..spec.retry.clone()
            }),
            started_at: job.started_at,
            stopped_at: job.stopped_at,
            depends_on: depends_on(job),
            job_definition: site.definition(&spec.definition),
            parameters: spec.parameters.clone(),
            container: (!shows_nodes && !is_ecs).then(|| ContainerDetail {
                properties: job.container().clone(),
                outcome: last
                    .map(|attempt| AttemptContainerDetail::of(attempt, site))
                    .unwrap_or_default(),
            }),
            node_details: match job.role {
                Role::Node { index, is_main, .. } => Some(NodeDetails {
                    node_index: index,
                    is_main_node: is_main,
                }),
                Role::Single
                | Role::ArrayParent { .. }
                | Role::ArrayChild { .. }
                | Role::MultiNodeParent { .. } => None,
            },
            node_properties: if shows_nodes {
                spec.nodes.clone()
            } else {
                None
            },
            array_properties: array_properties(job),
            timeout: spec.timeout_seconds.map(|seconds| JobTimeout {
                attempt_duration_seconds: Some(seconds.cast_signed()),
            }),
            tags: spec.tags.clone(),
            propagate_tags: spec.propagate_tags,
            platform_capabilities: spec.platform_capabilities.clone(),
            eks_attempts: Vec::new(),
            ecs_properties: spec
                .ecs_properties
                .as_ref()
                .map(|ecs| Arc::new(ecs_detail(ecs, job, last, site))),
            is_cancelled: job.is_cancelled,
            is_terminated: job.is_terminated,
            consumable_resource_properties: consumables(job),
        }
    }
}

impl JobSummary {
    /// A job as ListJobs shows it.
    pub fn of(job: &Job, site: &Site) -> Self {
        let last = job
            .attempts
            .last()
            .filter(|attempt| attempt.exit_code.is_some() || attempt.reason.is_some());
        Self {
            job_arn: site.job(&job.id),
            job_id: job.id.to_string(),
            job_name: job.name.to_string(),
            created_at: Some(job.created_at),
            share_identifier: job.spec.share.as_deref().map(str::to_owned),
            status: job.status,
            status_reason: text(&job.status_reason),
            started_at: job.started_at,
            stopped_at: job.stopped_at,
            container: last.map(|attempt| ContainerSummary {
                exit_code: attempt.exit_code,
                reason: text(&attempt.reason),
            }),
            array_properties: array_properties(job),
            node_properties: node_summary(&job.role),
            job_definition: site.definition(&job.spec.definition),
            is_cancelled: job.is_cancelled,
            is_terminated: job.is_terminated,
        }
    }
}

impl AttemptDetail {
    /// An attempt; of a job in ECS's words with its one task.
    fn of(attempt: &Attempt, ecs: Option<&Value>, site: &Site) -> Self {
        let container = AttemptContainerDetail::of(attempt, site);
        let task_properties = ecs.map(|ecs| {
            let name = ecs.pointer("/taskProperties/0/containers/0/name").cloned();
            let mut shown = outcome(attempt);
            if let (Some(name), Some(shown)) = (name, shown.as_object_mut()) {
                shown.insert("name".to_owned(), name);
            }
            json!({
                "containerInstanceArn": container.container_instance_arn,
                "taskArn": container.task_arn,
                "containers": [shown],
            })
        });
        Self {
            container,
            started_at: attempt.started_at,
            stopped_at: attempt.stopped_at,
            status_reason: text(&attempt.status_reason),
            task_properties: task_properties.into_iter().collect(),
        }
    }
}

impl AttemptContainerDetail {
    /// The container of an attempt.
    fn of(attempt: &Attempt, site: &Site) -> Self {
        let address = attempt.address.as_deref().map(|address| NetworkInterface {
            private_ipv4_address: Some(address.to_owned()),
            ..NetworkInterface::default()
        });
        Self {
            container_instance_arn: Some(site.instance(&attempt.environment)),
            task_arn: Some(site.task(&attempt.environment, &attempt.id)),
            exit_code: attempt.exit_code,
            reason: text(&attempt.reason),
            log_stream_name: text(&attempt.log_stream),
            network_interfaces: address.into_iter().collect(),
        }
    }
}

impl JobDefinitionDetail {
    /// A revision as DescribeJobDefinitions shows it.
    pub fn of(definition: &JobDefinition, tags: Map, site: &Site) -> Self {
        let mut shown = definition.clone();
        if shown.ecs_properties.is_some() {
            shown.container_properties = None;
        }
        Self {
            job_definition_arn: site.definition(&definition.reference()),
            tags,
            container_orchestration_type: "ECS".to_owned(),
            definition: shown,
        }
    }
}

impl JobQueueDetail {
    /// A queue as DescribeJobQueues shows it.
    pub fn of(queue: &JobQueue, tags: Map, site: &Site) -> Self {
        let environment = |order: &crate::queue::EnvironmentOrder| ComputeEnvironmentOrder {
            order: order.order,
            compute_environment: site.environment(&order.environment),
        };
        Self {
            job_queue_name: queue.name.to_string(),
            job_queue_arn: site.queue(&queue.name),
            state: queue.state,
            scheduling_policy_arn: queue.policy.as_deref().map(|policy| site.policy(policy)),
            status: "VALID".to_owned(),
            status_reason: Some("JobQueue Healthy".to_owned()),
            priority: queue.priority,
            compute_environment_order: queue.environments.iter().map(environment).collect(),
            service_environment_order: Vec::new(),
            job_queue_type: queue.job_queue_type.clone(),
            tags,
            job_state_time_limit_actions: queue.job_state_time_limit_actions.clone(),
        }
    }
}

impl ComputeEnvironmentDetail {
    /// An environment as DescribeComputeEnvironments shows it; `trouble` is what is wrong with its engine.
    pub fn of(
        environment: &ComputeEnvironment,
        tags: Map,
        trouble: Option<&str>,
        site: &Site,
    ) -> Self {
        Self {
            compute_environment_name: environment.name.to_string(),
            compute_environment_arn: site.environment(&environment.name),
            unmanagedv_cpus: environment.unmanagedv_cpus,
            tags,
            kind: environment.kind.clone(),
            state: environment.state,
            status: if trouble.is_some() {
                "INVALID"
            } else {
                "VALID"
            }
            .to_owned(),
            status_reason: Some(trouble.unwrap_or("ComputeEnvironment Healthy").to_owned()),
            compute_resources: environment.compute_resources.clone(),
            service_role: environment.service_role.clone(),
            update_policy: environment.update_policy.clone(),
            container_orchestration_type: "ECS".to_owned(),
            uuid: environment.uuid.clone(),
            context: environment.context.clone(),
            ecs_settings: environment.ecs_settings.clone(),
            engine: environment.engine,
            limits: environment.limits,
        }
    }
}

impl SchedulingPolicyDetail {
    /// A policy as DescribeSchedulingPolicies shows it.
    pub fn of(policy: &SchedulingPolicy, tags: Map, site: &Site) -> Self {
        Self {
            name: policy.name.to_string(),
            arn: site.policy(&policy.name),
            fairshare_policy: policy.fairshare_policy.clone(),
            tags,
        }
    }
}

impl ConsumableResourceDetail {
    /// A store as DescribeConsumableResource shows it; `held` is what running jobs hold of it.
    pub fn of(resource: &ConsumableResource, held: i64, tags: Map, site: &Site) -> Self {
        Self {
            consumable_resource_name: resource.name.to_string(),
            consumable_resource_arn: site.consumable(&resource.name),
            total_quantity: resource.total_quantity,
            in_use_quantity: held,
            available_quantity: (resource.total_quantity - held).max(0),
            resource_type: resource.kind,
            created_at: resource.created_at,
            tags,
        }
    }
}

impl ConsumableResourceSummary {
    /// A store as ListConsumableResources shows it.
    pub fn of(resource: &ConsumableResource, held: i64, site: &Site) -> Self {
        Self {
            consumable_resource_arn: site.consumable(&resource.name),
            consumable_resource_name: resource.name.to_string(),
            total_quantity: resource.total_quantity,
            in_use_quantity: held,
            resource_type: resource.kind,
        }
    }
}

impl ConsumingJob {
    /// A job as ListJobsByConsumableResource shows it; nothing if it takes nothing of this store.
    pub fn of(job: &Job, resource: &str, site: &Site) -> Option<Self> {
        let taken = job
            .consumables()
            .iter()
            .find(|taken| &*taken.resource == resource)?;
        Some(Self {
            job_arn: site.job(&job.id),
            job_queue_arn: site.queue(&job.queue),
            job_name: job.name.to_string(),
            job_definition_arn: site.definition(&job.spec.definition),
            share_identifier: job.spec.share.as_deref().map(str::to_owned),
            job_status: job.status,
            quantity: taken.quantity,
            status_reason: text(&job.status_reason),
            started_at: job.started_at,
            created_at: job.created_at,
            consumable_resource_properties: consumables(job)?,
        })
    }
}

/// Text of its own.
fn text(shared: &Option<Arc<str>>) -> Option<String> {
    shared.as_deref().map(str::to_owned)
}

/// What a job waits for. A child shows the children that it waits for.
fn depends_on(job: &Job) -> Vec<JobDependency> {
    let Role::ArrayChild { parent, index } = &job.role else {
        return job.spec.depends_on.clone();
    };
    let of_child = |dependency: &JobDependency| match (dependency.kind, &dependency.job_id) {
        (Some(DependencyKind::Sequential), _) => {
            let before = index.checked_sub(1)?;
            Some(JobDependency {
                job_id: Some(parent.child(before)),
                kind: dependency.kind,
            })
        }
        (Some(DependencyKind::NToN), Some(other)) => Some(JobDependency {
            job_id: Some(other.child(*index)),
            kind: dependency.kind,
        }),
        (Some(DependencyKind::NToN), None) | (None, _) => Some(dependency.clone()),
    };
    job.spec.depends_on.iter().filter_map(of_child).collect()
}

/// The children of an array, or which child a job is.
fn array_properties(job: &Job) -> Option<ArrayPropertiesDetail> {
    match job.role {
        Role::ArrayParent { size } => {
            let none = StatusSummary {
                counts: [size, 0, 0, 0, 0, 0, 0],
                updated_at: job.created_at,
            };
            let summary = job.summary.as_deref().unwrap_or(&none);
            let named = JobStatus::ALL.iter().zip(summary.counts);
            Some(ArrayPropertiesDetail {
                status_summary: Some(
                    named
                        .map(|(status, count)| (status.as_str().to_owned(), count))
                        .collect(),
                ),
                status_summary_last_updated_at: Some(summary.updated_at),
                size: Some(size),
                index: None,
            })
        }
        Role::ArrayChild { index, .. } => Some(ArrayPropertiesDetail {
            index: Some(index),
            ..ArrayPropertiesDetail::default()
        }),
        Role::Single | Role::MultiNodeParent { .. } | Role::Node { .. } => None,
    }
}

/// The nodes of a job, or which it is.
fn node_summary(role: &Role) -> Option<NodePropertiesSummary> {
    match role {
        Role::MultiNodeParent { nodes, .. } => Some(NodePropertiesSummary {
            num_nodes: Some(*nodes),
            ..NodePropertiesSummary::default()
        }),
        Role::Node { index, is_main, .. } => Some(NodePropertiesSummary {
            is_main_node: Some(*is_main),
            num_nodes: None,
            node_index: Some(*index),
        }),
        Role::Single | Role::ArrayParent { .. } | Role::ArrayChild { .. } => None,
    }
}

/// What a job takes from stores. A parent shows what each of its children takes.
fn consumables(job: &Job) -> Option<ConsumableResourceProperties> {
    let taken = match job.role {
        Role::ArrayParent { .. } => &*job.spec.part(0).consumables,
        Role::Single
        | Role::ArrayChild { .. }
        | Role::MultiNodeParent { .. }
        | Role::Node { .. } => job.consumables(),
    };
    let list = taken.iter().map(|taken| ConsumableResourceRequirement {
        consumable_resource: Some(taken.resource.to_string()),
        quantity: Some(taken.quantity),
    });
    (!taken.is_empty()).then(|| ConsumableResourceProperties {
        consumable_resource_list: list.collect(),
    })
}

/// What became of a container, as ECS's words have it.
fn outcome(attempt: &Attempt) -> Value {
    let mut shown = serde_json::Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            shown.insert(name.to_owned(), value);
        }
    };
    set("exitCode", attempt.exit_code.map(Value::from));
    set("reason", attempt.reason.as_deref().map(Value::from));
    set(
        "logStreamName",
        attempt.log_stream.as_deref().map(Value::from),
    );
    let address = attempt
        .address
        .as_deref()
        .map(|address| json!({ "privateIpv4Address": address }));
    set("networkInterfaces", Some(Value::from_iter(address)));
    Value::Object(shown)
}

/// The container in ECS's words, overrides and outcome included.
fn ecs_detail(ecs: &Value, job: &Job, last: Option<&Attempt>, site: &Site) -> Value {
    let mut shown = ecs.clone();
    let properties = job.container();
    if let Some(container) = shown
        .pointer_mut("/taskProperties/0/containers/0")
        .and_then(Value::as_object_mut)
    {
        container.insert("command".to_owned(), json!(properties.command));
        container.insert("environment".to_owned(), json!(properties.environment));
        container.insert(
            "resourceRequirements".to_owned(),
            json!(properties.resource_requirements),
        );
        if let Some(Value::Object(outcome)) = last.map(outcome) {
            container.extend(outcome);
        }
    }
    if let (Some(task), Some(last)) = (
        shown
            .pointer_mut("/taskProperties/0")
            .and_then(Value::as_object_mut),
        last,
    ) {
        task.insert(
            "containerInstanceArn".to_owned(),
            json!(site.instance(&last.environment)),
        );
        task.insert(
            "taskArn".to_owned(),
            json!(site.task(&last.environment, &last.id)),
        );
    }
    shown
}
