//! A task's figures as Prometheus reads them.

use std::fmt::Write as _;

use crate::status::{Status, TableStatus};

/// One figure: its name, what it is, and its kind.
struct Family {
    name: &'static str,
    help: &'static str,
    kind: &'static str,
}

const PHASE: Family = gauge(
    "phase",
    "What the task is at: 1 for the phase that it is in.",
);
const LAG_SECONDS: Family = gauge(
    "lag_seconds",
    "How long after its commit at the source the last transaction was durable at the target.",
);
const LAG_BYTES: Family = gauge(
    "lag_bytes",
    "Bytes of the source's WAL that are not durable at the target yet.",
);
const RECEIVED: Family = gauge(
    "received_lsn",
    "How far the stream was read, as a count of bytes.",
);
const APPLIED: Family = gauge(
    "applied_lsn",
    "How far the target has come, as a count of bytes.",
);
const CONFIRMED: Family = gauge(
    "confirmed_lsn",
    "How far the source was told that all is durable, as a count of bytes.",
);
const TRANSACTIONS: Family = counter(
    "transactions_total",
    "Transactions of the source that were applied.",
);
const TARGET_TRANSACTIONS: Family = counter(
    "target_transactions_total",
    "Transactions of the target that applied them.",
);
const CHANGES: Family = counter("changes_total", "Changes of rows that were applied.");
const BYTES: Family = counter(
    "stream_bytes_total",
    "Bytes of the stream that were applied.",
);
const SPILLED: Family = gauge(
    "spilled_bytes",
    "Bytes of transactions in progress that wait on disk.",
);
const RESTARTS: Family = counter(
    "restarts_total",
    "Times that the task began again after trouble.",
);
const TABLE_STATE: Family = gauge(
    "table_state",
    "How far the table is: 1 for the state that it is in.",
);
const TABLE_LOAD_ROWS: Family = counter("table_full_load_rows_total", "Rows copied by the load.");
const TABLE_LOAD_BYTES: Family =
    counter("table_full_load_bytes_total", "Bytes copied by the load.");
const TABLE_CHANGES: Family = counter(
    "table_changes_total",
    "Changes of the table that were applied, by kind.",
);
const TABLE_EXCEPTIONS: Family = counter(
    "table_exceptions_total",
    "Changes of the table that went to the exceptions table.",
);

const fn gauge(name: &'static str, help: &'static str) -> Family {
    Family {
        name,
        help,
        kind: "gauge",
    }
}

const fn counter(name: &'static str, help: &'static str) -> Family {
    Family {
        name,
        help,
        kind: "counter",
    }
}

/// The figures of tasks, by their names, in Prometheus's text format.
#[must_use]
pub fn render<'a>(tasks: impl IntoIterator<Item = (&'a str, &'a Status)>) -> String {
    let tasks: Vec<_> = tasks.into_iter().collect();
    let mut page = Page {
        text: String::new(),
        tasks: &tasks,
    };
    page.family(&PHASE, |line, status| {
        line(&[("phase", status.phase.word())], 1.0);
    });
    page.each(&LAG_SECONDS, |status| status.lag.as_secs_f64());
    page.each(&LAG_BYTES, |status| float(status.lag_bytes()));
    page.each(&RECEIVED, |status| float(status.received.0));
    page.each(&APPLIED, |status| float(status.applied.0));
    page.each(&CONFIRMED, |status| float(status.confirmed.0));
    page.each(&TRANSACTIONS, |status| float(status.transactions));
    page.each(&TARGET_TRANSACTIONS, |status| {
        float(status.target_transactions)
    });
    page.each(&CHANGES, |status| float(status.changes));
    page.each(&BYTES, |status| float(status.bytes));
    page.each(&SPILLED, |status| float(status.spilled_bytes));
    page.each(&RESTARTS, |status| float(status.restarts));
    page.family(&TABLE_STATE, |line, status| {
        for (name, table) in &status.tables {
            let name = name.to_string();
            line(&[("table", &name), ("state", table.state.dms_name())], 1.0);
        }
    });
    let tables: [(&Family, TableFigure); 3] = [
        (&TABLE_LOAD_ROWS, |table| table.statistics.full_load_rows),
        (&TABLE_LOAD_BYTES, |table| table.statistics.full_load_bytes),
        (&TABLE_EXCEPTIONS, |table| table.statistics.exceptions),
    ];
    for (family, figure) in tables {
        page.family(family, |line, status| {
            for (name, table) in &status.tables {
                line(&[("table", &name.to_string())], float(figure(table)));
            }
        });
    }
    page.family(&TABLE_CHANGES, |line, status| {
        for (name, table) in &status.tables {
            let name = name.to_string();
            let applied = &table.statistics.applied;
            for (kind, count) in [
                ("insert", applied.inserts),
                ("update", applied.updates),
                ("delete", applied.deletes),
                ("truncate", table.statistics.truncates),
                ("ddl", table.statistics.ddls),
            ] {
                line(&[("table", &name), ("kind", kind)], float(count));
            }
        }
    });
    page.text
}

