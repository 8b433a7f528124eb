//! Job definitions and their revisions.

use std::sync::Arc;

use batch::definition::{DefinitionReference, DefinitionStatus, JobDefinition};
use batch::names::name_of;
use batch::request::{DeregisterJobDefinition, DescribeJobDefinitions, RegisterJobDefinition};
use batch::view::{Done, JobDefinitionDetail, JobDefinitions, RegisteredJobDefinition};
use batch::{Error, Result};

use super::{page, put_tags};
use crate::handle::Batch;
use crate::messages::Change;

impl Batch {
    /// RegisterJobDefinition: a new revision.
    ///
    /// # Errors
    /// When the request breaks a rule, or the runtime is closed.
    pub async fn register_job_definition(
        &self,
        request: RegisterJobDefinition,
    ) -> Result<RegisteredJobDefinition> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        let revisions = catalogue
            .definitions
            .get(request.job_definition_name.as_str());
        let last = revisions.and_then(|revisions| revisions.keys().next_back().copied());
        let tags = request.tags.clone();
        let definition = JobDefinition::register(request, last.unwrap_or(0) + 1)?;
        let registered = RegisteredJobDefinition {
            job_definition_name: definition.name.to_string(),
            job_definition_arn: self.site().definition(&definition.reference()),
            revision: definition.revision,
        };
        let mut changes = vec![Change::PutDefinition(Arc::new(definition))];
        changes.extend(put_tags(&registered.job_definition_arn, tags.as_ref()));
        self.change(changes).await?;
        Ok(registered)
    }

    /// DeregisterJobDefinition: no jobs are made from the revision any more.
    ///
    /// # Errors
    /// When there is no such revision, or the runtime is closed.
    pub async fn deregister_job_definition(
        &self,
        request: DeregisterJobDefinition,
    ) -> Result<Done> {
        let _turn = self.shared().turn.lock().await;
        let reference = DefinitionReference::parse("jobDefinition", &request.job_definition)?;
        let Some(revision) = reference.revision else {
            return Err(Error::Client(format!(
                "jobDefinition must name a revision, such as {}:1",
                reference.name
            )));
        };
        let catalogue = self.shared().catalogue();
        let revisions = catalogue.definitions.get(reference.name.as_str());
        let found = revisions.and_then(|revisions| revisions.get(&revision));
        let Some(found) = found else {
            return Err(Error::Client(format!(
                "JobDefinition {}:{revision} not found",
                reference.name
            )));
        };
        if found.status == DefinitionStatus::Active {
            let inactive = JobDefinition {
                status: DefinitionStatus::Inactive,
                ..(**found).clone()
            };
            self.change(vec![Change::PutDefinition(Arc::new(inactive))])
                .await?;
        }
        Ok(Done {})
    }

    /// DescribeJobDefinitions, by name and then from the newest revision to the oldest.
    ///
    /// # Errors
    /// When members are given that don't go together, or the store can't be read.
    pub async fn describe_job_definitions(
        &self,
        request: DescribeJobDefinitions,
    ) -> Result<JobDefinitions> {
        let status = wanted_status(request.status.as_deref())?;
        let named = request.job_definitions.as_deref().unwrap_or_default();
        if !named.is_empty() && (request.job_definition_name.is_some() || status.is_some()) {
            return Err(Error::client(
                "jobDefinitions must not be given together with jobDefinitionName or status",
            ));
        }
        let named: Vec<&str> = named.iter().map(|text| name_of(text)).collect();
        let name = request.job_definition_name.as_deref().map(name_of);
        let is_wanted = |definition: &JobDefinition| {
            let reference = definition.reference();
            let is_named = named.is_empty()
                || named
                    .iter()
                    .any(|wanted| *wanted == reference || **wanted == *definition.name);
            is_named
                && name.is_none_or(|name| *name == *definition.name)
                && status.is_none_or(|status| definition.status == status)
        };
        let catalogue = self.shared().catalogue();
        let definitions = catalogue.definitions.values();
        let definitions = definitions
            .flat_map(|revisions| revisions.values().rev())
            .filter(|definition| is_wanted(definition))
            .map(|definition| (place(definition), definition));
        let (definitions, next_token) = page(
            definitions,
            request.max_results,
            request.next_token.as_deref(),
        )?;
        let mut details = Vec::with_capacity(definitions.len());
        for definition in definitions {
            let arn = self.site().definition(&definition.reference());
            let tags = self.tags_of(&arn).await?;
            details.push(JobDefinitionDetail::of(definition, tags, self.site()));
        }
        Ok(JobDefinitions {
            job_definitions: details,
            next_token,
        })
    }
}

/// Where a revision stands in the list: texts of this kind are in its order.
fn place(definition: &JobDefinition) -> String {
    format!(
        "{}\0{:010}",
        definition.name,
        u32::MAX - definition.revision
    )
}

fn wanted_status(status: Option<&str>) -> Result<Option<DefinitionStatus>> {
    match status {
        None => Ok(None),
        Some("ACTIVE") => Ok(Some(DefinitionStatus::Active)),
        Some("INACTIVE") => Ok(Some(DefinitionStatus::Inactive)),
        Some(other) => Err(Error::Client(format!(
            "status must be ACTIVE or INACTIVE, not {other:?}"
        ))),
    }
}
