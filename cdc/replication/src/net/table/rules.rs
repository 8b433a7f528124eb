//! What a change makes of what its key has become: the rules of netting.

use pgoutput::Values;

use super::image::FromOld;
use super::{Alone, State, Table, plain};
use crate::net::keys::{Look, Seen};
use crate::net::{KeyOf, Side};
use crate::piece::ChangeKind;

impl Table<'_> {
    pub(super) fn insert(&mut self, at: u32, new: Values<'_>, seen: &Seen) -> Result<(), Alone> {
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
    pub(super) fn update(
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
    pub(super) fn update_with_old(&mut self, at: u32) -> Result<(), Alone> {
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

    pub(super) fn delete(&mut self, at: u32, kind: ChangeKind) -> Result<(), Alone> {
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
}
