//! What a row is after a change, and where the values stand that the change left out.

use pgoutput::Value;

use super::{Table, index, plain};
use crate::net::{KeyOf, Row, Side};
use crate::piece::{Change, ChangeKind};

/// Whether values that an update left out are taken from the old row that came with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FromOld {
    Yes,
    /// They need not be written: the target has them.
    No,
}

impl Table<'_> {
    /// Whether the whole old row that came with a change is another than the pending one of the same key.
    pub(super) fn is_another(&self, pending: &Row, at: u32) -> bool {
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
    pub(super) fn merge(
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
}
