//! `ratchet validate`: everything that is wrong with definitions.

use std::io::IsTerminal;
use std::path::Path;

use asl::diagnostic::Severity;
use asl::parser;
use serde_json::json;

use crate::arguments::Validate;
use crate::commands::{configure, read_text};
use crate::config::layers::Environment;
use crate::findings;
use crate::outcome::{Error, Outcome};
use crate::output::{self, Format};

/// Checks the files, one after the other.
pub(super) fn validate(arguments: &Validate, environment: &Environment) -> Result<Outcome, Error> {
    let mut reports = Vec::new();
    let (mut errors, mut warnings) = (0, 0);
    for file in &arguments.files {
        let in_force = configure(&arguments.sources.flags(), environment, Some(file))?;
        let options = parser::Options {
            max_bytes: in_force.config.limits.engine().definition_bytes,
            express: arguments.express,
        };
        let text = read_text(file)?;
        let found = parser::parse(&text, &options).diagnostics;
        errors += count(&found, Severity::Error);
        warnings += count(&found, Severity::Warning);
        let name = file_name(file);
        match arguments.output {
            Format::Table => {
                let is_terminal = std::io::stdout().is_terminal();
                output::print_findings(&findings::render(&found, &text, &name, is_terminal));
            }
            Format::Json => reports.push(json!({
                "file": name,
                "findings": findings::as_json(&found),
            })),
        }
    }
    match arguments.output {
        Format::Table => output::print(&summary(arguments.files.len(), errors, warnings)),
        Format::Json => output::print(&output::indented(&json!({
            "files": reports,
            "errors": errors,
            "warnings": warnings,
        }))),
    }
    Ok(if errors == 0 {
        Outcome::Done
    } else {
        Outcome::Negative
    })
}

/// A file's name in findings.
pub(super) fn file_name(file: &Path) -> String {
    if super::is_stdin(file) {
        return "standard input".to_owned();
    }
    file.display().to_string()
}

fn count(found: &[asl::diagnostic::Diagnostic], severity: Severity) -> usize {
    found
        .iter()
        .filter(|finding| finding.severity == severity)
        .count()
}

fn summary(files: usize, errors: usize, warnings: usize) -> String {
    let number = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    };
    format!(
        "{}: {}, {}",
        number(files, "definition"),
        number(errors, "error"),
        number(warnings, "warning")
    )
}
