//! Reads the members of one object: which are known, which are required, and what type each has.

use std::fmt::Display;
use std::ops::RangeInclusive;

use expression::path::{Path, ReferencePath};
use expression::template::{Template, TemplateError};

use crate::definition::{PathField, QueryLanguage, ResultPath, Seconds};
use crate::json::{Kind, Member, Node};
use crate::parser::findings::{Findings, MAX_FINDINGS, Place};
use crate::parser::{queries, timestamp};
use crate::query::{PayloadTemplate, Query};

/// The longest time in seconds that a definition may name.
pub(crate) const MAX_SECONDS: u64 = 99_999_999;

/// The largest integer of 64 bits, rounded.
const MAX_U64: f64 = 18_446_744_073_709_551_615.0;

/// In which language a field exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum In {
    /// In both.
    Both,
    /// In JSONPath only.
    JsonPath,
    /// In JSONata only.
    Jsonata,
}

/// Some fields, each with where it exists.
pub(crate) type Group = &'static [(&'static str, In)];

/// The fields that an object may have, in groups that several kinds of objects share.
pub(crate) type Known = &'static [Group];

/// An object whose members are being read. Members that its table does not allow are reported once and then unseen.
pub(crate) struct Fields<'p, 't> {
    /// The object.
    pub(crate) place: Place<'p, 't>,
    /// Where findings go.
    pub(crate) findings: &'p Findings,
    /// The language of its expressions.
    pub(crate) language: QueryLanguage,
    known: Known,
}

impl<'p, 't> Fields<'p, 't> {
    /// Begins to read an object; `None`, and a finding, when it is none.
    pub(crate) fn new(
        place: Place<'p, 't>,
        findings: &'p Findings,
        language: QueryLanguage,
        known: Known,
    ) -> Option<Self> {
        if !matches!(place.node.kind, Kind::Object(_)) {
            findings.schema(&place, "Expected value of type Object");
            return None;
        }
        Some(Self::known_object(place, findings, language, known))
    }

    /// The same for what is known to be an object.
    pub(crate) fn known_object(
        place: Place<'p, 't>,
        findings: &'p Findings,
        language: QueryLanguage,
        known: Known,
    ) -> Self {
        let fields = Self {
            language,
            ..Self::quietly(place, findings, known)
        };
        for member in place.node.members() {
            if let Some(message) = fields.refusal(&member.name) {
                fields.at_member(member, message);
            }
        }
        // Comments may stand wherever a field may, and say nothing to the machine.
        fields.string("Comment");
        fields
    }

    /// The same for what is known to be an object and whose members are reported elsewhere.
    pub(crate) fn quietly(place: Place<'p, 't>, findings: &'p Findings, known: Known) -> Self {
        Self {
            place,
            findings,
            language: QueryLanguage::JsonPath,
            known,
        }
    }

    /// Why a member of that name may not be here.
    fn refusal(&self, name: &str) -> Option<String> {
        let Some(only) = self.language_of(name) else {
            return Some(format!("Field '{name}' is not supported"));
        };
        match (only, self.language) {
            (In::Jsonata, QueryLanguage::JsonPath) => Some(format!(
                "The QueryLanguage is set to 'JSONPath', but field '{name}' is only supported for the 'JSONata' QueryLanguage"
            )),
            (In::JsonPath, QueryLanguage::Jsonata) => Some(format!(
                "The QueryLanguage is set to 'JSONata', but field '{name}' is only supported for the 'JSONPath' QueryLanguage"
            )),
            _ => None,
        }
    }

    /// Whether the table has a member of that name.
    pub(crate) fn allows(&self, name: &str) -> bool {
        self.language_of(name).is_some()
    }

    fn language_of(&self, name: &str) -> Option<In> {
        self.known
            .iter()
            .flat_map(|group| group.iter())
            .find(|(known, _)| *known == name)
            .map(|(_, language)| *language)
    }

    /// A finding that AWS reports at the object; its position is the member's.
    pub(crate) fn at_member(&self, member: &Member<'_>, message: impl Into<String>) {
        self.findings
            .schema_at(self.place.pointer, member.name_span, message);
    }

    /// A finding about the object as a whole; its position is the opening brace.
    pub(crate) fn at_object(&self, message: impl Into<String>) {
        self.findings
            .schema_at(self.place.pointer, self.place.brace(), message);
    }

