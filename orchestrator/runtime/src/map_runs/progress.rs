//! How far a Map Run is: what its record's document says.

use std::sync::Arc;

use interpreter::failure::Failure;
use interpreter::map_run::MapRunRequest;
use interpreter::mocks::Mocks;
use serde::{Deserialize, Serialize};
use store::contract::Error as StoreError;
use store::map_runs::{MapRunRecord, MapRunStatus};
use store::records::{ExecutionRecord, ExecutionStatus, Parent};

/// The form of documents that this binary writes.
const VERSION: u32 = 1;

/// What is known of a Map Run beside its status. Written with every group of children that starts, so that the items before
/// [`Progress::items`] have a child each, and those behind it have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    version: u32,
    pub(crate) bounds: Bounds,
    /// Where the chunk begins of which items are being handed out.
    pub(crate) chunk: Option<String>,
    /// How many items of that chunk were handed out.
    pub(crate) offset: u64,
    /// How many items were handed out altogether.
    pub(crate) items: u64,
    /// How many items there are, once that is known.
    pub(crate) total: Option<u64>,
    /// How many children were started.
    pub(crate) children: u64,
    /// What became of the children, as far as it was known when this was written.
    pub(crate) of_children: Tally,
    /// What became of the items.
    pub(crate) of_items: Tally,
    /// How many children stand in what the result writer wrote.
    pub(crate) results_written: u64,
    /// Why it failed.
    pub(crate) failure: Option<Failure>,
    /// What the result writer gave.
    pub(crate) output: Option<String>,
    /// The redrive that it is carried out for, if there was one.
    #[serde(default)]
    pub(crate) redrive: Option<RunRedrive>,
    /// What stands in for the tasks of its children, and how much of it they have used up: as far as it was known when this was written.
    #[serde(default)]
    pub(crate) mocks: Option<Mocks>,
}

/// The last redrive of a Map Run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunRedrive {
    /// How many there were.
    pub(crate) count: u32,
    /// When it was: milliseconds since 1970.
    pub(crate) at: i64,
    /// The number of the newest child that was there.
    pub(crate) newest: u64,
}

/// What can be changed about a Map Run while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bounds {
    /// How many children may run at once; 0 means no bound of its own.
    pub(crate) max_concurrency: u64,
    /// How many items may fail.
    pub(crate) tolerated_count: Option<u64>,
    /// Which share of the items may fail, in percent.
    pub(crate) tolerated_percentage: Option<f64>,
}

/// How many there are of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) running: u64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) timed_out: u64,
    pub(crate) aborted: u64,
    /// Ended without success and wait for their redrive.
    #[serde(default)]
    pub(crate) pending_redrive: u64,
    /// Those among the ones without success that no redrive can change.
    #[serde(default)]
    pub(crate) not_redrivable: u64,
}

impl Tally {
    /// Counts some that have the status.
    pub(crate) fn add(&mut self, status: ExecutionStatus, count: u64) {
        *self.of(status) += count;
    }

    /// Counts some no longer as running but by how they ended.
    pub(crate) fn end(&mut self, status: ExecutionStatus, count: u64) {
        self.running = self.running.saturating_sub(count);
        self.add(status, count);
    }

    /// Counts some no longer as waiting for their redrive but as running.
    pub(crate) fn redrive(&mut self, count: u64) {
        self.pending_redrive = self.pending_redrive.saturating_sub(count);
        self.running += count;
    }

    /// Counts some no longer as waiting for a redrive, which they do not get, but by how they had ended.
    pub(crate) fn leave(&mut self, status: ExecutionStatus, count: u64) {
        self.pending_redrive = self.pending_redrive.saturating_sub(count);
        self.add(status, count);
    }

    fn of(&mut self, status: ExecutionStatus) -> &mut u64 {
        match status {
            ExecutionStatus::Running => &mut self.running,
            ExecutionStatus::Succeeded => &mut self.succeeded,
            ExecutionStatus::Failed => &mut self.failed,
            ExecutionStatus::TimedOut => &mut self.timed_out,
            ExecutionStatus::Aborted => &mut self.aborted,
        }
    }
}

impl Progress {
    /// Before the first item.
    pub(crate) fn new(request: &MapRunRequest) -> Self {
        Self {
            version: VERSION,
            bounds: Bounds {
                max_concurrency: request.max_concurrency,
                tolerated_count: request.tolerated_count,
                tolerated_percentage: request.tolerated_percentage,
            },
            chunk: None,
            offset: 0,
            items: 0,
            total: None,
            children: 0,
            of_children: Tally::default(),
            of_items: Tally::default(),
            results_written: 0,
            failure: None,
            output: None,
            redrive: None,
            mocks: None,
        }
    }

    /// Takes note of what a child has used up of the responses that stand in for tasks.
    pub(crate) fn note_mocks(&mut self, child: Option<&Mocks>) {
        if let (Some(mocks), Some(used)) = (&mut self.mocks, child) {
            mocks.go_on_after(used);
        }
    }

    /// How often the run was redriven.
    pub(crate) fn redrives(&self) -> u32 {
        self.redrive.map_or(0, |redrive| redrive.count)
    }

