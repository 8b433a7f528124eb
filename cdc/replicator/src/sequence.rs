//! Applies alone, on one connection and in order, what can't go through the lanes: new definitions, transactions in parts, and what is applied
//! carefully.

use std::sync::Arc;

use endpoint::schema;
use endpoint::schema::target_table::{SessionRole, target_tables, target_type};
use endpoint::source::ddl::DDL;
use endpoint::target::records::{TableRecord, forget_table};
use pgoutput::Lsn;
use pgoutput::message::RelationId;
use replication::binding::Binding;
use replication::piece::{Barrier, ChangeKind, Piece, TransactionEnd};
use replication::relation::Relation;
use replication::schema_change::{SchemaChange, after_relation};
use replication::settings::{DdlPolicy, ErrorPolicy};
use replication::shape::TableShape;
use replication::table::TargetTable;
use replication::table_state::TableState;

use crate::definition::{self, Told};
use crate::error::Error;
use crate::follow::interruption::{Again, Interruption};
use crate::follow::{Follower, checkpoint};
use crate::options::crash_points;
use crate::redefine;
use crate::routes::{Open, Route, without_missing};
use crate::start::inserts_only as inserts_only_of;
use crate::statistics;

impl Follower {
    /// Applies a piece after everything before it, and commits if it ends with a whole transaction.
    pub(crate) async fn sequence(&mut self, piece: Piece) -> Result<(), Interruption> {
        self.land_all().await?;
        if !self.open {
            self.positions.begin();
            self.open = true;
        }
        // Relations whose way is open; a new definition may close it.
        let mut ready = vec![false; piece.relations.len()];
        let mut start = 0;
        let mut ends = piece.ends.iter();
        let mut end = ends.next();
        // Each transaction is committed by itself where one may stop the task: what is before that is done.
        let stops = !piece.barriers.is_empty() && self.definitions_stop();
        for (index, change) in piece.changes.iter().enumerate() {
            while let Some(done) = end.filter(|end| end.changes as usize <= index) {
                end = ends.next();
                if stops || self.is_careful() {
                    self.stretch(&piece, start..index).await?;
                    start = index;
                    self.finish(1, 0, done).await?;
                    self.positions.begin();
                    self.open = true;
                }
            }
            let of: &[u32] = if change.kind == ChangeKind::Barrier {
                match &piece.barriers[change.relation as usize] {
                    Barrier::Truncate { relations, .. } => {
                        if !self.truncates(piece.relations.get(relations[0] as usize))? {
                            self.stretch(&piece, start..index).await?;
                            start = index + 1;
                            continue;
                        }
                        relations
                    }
                    barrier @ (Barrier::Relation { .. } | Barrier::Message { .. }) => {
                        self.stretch(&piece, start..index).await?;
                        start = index + 1;
                        // What a new version of a relation means is seen when its first row comes.
                        if let Barrier::Message { prefix, content } = barrier
                            && prefix == DDL
                        {
                            self.told(content).await?;
                        }
                        ready.fill(false);
                        continue;
                    }
                }
            } else {
                std::slice::from_ref(&change.relation)
            };
            for relation in of {
                let relation = *relation as usize;
                if !ready[relation] {
                    self.stretch(&piece, start..index).await?;
                    start = index;
                    self.open_way(&piece.relations[relation]).await?;
                    ready[relation] = true;
                }
            }
        }
        self.stretch(&piece, start..piece.changes.len()).await?;
        match piece.ends.last() {
            Some(end) if !piece.is_open() => self.finish(piece.ends.len(), piece.bytes, end).await,
            _ => Ok(()),
        }
    }

    /// Commits what was applied.
    async fn finish(
        &mut self,
        transactions: usize,
        bytes: usize,
        end: &TransactionEnd,
    ) -> Result<(), Interruption> {
        let worker = self.worker();
        worker.applied().transactions += transactions as u64;
        worker.applied().bytes += bytes as u64;
        let committed = worker.commit(checkpoint(end)).await;
        let applied = committed.map_err(|error| self.interruption(error, end.end_lsn))?;
        self.open = false;
        self.last_end = end.end_lsn;
        // What was seen inside the transaction is for everybody to see now, and more exactly in the catalogue.
        for table in std::mem::take(&mut self.redefined) {
            self.tables.remove(&table);
            self.routes.forget_target(&table);
        }
        self.committed(&applied, end);
        match self.new_table.take() {
            Some(table) => Err(Interruption::Again(Again::NewTable(table))),
            None => Ok(()),
        }
    }

