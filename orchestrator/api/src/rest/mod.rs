//! The REST API under `/api/v1`, with its OpenAPI document, health and metrics.

use axum::Router;
use runtime::runtime::Runtime;

use crate::options::Options;

/// The REST API's routes.
pub(crate) fn router(_runtime: Runtime, _options: Options) -> Router {
    Router::new()
}
