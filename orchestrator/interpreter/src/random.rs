//! The deterministic randomness of one step: the same seed gives the same draws.

use std::cell::Cell;

use expression::scope::Random;
use sha2::{Digest, Sha256};

/// SplitMix64 for what expressions and delays draw; a hash for secrets.
///
/// Draws are visible to the workflow and SplitMix64 can be run backwards, so secrets come from the whole seed through a
/// one-way function, and the draws from one half of the seed only.
#[derive(Debug)]
pub(crate) struct SeededRandom {
    seed: u128,
    state: Cell<u64>,
}

impl SeededRandom {
    pub(crate) fn new(seed: u128) -> Self {
        Self {
            seed,
            state: Cell::new(low_half(seed)),
        }
    }

    /// 128 bits for one attempt, which nobody can guess who does not know the seed.
    pub(crate) fn secret(&self, attempt: u64) -> u128 {
        let digest = Sha256::new()
            .chain_update(self.seed.to_be_bytes())
            .chain_update(attempt.to_be_bytes())
            .finalize();
        digest
            .iter()
            .take(16)
            .fold(0, |secret, byte| (secret << 8) | u128::from(*byte))
    }

    /// A number from 0 to `bound`, both included.
    pub(crate) fn up_to(&self, bound: u64) -> u64 {
        match bound.checked_add(1) {
            Some(range) => u64::try_from((u128::from(self.next()) * u128::from(range)) >> 64)
                .expect("a product of two 64-bit numbers has a high half of 64 bits"),
            None => self.next(),
        }
    }
}

impl Random for SeededRandom {
    fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn low_half(seed: u128) -> u64 {
    u64::try_from(seed & u128::from(u64::MAX)).expect("64 bits fit into 64 bits")
}
