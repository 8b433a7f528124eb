//! What is wrong with a definition, and where.

use std::fmt;

/// One finding about a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of mistake it is; stable, for programs.
    pub code: Code,
    /// Whether the definition can be used all the same.
    pub severity: Severity,
    /// Where, in AWS's form: `/States/Wait/Seconds`, `/States/Pick/Choices[0]/Next`, `/` for the definition itself, Jackson's
    /// `[Source: …; line: 1, column: 4]` where the text is no JSON; empty where AWS gives no place.
    pub pointer: String,
    /// Where in the text.
    pub position: Position,
    /// What is wrong, in AWS's wording where AWS has one. It does not repeat the pointer.
    pub message: String,
    /// What AWS's wording leaves out, such as why an expression can't be compiled.
    pub detail: Option<String>,
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

/// The kinds of findings. They say more than AWS's codes do; [`Code::aws`] is the code that AWS gives.
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
    /// A state from which no end can be reached, or a block without any end.
    NoWayToAnEnd,
    /// A name that stands for two states.
    DuplicateStateName,
    /// A member that its object has twice; the last one counts.
    RepeatedField,
    /// An expression that can't be compiled.
    InvalidExpression,
    /// A JSONata expression that can't be parsed.
    InvalidJsonata,
    /// A JSONata expression that reads what is not there.
    UnsupportedJsonata,
    /// Something that is part of the language but not of this version.
    NotSupported,
    /// A member of a template whose value looks like a path or a call, and whose name has no `.$`.
    NoDollar,
    /// A field whose value looks like a path, and that is not the one that takes a path.
    NoPath,
    /// A Pass state's Result that looks as if something in it were computed.
    PassResultIsStatic,
}

impl Code {
    /// AWS's code for it (`ValidateStateMachineDefinitionDiagnostic` in the API reference).
    #[must_use]
    pub fn aws(self) -> &'static str {
        match self {
            Self::InvalidJsonDescription => "INVALID_JSON_DESCRIPTION",
            Self::MissingTransitionTarget | Self::UnreachableState => "MISSING_TRANSITION_TARGET",
            Self::NoWayToAnEnd => "MISSING_END_STATE",
            Self::DuplicateStateName => "DUPLICATE_STATE_NAME",
            Self::InvalidJsonata => "INVALID_JSONATA_EXPRESSION",
            Self::UnsupportedJsonata => "UNSUPPORTED_JSONATA_EXPRESSION",
            Self::NoDollar => "NO_DOLLAR",
            Self::NoPath => "NO_PATH",
            Self::PassResultIsStatic => "PASS_RESULT_IS_STATIC",
            Self::SchemaValidationFailed
            | Self::RepeatedField
            | Self::InvalidExpression
            | Self::NotSupported => "SCHEMA_VALIDATION_FAILED",
        }
    }
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
            Self::RepeatedField => "REPEATED_FIELD",
            Self::InvalidExpression => "INVALID_EXPRESSION",
            Self::InvalidJsonata => "INVALID_JSONATA_EXPRESSION",
            Self::UnsupportedJsonata => "UNSUPPORTED_JSONATA_EXPRESSION",
            Self::NotSupported => "NOT_SUPPORTED",
            Self::NoDollar => "NO_DOLLAR",
            Self::NoPath => "NO_PATH",
            Self::PassResultIsStatic => "PASS_RESULT_IS_STATIC",
        })
    }
}

/// AWS's one line for a definition that it refuses: the text of `InvalidDefinition`. Warnings are left out.
///
/// AWS puts `, ` between findings and writes `null` for a place that it does not have.
#[must_use]
pub fn invalid_definition_text(diagnostics: &[Diagnostic]) -> String {
    let findings: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| {
            let place = match diagnostic.pointer.as_str() {
                "" => "null",
                pointer => pointer,
            };
            format!(
                "{}: {} at {place}",
                diagnostic.code.aws(),
                diagnostic.message
            )
        })
        .collect();
    format!(
        "Invalid State Machine Definition: '{}'",
        findings.join(", ")
    )
}
