//! The seam to whoever is told what executions did: execution logs.

use std::fmt;
use std::sync::Arc;

use interpreter::execution::Identity;
use interpreter::history::HistoryEvent;

use crate::engine::Engine;
use crate::slot::Loaded;

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
    /// The execution.
    pub identity: &'a Identity,
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

    /// Whether the executions of a machine with these settings have spans.
    pub(crate) fn is_traced(&self, settings: &str) -> bool {
        let tracer = self.options.tracer.as_ref();
        tracer.is_some_and(|tracer| tracer.is_interested(settings))
    }

    /// Tells what an execution did.
    pub(crate) fn tell_observer(&self, loaded: &Loaded, events: &[HistoryEvent]) {
        let is_asked = loaded.revision.observed.is_some() || loaded.carried.context.is_some();
        if !is_asked || events.is_empty() {
            return;
        }
        let identity = &loaded.execution.identity;
        let nothing = Arc::default();
        let observed = Observed {
            identity,
            settings: loaded.revision.observed.as_ref().unwrap_or(&nothing),
            redrives: loaded.execution.supplement().redrives,
            events,
        };
        if let (Some(observer), Some(_)) = (&self.options.observer, &loaded.revision.observed) {
            observer.observe(observed);
        }
        self.tell_tracer(loaded, observed);
    }
}
