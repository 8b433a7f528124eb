//! Definitions and everything that is found in them: a test is a definition and the expected text.

mod choices;
mod corpus;
mod errors;
mod flow;
mod graphs;
mod json;
mod languages;
mod limits;
mod lone;
mod machines;
mod maps;
mod names;
mod properties;
mod states;
mod tasks;
mod variables;

use std::fmt::Write;

use asl::diagnostic::{Diagnostic, Severity};
use asl::parser::{self, Options, Parsed};
use expect_test::Expect;

/// Checks what is found in a definition: each finding's line, column, text there, code, pointer, message and detail.
fn check(definition: &str, expected: Expect) {
    check_with(&Options::default(), definition, expected);
}

/// The same for an Express machine.
fn check_express(definition: &str, expected: Expect) {
    let options = Options {
        express: true,
        ..Options::default()
    };
    check_with(&options, definition, expected);
}

fn check_with(options: &Options, definition: &str, expected: Expect) {
    let parsed = parser::parse(definition, options);
    expected.assert_eq(&shown(definition, &parsed));
}

/// Checks a machine of that one state.
fn check_state(members: &str, expected: Expect) {
    check(&machine_of(members), expected);
}

/// A machine of one state, called A, with those members; `A` and `Z`, which ends, may be its targets.
fn machine_of(members: &str) -> String {
    let z = match members.contains("\"Z\"") {
        true => r#", "Z": {"Type": "Succeed"}"#,
        false => "",
    };
    format!(r#"{{"StartAt": "A", "States": {{"A": {{{members}}}{z}}}}}"#)
}

/// The machine of a definition that has no mistakes.
fn machine(definition: &str) -> asl::definition::StateMachine {
    let parsed = parser::parse(definition, &Options::default());
    let shown = shown(definition, &parsed);
    parsed.machine.unwrap_or_else(|| panic!("{shown}"))
}

fn shown(definition: &str, parsed: &Parsed) -> String {
    let mut text = String::new();
    for diagnostic in &parsed.diagnostics {
        show(&mut text, definition, diagnostic);
    }
    if parsed.diagnostics.is_empty() {
        text.push_str("fine");
    }
    assert_eq!(
        parsed.machine.is_none(),
        parsed
            .diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error),
        "there is a machine or an error"
    );
    text
}

fn show(text: &mut String, definition: &str, diagnostic: &Diagnostic) {
    let position = diagnostic.position;
    let found: String = definition[position.offset..position.offset + position.length]
        .chars()
        .take(32)
        .collect();
    let severity = match diagnostic.severity {
        Severity::Error => "",
        Severity::Warning => " (warning)",
    };
    writeln!(
        text,
        "{}:{} {found} — {}{severity} {}: {}",
        position.line, position.column, diagnostic.code, diagnostic.pointer, diagnostic.message
    )
    .expect("a string takes any text");
    if let Some(detail) = &diagnostic.detail {
        writeln!(text, "    {detail}").expect("a string takes any text");
    }
}