    /// Whether a child waits for the redrive of its run, as far as its row tells.
    pub(crate) fn awaits_redrive(&self, child: &ExecutionRecord) -> bool {
        let is_unsuccessful = match child.status {
            ExecutionStatus::Running | ExecutionStatus::Succeeded => false,
            ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted => true,
        };
        is_unsuccessful
            && self.redrive.is_some_and(|redrive| {
                child.id.0 <= redrive.newest && redriven_with(child) < redrive.count
            })
    }

    /// What a record says.
    pub(crate) fn of(record: &MapRunRecord) -> Result<Self, StoreError> {
        let damaged = |why: String| StoreError::Damaged {
            what: format!("Map Run {}", record.name),
            why,
        };
        let progress: Self =
            serde_json::from_str(&record.document).map_err(|error| damaged(error.to_string()))?;
        if progress.version != VERSION {
            return Err(damaged(format!(
                "it has form {}, this binary reads {VERSION}",
                progress.version
            )));
        }
        Ok(progress)
    }

    /// As a record keeps it.
    pub(crate) fn document(&self) -> Arc<str> {
        serde_json::to_string(self)
            .expect("numbers and texts are always JSON")
            .into()
    }

    /// Whether more items failed than are tolerated. A share can only be told when all items are known.
    pub(crate) fn is_exceeded(&self) -> bool {
        let failed = self.of_items.failed + self.of_items.timed_out;
        let Bounds {
            tolerated_count,
            tolerated_percentage,
            ..
        } = self.bounds;
        let is_over_count = tolerated_count.is_some_and(|tolerated| failed > tolerated);
        let is_over_share = tolerated_percentage.is_some_and(|percentage| match self.total {
            _ if percentage <= 0.0 => failed > 0,
            Some(total) => failed as f64 * 100.0 > percentage * total as f64,
            None => false,
        });
        let tolerates_none = tolerated_count.is_none() && tolerated_percentage.is_none();
        is_over_count || is_over_share || (tolerates_none && failed > 0)
    }
}

/// What stands for a redrive of the run in the rows of the children that were redriven with it.
pub(crate) fn redrive_token(count: u32) -> Arc<str> {
    count.to_string().into()
}

/// With which redrive of its run a child was redriven last; 0 for none.
fn redriven_with(child: &ExecutionRecord) -> u32 {
    let tokens = child.redrives.as_ref().map(|redrives| &redrives.tokens);
    let newest = tokens.and_then(|tokens| tokens.last());
    newest.map_or(0, |newest| newest.token.parse().unwrap_or(0))
}

/// The record of a run that begins.
pub(crate) fn begun(parent: Parent, request: &MapRunRequest, now: i64) -> MapRunRecord {
    MapRunRecord {
        parent,
        name: run_name(&request.arn).into(),
        status: MapRunStatus::Running,
        started_at: now,
        stopped_at: None,
        document: Progress::new(request).document(),
    }
}

/// `machine/label:uuid`: what an ARN says behind `mapRun`.
pub(crate) fn run_name(arn: &str) -> &str {
    arn.splitn(7, ':').nth(6).unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use interpreter::map_run::MapRunRequest;

    use super::{Bounds, Progress, run_name};

    fn progress(bounds: Bounds, total: Option<u64>, failed: u64) -> Progress {
        let request = MapRunRequest {
            arn: "a".into(),
            items: None,
            reader: None,
            max_items: None,
            max_concurrency: 0,
            tolerated_count: None,
            tolerated_percentage: None,
            batch: None,
            writer: None,
        };
        let mut progress = Progress {
            bounds,
            total,
            ..Progress::new(&request)
        };
        progress.of_items.failed = failed;
        progress
    }

    #[test]
    fn a_threshold_is_exceeded_by_what_it_does_not_tolerate() {
        let count = |tolerated_count| Bounds {
            tolerated_count: Some(tolerated_count),
            ..Bounds::default()
        };
        let share = |percentage| Bounds {
            tolerated_percentage: Some(percentage),
            ..Bounds::default()
        };
        for (bounds, total, failed, expected) in [
            (Bounds::default(), Some(10), 0, false),
            (Bounds::default(), None, 1, true),
            (count(1), Some(10), 1, false),
            (count(1), None, 2, true),
            (share(0.0), None, 1, true),
            (share(20.0), Some(10), 2, false),
            (share(20.0), Some(10), 3, true),
            (share(20.0), None, 3, false),
            (share(100.0), Some(3), 3, false),
        ] {
            assert_eq!(
                progress(bounds, total, failed).is_exceeded(),
                expected,
                "{bounds:?} {total:?} {failed}"
            );
        }
    }

    #[test]
    fn a_document_says_what_was_written_into_it() {
        let before = progress(Bounds::default(), Some(7), 3);
        let record = super::MapRunRecord {
            parent: super::Parent {
                execution: store::records::ExecutionId(1),
                attempt: 2,
            },
            name: "m/l:u".into(),
            status: super::MapRunStatus::Running,
            started_at: 0,
            stopped_at: None,
            document: before.document(),
        };
        assert_eq!(Progress::of(&record).ok(), Some(before));
    }

    #[test]
    fn a_runs_name_is_the_end_of_its_arn() {
        assert_eq!(
            run_name("arn:aws:states:us-east-1:000000000000:mapRun:m/l:u"),
            "m/l:u"
        );
    }
}
