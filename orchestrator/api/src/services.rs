//! What stands behind the wire.

use axum::extract::FromRef;
use batch_runtime::Batch;
use runtime::runtime::Runtime;
use schedule_runtime::schedules::Schedules;

/// Everything that can be asked. What is absent is turned off on this server, and says so.
#[derive(Clone)]
pub struct Services {
    /// Executions.
    pub runtime: Runtime,
    /// Container jobs.
    pub batch: Option<Batch>,
    /// Schedules.
    pub schedules: Option<Schedules>,
}

/// Executions alone.
impl From<Runtime> for Services {
    fn from(runtime: Runtime) -> Self {
        Self {
            runtime,
            batch: None,
            schedules: None,
        }
    }
}

impl FromRef<Services> for Runtime {
    fn from_ref(services: &Services) -> Self {
        services.runtime.clone()
    }
}
