//! Names and ids as they stand in paths.

use std::fmt::Write;

use runtime::arn::{ArnResource, StatesArn};

use crate::aws::states::names::has_name_characters;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// The longest name, in characters.
const NAME_LENGTH: usize = 80;

/// An execution's id: its machine's name and its own, `orders:2026-11-22`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExecutionId {
    /// The state machine's name.
    pub(super) machine: String,
    /// The execution's name.
    pub(super) name: String,
}

impl ExecutionId {
    /// Reads an id.
    ///
    /// # Errors
    /// When the text is none.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        match text.split_once(':') {
            Some((machine, name)) if is_name(machine) && is_name(name) => Ok(Self {
                machine: machine.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(Problem::new(
                Kind::InvalidId,
                format!("`{text}` is no execution's id; an id is STATE_MACHINE:NAME"),
            )),
        }
    }

    /// The id of the execution that an ARN names.
    pub(super) fn of_arn(arn: &str) -> Option<Self> {
        match StatesArn::parse(arn)?.resource {
            ArnResource::Execution(machine, name)
            | ArnResource::ExpressExecution(machine, name, _) => Some(Self {
                machine: machine.to_owned(),
                name: name.to_owned(),
            }),
            ArnResource::StateMachine(_)
            | ArnResource::Qualified(..)
            | ArnResource::Activity(_)
            | ArnResource::MapRun(..) => None,
        }
    }

    /// The id as text.
    pub(super) fn text(&self) -> String {
        format!("{}:{}", self.machine, self.name)
    }
}

/// A Map Run's id: `STATE_MACHINE:LABEL:UNIQUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MapRunId {
    machine: String,
    label: String,
    unique: String,
}

impl MapRunId {
    /// Reads an id.
    ///
    /// # Errors
    /// When the text is none.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        match text.split(':').collect::<Vec<_>>()[..] {
            [machine, label, unique]
                if [machine, label, unique].iter().all(|part| is_name(part)) =>
            {
                Ok(Self {
                    machine: machine.to_owned(),
                    label: label.to_owned(),
                    unique: unique.to_owned(),
                })
            }
            _ => Err(Problem::new(
                Kind::InvalidId,
                format!("`{text}` is no Map Run's id; an id is STATE_MACHINE:LABEL:UNIQUE"),
            )),
        }
    }

    /// What its ARN says behind `mapRun`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}:{}", self.machine, self.label, self.unique)
    }
}

/// Checks a name that something new is to have.
///
/// # Errors
/// When it is empty, too long, or has characters that AWS does not allow either.
pub(super) fn check(name: &str) -> Result<(), Problem> {
    if is_name(name) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::InvalidName,
        format!(
            "`{name}` can't be a name; a name has 1 to {NAME_LENGTH} characters, no white space, no control characters \
             and none of < > {{ }} [ ] ? * \" # % \\ ^ | ~ ` $ & , ; : /"
        ),
    ))
}

/// AWS's rule, because both APIs show the same things.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= NAME_LENGTH && has_name_characters(name)
}

/// A name or id as a part of a path (RFC 3986, section 2.3); a colon may stand there as it is.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                encoded.push(byte.into());
            }
            _ => write!(encoded, "%{byte:02X}").expect("a string takes any text"),
        }
    }
    encoded
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn ids_have_two_names() {
        for (text, is_id) in [
            ("orders:42", true),
            ("bestellungen:größe+1", true),
            ("orders", false),
            ("orders:", false),
            (":42", false),
            ("orders:42:43", false),
            (
                "arn:aws:states:us-east-1:000000000000:execution:orders:42",
                false,
            ),
            ("orders:4 2", false),
        ] {
            assert_eq!(ExecutionId::parse(text).is_ok(), is_id, "{text}");
        }
    }

    #[test]
    fn names_follow_the_rule() {
        for (name, is_good) in [
            ("a", true),
            (&*"ä".repeat(80), true),
            (&*"a".repeat(81), false),
            ("", false),
            ("a/b", false),
            ("a\u{7f}", false),
        ] {
            assert_eq!(check(name).is_ok(), is_good, "{name}");
        }
    }
}
