//! Loads parts of tables: COPY from a snapshot of the source, piped into COPY at the target, with the note that the part is loaded in the
//! same transaction.

use std::num::Saturating;

use replication::relation::TableName;
use replication::table::{TargetColumn, TargetTable};
use wire::Session;
use wire::session::Mode;

use crate::Error;
use crate::schema::definition::TableDefinition;
use crate::schema::quote::{identifier, identifiers, literal, relation};
use crate::target::control::{DIVISION_BY_ZERO, Lease};
use crate::target::records::PartRecord;

/// A part of a table to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The table, as the control tables know it.
    pub table: TableName,
    /// Which part.
    pub number: i32,
    /// The table at the source that has the rows: a partition, if `table` is partitioned.
    pub from: TableName,
    /// The table at the target.
    pub to: TableName,
    /// The columns, which have the same names at both ends.
    pub columns: Vec<String>,
    /// Which pages of the heap; all without.
    pub pages: Option<Pages>,
    /// Only rows for which this holds: an expression.
    pub filter: Option<String>,
    /// How the rows travel.
    pub format: Format,
}

/// Pages of a heap, from one on, up to one (exclusive) or to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// The first.
    pub from: u32,
    /// The one after the last; none for a part that goes to the end, wherever that is by then.
    pub to: Option<u32>,
}

/// COPY's formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Faster, where both ends have the same types.
    Binary,
    /// For every type, and where one becomes another.
    Text,
}

/// What has come over since the last time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes.
    pub bytes: u64,
    /// Rows, which are told at the end of a part.
    pub rows: u64,
}

/// A session at each end.
#[derive(Debug)]
pub struct Loader {
    source: Session,
    target: Session,
    lease: Lease,
}

impl Format {
    /// How a table's rows can travel: in binary form if all types have one and are the same at both ends.
    #[must_use]
    pub fn between(source: &TableDefinition, target: &TargetTable) -> Self {
        let same = source.copied_columns().all(|column| {
            let shape = &column.shape;
            target.columns.iter().any(|there| {
                there.name == shape.name && is_same_type(there, &shape.type_name, shape.type_id)
            })
        });
        if same && source.is_binary() {
            Self::Binary
        } else {
            Self::Text
        }
    }
}

/// Whether a column of the target's has the type of the source's column: its name with its modifier, and its OID.
#[must_use]
pub fn is_same_type(target: &TargetColumn, type_name: &str, type_id: u32) -> bool {
    // Types of the user's have other OIDs in each database.
    if target.type_id < 16384 && type_id < 16384 {
        target.type_id == type_id
    } else {
        same_type(&target.type_name, type_name)
    }
}

/// Whether a type of the target's is one of the source's, which comes with its modifier. Only types of the user's have other OIDs, and they have
/// no modifiers, but for those of some extensions.
fn same_type(target: &str, source: &str) -> bool {
    let plain = match source.split_once('(') {
        Some((name, rest)) => match rest.split_once(')') {
            Some((_, after)) => format!("{name}{after}"),
            None => source.to_owned(),
        },
        None => source.to_owned(),
    };
    target == source || target == plain
}

impl Loader {
    /// Connects to both ends. The source's session sees the snapshot, and nothing later.
    ///
    /// # Errors
    /// When an end can't be reached, or the snapshot is gone.
    pub async fn connect(
        source: &wire::Settings,
        target: &wire::Settings,
        lease: &Lease,
        snapshot: &str,
    ) -> Result<Self, Error> {
        let at_source = || format!("read the snapshot {snapshot} of {}", source.host_list());
        let at_target = || format!("prepare a session at {}", target.host_list());
        let mut from = Session::connect(source, Mode::Sql)
            .await
            .map_err(Error::wire(at_source()))?;
        from.simple(&format!(
            "begin isolation level repeatable read read only; set transaction snapshot {}",
            literal(snapshot)
        ))
        .await
        .map_err(Error::wire(at_source()))?;
        let mut to = Session::connect(target, Mode::Sql)
            .await
            .map_err(Error::wire(at_target()))?;
        // A crash of the target that loses a part also loses the note that it was loaded.
        to.simple("set synchronous_commit = off")
            .await
            .map_err(Error::wire(at_target()))?;
        match to.simple("set session_replication_role = replica").await {
            Ok(_) => {}
            // Insufficient privilege: then triggers fire.
            Err(error) if error.code() == Some("42501") => {}
            Err(error) => return Err(Error::wire(at_target())(error)),
        }
        Ok(Self {
            source: from,
            target: to,
            lease: lease.clone(),
        })
    }

