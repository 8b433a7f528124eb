//! Table mappings: which tables a task takes (DMS's JSON, selection rules).
//!
//! A table is taken when a rule includes it and none excludes it. Names are compared as they are written, with their case.
//!
//! Source: the DMS guide, "Selection rules and actions" and "Wildcards in table mapping".

mod document;
mod pattern;
#[cfg(test)]
mod tests;

use crate::relation::TableName;
use crate::settings::CONTROL_SCHEMA;

use pattern::Pattern;

/// The rules, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    rules: Vec<Rule>,
}

/// A selection rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    id: String,
    action: Action,
    schema: Pattern,
    table: Pattern,
    load_order: i64,
}

/// What a rule does with the tables that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// Takes them (`include`, and `explicit`, whose names have no wildcards).
    Include,
    /// Leaves them out, whatever other rules say.
    Exclude,
}

/// Why a mapping can't be used. The text names the rule and the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

impl Default for Selection {
    fn default() -> Self {
        Self::everything()
    }
}

impl Selection {
    /// Every table of every schema (but the system's).
    #[must_use]
    pub fn everything() -> Self {
        let every = || Pattern::parse("%");
        Self {
            rules: vec![Rule::include(1, every(), every())],
        }
    }

    /// Exactly these tables.
    #[must_use]
    pub fn of_tables(tables: impl IntoIterator<Item = TableName>) -> Self {
        let rules = tables.into_iter().enumerate().map(|(index, name)| {
            Rule::include(
                index + 1,
                Pattern::exactly(&name.schema),
                Pattern::exactly(&name.table),
            )
        });
        Self {
            rules: rules.collect(),
        }
    }

    /// The tables of a plain list: `schema.table`, or `table` of the schema `public`. A part in double quotes is taken as it is; in others `%` stands for any characters.
    ///
    /// # Errors
    /// When a name has no such form.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for name in names {
            let parts = parts(name).ok_or_else(|| {
                Error(format!(
                    "{name:?} is no name of a table: expected schema.table, with double quotes around parts that have dots in them"
                ))
            })?;
            let (schema, table) = match <[Pattern; 2]>::try_from(parts) {
                Ok([schema, table]) => (schema, table),
                Err(mut one) => match one.pop() {
                    Some(table) if one.is_empty() => (Pattern::exactly("public"), table),
                    Some(_) | None => {
                        return Err(Error(format!(
                            "{name:?} is no name of a table: expected schema.table"
                        )));
                    }
                },
            };
            rules.push(Rule::include(rules.len() + 1, schema, table));
        }
        Ok(Self { rules })
    }

    /// Reads the document.
    ///
    /// # Errors
    /// When it is no JSON, or a rule is not what it must be.
    pub fn parse(document: &str) -> Result<Self, Error> {
        document::parse(document).map(|rules| Self { rules })
    }

    /// Whether a table is taken. Tables of the system, and those of the schema of our own tables, never are.
    #[must_use]
    pub fn includes(&self, table: &TableName) -> bool {
        let matching = |action| {
            self.rules
                .iter()
                .any(|rule| rule.action == action && rule.matches(table))
        };
        !is_system(&table.schema) && matching(Action::Include) && !matching(Action::Exclude)
    }

    /// Its place in the load: higher first, 0 without a rule that says otherwise.
    #[must_use]
    pub fn load_order(&self, table: &TableName) -> i64 {
        self.rules
            .iter()
            .filter(|rule| rule.action == Action::Include && rule.matches(table))
            .map(|rule| rule.load_order)
            .max()
            .unwrap_or(0)
    }

    /// The tables that rules include by their full names, without wildcards, and that are not among these.
    #[must_use]
    pub fn missing(&self, tables: &[TableName]) -> Vec<TableName> {
        self.rules
            .iter()
            .filter(|rule| rule.action == Action::Include)
            .filter_map(|rule| {
                Some(TableName::new(
                    rule.schema.plain_text()?,
                    rule.table.plain_text()?,
                ))
            })
            .filter(|name| !tables.contains(name))
            .collect()
    }
}

impl Rule {
    fn include(number: usize, schema: Pattern, table: Pattern) -> Self {
        Self {
            id: number.to_string(),
            action: Action::Include,
            schema,
            table,
            load_order: 0,
        }
    }

    fn matches(&self, table: &TableName) -> bool {
        self.schema.matches(&table.schema) && self.table.matches(&table.table)
    }
}

fn is_system(schema: &str) -> bool {
    // PostgreSQL lets nobody make a schema whose name begins with `pg_`.
    schema.starts_with("pg_") || schema == "information_schema" || schema == CONTROL_SCHEMA
}

/// The dotted parts of a name; nothing when a quote is not closed or a part is empty.
fn parts(name: &str) -> Option<Vec<Pattern>> {
    let mut parts = Vec::new();
    let mut rest = name;
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (text, after) = unquote(quoted)?;
                (Pattern::exactly(&text), after)
            }
            None => {
                let (text, after) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                if text.is_empty() || text.contains('"') {
                    return None;
                }
                (Pattern::with_percent(text), after)
            }
        };
        parts.push(part);
        match after.strip_prefix('.') {
            Some(after) => rest = after,
            None if after.is_empty() => return Some(parts),
            None => return None,
        }
    }
}

/// The text up to the closing quote, a doubled one being one, and what follows it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut rest = quoted;
    loop {
        let (before, after) = rest.split_once('"')?;
        text.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                text.push('"');
                rest = more;
            }
            None => return (!text.is_empty()).then_some((text, after)),
        }
    }
}
