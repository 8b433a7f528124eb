//! AWS's protocols: what boto3, the AWS CLI, Terraform and CDK speak.
//!
//! Read [`front`] for the way of a request that names its target, [`rest_json`] for that of one that goes by its path, [`json`] and [`constraints`] for how it is read, [`problem`] for how it is refused,
//! then the services: [`states`], [`batch`], [`logs`], [`scheduler`].

mod batch;
mod body;
pub(crate) mod constraints;
mod front;
mod json;
mod logs;
mod operation;
mod problem;
mod rest_json;
mod scheduler;
pub(crate) mod states;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;

use crate::options::Options;
use crate::services::Services;
use batch::BatchService;
use rest_json::RestService;
use scheduler::SchedulerService;

/// The routes of all of AWS's protocols.
pub(crate) fn router(services: &Services, options: &Options) -> Router {
    let by_path: [Arc<dyn RestService>; 2] = [
        Arc::new(BatchService::new(services.batch.clone())),
        Arc::new(SchedulerService::new(services.schedules.clone())),
    ];
    front::router(services, options).merge(rest_json::router(&by_path, options.body_bytes))
}
