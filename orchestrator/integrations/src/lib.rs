//! Performs what a Task's `Resource` names: functions of the operator's own, a Lambda endpoint, HTTP services.
//!
//! ```text
//!                                   ┌─ [functions]: runtime process · command per call · url
//!   TaskCall ──▶ Integrations ──▶ lambda ─┤
//!                     │             └─ the Lambda endpoint (Invoke API, signed)
//!                     ├───────────▶ http:invoke                          ──▶ TaskOutcome
//!                     ├───────────▶ batch: container jobs · replication: dms
//!                     └───────────▶ services: aws-sdk:… and what AWS made of some of them
//! ```
//!
//! Read [`settings`] for what an operator can say and [`integrations`] for who performs what. A function is named by
//! `function_name`, called by `lambda` and, where it is the operator's own, performed by `functions`: `runtime_function` (a process
//! that speaks the Lambda Runtime API, whose server is `runtime_api`), `command_function`, `url_function`. The other two are
//! `lambda_endpoint` and `http_task` (with `connections`); everything that speaks HTTP does so through
//! `http_client`, which `targets` keeps away from forbidden addresses. How failures are worded is in `failures`.

pub mod batch;
mod command_function;
mod connections;
mod connector;
mod failures;
mod form_encoding;
mod function_name;
mod functions;
mod http_client;
mod http_task;
pub mod integrations;
mod invocation;
mod lambda;
mod lambda_endpoint;
mod lambda_result;
pub mod log_groups;
mod mock_results;
pub mod otlp_endpoint;
mod process;
pub mod replication;
mod runtime_api;
mod runtime_function;
pub mod services;
pub mod settings;
mod targets;
mod url_function;

pub use integrations::Integrations;
pub use settings::Settings;
