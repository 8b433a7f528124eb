//! The wire: AWS's protocols and a REST API of the house's own, over what is behind: executions, container jobs.
//!
//! ```text
//!   boto3, AWS CLI ──▶ aws   ─┐               ┌─▶ runtime::Runtime
//!                             ├──▶ Services ──┤
//!   curl, console  ──▶ rest  ─┘               └─▶ batch_runtime::Batch
//! ```
//!
//! Read [`server`] for how both meet on one port, [`services`] for what is asked and [`options`] for what can be set, then `aws` and `rest`.

mod aws;
pub mod execution_log;
pub mod options;
mod request_id;
mod rest;
#[cfg(test)]
mod scripted;
pub mod server;
pub mod services;
mod trace_headers;
