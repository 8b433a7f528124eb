//! Search of executions by status, time, name and input, newest first, at a bounded cost.
//!
//! Executions are numbered in the order of their starts, so that a span of time is a span of numbers, whose end is found by halving.
//! Within it executions are looked at one by one. A call looks at so many at most; then it says where to go on.

use expression::value::Value;
use interpreter::history::EventKind;
use store::contract::{Direction, ExecutionFilter};
use store::records::{ExecutionId, ExecutionRecord, ExecutionStatus};

use crate::engine::Engine;
use crate::error::Error;
use crate::reads::shown_name;
use crate::redrive::shown_redrives;
use crate::views::{ExecutionItem, Found, InputField, Search};

/// How many executions one call looks at.
const EXECUTIONS: usize = 10_000;

/// How many inputs one call reads.
const INPUTS: usize = 1_000;

/// How many executions are read at once.
const PAGE: usize = 500;

/// By how much the clock may have been set back between two starts, in milliseconds: the order of the numbers tells times only so
/// exactly.
const CLOCK_STEPS: i64 = 60_000;

impl Engine {
    pub(crate) async fn search(
        &self,
        search: &Search,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Found, Error> {
        let machine = match &search.state_machine {
            None => None,
            Some(name) => Some(self.machine(name).await?.record.id),
        };
        let filter = ExecutionFilter {
            machine,
            status: search.status,
            started_by: None,
        };
        let mut before = match (before, search.started_before) {
            (Some(before), _) => Some(ExecutionId(before)),
            (None, Some(time)) => self.first_after(time).await?,
            (None, None) => None,
        };
        let mut found = Found::default();
        let mut inputs = 0;
        loop {
            let page = self.store.executions(filter.clone(), before, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(found);
            };
            let has_more = page.len() == PAGE;
            let last = last.id;
            for record in page {
                if search
                    .started_after
                    .is_some_and(|time| record.started_at < time.saturating_sub(CLOCK_STEPS))
                {
                    return Ok(found);
                }
                found.looked_at += 1;
                before = Some(record.id);
                if search.is_met_by_row(&record)
                    && self.is_met_by_input(search, &record, &mut inputs).await?
                {
                    found.executions.push(self.item(record).await?);
                }
                let is_enough = found.executions.len() >= limit
                    || found.looked_at >= EXECUTIONS
                    || inputs >= INPUTS;
                let is_last = before == Some(last) && !has_more;
                if is_enough && !is_last {
                    found.next = before.map(|id| id.0);
                    return Ok(found);
                }
            }
            if !has_more {
                return Ok(found);
            }
        }
    }

    /// The number below which everything started before that time, give or take what clocks are set; `None` for the newest.
    async fn first_after(&self, time: i64) -> Result<Option<ExecutionId>, Error> {
        let time = time.saturating_add(CLOCK_STEPS);
        let newest = self.newest_below(None).await?;
        let Some(newest) = newest.filter(|newest| newest.started_at >= time) else {
            return Ok(None);
        };
        // Everything from `high` on started later; what stands below `low` did not.
        let (mut low, mut high) = (0, newest.id.0);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.newest_below(Some(ExecutionId(middle + 1))).await? {
                Some(record) if record.started_at >= time => high = record.id.0,
                Some(_) | None => low = middle + 1,
            }
        }
        Ok(Some(ExecutionId(high)))
    }

    async fn newest_below(
        &self,
        before: Option<ExecutionId>,
    ) -> Result<Option<ExecutionRecord>, Error> {
        let any = ExecutionFilter::default();
        Ok(self.store.executions(any, before, 1).await?.pop())
    }

    async fn is_met_by_input(
        &self,
        search: &Search,
        record: &ExecutionRecord,
        inputs: &mut usize,
    ) -> Result<bool, Error> {
        if search.input.is_empty() {
            return Ok(true);
        }
        *inputs += 1;
        let first = self
            .store
            .history(record.id, 1, 1, Direction::Forward)
            .await?;
        Ok(match first.events.first().map(|event| &event.kind) {
            Some(EventKind::ExecutionStarted { input, .. }) => {
                let mut wanted = search.input.iter();
                wanted.all(|field| field.is_met_by(input.value()))
            }
            _ => false,
        })
    }

