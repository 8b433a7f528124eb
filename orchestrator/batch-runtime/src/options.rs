//! How the runtime is set up, and where it takes time and randomness from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use batch::container::Resources;
use batch::environment::Engine;
use batch::names::Site;
use batch::view::JobDetail;
use containers::LogStore;
use futures_util::future::BoxFuture;
use tokio::time::Instant;
use uuid::Uuid;

/// Everything that can be set.
#[derive(Clone)]
pub struct Options {
    /// Region and account of all ARNs.
    pub site: Site,
    /// What attempts print.
    pub logs: LogStore,
    /// The engine and limits of the environment `default`, which is made at the first open together with the queue `default`.
    pub default_environment: EnvironmentOptions,
    /// The operator's environments by name: they are there after every open, with what is said here.
    pub environments: BTreeMap<String, EnvironmentOptions>,
    /// Values of secrets by name, for `secrets` of containers.
    pub secrets: BTreeMap<String, String>,
    /// How long an ended job is kept.
    pub job_retention: Duration,
    /// How long a stream is kept in which nothing is written any more.
    pub log_retention: Duration,
    /// Who hears of the ends of jobs that carry a task token.
    pub tokens: Option<Arc<dyn TokenJobs>>,
    /// Where time and randomness come from.
    pub world: World,
}

impl Options {
    /// The usual ones.
    #[must_use]
    pub fn new(site: Site, logs: LogStore, default_environment: EnvironmentOptions) -> Self {
        let week = Duration::from_secs(7 * 24 * 60 * 60);
        Self {
            site,
            logs,
            default_environment,
            environments: BTreeMap::new(),
            secrets: BTreeMap::new(),
            job_retention: week,
            log_retention: week,
            tokens: None,
            world: World::real(),
        }
    }
}

impl std::fmt::Debug for Options {
    /// Without the secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Options").finish_non_exhaustive()
    }
}

/// An environment of the operator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvironmentOptions {
    /// What runs its jobs.
    pub engine: Engine,
    /// What its jobs may use at once, all together.
    pub limits: Resources,
}

/// Who hears of the ends of jobs that carry a task token: if the token was never used, the workflow that waits for it must learn
/// that nobody will use it.
pub trait TokenJobs: Send + Sync {
    /// Called at least once after the job's end was committed, again after a crash or an error, with growing pauses. A token that was used
    /// is fine.
    fn job_ended(&self, token: Arc<str>, job: JobDetail) -> BoxFuture<'static, Result<(), String>>;
}

/// Time and randomness.
#[derive(Clone)]
pub struct World {
    now: Arc<dyn Fn() -> i64 + Send + Sync>,
    random: Arc<dyn Fn() -> u128 + Send + Sync>,
}

impl World {
    /// The machine's clock and randomness.
    #[must_use]
    pub fn real() -> Self {
        Self {
            now: Arc::new(|| {
                let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
                i64::try_from(elapsed.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
            }),
            random: Arc::new(|| Uuid::new_v4().as_u128()),
        }
    }

    /// tokio's own clock, which a test can pause, from a given beginning, and a given randomness.
    pub fn simulated(began_at: i64, random: impl Fn() -> u128 + Send + Sync + 'static) -> Self {
        let began = Instant::now();
        Self {
            now: Arc::new(move || {
                let elapsed = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
                began_at.saturating_add(elapsed)
            }),
            random: Arc::new(random),
        }
    }

    /// The time: milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        (self.now)()
    }

    /// A new id.
    pub(crate) fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes((self.random)().to_be_bytes()).into_uuid()
    }

    /// How long until a moment; nothing when it is past.
    pub(crate) fn until(&self, moment: i64) -> Duration {
        let milliseconds = u64::try_from(moment.saturating_sub(self.now())).unwrap_or(0);
        Duration::from_millis(milliseconds)
    }
}
