//! Tags of everything that has an ARN.

use std::sync::Arc;

use batch::definition::Map;
use batch::names::{JobId, kind_of, name_of};
use batch::request::{ListTagsForResource, TagResource, UntagResource};
use batch::view::{Done, Tags};
use batch::{Error, Result, check};

use super::stored_tags;
use crate::catalogue::revision_of;
use crate::handle::Batch;
use crate::messages::Change;
use crate::rows::jobs;

impl Batch {
    /// TagResource: adds tags, or gives them other values.
    ///
    /// # Errors
    /// When there is no such resource, it would have too many tags, or the runtime is closed.
    pub async fn tag_resource(&self, request: TagResource) -> Result<Done> {
        let _turn = self.shared().turn.lock().await;
        let arn = self.tagged(&request.resource_arn).await?;
        check::tags(&request.tags)?;
        let mut tags = self.tags_of(&arn).await?;
        tags.extend(request.tags);
        check::tags(&tags)?;
        self.put_tags(arn, &tags).await
    }

    /// UntagResource.
    ///
    /// # Errors
    /// When there is no such resource, or the runtime is closed.
    pub async fn untag_resource(&self, request: UntagResource) -> Result<Done> {
        let _turn = self.shared().turn.lock().await;
        let arn = self.tagged(&request.resource_arn).await?;
        let mut tags = self.tags_of(&arn).await?;
        tags.retain(|key, _| !request.tag_keys.contains(key));
        self.put_tags(arn, &tags).await
    }

    /// ListTagsForResource.
    ///
    /// # Errors
    /// When there is no such resource, or the store can't be read.
    pub async fn list_tags_for_resource(&self, request: ListTagsForResource) -> Result<Tags> {
        let arn = self.tagged(&request.resource_arn).await?;
        Ok(Tags {
            tags: self.tags_of(&arn).await?,
        })
    }

    async fn put_tags(&self, arn: String, tags: &Map) -> Result<Done> {
        let change = Change::PutTags {
            arn: Arc::from(arn),
            tags: stored_tags(tags),
        };
        self.change(vec![change]).await?;
        Ok(Done {})
    }

    /// The resource's own ARN, whatever region and account the caller wrote.
    async fn tagged(&self, arn: &str) -> Result<String> {
        let name = name_of(arn);
        let site = self.site();
        let catalogue = self.shared().catalogue();
        let (own, is_known) = match kind_of(arn) {
            Some("job") => {
                let id = JobId::new(name);
                let found = jobs(&*self.shared().store, std::slice::from_ref(&id)).await?;
                (site.job(&id), !found.is_empty())
            }
            Some("job-definition") => {
                let is_known = revision_of(name).is_some_and(|(name, revision)| {
                    let revisions = catalogue.definitions.get(name);
                    revisions.is_some_and(|revisions| revisions.contains_key(&revision))
                });
                (site.definition(name), is_known)
            }
            Some("job-queue") => (site.queue(name), catalogue.queues.contains_key(name)),
            Some("compute-environment") => {
                let is_known = catalogue.environments.contains_key(name);
                (site.environment(name), is_known)
            }
            Some("scheduling-policy") => (site.policy(name), catalogue.policies.contains_key(name)),
            Some("consumable-resource") => {
                let is_known = catalogue.consumables.contains_key(name);
                (site.consumable(name), is_known)
            }
            Some(_) | None => {
                return Err(Error::Client(format!(
                    "resourceArn {arn:?} is not the ARN of a job, job definition, job queue, compute environment, scheduling policy or consumable resource"
                )));
            }
        };
        if !is_known {
            return Err(Error::Client(format!("{arn} not found")));
        }
        Ok(own)
    }
}
