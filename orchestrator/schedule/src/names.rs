//! Names: of schedules and groups, their ARNs, and the runs'. The seed of a schedule's delays is made of its name, too.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::expression::Mistake;
use crate::state::Cause;

/// The group of schedules that name none.
pub const DEFAULT_GROUP: &str = "default";

/// The longest name of a schedule or group.
const LONGEST: usize = 64;

/// Which schedule.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScheduleName {
    /// Its group.
    pub group: String,
    /// Its name in the group.
    pub name: String,
}

impl ScheduleName {
    /// A schedule of a group; of the default one when none is named.
    #[must_use]
    pub fn new(group: Option<&str>, name: &str) -> Self {
        Self {
            group: group.unwrap_or(DEFAULT_GROUP).to_owned(),
            name: name.to_owned(),
        }
    }

    /// Checks both names.
    ///
    /// # Errors
    /// When one of them can't be a name.
    pub fn check(&self) -> Result<(), Mistake> {
        check("GroupName", &self.group)?;
        check("Name", &self.name)
    }

    /// `group/name`, which is unique: no name has a slash.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }

    /// Reads [`ScheduleName::key`].
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        let (group, name) = key.split_once('/')?;
        Some(Self::new(Some(group), name))
    }

    /// Its ARN.
    #[must_use]
    pub fn arn(&self, region: &str, account: &str) -> String {
        let Self { group, name } = self;
        format!("arn:aws:scheduler:{region}:{account}:schedule/{group}/{name}")
    }
}

/// A group's ARN.
#[must_use]
pub fn group_arn(region: &str, account: &str, group: &str) -> String {
    format!("arn:aws:scheduler:{region}:{account}:schedule-group/{group}")
}

/// The group that an ARN names.
#[must_use]
pub fn group_of_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let (is_arn, service) = (parts.next()? == "arn", parts.nth(1)?);
    let resource = parts.nth(2)?;
    (is_arn && service == "scheduler")
        .then(|| resource.strip_prefix("schedule-group/"))
        .flatten()
}

/// Checks the name of a schedule or group.
///
/// # Errors
/// When it can't be one.
pub fn check(field: &'static str, name: &str) -> Result<(), Mistake> {
    let is_name = (1..=LONGEST).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_name {
        return Ok(());
    }
    let beginning: String = name.chars().take(LONGEST + 1).collect();
    let why = "a name has 1 to 64 letters, digits, `-`, `_` and `.`";
    Err(Mistake::new(field, beginning, why))
}

/// What makes a schedule different from all others, also from one of the same name that was deleted.
#[must_use]
pub fn seed(name: &ScheduleName, created_at: i64) -> u64 {
    // FNV-1a, which is fixed for ever, unlike the hashes of the standard library.
    let bytes = name.key().into_bytes().into_iter();
    let hash = bytes
        .chain(created_at.to_be_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    mixed(hash)
}

/// A number that looks drawn, from a seed and what it is drawn for (the last step of SplitMix64).
#[must_use]
pub fn mixed(seed: u64) -> u64 {
    let seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ (seed >> 31)
}

/// A run's name: the schedule's, the scheduled time, and what tells it from a run of the same time that was asked for by hand or of a
/// namesake: `nightly-20261124T020000Z-5f0c9a1e`. It fits the name of an execution, which has 80 characters at most.
#[must_use]
pub fn run(name: &str, seed: u64, scheduled_at: i64, cause: Cause) -> String {
    let beginning = &name[..name.len().min(48)];
    let time = Timestamp::from_millisecond(scheduled_at)
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC)
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let cause = match cause {
        Cause::Timetable => 0,
        Cause::Hand { ordinal } => 2 * ordinal + 1,
        Cause::Backfill { ordinal } => 2 * ordinal + 2,
    };
    let unique = mixed(mixed(seed ^ scheduled_at.unsigned_abs()) ^ cause);
    format!("{beginning}-{time}-{:08x}", unique >> 32)
}

/// An instant as inputs show it: `2026-11-24T02:00:00Z`.
#[must_use]
pub fn time(instant: i64) -> String {
    Timestamp::from_millisecond(instant)
        .unwrap_or_default()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
