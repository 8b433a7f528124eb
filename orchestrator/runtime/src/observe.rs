//! The seam to whoever is told what executions did: execution logs.

use std::fmt;
use std::sync::Arc;

use interpreter::execution::Execution;
use interpreter::history::HistoryEvent;

use crate::engine::Engine;
use crate::machines::Revision;

/// Is told what executions did, when it is durable.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// Whether executions of a state machine with these settings are to be told of. Asked once for each definition.
    fn is_interested(&self, settings: &str) -> bool;

    /// Events of one execution, in their order. It must return at once, and nothing waits for it.
    ///
    /// After a crash, events that were committed just before may never be told.
    fn observe(&self, observed: Observed<'_>);
}

/// What an execution did.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The execution's ARN.
    pub execution_arn: &'a Arc<str>,
    /// Its state machine's name.
    pub state_machine_name: &'a Arc<str>,
    /// The state machine's settings, as they were when the definition was loaded.
    pub settings: &'a Arc<str>,
    /// How often the execution was redriven.
    pub redrives: u32,
    /// The events.
    pub events: &'a [HistoryEvent],
}

impl Engine {
    /// The settings of a machine whose executions are to be told of.
    pub(crate) fn observed_settings(&self, settings: &Arc<str>) -> Option<Arc<str>> {
        let observer = self.options.observer.as_ref()?;
        observer.is_interested(settings).then(|| settings.clone())
    }

    /// Tells what an execution did.
    pub(crate) fn tell_observer(
        &self,
        revision: &Revision,
        execution: &Execution,
        events: &[HistoryEvent],
    ) {
        let (Some(observer), Some(settings)) = (&self.options.observer, &revision.observed) else {
            return;
        };
        if !events.is_empty() {
            observer.observe(Observed {
                execution_arn: &execution.identity.arn,
                state_machine_name: &execution.identity.state_machine_name,
                settings,
                redrives: execution.supplement().redrives,
                events,
            });
        }
    }
}
