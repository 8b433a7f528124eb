//! `/metrics` in Prometheus's text format, version 0.0.4.

mod jobs;

use std::fmt::{Display, Write};

use axum::Extension;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use runtime::views::Counters;

use crate::options::Figures;
use crate::rest::process::Process;
use crate::services::Services;

/// Shows figures for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operation", operation_id = "getMetrics",
    responses((status = 200, description = "The figures", body = String, content_type = "text/plain")))]
pub(super) async fn metrics(
    State(services): State<Services>,
    Extension(figures): Extension<Figures>,
) -> impl IntoResponse {
    let mut text = page(&services.runtime.counters(), &Process::now());
    if let Some(batch) = &services.batch
        && let Ok(counters) = batch.counters().await
    {
        text += &jobs::page(&counters);
    }
    answer(text + &figures.now())
}

/// The same for a process without an engine.
pub(crate) async fn metrics_of_process(
    Extension(figures): Extension<Figures>,
) -> impl IntoResponse {
    let mut page = Page::default();
    page.build();
    page.process(&Process::now());
    answer(page.text + &figures.now())
}

fn answer(text: String) -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
}

fn page(counters: &Counters, process: &Process) -> String {
    let mut page = Page::default();
    page.build();
    page.counter(
        "ratchet_executions_started_total",
        "Executions started.",
        counters.executions_started,
    );
    page.one(
        "ratchet_executions_ended_total",
        "counter",
        "Executions ended, by status.",
        &[
            ("{status=\"succeeded\"}", counters.executions_succeeded),
            ("{status=\"failed\"}", counters.executions_failed),
            ("{status=\"timed_out\"}", counters.executions_timed_out),
            ("{status=\"aborted\"}", counters.executions_aborted),
        ],
    );
    page.counter(
        "ratchet_history_events_total",
        "History events written.",
        counters.history_events,
    );
    page.counter(
        "ratchet_tasks_scheduled_total",
        "Tasks handed over.",
        counters.tasks_scheduled,
    );
    page.gauge(
        "ratchet_tasks_running",
        "Integration calls that run now.",
        counters.tasks_running,
    );
    page.gauge(
        "ratchet_executions_loaded",
        "Executions held in memory now.",
        counters.executions_loaded,
    );
    page.gauge(
        "ratchet_timers_waiting",
        "Timers that wait now.",
        counters.timers_waiting,
    );
    page.gauge(
        "ratchet_executions_parked",
        "Executions that can't go on until somebody looks at them.",
        counters.executions_parked,
    );
    page.process(process);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn build(&mut self) {
        self.one(
            "ratchet_build_info",
            "gauge",
            "The version that runs.",
            &[(&format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1)],
        );
    }

    fn process(&mut self, process: &Process) {
        self.maybe(
            "process_cpu_seconds_total",
            "counter",
            "Processor time, user and system.",
            process.cpu_seconds,
        );
        self.maybe(
            "process_resident_memory_bytes",
            "gauge",
            "Memory in use.",
            process.resident_bytes,
        );
        self.maybe(
            "process_virtual_memory_bytes",
            "gauge",
            "Address space.",
            process.virtual_bytes,
        );
        self.maybe("process_threads", "gauge", "Threads.", process.threads);
        self.maybe(
            "process_open_fds",
            "gauge",
            "Open files and sockets.",
            process.open_files,
        );
        self.maybe(
            "process_start_time_seconds",
            "gauge",
            "When the process began, in seconds since 1970.",
            process.started_at,
        );
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.one(name, "counter", help, &[("", value)]);
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.one(name, "gauge", help, &[("", value)]);
    }

    fn maybe<V: Display>(&mut self, name: &str, kind: &str, help: &str, value: Option<V>) {
        if let Some(value) = value {
            self.one(name, kind, help, &[("", value)]);
        }
    }

    /// The same with labels that are made for it.
    fn many(&mut self, name: &str, kind: &str, help: &str, samples: &[(String, u64)]) {
        let samples: Vec<(&str, u64)> = samples
            .iter()
            .map(|(labels, value)| (labels.as_str(), *value))
            .collect();
        self.one(name, kind, help, &samples);
    }

    /// A metric with its samples, each with its labels.
    fn one<V: Display>(&mut self, name: &str, kind: &str, help: &str, samples: &[(&str, V)]) {
        let text = &mut self.text;
        write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n")
            .expect("a string takes any text");
        for (labels, value) in samples {
            writeln!(text, "{name}{labels} {value}").expect("a string takes any text");
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use expect_test::expect;

    #[test]
    fn every_figure_has_its_help_and_type() {
        let counters = Counters {
            executions_started: 3,
            executions_succeeded: 2,
            ..Counters::default()
        };
        let process = Process {
            cpu_seconds: Some(1.5),
            resident_bytes: Some(4096),
            ..Process::default()
        };
        expect![[r##"
            # HELP ratchet_build_info The version that runs.
            # TYPE ratchet_build_info gauge
            ratchet_build_info{version="0.1.0"} 1
            # HELP ratchet_executions_started_total Executions started.
            # TYPE ratchet_executions_started_total counter
            ratchet_executions_started_total 3
            # HELP ratchet_executions_ended_total Executions ended, by status.
            # TYPE ratchet_executions_ended_total counter
            ratchet_executions_ended_total{status="succeeded"} 2
            ratchet_executions_ended_total{status="failed"} 0
            ratchet_executions_ended_total{status="timed_out"} 0
            ratchet_executions_ended_total{status="aborted"} 0
            # HELP ratchet_history_events_total History events written.
            # TYPE ratchet_history_events_total counter
            ratchet_history_events_total 0
            # HELP ratchet_tasks_scheduled_total Tasks handed over.
            # TYPE ratchet_tasks_scheduled_total counter
            ratchet_tasks_scheduled_total 0
            # HELP ratchet_tasks_running Integration calls that run now.
            # TYPE ratchet_tasks_running gauge
            ratchet_tasks_running 0
            # HELP ratchet_executions_loaded Executions held in memory now.
            # TYPE ratchet_executions_loaded gauge
            ratchet_executions_loaded 0
            # HELP ratchet_timers_waiting Timers that wait now.
            # TYPE ratchet_timers_waiting gauge
            ratchet_timers_waiting 0
            # HELP ratchet_executions_parked Executions that can't go on until somebody looks at them.
            # TYPE ratchet_executions_parked gauge
            ratchet_executions_parked 0
            # HELP process_cpu_seconds_total Processor time, user and system.
            # TYPE process_cpu_seconds_total counter
            process_cpu_seconds_total 1.5
            # HELP process_resident_memory_bytes Memory in use.
            # TYPE process_resident_memory_bytes gauge
            process_resident_memory_bytes 4096
        "##]].assert_eq(&page(&counters, &process));
    }
}
