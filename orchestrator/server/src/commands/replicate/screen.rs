//! How a task is shown: bars on a terminal, lines everywhere else.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use replication::relation::TableName;
use replication::table_state::TableState;
use replicator::status::Status;

use super::narration::{self, Narration};
use crate::output;

/// How many tables that are being loaded a terminal shows at once.
const SHOWN_TABLES: usize = 12;

/// How often lines say how it goes.
const LINES_PERIOD: Duration = Duration::from_secs(10);

/// How often a terminal is drawn.
const DRAW_PERIOD: Duration = Duration::from_millis(250);

/// Shows a task.
pub(super) struct Screen {
    narration: Narration,
    surface: Surface,
    progress_at: Instant,
}

enum Surface {
    Silent,
    Lines,
    Terminal {
        bars: MultiProgress,
        tables: BTreeMap<TableName, ProgressBar>,
        summary: ProgressBar,
    },
}

impl Screen {
    pub(super) fn new(is_quiet: bool) -> Self {
        let surface = match (is_quiet, std::io::stderr().is_terminal()) {
            (true, _) => Surface::Silent,
            (false, false) => Surface::Lines,
            (false, true) => {
                let bars = MultiProgress::new();
                let summary = bars.add(ProgressBar::new_spinner());
                summary.set_style(style("{spinner:.cyan} {msg} {elapsed:.dim}"));
                Surface::Terminal {
                    bars,
                    tables: BTreeMap::new(),
                    summary,
                }
            }
        };
        let now = Instant::now();
        Self {
            narration: Narration::new(now),
            surface,
            progress_at: now,
        }
    }

    /// How often it wants to look.
    pub(super) fn period(&self) -> Duration {
        DRAW_PERIOD
    }

    /// Shows what a status says now.
    pub(super) fn show(&mut self, status: &Status) {
        let now = Instant::now();
        for line in self.narration.tell(status, now) {
            self.note(&line);
        }
        match &mut self.surface {
            Surface::Silent => {}
            Surface::Lines => {
                if now.duration_since(self.progress_at) >= LINES_PERIOD {
                    self.progress_at = now;
                    if let Some(line) = self.narration.progress(status, now) {
                        output::note(&format!("{:>9}  {line}", ""));
                    }
                }
            }
            Surface::Terminal {
                bars,
                tables,
                summary,
            } => {
                draw_tables(bars, tables, summary, status, now);
                // Rates over less than a second only flicker.
                if now.duration_since(self.progress_at) >= Duration::from_secs(1) {
                    self.progress_at = now;
                    let text = self.narration.progress(status, now);
                    summary.set_message(text.unwrap_or_else(|| status.phase.word().to_owned()));
                }
                summary.tick();
            }
        }
    }

    /// Says a line.
    pub(super) fn note(&self, line: &str) {
        match &self.surface {
            Surface::Silent => {}
            Surface::Lines => output::note(line),
            Surface::Terminal { bars, .. } => bars.suspend(|| output::note(line)),
        }
    }

    /// Clears what was shown as in progress.
    pub(super) fn end(&mut self) {
        if let Surface::Terminal { bars, .. } = &self.surface {
            let _ = bars.clear();
        }
    }
}

/// A bar for each table that is being loaded, as many as have room.
fn draw_tables(
    bars: &MultiProgress,
    shown: &mut BTreeMap<TableName, ProgressBar>,
    summary: &ProgressBar,
    status: &Status,
    now: Instant,
) {
    shown.retain(|name, bar| {
        let stays = status
            .tables
            .get(name)
            .is_some_and(|table| table.state == TableState::FullLoad);
        if !stays {
            bar.finish_and_clear();
            bars.remove(bar);
        }
        stays
    });
    for (name, table) in &status.tables {
        if table.state != TableState::FullLoad {
            continue;
        }
        let has_room = shown.len() < SHOWN_TABLES;
        if !shown.contains_key(name) {
            if !has_room {
                break;
            }
            let bar = bars.insert_before(summary, ProgressBar::new(1000));
            bar.set_style(style("  {prefix} [{bar:24.cyan}] {msg}"));
            bar.set_prefix(name.to_string());
            shown.insert(name.clone(), bar);
        }
        if let Some(bar) = shown.get(name) {
            bar.set_position(narration::loaded_thousandths(table));
            bar.set_message(narration::loading(table, now));
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the template is well-formed")
        .progress_chars("=> ")
}