struct Page<'a> {
    text: String,
    tasks: &'a [(&'a str, &'a Status)],
}

/// What a table's line says.
type TableFigure = fn(&TableStatus) -> u64;
/// Writes one line: labels besides the task's, and the value.
type Line<'a> = &'a mut dyn FnMut(&[(&str, &str)], f64);

impl Page<'_> {
    fn each(&mut self, family: &Family, figure: impl Fn(&Status) -> f64) {
        self.family(family, |line, status| line(&[], figure(status)));
    }

    fn family(&mut self, family: &Family, lines: impl Fn(Line<'_>, &Status)) {
        let Family { name, help, kind } = family;
        let text = &mut self.text;
        let _ = writeln!(text, "# HELP ratchet_replication_{name} {help}");
        let _ = writeln!(text, "# TYPE ratchet_replication_{name} {kind}");
        for (task, status) in self.tasks {
            let mut line = |labels: &[(&str, &str)], value: f64| {
                let _ = write!(
                    text,
                    "ratchet_replication_{name}{{task=\"{}\"",
                    escaped(task)
                );
                for (label, content) in labels {
                    let _ = write!(text, ",{label}=\"{}\"", escaped(content));
                }
                let _ = writeln!(text, "}} {value}");
            };
            lines(&mut line, status);
        }
    }
}

/// As a label's value is written: source, the exposition formats of Prometheus.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// Prometheus's numbers are floating point; positions lose their last bits beyond 8 PiB.
#[expect(
    clippy::cast_precision_loss,
    reason = "Prometheus has no other numbers"
)]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use pgoutput::Lsn;
    use replication::relation::TableName;
    use replication::table_state::TableState;

    use super::render;
    use crate::status::{Status, TableStatus};

    #[test]
    fn figures_are_told_for_each_task_and_table() {
        let mut status = Status::new();
        status.source_end = Lsn(300);
        status.applied = Lsn(100);
        let mut table = TableStatus::new(TableState::Completed);
        table.statistics.applied.updates = 7;
        status
            .tables
            .insert(TableName::new("public", "odd \"name\""), table);
        let text = render([("orders", &status)]);
        for line in [
            "# TYPE ratchet_replication_lag_bytes gauge",
            "ratchet_replication_lag_bytes{task=\"orders\"} 200",
            "ratchet_replication_phase{task=\"orders\",phase=\"starting\"} 1",
            "ratchet_replication_table_changes_total{task=\"orders\",table=\"public.odd \\\"name\\\"\",kind=\"update\"} 7",
            "ratchet_replication_table_state{task=\"orders\",table=\"public.odd \\\"name\\\"\",state=\"Table completed\"} 1",
        ] {
            assert!(
                text.lines().any(|other| other == line),
                "no {line} in\n{text}"
            );
        }
    }
}