    /// The member of that name, if it is there and may be.
    pub(crate) fn get<'s>(&'s self, name: &'s str) -> Option<Place<'s, 't>> {
        debug_assert!(self.allows(name), "{name} is in the table of its object");
        let place = self.place.field(name)?;
        self.refusal(name).is_none().then_some(place)
    }

    /// Whether the member is there and may be.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Reports the names that are missing, together as AWS does.
    pub(crate) fn require(&self, names: &[&str]) {
        let missing: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !self.has(name))
            .collect();
        if !missing.is_empty() {
            self.at_object(format!(
                "These fields are required: [{}]",
                missing.join(", ")
            ));
        }
    }

    /// Reports two members that exclude each other.
    pub(crate) fn exclude(&self, one: &str, other: &str) {
        if self.has(one) && self.has(other) {
            self.at_object(format!(
                "There should only be one of the following fields: [{one}, {other}]"
            ));
        }
    }

    /// A string.
    pub(crate) fn string(&self, name: &str) -> Option<&'t str> {
        string(&self.get(name)?, self.findings)
    }

    /// A boolean.
    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        let place = self.get(name)?;
        match place.node.kind {
            Kind::Bool(value) => Some(value),
            _ => {
                self.findings
                    .schema(&place, "Expected value of type Boolean");
                None
            }
        }
    }

    /// An integer within bounds.
    pub(crate) fn integer(&self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let place = self.get(name)?;
        let Kind::Number(number) = &place.node.kind else {
            self.findings
                .schema(&place, "Expected value of type Integer");
            return None;
        };
        match number.as_u64() {
            Some(value) if range.contains(&value) => return Some(value),
            Some(value) if value < *range.start() => self.too_small(&place, range.start()),
            Some(_) => self.too_large(&place, range.end()),
            None if number.is_i64() => self.too_small(&place, range.start()),
            // An integer that 64 bits can't hold arrives as a double.
            None if number.as_f64() > Some(MAX_U64) => self.too_large(&place, range.end()),
            None => self
                .findings
                .schema(&place, "Expected value of type Integer"),
        }
        None
    }

    /// A number that is at least so large.
    pub(crate) fn number_from(&self, name: &str, least: f64) -> Option<f64> {
        let place = self.get(name)?;
        let value = match &place.node.kind {
            Kind::Number(number) => number.as_f64(),
            _ => None,
        };
        let Some(value) = value else {
            self.findings
                .schema(&place, "Expected value of type Number");
            return None;
        };
        if value < least {
            self.too_small(&place, least);
            return None;
        }
        Some(value)
    }

    fn too_small(&self, place: &Place<'_, '_>, least: impl Display) {
        self.findings
            .schema(place, format!("Minimum value is {least}"));
    }

    fn too_large(&self, place: &Place<'_, '_>, most: impl Display) {
        self.findings
            .schema(place, format!("Maximum value is {most}"));
    }

    /// A number of seconds or of things: written down, computed, or at the path that the field's other form names.
    pub(crate) fn number_or_path(
        &self,
        name: &str,
        path_name: &str,
        range: RangeInclusive<u64>,
    ) -> Option<Seconds> {
        self.exclude(name, path_name);
        if self.is_jsonata(name) {
            return self.query(name).map(Seconds::Query);
        }
        let fixed = self.integer(name, range).map(Seconds::Fixed);
        let found = self.location(path_name).map(Seconds::Path);
        fixed.or(found)
    }

    /// Whether the member is a JSONata expression in a state that may have one.
    pub(crate) fn is_jsonata(&self, name: &str) -> bool {
        self.language == QueryLanguage::Jsonata
            && self
                .get(name)
                .and_then(|place| place.node.as_str())
                .is_some_and(is_jsonata)
    }

    /// One of the named texts; `None` when it is absent or another, which is reported.
    pub(crate) fn one_of<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let place = self.get(name)?;
        let text = string(&place, self.findings)?;
        let found = choices.iter().find(|(choice, _)| *choice == text);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
            self.findings.schema(
                &place,
                format!(
                    "Value should be one of the following: [{}]",
                    names.join(", ")
                ),
            );
        }
        found.map(|(_, value)| *value)
    }

    /// `InputPath` or `OutputPath`.
    pub(crate) fn path_field(&self, name: &str) -> PathField {
        let Some(place) = self.get(name) else {
            return PathField::Everything;
        };
        if place.node.kind == Kind::Null {
            return PathField::Nothing;
        }
        let Some(path) = self.path(&place) else {
            return PathField::Everything;
        };
        if path.is_root() {
            return PathField::Everything;
        }
        PathField::Path(path)
    }

    /// `ResultPath`
    pub(crate) fn result_path(&self) -> ResultPath {
        let Some(place) = self.get("ResultPath") else {
            return ResultPath::Replace;
        };
        if place.node.kind == Kind::Null {
            return ResultPath::Discard;
        }
        let Some(text) = string(&place, self.findings) else {
            return ResultPath::Replace;
        };
        if text == "$" {
            return ResultPath::Replace;
        }
        match ReferencePath::parse(text) {
            Ok(path) => ResultPath::Put(path),
            Err(error) => {
                no_reference(&place, text, error.message, self.findings);
                ResultPath::Replace
            }
        }
    }

    fn path(&self, place: &Place<'_, '_>) -> Option<Path> {
        let text = string(place, self.findings)?;
        Path::parse(text)
            .map_err(|error| {
                self.findings.expression(
                    place.pointer,
                    place.node.span,
                    "Value must be a valid JSONPath.",
                    error.message,
                );
            })
            .ok()
    }

    /// A path to one value: of `Variable`, `SecondsPath`, `ItemsPath` and their kind.
    pub(crate) fn location(&self, name: &str) -> Option<Path> {
        location(&self.get(name)?, self.findings)
    }

    /// A payload template of the paths' language, for fields that only this language has.
    pub(crate) fn template(&self, name: &str) -> Option<Template> {
        template(&self.get(name)?, self.findings)
    }

    /// A payload template of either language.
    pub(crate) fn payload(&self, name: &str) -> Option<PayloadTemplate> {
        let place = self.get(name)?;
        match self.language {
            QueryLanguage::JsonPath => {
                template(&place, self.findings).map(PayloadTemplate::JsonPath)
            }
            QueryLanguage::Jsonata => queries::template(&place, self.error_output(), self.findings)
                .map(PayloadTemplate::Jsonata),
        }
    }

    /// A JSONata expression that is known to be marked as one.
    pub(crate) fn query(&self, name: &str) -> Option<Query> {
        queries::query(&self.get(name)?, self.error_output(), self.findings)
    }

    /// Only catchers are given an error to read.
    fn error_output(&self) -> queries::ErrorOutput {
        match self.allows("ErrorEquals") {
            true => queries::ErrorOutput::Given,
            false => queries::ErrorOutput::Absent,
        }
    }
}

