//! Request ids: unique, in the form of a UUID, and cheap enough for every request.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::HeaderValue;

/// Makes request ids: the process's own random half and a mixed counter.
pub(crate) struct RequestIds {
    process: u64,
    count: AtomicU64,
}

impl RequestIds {
    /// A source whose ids differ from those of every other process.
    pub(crate) fn new() -> Self {
        let (process, first) = uuid::Uuid::new_v4().as_u64_pair();
        Self {
            process,
            count: AtomicU64::new(first),
        }
    }

    /// The next id.
    pub(crate) fn next(&self) -> HeaderValue {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let id = uuid::Uuid::from_u64_pair(self.process, mixed(count));
        let id = uuid::Builder::from_u128(id.as_u128())
            .with_version(uuid::Version::Random)
            .with_variant(uuid::Variant::RFC4122)
            .into_uuid();
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        let text = id.hyphenated().encode_lower(&mut text);
        HeaderValue::from_str(text).expect("a UUID is visible ASCII")
    }
}

/// Steele, Lea and Flood's splitmix64: ids of one process look unrelated and do not repeat.
fn mixed(count: u64) -> u64 {
    let mixed = count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
