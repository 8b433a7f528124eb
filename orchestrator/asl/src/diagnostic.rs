//! What is wrong with a definition, and where.

use std::fmt;

/// One finding about a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of mistake it is; stable, for programs.
    pub code: Code,
    /// Whether the definition can be used all the same.
    pub severity: Severity,
    /// Where: a JSON pointer in AWS's form, `/States/Wait/Seconds`; empty for the whole document.
    pub pointer: String,
    /// Where in the text.
    pub position: Position,
    /// What is wrong, in AWS's wording where AWS has one. It does not repeat the pointer.
    pub message: String,
}

/// A place in the definition's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The first byte.
    pub offset: usize,
    /// How many bytes.
    pub length: usize,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// Whether a finding stops the definition from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

/// The kinds of findings. The first two are AWS's own codes; the others say more and map to the first at AWS's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The text is no JSON.
    InvalidJsonDescription,
    /// The structure is not that of a state machine: a field is missing, unknown, of the wrong type or out of range.
    SchemaValidationFailed,
    /// A `Next`, `StartAt` or `Default` names a state that is not there.
    MissingTransitionTarget,
    /// A state that nothing leads to.
    UnreachableState,
    /// A state from which no end can be reached.
    NoWayToAnEnd,
    /// A name that stands for two states.
    DuplicateStateName,
    /// An expression that can't be compiled.
    InvalidExpression,
    /// Something that is part of the language but not of this version.
    NotSupported,
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::InvalidJsonDescription => "INVALID_JSON_DESCRIPTION",
            Self::SchemaValidationFailed => "SCHEMA_VALIDATION_FAILED",
            Self::MissingTransitionTarget => "MISSING_TRANSITION_TARGET",
            Self::UnreachableState => "UNREACHABLE_STATE",
            Self::NoWayToAnEnd => "NO_WAY_TO_AN_END",
            Self::DuplicateStateName => "DUPLICATE_STATE_NAME",
            Self::InvalidExpression => "INVALID_EXPRESSION",
            Self::NotSupported => "NOT_SUPPORTED",
        })
    }
}
