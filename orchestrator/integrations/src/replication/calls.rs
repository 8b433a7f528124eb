//! `dms:…`: what a task state asks of the replication tasks, and what it is answered.

use std::sync::Arc;

use asl::resource::{Pattern, ServiceCall};
use expression::value::Value;
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use runtime::tasks::TaskCall;

use crate::failures;
use crate::replication::conditions::judge;
use crate::replication::definition::Migration;
use crate::replication::parameters::{Condition, DescribeTables, DescribeTasks, Page, Start, Stop};
use crate::replication::registry::{ReplicationTasks, Started};

impl ReplicationTasks {
    /// Performs one call of a state.
    pub(crate) async fn perform(
        &self,
        service: &ServiceCall,
        call: &TaskCall,
    ) -> Result<Payload, Failure> {
        let answer = match (&*service.action, service.pattern) {
            ("startReplicationTask", pattern @ (Pattern::RequestResponse | Pattern::Sync)) => {
                self.start_for(call, pattern).await?
            }
            ("stopReplicationTask", pattern @ (Pattern::RequestResponse | Pattern::Sync)) => {
                self.stop_for(call, pattern).await?
            }
            ("describeReplicationTasks", Pattern::RequestResponse) => self.describe_tasks(call)?,
            ("describeTableStatistics", Pattern::RequestResponse) => self.describe_tables(call)?,
            _ => return Err(failures::unsupported(&call.resource)),
        };
        Ok(Payload::of(answer))
    }

    async fn start_for(&self, call: &TaskCall, pattern: Pattern) -> Result<Value, Failure> {
        let request = Start::read(&call.input)?;
        // From before the start on: an execution that is stopped in the middle of it must not leave a task behind.
        let mut guard = StopWhenDropped {
            tasks: self,
            identifier: &request.identifier,
            owner: &call.execution_arn,
            is_armed: pattern == Pattern::Sync,
        };
        let started = self
            .start(&request, &call.execution_arn, &call.attempt_id)
            .await;
        let waited = match (started, pattern) {
            (Err(failure), _) => Err(failure),
            (Ok(Started::Running(running)), Pattern::Sync) => {
                let condition = self.condition(&request);
                self.reach(&request.identifier, &running, condition).await
            }
            (Ok(Started::Ended(end)), Pattern::Sync) => judge(&end, self.condition(&request)),
            (Ok(_), _) => Ok(()),
        };
        guard.is_armed = false;
        waited?;
        self.described(&request.identifier)
    }

    /// What a state waits for that doesn't say it: that the task ends, if it does so by itself, or that it has caught up.
    fn condition(&self, request: &Start) -> Condition {
        let migration = match &request.definition {
            Some(definition) => Some(definition.migration),
            None => self.migration(&request.identifier),
        };
        request.wait_for.unwrap_or(match migration {
            Some(Migration::FullLoad) => Condition::Stopped,
            Some(Migration::Cdc | Migration::FullLoadAndCdc) | None => Condition::CaughtUp,
        })
    }

    async fn stop_for(&self, call: &TaskCall, pattern: Pattern) -> Result<Value, Failure> {
        let request = Stop::read(&call.input)?;
        if request.sets_sequences {
            // Every stop sets them as far as it can. Whoever asks for it wants to know that it was done.
            self.set_sequences(&request.identifier).await?;
        }
        let running = self.stop(&request.identifier).await?;
        if let (Some(running), Pattern::Sync) = (running, pattern) {
            self.reach(&request.identifier, &running, Condition::Stopped)
                .await?;
        }
        self.described(&request.identifier)
    }

    fn describe_tasks(&self, call: &TaskCall) -> Result<Value, Failure> {
        let request = DescribeTasks::read(&call.input)?;
        let names = self.names();
        let wanted = names.iter().filter(|name| {
            let identifiers = request.identifiers.as_ref();
            identifiers.is_none_or(|identifiers| identifiers.contains(name))
        });
        let tasks = wanted
            .map(|name| Ok(self.describe(name, request.without_settings)?.0))
            .collect::<Result<Vec<_>, Failure>>()?;
        let name = |task: &Value| member(task, "ReplicationTaskIdentifier");
        let (tasks, marker) = part(tasks, &request.page, name);
        Ok(listed([("ReplicationTasks", tasks)], marker))
    }

    fn describe_tables(&self, call: &TaskCall) -> Result<Value, Failure> {
        let request = DescribeTables::read(&call.input)?;
        let (_, tables) = self.describe(&request.identifier, true)?;
        let fits = |table: &&Value| {
            request.filters.iter().all(|(column, values)| {
                let member = match column.as_str() {
                    "schema-name" => "SchemaName",
                    "table-name" => "TableName",
                    _ => "TableState",
                };
                let value = table.get(member).and_then(Value::as_str);
                value.is_some_and(|value| values.iter().any(|wanted| wanted == value))
            })
        };
        let tables = tables.as_array().unwrap_or_default().iter();
        let (tables, marker) = part(
            tables.filter(fits).cloned().collect(),
            &request.page,
            table_name,
        );
        let arn = Value::from(self.arn(&request.identifier));
        Ok(listed(
            [("ReplicationTaskArn", arn), ("TableStatistics", tables)],
            marker,
        ))
    }

    /// A task and its first tables: a state's result has its limits, and who needs all of them can ask for them part by part.
    fn described(&self, identifier: &str) -> Result<Value, Failure> {
        let (task, tables) = self.describe(identifier, true)?;
        let tables = tables.as_array().unwrap_or_default().to_vec();
        let (tables, _) = part(tables, &Page::default(), table_name);
        Ok(Value::object([
            ("ReplicationTask", task),
            ("TableStatistics", tables),
        ]))
    }
}

/// The part of a list that is asked for, and the marker of the next one; the list is in the order of its names.
fn part(
    items: Vec<Value>,
    page: &Page,
    name: impl Fn(&Value) -> String,
) -> (Value, Option<String>) {
    let mut rest = items
        .into_iter()
        .filter(|item| page.after.as_ref().is_none_or(|after| name(item) > *after));
    let items: Vec<Value> = rest.by_ref().take(page.limit).collect();
    let marker = rest.next().and_then(|_| items.last()).map(name);
    (Value::array(items), marker)
}

fn listed<const N: usize>(members: [(&str, Value); N], marker: Option<String>) -> Value {
    let marker = marker.map(|marker| ("Marker", Value::from(marker)));
    Value::object(members.into_iter().chain(marker))
}

/// Two parts, apart by what no name has, so that the order is that of the pairs.
fn table_name(table: &Value) -> String {
    format!(
        "{}\u{1}{}",
        member(table, "SchemaName"),
        member(table, "TableName")
    )
}

fn member(value: &Value, name: &str) -> String {
    value
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Stops the task of a state that is cancelled while it waits: its execution was stopped, or its time is up.
struct StopWhenDropped<'a> {
    tasks: &'a ReplicationTasks,
    identifier: &'a str,
    owner: &'a Arc<str>,
    is_armed: bool,
}

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        if self.is_armed {
            self.tasks.stop_if_owned(self.identifier, self.owner);
        }
    }
}
