//! Reads state machines, their definitions, activities, tags and resources, and the highest numbers in use.

use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use store::contract::{Error, LastNumbers};
use store::records::{
    ActivityRecord, ResourceRecord, RevisionId, RevisionRecord, StateMachineId, StateMachineRecord,
    Tag,
};

use crate::errors::read_error;
use crate::rows::{integer, machine_type, number};

const LAST_NUMBERS: &str = "select
     max(coalesce((select max(id) from executions), 0), coalesce((select last from numbers where kind = 1), 0)),
     coalesce((select max(id) from state_machines), 0),
     coalesce((select max(id) from revisions), 0),
     max(coalesce((select max(number) from jobs), 0), coalesce((select last from numbers where kind = 2), 0))";

/// The highest numbers given out so far.
pub(crate) async fn last_numbers(pool: &SqlitePool) -> Result<LastNumbers, Error> {
    let row = sqlx::query(LAST_NUMBERS)
        .fetch_one(pool)
        .await
        .map_err(read_error)?;
    Ok(LastNumbers {
        execution: number(row.try_get(0).map_err(read_error)?),
        state_machine: number(row.try_get(1).map_err(read_error)?),
        revision: number(row.try_get(2).map_err(read_error)?),
        job: number(row.try_get(3).map_err(read_error)?),
    })
}

const MACHINE_BY_NAME: &str =
    "select id, name, machine_type, created_at, is_deleted, current, settings
     from state_machines where name = ?";

/// The state machine of that name, also when it is deleted.
pub(crate) async fn state_machine_by_name(
    pool: &SqlitePool,
    name: &str,
) -> Result<Option<StateMachineRecord>, Error> {
    let row = sqlx::query(MACHINE_BY_NAME)
        .bind(name.to_owned())
        .fetch_optional(pool)
        .await
        .map_err(read_error)?;
    row.as_ref().map(machine_record).transpose()
}

const MACHINE_BY_ID: &str =
    "select id, name, machine_type, created_at, is_deleted, current, settings
     from state_machines where id = ?";

/// The state machine with that number, also when it is deleted.
pub(crate) async fn state_machine(
    pool: &SqlitePool,
    id: StateMachineId,
) -> Result<Option<StateMachineRecord>, Error> {
    let row = sqlx::query(MACHINE_BY_ID)
        .bind(integer(id.0))
        .fetch_optional(pool)
        .await
        .map_err(read_error)?;
    row.as_ref().map(machine_record).transpose()
}

const MACHINES: &str = "select id, name, machine_type, created_at, is_deleted, current, settings
     from state_machines where id > ? and is_deleted = 0 order by id limit ?";

/// State machines that are not deleted, by number, after the given one.
pub(crate) async fn state_machines(
    pool: &SqlitePool,
    after: Option<StateMachineId>,
    limit: usize,
) -> Result<Vec<StateMachineRecord>, Error> {
    let rows = sqlx::query(MACHINES)
        .bind(after.map_or(-1, |id| integer(id.0)))
        .bind(integer(limit as u64))
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter().map(machine_record).collect()
}

fn machine_record(row: &SqliteRow) -> Result<StateMachineRecord, Error> {
    Ok(StateMachineRecord {
        id: StateMachineId(number(row.try_get(0).map_err(read_error)?)),
        name: text(row, 1).map_err(read_error)?,
        machine_type: machine_type(row.try_get(2).map_err(read_error)?)?,
        created_at: row.try_get(3).map_err(read_error)?,
        is_deleted: row.try_get(4).map_err(read_error)?,
        current: RevisionId(number(row.try_get(5).map_err(read_error)?)),
        settings: text(row, 6).map_err(read_error)?,
    })
}

const REVISION: &str = "select id, machine, definition, role_arn, created_at, public_id
     from revisions where id = ?";

/// A definition.
pub(crate) async fn revision(
    pool: &SqlitePool,
    id: RevisionId,
) -> Result<Option<RevisionRecord>, Error> {
    let row = sqlx::query(REVISION)
        .bind(integer(id.0))
        .fetch_optional(pool)
        .await
        .map_err(read_error)?;
    row.as_ref()
        .map(revision_record)
        .transpose()
        .map_err(read_error)
}