    /// Loads a part, in a transaction of its own at the target.
    ///
    /// # Errors
    /// When the rows can't be read or written, or the task was taken over. Both sessions are of no use then.
    pub async fn load(
        &mut self,
        part: &Part,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<PartRecord, Error> {
        let reading = || format!("copy the rows of {}", part.from);
        let writing = || format!("load rows into the table {} of the target", part.to);
        let mut bytes = Saturating(0_u64);
        self.hold(part).await?;
        self.target
            .simple("begin")
            .await
            .map_err(Error::wire(writing()))?;
        let mut copy_out =
            self.source
                .copy_out(&part.select())
                .await
                .map_err(|error| match error.code() {
                    // A column was dropped or renamed since the definition was read.
                    Some("42703") => Error::Redefined {
                        table: part.table.clone(),
                    },
                    _ => Error::wire(reading())(error),
                })?;
        let mut copy_in = self
            .target
            .copy_in(&part.insert())
            .await
            .map_err(Error::wire(writing()))?;
        let mut next = copy_out.next().await.map_err(Error::wire(reading()))?;
        while let Some(chunk) = next {
            let length = chunk.len() as u64;
            // While one chunk is written the next is read.
            let (sent, read) = tokio::join!(copy_in.send(chunk), copy_out.next());
            sent.map_err(Error::wire(writing()))?;
            next = read.map_err(Error::wire(reading()))?;
            bytes += length;
            progress(Progress {
                bytes: length,
                rows: 0,
            });
        }
        let rows = copy_in.finish().await.map_err(Error::wire(writing()))?;
        progress(Progress { bytes: 0, rows });
        let record = PartRecord {
            table: part.table.clone(),
            part: part.number,
            rows,
            bytes: bytes.0,
        };
        let noted = self.target.simple(&self.note(&record)).await;
        noted.map_err(|error| match error.code() {
            Some(DIVISION_BY_ZERO) => Error::Fenced {
                task: self.lease.task.clone(),
            },
            _ => Error::wire(writing())(error),
        })?;
        Ok(record)
    }

    /// Keeps the table's definition as it is until the session ends, if its rows still are where the snapshot sees them: a table that was
    /// rewritten since (another type of a column) looks empty to the snapshot.
    async fn hold(&mut self, part: &Part) -> Result<(), Error> {
        let table = relation(&part.from);
        // The function tells what is, the catalogue's row what the snapshot sees.
        let lock = format!(
            "lock table only {table} in access share mode; \
             select pg_relation_filenode(c.oid) = c.relfilenode from pg_class c where c.oid = {}::regclass",
            literal(&table)
        );
        let redefined = || Error::Redefined {
            table: part.table.clone(),
        };
        let answer = match self.source.simple(&lock).await {
            Ok(answer) => answer,
            // The table, or its schema, is not there any more.
            Err(error) if matches!(error.code(), Some("42P01" | "3F000")) => {
                return Err(redefined());
            }
            Err(error) => {
                return Err(Error::wire(format!("copy the rows of {}", part.from))(
                    error,
                ));
            }
        };
        let row = answer.last().and_then(|rows| rows.rows.first());
        match row.and_then(|row| row.get(0)) {
            Some("t") => Ok(()),
            _ => Err(redefined()),
        }
    }

    /// Ends both sessions.
    pub async fn close(self) {
        self.source.close().await;
        self.target.close().await;
    }

    fn note(&self, record: &PartRecord) -> String {
        format!(
            "insert into {schema}.parts (task, source_schema, source_table, part, row_count, byte_count) \
             select {task}, {source_schema}, {source_table}, {part}, {rows}, {bytes} \
             where 1 / (select count(*) from (select from {schema}.checkpoints where task = {task} and epoch = {epoch} for key share) f) = 1 \
             on conflict (task, source_schema, source_table, part) \
             do update set row_count = excluded.row_count, byte_count = excluded.byte_count; commit",
            schema = identifier(&self.lease.schema),
            task = literal(&self.lease.task),
            epoch = self.lease.epoch,
            source_schema = literal(&record.table.schema),
            source_table = literal(&record.table.table),
            part = record.part,
            rows = record.rows,
            bytes = record.bytes,
        )
    }
}

impl Part {
    fn select(&self) -> String {
        let columns = identifiers(self.columns.iter().map(String::as_str));
        let table = relation(&self.from);
        let mut conditions = Vec::new();
        if let Some(pages) = self.pages {
            if pages.from > 0 {
                conditions.push(format!("ctid >= '({},0)'", pages.from));
            }
            if let Some(to) = pages.to {
                conditions.push(format!("ctid < '({to},0)'"));
            }
        }
        if let Some(filter) = &self.filter {
            conditions.push(format!("({filter})"));
        }
        let format = self.format.clause();
        // A table without columns has rows all the same; it can only be named as a whole.
        if self.columns.is_empty() && conditions.is_empty() {
            return format!("copy {table} to stdout{format}");
        }
        if conditions.is_empty() {
            return format!("copy {table} ({columns}) to stdout{format}");
        }
        format!(
            "copy (select {columns} from only {table} where {}) to stdout{format}",
            conditions.join(" and ")
        )
    }

