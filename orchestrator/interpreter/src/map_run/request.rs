//! What the fields of the distributed mode come to.

use std::sync::Arc;

use asl::definition::Seconds;
use asl::distributed::{Distributed, Percentage};
use asl::query::PayloadTemplate;
use expression::value::Value;

use crate::failures::Fault;
use crate::jsonata::Field;
use crate::map_run::{Batch, MapRunRequest};
use crate::reading::Source;
use crate::step::Stepper;
use crate::thread::ThreadId;

impl Stepper<'_> {
    /// What the fields of the distributed mode come to. AWS evaluates them after the state's start is recorded.
    pub(crate) fn map_run_request(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        distributed: &Distributed,
    ) -> Result<MapRunRequest, Fault> {
        let payload = |template: Option<&PayloadTemplate>, field: Field<'_>| {
            template
                .map(|template| self.evaluate(thread, source, template, field))
                .transpose()
        };
        let number = |number: Option<&Seconds>, field: &str| {
            number
                .map(|number| self.seconds(thread, source, number, field))
                .transpose()
        };
        let tolerated_count = self.tolerated_count(thread, source, distributed)?;
        let tolerated_percentage = self.tolerated_percentage(thread, source, distributed)?;
        let reader = distributed.reader.as_ref();
        let reader_field = Field::Named("ItemReader");
        let writer = distributed.writer.as_ref();
        let writer_field = Field::Named("ResultWriter");
        let batch = match &distributed.batcher {
            None => None,
            Some(batcher) => {
                let field = Field::Named("ItemBatcher");
                let field = Field::Member(&field, "BatchInput");
                Some(Batch {
                    max_items: number(batcher.max_items.as_ref(), "MaxItemsPerBatch")?,
                    max_bytes: number(batcher.max_bytes.as_ref(), "MaxInputBytesPerBatch")?,
                    input: payload(batcher.input.as_ref(), field)?,
                })
            }
        };
        Ok(MapRunRequest {
            arn: Arc::from(""),
            items: None,
            reader: payload(
                reader.and_then(|reader| reader.parameters.as_ref()),
                Field::Member(&reader_field, "Arguments"),
            )?,
            max_items: number(
                reader.and_then(|reader| reader.max_items.as_ref()),
                "MaxItems",
            )?,
            max_concurrency: 0,
            tolerated_count,
            tolerated_percentage,
            batch,
            writer: payload(
                writer.and_then(|writer| writer.target.as_ref()),
                Field::Member(&writer_field, "Arguments"),
            )?,
        })
    }

    fn tolerated_count(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        distributed: &Distributed,
    ) -> Result<Option<u64>, Fault> {
        const FIELD: &str = "ToleratedFailureCount";
        let path = match &distributed.tolerated_count {
            None => return Ok(None),
            Some(Seconds::Path(path)) => path,
            Some(other @ (Seconds::Fixed(_) | Seconds::Query(_))) => {
                return self.seconds(thread, source, other, FIELD).map(Some);
            }
        };
        let value = self
            .with_scope(thread, source.root.value(), |scope| path.evaluate(scope))
            .map_err(|error| {
                self.field_failure(thread, "ToleratedFailureCountPath", path.text(), error)
            })?;
        match value.as_i64() {
            Some(count) => match u64::try_from(count) {
                Ok(count) => Ok(Some(count)),
                Err(_) => {
                    let cause = format!("{FIELD} cannot be negative.");
                    Err(self.runtime_failure(thread, &cause))
                }
            },
            None => Err(self.wrong_number(thread, FIELD, "integer", &value, path.text())),
        }
    }

    fn tolerated_percentage(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        distributed: &Distributed,
    ) -> Result<Option<f64>, Fault> {
        const FIELD: &str = "ToleratedFailurePercentage";
        let percentage = match &distributed.tolerated_percentage {
            None => return Ok(None),
            Some(Percentage::Fixed(percentage)) => *percentage,
            Some(Percentage::Query(query)) => {
                let field = Field::Named(FIELD);
                let value = self.query(thread, source, query, field)?;
                value
                    .as_f64()
                    .ok_or_else(|| self.type_failure(thread, query, field, "number", &value))?
            }
            Some(Percentage::Path(path)) => {
                let value = self
                    .with_scope(thread, source.root.value(), |scope| path.evaluate(scope))
                    .map_err(|error| {
                        let field = "ToleratedFailurePercentagePath";
                        self.field_failure(thread, field, path.text(), error)
                    })?;
                value
                    .as_f64()
                    .ok_or_else(|| self.wrong_number(thread, FIELD, "float", &value, path.text()))?
            }
        };
        if (0.0..=100.0).contains(&percentage) {
            return Ok(Some(percentage));
        }
        let cause = format!("{FIELD} must be between 0 and 100.");
        Err(self.runtime_failure(thread, &cause))
    }

    fn wrong_number(
        &self,
        thread: ThreadId,
        field: &str,
        expected: &str,
        value: &Value,
        path: &str,
    ) -> Fault {
        let shown = match value {
            Value::String(text) => text.to_string(),
            other => other.to_text(),
        };
        let cause = format!(
            "The {field}Path field refers to value \"{shown}\" which is not a valid {expected}: {path}"
        );
        self.runtime_failure(thread, &cause)
    }
}