/// A string.
pub(crate) fn string<'t>(place: &Place<'_, 't>, findings: &Findings) -> Option<&'t str> {
    let text = place.node.as_str();
    if text.is_none() {
        findings.schema(place, "Expected value of type String");
    }
    text
}

/// The items of an array.
pub(crate) fn array<'t>(place: &Place<'_, 't>, findings: &Findings) -> Option<&'t [Node<'t>]> {
    match &place.node.kind {
        Kind::Array(items) => Some(items),
        _ => {
            findings.schema(place, "Expected value of type Array");
            None
        }
    }
}

/// An array that holds something.
pub(crate) fn filled_array<'t>(
    place: &Place<'_, 't>,
    findings: &Findings,
) -> Option<&'t [Node<'t>]> {
    let items = array(place, findings)?;
    if items.is_empty() {
        findings.schema(place, "Value cannot be empty");
        return None;
    }
    Some(items)
}

/// A path to one value.
pub(crate) fn location(place: &Place<'_, '_>, findings: &Findings) -> Option<Path> {
    let text = string(place, findings)?;
    let reason = match Path::parse(text) {
        Ok(path) if path.is_definite() => return Some(path),
        Ok(_) => "Reference path must identify a single value".to_owned(),
        Err(error) => error.message,
    };
    no_reference(place, text, reason, findings);
    None
}

/// A timestamp.
pub(crate) fn timestamp(place: &Place<'_, '_>, findings: &Findings) -> Option<i64> {
    let time = timestamp::milliseconds(string(place, findings)?);
    if time.is_none() {
        findings.schema(place, "String does not match RFC3339 timestamp");
    }
    time
}

/// A payload template.
pub(crate) fn template(place: &Place<'_, '_>, findings: &Findings) -> Option<Template> {
    match Template::parse(&place.node.to_value()) {
        Ok(template) => Some(template),
        Err(errors) => {
            for error in errors.into_iter().take(MAX_FINDINGS) {
                template_error(place, &error, findings);
            }
            None
        }
    }
}

/// Whether a text is marked as a JSONata expression.
pub(crate) fn is_jsonata(text: &str) -> bool {
    text.starts_with("{%") && text.ends_with("%}") && text.len() >= 4
}

fn no_reference(place: &Place<'_, '_>, text: &str, reason: String, findings: &Findings) {
    let message = match text.starts_with('$') {
        false => "Value is not a Reference Path: Reference path didn't start with '$'".to_owned(),
        true => format!("Value is not a Reference Path: {reason}"),
    };
    findings.expression(place.pointer, place.node.span, message, reason);
}

/// AWS points at the object and names its member; the position here is the member's value.
fn template_error(template: &Place<'_, '_>, error: &TemplateError, findings: &Findings) {
    let steps: Vec<String> = error
        .pointer
        .split('/')
        .skip(1)
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect();
    template_error_at(template, &steps, error, findings);
}

fn template_error_at(
    place: &Place<'_, '_>,
    steps: &[String],
    error: &TemplateError,
    findings: &Findings,
) {
    if let Some((step, rest)) = steps.split_first() {
        if let Some(inner) = place.field(step) {
            return template_error_at(&inner, rest, error, findings);
        }
        let index = step.parse().ok();
        if let Some(inner) = index.and_then(|index| place.items().nth(index)) {
            return template_error_at(&inner, rest, error, findings);
        }
    }
    let name = error.message.split('\'').nth(1);
    let member = name.and_then(|name| place.node.get(name));
    let span = member.map_or(place.node.span, |member| member.value.span);
    findings.expression(
        place.pointer,
        span,
        error.message.clone(),
        error.reason.clone(),
    );
}
