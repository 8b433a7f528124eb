//! The context object (`$$`), built when an expression first reads it.

use std::cell::OnceCell;
use std::sync::Arc;

use expression::scope::Context;
use expression::value::Value;
use jiff::Timestamp;

use crate::execution::{Identity, Supplement};
use crate::thread::Item;

/// What the context object is made of.
pub(crate) struct ContextObject<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) supplement: &'a Supplement,
    pub(crate) state_name: &'a Arc<str>,
    pub(crate) entered_at: i64,
    pub(crate) retry_count: Option<u32>,
    pub(crate) item: Option<&'a Item>,
    pub(crate) token: Option<String>,
    pub(crate) made: OnceCell<Value>,
}

impl Context for ContextObject<'_> {
    fn object(&self) -> &Value {
        self.made.get_or_init(|| self.build())
    }
}

impl ContextObject<'_> {
    /// The members stand in the order in which AWS shows them.
    fn build(&self) -> Value {
        let identity = self.identity;
        let mut execution = vec![
            ("Id", identity.arn.clone().into()),
            ("Input", identity.input.value().clone()),
            ("StartTime", iso_time(identity.started_at).into()),
            ("Name", identity.name.clone().into()),
            ("RoleArn", identity.role_arn.clone().into()),
        ];
        if !identity.is_express() {
            let redrives = self.supplement.redrives;
            execution.push(("RedriveCount", u64::from(redrives).into()));
            if redrives > 0 {
                let redriven_at = iso_time(self.supplement.redriven_at);
                execution.push(("RedriveTime", redriven_at.into()));
            }
        }
        let mut state = vec![
            ("Name", self.state_name.clone().into()),
            ("EnteredTime", iso_time(self.entered_at).into()),
        ];
        if let Some(count) = self.retry_count {
            state.push(("RetryCount", u64::from(count).into()));
        }
        let mut members = vec![
            ("Execution", Value::object(execution)),
            (
                "StateMachine",
                Value::object([
                    ("Id", identity.state_machine_arn.clone().into()),
                    ("Name", identity.state_machine_name.clone().into()),
                ]),
            ),
            ("State", Value::object(state)),
        ];
        if let Some(item) = self.item {
            let mut of_item = vec![("Index", item.index.into())];
            if let Some(key) = &item.key {
                of_item.push(("Key", key.clone().into()));
            }
            of_item.push(("Value", item.value.value().clone()));
            if let Some(source) = &item.source {
                of_item.push(("Source", source.clone().into()));
            }
            let item = Value::object(of_item);
            members.push(("Map", Value::object([("Item", item)])));
        }
        if let Some(token) = &self.token {
            let task = Value::object([("Token", token.as_str().into())]);
            members.push(("Task", task));
        }
        Value::object(members)
    }
}

/// `2026-11-22T20:04:26.123Z`
#[must_use]
pub fn iso_time(milliseconds: i64) -> String {
    match Timestamp::from_millisecond(milliseconds) {
        Ok(time) => format!("{time:.3}"),
        Err(_) => milliseconds.to_string(),
    }
}