    fn insert(&self) -> String {
        let columns = identifiers(self.columns.iter().map(String::as_str));
        let table = relation(&self.to);
        let format = self.format.clause();
        if self.columns.is_empty() {
            return format!("copy {table} from stdin{format}");
        }
        format!("copy {table} ({columns}) from stdin{format}")
    }
}

impl Format {
    fn clause(self) -> &'static str {
        match self {
            Self::Binary => " (format binary)",
            Self::Text => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use replication::relation::TableName;

    use super::{Format, Pages, Part, same_type};

    #[test]
    fn a_part_is_read_by_its_pages_and_filter() {
        let check = |pages: Option<Pages>, filter: Option<&str>, format, expected: &str| {
            let part = Part {
                table: TableName::new("s", "t"),
                number: 0,
                from: TableName::new("s", "t1"),
                to: TableName::new("S", "t"),
                columns: vec!["a".to_owned(), "b c".to_owned()],
                pages,
                filter: filter.map(str::to_owned),
                format,
            };
            assert_eq!(part.select(), expected);
        };
        let pages = |from, to| Some(Pages { from, to });
        check(
            None,
            None,
            Format::Binary,
            "copy \"s\".\"t1\" (\"a\", \"b c\") to stdout (format binary)",
        );
        check(
            pages(0, None),
            None,
            Format::Text,
            "copy \"s\".\"t1\" (\"a\", \"b c\") to stdout",
        );
        check(
            pages(0, Some(5)),
            None,
            Format::Text,
            "copy (select \"a\", \"b c\" from only \"s\".\"t1\" where ctid < '(5,0)') to stdout",
        );
        check(
            pages(5, None),
            Some("a > 1"),
            Format::Text,
            "copy (select \"a\", \"b c\" from only \"s\".\"t1\" where ctid >= '(5,0)' and (a > 1)) to stdout",
        );
    }

    #[test]
    fn types_are_the_same_whatever_their_modifier() {
        assert!(same_type("public.vector", "public.vector(3)"));
        assert!(same_type("s.mood[]", "s.mood[]"));
        assert!(!same_type("s.mood", "t.mood"));
    }
}
