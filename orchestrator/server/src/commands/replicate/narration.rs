//! What there is to say about a task, from one look at its status to the next.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use replication::relation::TableName;
use replication::table_state::TableState;
use replicator::status::{Phase, Status, TableStatus};

use super::amounts;

/// Remembers what was said, so that everything is said once.
pub(super) struct Narration {
    began: Instant,
    phase: Phase,
    tables: BTreeMap<TableName, TableState>,
    was_caught_up: bool,
    earlier: Figures,
}

/// What rates are made of.
#[derive(Clone, Copy)]
struct Figures {
    at: Instant,
    loaded: (u64, u64),
    changes: u64,
    transactions: u64,
}

impl Figures {
    fn of(status: &Status, at: Instant) -> Self {
        Self {
            at,
            loaded: status.loaded(),
            changes: status.changes,
            transactions: status.transactions,
        }
    }
}

impl Narration {
    pub(super) fn new(began: Instant) -> Self {
        Self {
            began,
            phase: Phase::Starting,
            tables: BTreeMap::new(),
            was_caught_up: false,
            earlier: Figures::of(&Status::new(), began),
        }
    }

    /// What is new since the last call, each a line.
    pub(super) fn tell(&mut self, status: &Status, now: Instant) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, table) in &status.tables {
            let before = self.tables.insert(name.clone(), table.state);
            if before != Some(table.state) {
                lines.extend(describe_table(name, table, before, now));
            }
        }
        if !is_same(&self.phase, &status.phase) {
            lines.extend(describe_phase(status));
        }
        if let Phase::Following { caught_up: true } = status.phase
            && !self.was_caught_up
        {
            self.was_caught_up = true;
            lines.push("caught up with the source".to_owned());
        }
        self.phase = status.phase.clone();
        let at = now.saturating_duration_since(self.began);
        lines
            .into_iter()
            .map(|line| format!("{:>9}  {line}", format!("{:.1}s", at.as_secs_f64())))
            .collect()
    }

    /// How it goes at this moment, with rates since the last call; nothing while there is nothing to measure.
    pub(super) fn progress(&mut self, status: &Status, now: Instant) -> Option<String> {
        let figures = Figures::of(status, now);
        let earlier = std::mem::replace(&mut self.earlier, figures);
        let seconds = now
            .saturating_duration_since(earlier.at)
            .as_secs_f64()
            .max(1e-3);
        let per_second = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        let (rows, bytes) = figures.loaded;
        match &status.phase {
            Phase::Loading => Some(format!(
                "loading: {} of {} tables, {} rows, {}, {} rows/s, {}/s",
                status.tables_in(TableState::Completed),
                status.tables.len(),
                amounts::count(rows),
                amounts::bytes(bytes),
                amounts::rate(per_second(rows, earlier.loaded.0)),
                amounts::bytes(per_second(bytes, earlier.loaded.1) as u64),
            )),
            Phase::Indexing => Some(format!(
                "making indexes and constraints: {} left",
                status.definitions_left
            )),
            Phase::Following { .. } => {
                let lag = match status.lag_bytes() {
                    0 => format!(
                        "nothing to apply, last lag {}",
                        amounts::duration(status.lag)
                    ),
                    bytes => format!(
                        "lag {}, {}",
                        amounts::duration(status.lag),
                        amounts::bytes(bytes)
                    ),
                };
                let mut text = format!(
                    "following: {lag}; {} changes/s, {} transactions/s; {} changes applied",
                    amounts::rate(per_second(status.changes, earlier.changes)),
                    amounts::rate(per_second(status.transactions, earlier.transactions)),
                    amounts::count(status.changes),
                );
                if status.spilled_bytes > 0 {
                    text.push_str(&format!(
                        "; {} of transactions in progress on disk",
                        amounts::bytes(status.spilled_bytes)
                    ));
                }
                Some(text)
            }
            Phase::Starting
            | Phase::Recovering { .. }
            | Phase::Stopping
            | Phase::Stopped
            | Phase::ResyncRequired { .. }
            | Phase::Failed { .. } => None,
        }
    }
}

/// How much of a table is loaded, in thousandths, by its rows or bytes: rows are known when a part is loaded, bytes at any time.
pub(super) fn loaded_thousandths(table: &TableStatus) -> u64 {
    let statistics = &table.statistics;
    let share = |loaded: u64, expected: u64| {
        let share = loaded.saturating_mul(1000).checked_div(expected);
        share.unwrap_or(0).min(1000)
    };
    share(statistics.full_load_rows, table.expected_rows)
        .max(share(statistics.full_load_bytes, table.expected_bytes))
}

/// A table's row in a list of those that are being loaded: `540 MB of about 2.1 GB, 1,234,567 rows, 44 MB/s`.
pub(super) fn loading(table: &TableStatus, now: Instant) -> String {
    let statistics = &table.statistics;
    let mut text = amounts::bytes(statistics.full_load_bytes);
    if table.expected_bytes > 0 {
        text.push_str(&format!(
            " of about {}",
            amounts::bytes(table.expected_bytes)
        ));
    }
    if statistics.full_load_rows > 0 {
        text.push_str(&format!(
            ", {} rows",
            amounts::count(statistics.full_load_rows)
        ));
    }
    if let Some(started) = table.load_started {
        let took = now.saturating_duration_since(started);
        text.push_str(&format!(", {}/s", speed(statistics.full_load_bytes, took)));
    }
    text
}

