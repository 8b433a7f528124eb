//! Why something was not done.

use std::sync::Arc;

use schedule::expression::Mistake;

/// What callers are told.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There is no such schedule.
    #[error("there is no schedule {0}")]
    ScheduleDoesNotExist(String),
    /// There is no such group.
    #[error("there is no schedule group {0}")]
    GroupDoesNotExist(String),
    /// There is another schedule of that name.
    #[error("the schedule {0} exists already")]
    ScheduleExists(String),
    /// There is another group of that name.
    #[error("the schedule group {0} exists already")]
    GroupExists(String),
    /// The schedule can't be as it is asked for.
    #[error("{0}")]
    Invalid(#[from] Mistake),
    /// There are as many as the limit allows.
    #[error("the limit of {limit} {what} is reached")]
    LimitExceeded {
        /// Of what.
        what: &'static str,
        /// The limit in force.
        limit: usize,
    },
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Closed,
    /// The store failed. Nothing was changed.
    #[error("cannot use the store: {0}")]
    Store(Arc<store::contract::Error>),
}

impl From<store::contract::Error> for Error {
    fn from(error: store::contract::Error) -> Self {
        match error {
            store::contract::Error::Closed => Self::Closed,
            error => Self::Store(Arc::new(error)),
        }
    }
}
