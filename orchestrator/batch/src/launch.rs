//! What an engine must know to run an attempt: the container with its command and its variables complete.

use std::sync::Arc;

use crate::container::{ContainerProperties, Resources};
use crate::job::{Attempt, Job, Role};
use crate::names::{AttemptId, JobId};

/// An attempt to start.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// The attempt, and its container's name.
    pub attempt: AttemptId,
    /// The job.
    pub job: JobId,
    /// The name of the environment that runs it.
    pub environment: Arc<str>,
    /// The container. `command` and `variables` here count, not those in it.
    pub container: Arc<ContainerProperties>,
    /// The command, parameters filled in. Empty means the image's own.
    pub command: Vec<String>,
    /// All variables, those of Batch included, in order; no name is there twice.
    pub variables: Vec<(String, String)>,
    /// What the container may use.
    pub resources: Resources,
    /// How long it may run. The scheduler stops it; an engine need not look.
    pub timeout_seconds: Option<u32>,
    /// What a node of a multi-node job needs.
    pub node: Option<NodeLaunch>,
    /// Where its log goes.
    pub log_stream: Arc<str>,
}

/// What a node of a multi-node job needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeLaunch {
    /// The network that the job's nodes share, to be made if it is not there.
    pub network: String,
    /// The node's index.
    pub index: u32,
    /// How many nodes there are.
    pub nodes: u32,
    /// Whether it is the main node, whose address the others are told.
    pub is_main: bool,
}

/// The launch of an attempt. `main_address` is that of the main node, for the other nodes of a multi-node job.
pub fn launch(job: &Job, attempt: &Attempt, main_address: Option<&str>) -> Launch {
    let container = job.container();
    Launch {
        attempt: attempt.id.clone(),
        job: job.id.clone(),
        environment: attempt.environment.clone(),
        container: container.clone(),
        command: container
            .command
            .iter()
            .map(|word| fill(word, job))
            .collect(),
        variables: variables(job, attempt, main_address),
        resources: job.resources(),
        timeout_seconds: job.spec.timeout_seconds,
        node: node(job),
        log_stream: attempt
            .log_stream
            .clone()
            .unwrap_or_else(|| log_stream(job, &attempt.id).into()),
    }
}

/// The log stream of an attempt: `<prefix>/default/<attempt>`. The prefix is the definition's name, or the option
/// `awslogs-stream-prefix`.
pub fn log_stream(job: &Job, attempt: &AttemptId) -> String {
    let definition = &*job.spec.definition;
    let name = definition
        .rsplit_once(':')
        .map_or(definition, |(name, _)| name);
    let options = job
        .container()
        .log_configuration
        .as_ref()
        .and_then(|logs| logs.options.as_ref());
    let prefix = options
        .and_then(|options| options.get("awslogs-stream-prefix"))
        .map_or(name, String::as_str);
    format!("{prefix}/default/{attempt}")
}

/// A word of a command, with the parameter for `Ref::name`. A word without such a parameter stays as it is, as on AWS.
fn fill(word: &str, job: &Job) -> String {
    let value = word
        .strip_prefix("Ref::")
        .and_then(|name| job.spec.parameters.get(name));
    value.map_or(word, String::as_str).to_owned()
}

/// All variables of an attempt: the definition's and the submission's, then those that tell the job about itself.
fn variables(job: &Job, attempt: &Attempt, main_address: Option<&str>) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut set =
        |name: &str, value: String| match variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => variables.push((name.to_owned(), value)),
        };
    for pair in &job.container().environment {
        if let Some(name) = &pair.name {
            set(name, pair.value.clone().unwrap_or_default());
        }
    }
    if let Some(token) = &job.spec.task_token {
        set("TaskToken", token.to_string());
    }
    set("AWS_BATCH_JOB_ID", job.id.to_string());
    set("AWS_BATCH_JOB_ATTEMPT", attempt.number.to_string());
    set("AWS_BATCH_JQ_NAME", job.queue.to_string());
    set("AWS_BATCH_CE_NAME", attempt.environment.to_string());
    match &job.role {
        Role::Single | Role::ArrayParent { .. } | Role::MultiNodeParent { .. } => {}
        Role::ArrayChild { index, .. } => set("AWS_BATCH_JOB_ARRAY_INDEX", index.to_string()),
        Role::Node { index, is_main, .. } => {
            let nodes = job.spec.nodes.as_ref();
            set("AWS_BATCH_JOB_NODE_INDEX", index.to_string());
            set(
                "AWS_BATCH_JOB_NUM_NODES",
                nodes.map_or(1, |nodes| nodes.num_nodes).to_string(),
            );
            set(
                "AWS_BATCH_JOB_MAIN_NODE_INDEX",
                nodes.map_or(0, |nodes| nodes.main_node).to_string(),
            );
            if let (false, Some(address)) = (is_main, main_address) {
                set(
                    "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS",
                    address.to_owned(),
                );
            }
        }
    }
    variables
}

/// What a node needs besides; nothing for other jobs.
fn node(job: &Job) -> Option<NodeLaunch> {
    let Role::Node {
        parent,
        index,
        is_main,
    } = &job.role
    else {
        return None;
    };
    let nodes = job
        .spec
        .nodes
        .as_ref()
        .and_then(|nodes| u32::try_from(nodes.num_nodes).ok())
        .unwrap_or(1);
    Some(NodeLaunch {
        network: format!("ratchet-{parent}"),
        index: *index,
        nodes,
        is_main: *is_main,
    })
}
