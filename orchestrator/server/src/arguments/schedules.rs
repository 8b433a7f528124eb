//! The command line's shape where it is about schedules.

use clap::{Args, Subcommand};

use crate::arguments::Server;

/// `ratchet schedules …`
#[derive(Debug, Subcommand)]
pub(crate) enum Schedules {
    /// Create a schedule
    #[command(after_help = CREATE)]
    Create(Box<CreateSchedule>),
    /// List schedules
    List {
        /// Only those of this group
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: usize,
        #[command(flatten)]
        server: Server,
    },
    /// Show a schedule
    Describe(OneSchedule),
    /// Change a schedule; what is not named stays
    Update(Box<UpdateSchedule>),
    /// Delete a schedule; runs that began go on
    Delete(OneSchedule),
    /// Let a schedule fire no more, until it is resumed
    Pause {
        /// NAME or GROUP:NAME
        schedule: String,
        /// Why, for whoever looks at it
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Let a schedule fire again; what was due meanwhile is not made up for
    Resume(OneSchedule),
    /// Run a schedule now
    Trigger {
        /// NAME or GROUP:NAME
        schedule: String,
        /// What to do when another run is not over
        #[arg(long, value_name = "POLICY", value_parser = OVERLAPS)]
        overlap: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Run a schedule for its times in the past
    Backfill {
        /// NAME or GROUP:NAME
        schedule: String,
        /// From this time on: 2026-11-01T00:00:00Z
        #[arg(long, value_name = "TIME")]
        from: String,
        /// Up to this time
        #[arg(long, value_name = "TIME")]
        until: String,
        /// What to do when its runs meet others
        #[arg(long, value_name = "POLICY", value_parser = OVERLAPS)]
        overlap: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// List the runs of a schedule that are not over, and the last ones that are
    Runs(OneSchedule),
    /// List the calls of a schedule that failed for good
    DeadLetters(OneSchedule),
}

const OVERLAPS: [&str; 6] = [
    "skip",
    "buffer-one",
    "buffer-all",
    "cancel-other",
    "terminate-other",
    "allow-all",
];

const CREATE: &str = "\
A workflow every night at two o'clock in Berlin, not while the one before is still at it:

  ratchet schedules create nightly 'cron(0 2 * * ? *)' --time-zone Europe/Berlin --state-machine nightly-load --overlap skip

Expressions are those of EventBridge Scheduler: cron(minutes hours day-of-month month day-of-week year), rate(5 minutes),
at(2026-11-24T02:00:00). In the input, <aws.scheduler.scheduled-time> and its like are replaced.";

/// A schedule by its id.
#[derive(Debug, Args)]
pub(crate) struct OneSchedule {
    /// NAME or GROUP:NAME
    pub(crate) schedule: String,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `ratchet schedules create`
#[derive(Debug, Args)]
pub(crate) struct CreateSchedule {
    /// Its name: NAME or GROUP:NAME
    pub(crate) schedule: String,
    /// When it is due: cron(…), rate(…) or at(…)
    pub(crate) expression: String,
    #[command(flatten)]
    pub(crate) how: How,
    /// Create it paused
    #[arg(long)]
    pub(crate) paused: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `ratchet schedules update`
#[derive(Debug, Args)]
pub(crate) struct UpdateSchedule {
    /// NAME or GROUP:NAME
    pub(crate) schedule: String,
    /// When it is due: cron(…), rate(…) or at(…)
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) expression: Option<String>,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// Everything that can be said of a schedule.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// The time zone of its times, by IANA name; UTC when absent
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
    /// Nothing is due before: 2026-11-24T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<String>,
    /// Nothing is due after
    #[arg(long, value_name = "TIME")]
    pub(crate) end: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Start executions of this state machine
    #[arg(long, value_name = "NAME", conflicts_with = "target")]
    pub(crate) state_machine: Option<String>,
    /// Call this: the ARN of a state machine, job queue, function or another resource, or arn:aws:scheduler:::aws-sdk:…
    #[arg(long, value_name = "ARN")]
    pub(crate) target: Option<String>,
    /// What to call it with: JSON, or @FILE to read it from a file, or @- from standard input
    #[arg(long, short, value_name = "JSON|@FILE")]
    pub(crate) input: Option<String>,
    /// What the kind of target needs besides: {"SqsParameters": {"MessageGroupId": "a"}}, EcsParameters and so on
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) target_parameters: Option<String>,
    /// What to do when a run is due while another is not over; allow-all when absent
    #[arg(long, value_name = "POLICY", value_parser = OVERLAPS)]
    pub(crate) overlap: Option<String>,
    /// How late a run may begin that was missed
    #[arg(long, value_name = "SECONDS")]
    pub(crate) catch_up_seconds: Option<i64>,
    /// Pause when a run fails
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) pause_on_failure: Option<bool>,
    /// Let each run be late by a part of so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub(crate) jitter_seconds: Option<i64>,
    /// Call some time within so many minutes
    #[arg(long, value_name = "MINUTES")]
    pub(crate) window_minutes: Option<i64>,
    /// How often a failed call is tried again
    #[arg(long, value_name = "NUMBER")]
    pub(crate) maximum_retries: Option<i64>,
    /// How long a failed call is tried again
    #[arg(long, value_name = "SECONDS")]
    pub(crate) maximum_age_seconds: Option<i64>,
    /// Tell calls that failed for good to this queue (kept here), function or state machine
    #[arg(long, value_name = "ARN")]
    pub(crate) dead_letter: Option<String>,
    /// Delete it when nothing is due any more
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) delete_after_completion: Option<bool>,
}
