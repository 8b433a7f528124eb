//! What a service's model asks of a request's members, and the words in which AWS says that one broke it.

use std::fmt::Write;

use crate::aws::json::{Structure, Text};
use crate::aws::problem::Problem;

/// What is asked of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TextRule {
    /// Fewest characters.
    pub(crate) min: Option<usize>,
    /// Most characters.
    pub(crate) max: Option<usize>,
    /// A regular expression that the whole text matches.
    pub(crate) pattern: Option<&'static str>,
    /// The only texts allowed; none for any.
    pub(crate) values: &'static [&'static str],
    /// Whether messages leave the value out.
    pub(crate) is_sensitive: bool,
}

/// What is asked of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NumberRule {
    /// The least.
    pub(crate) min: Option<f64>,
    /// The greatest.
    pub(crate) max: Option<f64>,
}

/// What is asked of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ListRule {
    /// Fewest elements.
    pub(crate) min: Option<usize>,
    /// Most elements.
    pub(crate) max: Option<usize>,
}

/// What was found wrong with a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    found: Vec<String>,
    path: String,
}

impl Findings {
    /// A member must be there.
    pub(crate) fn required<T>(&mut self, name: &str, value: &Option<T>) {
        if value.is_none() {
            self.note(name, Some("null"), "Member must not be null");
        }
    }

    /// A text, where there is one.
    pub(crate) fn text(&mut self, name: &str, value: Option<&str>, rule: &TextRule) {
        let Some(value) = value else { return };
        for constraint in rule.broken_by(value) {
            let shown = (!rule.is_sensitive).then(|| format!("'{}'", beginning(value)));
            self.note(name, shown.as_deref(), &constraint);
        }
    }

    /// A list's texts.
    pub(crate) fn texts(&mut self, name: &str, values: Option<&[Text<'_>]>, rule: &TextRule) {
        for (index, value) in values.unwrap_or_default().iter().enumerate() {
            let name = format!("{name}.{}.member", index + 1);
            self.text(&name, Some(value), rule);
        }
    }

    /// How many elements a list has, where there is one.
    pub(crate) fn length<T>(&mut self, name: &str, values: Option<&[T]>, rule: &ListRule) {
        let Some(values) = values else { return };
        if rule.max.is_some_and(|max| values.len() > max) {
            let max = rule.max.unwrap_or_default();
            self.note(name, None, &at_most(max));
        }
        if rule.min.is_some_and(|min| values.len() < min) {
            let min = rule.min.unwrap_or_default();
            let constraint = format!("Member must have length greater than or equal to {min}");
            self.note(name, None, &constraint);
        }
    }

    /// A number, where there is one.
    pub(crate) fn number(&mut self, name: &str, value: Option<f64>, rule: &NumberRule) {
        let Some(value) = value else { return };
        for constraint in rule.broken_by(value) {
            self.note(name, Some(&format!("'{value}'")), &constraint);
        }
    }

    /// What a structure holds, where there is one.
    pub(crate) fn structure<'a, T: Structure<'a>>(&mut self, name: &str, value: Option<&T>) {
        let Some(value) = value else { return };
        let outside = self.path.len();
        self.path.push_str(name);
        self.path.push('.');
        value.check(self);
        self.path.truncate(outside);
    }

    /// What a list's structures hold.
    pub(crate) fn structures<'a, T: Structure<'a>>(&mut self, name: &str, values: Option<&[T]>) {
        for (index, value) in values.unwrap_or_default().iter().enumerate() {
            let name = format!("{name}.{}.member", index + 1);
            self.structure(&name, Some(value));
        }
    }

    /// A text that is longer than the configuration allows.
    pub(crate) fn too_long(name: &str, limit: usize) -> Problem {
        let mut findings = Self::default();
        findings.note(name, None, &at_most(limit));
        Problem::validation(findings.text_of_all())
    }

    /// ValidationException when anything was found.
    ///
    /// # Errors
    /// See above.
    pub(crate) fn verdict(self) -> Result<(), Problem> {
        if self.found.is_empty() {
            return Ok(());
        }
        Err(Problem::validation(self.text_of_all()))
    }

    fn text_of_all(&self) -> String {
        let count = self.found.len();
        let plural = if count == 1 { "" } else { "s" };
        format!(
            "{count} validation error{plural} detected: {}",
            self.found.join("; ")
        )
    }

    fn note(&mut self, name: &str, shown: Option<&str>, constraint: &str) {
        let mut text = String::from("Value ");
        if let Some(shown) = shown {
            text.push_str(shown);
            text.push(' ');
        }
        write!(
            text,
            "at '{}{name}' failed to satisfy constraint: {constraint}",
            self.path
        )
        .expect("memory takes every write");
        self.found.push(text);
    }
}

impl TextRule {
    fn broken_by(&self, value: &str) -> Vec<String> {
        let mut broken = Vec::new();
        // A text has at most as many characters as bytes, so most need no counting.
        if let Some(max) = self.max
            && value.len() > max
            && value.chars().count() > max
        {
            broken.push(at_most(max));
        }
        if let Some(min) = self.min
            && value.len() < min.saturating_mul(4)
            && value.chars().count() < min
        {
            broken.push(format!(
                "Member must have length greater than or equal to {min}"
            ));
        }
        if !self.values.is_empty() && !self.values.contains(&value) {
            broken.push(format!(
                "Member must satisfy enum value set: [{}]",
                self.values.join(", ")
            ));
        }
        if let Some(pattern) = self.pattern
            && !matches(pattern, value)
        {
            broken.push(format!(
                "Member must satisfy regular expression pattern: {pattern}"
            ));
        }
        broken
    }
}

impl NumberRule {
    fn broken_by(&self, value: f64) -> Vec<String> {
        let mut broken = Vec::new();
        if let Some(max) = self.max
            && value > max
        {
            broken.push(format!(
                "Member must have value less than or equal to {max}"
            ));
        }
        if let Some(min) = self.min
            && value < min
        {
            broken.push(format!(
                "Member must have value greater than or equal to {min}"
            ));
        }
        broken
    }
}

/// Enough of a value to recognise it by; a caller's megabytes need not come back.
fn beginning(value: &str) -> &str {
    &value[..value.floor_char_boundary(4096)]
}

fn at_most(limit: usize) -> String {
    format!("Member must have length less than or equal to {limit}")
}

/// Whether the whole text matches. The models that are served have these patterns; a test holds that there is no other.
fn matches(pattern: &str, text: &str) -> bool {
    known_pattern(pattern).is_none_or(|matches| matches(text))
}

/// Whether [`matches`] knows what that pattern means.
#[cfg(test)]
pub(crate) fn is_known_pattern(pattern: &str) -> bool {
    known_pattern(pattern).is_some()
}

fn known_pattern(pattern: &str) -> Option<fn(&str) -> bool> {
    match pattern {
        r"\p{ASCII}*" => Some(str::is_ascii),
        "[!-~]+" => Some(is_graphic),
        r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$" => Some(is_alias),
        _ => None,
    }
}

fn is_graphic(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Letters, digits, `_`, `-` and `.`, and not digits alone: that would be a version.
pub(crate) fn is_alias(name: &str) -> bool {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    name.chars().all(is_allowed) && name.chars().any(|letter| !letter.is_ascii_digit())
}