    fn is_preparing(&self) -> bool {
        let two_phase = self.two_phase.as_ref();
        two_phase.is_some_and(|two_phase| two_phase.preparing)
    }

    /// Whether a definition, or a truncation, may stop the task.
    fn definitions_stop(&self) -> bool {
        let policies = &self.surroundings.task.settings.ddl;
        [policies.dropped, policies.truncated, policies.altered].contains(&DdlPolicy::Stop)
    }

    /// Whether a truncation is done at the target.
    fn truncates(&self, first: Option<&Arc<Relation>>) -> Result<bool, Interruption> {
        let task = &self.surroundings.task;
        let name = first.map_or_else(String::new, |relation| relation.name.to_string());
        match task.settings.ddl.truncated {
            DdlPolicy::Apply => Ok(true),
            DdlPolicy::Ignore => {
                self.surroundings.warn(format!(
                    "{name}: it was truncated at the source; HandleSourceTableTruncated says to ignore it"
                ));
                Ok(false)
            }
            DdlPolicy::Stop => Err(Error::StoppedByPolicy {
                task: task.name.clone(),
                policy: "ChangeProcessingDdlHandlingPolicy.HandleSourceTableTruncated".to_owned(),
                reason: format!("{name}: it was truncated"),
            }
            .into()),
        }
    }

    /// Where a piece that can't be applied ends, as far as that is known.
    fn end_of(&self, piece: &Piece) -> Lsn {
        piece
            .ends
            .last()
            .map_or_else(|| self.stream.written(), |end| end.end_lsn)
    }

    /// Applies a range of a piece's changes, all of whose relations are bound.
    async fn stretch(
        &mut self,
        piece: &Piece,
        changes: std::ops::Range<usize>,
    ) -> Result<(), Interruption> {
        if changes.is_empty() {
            return Ok(());
        }
        let bindings = self.routes.bindings(piece);
        if self.is_careful() {
            return self.carefully(piece, changes, &bindings).await;
        }
        let applied = self.worker().apply(piece, changes, &bindings).await;
        applied.map_err(|error| self.interruption(error, self.end_of(piece)))
    }

    /// Applies a range of a piece's changes row by row, where that is needed; what can't be applied is left to the error policies.
    async fn carefully(
        &mut self,
        piece: &Piece,
        changes: std::ops::Range<usize>,
        bindings: &[Option<Arc<Binding>>],
    ) -> Result<(), Interruption> {
        let worker = self
            .lanes
            .idle_lane()
            .expect("whoever applies alone has waited until nothing is in flight");
        worker.begin();
        let outcome = worker
            .applier
            .careful(piece, changes, bindings, &mut self.policies)
            .await
            .map_err(Error::from)?;
        let tables = &mut worker.applied().tables;
        let relation = |index: u32| piece.relations[index as usize].id;
        for (index, counts) in outcome.applied {
            let rows = &mut tables.entry(relation(index)).or_default().rows;
            rows.inserts += counts.inserts;
            rows.updates += counts.updates;
            rows.deletes += counts.deletes;
        }
        for (index, count) in outcome.exceptions {
            tables.entry(relation(index)).or_default().exceptions += count;
        }
        for (index, reason) in outcome.suspended {
            let Some(route) = self.routes.get(relation(index)).cloned() else {
                continue;
            };
            self.suspend(&route, reason).await?;
        }
        Ok(())
    }

    /// Does what must be done before a relation's rows can be applied.
    async fn open_way(&mut self, relation: &Arc<Relation>) -> Result<(), Interruption> {
        match self.routes.open(relation) {
            None => Ok(()),
            Some(Open::Unbound) => self.bind(relation).await,
            Some(Open::Changed) => {
                let route = self.routes.get(relation.id).expect("it is known").clone();
                let now = schema::read::shapes(self.source.client(), &[relation.id]).await?;
                let after = after_relation(&route.shape, relation, now.first());
                self.redefine(&route, after).await?;
                self.bind(relation).await
            }
            Some(Open::Unknown) => {
                let wanted = self.surroundings.task.selection.includes(&relation.name);
                if wanted && !self.strangers.contains(&relation.id) {
                    return Err(Interruption::Again(Again::NewTable(relation.id)));
                }
                self.routes.bind(relation, None);
                Ok(())
            }
        }
    }

