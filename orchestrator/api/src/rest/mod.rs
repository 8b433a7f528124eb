//! The REST API under `/api/v1`, with its OpenAPI document, health and metrics.
//!
//! ```text
//!   request ──▶ origin ──▶ route ──▶ body / query ──▶ handler ──▶ Runtime
//!                                                        │
//!   answer  ◀── JSON · problem+json · event stream ◀─────┘
//! ```
//!
//! Read `state_machines`, `test_state`, `executions`, `map_runs`, `events`, `tasks`, `batch` and `schedules` for what there is; `body`, `names` and `origin` for what is checked
//! before; `problem` and `problem_kinds` for how something is refused; `document` for the OpenAPI text; `health` and `metrics` for operators.

mod batch;
mod body;
mod document;
mod event_json;
mod events;
mod execution_json;
mod executions;
mod health;
mod machine_settings;
mod map_runs;
pub(crate) mod metrics;
mod names;
mod operations;
mod origin;
mod problem;
mod problem_kinds;
mod process;
mod schedules;
mod state_machines;
mod tasks;
mod test_state;
#[cfg(test)]
mod tests;
mod versions;

use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::{Extension, Router};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::options::Options;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;
use crate::services::Services;

/// The REST API's routes. Whatever has no route answers 404.
pub(crate) fn router(services: Services, options: Options) -> Router {
    let (routes, document) = routes().split_for_parts();
    routes
        .merge(document::router(&document))
        .fallback(|| async { Problem::new(Kind::NoSuchResource, "there is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                Kind::MethodNotAllowed,
                "this path does not know this method",
            )
        })
        .layer(middleware::from_fn(origin::check))
        .layer(DefaultBodyLimit::max(options.body_bytes))
        .layer(Extension(options.figures))
        .with_state(services)
}

/// Every documented route, each written down once for the router and the document.
fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::with_openapi(document::beginning())
        .routes(routes!(state_machines::list, state_machines::create))
        .routes(routes!(
            state_machines::describe,
            state_machines::replace,
            state_machines::delete
        ))
        .routes(routes!(test_state::test))
        .routes(routes!(executions::list_of_machine, executions::start))
        .routes(routes!(executions::list))
        .routes(routes!(executions::describe))
        .routes(routes!(executions::stop))
        .routes(routes!(operations::redrive))
        .routes(routes!(operations::pause))
        .routes(routes!(operations::resume))
        .routes(routes!(map_runs::list))
        .routes(routes!(map_runs::describe, map_runs::update))
        .routes(routes!(versions::list, versions::publish))
        .routes(routes!(versions::delete))
        .routes(routes!(versions::list_aliases))
        .routes(routes!(
            versions::describe_alias,
            versions::put_alias,
            versions::delete_alias
        ))
        .routes(routes!(events::history))
        .routes(routes!(events::stream))
        .routes(routes!(tasks::succeed))
        .routes(routes!(tasks::fail))
        .routes(routes!(tasks::heartbeat))
        .routes(routes!(batch::jobs::list, batch::jobs::submit))
        .routes(routes!(batch::jobs::describe))
        .routes(routes!(batch::jobs::cancel))
        .routes(routes!(batch::jobs::terminate))
        .routes(routes!(batch::logs::page))
        .routes(routes!(batch::logs::stream))
        .routes(routes!(
            batch::definitions::list,
            batch::definitions::register
        ))
        .routes(routes!(
            batch::definitions::describe,
            batch::definitions::deregister
        ))
        .routes(routes!(batch::queues::list, batch::queues::create))
        .routes(routes!(
            batch::queues::describe,
            batch::queues::update,
            batch::queues::delete
        ))
        .routes(routes!(batch::queues::snapshot))
        .routes(routes!(
            batch::environments::list,
            batch::environments::create
        ))
        .routes(routes!(
            batch::environments::describe,
            batch::environments::update,
            batch::environments::delete
        ))
        .routes(routes!(
            schedules::handlers::list,
            schedules::handlers::create
        ))
        .routes(routes!(
            schedules::handlers::describe,
            schedules::handlers::replace,
            schedules::handlers::delete
        ))
        .routes(routes!(schedules::runs::pause))
        .routes(routes!(schedules::runs::resume))
        .routes(routes!(schedules::runs::trigger))
        .routes(routes!(schedules::runs::backfill))
        .routes(routes!(schedules::runs::runs))
        .routes(routes!(schedules::runs::dead_letters))
        .routes(routes!(problem_kinds::list))
        .routes(routes!(problem_kinds::describe))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::metrics))
}
