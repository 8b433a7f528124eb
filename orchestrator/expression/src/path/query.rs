//! Indefinite paths: `jsonpath-rust` over our values, one segment at a time.
//!
//! Segments are compiled apart because Jayway applies a filter to an object by testing the object itself, where RFC 9535
//! tests its members, and because Jayway lists a union's values node by node.

use std::sync::Arc;

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use jsonpath_rust::query::queryable::Queryable;

use crate::path::PathError;
use crate::path::step::Step;
use crate::value::Value;

/// The indefinite rest of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Query {
    /// Stage after stage, beginning at the value that the definite steps lead to.
    Stages(Arc<[Stage]>),
    /// The whole path at once, from its root, because a filter reads `$`.
    Whole(Arc<JpQuery>),
}

#[derive(Debug, PartialEq)]
pub(super) enum Stage {
    /// A segment that is applied to each value.
    Select(JpQuery),
    /// A filter that is applied to the list of all candidates.
    Filter(JpQuery),
}

/// One segment in canonical text.
pub(super) enum Part {
    Select(String),
    Filter(Filter),
}

/// A filter in canonical text, brackets included.
pub(super) struct Filter {
    pub(super) text: String,
    /// Whether it compares with something found from `$`.
    pub(super) reads_root: bool,
}

impl Query {
    /// Compiles the parts. Answers also with the definite steps that are still to be walked before.
    pub(super) fn compile(
        steps: Vec<Step>,
        parts: Vec<Part>,
    ) -> Result<(Vec<Step>, Self), PathError> {
        let reads_root = |part: &Part| matches!(part, Part::Filter(filter) if filter.reads_root);
        if parts.iter().any(reads_root) {
            let mut text = String::new();
            for step in &steps {
                match step {
                    Step::Member(name) => text.push_str(&quoted(name)),
                    Step::Item(index) => text.push_str(&format!("[{index}]")),
                }
            }
            for part in &parts {
                match part {
                    Part::Select(select) => text.push_str(select),
                    Part::Filter(filter) => text.push_str(&filter.text),
                }
            }
            return Ok((Vec::new(), Self::Whole(Arc::new(compile(&text)?))));
        }
        let stages = parts.iter().map(|part| match part {
            Part::Select(text) => Ok(Stage::Select(compile(text)?)),
            Part::Filter(filter) => Ok(Stage::Filter(compile(&filter.text)?)),
        });
        let stages = stages.collect::<Result<_, PathError>>()?;
        Ok((steps, Self::Stages(stages)))
    }

    /// All values that are selected, given the path's root and the value that the definite steps lead to.
    pub(super) fn select(&self, root: &Value, value: &Value) -> Vec<Value> {
        match self {
            Self::Whole(query) => run(query, root),
            Self::Stages(stages) => {
                stages
                    .iter()
                    .fold(vec![value.clone()], |values, stage| match stage {
                        Stage::Select(query) => {
                            values.iter().flat_map(|value| run(query, value)).collect()
                        }
                        Stage::Filter(query) => run(query, &candidates(values)),
                    })
            }
        }
    }
}

fn compile(text: &str) -> Result<JpQuery, PathError> {
    parse_json_path(&format!("${text}")).map_err(|_| {
        let beginning: String = text.chars().take(80).collect();
        PathError::new(format!("'{beginning}' is not understood"))
    })
}

fn run(query: &JpQuery, value: &Value) -> Vec<Value> {
    match js_path_process(query, value) {
        Ok(found) => found.into_iter().map(|found| found.val().clone()).collect(),
        // A query that is no list of nodes would be a bare function call, which the grammar has not got.
        Err(_) => Vec::new(),
    }
}

/// What a filter tests: an array's items, an object itself, nothing else.
fn candidates(values: Vec<Value>) -> Value {
    Value::array(values.into_iter().flat_map(|value| match value {
        Value::Array(items) => items.to_vec(),
        Value::Object(_) => vec![value],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }))
}

/// `['name']` with the escapes that RFC 9535 asks for.
pub(super) fn quoted(name: &str) -> String {
    let mut text = String::from("['");
    for character in name.chars() {
        match character {
            '\'' | '\\' => text.extend(['\\', character]),
            control if control < ' ' => text.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => text.push(other),
        }
    }
    text + "']"
}

/// `['a','b']`
pub(super) fn union(names: &[Arc<str>]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let names: Vec<&str> = names.iter().map(|name| &name[1..name.len() - 1]).collect();
    format!("[{}]", names.join(","))
}

