//! How far a task has come, and whether the source can still go on from there.

#[cfg(test)]
mod tests;

use pgoutput::{Lsn, PgTimestamp};

/// How far a task has come. It is written in the target's transaction that brought it there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// All source transactions that end at or before it are in the target, and none after it.
    pub end_lsn: Lsn,
    /// When the last of them committed at the source.
    pub commit_time: PgTimestamp,
}

/// What the source says about itself and the slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// The cluster's identity (`IDENTIFY_SYSTEM`).
    pub system_identifier: String,
    /// Its timeline.
    pub timeline: u32,
    /// Where its earlier timelines ended (`TIMELINE_HISTORY`): each with the position at which the next one left it. Needed only when
    /// the timeline is another than the task saw last; empty if it can't be told.
    pub history: Vec<(u32, Lsn)>,
    /// The end of its WAL.
    pub wal_end: Lsn,
    /// The slot, if there is one of the name.
    pub slot: Option<SlotState>,
}

/// What the source says about the slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotState {
    /// The plugin: must be `pgoutput`.
    pub plugin: String,
    /// The database it belongs to.
    pub database: String,
    /// Up to where the source was told that all is durable.
    pub confirmed_flush: Lsn,
    /// `reserved`, `extended`, `unreserved` or `lost`.
    pub wal_status: Option<String>,
    /// Why it can't be used any more (PostgreSQL 17), or `conflicting` (16).
    pub invalidation: Option<String>,
    /// The process that uses it.
    pub active_pid: Option<i32>,
    /// Whether it is a copy on a standby that is not in step yet.
    pub unsynchronised: bool,
}

/// What the task knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskPosition {
    /// The source it began with.
    pub system_identifier: String,
    /// The timeline it last saw.
    pub timeline: u32,
    /// How far it has come.
    pub checkpoint: Checkpoint,
    /// How far it has told the source that all is durable, when nothing was to be applied.
    pub acknowledged: Lsn,
}

/// Why the task can't go on from its checkpoint: it must load its tables anew, and only a person may decide that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResyncRequired {
    /// The slot is gone.
    #[error("the replication slot {slot} does not exist any more at the source")]
    SlotMissing {
        /// Its name.
        slot: String,
    },
    /// The slot can't be used any more.
    #[error("the replication slot {slot} can't be used any more: {reason}")]
    SlotInvalid {
        /// Its name.
        slot: String,
        /// Why.
        reason: String,
    },
    /// The slot is another one than the task's.
    #[error(
        "the replication slot {slot} was confirmed up to {confirmed}, and this task only has applied up to {checkpoint}: what is between is lost"
    )]
    Gap {
        /// Its name.
        slot: String,
        /// Where the slot is.
        confirmed: Lsn,
        /// Where the task is.
        checkpoint: Lsn,
    },
    /// The source is another cluster.
    #[error("the source is another cluster (system identifier {now}, was {before})")]
    OtherSource {
        /// What it was.
        before: String,
        /// What it is.
        now: String,
    },
    /// The source is on a timeline from before the one that the task followed.
    #[error(
        "the source is on timeline {now}, and the task followed timeline {before}: the source was restored to an earlier time"
    )]
    OlderTimeline {
        /// What it was.
        before: u32,
        /// What it is.
        now: u32,
    },
    /// The source went back behind what was applied (failover to a standby that lagged, or a restore).
    #[error(
        "the source's WAL ends at {wal_end}, before {checkpoint}, which was applied already: it lost transactions that the target has"
    )]
    SourceBehind {
        /// Where the source's WAL ends.
        wal_end: Lsn,
        /// Where the task is.
        checkpoint: Lsn,
    },
}

/// Whether the source can go on from where the task is.
///
/// A new timeline is no trouble by itself: the source failed over, and its new primary has all that was applied. It is when it left the
/// old one before that position.
///
/// # Errors
/// When it can't, and the target must be loaded anew.
pub fn can_resume(
    task: &TaskPosition,
    source: &SourceState,
    slot_name: &str,
) -> Result<(), ResyncRequired> {
    if source.system_identifier != task.system_identifier {
        return Err(ResyncRequired::OtherSource {
            before: task.system_identifier.clone(),
            now: source.system_identifier.clone(),
        });
    }
    if source.timeline < task.timeline {
        return Err(ResyncRequired::OlderTimeline {
            before: task.timeline,
            now: source.timeline,
        });
    }
    let checkpoint = task.checkpoint.end_lsn;
    // What was acknowledged beyond the checkpoint held nothing for the task: to lose it is no loss.
    let reached = shared_end(task.timeline, source).min(source.wal_end);
    if reached < checkpoint {
        return Err(ResyncRequired::SourceBehind {
            wal_end: reached,
            checkpoint,
        });
    }
    let Some(slot) = &source.slot else {
        return Err(ResyncRequired::SlotMissing {
            slot: slot_name.to_owned(),
        });
    };
    if let Some(reason) = slot.trouble() {
        return Err(ResyncRequired::SlotInvalid {
            slot: slot_name.to_owned(),
            reason,
        });
    }
    // The server starts at the later of what it is asked for and what was confirmed, and says nothing: so it is compared here.
    let known = checkpoint.max(task.acknowledged);
    if slot.confirmed_flush > known {
        return Err(ResyncRequired::Gap {
            slot: slot_name.to_owned(),
            confirmed: slot.confirmed_flush,
            checkpoint: known,
        });
    }
    Ok(())
}

/// Up to where the source's past is the one that the task saw.
fn shared_end(timeline: u32, source: &SourceState) -> Lsn {
    source
        .history
        .iter()
        .filter(|(ended, _)| *ended >= timeline)
        .map(|(_, end)| *end)
        .min()
        .unwrap_or(source.wal_end)
}

impl SlotState {
    /// Why nothing can be read from it any more.
    fn trouble(&self) -> Option<String> {
        if let Some(reason) = &self.invalidation {
            return Some(format!("the source has invalidated it ({reason})"));
        }
        if self.wal_status.as_deref() == Some("lost") {
            return Some(
                "the source has removed WAL that it needs, as max_slot_wal_keep_size says"
                    .to_owned(),
            );
        }
        if self.plugin != "pgoutput" {
            return Some(format!(
                "its output plugin is {}, and must be pgoutput",
                self.plugin
            ));
        }
        self.unsynchronised
            .then(|| "it is a standby's copy that was not in step with the primary yet".to_owned())
    }
}
