//! Keys by the bytes that they have on the wire.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use pgoutput::{Value, Values};

/// The key columns of a table, in ascending order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyColumns<'a>(pub(crate) &'a [usize]);

/// What one look at a tuple tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// The key's hash.
    pub(crate) hash: u64,
    /// Whether a key column was left out (unchanged): the hash says nothing then.
    pub(crate) key_unchanged: bool,
    /// Whether any column was left out.
    pub(crate) unchanged: bool,
}

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// At the key; what is said about other columns has no meaning.
    Key,
    /// At all columns.
    All,
}

const HASH: FixedState = FixedState::with_seed(0x7261_7463_6865_7421);

impl<'a> KeyColumns<'a> {
    #[inline]
    pub(crate) fn see(&self, values: Values<'_>, look: Look) -> Seen {
        let mut hasher = HASH.build_hasher();
        let mut keys = self.0;
        let mut seen = Seen {
            hash: 0,
            key_unchanged: false,
            unchanged: false,
        };
        for (column, value) in values.enumerate() {
            let unchanged = value == Value::Unchanged;
            seen.unchanged |= unchanged;
            match keys {
                [key, rest @ ..] if *key == column => {
                    keys = rest;
                    seen.key_unchanged |= unchanged;
                    if let Value::Text(bytes) | Value::Binary(bytes) = value {
                        hasher.write(bytes);
                    }
                    // Two values are not to be taken for one of both their bytes.
                    if self.0.len() > 1 {
                        hasher.write_u8(0xff);
                    }
                    if rest.is_empty() && look == Look::Key {
                        break;
                    }
                }
                _ => {}
            }
        }
        seen.hash = hasher.finish();
        seen
    }

    /// The values of the key.
    pub(crate) fn of<'t>(
        &self,
        values: Values<'t>,
    ) -> impl Iterator<Item = Value<'t>> + use<'a, 't> {
        let mut keys = self.0;
        let mut values = values.enumerate();
        std::iter::from_fn(move || {
            let (&key, rest) = keys.split_first()?;
            keys = rest;
            values
                .find(|(column, _)| *column == key)
                .map(|(_, value)| value)
        })
    }

    /// Whether the new row's key is the old one's, or was left out because it is.
    pub(crate) fn is_kept(&self, old: Values<'_>, new: Values<'_>) -> bool {
        self.of(old)
            .zip(self.of(new))
            .all(|(old, new)| old == new || new == Value::Unchanged)
    }

    pub(crate) fn contains(&self, column: usize) -> bool {
        self.0.contains(&column)
    }
}
