//! What stands behind the wire.

use axum::extract::FromRef;
use batch_runtime::Batch;
use runtime::runtime::Runtime;

/// Everything that can be asked. What is absent is turned off on this server, and says so.
#[derive(Clone)]
pub struct Services {
    /// Executions.
    pub runtime: Runtime,
    /// Container jobs.
    pub batch: Option<Batch>,
}

/// Executions alone.
impl From<Runtime> for Services {
    fn from(runtime: Runtime) -> Self {
        Self {
            runtime,
            batch: None,
        }
    }
}

impl FromRef<Services> for Runtime {
    fn from_ref(services: &Services) -> Self {
        services.runtime.clone()
    }
}
