//! One port for every protocol: AWS's and REST.

use axum::Router;
use runtime::runtime::Runtime;

use crate::options::Options;

/// Everything that this crate answers, as one router.
#[must_use]
pub fn router(runtime: Runtime, options: Options) -> Router {
    crate::rest::router(runtime, options)
}
