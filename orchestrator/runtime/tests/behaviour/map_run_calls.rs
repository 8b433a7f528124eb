//! Calls of a session that are about Map Runs.

use runtime::map_runs::views::{Counts, MapRunView, UpdateMapRun};
use runtime::runtime::Runtime;

use crate::texts::{answer, done, since, word};

/// `runs`, `children` and `bound`, each of the newest run of an execution.
pub(crate) async fn call(runtime: &Runtime, verb: &str, machine: &str, more: &str) -> String {
    let (name, rest) = word(more);
    let runs = match runtime.list_map_runs(machine, name, None, 10).await {
        Ok(runs) => runs,
        Err(error) => return crate::texts::error_text(&error),
    };
    if verb == "runs" {
        return runs.iter().map(run_text).collect::<Vec<_>>().join("\n");
    }
    let Some(newest) = runs.first() else {
        return "none".to_owned();
    };
    let (_, newest) = newest
        .arn
        .split_once(":mapRun:")
        .expect("it is a Map Run's ARN");
    match verb {
        "children" => {
            let children = runtime.list_children(newest, None, None, 100).await;
            answer(children, |children| {
                let children = children.iter().map(|(child, items)| {
                    let ended = child.stopped_at.map(since).unwrap_or_default();
                    format!(
                        "{:?} {items} {} {ended}",
                        child.status,
                        since(child.started_at)
                    )
                });
                children.collect::<Vec<_>>().join("\n")
            })
        }
        _ => {
            let bound = rest.parse().expect("a bound");
            let update = UpdateMapRun {
                max_concurrency: (verb == "bound").then_some(bound),
                tolerated_count: (verb == "tolerate").then_some(bound),
                tolerated_percentage: None,
            };
            answer(runtime.update_map_run(newest, update).await, |()| done())
        }
    }
}

fn run_text(run: &MapRunView) -> String {
    let ended = run.stopped_at.map(since).unwrap_or_default();
    format!(
        "{:?} {} {ended} at once {} tolerated {} items {} children {}",
        run.status,
        since(run.started_at),
        run.max_concurrency,
        run.tolerated_count,
        counts_text(run.items),
        counts_text(run.executions),
    )
}

/// `3: 1 pending, 2 succeeded`
fn counts_text(counts: Counts) -> String {
    let kinds = [
        (counts.pending, "pending"),
        (counts.running, "running"),
        (counts.succeeded, "succeeded"),
        (counts.failed, "failed"),
        (counts.timed_out, "timed out"),
        (counts.aborted, "aborted"),
        (counts.results_written, "written"),
    ];
    let kinds = kinds.iter().filter(|(count, _)| *count > 0);
    let kinds: Vec<String> = kinds
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    format!("{}: {}", counts.total, kinds.join(", "))
}
