//! Jobs, queues and environments, made in one line each.

#![allow(dead_code, reason = "not every test uses everything")]

use std::sync::Arc;

use batch::consumable::{ConsumableKind, ConsumableResource};
use batch::container::{ContainerProperties, Resources};
use batch::definition::{NodeProperties, RetryStrategy};
use batch::environment::{ComputeEnvironment, Engine};
use batch::job::{DependencyKind, Job, JobDependency, JobSpec, JobStatus, Part, Role};
use batch::names::JobId;
use batch::queue::{
    EnvironmentOrder, FairsharePolicy, JobQueue, SchedulingPolicy, ShareAttributes, State,
};

/// Thousandths of a vCPU and MiB.
pub(crate) fn resources(vcpus_milli: u64, memory_mib: u64) -> Resources {
    Resources {
        vcpus_milli,
        memory_mib,
        gpus: 0,
    }
}

pub(crate) fn environment(name: &str, vcpus_milli: u64, memory_mib: u64) -> ComputeEnvironment {
    ComputeEnvironment {
        name: name.into(),
        uuid: "00000000-0000-0000-0000-000000000000".into(),
        state: State::Enabled,
        engine: Engine::Docker,
        limits: resources(vcpus_milli, memory_mib),
        kind: "MANAGED".into(),
        unmanagedv_cpus: None,
        compute_resources: None,
        service_role: None,
        update_policy: None,
        context: None,
        ecs_settings: None,
    }
}

pub(crate) fn queue(name: &str, priority: i32, environments: &[&str]) -> JobQueue {
    let order = |(order, name): (usize, &&str)| EnvironmentOrder {
        order: order as i32,
        environment: (*name).into(),
    };
    JobQueue {
        name: name.into(),
        state: State::Enabled,
        policy: None,
        priority,
        environments: environments.iter().enumerate().map(order).collect(),
        job_queue_type: None,
        job_state_time_limit_actions: Vec::new(),
    }
}

pub(crate) fn policy(
    name: &str,
    decay: i32,
    reservation: i32,
    weights: &[(&str, f64)],
) -> SchedulingPolicy {
    let share = |(name, weight): &(&str, f64)| ShareAttributes {
        share_identifier: (*name).into(),
        weight_factor: Some(*weight),
    };
    SchedulingPolicy {
        name: name.into(),
        fairshare_policy: Some(FairsharePolicy {
            share_decay_seconds: Some(decay),
            compute_reservation: Some(reservation),
            share_distribution: weights.iter().map(share).collect(),
        }),
    }
}

pub(crate) fn consumable(
    name: &str,
    kind: ConsumableKind,
    total_quantity: i64,
) -> ConsumableResource {
    ConsumableResource {
        name: name.into(),
        kind,
        total_quantity,
        created_at: 0,
        client_tokens: Vec::new(),
    }
}

/// A container that asks for so much.
pub(crate) fn spec(vcpus_milli: u64, memory_mib: u64) -> JobSpec {
    JobSpec {
        definition: "definition:1".into(),
        parts: vec![part(0, 0, vcpus_milli, memory_mib)],
        nodes: None,
        ecs_properties: None,
        retry: RetryStrategy::default(),
        timeout_seconds: None,
        share: None,
        priority: 0,
        depends_on: Vec::new(),
        parameters: Default::default(),
        tags: Default::default(),
        propagate_tags: None,
        platform_capabilities: Vec::new(),
        task_token: None,
        awaited_by: None,
    }
}

pub(crate) fn part(first: u32, last: u32, vcpus_milli: u64, memory_mib: u64) -> Part {
    let container = Arc::new(ContainerProperties {
        image: Some("busybox".into()),
        ..Default::default()
    });
    Part {
        first,
        last,
        container,
        resources: resources(vcpus_milli, memory_mib),
        consumables: Vec::new(),
    }
}

pub(crate) fn depends(kind: Option<DependencyKind>, id: Option<&str>) -> JobDependency {
    JobDependency {
        job_id: id.map(JobId::new),
        kind,
    }
}

/// A job as it was submitted.
pub(crate) fn job(
    id: &str,
    number: u64,
    queue: &str,
    role: Role,
    spec: &Arc<JobSpec>,
    at: i64,
) -> Job {
    Job {
        id: JobId::new(id),
        number,
        name: "job".into(),
        queue: queue.into(),
        role,
        spec: spec.clone(),
        status: JobStatus::Submitted,
        status_reason: None,
        created_at: at,
        started_at: None,
        stopped_at: None,
        attempts: Vec::new(),
        summary: None,
        is_cancelled: false,
        is_terminated: false,
    }
}

/// An array's parent and its children.
pub(crate) fn array(
    id: &str,
    number: u64,
    queue: &str,
    size: u32,
    spec: &Arc<JobSpec>,
    at: i64,
) -> Vec<Job> {
    let parent = job(id, number, queue, Role::ArrayParent { size }, spec, at);
    let child = |index: u32| {
        let role = Role::ArrayChild {
            parent: parent.id.clone(),
            index,
        };
        Job {
            name: parent.name.clone(),
            queue: parent.queue.clone(),
            ..job(
                parent.id.child(index).as_str(),
                number + 1 + u64::from(index),
                queue,
                role,
                spec,
                at,
            )
        }
    };
    let children: Vec<Job> = (0..size).map(child).collect();
    [parent].into_iter().chain(children).collect()
}

/// A multi-node job's parent and its nodes; the spec's first part is every node's.
pub(crate) fn nodes(
    id: &str,
    number: u64,
    queue: &str,
    nodes: u32,
    main: u32,
    spec: JobSpec,
    at: i64,
) -> Vec<Job> {
    let mut spec = spec;
    spec.parts[0].last = nodes - 1;
    spec.nodes = Some(Arc::new(NodeProperties {
        num_nodes: nodes as i32,
        main_node: main as i32,
        node_range_properties: Vec::new(),
    }));
    let spec = Arc::new(spec);
    let parent = job(
        id,
        number,
        queue,
        Role::MultiNodeParent { nodes, main },
        &spec,
        at,
    );
    let node = |index: u32| {
        let role = Role::Node {
            parent: parent.id.clone(),
            index,
            is_main: index == main,
        };
        job(
            parent.id.node(index).as_str(),
            number + 1 + u64::from(index),
            queue,
            role,
            &spec,
            at,
        )
    };
    let nodes: Vec<Job> = (0..nodes).map(node).collect();
    [parent].into_iter().chain(nodes).collect()
}
