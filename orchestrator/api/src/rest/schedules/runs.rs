//! What is done with a schedule: paused, resumed, triggered, made up for the past; and its runs and letters.

use axum::Json;
use schedule_runtime::requests::BackfillRange;
use schedule_runtime::views::Triggered;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rest::body::{Answer, Body, Part};
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;
use crate::rest::schedules::documents::{OverlapPolicy, Schedule, ScheduleRun, time};
use crate::rest::schedules::{Keeper, id};

/// Why a schedule is paused.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::rest) struct PauseRequest {
    /// For people.
    why: Option<String>,
}

/// How a run is triggered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::rest) struct TriggerRequest {
    /// What is done when another run is not over; the schedule's policy when absent.
    overlap: Option<OverlapPolicy>,
}

/// What became of a trigger.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct Trigger {
    /// `BEGUN`, `WAITS` until others have ended, or `SKIPPED` because another is not over.
    result: &'static str,
    /// The run's name, when it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    run: Option<String>,
}

/// Which past is made up for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::rest) struct BackfillRequest {
    /// From this time on.
    #[schema(format = DateTime)]
    from: String,
    /// Up to this time.
    #[schema(format = DateTime)]
    until: String,
    /// What is done when its runs meet others; the schedule's policy when absent.
    overlap: Option<OverlapPolicy>,
}

/// What a backfill will do.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct Backfill {
    /// How many times the schedule was due in between.
    times: u64,
}

/// A schedule's runs.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct ScheduleRuns {
    /// Those that are not over and the last ones that are, the newest first.
    runs: Vec<ScheduleRun>,
}

/// Letters about a schedule's calls that failed for good.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct DeadLetters {
    /// The letters, by the runs' names.
    dead_letters: Vec<DeadLetter>,
}

/// A letter about a call that failed for good.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct DeadLetter {
    run: String,
    target_arn: String,
    scheduled_time: String,
    attempts: u32,
    error: String,
    /// What the target was called with.
    payload: String,
}

/// Pauses a schedule
///
/// It fires no more until it is resumed, but for triggers and backfills.
#[utoipa::path(post, path = "/api/v1/schedules/{id}/pause", tag = "schedules", operation_id = "pauseSchedule",
    params(("id" = String, Path, description = "NAME or GROUP:NAME")),
    request_body = PauseRequest,
    responses(
        (status = 200, description = "It is paused", body = Schedule),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn pause(
    Keeper(schedules): Keeper,
    Part(text): Part,
    Body(request): Body<PauseRequest>,
) -> Answer<Schedule> {
    let why = request.why.unwrap_or_else(|| "it was paused".to_owned());
    if why.chars().count() > 512 {
        let detail = "why: it is longer than 512 characters";
        return Err(Problem::new(Kind::InvalidBody, detail));
    }
    let view = schedules.pause(&id(&text)?, &why).await?;
    Ok(Json(Schedule::from(&view)))
}

/// Resumes a schedule
///
/// What was due meanwhile is not made up for; a backfill can do that.
#[utoipa::path(post, path = "/api/v1/schedules/{id}/resume", tag = "schedules", operation_id = "resumeSchedule",
    params(("id" = String, Path, description = "NAME or GROUP:NAME")),
    responses(
        (status = 200, description = "It fires", body = Schedule),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn resume(
    Keeper(schedules): Keeper,
    Part(text): Part,
) -> Answer<Schedule> {
    let view = schedules.resume(&id(&text)?).await?;
    Ok(Json(Schedule::from(&view)))
}

/// Runs a schedule now
#[utoipa::path(post, path = "/api/v1/schedules/{id}/trigger", tag = "schedules", operation_id = "triggerSchedule",
    params(("id" = String, Path, description = "NAME or GROUP:NAME")),
    request_body = TriggerRequest,
    responses(
        (status = 200, description = "What became of it", body = Trigger),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn trigger(
    Keeper(schedules): Keeper,
    Part(text): Part,
    Body(request): Body<TriggerRequest>,
) -> Answer<Trigger> {
    let overlap = request.overlap.map(Into::into);
    let (result, run) = match schedules.trigger(&id(&text)?, overlap).await? {
        Triggered::Begun { run } => ("BEGUN", Some(run)),
        Triggered::Waits => ("WAITS", None),
        Triggered::Skipped => ("SKIPPED", None),
    };
    Ok(Json(Trigger { result, run }))
}

/// Runs a schedule for its times in the past
#[utoipa::path(post, path = "/api/v1/schedules/{id}/backfill", tag = "schedules", operation_id = "backfillSchedule",
    params(("id" = String, Path, description = "NAME or GROUP:NAME")),
    request_body = BackfillRequest,
    responses(
        (status = 200, description = "How many times these are", body = Backfill),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn backfill(
    Keeper(schedules): Keeper,
    Part(text): Part,
    Body(request): Body<BackfillRequest>,
) -> Answer<Backfill> {
    let read = |member: &str, text: &str| time(member, Some(text)).map(Option::unwrap_or_default);
    let range = BackfillRange {
        from: read("from", &request.from)?,
        until: read("until", &request.until)?,
        overlap: request.overlap.map(Into::into),
    };
    let times = schedules.backfill(&id(&text)?, range).await?;
    Ok(Json(Backfill { times }))
}

/// Lists a schedule's runs
///
/// Those that are not over, and the last ten that are.
#[utoipa::path(get, path = "/api/v1/schedules/{id}/runs", tag = "schedules", operation_id = "listScheduleRuns",
    params(("id" = String, Path, description = "NAME or GROUP:NAME")),
    responses(
        (status = 200, description = "The runs, the newest first", body = ScheduleRuns),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn runs(
    Keeper(schedules): Keeper,
    Part(text): Part,
) -> Answer<ScheduleRuns> {
    let state = schedules.get(&id(&text)?).await?.state;
    let mut runs: Vec<_> = state.open.iter().chain(&state.recent).collect();
    runs.sort_by_key(|run| std::cmp::Reverse((run.began_at, run.scheduled_at)));
    Ok(Json(ScheduleRuns {
        runs: runs.into_iter().map(ScheduleRun::from).collect(),
    }))
}

/// Lists the letters about a schedule's calls that failed for good
#[utoipa::path(get, path = "/api/v1/schedules/{id}/dead-letters", tag = "schedules", operation_id = "listScheduleDeadLetters",
    params(("id" = String, Path, description = "NAME or GROUP:NAME")),
    responses(
        (status = 200, description = "The letters that are kept, 100 at most", body = DeadLetters),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn dead_letters(
    Keeper(schedules): Keeper,
    Part(text): Part,
) -> Answer<DeadLetters> {
    let found = schedules.dead_letters(Some(&id(&text)?)).await?;
    let letters = found.into_iter().map(|letter| DeadLetter {
        run: letter.run,
        target_arn: letter.target_arn,
        scheduled_time: letter.scheduled_time,
        attempts: letter.attempts,
        error: letter.error,
        payload: letter.payload,
    });
    Ok(Json(DeadLetters {
        dead_letters: letters.collect(),
    }))
}
