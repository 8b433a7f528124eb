//! The seam to what reads the items of a distributed Map, and writes its results.

use std::fmt;
use std::sync::Arc;

use asl::distributed::{ReaderConfig, ReaderResource, WriterConfig};
use expression::value::Value;
use futures_util::future::BoxFuture;
use interpreter::context::iso_time;
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use store::records::ExecutionStatus;

use crate::views::ExecutionView;

/// Reads items and writes results where a definition says.
///
/// What it refuses is a failure of the Map state: [`reader_failed`] or [`writer_failed`] with a cause for people.
pub trait ItemStore: fmt::Debug + Send + Sync + 'static {
    /// Opens the items from a position on: none for the beginning, or the [`Chunk::next`] of an earlier reading, perhaps by an earlier process.
    fn open(
        &self,
        request: ReadItems,
        from: Option<Arc<str>>,
    ) -> BoxFuture<'static, Result<Box<dyn ItemReader>, Failure>>;

    /// Begins to write the results of a Map Run. After a crash it is asked again for the same run, from its first result, and replaces what
    /// it wrote before.
    fn create(
        &self,
        request: WriteResults,
    ) -> BoxFuture<'static, Result<Box<dyn ResultWriter>, Failure>>;
}

/// Items that are being read. Dropping it ends the reading.
pub trait ItemReader: Send {
    /// The next items, some hundreds or about a megabyte at once; `None` at the end. A chunk may be empty.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Chunk>, Failure>>;
}

/// Results that are being written. Dropping it ends the writing.
pub trait ResultWriter: Send {
    /// Takes the next children, in the order of their items. Those that have not ended were not begun when the run ended: they are pending.
    fn add(&mut self, children: Vec<ExecutionView>) -> BoxFuture<'_, Result<(), Failure>>;

    /// Finishes; gives what the Map state puts out: `MapRunArn` and `ResultWriterDetails`.
    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<Value, Failure>>;
}

/// Which items are asked for; everything is evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadItems {
    /// `ItemReader.Resource`
    pub resource: ReaderResource,
    /// `ItemReader.Parameters` or `Arguments`: `Bucket`, and `Key` or `Prefix`.
    pub parameters: Payload,
    /// `ItemReader.ReaderConfig`
    pub config: ReaderConfig,
    /// How many are wanted at most. Whoever asked counts, too: this is for a reader that can save work.
    pub max_items: Option<u64>,
}

/// Items one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    /// The items.
    pub items: Vec<Item>,
    /// Where the chunk after this one begins, whatever became of this one.
    pub next: Arc<str>,
}

/// One item.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its value: what the child gets unless there is an ItemSelector.
    pub value: Value,
    /// `$$.Map.Item.Key`: its name, for items that are an object's members.
    pub key: Option<Arc<str>>,
    /// `$$.Map.Item.Source`: `S3://bucket/key`
    pub source: Option<Arc<str>>,
}

/// Where results are to be written; everything is evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteResults {
    /// The run's ARN.
    pub map_run_arn: Arc<str>,
    /// The part of the ARN that is the run's own: the name of its folder.
    pub run: Arc<str>,
    /// `ResultWriter.Parameters` or `Arguments`: `Bucket` and `Prefix`.
    pub parameters: Payload,
    /// `ResultWriter.WriterConfig`
    pub config: WriterConfig,
}

/// A failure of reading items, as Retry and Catch see it.
#[must_use]
pub fn reader_failed(cause: impl Into<Arc<str>>) -> Failure {
    Failure::new(interpreter::failure::names::ITEM_READER_FAILED, cause)
}

/// A failure of writing results, as Retry and Catch see it.
#[must_use]
pub fn writer_failed(cause: impl Into<Arc<str>>) -> Failure {
    Failure::new(interpreter::failure::names::RESULT_WRITER_FAILED, cause)
}

/// A child as AWS describes it among the results of its run, where nothing else is asked for.
#[must_use]
pub fn described(child: &ExecutionView) -> Value {
    let text = |payload: &Payload| Value::from(payload.text());
    let included = || Value::object([("Included", true.into())]);
    let mut members: Vec<(&str, Value)> = Vec::with_capacity(16);
    if let Some(failure) = &child.failure {
        if let Some(cause) = &failure.cause {
            members.push(("Cause", cause.clone().into()));
        }
        if let Some(error) = &failure.error {
            members.push(("Error", error.clone().into()));
        }
    }
    members.push(("ExecutionArn", child.arn.clone().into()));
    members.push(("Input", text(&child.input)));
    members.push(("InputDetails", included()));
    members.push(("Name", child.name.clone().into()));
    if let Some(output) = &child.output {
        members.push(("Output", text(output)));
        members.push(("OutputDetails", included()));
    }
    let is_pending = child.status == ExecutionStatus::Running;
    if !is_pending {
        members.push(("RedriveCount", u64::from(child.redrive_count).into()));
        members.push(("StartDate", iso_time(child.started_at).into()));
    }
    members.push(("StateMachineArn", child.state_machine_arn.clone().into()));
    let status = match child.status {
        // The run has ended, so that it was not begun.
        ExecutionStatus::Running => "PENDING",
        ExecutionStatus::Succeeded => "SUCCEEDED",
        ExecutionStatus::Failed => "FAILED",
        ExecutionStatus::TimedOut => "TIMED_OUT",
        ExecutionStatus::Aborted => "ABORTED",
    };
    members.push(("Status", status.into()));
    if let Some(stopped_at) = child.stopped_at {
        members.push(("StopDate", iso_time(stopped_at).into()));
    }
    Value::object(members)
}
