//! Queues and scheduling policies from what is asked, with AWS's rules.

use std::sync::Arc;

use super::{
    EnvironmentOrder, FairsharePolicy, JobQueue, JobStateTimeLimitAction, SchedulingPolicy,
};
use crate::check;
use crate::error::{Error, Result};
use crate::names::name_of;
use crate::request::{
    ComputeEnvironmentOrder, CreateJobQueue, CreateSchedulingPolicy, UpdateJobQueue,
    UpdateSchedulingPolicy,
};

/// The most environments of a queue.
const ENVIRONMENTS: usize = 3;

impl JobQueue {
    /// The queue that a request makes. `has_environment` and `has_policy` tell what there is, by name.
    ///
    /// # Errors
    /// When the request breaks a rule of AWS Batch or names what there is not.
    pub fn create(
        request: &CreateJobQueue,
        has_environment: impl Fn(&str) -> bool,
        has_policy: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        check::name("jobQueueName", &request.job_queue_name)?;
        if request
            .service_environment_order
            .as_ref()
            .is_some_and(|order| !order.is_empty())
        {
            return Err(Error::client(
                "serviceEnvironmentOrder is not supported: there are no service environments",
            ));
        }
        if let Some(kind @ ("EKS" | "SAGEMAKER_TRAINING")) = request.job_queue_type.as_deref() {
            return Err(Error::Client(format!(
                "jobQueueType {kind} is not supported: jobs run in containers of this machine"
            )));
        }
        if let Some(tags) = &request.tags {
            check::tags(tags)?;
        }
        let Some(order) = &request.compute_environment_order else {
            return Err(Error::client("computeEnvironmentOrder must be given"));
        };
        let actions = request
            .job_state_time_limit_actions
            .clone()
            .unwrap_or_default();
        limit_actions(&actions)?;
        Ok(Self {
            name: request.job_queue_name.as_str().into(),
            state: request.state.unwrap_or_default(),
            policy: request
                .scheduling_policy_arn
                .as_deref()
                .map(|arn| policy(arn, has_policy))
                .transpose()?,
            priority: priority(request.priority)?,
            environments: environments(order, has_environment)?,
            job_queue_type: request.job_queue_type.clone(),
            job_state_time_limit_actions: actions,
        })
    }

    /// The queue after an update.
    ///
    /// # Errors
    /// As for [`JobQueue::create`]; and a queue cannot change between fair shares and first in, first out.
    pub fn updated(
        &self,
        request: &UpdateJobQueue,
        has_environment: impl Fn(&str) -> bool,
        has_policy: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        let mut queue = self.clone();
        if request
            .service_environment_order
            .as_ref()
            .is_some_and(|order| !order.is_empty())
        {
            return Err(Error::client(
                "serviceEnvironmentOrder is not supported: there are no service environments",
            ));
        }
        queue.state = request.state.unwrap_or(queue.state);
        if let Some(value) = request.priority {
            queue.priority = priority(value)?;
        }
        if let Some(order) = &request.compute_environment_order {
            queue.environments = environments(order, has_environment)?;
        }
        if let Some(actions) = &request.job_state_time_limit_actions {
            limit_actions(actions)?;
            queue.job_state_time_limit_actions.clone_from(actions);
        }
        // Jobs of a queue without a policy have no share, so a queue keeps its way for life, as on AWS.
        match (&self.policy, request.scheduling_policy_arn.as_deref()) {
            (_, None) => {}
            (Some(_), Some(arn)) if !arn.is_empty() => {
                queue.policy = Some(policy(arn, has_policy)?)
            }
            (Some(_), Some(_)) => {
                return Err(Error::Client(format!(
                    "schedulingPolicyArn of JobQueue {} can be replaced, not removed",
                    self.name
                )));
            }
            (None, Some(_)) => {
                return Err(Error::Client(format!(
                    "schedulingPolicyArn must not be given: JobQueue {} was made without a scheduling policy",
                    self.name
                )));
            }
        }
        Ok(queue)
    }
}

/// A queue's priority.
fn priority(value: i32) -> Result<i32> {
    check::at_least("priority", value.into(), 0)?;
    Ok(value)
}

/// The policy's name, if there is such a policy.
fn policy(arn: &str, has_policy: impl Fn(&str) -> bool) -> Result<Arc<str>> {
    let name = name_of(arn);
    if !has_policy(name) {
        return Err(Error::Client(format!(
            "schedulingPolicyArn: SchedulingPolicy {} not found",
            check::shown(arn)
        )));
    }
    Ok(name.into())
}

