//! Log lines on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::Log;
use crate::config::values::LogFormat;

/// Begins to log; a second call changes nothing.
pub(crate) fn begin(log: &Log) {
    let filter = EnvFilter::new(log.level.as_str());
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let _ = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    log_panics();
}

/// Says a panic in the log like anything else: a task that panics must not go unseen in a collector.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("a panic without a text");
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        if tracing::enabled!(tracing::Level::ERROR) {
            let backtrace = std::backtrace::Backtrace::capture();
            tracing::error!(place, %backtrace, "panicked: {message}");
        } else {
            crate::output::note(&format!("panicked at {place}: {message}"));
        }
    }));
}
