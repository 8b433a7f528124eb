//! Compute environments.

use std::sync::Arc;

use batch::container::Resources;
use batch::environment::ComputeEnvironment;
use batch::names::name_of;
use batch::queue::State;
use batch::request::{
    CreateComputeEnvironment, DeleteComputeEnvironment, DescribeComputeEnvironments,
    UpdateComputeEnvironment,
};
use batch::view::{ComputeEnvironmentDetail, ComputeEnvironments, Done, NamedComputeEnvironment};
use batch::{Error, Result};

use super::queues::{exists, missing};
use super::{is_named, page, put_tags, refuse_more_than, remove_tags};
use crate::handle::Batch;
use crate::messages::{Change, Question};

impl Batch {
    /// CreateComputeEnvironment. Without tags that say otherwise it has the engine of the environment `default` and the machine's memory.
    ///
    /// # Errors
    /// When there is one of that name, the request breaks a rule, or the runtime is closed.
    pub async fn create_compute_environment(
        &self,
        request: CreateComputeEnvironment,
    ) -> Result<NamedComputeEnvironment> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        let name = request.compute_environment_name.as_str();
        if catalogue.environments.contains_key(name) {
            return Err(exists("ComputeEnvironment", name));
        }
        refuse_more_than(50, catalogue.environments.len(), "compute environments")?;
        let options = &self.shared().options;
        let environment = ComputeEnvironment::create(
            &request,
            options.world.uuid().to_string(),
            options.default_environment.engine,
            options.default_environment.limits,
        )?;
        let named = self.named_environment(&environment);
        let mut changes = vec![Change::PutEnvironment(Arc::new(environment))];
        changes.extend(put_tags(
            &named.compute_environment_arn,
            request.tags.as_ref(),
        ));
        self.change(changes).await?;
        Ok(named)
    }

    /// UpdateComputeEnvironment.
    ///
    /// # Errors
    /// When there is none of that name, the request breaks a rule, or the runtime is closed.
    pub async fn update_compute_environment(
        &self,
        request: UpdateComputeEnvironment,
    ) -> Result<NamedComputeEnvironment> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        let name = name_of(&request.compute_environment);
        let environment = catalogue
            .environments
            .get(name)
            .ok_or_else(|| missing("ComputeEnvironment", name))?;
        let environment = environment.updated(&request)?;
        let named = self.named_environment(&environment);
        self.change(vec![Change::PutEnvironment(Arc::new(environment))])
            .await?;
        Ok(named)
    }

    /// DeleteComputeEnvironment. It must be DISABLED, in no queue, and without jobs. One that is not there is fine.
    ///
    /// # Errors
    /// When it is none of these, or the runtime is closed.
    pub async fn delete_compute_environment(
        &self,
        request: DeleteComputeEnvironment,
    ) -> Result<Done> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        let name = name_of(&request.compute_environment);
        let Some(environment) = catalogue.environments.get(name) else {
            return Ok(Done {});
        };
        let refuse = |why: String| {
            Err(Error::Client(format!(
                "cannot delete ComputeEnvironment {name}: {why}"
            )))
        };
        if environment.state == State::Enabled {
            return refuse("it is ENABLED, disable it first".to_owned());
        }
        let uses = |queue: &batch::queue::JobQueue| {
            let mut orders = queue.environments.iter();
            orders.any(|order| order.environment == environment.name)
        };
        if let Some(queue) = catalogue.queues.values().find(|queue| uses(queue)) {
            return refuse(format!("JobQueue {} uses it", queue.name));
        }
        let asked = environment.name.clone();
        let used = self
            .question(|reply| Question::Used(asked, reply))
            .await?
            .unwrap_or_default();
        if used != Resources::default() {
            return refuse("jobs run in it, terminate them or wait for their ends".to_owned());
        }
        let tags = remove_tags(&self.site().environment(&environment.name));
        self.change(vec![
            Change::RemoveEnvironment(environment.name.clone()),
            tags,
        ])
        .await?;
        Ok(Done {})
    }

    /// DescribeComputeEnvironments.
    ///
    /// # Errors
    /// When the paging is malformed, or the store can't be read.
    pub async fn describe_compute_environments(
        &self,
        request: DescribeComputeEnvironments,
    ) -> Result<ComputeEnvironments> {
        let catalogue = self.shared().catalogue();
        let names = request.compute_environments.as_deref();
        let environments = catalogue
            .environments
            .values()
            .filter(|environment| is_named(names, &environment.name))
            .map(|environment| (environment.name.to_string(), environment));
        let (environments, next_token) = page(
            environments,
            request.max_results,
            request.next_token.as_deref(),
        )?;
        let trouble = self.question(Question::Trouble).await?;
        let mut details = Vec::with_capacity(environments.len());
        for environment in environments {
            let tags = self
                .tags_of(&self.site().environment(&environment.name))
                .await?;
            let trouble = trouble
                .iter()
                .find(|(engine, _)| *engine == environment.engine)
                .map(|(_, why)| &**why);
            details.push(ComputeEnvironmentDetail::of(
                environment,
                tags,
                trouble,
                self.site(),
            ));
        }
        Ok(ComputeEnvironments {
            compute_environments: details,
            next_token,
        })
    }

    fn named_environment(&self, environment: &ComputeEnvironment) -> NamedComputeEnvironment {
        NamedComputeEnvironment {
            compute_environment_name: environment.name.to_string(),
            compute_environment_arn: self.site().environment(&environment.name),
        }
    }
}
