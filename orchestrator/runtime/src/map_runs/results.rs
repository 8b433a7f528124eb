//! What a Map Run gives: the results of its children in the order of their items, gathered or written.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::distributed::ResultTransformation;
use expression::value::Value;
use interpreter::failure::Failure;
use interpreter::history::{EventKind, HistoryEvent};
use interpreter::payload::Payload;
use store::contract::Error as StoreError;
use store::encoding::decode_events;
use store::map_runs::ChildRecord;
use store::records::{ExecutionId, ExecutionStatus, Parent};

use crate::engine::Engine;
use crate::error::Error;
use crate::items::{ResultWriter, described};
use crate::reads::{ending, shown_name};
use crate::redrive::shown_redrives;
use crate::views::{ExecutionView, Redrivable};

/// How many children are read at once.
const PAGE: usize = 500;

/// Results that are gathered while children end, as long as there is a use for them.
pub(crate) struct Results {
    transformation: ResultTransformation,
    /// Texts of JSON values with commas between them, by child; none where nothing is to be gathered.
    texts: Option<BTreeMap<ExecutionId, Box<str>>>,
    bytes: usize,
    max_bytes: usize,
    is_too_long: bool,
}

/// What was gathered.
pub(crate) enum Gathered {
    /// All of it.
    All(Payload),
    /// It is longer than a state's output may be.
    TooLong,
    /// Some ended while nobody gathered.
    NotAll,
}

impl Results {
    /// Begins to gather.
    pub(crate) fn new(transformation: ResultTransformation, max_bytes: usize) -> Self {
        Self {
            transformation,
            texts: Some(BTreeMap::new()),
            bytes: 1,
            max_bytes,
            is_too_long: false,
        }
    }

    /// Gathers nothing: what it would come to is read later, or wanted by nobody.
    pub(crate) fn forget(&mut self) {
        self.texts = None;
    }

    /// Takes what a child gave.
    pub(crate) fn add(&mut self, id: ExecutionId, child: &ExecutionView) {
        let Some(texts) = &mut self.texts else { return };
        if self.is_too_long {
            return;
        }
        let text = shown(child, self.transformation);
        self.bytes += text.len() + 1;
        if self.bytes > self.max_bytes {
            self.is_too_long = true;
            texts.clear();
        } else if !text.is_empty() {
            texts.insert(id, text);
        }
    }

    /// What it came to.
    pub(crate) fn finish(&mut self) -> Gathered {
        let Some(texts) = self.texts.take() else {
            return Gathered::NotAll;
        };
        if self.is_too_long {
            return Gathered::TooLong;
        }
        let mut all = String::with_capacity(self.bytes + 1);
        all.push('[');
        for (number, text) in texts.into_values().enumerate() {
            if number > 0 {
                all.push(',');
            }
            all.push_str(&text);
        }
        all.push(']');
        Gathered::All(Payload::of_known_text(all))
    }
}

/// What a child stands for in its Map's output. A failed one is described whatever is asked for: so says AWS, "ResultWriter".
fn shown(child: &ExecutionView, transformation: ResultTransformation) -> Box<str> {
    let output = match (child.status, &child.output) {
        (ExecutionStatus::Succeeded, Some(output)) => output,
        _ => return described(child).to_text().into(),
    };
    match transformation {
        ResultTransformation::None => described(child).to_text().into(),
        ResultTransformation::Compact => output.text().into(),
        ResultTransformation::Flatten => match output.value() {
            Value::Array(items) => {
                let texts: Vec<String> = items.iter().map(Value::to_text).collect();
                texts.join(",").into()
            }
            _ => output.text().into(),
        },
    }
}

impl Engine {
    /// Reads what the children of a run gave, in the order of their items.
    pub(crate) async fn read_results(
        &self,
        parent: Parent,
        transformation: ResultTransformation,
    ) -> Result<Gathered, Error> {
        let max_bytes = self.options.limits.execution.payload_bytes;
        let mut results = Results::new(transformation, max_bytes);
        let mut after = None;
        loop {
            let page = self.store.children_with_ends(parent, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.record.id);
            for child in page {
                let id = child.record.id;
                results.add(id, &self.child_view(child).await?);
            }
            if results.is_too_long {
                break;
            }
        }
        Ok(results.finish())
    }

    /// Gives all children of a run to a writer; says how many there were.
    pub(crate) async fn write_results(
        &self,
        parent: Parent,
        writer: &mut dyn ResultWriter,
    ) -> Result<Result<u64, Failure>, Error> {
        let mut count = 0;
        let mut after = None;
        loop {
            let page = self.store.children_with_ends(parent, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.record.id);
            let mut children = Vec::with_capacity(page.len());
            for child in page {
                children.push(self.child_view(child).await?);
            }
            count += children.len() as u64;
            if let Err(failure) = writer.add(children).await {
                return Ok(Err(failure));
            }
        }
        Ok(Ok(count))
    }

    async fn child_view(&self, child: ChildRecord) -> Result<ExecutionView, Error> {
        let ChildRecord {
            record,
            first,
            last,
        } = child;
        let damaged = || StoreError::Damaged {
            what: format!("the history of execution {}", record.id.0),
            why: "it does not begin with ExecutionStarted".to_owned(),
        };
        let events = |chunk: Option<&Arc<[u8]>>| -> Result<Vec<HistoryEvent>, StoreError> {
            chunk.map_or(Ok(Vec::new()), |chunk| decode_events(chunk))
        };
        let first = events(first.as_ref())?;
        let input = match first.first().map(|event| &event.kind) {
            Some(EventKind::ExecutionStarted { input, .. }) => input.clone(),
            _ => return Err(damaged().into()),
        };
        let last = match record.status {
            ExecutionStatus::Running => None,
            _ => match &last {
                Some(last) => events(Some(last))?.pop(),
                None => first.into_iter().next_back(),
            },
        };
        let (output, failure) = ending(last);
        let machine = self.machine_name(record.machine).await?;
        let partition = &self.options.partition;
        let redrives = shown_redrives(&record);
        Ok(ExecutionView {
            arn: partition.recorded_execution(&machine, &record.name).into(),
            state_machine_arn: partition.state_machine(&machine).into(),
            state_machine_name: machine,
            name: shown_name(&record.name),
            status: record.status,
            started_at: record.started_at,
            stopped_at: record.stopped_at,
            input,
            output,
            failure,
            version_arn: None,
            alias_arn: None,
            redrive_count: redrives.map_or(0, |redrives| redrives.count),
            redriven_at: redrives.map(|redrives| redrives.last_at),
            redrivable: Redrivable::No("Execution is a child of a Map Run"),
            awaits_redrive: false,
            paused_at: record.paused_at,
            map_run_arn: None,
            trace_header: record.trace_header,
        })
    }
}
