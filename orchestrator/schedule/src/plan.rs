//! A definition, read: what deciding needs of it.

use crate::definition::{
    ActionAfterCompletion, Definition, Overlap, Policies, RetryPolicy, WindowMode,
};
use crate::expression::{Expression, Mistake};
use crate::names::{self, ScheduleName};
use crate::timetable::{self, Timetable};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;

/// What deciding needs to know of a schedule.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its name in its group.
    pub name: String,
    /// What makes it different from all others.
    pub seed: u64,
    /// When it is due.
    pub timetable: Timetable,
    /// How late each run may be, window and jitter together, in milliseconds.
    pub window: i64,
    /// What is done when runs overlap.
    pub overlap: Overlap,
    /// How late a run may begin that was missed, in milliseconds.
    pub catch_up: i64,
    /// Whether it pauses when a run fails.
    pub pause_on_failure: bool,
    /// How long a call is tried again, in milliseconds.
    pub maximum_age: i64,
    /// How often a call is tried again.
    pub maximum_retries: u32,
    /// What becomes of it when nothing is due any more.
    pub after_completion: ActionAfterCompletion,
}

impl Plan {
    /// Reads a definition. A rate without a start begins at `anchor`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(
        name: &ScheduleName,
        definition: &Definition,
        policies: &Policies,
        created_at: i64,
        anchor: i64,
    ) -> Result<Self, Mistake> {
        name.check()?;
        let expression = Expression::parse(&definition.schedule_expression)?;
        definition.check()?;
        policies.check()?;
        let zone = definition.schedule_expression_timezone.as_deref();
        let timetable = Timetable {
            expression,
            zone: timetable::zone(zone.unwrap_or("UTC"))?,
            start: definition.start_date,
            end: definition.end_date,
            anchor,
        };
        let RetryPolicy {
            maximum_event_age_in_seconds,
            maximum_retry_attempts,
        } = definition.target.retry_policy.unwrap_or_default();
        let maximum_age = maximum_event_age_in_seconds.unwrap_or(86_400) * SECOND;
        let retries = maximum_retry_attempts.unwrap_or(185);
        let window = match definition.flexible_time_window.mode {
            WindowMode::Off => 0,
            WindowMode::Flexible => definition
                .flexible_time_window
                .maximum_window_in_minutes
                .map_or(0, |minutes| minutes * MINUTE),
        };
        Ok(Self {
            name: name.name.clone(),
            seed: names::seed(name, created_at),
            timetable,
            window: window + policies.jitter_seconds * SECOND,
            overlap: policies.overlap,
            catch_up: policies
                .catch_up_seconds
                .map_or(maximum_age, |seconds| seconds * SECOND),
            pause_on_failure: policies.pause_on_failure,
            maximum_age,
            maximum_retries: u32::try_from(retries).unwrap_or_default(),
            after_completion: definition.action_after_completion,
        })
    }

    /// When a run is begun that is scheduled for a time: always the same for the same time.
    #[must_use]
    pub fn begins_at(&self, scheduled_at: i64) -> i64 {
        let seconds = u64::try_from(self.window / SECOND).unwrap_or_default();
        if seconds == 0 {
            return scheduled_at;
        }
        let drawn = names::mixed(self.seed ^ scheduled_at.unsigned_abs()) % seconds;
        scheduled_at + i64::try_from(drawn).unwrap_or_default() * SECOND
    }
}