    /// An execution in a list.
    pub(crate) async fn item(&self, record: ExecutionRecord) -> Result<ExecutionItem, Error> {
        let machine = self.machine_name(record.machine).await?;
        let partition = &self.options.partition;
        let state_machine_arn = partition.state_machine(&machine);
        let (version_arn, alias_arn) = started_by(&state_machine_arn, &record);
        let redrives = shown_redrives(&record);
        Ok(ExecutionItem {
            number: record.id.0,
            arn: partition.recorded_execution(&machine, &record.name).into(),
            state_machine_arn: state_machine_arn.into(),
            name: shown_name(&record.name),
            status: record.status,
            started_at: record.started_at,
            stopped_at: record.stopped_at,
            version_arn,
            alias_arn,
            redrive_count: redrives.map_or(0, |redrives| redrives.count),
            redriven_at: redrives.map(|redrives| redrives.last_at),
            awaits_redrive: false,
            paused_at: record.paused_at,
        })
    }
}

/// The ARNs of the version and alias that an execution was started by.
pub(crate) fn started_by(
    machine: &str,
    record: &ExecutionRecord,
) -> (Option<std::sync::Arc<str>>, Option<std::sync::Arc<str>>) {
    let by = &record.started_by;
    (
        by.version
            .map(|number| crate::versions::version_arn(machine, number)),
        by.alias
            .as_ref()
            .map(|alias| format!("{machine}:{alias}").into()),
    )
}

impl Search {
    fn is_met_by_row(&self, record: &ExecutionRecord) -> bool {
        let is_paused = record.status == ExecutionStatus::Running && record.paused_at.is_some();
        self.name_prefix
            .as_ref()
            .is_none_or(|prefix| record.name.starts_with(&**prefix))
            && self
                .started_after
                .is_none_or(|time| record.started_at >= time)
            && self
                .started_before
                .is_none_or(|time| record.started_at < time)
            && self
                .is_redriven
                .is_none_or(|wanted| record.redrives.is_some() == wanted)
            && self.is_paused.is_none_or(|wanted| is_paused == wanted)
    }
}

impl InputField {
    /// Reads `customer.id=42` or `tags.0=new`: a path of members and elements, and the JSON value that stands there; what is no JSON is a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (path, value) = text.split_once('=')?;
        let path = path.strip_prefix("$.").unwrap_or(path);
        if path.contains('[') || path.split('.').any(str::is_empty) {
            return None;
        }
        Some(Self {
            path: path.split('.').map(str::to_owned).collect(),
            value: Value::parse(value).unwrap_or_else(|_| value.into()),
        })
    }

    fn is_met_by(&self, input: &Value) -> bool {
        let mut here = input;
        for part in &self.path {
            let next = match here {
                Value::Array(_) => part
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| here.as_array()?.get(index)),
                _ => here.get(part),
            };
            let Some(next) = next else { return false };
            here = next;
        }
        *here == self.value
    }
}

#[cfg(test)]
mod tests {
    use expression::value::Value;

    use crate::views::InputField;

    #[test]
    fn a_field_is_a_path_and_a_value() {
        let check = |field: &str, input: &str, is_met: bool| {
            let field = InputField::parse(field).expect("a field");
            let input = Value::parse(input).expect("JSON");
            assert_eq!(field.is_met_by(&input), is_met, "{field:?} {input:?}");
        };
        check("id=42", r#"{"id":42}"#, true);
        check("id=42", r#"{"id":"42"}"#, false);
        check(r#"id="42""#, r#"{"id":"42"}"#, true);
        check(
            "$.customer.name=Ada",
            r#"{"customer":{"name":"Ada"}}"#,
            true,
        );
        check("customer.name=Ada", r#"{"customer":{"name":"Ben"}}"#, false);
        check("customer.name=Ada", r#"{"customer":"Ada"}"#, false);
        check("items.1.sku=x", r#"{"items":[{},{"sku":"x"}]}"#, true);
        check("items.2.sku=x", r#"{"items":[{},{"sku":"x"}]}"#, false);
        check("flag=true", r#"{"flag":true}"#, true);
        check("gone=null", r#"{"gone":null}"#, true);
        check("gone=null", "{}", false);
        assert_eq!(InputField::parse("no value"), None);
        assert_eq!(InputField::parse("=x"), None);
        assert_eq!(InputField::parse("a..b=x"), None);
    }
}
