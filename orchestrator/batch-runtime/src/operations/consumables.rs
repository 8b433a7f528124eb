//! Consumable resources.

use std::sync::Arc;

use batch::consumable::ConsumableResource;
use batch::names::name_of;
use batch::request::{
    CreateConsumableResource, Filter, ListConsumableResources, ListJobsByConsumableResource,
    OneConsumableResource, UpdateConsumableResource,
};
use batch::view::{
    ConsumableResourceDetail, ConsumableResourceSummary, ConsumableResources, ConsumingJob, Done,
    JobsByConsumableResource, NamedConsumableResource,
};
use batch::{Error, Result};

use super::queues::{exists, missing};
use super::{page, put_tags, refuse_more_than, remove_tags};
use crate::handle::Batch;
use crate::messages::{Change, Message, Question};

impl Batch {
    /// CreateConsumableResource.
    ///
    /// # Errors
    /// When there is one of that name, the request breaks a rule, or the runtime is closed.
    pub async fn create_consumable_resource(
        &self,
        request: CreateConsumableResource,
    ) -> Result<NamedConsumableResource> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        let name = request.consumable_resource_name.as_str();
        if catalogue.consumables.contains_key(name) {
            return Err(exists("ConsumableResource", name));
        }
        refuse_more_than(50_000, catalogue.consumables.len(), "consumable resources")?;
        let now = self.shared().options.world.now();
        let resource = ConsumableResource::create(&request, now)?;
        let named = NamedConsumableResource {
            total_quantity: None,
            ..self.named_consumable(&resource)
        };
        let mut changes = vec![Change::PutConsumable(Arc::new(resource))];
        changes.extend(put_tags(
            &named.consumable_resource_arn,
            request.tags.as_ref(),
        ));
        self.change(changes).await?;
        Ok(named)
    }

    /// UpdateConsumableResource.
    ///
    /// # Errors
    /// When there is none of that name, the request breaks a rule, or the runtime is closed.
    pub async fn update_consumable_resource(
        &self,
        request: UpdateConsumableResource,
    ) -> Result<NamedConsumableResource> {
        let _turn = self.shared().turn.lock().await;
        let updated = self
            .ask(|reply| Message::UpdateConsumable { request, reply })
            .await??;
        Ok(self.named_consumable(&updated))
    }

    /// DeleteConsumableResource. No job that has not ended may need it. One that is not there is fine.
    ///
    /// # Errors
    /// When a job needs it, or the runtime is closed.
    pub async fn delete_consumable_resource(&self, request: OneConsumableResource) -> Result<Done> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        let name = name_of(&request.consumable_resource);
        let Some(resource) = catalogue.consumables.get(name) else {
            return Ok(Done {});
        };
        let asked = resource.name.clone();
        let jobs = self
            .question(|reply| Question::Consumers(asked, reply))
            .await?;
        if let Some(job) = jobs.first() {
            return Err(Error::Client(format!(
                "cannot delete ConsumableResource {name}: job {} needs it, and {} more",
                job.id,
                jobs.len() - 1
            )));
        }
        let tags = remove_tags(&self.site().consumable(&resource.name));
        self.change(vec![Change::RemoveConsumable(resource.name.clone()), tags])
            .await?;
        Ok(Done {})
    }

    /// DescribeConsumableResource.
    ///
    /// # Errors
    /// When there is none of that name, or the store can't be read.
    pub async fn describe_consumable_resource(
        &self,
        request: OneConsumableResource,
    ) -> Result<ConsumableResourceDetail> {
        let name = name_of(&request.consumable_resource);
        let known = self.question(Question::Consumables).await?;
        let found = known.iter().find(|(resource, _)| *resource.name == *name);
        let (resource, held) = found.ok_or_else(|| missing("ConsumableResource", name))?;
        let tags = self.tags_of(&self.site().consumable(name)).await?;
        Ok(ConsumableResourceDetail::of(
            resource,
            *held,
            tags,
            self.site(),
        ))
    }

    /// ListConsumableResources.
    ///
    /// # Errors
    /// When filter or paging are malformed.
    pub async fn list_consumable_resources(
        &self,
        request: ListConsumableResources,
    ) -> Result<ConsumableResources> {
        let filters = request.filters.as_deref().unwrap_or_default();
        refuse_filters_but(filters, &["CONSUMABLE_RESOURCE_NAME"])?;
        let known = self.question(Question::Consumables).await?;
        let listed = known
            .iter()
            .filter(|(resource, _)| filters.iter().all(|filter| has(filter, &resource.name)))
            .map(|(resource, held)| {
                let summary = ConsumableResourceSummary::of(resource, *held, self.site());
                (resource.name.to_string(), summary)
            });
        let (consumable_resources, next_token) =
            page(listed, request.max_results, request.next_token.as_deref())?;
        Ok(ConsumableResources {
            consumable_resources,
            next_token,
        })
    }

    /// ListJobsByConsumableResource: those that have not ended.
    ///
    /// # Errors
    /// When there is none of that name, or filter or paging are malformed.
    pub async fn list_jobs_by_consumable_resource(
        &self,
        request: ListJobsByConsumableResource,
    ) -> Result<JobsByConsumableResource> {
        let filters = request.filters.as_deref().unwrap_or_default();
        refuse_filters_but(filters, &["JOB_STATUS", "JOB_NAME"])?;
        let name = name_of(&request.consumable_resource);
        let catalogue = self.shared().catalogue();
        let resource = catalogue
            .consumables
            .get(name)
            .ok_or_else(|| missing("ConsumableResource", name))?;
        let asked = resource.name.clone();
        let jobs = self
            .question(|reply| Question::Consumers(asked, reply))
            .await?;
        let listed = jobs
            .iter()
            .filter(|job| {
                filters.iter().all(|filter| match filter.name.as_str() {
                    "JOB_STATUS" => has(filter, job.status.as_str()),
                    _ => has(filter, &job.name),
                })
            })
            .filter_map(|job| {
                let shown = ConsumingJob::of(job, name, self.site())?;
                Some((format!("{:020}", job.number), shown))
            });
        let (jobs, next_token) = page(listed, request.max_results, request.next_token.as_deref())?;
        Ok(JobsByConsumableResource { jobs, next_token })
    }

    fn named_consumable(&self, resource: &ConsumableResource) -> NamedConsumableResource {
        NamedConsumableResource {
            consumable_resource_name: resource.name.to_string(),
            consumable_resource_arn: self.site().consumable(&resource.name),
            total_quantity: Some(resource.total_quantity),
        }
    }
}

fn refuse_filters_but(filters: &[Filter], known: &[&str]) -> Result<()> {
    match filters
        .iter()
        .find(|filter| !known.contains(&filter.name.as_str()))
    {
        None => Ok(()),
        Some(filter) => Err(Error::Client(format!(
            "filter {:?} must be {}",
            filter.name,
            known.join(" or ")
        ))),
    }
}

/// Whether one of the filter's values is this text, or with a trailing `*` how it begins; upper and lower case are the same.
fn has(filter: &Filter, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    filter.values.iter().any(|value| {
        let value = value.to_ascii_lowercase();
        match value.strip_suffix('*') {
            Some(beginning) => text.starts_with(beginning),
            None => text == value,
        }
    })
}