impl Filter {
    /// Rewrites what follows after the question mark, and refuses what `jsonpath-rust` would evaluate wrongly.
    pub(super) fn parse(text: &str) -> Result<Self, PathError> {
        let mut filter = Self {
            text: String::from("[?"),
            reads_root: false,
        };
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let length = match character {
                '\'' | '"' => string_length(rest)?,
                '.' => {
                    rest = filter.member(rest)?;
                    continue;
                }
                '0'..='9' => number_length(rest),
                '$' => {
                    filter.reads_root = true;
                    if rest[1..].starts_with(|next: char| !".[ )&|=!<>".contains(next)) {
                        return Err(PathError::new("a filter can only read from '@' and '$'"));
                    }
                    1
                }
                '?' => return Err(PathError::new("a filter inside a filter is not supported")),
                '~' => return Err(PathError::new("the filter operator '=~' is not supported")),
                word if word.is_alphabetic() || word == '_' => word_length(rest)?,
                other => other.len_utf8(),
            };
            filter.text.push_str(&rest[..length]);
            rest = &rest[length..];
        }
        filter.text.push(']');
        Ok(filter)
    }

    /// Writes `.name` as `['name']`, because Jayway's names may have dashes. Answers with what follows.
    fn member<'t>(&mut self, rest: &'t str) -> Result<&'t str, PathError> {
        let after = &rest[1..];
        if after.starts_with('.') {
            return Err(PathError::new("'..' inside a filter is not supported"));
        }
        let fits =
            |character: char| character.is_alphanumeric() || character == '_' || character == '-';
        let name = &after[..after
            .find(|character| !fits(character))
            .unwrap_or(after.len())];
        let after = &after[name.len()..];
        if after.starts_with('(') {
            return Err(PathError::new(format!(
                "the function '{name}' inside a filter is not supported"
            )));
        }
        if name.is_empty() {
            // Either `.*` or `.['name']`; the dot before a bracket is Jayway's.
            self.text
                .push_str(if after.starts_with('[') { "" } else { "." });
        } else {
            self.text.push_str(&quoted(name));
        }
        Ok(after)
    }
}

/// The length of the string literal that a text begins with.
fn string_length(text: &str) -> Result<usize, PathError> {
    let mut characters = text.char_indices();
    let quote = characters.next().map(|(_, quote)| quote);
    while let Some((at, character)) = characters.next() {
        if Some(character) == quote {
            return Ok(at + 1);
        }
        if character == '\\' {
            characters.next();
        }
    }
    Err(PathError::new("a string in a filter is not closed"))
}

/// The length of the number that a text begins with, exponent included.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = &text[from..];
        from + rest
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(rest.len())
    };
    let mut length = digits(0);
    if text[length..].starts_with('.') {
        length = digits(length + 1);
    }
    if text[length..].starts_with(['e', 'E']) {
        let sign = usize::from(text[length + 1..].starts_with(['+', '-']));
        length = digits(length + 1 + sign);
    }
    length
}

/// The length of `true`, `false` or `null`. Every other word is an operator or a function that Jayway or RFC 9535 has
/// and that would silently select nothing here (`@.x in [1, 2]`).
fn word_length(text: &str) -> Result<usize, PathError> {
    let fits = |character: char| character.is_alphanumeric() || character == '_';
    let word = &text[..text
        .find(|character| !fits(character))
        .unwrap_or(text.len())];
    match word {
        "true" | "false" | "null" => Ok(word.len()),
        _ => Err(PathError::new(format!(
            "the filter operator '{word}' is not supported"
        ))),
    }
}

impl Queryable for Value {
    fn get(&self, key: &str) -> Option<&Self> {
        Value::get(self, key)
    }

    fn as_array(&self) -> Option<&Vec<Self>> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    fn as_object(&self) -> Option<Vec<(&str, &Self)>> {
        let members = Value::as_object(self)?;
        Some(
            members
                .iter()
                .map(|(name, value)| (&**name, value))
                .collect(),
        )
    }

    fn as_str(&self) -> Option<&str> {
        Value::as_str(self)
    }

    fn as_i64(&self) -> Option<i64> {
        Value::as_i64(self)
    }

    fn as_f64(&self) -> Option<f64> {
        Value::as_f64(self)
    }

    fn as_bool(&self) -> Option<bool> {
        Value::as_bool(self)
    }

    fn null() -> Self {
        Self::Null
    }
}
