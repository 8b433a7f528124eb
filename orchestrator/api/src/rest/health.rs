//! Whether the process lives and whether it can work, for whoever restarts it or sends it requests.

use axum::extract::State;
use runtime::runtime::Runtime;

use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// Says that the process lives
#[utoipa::path(get, path = "/healthz", tag = "operation", operation_id = "getHealth",
    responses((status = 200, description = "It does", body = String, content_type = "text/plain")))]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Says whether the server can work now
#[utoipa::path(get, path = "/readyz", tag = "operation", operation_id = "getReadiness",
    responses(
        (status = 200, description = "It can", body = String, content_type = "text/plain"),
        (status = 503, description = "It can't", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn ready(State(runtime): State<Runtime>) -> Result<&'static str, Problem> {
    match runtime.ready().await {
        Ok(()) => Ok("ok\n"),
        Err(error) => Err(Problem::new(Kind::Unavailable, error.to_string())),
    }
}
