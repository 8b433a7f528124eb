//! Where spans go: an OpenTelemetry collector.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use integrations::otlp_endpoint::{OtlpEndpoint, PostError};
use integrations::settings::Settings;
use runtime::runtime::Runtime;
use tokio::task::JoinHandle;
use traces::exporter::{Collector, SendError, Traces};

use crate::config::TraceSettings;
use crate::engine::explain;
use crate::outcome::Error;

/// The traces of a server, and who sends them.
pub(crate) struct SentTraces {
    traces: Arc<Traces>,
    collector: Mutex<Option<Otlp>>,
    exporter: Mutex<Option<JoinHandle<()>>>,
}

impl SentTraces {
    /// The traces of the configuration; `None` where it has no collector.
    ///
    /// # Errors
    /// When the collector's URL or headers are wrong.
    pub(crate) fn of(config: &TraceSettings, settings: &Settings) -> Result<Option<Self>, Error> {
        let Some(url) = config.url() else {
            return Ok(None);
        };
        let endpoint = OtlpEndpoint::new(&url, config.headers.as_deref(), settings)
            .map_err(|error| Error::Usage(explain(&error)))?;
        Ok(Some(Self {
            traces: Traces::new(traces::exporter::Settings {
                service: config.service.clone(),
                all: config.all.0,
            }),
            collector: Mutex::new(Some(Otlp(endpoint))),
            exporter: Mutex::default(),
        }))
    }

    /// What the runtime tells.
    pub(crate) fn tracer(&self) -> Arc<Traces> {
        self.traces.clone()
    }

    /// Begins to send.
    pub(crate) fn begin(&self, runtime: &Runtime) {
        let collector = lock(&self.collector).take();
        if let Some(collector) = collector {
            let exporter = self.traces.begin(runtime.clone(), collector);
            *lock(&self.exporter) = Some(exporter);
        }
    }

    /// Sends what can be sent at once, and ends. To be called while the store is open.
    pub(crate) async fn close(&self) {
        self.traces.close();
        let exporter = lock(&self.exporter).take();
        if let Some(exporter) = exporter
            && exporter.await.is_err()
        {
            tracing::error!("a bug ended the sending of spans");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Otlp(OtlpEndpoint);

impl Collector for Otlp {
    fn send(&self, request: Vec<u8>) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            self.0.post(request).await.map_err(|error| match error {
                PostError::Later(why, wait) => SendError::Later(why, wait),
                PostError::Refused(why) => SendError::Refused(why),
            })
        })
    }
}
