//! How a runtime is set up: limits, retention and names.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use interpreter::step::Limits;

use crate::arn::Partition;
use crate::clock::World;
use crate::items::ItemStore;
use crate::observe::Observer;
use crate::tracer::Tracer;

/// Everything that can be set about a runtime.
#[derive(Clone, Debug)]
pub struct Options {
    /// Region and account of all ARNs.
    pub partition: Partition,
    /// The limits in force.
    pub limits: EngineLimits,
    /// How long an ended execution is kept.
    pub retention: Duration,
    /// How long GetActivityTask waits for a task.
    pub activity_poll: Duration,
    /// How many integration calls may run at once.
    pub concurrent_tasks: usize,
    /// How many executions that only wait stay in memory, so that what comes for them soon finds them there.
    pub resting_executions: usize,
    /// The mock configuration file, whose test cases an execution can be started with.
    pub mock_config: Option<Arc<Path>>,
    /// Who is told what executions did.
    pub observer: Option<Arc<dyn Observer>>,
    /// Who makes spans of what executions did.
    pub tracer: Option<Arc<dyn Tracer>>,
    /// Where time and randomness come from.
    pub world: World,
    /// Reads the items and writes the results of distributed Maps; without it they only work on the items of their input.
    pub items: Option<Arc<dyn ItemStore>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            partition: Partition::default(),
            limits: EngineLimits::relaxed(),
            retention: Duration::from_secs(90 * 24 * 60 * 60),
            activity_poll: Duration::from_secs(60),
            concurrent_tasks: 10_000,
            resting_executions: 4096,
            mock_config: None,
            observer: None,
            tracer: None,
            world: World::real(),
            items: None,
        }
    }
}

/// The limits of the engine, all of them configurable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineLimits {
    /// Those that an execution feels.
    pub execution: Limits,
    /// The longest definition, in bytes.
    pub definition_bytes: usize,
    /// The most state machines.
    pub state_machines: usize,
    /// The most activities.
    pub activities: usize,
    /// The most workers that poll one activity at once.
    pub activity_pollers: usize,
    /// The most tags on one resource.
    pub tags: usize,
    /// How long an Express execution may run, in seconds.
    pub express_seconds: u64,
    /// The most versions of one state machine.
    pub versions: usize,
    /// The most aliases of one state machine.
    pub aliases: usize,
    /// For how many days after its end an execution can be redriven.
    pub redrive_days: u64,
}

impl EngineLimits {
    /// AWS's own limits.
    #[must_use]
    pub fn aws() -> Self {
        Self {
            execution: Limits {
                payload_bytes: 262_144,
                history_events: 25_000,
                map_concurrency: 40,
                step_events: 5_000,
            },
            definition_bytes: 1_048_576,
            state_machines: 100_000,
            activities: 100_000,
            activity_pollers: 1_000,
            tags: 50,
            express_seconds: 300,
            versions: 1_000,
            aliases: 100,
            redrive_days: 14,
        }
    }

    /// The default: payloads of 1 MiB and no end to a history.
    #[must_use]
    pub fn relaxed() -> Self {
        let aws = Self::aws();
        Self {
            execution: Limits {
                payload_bytes: 1_048_576,
                history_events: u64::MAX,
                ..aws.execution
            },
            ..aws
        }
    }
}
