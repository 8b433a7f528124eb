//! Which pieces may be applied at the same time: those whose rows don't meet.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::binding::{Binding, Key};
use crate::net::keys::{KeyColumns, Look};
use crate::piece::{Change, ChangeKind, Piece};

/// What a piece touches, as hashes of (table, key); or everything.
#[derive(Clone, Debug)]
pub struct Footprint {
    /// Sorted, without repetition.
    keys: Vec<u64>,
    /// It touches what no key can tell: alone only.
    everything: bool,
}

impl Footprint {
    /// What a piece touches.
    ///
    /// A table whose rows can be in each other's way though their keys differ (further unique indexes and other constraints) counts as
    /// one key. Updates and deletes of rows without a key, tables with triggers, and barriers count as everything. Rows inserted where
    /// nothing is unique meet nothing.
    #[must_use]
    pub fn of(piece: &Piece, bindings: &[Option<Arc<Binding>>]) -> Self {
        let tables: Vec<Option<Table<'_>>> = bindings
            .iter()
            .map(|binding| binding.as_deref().map(Table::new))
            .collect();
        let mut keys = Vec::with_capacity(piece.changes.len());
        for change in &piece.changes {
            if change.kind == ChangeKind::Barrier {
                return Self::everything();
            }
            let Some(table) = &tables[change.relation as usize] else {
                continue;
            };
            match table.reach {
                Reach::Everything => return Self::everything(),
                Reach::Table => keys.push(table.seed),
                Reach::Inserts if change.kind == ChangeKind::Insert => {}
                Reach::Inserts => return Self::everything(),
                Reach::Keys(key) => {
                    let touched = table.touched(KeyColumns(key), piece, change);
                    let Some(touched) = touched else {
                        return Self::everything();
                    };
                    keys.extend(touched.into_iter().flatten());
                }
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Self {
            keys,
            everything: false,
        }
    }

    /// Whether the two touch something in common.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        if self.everything || other.everything {
            return true;
        }
        let (few, many) = match self.keys.len() <= other.keys.len() {
            true => (&self.keys, &other.keys),
            false => (&other.keys, &self.keys),
        };
        let mut many = &many[..];
        few.iter().any(|key| {
            let at = many.partition_point(|other| other < key);
            many = &many[at..];
            many.first() == Some(key)
        })
    }

    /// Whether it touches what no key can tell.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.everything
    }

    /// The hashes of what it touches, sorted and without repetition; of no meaning if it [touches everything](Self::is_everything).
    #[must_use]
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    fn everything() -> Self {
        Self {
            keys: Vec::new(),
            everything: true,
        }
    }
}

struct Table<'a> {
    reach: Reach<'a>,
    /// The hash of its name.
    seed: u64,
}

/// What a change of a table touches.
#[derive(Clone, Copy)]
enum Reach<'a> {
    Keys(&'a [usize]),
    Table,
    /// Nothing, as long as rows are only inserted.
    Inserts,
    Everything,
}

const HASH: FixedState = FixedState::with_seed(0x6d65_6574_3f21_2121);

impl<'a> Table<'a> {
    fn new(binding: &'a Binding) -> Self {
        let table = &binding.table;
        let is_free = table.primary_key.is_empty()
            && table.unique_indexes.is_empty()
            && !table.other_constraints;
        let reach = match &binding.key {
            _ if table.triggers_fire => Reach::Everything,
            Key::Unique(key)
                if !table.other_constraints && !binding.has_further_unique_indexes() =>
            {
                Reach::Keys(key)
            }
            Key::Unique(_) => Reach::Table,
            Key::Row(_) | Key::None if is_free => Reach::Inserts,
            // Without a key to find rows by, only the order of the source is right.
            Key::Row(_) | Key::None => Reach::Everything,
        };
        Self {
            reach,
            seed: HASH.hash_one(&binding.table.name),
        }
    }

    /// The hashes of a change's keys, before and after; nothing if they can't be told.
    fn touched(
        &self,
        key: KeyColumns<'_>,
        piece: &Piece,
        change: &Change,
    ) -> Option<[Option<u64>; 2]> {
        let (old, new) = (piece.old_values(change), piece.new_values(change));
        let hash = |tuple| {
            let seen = key.see(tuple, Look::Key);
            (!seen.key_unchanged).then_some(seen.hash ^ self.seed)
        };
        match (old, new) {
            (Some(old), Some(new)) if key.is_kept(old.clone(), new.clone()) => {
                Some([Some(hash(old)?), None])
            }
            (old, new) => {
                let old = old.map(|old| hash(old).ok_or(())).transpose().ok()?;
                let new = new.map(|new| hash(new).ok_or(())).transpose().ok()?;
                Some([old, new])
            }
        }
    }
}
