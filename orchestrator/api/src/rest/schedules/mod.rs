//! `/api/v1/schedules`: schedules with all that they can do beyond what AWS knows.
//!
//! Read [`documents`] for what is sent and shown, then [`handlers`] and [`runs`].

mod documents;
pub(super) mod handlers;
pub(super) mod runs;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use schedule::names::{DEFAULT_GROUP, ScheduleName};
use schedule_runtime::error::Error;
use schedule_runtime::schedules::Schedules;

use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;
use crate::services::Services;

/// The schedules; a problem where there are none.
#[derive(Clone)]
pub(super) struct Keeper(pub(super) Schedules);

impl<S: Send + Sync> FromRequestParts<S> for Keeper
where
    Services: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Problem> {
        let schedules = Services::from_ref(state).schedules;
        schedules.map(Self).ok_or_else(|| {
            let detail = "schedules are kept by `ratchet serve` only";
            Problem::new(Kind::SchedulesTurnedOff, detail)
        })
    }
}

/// Reads a schedule's id: its name in the default group, or GROUP:NAME.
///
/// # Errors
/// When it is none.
fn id(text: &str) -> Result<ScheduleName, Problem> {
    let name = match text.split_once(':') {
        Some((group, name)) => ScheduleName::new(Some(group), name),
        None => ScheduleName::new(None, text),
    };
    match name.check() {
        Ok(()) => Ok(name),
        Err(mistake) => Err(Problem::new(
            Kind::InvalidId,
            format!("`{text}` is no schedule's id; an id is NAME or GROUP:NAME: {mistake}"),
        )),
    }
}

/// A schedule's id as text.
fn id_of(name: &ScheduleName) -> String {
    let ScheduleName { group, name } = name;
    if group == DEFAULT_GROUP {
        name.clone()
    } else {
        format!("{group}:{name}")
    }
}

/// One arm for each error.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        let kind = match &error {
            Error::ScheduleDoesNotExist(_) | Error::GroupDoesNotExist(_) => Kind::ScheduleNotFound,
            Error::ScheduleExists(_) | Error::GroupExists(_) => Kind::ScheduleExists,
            Error::Invalid(_) => Kind::InvalidSchedule,
            Error::LimitExceeded { .. } => Kind::LimitReached,
            Error::Closed => Kind::Unavailable,
            Error::Store(store) => {
                tracing::error!(error = %store, "cannot change schedules");
                if store.is_retryable() {
                    Kind::Unavailable
                } else {
                    Kind::Internal
                }
            }
        };
        Self::new(kind, detail)
    }
}
