//! The front door: who performs which resource.

use std::sync::Arc;
use std::time::Duration;

use asl::resource::{Pattern, Resource, ServiceCall};
use aws_client::catalogue::Catalogue;
use expression::value::Value;
use futures_util::future::BoxFuture;
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use runtime::tasks::{FieldValidation, Observed, TaskCall, TaskOutcome, TaskRunner};
use store::records::ExecutionStatus;

use crate::batch::ContainerJobs;
use crate::connector::{self, Connector};
use crate::failures;
use crate::functions::Functions;
use crate::http_client::Client;
use crate::http_task::HttpTask;
use crate::lambda::Lambda;
use crate::lambda_endpoint::LambdaEndpoint;
use crate::replication::ReplicationTasks;
use crate::services::AwsServices;
use crate::settings::{Error, Settings};
use crate::targets::Targets;

/// Performs tasks. Clones share everything.
#[derive(Clone)]
pub struct Integrations {
    lambda: Arc<Lambda>,
    http: Arc<HttpTask>,
    replication: Option<ReplicationTasks>,
    jobs: Option<ContainerJobs>,
    services: Option<AwsServices>,
    catalogue: Arc<Catalogue>,
}

impl Integrations {
    /// Prepares everything that the settings name. No process is started and no connection made before the first call.
    ///
    /// # Errors
    /// When the settings contradict themselves, or a file of certificate authorities can't be read.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let tls = connector::tls(&settings.http)?;
        let timeout = Duration::from_secs(settings.http.connect_timeout_seconds.max(1));
        let client = |targets| {
            Arc::new(Client::new(
                Connector::new(targets, tls.clone(), timeout),
                settings.http.connections,
                settings.http.response_bytes,
            ))
        };
        // What the operator configured may be anywhere; what a definition names is held to the rules. Each kind has a pool of its
        // own, so that one that hangs does not take the other's connections.
        let endpoint = match &settings.lambda_endpoint {
            None => None,
            Some(url) => Some(LambdaEndpoint::new(
                url,
                settings,
                client(Targets::anywhere()),
            )?),
        };
        let functions = Functions::new(settings, &client(Targets::anywhere()))?;
        let http = HttpTask::new(
            settings,
            client(Targets::new(&settings.http)?),
            client(Targets::anywhere()),
        )?;
        Ok(Self {
            lambda: Arc::new(Lambda {
                functions,
                endpoint,
            }),
            http: Arc::new(http),
            replication: None,
            jobs: None,
            services: None,
            catalogue: Arc::new(Catalogue::new(settings.aws.models.clone())),
        })
    }

    /// The same, with replication tasks. Without them `dms:…` is not supported.
    #[must_use]
    pub fn with_replication(self, tasks: ReplicationTasks) -> Self {
        Self {
            replication: Some(tasks),
            ..self
        }
    }

    /// The same, with container jobs. Without them `batch:…` is not supported.
    #[must_use]
    pub fn with_jobs(self, jobs: ContainerJobs) -> Self {
        Self {
            jobs: Some(jobs),
            ..self
        }
    }

    /// The same, with AWS's services. Without them `aws-sdk:…` and the optimised integrations of services are not supported.
    #[must_use]
    pub fn with_services(self, services: AwsServices) -> Self {
        Self {
            services: Some(services),
            ..self
        }
    }

    /// The models of AWS's services.
    #[must_use]
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// Stops the functions' processes and waits for their end. Calls that come later fail.
    ///
    /// Close the runtime first: a call in progress fails here, and must not be recorded as the task's failure.
    pub async fn close(&self) {
        self.lambda.functions.close().await;
    }

    async fn perform(&self, call: &TaskCall) -> Result<TaskOutcome, Failure> {
        let service = match &call.resource {
            Resource::Function(arn) => {
                let output = self.lambda.call_function(arn, call).await?;
                return Ok(TaskOutcome::Succeeded(output));
            }
            Resource::Activity(_) => return Err(failures::unsupported(&call.resource)),
            Resource::Service(service) => service,
        };
        let performed = match (&*service.resource_type, &*service.action, service.pattern) {
            ("lambda", "invoke", Pattern::RequestResponse | Pattern::WaitForTaskToken) => {
                self.lambda.invoke(&service.arn, call).await
            }
            ("http", "invoke", Pattern::RequestResponse) => {
                self.http.invoke(&service.arn, call).await
            }
            ("dms", _, _) => match &self.replication {
                Some(tasks) => tasks.perform(service, call).await,
                None => Err(failures::unsupported(&call.resource)),
            },
            ("batch" | "aws-sdk:batch", _, _) => match (&self.jobs, &self.services) {
                (Some(jobs), _) => return jobs.perform(service, call).await,
                (None, Some(services)) if services.has_batch() => {
                    return services.perform(service, call).await;
                }
                (None, _) => Err(failures::no_jobs(&service.arn)),
            },
            (resource_type, _, _) if AwsServices::serves(resource_type) => match &self.services {
                Some(services) => return services.perform(service, call).await,
                None => Err(failures::unsupported(&call.resource)),
            },
            _ => Err(failures::unsupported(&call.resource)),
        };
        performed.map(TaskOutcome::Succeeded)
    }
}