    /// Binds a relation to the target's table, or to nothing when the table can't be written and the settings say that the others go on.
    pub(crate) async fn bind(&mut self, relation: &Arc<Relation>) -> Result<(), Interruption> {
        let route = self.routes.get(relation.id).expect("it is known").clone();
        let reason = match self.target_table(&route).await? {
            None => format!("there is no table {} at the target", route.target),
            Some(table) => {
                let ignored = self.surroundings.task.settings.ddl.altered == DdlPolicy::Ignore;
                let table = match ignored {
                    true => Arc::new(without_missing(relation, &table)),
                    false => table,
                };
                match Binding::new(Arc::clone(relation), table) {
                    Ok(binding) => {
                        self.routes.bind(relation, Some(Arc::new(binding)));
                        return Ok(());
                    }
                    Err(error) => error.to_string(),
                }
            }
        };
        self.table_failed(&route, reason).await?;
        self.routes.bind(relation, None);
        Ok(())
    }

    /// What `ErrorBehavior.TableErrorPolicy` says about a table that can't be written.
    async fn table_failed(&mut self, route: &Route, reason: String) -> Result<(), Interruption> {
        if self.surroundings.task.settings.errors.table == ErrorPolicy::StopTask {
            return Err(Error::StoppedByPolicy {
                task: self.surroundings.task.name.clone(),
                policy: "ErrorBehavior.TableErrorPolicy".to_owned(),
                reason,
            }
            .into());
        }
        self.suspend(route, reason).await
    }

    /// What the control tables are to remember of a table, with what was counted for it.
    fn record(&self, route: &Route) -> TableRecord {
        let mut record = route.record();
        let counted = statistics::text(&self.surroundings.status.borrow(), &route.source);
        record.statistics = counted.or(record.statistics);
        record
    }

    /// A table is not replicated any more, and that is remembered.
    async fn suspend(&mut self, route: &Route, reason: String) -> Result<(), Interruption> {
        let mut record = self.record(route);
        record.state = TableState::Suspended;
        record.error = Some(reason.clone());
        if self.is_preparing() {
            // It stays so when the prepared transaction is rolled back: what comes meanwhile is left out already.
            if self.redefined.contains(&route.target) {
                return Err(Error::Refused(format!(
                    "{}: it is to be suspended in a prepared transaction that changes its definition: {reason}",
                    route.source
                ))
                .into());
            }
            self.control.save_table(&record).await?;
        } else if self.open {
            // The transaction may have written the same row already.
            let worker = self.worker();
            worker.begin();
            let saved = worker.applier.save_table(&record).await;
            saved.map_err(Error::from)?;
        } else {
            self.control.save_table(&record).await?;
        }
        self.suspended(route.shape.id, &reason);
        Ok(())
    }

    /// The target's table, as it is in the transaction that is being applied.
    async fn target_table(
        &mut self,
        route: &Route,
    ) -> Result<Option<Arc<TargetTable>>, Interruption> {
        if let Some(table) = self.tables.get(&route.target) {
            return Ok(Some(Arc::clone(table)));
        }
        let role = match self.is_replica {
            true => SessionRole::Replica,
            false => SessionRole::Origin,
        };
        let names = std::slice::from_ref(&route.target);
        let found = target_tables(self.control.client(), names, role).await?;
        let found = found.into_iter().next().map(Arc::new);
        if let Some(table) = &found {
            self.tables.insert(route.target.clone(), Arc::clone(table));
        }
        Ok(found)
    }

    /// The source's event trigger told of a definition.
    async fn told(&mut self, content: &[u8]) -> Result<(), Interruption> {
        let told = match definition::read(content) {
            Ok(told) => told,
            Err(error) => {
                self.surroundings.warn(format!(
                    "a message with the prefix {} can't be read and is left out: {error}",
                    DDL
                ));
                return Ok(());
            }
        };
        match told {
            Told::Table { table, .. } => match self.routes.get(table.id).cloned() {
                Some(route) => {
                    self.look_at(table.id).await?;
                    self.redefine(&route, table).await
                }
                None => {
                    let wanted = self.surroundings.task.selection.includes(&table.name);
                    let applied = self.surroundings.task.settings.ddl.altered == DdlPolicy::Apply;
                    if wanted && applied && !self.strangers.contains(&table.id) {
                        // It is made, and what it holds is copied, when this transaction is done.
                        self.new_table = Some(table.id);
                    }
                    Ok(())
                }
            },
            Told::Dropped { dropped } => {
                let Some(route) = self.routes.get(dropped.id).cloned() else {
                    return Ok(());
                };
                if self.change(&route, &SchemaChange::DropTable).await? {
                    self.tables.remove(&route.target);
                }
                self.redefined.insert(route.target.clone());
                self.routes.remove(dropped.id);
                self.worker().begin();
                let forget = forget_table(self.control.lease(), &route.source);
                self.worker()
                    .applier
                    .execute(&forget)
                    .await
                    .map_err(Error::from)?;
                self.surroundings.status.send_modify(|status| {
                    status.tables.remove(&route.source);
                });
                Ok(())
            }
        }
    }

