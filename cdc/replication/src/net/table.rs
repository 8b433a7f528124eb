//! The changes of one table, and what is left of them for each key.

mod groups;
mod image;
mod rules;

use hashbrown::HashTable;
use pgoutput::Values;

use self::groups::Groups;
use super::keys::{KeyColumns, Look};
use super::{Counts, KeyOf, Net, Row, Side, TableWork, Work};
use crate::binding::{Binding, Key};
use crate::piece::{Change, ChangeKind, Piece};

/// A table while its changes are gathered.
pub(super) struct Table<'a> {
    piece: &'a Piece,
    binding: &'a Binding,
    relation: u32,
    rule: Rule,
    key: KeyColumns<'a>,
    /// Rows with different keys can be in each other's way.
    further_unique: bool,
    /// A delete and insert would lose values that only the target has.
    target_columns: bool,
    /// What is closed.
    works: Vec<TableWork>,
    /// Inserts as long as there was nothing else: no key of them is looked at.
    inserts: Vec<u32>,
    entries: Vec<Entry>,
    /// Where in `entries` a key is.
    places: HashTable<Place>,
    /// The changes since the last closed work.
    counts: Counts,
}

/// What may be done with a table's changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// One change for each key.
    Net,
    /// Inserts together, and all from the first other change on in order.
    InsertsFirst,
    /// All in order.
    Ordered,
}

/// Where a key's entry is. Small, as it is moved whenever the table of places grows.
#[derive(Clone, Copy)]
struct Place {
    hash: u32,
    entry: u32,
}

impl Place {
    /// The hash that a place is found by; what is kept of the key's hash must be enough to tell it.
    #[inline]
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// What became of a key.
struct Entry {
    key: KeyOf,
    /// Whether the target has a row of this key before these changes.
    existed: bool,
    state: State,
}

enum State {
    /// There is no row any more.
    Gone,
    /// There is a row that was not there before.
    Inserted(Row),
    /// There is the row that was there before, with other values.
    Updated {
        row: Row,
        /// Whether all its values are known.
        complete: bool,
    },
}

/// A change that can't be netted.
struct Alone;

impl<'a> Table<'a> {
    pub(super) fn new(piece: &'a Piece, binding: &'a Binding, relation: u32) -> Self {
        let table = &binding.table;
        let (rule, key) = match &binding.key {
            _ if table.triggers_fire => (Rule::Ordered, &[][..]),
            Key::Unique(key) if !table.other_constraints => (Rule::Net, &key[..]),
            Key::Unique(_) | Key::Row(_) | Key::None => (Rule::InsertsFirst, &[][..]),
        };
        Self {
            piece,
            binding,
            relation,
            rule,
            key: KeyColumns(key),
            further_unique: binding.has_further_unique_indexes(),
            target_columns: binding.has_target_columns(),
            works: Vec::new(),
            inserts: Vec::new(),
            entries: Vec::new(),
            places: HashTable::new(),
            counts: Counts::default(),
        }
    }

    pub(super) fn relation(&self) -> u32 {
        self.relation
    }

    /// Takes the next change.
    #[inline]
    pub(super) fn change(&mut self, at: u32, change: &Change) {
        let netted = match self.rule {
            Rule::Net => self.net(at, change),
            Rule::InsertsFirst if change.kind == ChangeKind::Insert && self.works.is_empty() => {
                self.inserts.push(at);
                Ok(())
            }
            Rule::InsertsFirst | Rule::Ordered => Err(Alone),
        };
        match netted {
            Ok(()) => self.counts.add(change.kind),
            Err(Alone) => self.alone(at, change),
        }
    }

    /// What is to be done, in order.
    pub(super) fn finish(mut self) -> Vec<TableWork> {
        self.close();
        self.works
    }

    fn alone(&mut self, at: u32, change: &Change) {
        self.close();
        if let Some(TableWork {
            work: Work::Ordered(changes),
            counts,
            ..
        }) = self.works.last_mut()
        {
            changes.push(at);
            counts.add(change.kind);
            return;
        }
        self.counts.add(change.kind);
        self.push(Work::Ordered(vec![at]));
    }

    fn push(&mut self, work: Work) {
        self.works.push(TableWork {
            binding: self.relation,
            work,
            counts: std::mem::take(&mut self.counts),
        });
    }

