//! Calls of a session that are about Map Runs.

use runtime::map_runs::views::{Counts, MapRunView, UpdateMapRun, WantedChildren};
use runtime::runtime::Runtime;
use runtime::views::Redrive;
use store::contract::Direction;

use crate::texts::{answer, done, events_text, since, word};

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
            let all = WantedChildren::default();
            let children = runtime.list_children(newest, all, None, 100).await;
            answer(children, |children| {
                let children = children.iter().map(|(child, items)| {
                    let ended = child.stopped_at.map(since).unwrap_or_default();
                    let status = match child.awaits_redrive {
                        true => "PendingRedrive".to_owned(),
                        false => format!("{:?}", child.status),
                    };
                    let redrives = match child.redrive_count {
                        0 => String::new(),
                        count => format!(" redriven {count}"),
                    };
                    format!(
                        "{status} {items} {} {ended}{redrives}",
                        since(child.started_at)
                    )
                });
                children.collect::<Vec<_>>().join("\n")
            })
        }
        "child" => {
            let (number, call) = word(rest);
            let children = runtime.list_children(newest, WantedChildren::default(), None, 100);
            let children = children.await.expect("the store answers");
            let number: usize = number.parse().expect("the number of a child");
            let (child, _) = children.iter().rev().nth(number).expect("there is one");
            child_call(runtime, &child.arn, call).await
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

/// What is said of one child, or done to it.
async fn child_call(runtime: &Runtime, arn: &str, call: &str) -> String {
    let (machine, name) = match arn.split_once(":execution:") {
        Some((_, rest)) => rest.split_once(':').expect("a Standard execution's ARN"),
        None => {
            let (_, rest) = arn.split_once(":express:").expect("an execution's ARN");
            rest.split_once(':').expect("an Express execution's ARN")
        }
    };
    match call {
        "history" => {
            let direction = Direction::Forward;
            let history = runtime.history(machine, name, None, 100, direction).await;
            answer(history, |page| events_text(&page.events))
        }
        "redrive" => {
            let request = Redrive {
                machine: machine.to_owned(),
                name: name.to_owned(),
                ..Redrive::default()
            };
            answer(runtime.redrive_execution(request).await, since)
        }
        _ => answer(runtime.describe_execution(machine, name).await, |view| {
            format!(
                "{:?}, waits for a redrive: {}, {} redrives, {:?}",
                view.status, view.awaits_redrive, view.redrive_count, view.redrivable
            )
        }),
    }
}

fn run_text(run: &MapRunView) -> String {
    let ended = run.stopped_at.map(since).unwrap_or_default();
    let redriven = run.redriven_at.map(|at| {
        let count = run.redrive_count;
        format!(" redriven {count} {}", since(at))
    });
    format!(
        "{:?} {} {ended} at once {} tolerated {} items {} children {}{}",
        run.status,
        since(run.started_at),
        run.max_concurrency,
        run.tolerated_count,
        counts_text(run.items),
        counts_text(run.executions),
        redriven.unwrap_or_default(),
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
        (counts.pending_redrive, "pending redrive"),
        (counts.not_redrivable, "not redrivable"),
        (counts.results_written, "written"),
    ];
    let kinds = kinds.iter().filter(|(count, _)| *count > 0);
    let kinds: Vec<String> = kinds
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    format!("{}: {}", counts.total, kinds.join(", "))
}
