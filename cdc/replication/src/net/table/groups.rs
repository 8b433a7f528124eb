//! Updates by the columns that they set.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use pgoutput::{Value, Values};

use super::index;
use crate::binding::Binding;
use crate::net::keys::KeyColumns;
use crate::net::{KeyOf, Row, UpdateGroup};

/// The groups of a table.
pub(super) struct Groups<'a> {
    /// How many rows there are, at most.
    rows: usize,
    binding: &'a Binding,
    key: KeyColumns<'a>,
    pub(super) groups: Vec<UpdateGroup>,
    /// The group that sets all columns but the key.
    complete: Option<usize>,
    /// The other groups.
    by_columns: HashMap<Box<[u32]>, usize, FixedState>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(binding: &'a Binding, key: KeyColumns<'a>, rows: usize) -> Self {
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
    pub(super) fn add_complete(&mut self, key: KeyOf, row: Row) {
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
    pub(super) fn add(&mut self, key: KeyOf, row: Row, new: Values<'_>) {
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