    fn net(&mut self, at: u32, change: &Change) -> Result<(), Alone> {
        match change.kind {
            ChangeKind::Insert if self.entries.is_empty() => self.inserts.push(at),
            ChangeKind::Insert => {
                let new = self.values(at, Side::New)?;
                let seen = self.key.see(new.clone(), Look::Key);
                self.insert(at, new, &seen)?;
            }
            ChangeKind::Update => {
                let new = self.values(at, Side::New)?;
                let seen = self.key.see(new.clone(), Look::All);
                if seen.key_unchanged {
                    return Err(Alone);
                }
                self.enter_inserts();
                self.update(at, Side::New, new, &seen, seen.unchanged)?;
            }
            ChangeKind::UpdateKey | ChangeKind::UpdateFull => {
                self.enter_inserts();
                self.update_with_old(at)?;
            }
            ChangeKind::DeleteKey | ChangeKind::DeleteFull => {
                self.enter_inserts();
                self.delete(at, change.kind)?;
            }
            ChangeKind::Barrier => return Err(Alone),
        }
        Ok(())
    }

    /// Looks at the keys of the inserts that came before anything else.
    fn enter_inserts(&mut self) {
        if self.inserts.is_empty() {
            return;
        }
        let inserts = std::mem::take(&mut self.inserts);
        self.entries.reserve(2 * inserts.len());
        self.places
            .reserve(2 * inserts.len(), |place| Place::spread(place.hash));
        for at in inserts {
            let change = &self.piece.changes[at as usize];
            let new = self
                .piece
                .new_values(change)
                .expect("an insert has a new row");
            let seen = self.key.see(new.clone(), Look::Key);
            // A key that is there twice is the target's to refuse, as it would be one by one.
            let key = KeyOf {
                change: at,
                side: Side::New,
            };
            self.enter(key, seen.hash, false, State::Inserted(plain(at)));
        }
    }

    /// The entry of a key.
    #[inline]
    fn find(&self, hash: u64, values: Values<'_>) -> Option<usize> {
        let hash = hash as u32;
        let same = |place: &Place| {
            place.hash == hash && {
                let key = self.entries[place.entry as usize].key;
                self.values(key.change, key.side)
                    .is_ok_and(|known| self.key.of(known).eq(self.key.of(values.clone())))
            }
        };
        self.places
            .find(Place::spread(hash), same)
            .map(|place| place.entry as usize)
    }

    fn enter(&mut self, key: KeyOf, hash: u64, existed: bool, state: State) {
        let entry = index(self.entries.len());
        self.entries.push(Entry {
            key,
            existed,
            state,
        });
        let hash = hash as u32;
        self.places
            .insert_unique(Place::spread(hash), Place { hash, entry }, |place| {
                Place::spread(place.hash)
            });
    }

    fn values(&self, change: u32, side: Side) -> Result<Values<'a>, Alone> {
        let change = &self.piece.changes[change as usize];
        let values = match side {
            Side::Old => self.piece.old_values(change),
            Side::New => self.piece.new_values(change),
        };
        values.ok_or(Alone)
    }

    /// Makes what is pending a work.
    fn close(&mut self) {
        if self.inserts.is_empty() && self.entries.is_empty() {
            return;
        }
        let mut net = Net {
            inserts: self.inserts.drain(..).map(plain).collect(),
            ..Net::default()
        };
        self.places.clear();
        let entries = std::mem::take(&mut self.entries);
        let (mut inserts, mut updates) = (0, 0);
        for entry in &entries {
            match entry.state {
                State::Gone => {}
                State::Inserted(_) => inserts += 1,
                State::Updated { .. } => updates += 1,
            }
        }
        // Updates that may take values from each other; one alone can't.
        let replace = self.further_unique && updates > 1;
        net.inserts.reserve_exact(inserts);
        let mut groups = Groups::new(self.binding, self.key, updates);
        for entry in entries {
            match entry.state {
                State::Gone if entry.existed => net.deletes.push(entry.key),
                State::Gone => {}
                State::Inserted(row) => {
                    if entry.existed {
                        net.deletes.push(entry.key);
                    }
                    net.inserts.push(row);
                }
                State::Updated { row, .. } if replace => {
                    net.deletes.push(entry.key);
                    net.inserts.push(row);
                }
                State::Updated {
                    row,
                    complete: true,
                } => groups.add_complete(entry.key, row),
                State::Updated { row, .. } => {
                    if let Ok(new) = self.values(row.change, Side::New) {
                        groups.add(entry.key, row, new);
                    }
                }
            }
        }
        net.updates = groups.groups;
        self.push(Work::Net(net));
    }
}

/// A row whose values are all in one change.
fn plain(change: u32) -> Row {
    Row {
        change,
        elsewhere: None,
    }
}

fn index(index: usize) -> u32 {
    u32::try_from(index).expect("a piece has fewer than 2^32 changes")
}
