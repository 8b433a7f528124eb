//! The rules of a table-mappings document.

use serde_json::{Map, Value};

use super::pattern::Pattern;
use super::{Action, Error, Rule};
use crate::nearest::nearest;

const RULE_FIELDS: &[&str] = &[
    "rule-type",
    "rule-id",
    "rule-name",
    "rule-action",
    "object-locator",
    "load-order",
    "filters",
];
const LOCATOR_FIELDS: &[&str] = &["schema-name", "table-name", "table-type"];

pub(super) fn parse(document: &str) -> Result<Vec<Rule>, Error> {
    let document: Value = serde_json::from_str(document)
        .map_err(|error| invalid_document(&format!("Invalid json: {error}")))?;
    let rules = document
        .get("rules")
        .and_then(Value::as_array)
        .ok_or_else(|| invalid_document("It must be an object with an array \"rules\""))?;
    let mut read: Vec<Rule> = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        let fields = rule.as_object().ok_or_else(|| {
            invalid_rules(&format!(
                "The rule at place {} is not an object.",
                index + 1
            ))
        })?;
        let id = rule_id(fields).ok_or_else(|| {
            invalid_rules(&format!(
                "The rule at place {} has no rule-id: it must be a number, also as a string.",
                index + 1
            ))
        })?;
        let rule = selection(&id, fields).map_err(|what| {
            invalid_rules(&format!(
                "Rule with ruleId = {id} failed validation. {what}"
            ))
        })?;
        if read.iter().any(|other| other.id == rule.id) {
            return Err(invalid_rules(&format!(
                "Rule with ruleId = {id} failed validation. The rule-id is not unique."
            )));
        }
        read.push(rule);
    }
    if !read.iter().any(|rule| rule.action == Action::Include) {
        return Err(invalid_rules(
            "At least one selection rule must have the rule-action include or explicit.",
        ));
    }
    Ok(read)
}

fn invalid_document(what: &str) -> Error {
    Error(format!("Invalid Table Mappings document. {what}"))
}

fn invalid_rules(what: &str) -> Error {
    Error(format!("Error in mapping rules. {what}"))
}

/// It is a number, nearly always written as a string.
fn rule_id(fields: &Map<String, Value>) -> Option<String> {
    match fields.get("rule-id")? {
        Value::String(id) if is_number(id) => Some(id.clone()),
        Value::Number(id) if id.is_u64() => Some(id.to_string()),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn selection(id: &str, fields: &Map<String, Value>) -> Result<Rule, String> {
    match text(fields, "rule-type")? {
        "selection" => {}
        known @ ("transformation" | "table-settings" | "object-mapping") => {
            return Err(format!(
                "Rules of the rule-type {known} are not supported yet."
            ));
        }
        other => {
            return Err(format!("{other:?} is no rule-type: it must be selection."));
        }
    }
    only_known(fields, RULE_FIELDS)?;
    if let Some(name) = fields.get("rule-name")
        && !name.is_string()
    {
        return Err("rule-name must be a string.".to_owned());
    }
    match fields.get("filters") {
        None | Some(Value::Null) => {}
        Some(Value::Array(filters)) if filters.is_empty() => {}
        Some(Value::Array(_)) => return Err("Filters are not supported yet.".to_owned()),
        Some(_) => return Err("filters must be an array.".to_owned()),
    }
    let locator = fields
        .get("object-locator")
        .and_then(Value::as_object)
        .ok_or("object-locator must be an object with schema-name and table-name.")?;
    only_known(locator, LOCATOR_FIELDS)?;
    table_type(locator)?;
    let name = |field| match text(locator, field)? {
        "" => Err(format!("{field} must not be empty.")),
        name => Ok(name),
    };
    let (schema, table) = (name("schema-name")?, name("table-name")?);
    let (action, pattern): (_, fn(&str) -> Pattern) = match text(fields, "rule-action")? {
        "include" => (Action::Include, Pattern::parse),
        "explicit" => (Action::Include, Pattern::exactly),
        "exclude" => (Action::Exclude, Pattern::parse),
        other => {
            return Err(format!(
                "{other:?} is no rule-action of a selection rule: it must be include, exclude or explicit."
            ));
        }
    };
    if text(fields, "rule-action")? == "explicit" && (schema.contains('%') || table.contains('%')) {
        return Err("A rule with the rule-action explicit can't have wildcards.".to_owned());
    }
    Ok(Rule {
        id: id.to_owned(),
        action,
        schema: pattern(schema),
        table: pattern(table),
        load_order: load_order(fields)?,
    })
}

/// Views have no changes to follow; `all` is tables and views, of which the tables are taken.
fn table_type(locator: &Map<String, Value>) -> Result<(), String> {
    match locator.get("table-type").map(Value::as_str) {
        None | Some(Some("table" | "all")) => Ok(()),
        Some(Some("view")) => Err("The table-type view is not supported yet.".to_owned()),
        Some(_) => Err("table-type must be table, view or all.".to_owned()),
    }
}

fn load_order(fields: &Map<String, Value>) -> Result<i64, String> {
    let order = match fields.get("load-order") {
        None | Some(Value::Null) => return Ok(0),
        Some(Value::Number(order)) => order.as_i64(),
        Some(Value::String(order)) if is_number(order) => order.parse().ok(),
        Some(_) => None,
    };
    order
        .filter(|order| (0..=i64::from(i32::MAX)).contains(order))
        .ok_or_else(|| format!("load-order must be a whole number from 0 to {}.", i32::MAX))
}

fn text<'a>(fields: &'a Map<String, Value>, field: &str) -> Result<&'a str, String> {
    match fields.get(field) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(format!("{field} must be a string.")),
        None => Err(format!("{field} is missing.")),
    }
}

fn only_known(fields: &Map<String, Value>, known: &[&'static str]) -> Result<(), String> {
    let Some(unknown) = fields.keys().find(|field| !known.contains(&field.as_str())) else {
        return Ok(());
    };
    let hint = nearest(unknown, known.iter().copied())
        .map(|nearest| format!(" The nearest is {nearest}."))
        .unwrap_or_default();
    Err(format!("{unknown:?} is no field of it.{hint}"))
}