    /// A table that gets a key, or loses it, changes its publication, and partitions that come or go are to do so at the target, when this
    /// transaction is done.
    async fn look_at(&mut self, table: RelationId) -> Result<(), Interruption> {
        // In a transaction that is to be prepared nothing is to be seen, and the source's locks stay; the tables are looked at after its end.
        if self.surroundings.task.settings.ddl.altered != DdlPolicy::Apply || self.is_preparing() {
            return Ok(());
        }
        let schema = schema::definition::Schema::read_ids(self.source.client(), &[table]).await?;
        let Some(now) = schema.tables.iter().find(|other| other.id == table) else {
            return Ok(());
        };
        let inserts = inserts_only_of(&schema).contains(&table);
        let moves = self
            .inserts_only
            .as_ref()
            .is_some_and(|before| before.contains(&table) != inserts);
        if moves || !now.has_rows() || now.partition.is_some() {
            self.new_table = Some(table);
        }
        Ok(())
    }

    /// A table looks different from what it was.
    async fn redefine(&mut self, route: &Route, after: TableShape) -> Result<(), Interruption> {
        let mut route = route.clone();
        let before = std::mem::replace(&mut route.shape, after);
        let told = Told::Table {
            tag: String::new(),
            table: route.shape.clone(),
        };
        let old_name = std::mem::replace(&mut route.source, route.shape.name.clone());
        // What others see of the table is what it is before this transaction's changes.
        self.target_table(&route).await?;
        for change in definition::changes(&before, &told) {
            if !self.change(&route, &change).await? {
                continue;
            }
            let table = self.tables.remove(&route.target);
            if let SchemaChange::RenameTable { to } = &change {
                route.target.clone_from(to);
            }
            if let Some(table) = table {
                let kind = match redefine::column_of(&change) {
                    Some(column) => target_type(self.control.client(), &column.type_name).await?,
                    None => None,
                };
                let table = redefine::after(&table, &change, kind.as_ref());
                self.tables.insert(route.target.clone(), Arc::new(table));
            }
        }
        let mut record = route.record();
        let counted = statistics::text(&self.surroundings.status.borrow(), &old_name);
        record.statistics = counted.or(record.statistics);
        let worker = self.worker();
        worker.begin();
        worker
            .applied()
            .tables
            .entry(route.shape.id)
            .or_default()
            .ddls += 1;
        let saved = worker.applier.save_table(&record).await;
        saved.map_err(Error::from)?;
        if old_name != route.source {
            let forget = forget_table(self.control.lease(), &old_name);
            let forgotten = self.worker().applier.execute(&forget).await;
            forgotten.map_err(Error::from)?;
            self.surroundings.status.send_modify(|status| {
                if let Some(table) = status.tables.remove(&old_name) {
                    status.tables.insert(route.source.clone(), table);
                }
            });
        }
        self.redefined.insert(route.target.clone());
        self.routes.insert(route);
        Ok(())
    }

    /// Does a change at the target, if the settings want it. Whether it was done.
    async fn change(&mut self, route: &Route, change: &SchemaChange) -> Result<bool, Interruption> {
        let settings = &self.surroundings.task.settings;
        let (policy, setting) = definition::policy(&settings.ddl, change);
        let what = format!("{}: {}", route.source, definition::describe(change));
        match policy {
            DdlPolicy::Stop => Err(Error::StoppedByPolicy {
                task: self.surroundings.task.name.clone(),
                policy: format!("ChangeProcessingDdlHandlingPolicy.{setting}"),
                reason: what,
            }
            .into()),
            DdlPolicy::Ignore => {
                self.surroundings
                    .warn(format!("{what} at the source; {setting} says to ignore it"));
                Ok(false)
            }
            DdlPolicy::Apply => {
                self.worker().begin();
                for statement in schema::change::statements(&route.target, change) {
                    let done = self.worker().applier.execute(&statement).await;
                    done.map_err(Error::from)?;
                }
                let forgotten = self.worker().applier.forget_statements().await;
                forgotten.map_err(Error::from)?;
                self.surroundings.inform(what);
                self.surroundings.crash_point(crash_points::DDL_APPLIED);
                Ok(true)
            }
        }
    }
}
