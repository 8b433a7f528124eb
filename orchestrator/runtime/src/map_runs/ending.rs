//! The end of a Map Run: its results, its record, and what its Map state is told.

use asl::distributed::{Distributed, ResultTransformation};
use interpreter::failure::{Failure, names};
use interpreter::map_run::MapRunOutcome;
use interpreter::payload::Payload;
use store::map_runs::MapRunStatus;

use crate::items::{ResultWriter, WriteResults, writer_failed};
use crate::map_runs::results::Gathered;
use crate::map_runs::run::{Halt, PAGE, Run};

impl Run {
    /// Writes the results, where they are to be written, and that the run is over.
    pub(super) async fn finish(&mut self) -> Result<(), Halt> {
        self.leave_pending();
        if let Some(target) = self.scheduled.request.writer.clone() {
            match self.write_results(target).await? {
                Ok(output) => self.progress.output = Some(output),
                // What ended it first stays the reason.
                Err(failure) => {
                    self.progress.failure.get_or_insert(failure);
                }
            }
        }
        self.record.status = match (self.is_cancelled, &self.progress.failure) {
            (true, _) => MapRunStatus::Aborted,
            (false, Some(_)) => MapRunStatus::Failed,
            (false, None) => MapRunStatus::Succeeded,
        };
        self.record.stopped_at = Some(self.engine.options.world.now());
        self.write(Vec::new).await?;
        self.show();
        Ok(())
    }

    async fn write_results(&mut self, target: Payload) -> Result<Result<String, Failure>, Halt> {
        let Some(store) = self.engine.options.items.clone() else {
            return Ok(Err(writer_failed(
                "the server was started without anything that writes results",
            )));
        };
        let writer = self.distributed.writer.as_ref();
        loop {
            let request = WriteResults {
                map_run_arn: self.scheduled.request.arn.clone(),
                run: self.record.name.rsplit(':').next().unwrap_or("").into(),
                parameters: target.clone(),
                config: writer.and_then(|writer| writer.config).unwrap_or_default(),
            };
            let mut writer = match store.create(request).await {
                Ok(writer) => writer,
                Err(failure) => return Ok(Err(failure)),
            };
            let parent = self.record.parent;
            match self.engine.write_results(parent, &mut *writer).await {
                Ok(Ok(count)) => {
                    if let Err(failure) = self.write_pending(&mut *writer).await {
                        return Ok(Err(failure));
                    }
                    let finished = writer.finish().await;
                    if finished.is_ok() {
                        self.progress.results_written = count;
                    }
                    return Ok(finished.map(|output| output.to_text()));
                }
                Ok(Err(failure)) => return Ok(Err(failure)),
                // From the beginning: what was written before is replaced.
                Err(error) => self.pause(&error).await?,
            }
        }
    }

    /// Gives the writer what would have become children, as far as that is known: a run that did not come to its end has not asked its
    /// reader for everything.
    async fn write_pending(&mut self, writer: &mut dyn ResultWriter) -> Result<(), Failure> {
        let is_whole = !self.is_cancelled && self.progress.failure.is_none();
        if is_whole || self.progress.total.is_none() {
            return Ok(());
        }
        let mut number = self.progress.children;
        loop {
            let mut group = Vec::new();
            while group.len() < PAGE
                // Of an item without an input no child could begin.
                && let Ok(Some(input)) = self.next_input().await
            {
                group.push(self.family.pending(&self.engine, number, input.payload));
                number += 1;
            }
            if group.is_empty() {
                return Ok(());
            }
            writer.add(group).await?;
        }
    }

    /// Whether a redrive goes on with this run. AWS, "Redriving Map Runs": after these two failures another one is started, and also
    /// where no child was.
    fn can_go_on_after(&self, failure: &Failure) -> bool {
        let error = failure.error.as_deref();
        let is_final = matches!(error, Some(names::DATA_LIMIT_EXCEEDED | names::RUNTIME));
        self.progress.children > 0 && !is_final
    }

    /// What the Map state is told.
    pub(super) async fn outcome(mut self) -> Result<Option<MapRunOutcome>, Halt> {
        match self.record.status {
            MapRunStatus::Aborted => return Ok(None),
            MapRunStatus::Failed => {
                let failure = self.progress.failure.take().unwrap_or_default();
                return Ok(Some(match self.can_go_on_after(&failure) {
                    true => MapRunOutcome::Failed(failure),
                    false => MapRunOutcome::FailedForGood(failure),
                }));
            }
            MapRunStatus::Succeeded | MapRunStatus::Running => {}
        }
        if let Some(output) = self.progress.output.take() {
            let output = Payload::of_known_text(output);
            return Ok(Some(MapRunOutcome::Succeeded(output)));
        }
        let gathered = match self.results.finish() {
            Gathered::NotAll => {
                let transformation = transformation(&self.distributed);
                let (engine, parent) = (self.engine.clone(), self.record.parent);
                self.retry(|| engine.read_results(parent, transformation))
                    .await?
            }
            gathered => gathered,
        };
        Ok(Some(match gathered {
            Gathered::All(results) => MapRunOutcome::Succeeded(results),
            Gathered::TooLong | Gathered::NotAll => MapRunOutcome::TooLong,
        }))
    }
}

/// In which form results are the Map's output: AWS, "ResultWriter", names what holds where nothing is said.
pub(crate) fn transformation(distributed: &Distributed) -> ResultTransformation {
    let writer = distributed.writer.as_ref();
    match writer.and_then(|writer| writer.config) {
        Some(config) => config.transformation,
        None => ResultTransformation::Compact,
    }
}
