//! Scheduling policies.

use std::sync::Arc;

use batch::names::name_of;
use batch::queue::SchedulingPolicy;
use batch::request::{
    CreateSchedulingPolicy, DeleteSchedulingPolicy, DescribeSchedulingPolicies,
    ListSchedulingPolicies, UpdateSchedulingPolicy,
};
use batch::view::{
    Done, NamedSchedulingPolicy, SchedulingPolicies, SchedulingPolicyDetail, SchedulingPolicyList,
    SchedulingPolicyListing,
};
use batch::{Error, Result};

use super::queues::{exists, missing};
use super::{page, put_tags, refuse_more_than, remove_tags};
use crate::handle::Batch;
use crate::messages::Change;

/// The most policies that are described at once.
const DESCRIBED: usize = 100;

impl Batch {
    /// CreateSchedulingPolicy.
    ///
    /// # Errors
    /// When there is one of that name, the request breaks a rule, or the runtime is closed.
    pub async fn create_scheduling_policy(
        &self,
        request: CreateSchedulingPolicy,
    ) -> Result<NamedSchedulingPolicy> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        if catalogue.policies.contains_key(request.name.as_str()) {
            return Err(exists("SchedulingPolicy", &request.name));
        }
        refuse_more_than(500, catalogue.policies.len(), "scheduling policies")?;
        let policy = SchedulingPolicy::create(&request)?;
        let named = NamedSchedulingPolicy {
            name: policy.name.to_string(),
            arn: self.site().policy(&policy.name),
        };
        let mut changes = vec![Change::PutPolicy(Arc::new(policy))];
        changes.extend(put_tags(&named.arn, request.tags.as_ref()));
        self.change(changes).await?;
        Ok(named)
    }

    /// UpdateSchedulingPolicy.
    ///
    /// # Errors
    /// When there is none of that ARN, the request breaks a rule, or the runtime is closed.
    pub async fn update_scheduling_policy(&self, request: UpdateSchedulingPolicy) -> Result<Done> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        let policy = catalogue
            .policies
            .get(name_of(&request.arn))
            .ok_or_else(|| missing("SchedulingPolicy", &request.arn))?;
        let policy = policy.updated(&request)?;
        self.change(vec![Change::PutPolicy(Arc::new(policy))])
            .await?;
        Ok(Done {})
    }

    /// DeleteSchedulingPolicy. No queue may use it. One that is not there is fine.
    ///
    /// # Errors
    /// When a queue uses it, or the runtime is closed.
    pub async fn delete_scheduling_policy(&self, request: DeleteSchedulingPolicy) -> Result<Done> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        let Some(policy) = catalogue.policies.get(name_of(&request.arn)) else {
            return Ok(Done {});
        };
        let mut queues = catalogue.queues.values();
        if let Some(queue) = queues.find(|queue| queue.policy.as_ref() == Some(&policy.name)) {
            return Err(Error::Client(format!(
                "cannot delete SchedulingPolicy {}: JobQueue {} uses it",
                policy.name, queue.name
            )));
        }
        let tags = remove_tags(&self.site().policy(&policy.name));
        self.change(vec![Change::RemovePolicy(policy.name.clone()), tags])
            .await?;
        Ok(Done {})
    }

    /// DescribeSchedulingPolicies. Those that are not there are left out.
    ///
    /// # Errors
    /// When there are more than 100, or the store can't be read.
    pub async fn describe_scheduling_policies(
        &self,
        request: DescribeSchedulingPolicies,
    ) -> Result<SchedulingPolicies> {
        if request.arns.len() > DESCRIBED {
            return Err(Error::Client(format!(
                "arns must be at most {DESCRIBED}, not {}",
                request.arns.len()
            )));
        }
        let catalogue = self.shared().catalogue();
        let mut details = Vec::with_capacity(request.arns.len());
        for arn in &request.arns {
            if let Some(policy) = catalogue.policies.get(name_of(arn)) {
                let tags = self.tags_of(&self.site().policy(&policy.name)).await?;
                details.push(SchedulingPolicyDetail::of(policy, tags, self.site()));
            }
        }
        Ok(SchedulingPolicies {
            scheduling_policies: details,
        })
    }

    /// ListSchedulingPolicies.
    ///
    /// # Errors
    /// When the paging is malformed.
    #[expect(clippy::unused_async, reason = "all operations are called alike")]
    pub async fn list_scheduling_policies(
        &self,
        request: ListSchedulingPolicies,
    ) -> Result<SchedulingPolicyList> {
        let catalogue = self.shared().catalogue();
        let policies = catalogue.policies.keys().map(|name| {
            let arn = self.site().policy(name);
            (name.to_string(), SchedulingPolicyListing { arn })
        });
        let (scheduling_policies, next_token) =
            page(policies, request.max_results, request.next_token.as_deref())?;
        Ok(SchedulingPolicyList {
            scheduling_policies,
            next_token,
        })
    }
}