/// Two phases that need only one line.
fn is_same(one: &Phase, other: &Phase) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn describe_phase(status: &Status) -> Option<String> {
    match &status.phase {
        Phase::Loading => Some(match status.tables.len() {
            1 => "loading 1 table".to_owned(),
            tables => format!("loading {tables} tables"),
        }),
        Phase::Indexing => Some(format!(
            "making {} indexes and constraints",
            status.definitions_left
        )),
        Phase::Following { .. } => Some(format!("following changes from {}", status.applied)),
        Phase::Stopping => Some("stopping".to_owned()),
        // What went wrong, and what is done about it, is told by the task itself or at its end.
        Phase::Starting
        | Phase::Recovering { .. }
        | Phase::Stopped
        | Phase::ResyncRequired { .. }
        | Phase::Failed { .. } => None,
    }
}

fn describe_table(
    name: &TableName,
    table: &TableStatus,
    before: Option<TableState>,
    now: Instant,
) -> Option<String> {
    match table.state {
        // A table that is found completed was loaded by an earlier run.
        TableState::Completed => {
            let started = table.load_started?;
            before?;
            let took = table
                .load_finished
                .unwrap_or(now)
                .saturating_duration_since(started);
            let statistics = &table.statistics;
            Some(format!(
                "{name}: {} rows, {} in {} ({}/s)",
                amounts::count(statistics.full_load_rows),
                amounts::bytes(statistics.full_load_bytes),
                amounts::duration(took),
                speed(statistics.full_load_bytes, took),
            ))
        }
        TableState::Suspended => Some(match &table.error {
            Some(error) => format!("{name}: suspended: {error}"),
            None => format!("{name}: suspended"),
        }),
        TableState::BeforeLoad | TableState::FullLoad => None,
    }
}

fn speed(bytes: u64, took: Duration) -> String {
    amounts::bytes((bytes as f64 / took.as_secs_f64().max(1e-3)) as u64)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::{Duration, Instant};

    use expect_test::expect;
    use replication::relation::TableName;
    use replication::table_state::TableState;
    use replicator::status::{Phase, Status, TableStatus};

    use super::Narration;

    #[test]
    fn a_task_is_told_from_its_load_to_its_lag() {
        let began = Instant::now();
        let mut narration = Narration::new(began);
        let mut status = Status::new();
        let mut text = "from its beginning:\n".to_owned();
        let mut second = 0;
        let mut look = |status: &Status| {
            second += 2;
            let now = began + Duration::from_secs(second);
            for line in narration.tell(status, now) {
                let _ = writeln!(text, "{line}");
            }
            if let Some(line) = narration.progress(status, now) {
                let _ = writeln!(text, "         = {line}");
            }
        };
        let orders = TableName::new("public", "orders");
        look(&status);
        let mut table = TableStatus::new(TableState::BeforeLoad);
        table.expected_rows = 3_000_000;
        status.tables.insert(orders.clone(), table);
        status.phase = Phase::Loading;
        look(&status);
        let table = status.tables.get_mut(&orders).unwrap();
        table.state = TableState::FullLoad;
        table.load_started = Some(began + Duration::from_secs(4));
        table.statistics.full_load_rows = 1_000_000;
        table.statistics.full_load_bytes = 100_000_000;
        look(&status);
        let table = status.tables.get_mut(&orders).unwrap();
        table.state = TableState::Completed;
        table.load_finished = Some(began + Duration::from_secs(8));
        table.statistics.full_load_rows = 3_000_000;
        table.statistics.full_load_bytes = 300_000_000;
        status.phase = Phase::Indexing;
        status.definitions_left = 2;
        look(&status);
        status.phase = Phase::Following { caught_up: false };
        status.source_end.0 = 9_000_000;
        status.applied.0 = 8_000_000;
        status.lag = Duration::from_millis(1500);
        status.changes = 40_000;
        status.transactions = 1_000;
        look(&status);
        status.phase = Phase::Following { caught_up: true };
        status.applied = status.source_end;
        status.lag = Duration::ZERO;
        status.changes = 100_000;
        look(&status);
        let table = status.tables.get_mut(&orders).unwrap();
        table.state = TableState::Suspended;
        table.error = Some("a value is too long".to_owned());
        look(&status);
        expect![[r#"
            from its beginning:
                 4.0s  loading 1 table
                     = loading: 0 of 1 tables, 0 rows, 0 B, 0 rows/s, 0 B/s
                     = loading: 0 of 1 tables, 1,000,000 rows, 100 MB, 500k rows/s, 50 MB/s
                 8.0s  public.orders: 3,000,000 rows, 300 MB in 4.0 s (75 MB/s)
                 8.0s  making 2 indexes and constraints
                     = making indexes and constraints: 2 left
                10.0s  following changes from 0/7A1200
                     = following: lag 1.5 s, 1 MB; 20k changes/s, 500 transactions/s; 40,000 changes applied
                12.0s  caught up with the source
                     = following: nothing to apply, last lag 0.0 ms; 30k changes/s, 0 transactions/s; 100,000 changes applied
                14.0s  public.orders: suspended: a value is too long
                     = following: nothing to apply, last lag 0.0 ms; 0 changes/s, 0 transactions/s; 100,000 changes applied
        "#]].assert_eq(&text);
    }
}
