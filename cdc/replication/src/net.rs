//! What a piece comes to: for each table the rows to delete, to update and to insert.
//!
//! ```text
//!   insert, then update          insert            update, then update          one update (what the later leaves out, the earlier has)
//!   insert, then delete          nothing           delete, then insert          delete, insert
//!   key changes from a to b      delete a, insert b (if all values are known)
//! ```
//!
//! A change that can't be netted exactly is done by itself: what came before it in its table is closed, and what follows starts anew.

pub(crate) mod keys;
mod table;

use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use self::table::Table;
use crate::binding::Binding;
use crate::piece::{Change, ChangeKind, Piece};
use crate::relation::TableName;

/// How to apply a stretch of a piece between two barriers.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The stretches, in order.
    pub steps: Vec<Step>,
}

/// One stretch.
#[derive(Clone, Debug)]
pub enum Step {
    /// Rows' changes. The tables are independent of each other, and each is there once.
    Rows(Vec<TableWork>),
    /// A barrier: index into [`Piece::barriers`].
    Barrier(u32),
}

/// What is to be done in one table.
#[derive(Clone, Debug)]
pub struct TableWork {
    /// The table: index into the bindings that the plan was made with, which is that of [`Piece::relations`].
    pub binding: u32,
    /// What.
    pub work: Work,
    /// How many changes of each kind the source made, before netting.
    pub counts: Counts,
}

/// What is to be done in a table.
#[derive(Clone, Debug)]
pub enum Work {
    /// One change for each key: first all deletes, then all updates, then all inserts.
    Net(Net),
    /// One after the other: indexes into [`Piece::changes`].
    Ordered(Vec<u32>),
}

/// Net changes. A row is named by the change that holds it.
#[derive(Clone, Debug, Default)]
pub struct Net {
    /// Rows to delete, by the key of these changes' rows.
    pub deletes: Vec<KeyOf>,
    /// Rows to update, in groups that set the same columns.
    pub updates: Vec<UpdateGroup>,
    /// Rows to insert.
    pub inserts: Vec<Row>,
}

/// Where a key is found: in a change's old or new tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyOf {
    /// Index into [`Piece::changes`].
    pub change: u32,
    /// In which of its tuples.
    pub side: Side,
}

/// Which tuple of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The row before.
    Old,
    /// The row after.
    New,
}

/// Rows to update that set the same columns.
#[derive(Clone, Debug)]
pub struct UpdateGroup {
    /// The **source** columns that are set, in order. Key columns are among them only if their value changes.
    pub columns: Vec<u32>,
    /// The rows: by which key they are found, and what they become.
    pub rows: Vec<(KeyOf, Row)>,
}

/// A row as it is to be: the new tuple of the latest change, and where an unchanged (TOASTed) value stands otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Index into [`Piece::changes`] of the change whose new tuple it is.
    pub change: u32,
    /// For columns whose value that tuple leaves out: the source column, and the change and side that have it.
    pub elsewhere: Option<Box<[(u32, KeyOf)]>>,
}

/// How many changes of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Inserts.
    pub inserts: u64,
    /// Updates.
    pub updates: u64,
    /// Deletes.
    pub deletes: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, kind: ChangeKind) {
        match kind {
            ChangeKind::Insert => self.inserts += 1,
            ChangeKind::Update | ChangeKind::UpdateKey | ChangeKind::UpdateFull => {
                self.updates += 1;
            }
            ChangeKind::DeleteKey | ChangeKind::DeleteFull => self.deletes += 1,
            ChangeKind::Barrier => {}
        }
    }
}

/// How to plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Net changes wherever they are exact; needs a session whose foreign keys and triggers don't fire.
    Net,
    /// Everything in the source's order: one stretch of ordered work for each run of changes of one table.
    InOrder,
}