impl TaskRunner for Integrations {
    fn run(&self, call: TaskCall) -> BoxFuture<'static, TaskOutcome> {
        let this = self.clone();
        Box::pin(async move {
            let performed = this.perform(&call).await;
            performed.unwrap_or_else(TaskOutcome::Failed)
        })
    }

    fn follow(&self, call: TaskCall, response: Payload) -> BoxFuture<'static, TaskOutcome> {
        let outcome = |ended: Result<Payload, Failure>| match ended {
            Ok(output) => TaskOutcome::Succeeded(output),
            Err(failure) => TaskOutcome::Failed(failure),
        };
        let resource_type = match &call.resource {
            Resource::Service(service) => service.resource_type.clone(),
            Resource::Function(_) | Resource::Activity(_) => Arc::from(""),
        };
        if let Some(services) = &self.services
            && AwsServices::serves(&resource_type)
            && (self.jobs.is_none() || &*resource_type != "batch")
        {
            let end = services.follow(&call);
            return Box::pin(async move { outcome(end.await) });
        }
        let Some(jobs) = &self.jobs else {
            return Box::pin(async move { TaskOutcome::Succeeded(response) });
        };
        let end = jobs.follow(&call, &response);
        Box::pin(async move { outcome(end.await) })
    }

    fn run_observed(&self, call: TaskCall, reveal_secrets: bool) -> BoxFuture<'static, Observed> {
        let this = self.clone();
        Box::pin(async move {
            let http = match &call.resource {
                Resource::Service(service) => is_http(service).then(|| service.arn.clone()),
                Resource::Function(_) | Resource::Activity(_) => None,
            };
            let Some(arn) = http else {
                return (this.run(call).await, None);
            };
            let (result, exchange) = this.http.invoke_observed(&arn, &call, reveal_secrets).await;
            let outcome = result.map_or_else(TaskOutcome::Failed, TaskOutcome::Succeeded);
            (outcome, exchange)
        })
    }

    fn check_mock(
        &self,
        resource: &Resource,
        result: &Value,
        validation: FieldValidation,
    ) -> Result<(), String> {
        crate::mock_results::check(&self.catalogue, resource, result, validation)
    }

    fn execution_ended(&self, execution_arn: &Arc<str>, status: ExecutionStatus) {
        if let Some(tasks) = &self.replication {
            tasks.execution_ended(execution_arn, status);
        }
        if let Some(jobs) = &self.jobs {
            jobs.execution_ended(execution_arn);
        }
        if let Some(services) = &self.services {
            services.execution_ended(execution_arn);
        }
    }
}

fn is_http(service: &ServiceCall) -> bool {
    &*service.resource_type == "http"
        && &*service.action == "invoke"
        && service.pattern == Pattern::RequestResponse
}