/// One to three environments that there are, each once, in their order.
fn environments(
    order: &[ComputeEnvironmentOrder],
    has_environment: impl Fn(&str) -> bool,
) -> Result<Vec<EnvironmentOrder>> {
    let at = "computeEnvironmentOrder";
    if order.is_empty() || order.len() > ENVIRONMENTS {
        return Err(Error::Client(format!(
            "{at} must have 1 to {ENVIRONMENTS} environments, not {}",
            order.len()
        )));
    }
    let mut environments: Vec<EnvironmentOrder> = Vec::new();
    for ComputeEnvironmentOrder {
        order,
        compute_environment,
    } in order
    {
        let name = name_of(compute_environment);
        if !has_environment(name) {
            return Err(Error::Client(format!(
                "{at}: ComputeEnvironment {} not found",
                check::shown(compute_environment)
            )));
        }
        if environments
            .iter()
            .any(|known| known.order == *order || *known.environment == *name)
        {
            return Err(Error::Client(format!(
                "{at}: order {order} of ComputeEnvironment {name:?} or the environment is there twice"
            )));
        }
        environments.push(EnvironmentOrder {
            order: *order,
            environment: name.into(),
        });
    }
    environments.sort_by_key(|environment| environment.order);
    Ok(environments)
}

/// What is done to jobs at the head: only to those that wait, after ten minutes to a day.
fn limit_actions(actions: &[JobStateTimeLimitAction]) -> Result<()> {
    for (index, action) in actions.iter().enumerate() {
        let at = format!("jobStateTimeLimitActions[{index}]");
        if action.state != "RUNNABLE" {
            return Err(Error::Client(format!(
                "{at}.state must be RUNNABLE, not {}",
                check::shown(&action.state)
            )));
        }
        if !matches!(action.action.as_str(), "CANCEL" | "TERMINATE") {
            return Err(Error::Client(format!(
                "{at}.action must be CANCEL or TERMINATE, not {}",
                check::shown(&action.action)
            )));
        }
        if action.reason.is_empty() {
            return Err(Error::Client(format!("{at}.reason must be given")));
        }
        check::range(
            &format!("{at}.maxTimeSeconds"),
            action.max_time_seconds.into(),
            600,
            86_400,
        )?;
        if actions
            .iter()
            .take(index)
            .any(|other| other.reason == action.reason)
        {
            return Err(Error::Client(format!(
                "{at}.reason {} is there twice",
                check::shown(&action.reason)
            )));
        }
    }
    Ok(())
}

impl SchedulingPolicy {
    /// The policy that a request makes.
    ///
    /// # Errors
    /// When the request breaks a rule of AWS Batch, or asks for quota shares.
    pub fn create(request: &CreateSchedulingPolicy) -> Result<Self> {
        check::name("name", &request.name)?;
        if let Some(tags) = &request.tags {
            check::tags(tags)?;
        }
        let policy = Self {
            name: request.name.as_str().into(),
            fairshare_policy: None,
        };
        policy.with(
            request.quota_share_policy.is_some(),
            request.fairshare_policy.as_ref(),
        )
    }

    /// The policy after an update.
    ///
    /// # Errors
    /// As for [`SchedulingPolicy::create`].
    pub fn updated(&self, request: &UpdateSchedulingPolicy) -> Result<Self> {
        self.clone().with(
            request.quota_share_policy.is_some(),
            request.fairshare_policy.as_ref(),
        )
    }

    /// The policy with other weights.
    fn with(mut self, has_quotas: bool, shares: Option<&FairsharePolicy>) -> Result<Self> {
        if has_quotas {
            return Err(Error::client(
                "quotaSharePolicy is not supported: use fairsharePolicy",
            ));
        }
        if let Some(shares) = shares {
            fair(shares)?;
            self.fairshare_policy = Some(shares.clone());
        }
        Ok(self)
    }
}

/// Weights of shares, within AWS's bounds.
fn fair(policy: &FairsharePolicy) -> Result<()> {
    let at = "fairsharePolicy";
    check::range(
        &format!("{at}.shareDecaySeconds"),
        policy.share_decay_seconds.unwrap_or(0).into(),
        0,
        604_800,
    )?;
    check::range(
        &format!("{at}.computeReservation"),
        policy.compute_reservation.unwrap_or(0).into(),
        0,
        99,
    )?;
    let shares = &policy.share_distribution;
    if shares.len() > 500 {
        return Err(Error::Client(format!(
            "{at}.shareDistribution must have at most 500 shares, not {}",
            shares.len()
        )));
    }
    for (index, share) in shares.iter().enumerate() {
        let (at, name) = (
            format!("{at}.shareDistribution[{index}]"),
            &share.share_identifier,
        );
        check::share(
            &format!("{at}.shareIdentifier"),
            name.strip_suffix('*').unwrap_or(name),
        )?;
        let weight = share.weight_factor.unwrap_or(1.0);
        if !(0.0001..=999.9999).contains(&weight) {
            return Err(Error::Client(format!(
                "{at}.weightFactor must be between 0.0001 and 999.9999, not {weight}"
            )));
        }
        // `a*` and `ab` both mean the share ab, so AWS refuses them together.
        let means = |pattern: &str, name: &str| match pattern.strip_suffix('*') {
            Some(start) => name.trim_end_matches('*').starts_with(start),
            None => pattern == name,
        };
        let overlaps = |other: &&super::ShareAttributes| {
            means(&other.share_identifier, name) || means(name, &other.share_identifier)
        };
        if let Some(other) = shares.iter().take(index).find(overlaps) {
            return Err(Error::Client(format!(
                "{at}.shareIdentifier {name:?} overlaps {:?}",
                other.share_identifier
            )));
        }
    }
    Ok(())
}
