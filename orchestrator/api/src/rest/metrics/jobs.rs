//! The figures of container jobs.

use batch::container::Resources;
use batch::job::JobStatus;
use batch_runtime::counters::{Counters, EnvironmentFigures};

use crate::rest::metrics::Page;

/// The figures as text.
pub(super) fn page(counters: &Counters) -> String {
    let mut page = Page::default();
    page.counter(
        "ratchet_jobs_submitted_total",
        "Jobs submitted; children and nodes count.",
        counters.submitted,
    );
    page.one(
        "ratchet_jobs_ended_total",
        "counter",
        "Jobs ended, by status.",
        &[
            ("{status=\"succeeded\"}", counters.succeeded),
            ("{status=\"failed\"}", counters.failed),
        ],
    );
    statuses(&mut page, counters);
    page.counter(
        "ratchet_job_attempts_started_total",
        "Attempts handed to an engine.",
        counters.attempts_started,
    );
    page.counter(
        "ratchet_job_attempts_ended_total",
        "Attempts ended.",
        counters.attempts_ended,
    );
    page.counter(
        "ratchet_job_decisions_total",
        "Inputs that the scheduler of jobs decided about.",
        counters.decisions,
    );
    page.counter(
        "ratchet_job_decision_nanoseconds_total",
        "How long all of these decisions took.",
        counters.decision_nanos,
    );
    page.counter(
        "ratchet_job_commits_total",
        "Commits of jobs.",
        counters.commits,
    );
    environments(&mut page, counters);
    page.text
}

fn statuses(page: &mut Page, counters: &Counters) {
    let waiting = JobStatus::ALL.into_iter().zip(counters.jobs);
    let samples: Vec<(String, u64)> = waiting
        .filter(|(status, _)| !matches!(status, JobStatus::Succeeded | JobStatus::Failed))
        .map(|(status, number)| {
            let status = status.as_str().to_lowercase();
            (format!("{{status=\"{status}\"}}"), number)
        })
        .collect();
    page.many(
        "ratchet_jobs",
        "gauge",
        "Jobs that have not ended, by status.",
        &samples,
    );
}

/// Names of environments are letters, digits, dashes and underscores: nothing to escape.
fn environments(page: &mut Page, counters: &Counters) {
    let mut gauge = |name: &str, help: &str, value: &dyn Fn(&EnvironmentFigures) -> u64| {
        let samples: Vec<(String, u64)> = counters
            .environments
            .iter()
            .map(|(name, figures)| (format!("{{environment=\"{name}\"}}"), value(figures)))
            .collect();
        page.many(name, "gauge", help, &samples);
    };
    gauge(
        "ratchet_environment_ready",
        "Whether the environment's engine answers.",
        &|figures| figures.is_ready.into(),
    );
    gauge(
        "ratchet_environment_waiting",
        "RUNNABLE jobs of the queues that use the environment.",
        &|figures| figures.waiting,
    );
    type Read = fn(&EnvironmentFigures) -> Resources;
    let used: Read = |figures| figures.used;
    let limits: Read = |figures| figures.limits;
    for (name, help, resources) in [
        ("used", "in use", used),
        ("limit", "that jobs may use", limits),
    ] {
        gauge(
            &format!("ratchet_environment_{name}_millivcpus"),
            &format!("Thousandths of vCPUs {help}."),
            &|figures| resources(figures).vcpus_milli,
        );
        gauge(
            &format!("ratchet_environment_{name}_memory_mebibytes"),
            &format!("Memory {help}, in MiB."),
            &|figures| resources(figures).memory_mib,
        );
    }
}
