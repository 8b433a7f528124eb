//! How fair shares are reckoned: the use of each share, with what is past counting less and less.

use crate::queue::FairsharePolicy;

/// What 0 and nothing mean for `shareDecaySeconds`.
const DEFAULT_DECAY_SECONDS: i32 = 600;

/// What a share uses and has used, in vCPU seconds.
///
/// What was used counts for less the longer ago it was, by e^(-seconds/decay): a share that has run on `n` vCPUs for long has `n * decay`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    used: f64,
    at: i64,
    vcpus: f64,
}

impl Usage {
    /// Counts what was used since the last time.
    pub fn advance(&mut self, now: i64, decay_seconds: f64) {
        self.used = self.used_at(now, decay_seconds);
        self.at = self.at.max(now);
    }

    /// A job starts to use this many thousandths of a vCPU.
    pub fn start(&mut self, vcpus_milli: u64, now: i64, decay_seconds: f64) {
        self.advance(now, decay_seconds);
        self.vcpus += vcpus_milli as f64 / 1000.0;
    }

    /// A job ceases to use this many thousandths of a vCPU.
    pub fn stop(&mut self, vcpus_milli: u64, now: i64, decay_seconds: f64) {
        self.advance(now, decay_seconds);
        self.vcpus = (self.vcpus - vcpus_milli as f64 / 1000.0).max(0.0);
    }

    /// Adds what a job used between two times, both past.
    pub fn add_past(&mut self, vcpus_milli: u64, from: i64, to: i64, now: i64, decay_seconds: f64) {
        let mut past = Self {
            at: from,
            ..Self::default()
        };
        past.start(vcpus_milli, from, decay_seconds);
        past.stop(vcpus_milli, to.max(from), decay_seconds);
        past.advance(now, decay_seconds);
        self.advance(now, decay_seconds);
        self.used += past.used;
    }

    /// What counts as used at this time, vCPU seconds.
    pub fn used_at(&self, now: i64, decay_seconds: f64) -> f64 {
        let seconds = (now - self.at).max(0) as f64 / 1000.0;
        let kept = (-seconds / decay_seconds).exp();
        self.used * kept + self.vcpus * decay_seconds * (1.0 - kept)
    }

    /// vCPUs in use.
    pub fn vcpus(&self) -> f64 {
        self.vcpus
    }

    /// The share's place among others: the least is served first.
    ///
    /// What runs now counts as if it had run for the whole time of decay. Else a share that has used nothing would be given everything
    /// that is free at one instant.
    pub fn place(&self, now: i64, decay_seconds: f64, weight: f64) -> f64 {
        (self.used_at(now, decay_seconds) + self.vcpus * decay_seconds) * weight
    }
}

/// How long use counts, in seconds.
pub fn decay_seconds(policy: &FairsharePolicy) -> f64 {
    let seconds = policy
        .share_decay_seconds
        .filter(|seconds| *seconds > 0)
        .unwrap_or(DEFAULT_DECAY_SECONDS);
    f64::from(seconds)
}

/// The weight factor of a share: of its own entry, else of the longest prefix with `*`, else 1. Less means more turns.
pub fn weight(policy: &FairsharePolicy, share: &str) -> f64 {
    let rank = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => share.starts_with(prefix).then_some(prefix.len()),
        None => (pattern == share).then_some(usize::MAX),
    };
    let entries = policy.share_distribution.iter();
    let best = entries
        .filter_map(|entry| Some((rank(&entry.share_identifier)?, entry)))
        .max_by_key(|(rank, _)| *rank);
    best.and_then(|(_, entry)| entry.weight_factor)
        .unwrap_or(1.0)
}

/// How much of `vcpus_milli` the active shares may use together: all but the reserve, which is (computeReservation/100)^active.
pub fn allowed(policy: &FairsharePolicy, vcpus_milli: u64, active: usize) -> u64 {
    let reserve = f64::from(policy.compute_reservation.unwrap_or(0).clamp(0, 99)) / 100.0;
    let exponent = i32::try_from(active).unwrap_or(i32::MAX);
    (vcpus_milli as f64 * (1.0 - reserve.powi(exponent))).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::ShareAttributes;

    fn policy(shares: &[(&str, f64)]) -> FairsharePolicy {
        let share = |(name, weight): &(&str, f64)| ShareAttributes {
            share_identifier: (*name).into(),
            weight_factor: Some(*weight),
        };
        FairsharePolicy {
            share_distribution: shares.iter().map(share).collect(),
            ..Default::default()
        }
    }

    #[test]
    fn weights() {
        let check = |shares: &[(&str, f64)], share: &str, expected: f64| {
            assert_eq!(weight(&policy(shares), share), expected, "{share}")
        };
        check(&[], "a", 1.0);
        check(&[("a", 0.5)], "a", 0.5);
        check(&[("a", 0.5)], "ab", 1.0);
        check(&[("a*", 0.5)], "ab", 0.5);
        check(&[("a*", 0.5)], "a", 0.5);
        check(&[("*", 4.0), ("ab*", 2.0), ("abc", 3.0)], "abc", 3.0);
        check(&[("*", 4.0), ("ab*", 2.0), ("abc", 3.0)], "abd", 2.0);
        check(&[("*", 4.0), ("ab*", 2.0), ("abc", 3.0)], "x", 4.0);
    }

    #[test]
    fn reserves() {
        let check = |reservation: Option<i32>, active: usize, expected: u64| {
            let policy = FairsharePolicy {
                compute_reservation: reservation,
                ..Default::default()
            };
            assert_eq!(
                allowed(&policy, 8000, active),
                expected,
                "{reservation:?} {active}"
            );
        };
        check(None, 1, 8000);
        check(Some(0), 1, 8000);
        check(Some(50), 1, 4000);
        check(Some(50), 2, 6000);
        check(Some(50), 3, 7000);
        check(Some(25), 1, 6000);
        check(Some(25), 2, 7500);
    }

    #[test]
    fn use_comes_and_goes() {
        let mut usage = Usage::default();
        usage.start(2000, 0, 600.0);
        assert_eq!(usage.used_at(0, 600.0), 0.0);
        let close = |left: f64, right: f64| {
            assert!(
                (left - right).abs() < 0.01 * right.abs().max(1.0),
                "{left} {right}"
            )
        };
        close(usage.used_at(1_000, 600.0), 2.0);
        close(usage.used_at(100_000_000, 600.0), 1200.0);
        usage.stop(2000, 100_000_000, 600.0);
        close(
            usage.used_at(100_600_000, 600.0),
            1200.0 / std::f64::consts::E,
        );
        close(usage.used_at(1_000_000_000, 600.0), 0.0);
    }

    #[test]
    fn past_use_counts_as_if_it_had_been_watched() {
        let mut watched = Usage::default();
        watched.start(500, 1_000, 60.0);
        watched.stop(500, 21_000, 60.0);
        watched.advance(50_000, 60.0);
        let mut told = Usage::default();
        told.add_past(500, 1_000, 21_000, 50_000, 60.0);
        assert!((watched.used_at(50_000, 60.0) - told.used_at(50_000, 60.0)).abs() < 1e-9);
    }

    #[test]
    fn default_decay() {
        let check = |seconds, expected| {
            assert_eq!(
                decay_seconds(&FairsharePolicy {
                    share_decay_seconds: seconds,
                    ..Default::default()
                }),
                expected
            )
        };
        check(None, 600.0);
        check(Some(0), 600.0);
        check(Some(60), 60.0);
    }
}
