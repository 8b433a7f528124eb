//! From a path's text to its steps, and to a canonical text of the rest that `jsonpath-rust` understands.
//!
//! Jayway accepts more than RFC 9535: names with dashes after a dot (`$.my-name`), a dot before a bracket
//! (`$.abc.['def ghi']`), backslashes that are just part of a quoted name. Names are therefore read here and handed on
//! in quotes.

use std::sync::Arc;

use crate::path::query::{self, Query};
use crate::path::step::Step;
use crate::path::{Path, PathError, Start, Tail};

/// How many `..` a path may have: each multiplies the number of values by the depth of the document.
const MAX_DESCENTS: usize = 2;
/// How many values a path's unions (`[0,1]`) may select from one value of a document, all unions multiplied.
const MAX_UNION: usize = 1024;
/// How many steps a path may have, so that what [`super::ReferencePath`] makes never nests too deep.
const MAX_STEPS: usize = 128;

/// One step of any kind, as read.
enum Selector {
    Step(Step),
    Members(Vec<Arc<str>>),
    /// Canonical text, with how many values a union in it can select.
    Several(String, usize),
    Filter(query::Filter),
    Descent(String),
    Length,
}

/// Compiles a path.
pub(super) fn path(text: &str) -> Result<Path, PathError> {
    let mut scanner = Scanner { text, at: 0 };
    let start = scanner.start()?;
    let mut selectors = Vec::new();
    while scanner.at < text.len() {
        selectors.push(scanner.selector()?);
    }
    if selectors.len() > MAX_STEPS {
        return Err(PathError::new(format!(
            "the path has more than {MAX_STEPS} steps"
        )));
    }
    let definite = selectors
        .iter()
        .position(|selector| !matches!(selector, Selector::Step(_)))
        .unwrap_or(selectors.len());
    let rest = selectors.split_off(definite);
    let steps: Vec<Step> = selectors
        .into_iter()
        .filter_map(|selector| match selector {
            Selector::Step(step) => Some(step),
            _ => None,
        })
        .collect();
    let (steps, tail) = tail(steps, rest)?;
    Ok(Path {
        text: text.into(),
        start,
        steps,
        tail,
    })
}

fn tail(steps: Vec<Step>, rest: Vec<Selector>) -> Result<(Vec<Step>, Tail), PathError> {
    let mut rest = rest;
    if rest.is_empty() {
        return Ok((steps, Tail::None));
    }
    if rest.len() == 1 {
        match rest.pop() {
            Some(Selector::Length) => return Ok((steps, Tail::Length)),
            Some(Selector::Members(names)) => return Ok((steps, Tail::Members(names))),
            other => rest.extend(other),
        }
    }
    let mut descents = 0;
    let mut union = 1_usize;
    let mut parts = Vec::with_capacity(rest.len());
    for selector in rest {
        parts.push(match selector {
            Selector::Step(Step::Member(name)) => query::Part::Select(query::quoted(&name)),
            Selector::Step(Step::Item(index)) => query::Part::Select(format!("[{index}]")),
            Selector::Members(names) => {
                union = union.saturating_mul(names.len());
                query::Part::Select(query::union(&names))
            }
            Selector::Several(text, size) => {
                union = union.saturating_mul(size);
                query::Part::Select(text)
            }
            Selector::Filter(filter) => query::Part::Filter(filter),
            Selector::Descent(text) => {
                descents += 1;
                query::Part::Select(text)
            }
            Selector::Length => {
                return Err(PathError::new(
                    "length() can only stand at the end of a path to one value",
                ));
            }
        });
    }
    if descents > MAX_DESCENTS {
        return Err(PathError::new(format!(
            "the path has more than {MAX_DESCENTS} descents ('..')"
        )));
    }
    if union > MAX_UNION {
        return Err(PathError::new(format!(
            "the path's unions select more than {MAX_UNION} values"
        )));
    }
    let (steps, query) = Query::compile(steps, parts)?;
    Ok((steps, Tail::Query(query)))
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn eat(&mut self, prefix: char) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len_utf8();
        }
        found
    }

    /// Reads as long as the characters fit.
    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let taken = &rest[..rest
            .find(|character| !fits(character))
            .unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn start(&mut self) -> Result<Start, PathError> {
        if !self.eat('$') {
            return Err(PathError::new("a path must begin with '$'"));
        }
        if self.eat('$') {
            return Ok(Start::Context);
        }
        if !self
            .rest()
            .starts_with(|first: char| first.is_alphabetic() || first == '_')
        {
            return Ok(Start::Input);
        }
        let name = self.take_while(|character| character.is_alphanumeric() || character == '_');
        Ok(Start::Variable(name.into()))
    }

    fn selector(&mut self) -> Result<Selector, PathError> {
        if self.eat('[') {
            return self.bracket();
        }
        if !self.eat('.') {
            let found = self.rest().chars().next().unwrap_or_default();
            return Err(PathError::new(format!(
                "'.' or '[' is expected instead of '{found}'"
            )));
        }
        if self.eat('.') {
            return self.descent();
        }
        if self.eat('[') {
            return self.bracket();
        }
        if self.eat('*') {
            return Ok(Selector::Several("[*]".to_owned(), 1));
        }
        let name = self.name()?;
        if !self.rest().starts_with('(') {
            return Ok(Selector::Step(Step::Member(name.into())));
        }
        if name == "length" && self.rest() == "()" {
            self.at = self.text.len();
            return Ok(Selector::Length);
        }
        Err(PathError::new(format!(
            "the function '{name}' is not supported; only length() at the end of a path is"
        )))
    }

    fn descent(&mut self) -> Result<Selector, PathError> {
        if self.eat('*') {
            return Ok(Selector::Descent("..[*]".to_owned()));
        }
        if !self.eat('[') {
            let name = self.name()?;
            if self.rest().starts_with('(') {
                return Err(PathError::new(format!(
                    "the function '{name}' cannot follow '..'"
                )));
            }
            return Ok(Selector::Descent(format!("..{}", query::quoted(name))));
        }
        match self.bracket()? {
            Selector::Step(Step::Member(name)) => {
                Ok(Selector::Descent(format!("..{}", query::quoted(&name))))
            }
            Selector::Step(Step::Item(index)) => Ok(Selector::Descent(format!("..[{index}]"))),
            Selector::Several(text, 1) => Ok(Selector::Descent(format!("..{text}"))),
            Selector::Filter(filter) if !filter.reads_root => {
                Ok(Selector::Descent(format!("..{}", filter.text)))
            }
            _ => Err(PathError::new(
                "'..' cannot be followed by a union or by a filter that reads '$'",
            )),
        }
    }

    /// A name after a dot.
    fn name(&mut self) -> Result<&'t str, PathError> {
        let name = self.take_while(|character| {
            !character.is_whitespace()
                && !character.is_control()
                && !".[]()*?,'\"".contains(character)
        });
        if name.is_empty() {
            return Err(PathError::new("a name is expected after '.'"));
        }
        Ok(name)
    }

    /// What stands between brackets, of which the first is already read.
    fn bracket(&mut self) -> Result<Selector, PathError> {
        let content = self.bracket_content()?.trim();
        if let Some(filter) = content.strip_prefix('?') {
            return Ok(Selector::Filter(query::Filter::parse(filter)?));
        }
        let items = split_list(content);
        let [item] = items[..] else {
            return union(&items);
        };
        if item == "*" {
            return Ok(Selector::Several("[*]".to_owned(), 1));
        }
        if item.starts_with(['\'', '"']) {
            return Ok(Selector::Step(Step::Member(unquote(item)?.into())));
        }
        if item.contains(':') {
            return Ok(Selector::Several(format!("[{}]", slice(item)?), 1));
        }
        Ok(Selector::Step(Step::Item(index(item)?)))
    }

    fn bracket_content(&mut self) -> Result<&'t str, PathError> {
        let rest = self.rest();
        let mut depth = 0_usize;
        let mut quote = None;
        let mut escaped = false;
        for (at, character) in rest.char_indices() {
            if let Some(open) = quote {
                if escaped {
                    escaped = false;
                } else if character == '\\' {
                    escaped = true;
                } else if character == open {
                    quote = None;
                }
                continue;
            }
            match character {
                '\'' | '"' => quote = Some(character),
                '[' => depth += 1,
                ']' if depth == 0 => {
                    self.at += at + 1;
                    return Ok(&rest[..at]);
                }
                ']' => depth -= 1,
                _ => {}
            }
        }
        Err(PathError::new("a bracket or a quote is not closed"))
    }
}

