//! The jobs of the store in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::contract::{JobFilter, JobsAmong, TextMatch};
use crate::records::JobRecord;

/// The table of jobs, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jobs {
    rows: BTreeMap<u64, JobRecord>,
    numbers: HashMap<Arc<str>, u64>,
    /// The highest number ever put.
    pub(crate) last: u64,
}

impl Jobs {
    /// See [`crate::contract::Write::PutJob`].
    pub(crate) fn put(&mut self, record: JobRecord) {
        self.last = self.last.max(record.number);
        let known = self.numbers.get(&record.id);
        if let Some(row) = known.and_then(|number| self.rows.get_mut(number)) {
            row.status = record.status;
            row.ended_at = record.ended_at;
            row.document = record.document;
            return;
        }
        self.numbers.insert(record.id.clone(), record.number);
        self.rows.insert(record.number, record);
    }

    /// See [`crate::contract::Write::DeleteJobs`].
    pub(crate) fn delete(&mut self, ids: &[Arc<str>]) {
        let ids: HashSet<&Arc<str>> = ids.iter().collect();
        self.rows.retain(|_, row| {
            !ids.contains(&row.id)
                && row
                    .parent
                    .as_ref()
                    .is_none_or(|parent| !ids.contains(parent))
        });
        let rows = &self.rows;
        self.numbers.retain(|_, number| rows.contains_key(number));
    }

    /// See [`crate::contract::Store::jobs_by_id`].
    pub(crate) fn by_id(&self, ids: &[Arc<str>]) -> Vec<JobRecord> {
        let numbers = ids.iter().filter_map(|id| self.numbers.get(id));
        numbers
            .filter_map(|number| self.rows.get(number))
            .cloned()
            .collect()
    }

    /// See [`crate::contract::Store::jobs`].
    pub(crate) fn list(
        &self,
        filter: &JobFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Vec<JobRecord> {
        self.rows
            .range(..before.unwrap_or(u64::MAX))
            .rev()
            .map(|(_, row)| row)
            .filter(|row| is_chosen(filter, row))
            .take(limit)
            .cloned()
            .collect()
    }

    /// See [`crate::contract::Store::unfinished_jobs`].
    pub(crate) fn unfinished(&self, after: Option<u64>, limit: usize) -> Vec<JobRecord> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.rows
            .range((after, Bound::Unbounded))
            .map(|(_, row)| row)
            .filter(|row| row.ended_at.is_none())
            .take(limit)
            .cloned()
            .collect()
    }

    /// See [`crate::contract::Store::ended_jobs`].
    pub(crate) fn ended(&self, ended_before: i64, limit: usize) -> Vec<JobRecord> {
        self.rows
            .values()
            .filter(|row| row.parent.is_none() && row.ended_at.is_some_and(|at| at < ended_before))
            .take(limit)
            .cloned()
            .collect()
    }
}

fn is_chosen(filter: &JobFilter, row: &JobRecord) -> bool {
    let is_among = match &filter.among {
        JobsAmong::Queue(queue) => row.parent.is_none() && row.queue == *queue,
        JobsAmong::Parent(parent) => row.parent.as_ref() == Some(parent),
    };
    is_among
        && filter.status.is_none_or(|status| row.status == status)
        && filter.name.as_ref().is_none_or(|name| {
            let lower = |text: &str| Arc::from(text.to_ascii_lowercase());
            let name = match name {
                TextMatch::Exact(text) => TextMatch::Exact(lower(text)),
                TextMatch::Prefix(text) => TextMatch::Prefix(lower(text)),
            };
            matches(&name, &row.name.to_ascii_lowercase())
        })
        && filter
            .definition
            .as_ref()
            .is_none_or(|wanted| matches(wanted, &row.definition))
        && filter
            .share
            .as_ref()
            .is_none_or(|share| row.share.as_ref() == Some(share))
        && filter.created_before.is_none_or(|at| row.created_at < at)
        && filter.created_after.is_none_or(|at| row.created_at > at)
}

fn matches(wanted: &TextMatch, text: &str) -> bool {
    match wanted {
        TextMatch::Exact(whole) => **whole == *text,
        TextMatch::Prefix(beginning) => text.starts_with(&**beginning),
    }
}
