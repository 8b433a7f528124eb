//! The changes of one table, and what is left of them for each key.

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use pgoutput::{Value, Values};

use super::keys::{KeyColumns, Look, Seen};
use super::{Counts, KeyOf, Net, Row, Side, TableWork, UpdateGroup, Work};
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

/// Whether values that an update left out are taken from the old row that came with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FromOld {
    Yes,
    /// They need not be written: the target has them.
    No,
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

    fn insert(&mut self, at: u32, new: Values<'_>, seen: &Seen) -> Result<(), Alone> {
        let inserted = State::Inserted(plain(at));
        match self.find(seen.hash, new) {
            None => {
                let key = KeyOf {
                    change: at,
                    side: Side::New,
                };
                self.enter(key, seen.hash, false, inserted);
                Ok(())
            }
            Some(entry) => match self.entries[entry].state {
                State::Gone => {
                    self.entries[entry].state = inserted;
                    Ok(())
                }
                State::Inserted(_) | State::Updated { .. } => Err(Alone),
            },
        }
    }

    /// An update of a row whose key stays. `side` is where the key is found, in `tuple`.
    fn update(
        &mut self,
        at: u32,
        side: Side,
        tuple: Values<'_>,
        seen: &Seen,
        unchanged: bool,
    ) -> Result<(), Alone> {
        let key = KeyOf { change: at, side };
        let found = self.find(seen.hash, tuple);
        let from_old = match self.further_unique {
            true => FromOld::Yes,
            false => FromOld::No,
        };
        let (row, complete, existing) = match found.map(|entry| &self.entries[entry].state) {
            None => {
                let (row, complete) = self.merge(None, at, unchanged, from_old);
                (row, complete, true)
            }
            Some(State::Gone) => return Err(Alone),
            Some(State::Inserted(before)) => {
                if self.is_another(before, at) {
                    return Err(Alone);
                }
                let (row, complete) = self.merge(Some(before), at, unchanged, FromOld::Yes);
                (row, complete, false)
            }
            Some(State::Updated { row: before, .. }) => {
                let (row, complete) = self.merge(Some(before), at, unchanged, from_old);
                (row, complete, true)
            }
        };
        let state = match existing {
            // It may have to be a delete and insert, which this row can't be.
            true if self.further_unique && (!complete || self.target_columns) => return Err(Alone),
            true => State::Updated { row, complete },
            false if complete => State::Inserted(row),
            false => return Err(Alone),
        };
        match found {
            Some(entry) => self.entries[entry].state = state,
            None => self.enter(key, seen.hash, true, state),
        }
        Ok(())
    }

    /// An update that came with (the key of) the old row: its key may be another.
    fn update_with_old(&mut self, at: u32) -> Result<(), Alone> {
        let (old, new) = (self.values(at, Side::Old)?, self.values(at, Side::New)?);
        let old_seen = self.key.see(old.clone(), Look::Key);
        let new_seen = self.key.see(new.clone(), Look::All);
        if old_seen.key_unchanged {
            return Err(Alone);
        }
        if self.key.is_kept(old.clone(), new.clone()) {
            return self.update(at, Side::Old, old, &old_seen, new_seen.unchanged);
        }
        if new_seen.key_unchanged {
            return Err(Alone);
        }
        self.move_key(at, (old, &old_seen), (new, &new_seen))
    }

    /// A row gets another key: as if it were deleted and inserted, if all its values are known.
    fn move_key(
        &mut self,
        at: u32,
        (old, old_seen): (Values<'_>, &Seen),
        (new, new_seen): (Values<'_>, &Seen),
    ) -> Result<(), Alone> {
        let to = self.find(new_seen.hash, new.clone());
        if to.is_some_and(|to| !matches!(self.entries[to].state, State::Gone)) {
            return Err(Alone);
        }
        let from = self.find(old_seen.hash, old);
        let unchanged = new_seen.unchanged;
        // Whether it is the row that an entry has, and whether the target had it.
        let (row, complete, is_pending, existing) = match from.map(|from| &self.entries[from]) {
            None => {
                let (row, complete) = self.merge(None, at, unchanged, FromOld::Yes);
                (row, complete, false, true)
            }
            Some(entry) => match &entry.state {
                State::Gone => return Err(Alone),
                State::Updated { row, .. } => {
                    let (row, complete) = self.merge(Some(row), at, unchanged, FromOld::Yes);
                    (row, complete, true, true)
                }
                State::Inserted(row) if self.is_another(row, at) => {
                    if entry.existed {
                        return Err(Alone);
                    }
                    let (row, complete) = self.merge(None, at, unchanged, FromOld::Yes);
                    (row, complete, false, true)
                }
                State::Inserted(row) => {
                    let (row, complete) = self.merge(Some(row), at, unchanged, FromOld::Yes);
                    (row, complete, true, false)
                }
            },
        };
        if !complete || (existing && self.target_columns) {
            return Err(Alone);
        }
        self.leave(at, old_seen.hash, from, is_pending);
        let inserted = State::Inserted(row);
        match to {
            Some(to) => self.entries[to].state = inserted,
            None => {
                let key = KeyOf {
                    change: at,
                    side: Side::New,
                };
                self.enter(key, new_seen.hash, false, inserted);
            }
        }
        Ok(())
    }

    fn delete(&mut self, at: u32, kind: ChangeKind) -> Result<(), Alone> {
        let old = self.values(at, Side::Old)?;
        let seen = self.key.see(old.clone(), Look::Key);
        if seen.key_unchanged {
            return Err(Alone);
        }
        let found = self.find(seen.hash, old);
        let is_pending = match found.map(|entry| &self.entries[entry]) {
            None => false,
            Some(entry) => match &entry.state {
                State::Gone => return Err(Alone),
                State::Inserted(row)
                    if kind == ChangeKind::DeleteFull && self.is_another(row, at) =>
                {
                    if entry.existed {
                        return Err(Alone);
                    }
                    false
                }
                State::Inserted(_) | State::Updated { .. } => true,
            },
        };
        self.leave(at, seen.hash, found, is_pending);
        Ok(())
    }

    /// The row of a key goes: the one that its entry has, or the one that was there before.
    fn leave(&mut self, at: u32, hash: u64, entry: Option<usize>, is_pending: bool) {
        match entry {
            None => {
                let key = KeyOf {
                    change: at,
                    side: Side::Old,
                };
                self.enter(key, hash, true, State::Gone);
            }
            Some(entry) if is_pending => self.entries[entry].state = State::Gone,
            // Two rows had the key for a moment (a deferred constraint): the new one stays.
            Some(entry) => self.entries[entry].existed = true,
        }
    }

    /// Whether the whole old row that came with a change is another than the pending one of the same key.
    fn is_another(&self, pending: &Row, at: u32) -> bool {
        let change = &self.piece.changes[at as usize];
        match change.kind {
            ChangeKind::UpdateFull | ChangeKind::DeleteFull => {}
            ChangeKind::Insert
            | ChangeKind::Update
            | ChangeKind::UpdateKey
            | ChangeKind::DeleteKey
            | ChangeKind::Barrier => return false,
        }
        let (Some(old), Ok(image)) = (
            self.piece.old_values(change),
            self.values(pending.change, Side::New),
        ) else {
            return false;
        };
        let different = |(column, (old, image)): (usize, (Value<'_>, Value<'_>))| match image {
            Value::Unchanged => self
                .place(pending, column)
                .and_then(|place| self.values(place.change, place.side).ok()?.nth(column))
                .is_some_and(|image| image != old),
            Value::Null | Value::Text(_) | Value::Binary(_) => image != old,
        };
        old.zip(image).enumerate().any(different)
    }

    /// What a row is after an update: the new tuple, and the places of what it left out. Whether nothing is missing.
    fn merge(
        &self,
        before: Option<&Row>,
        at: u32,
        unchanged: bool,
        from_old: FromOld,
    ) -> (Row, bool) {
        if !unchanged {
            return (plain(at), true);
        }
        let change = &self.piece.changes[at as usize];
        let Some(new) = self.piece.new_values(change) else {
            return (plain(at), false);
        };
        let mut elsewhere = Vec::new();
        let mut complete = true;
        for (column, value) in new.enumerate() {
            if value != Value::Unchanged || self.binding.columns[column].is_none() {
                continue;
            }
            let known = match before.and_then(|before| self.place(before, column)) {
                None if from_old == FromOld::Yes && self.old_has(change, column) => Some(KeyOf {
                    change: at,
                    side: Side::Old,
                }),
                known => known,
            };
            match known {
                Some(place) => elsewhere.push((index(column), place)),
                None => complete = false,
            }
        }
        let row = Row {
            change: at,
            elsewhere: (!elsewhere.is_empty()).then(|| elsewhere.into_boxed_slice()),
        };
        (row, complete)
    }

    /// Where a row's value of a column is, if it is known.
    fn place(&self, row: &Row, column: usize) -> Option<KeyOf> {
        let elsewhere = row.elsewhere.iter().flatten();
        let mut elsewhere = elsewhere.filter(|(at, _)| *at as usize == column);
        if let Some((_, place)) = elsewhere.next() {
            return Some(*place);
        }
        let mut new = self.values(row.change, Side::New).ok()?;
        (new.nth(column)? != Value::Unchanged).then_some(KeyOf {
            change: row.change,
            side: Side::New,
        })
    }

    /// Whether the old row that came with a change has a value for a column, and no placeholder.
    fn old_has(&self, change: &Change, column: usize) -> bool {
        match change.kind {
            ChangeKind::UpdateFull => true,
            ChangeKind::UpdateKey => self.binding.relation.columns[column].key,
            ChangeKind::Insert
            | ChangeKind::Update
            | ChangeKind::DeleteKey
            | ChangeKind::DeleteFull
            | ChangeKind::Barrier => false,
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

/// Updates by the columns that they set.
struct Groups<'a> {
    /// How many rows there are, at most.
    rows: usize,
    binding: &'a Binding,
    key: KeyColumns<'a>,
    groups: Vec<UpdateGroup>,
    /// The group that sets all columns but the key.
    complete: Option<usize>,
    /// The other groups.
    by_columns: HashMap<Box<[u32]>, usize, FixedState>,
}

impl<'a> Groups<'a> {
    fn new(binding: &'a Binding, key: KeyColumns<'a>, rows: usize) -> Self {
        Self {
            rows,
            binding,
            key,
            groups: Vec::new(),
            complete: None,
            by_columns: HashMap::default(),
        }
    }

    /// Adds a row whose values are all known.
    fn add_complete(&mut self, key: KeyOf, row: Row) {
        if self.complete.is_none() {
            self.complete = self.group(self.columns(|_| true));
            if let Some(group) = self.complete {
                self.groups[group].rows.reserve_exact(self.rows);
            }
        }
        if let Some(group) = self.complete {
            self.groups[group].rows.push((key, row));
        }
    }

    /// Adds a row that leaves some out; `new` are the values of its own change.
    fn add(&mut self, key: KeyOf, row: Row, new: Values<'_>) {
        let mut known: Vec<bool> = new.map(|value| value != Value::Unchanged).collect();
        for (column, _) in row.elsewhere.iter().flatten() {
            known[*column as usize] = true;
        }
        if let Some(group) = self.group(self.columns(|column| known[column])) {
            self.groups[group].rows.push((key, row));
        }
    }

    /// The group of these columns; none for none, as nothing is to be done then.
    fn group(&mut self, columns: Vec<u32>) -> Option<usize> {
        if columns.is_empty() {
            return None;
        }
        let next = self.groups.len();
        let group = *self
            .by_columns
            .entry(columns.clone().into_boxed_slice())
            .or_insert(next);
        if group == next {
            self.groups.push(UpdateGroup {
                columns,
                rows: Vec::new(),
            });
        }
        Some(group)
    }

    /// The columns that can be set and are known.
    fn columns(&self, known: impl Fn(usize) -> bool) -> Vec<u32> {
        let targets = self.binding.columns.iter().enumerate();
        targets
            .filter(|&(column, target)| {
                target.is_some() && !self.key.contains(column) && known(column)
            })
            .map(|(column, _)| index(column))
            .collect()
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