fn revision_record(row: &SqliteRow) -> Result<RevisionRecord, sqlx::Error> {
    Ok(RevisionRecord {
        id: RevisionId(number(row.try_get(0)?)),
        machine: StateMachineId(number(row.try_get(1)?)),
        definition: text(row, 2)?,
        role_arn: text(row, 3)?,
        created_at: row.try_get(4)?,
        public_id: row.try_get::<Option<&str>, _>(5)?.map(Arc::from),
    })
}

const ACTIVITY: &str = "select name, created_at from activities where name = ?";

/// The activity of that name.
pub(crate) async fn activity(
    pool: &SqlitePool,
    name: &str,
) -> Result<Option<ActivityRecord>, Error> {
    let row = sqlx::query(ACTIVITY)
        .bind(name.to_owned())
        .fetch_optional(pool)
        .await
        .map_err(read_error)?;
    row.as_ref()
        .map(activity_record)
        .transpose()
        .map_err(read_error)
}

const ACTIVITIES: &str =
    "select name, created_at from activities where name > ? order by name limit ?";

/// Activities by name, after the given one.
pub(crate) async fn activities(
    pool: &SqlitePool,
    after: Option<Arc<str>>,
    limit: usize,
) -> Result<Vec<ActivityRecord>, Error> {
    let rows = sqlx::query(ACTIVITIES)
        .bind(after.unwrap_or_default())
        .bind(integer(limit as u64))
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter()
        .map(activity_record)
        .collect::<Result<_, _>>()
        .map_err(read_error)
}

fn activity_record(row: &SqliteRow) -> Result<ActivityRecord, sqlx::Error> {
    Ok(ActivityRecord {
        name: text(row, 0)?,
        created_at: row.try_get(1)?,
    })
}

const TAGS: &str = "select key, value from tags where arn = ? order by position";

/// The tags of a resource, in the order they were set.
pub(crate) async fn tags(pool: &SqlitePool, arn: &str) -> Result<Vec<Tag>, Error> {
    let rows = sqlx::query(TAGS)
        .bind(arn.to_owned())
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter()
        .map(|row| {
            Ok(Tag {
                key: text(row, 0)?,
                value: text(row, 1)?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .map_err(read_error)
}

const RESOURCE: &str = "select kind, name, document from resources where kind = ? and name = ?";

/// The resource of that kind and name.
pub(crate) async fn resource(
    pool: &SqlitePool,
    kind: &str,
    name: &str,
) -> Result<Option<ResourceRecord>, Error> {
    let row = sqlx::query(RESOURCE)
        .bind(kind.to_owned())
        .bind(name.to_owned())
        .fetch_optional(pool)
        .await
        .map_err(read_error)?;
    row.as_ref()
        .map(resource_record)
        .transpose()
        .map_err(read_error)
}

const RESOURCES: &str = "select kind, name, document from resources where kind = ? order by name";

/// All resources of a kind, by name.
pub(crate) async fn resources(pool: &SqlitePool, kind: &str) -> Result<Vec<ResourceRecord>, Error> {
    let rows = sqlx::query(RESOURCES)
        .bind(kind.to_owned())
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter()
        .map(resource_record)
        .collect::<Result<_, _>>()
        .map_err(read_error)
}

fn resource_record(row: &SqliteRow) -> Result<ResourceRecord, sqlx::Error> {
    Ok(ResourceRecord {
        kind: text(row, 0)?,
        name: text(row, 1)?,
        document: text(row, 2)?,
    })
}

const PING: &str = "select count(*) from numbers";

/// Checks that the database can be read.
pub(crate) async fn ping(pool: &SqlitePool) -> Result<(), Error> {
    sqlx::query(PING)
        .fetch_one(pool)
        .await
        .map_err(read_error)?;
    Ok(())
}

fn text(row: &SqliteRow, column: usize) -> Result<Arc<str>, sqlx::Error> {
    row.try_get::<&str, _>(column).map(Arc::from)
}
