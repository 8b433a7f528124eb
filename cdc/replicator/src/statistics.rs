//! What was counted for each table outlives the process: it is written down at the target, at most once a second and at the end. What was counted
//! in the last second before a crash is lost; nothing is counted twice.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use endpoint::target::control::Control;
use endpoint::target::records::TableRecord;
use replication::net::Counts;
use replication::relation::TableName;
use replication::table_state::TableStatistics;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::status::Status;

/// How often counts are written down.
const PAUSE: Duration = Duration::from_secs(1);

/// What is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Kept {
    full_load_rows: u64,
    full_load_bytes: u64,
    inserts: u64,
    updates: u64,
    deletes: u64,
    truncates: u64,
    ddls: u64,
    exceptions: u64,
}

/// What of the counts is written down already.
#[derive(Debug)]
pub(crate) struct Written {
    tables: BTreeMap<TableName, Kept>,
    last: Instant,
}

impl Written {
    /// What the records say.
    pub(crate) fn new(records: &[TableRecord], now: Instant) -> Self {
        Self {
            tables: records
                .iter()
                .map(|record| (record.source.clone(), kept(record)))
                .collect(),
            last: now,
        }
    }

    /// Whether the last time is long enough ago.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now.duration_since(self.last) >= PAUSE
    }

    /// What has changed since it was written.
    pub(crate) fn compare(&self, status: &Status) -> News {
        let before = |name| self.tables.get(name).copied().unwrap_or_default();
        News(
            status
                .tables
                .iter()
                .map(|(name, table)| (name, Kept::from(&table.statistics)))
                .filter(|(name, kept)| before(*name) != *kept)
                .map(|(name, kept)| (name.clone(), kept))
                .collect(),
        )
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the target does not answer.
    pub(crate) async fn write(
        &mut self,
        control: &Control,
        news: News,
        now: Instant,
    ) -> Result<(), Error> {
        self.last = now;
        let News(mut news) = news;
        if news.is_empty() {
            return Ok(());
        }
        let texts: Vec<_> = news
            .iter()
            .map(|(name, kept)| (name.clone(), kept.text()))
            .collect();
        for name in control.save_statistics(&texts).await? {
            if let Some(kept) = news.remove(&name) {
                self.tables.insert(name, kept);
            }
        }
        Ok(())
    }
}

/// Counts that are not written down yet.
#[derive(Debug)]
pub(crate) struct News(BTreeMap<TableName, Kept>);

/// What a record says was counted.
pub(crate) fn of(record: &TableRecord) -> TableStatistics {
    let kept = kept(record);
    TableStatistics {
        full_load_rows: kept.full_load_rows,
        full_load_bytes: kept.full_load_bytes,
        applied: Counts {
            inserts: kept.inserts,
            updates: kept.updates,
            deletes: kept.deletes,
        },
        truncates: kept.truncates,
        ddls: kept.ddls,
        exceptions: kept.exceptions,
        snapshot_lsn: record.snapshot_lsn,
    }
}

/// What a record is to say of a table, as far as it was counted.
pub(crate) fn text(status: &Status, table: &TableName) -> Option<String> {
    let table = status.tables.get(table)?;
    Some(Kept::from(&table.statistics).text())
}

fn kept(record: &TableRecord) -> Kept {
    let text = record.statistics.as_deref().unwrap_or("{}");
    // What another version wrote is not needed to go on.
    serde_json::from_str(text).unwrap_or_default()
}

impl Kept {
    fn text(&self) -> String {
        serde_json::to_string(self).expect("numbers can be written as JSON")
    }
}

impl From<&TableStatistics> for Kept {
    fn from(statistics: &TableStatistics) -> Self {
        Self {
            full_load_rows: statistics.full_load_rows,
            full_load_bytes: statistics.full_load_bytes,
            inserts: statistics.applied.inserts,
            updates: statistics.applied.updates,
            deletes: statistics.applied.deletes,
            truncates: statistics.truncates,
            ddls: statistics.ddls,
            exceptions: statistics.exceptions,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use endpoint::target::records::TableRecord;
    use pgoutput::Lsn;
    use replication::relation::TableName;
    use replication::table_state::TableState;

    use super::{PAUSE, Written, of, text};
    use crate::status::{Status, TableStatus};

    fn record(name: &str, statistics: Option<&str>) -> TableRecord {
        TableRecord {
            source: TableName::new("public", name),
            target: TableName::new("public", name),
            state: TableState::Completed,
            snapshot_lsn: Lsn(7),
            shape: None,
            statistics: statistics.map(str::to_owned),
            error: None,
        }
    }

    #[test]
    fn only_what_has_changed_is_written() {
        let records = [
            record(
                "a",
                Some(r#"{"inserts": 3, "ddls": 1, "of-another-version": 9}"#),
            ),
            record("b", None),
            record("c", Some("[]")),
        ];
        let start = Instant::now();
        let written = Written::new(&records, start);
        assert!(!written.is_due(start) && written.is_due(start + PAUSE));
        let mut status = Status::new();
        for record in &records {
            let mut table = TableStatus::new(record.state);
            table.statistics = of(record);
            status.tables.insert(record.source.clone(), table);
        }
        assert!(written.compare(&status).0.is_empty());
        let b = TableName::new("public", "b");
        status
            .tables
            .get_mut(&b)
            .unwrap()
            .statistics
            .applied
            .updates = 5;
        let names: Vec<_> = written.compare(&status).0.into_keys().collect();
        assert_eq!(names, std::slice::from_ref(&b));
        let again = record("b", text(&status, &b).as_deref());
        assert_eq!(of(&again), status.tables[&b].statistics);
    }
}
