//! AWS's protocols: what boto3, the AWS CLI, Terraform and CDK speak.
//!
//! Read [`front`] for the way of a request, [`json`] and [`constraints`] for how it is read, [`problem`] for how it is refused,
//! then the services: [`states`].

mod constraints;
pub(crate) mod front;
mod json;
mod operation;
mod problem;
pub(crate) mod states;
