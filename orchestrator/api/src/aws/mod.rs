//! AWS's protocols: what boto3, the AWS CLI, Terraform and CDK speak.
//!
//! Read [`front`] for the way of a request that names its target, [`rest_json`] for that of one that goes by its path, [`json`] and [`constraints`] for how it is read, [`problem`] for how it is refused,
//! then the services: [`states`].

mod body;
mod constraints;
pub(crate) mod front;
mod json;
mod operation;
mod problem;
pub(crate) mod rest_json;
pub(crate) mod states;
