//! The names of things: ids of jobs and attempts, and ARNs.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A job's id: `uuid`, `uuid:3` for the child of an array job, `uuid#1` for the node of a multi-node job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub Arc<str>);

impl JobId {
    /// The id that is written so.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The id of an array job's child.
    pub fn child(&self, index: u32) -> Self {
        Self(format!("{}:{index}", self.0).into())
    }

    /// The id of a multi-node job's node.
    pub fn node(&self, index: u32) -> Self {
        Self(format!("{}#{index}", self.0).into())
    }

    /// The id of the job that this one is a child or a node of.
    pub fn parent(&self) -> Option<Self> {
        self.0.find([':', '#']).map(|at| Self(self.0[..at].into()))
    }

    /// The index of a child or a node.
    pub fn index(&self) -> Option<u32> {
        let (_, index) = self.0.split_once([':', '#'])?;
        index.parse().ok()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of an attempt of this job; the first is number 1.
    pub fn attempt(&self, number: u32) -> AttemptId {
        let job = self.0.replace(':', "-").replace('#', "-n");
        AttemptId(format!("ratchet-{job}-{number}").into())
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An attempt's id, which is also its container's name: `ratchet-<uuid>[-3|-n1]-<attempt from 1>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptId(pub Arc<str>);

impl AttemptId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The job and the attempt's number that the id tells, or `None` if it is no attempt's id.
    pub fn job(&self) -> Option<(JobId, u32)> {
        let (job, number) = self.0.strip_prefix("ratchet-")?.rsplit_once('-')?;
        let number = number.parse().ok()?;
        // A uuid is 36 characters; what follows it is a child's or a node's index.
        let (uuid, rest) = job.split_at_checked(36)?;
        let id = match rest.strip_prefix('-') {
            None if rest.is_empty() => uuid.to_owned(),
            None => return None,
            Some(rest) => match rest.strip_prefix('n') {
                Some(node) => format!("{uuid}#{}", node.parse::<u32>().ok()?),
                None => format!("{uuid}:{}", rest.parse::<u32>().ok()?),
            },
        };
        Some((JobId(id.into()), number))
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where ARNs say that things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The region, such as `us-east-1`.
    pub region: Arc<str>,
    /// The account, twelve digits.
    pub account: Arc<str>,
}

impl Site {
    /// The ARN of something of a kind (`job`, `job-queue`, …) with a name.
    fn arn(&self, kind: &str, name: &str) -> String {
        format!(
            "arn:aws:batch:{}:{}:{kind}/{name}",
            self.region, self.account
        )
    }

    /// The ARN of a job.
    pub fn job(&self, id: &JobId) -> String {
        self.arn("job", id.as_str())
    }

    /// The ARN of a job queue.
    pub fn queue(&self, name: &str) -> String {
        self.arn("job-queue", name)
    }

    /// The ARN of a compute environment.
    pub fn environment(&self, name: &str) -> String {
        self.arn("compute-environment", name)
    }

    /// The ARN of a job definition's revision, given as `name:revision`.
    pub fn definition(&self, name_and_revision: &str) -> String {
        self.arn("job-definition", name_and_revision)
    }

    /// The ARN of a scheduling policy.
    pub fn policy(&self, name: &str) -> String {
        self.arn("scheduling-policy", name)
    }

    /// The ARN of an attempt as a task of ECS; what follows the last slash is its container's name.
    pub fn task(&self, environment: &str, attempt: &AttemptId) -> String {
        format!(
            "arn:aws:ecs:{}:{}:task/{environment}/{attempt}",
            self.region, self.account
        )
    }

    /// The ARN of an environment as an instance of ECS.
    pub fn instance(&self, environment: &str) -> String {
        format!(
            "arn:aws:ecs:{}:{}:container-instance/{environment}",
            self.region, self.account
        )
    }

    /// The ARN of a consumable resource.
    pub fn consumable(&self, name: &str) -> String {
        self.arn("consumable-resource", name)
    }
}

/// The name in `text`, which is a name or an ARN: what follows the first slash of an ARN.
///
/// Region and account of the ARN are not compared: code that was written for another account runs unchanged.
pub fn name_of(text: &str) -> &str {
    match text
        .strip_prefix("arn:")
        .and_then(|rest| rest.split_once('/'))
    {
        Some((_, name)) => name,
        None => text,
    }
}

/// The kind in an ARN of Batch (`job`, `job-queue`, …).
pub fn kind_of(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let is_batch = parts.next() == Some("arn") && parts.nth(1) == Some("batch");
    let (kind, _) = parts.nth(2)?.split_once('/')?;
    is_batch.then_some(kind)
}