/// Plans a piece (or `changes`, a range of it). `bindings[i]` is that of `piece.relations[i]`; none for a relation that is not to be applied.
#[must_use]
pub fn plan(
    piece: &Piece,
    changes: Range<usize>,
    bindings: &[Option<Arc<Binding>>],
    mode: Mode,
) -> Plan {
    let planner = Planner {
        piece,
        bindings,
        places: places(bindings),
    };
    let mut steps = Vec::new();
    let mut start = changes.start;
    while start < changes.end {
        let rest = &piece.changes[start..changes.end];
        let length = rest
            .iter()
            .position(|change| change.kind == ChangeKind::Barrier);
        let stretch = start..start + length.unwrap_or(rest.len());
        start = stretch.end + 1;
        let netted = match mode {
            Mode::Net => planner.net(stretch.clone()),
            Mode::InOrder => None,
        };
        match netted {
            Some(netted) => steps.extend(netted),
            None => steps.extend(planner.in_order(stretch.clone())),
        }
        if length.is_some() {
            steps.push(Step::Barrier(piece.changes[stretch.end].relation));
        }
    }
    Plan { steps }
}

struct Planner<'a> {
    piece: &'a Piece,
    bindings: &'a [Option<Arc<Binding>>],
    /// For each relation a number that it shares with those that go to the same target table.
    places: Vec<usize>,
}

impl<'a> Planner<'a> {
    /// A stretch without barriers; nothing if two relations of it go to the same table, so that their order matters.
    fn net(&self, stretch: Range<usize>) -> Option<Vec<Step>> {
        let mut tables: Vec<Table<'a>> = Vec::new();
        let mut slots: Vec<Option<usize>> = vec![None; self.bindings.len()];
        for (at, change) in self.changes(stretch) {
            let slot = &mut slots[self.places[change.relation as usize]];
            let slot = match *slot {
                Some(slot) => slot,
                None => {
                    let binding = self.binding(change)?;
                    tables.push(Table::new(self.piece, binding, change.relation));
                    *slot.insert(tables.len() - 1)
                }
            };
            let table = &mut tables[slot];
            if table.relation() != change.relation {
                return None;
            }
            table.change(at, change);
        }
        // The first works of all tables are one step, the second ones the next.
        let mut steps: Vec<Vec<TableWork>> = Vec::new();
        for table in tables {
            for (index, work) in table.finish().into_iter().enumerate() {
                match steps.get_mut(index) {
                    Some(step) => step.push(work),
                    None => steps.push(vec![work]),
                }
            }
        }
        Some(steps.into_iter().map(Step::Rows).collect())
    }

    /// A stretch without barriers, one step for each run of changes of one table.
    fn in_order(&self, stretch: Range<usize>) -> Vec<Step> {
        let mut runs: Vec<TableWork> = Vec::new();
        for (at, change) in self.changes(stretch) {
            match runs.last_mut() {
                Some(TableWork {
                    binding,
                    work: Work::Ordered(changes),
                    counts,
                }) if *binding == change.relation => {
                    changes.push(at);
                    counts.add(change.kind);
                }
                _ => {
                    let mut counts = Counts::default();
                    counts.add(change.kind);
                    runs.push(TableWork {
                        binding: change.relation,
                        work: Work::Ordered(vec![at]),
                        counts,
                    });
                }
            }
        }
        runs.into_iter().map(|run| Step::Rows(vec![run])).collect()
    }

    /// The changes of a stretch that are to be applied.
    fn changes(&self, stretch: Range<usize>) -> impl Iterator<Item = (u32, &'a Change)> {
        let first = u32::try_from(stretch.start).expect("a piece has fewer than 2^32 changes");
        (first..)
            .zip(&self.piece.changes[stretch])
            .filter(|(_, change)| self.binding(change).is_some())
    }

    fn binding(&self, change: &Change) -> Option<&'a Binding> {
        self.bindings[change.relation as usize].as_deref()
    }
}

fn places(bindings: &[Option<Arc<Binding>>]) -> Vec<usize> {
    let mut first: HashMap<&TableName, usize, FixedState> = HashMap::default();
    bindings
        .iter()
        .enumerate()
        .map(|(index, binding)| match binding {
            Some(binding) => *first.entry(&binding.table.name).or_insert(index),
            None => index,
        })
        .collect()
}
