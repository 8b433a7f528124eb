//! Which target table takes a source relation's rows.

use std::collections::HashMap;
use std::sync::Arc;

use endpoint::target::records::TableRecord;
use pgoutput::Lsn;
use pgoutput::message::RelationId;
use replication::binding::Binding;
use replication::piece::Piece;
use replication::relation::{Relation, TableName};
use replication::shape::TableShape;
use replication::table::{TargetColumn, TargetTable};
use replication::table_state::TableState;

/// A table of the task.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// Its name at the source.
    pub(crate) source: TableName,
    /// Its name at the target.
    pub(crate) target: TableName,
    /// What the control tables keep of it besides.
    pub(crate) statistics: Option<String>,
    /// How far it is.
    pub(crate) state: TableState,
    /// Transactions whose commit record starts before it are in its snapshot.
    pub(crate) snapshot: Lsn,
    /// What it looks like at the source, as far as the stream has told.
    pub(crate) shape: TableShape,
}

/// All tables of the task, and the bindings of the relations that the stream has told.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    routes: HashMap<RelationId, Route>,
    /// By the relation's address: a new version is a new one. It is kept here, so that its address stays its own.
    bindings: HashMap<usize, (Arc<Relation>, Option<Arc<Binding>>)>,
    latest_snapshot: Lsn,
}

/// What is to be done before a relation's rows can go anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// The task does not know the table.
    Unknown,
    /// Its columns are not those that the task knows: its definition was changed.
    Changed,
    /// The target's table is to be looked at.
    Unbound,
}

impl Route {
    /// What the control tables remember of a table; nothing if its shape is not known.
    pub(crate) fn of(record: TableRecord) -> Option<Self> {
        Some(Self {
            source: record.source,
            target: record.target,
            statistics: record.statistics,
            state: record.state,
            snapshot: record.snapshot_lsn,
            shape: record.shape?,
        })
    }

    /// What the control tables are to remember of it.
    pub(crate) fn record(&self) -> TableRecord {
        TableRecord {
            source: self.source.clone(),
            target: self.target.clone(),
            state: self.state,
            snapshot_lsn: self.snapshot,
            shape: Some(self.shape.clone()),
            statistics: self.statistics.clone(),
            error: None,
        }
    }
}

impl Routes {
    pub(crate) fn new(routes: impl IntoIterator<Item = Route>) -> Self {
        let mut all = Self::default();
        for route in routes {
            all.insert(route);
        }
        all
    }

    /// Adds a table, or replaces what is known of it.
    pub(crate) fn insert(&mut self, route: Route) {
        self.forget_bindings(route.shape.id);
        self.latest_snapshot = self.latest_snapshot.max(route.snapshot);
        self.routes.insert(route.shape.id, route);
    }

    /// Forgets a table.
    pub(crate) fn remove(&mut self, id: RelationId) -> Option<Route> {
        self.forget_bindings(id);
        self.routes.remove(&id)
    }

    /// How many tables there are.
    pub(crate) fn count(&self) -> usize {
        self.routes.len()
    }

    pub(crate) fn get(&self, id: RelationId) -> Option<&Route> {
        self.routes.get(&id)
    }

    /// Its changes are not applied any more.
    pub(crate) fn suspend(&mut self, id: RelationId) {
        self.forget_bindings(id);
        if let Some(route) = self.routes.get_mut(&id) {
            route.state = TableState::Suspended;
        }
    }

    /// Whether a table's snapshot is ahead of a position, so that changes must be left out.
    pub(crate) fn waits_at(&self, position: Lsn) -> bool {
        position < self.latest_snapshot
    }

    /// The position of a relation's snapshot, zero for tables that are not known.
    pub(crate) fn snapshot(&self, id: RelationId) -> Lsn {
        self.routes
            .get(&id)
            .map_or(Lsn::ZERO, |route| route.snapshot)
    }

    /// What stands in the way of a relation's rows; nothing if they can be applied, or are not to be.
    pub(crate) fn open(&self, relation: &Arc<Relation>) -> Option<Open> {
        if self.bindings.contains_key(&address(relation)) {
            return None;
        }
        let Some(route) = self.routes.get(&relation.id) else {
            return Some(Open::Unknown);
        };
        match route.state {
            TableState::Suspended => None,
            TableState::BeforeLoad | TableState::FullLoad | TableState::Completed => {
                Some(if is_of_shape(relation, &route.shape) {
                    Open::Unbound
                } else {
                    Open::Changed
                })
            }
        }
    }

    /// Binds a relation to its target table, or to nothing. Columns that the target lacks are left out if the settings ignore such changes.
    pub(crate) fn bind(&mut self, relation: &Arc<Relation>, binding: Option<Arc<Binding>>) {
        self.bindings
            .insert(address(relation), (Arc::clone(relation), binding));
    }

    /// The bindings of a piece's relations, in their order.
    pub(crate) fn bindings(&self, piece: &Piece) -> Vec<Option<Arc<Binding>>> {
        piece
            .relations
            .iter()
            .map(|relation| {
                let (_, binding) = self.bindings.get(&address(relation))?;
                binding.clone()
            })
            .collect()
    }

    /// The target tables may have changed: every relation is bound anew.
    pub(crate) fn forget_bindings(&mut self, id: RelationId) {
        self.bindings.retain(|_, (relation, _)| relation.id != id);
    }

    /// The target's table has another definition: the relations that it takes are bound anew.
    pub(crate) fn forget_target(&mut self, name: &TableName) {
        let ids: Vec<RelationId> = self
            .routes
            .values()
            .filter(|route| route.target == *name)
            .map(|route| route.shape.id)
            .collect();
        for id in ids {
            self.forget_bindings(id);
        }
    }
}

/// Whether a relation has the columns of a shape. A shape may have more: generated ones, and those outside of the publication's column list.
pub(crate) fn is_of_shape(relation: &Relation, shape: &TableShape) -> bool {
    let name = relation.name == shape.name;
    name && relation.columns.iter().all(|column| {
        shape.columns.iter().any(|known| {
            known.name == column.name
                && known.type_id == column.type_id
                && known.type_modifier == column.type_modifier
        })
    })
}

/// The target's table as if it computed the columns itself that it lacks, so that they are not written.
pub(crate) fn without_missing(relation: &Relation, table: &TargetTable) -> TargetTable {
    let mut table = table.clone();
    for column in &relation.columns {
        if table.columns.iter().all(|known| known.name != column.name) {
            table.columns.push(TargetColumn {
                name: column.name.clone(),
                type_name: String::new(),
                type_id: 0,
                not_null: false,
                generated: true,
                identity_always: false,
                comparable: false,
            });
        }
    }
    table
}

fn address(relation: &Arc<Relation>) -> usize {
    Arc::as_ptr(relation).addr()
}