fn union(items: &[&str]) -> Result<Selector, PathError> {
    if items.iter().all(|item| item.starts_with(['\'', '"'])) {
        let names = items.iter().map(|item| Ok(unquote(item)?.into()));
        return Ok(Selector::Members(names.collect::<Result<_, PathError>>()?));
    }
    let mut text = String::from("[");
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        match *item {
            "*" => text.push('*'),
            item if item.starts_with(['\'', '"']) => {
                let name = query::quoted(&unquote(item)?);
                text.push_str(&name[1..name.len() - 1]);
            }
            item if item.contains(':') => text.push_str(&slice(item)?),
            item => text.push_str(&index(item)?.to_string()),
        }
    }
    Ok(Selector::Several(text + "]", items.len()))
}

/// Splits at the commas outside quotes.
fn split_list(content: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let mut from = 0;
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in content.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if character == '\\' => escaped = true,
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if character == '\'' || character == '"' => quote = Some(character),
            None if character == ',' => {
                items.push(content[from..at].trim());
                from = at + 1;
            }
            None => {}
        }
    }
    items.push(content[from..].trim());
    items
}

/// The name in quotes. A backslash escapes the quote and itself; before anything else it is part of the name, as AWS
/// was seen to read `$['a\"b']`.
fn unquote(item: &str) -> Result<String, PathError> {
    let quote = if item.starts_with('"') { '"' } else { '\'' };
    let mut name = String::with_capacity(item.len());
    let mut characters = item.chars().skip(1);
    while let Some(character) = characters.next() {
        if character == quote {
            return match characters.next() {
                None => Ok(name),
                Some(_) => Err(PathError::new(
                    "a quoted name must be followed by ',' or ']'",
                )),
            };
        }
        if character != '\\' {
            name.push(character);
            continue;
        }
        match characters.next() {
            Some(next) if next == quote || next == '\\' => name.push(next),
            Some(next) => name.extend(['\\', next]),
            None => break,
        }
    }
    Err(PathError::new("a quoted name is not closed"))
}

fn index(item: &str) -> Result<i64, PathError> {
    let digits = item.strip_prefix('-').unwrap_or(item);
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match item.parse() {
        Ok(index) if all_digits => Ok(index),
        _ => Err(PathError::new(format!(
            "'{item}' is neither a quoted name nor an index"
        ))),
    }
}

fn slice(item: &str) -> Result<String, PathError> {
    let bounds: Vec<&str> = item.split(':').map(str::trim).collect();
    if bounds.len() > 3 {
        return Err(PathError::new(format!("'{item}' is no slice")));
    }
    for bound in &bounds {
        if !bound.is_empty() {
            index(bound)?;
        }
    }
    Ok(bounds.join(":"))
}
