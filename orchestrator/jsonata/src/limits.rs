//! What an evaluation depends on besides its values, and what it may cost.

use std::time::Duration;

/// Time and chance as an expression sees them. The same surroundings give the same result, today and in a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// What `$now()` and `$millis()` tell, in milliseconds since 1970.
    pub now_millis: i64,
    /// Where `$random()`, `$uuid()` and `$shuffle()` draw from. Two expressions with the same seed draw the same: give each its own.
    pub seed: u64,
}

/// How far an evaluation may go. Beyond any of these it fails with an [`Error`](crate::Error).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deep evaluation may nest; a call that is not the last thing a function does takes about three levels.
    pub depth: usize,
    /// How many items an array that a range, a path, a function or `[…]` makes may have; a value may hold five times as many values.
    pub sequence: usize,
    /// How many UTF-16 units one string may have that `&`, `$join`, `$pad`, `$replace` or `$string` makes.
    pub string: usize,
    /// How many bytes all ranges and strings that one evaluation makes may take together; other long arrays may take eight times as many.
    pub memory: usize,
    /// How long one evaluation may take. This is only a guard: set it so high that no sensible expression meets it, since it is the one
    /// limit that a slower machine meets earlier.
    pub time: Duration,
}

impl Limits {
    /// The bounds that were seen on AWS: functions recurse about 100 deep, `[1..873782]` passes and one item more does not, strings of
    /// 2^22 characters pass and those of 2^23 do not.
    #[must_use]
    pub const fn aws() -> Self {
        Self {
            depth: 320,
            sequence: 873_782,
            string: 1 << 22,
            memory: 256 << 20,
            time: Duration::from_secs(2),
        }
    }
}
