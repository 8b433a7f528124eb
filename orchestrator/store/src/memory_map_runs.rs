//! Map Runs in the store in memory.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::map_runs::{MapRunRecord, MapRunStatus};
use crate::records::{ExecutionId, Parent};

/// All Map Runs, by execution and attempt.
#[derive(Clone, Debug, Default)]
pub(crate) struct MapRuns(BTreeMap<(ExecutionId, u64), MapRunRecord>);

impl MapRuns {
    pub(crate) fn put(&mut self, record: MapRunRecord) {
        self.0.insert(key(record.parent), record);
    }

    pub(crate) fn delete_of(&mut self, execution: ExecutionId) {
        self.0.retain(|(of, _), _| *of != execution);
    }

    /// See [`crate::contract::Store::map_run`].
    pub(crate) fn get(&self, parent: Parent) -> Option<MapRunRecord> {
        self.0.get(&key(parent)).cloned()
    }

    /// See [`crate::contract::Store::map_run_by_name`].
    pub(crate) fn by_name(&self, name: &str) -> Option<MapRunRecord> {
        self.0.values().find(|run| &*run.name == name).cloned()
    }

    /// See [`crate::contract::Store::map_runs`].
    pub(crate) fn of(
        &self,
        execution: ExecutionId,
        before: Option<u64>,
        limit: usize,
    ) -> Vec<MapRunRecord> {
        let end = before.map_or(Bound::Included((execution, u64::MAX)), |before| {
            Bound::Excluded((execution, before))
        });
        self.0
            .range((Bound::Included((execution, 0)), end))
            .rev()
            .map(|(_, run)| run)
            .take(limit)
            .cloned()
            .collect()
    }

    /// See [`crate::contract::Store::unfinished_map_runs`].
    pub(crate) fn unfinished(&self, after: Option<Parent>, limit: usize) -> Vec<MapRunRecord> {
        let begin = after.map_or(Bound::Unbounded, |after| Bound::Excluded(key(after)));
        self.0
            .range((begin, Bound::Unbounded))
            .map(|(_, run)| run)
            .filter(|run| run.status == MapRunStatus::Running)
            .take(limit)
            .cloned()
            .collect()
    }
}

fn key(parent: Parent) -> (ExecutionId, u64) {
    (parent.execution, parent.attempt)
}
