//! The operation that checks a definition without keeping it.

use asl::diagnostic::{Diagnostic, Severity};
use asl::parser::{Options, parse};
use store::records::MachineType;

use crate::aws::json::{decode, encode};
use crate::aws::states::machines::{check_definition_length, machine_type};
use crate::aws::states::{Answer, States, page_size, wire};

/// `ValidateStateMachineDefinition`
pub(super) fn validate(states: &States, body: &[u8]) -> Answer {
    let request: wire::ValidateStateMachineDefinitionInput<'_> = decode(body)?;
    check_definition_length(states, Some(&request.definition))?;
    let options = Options {
        max_bytes: states.runtime.options().limits.definition_bytes,
        express: machine_type(request.type_.as_ref()) == MachineType::Express,
    };
    let parsed = parse(&request.definition, &options);
    let with_warnings = request.severity.as_deref() == Some("WARNING");
    let limit = page_size(request.max_results);
    Ok(encode(&verdict(&parsed.diagnostics, with_warnings, limit)))
}

fn verdict(
    found: &[Diagnostic],
    with_warnings: bool,
    limit: usize,
) -> wire::ValidateStateMachineDefinitionOutput<'_> {
    use wire::ValidateStateMachineDefinitionResultCode as Verdict;
    let has_errors = found.iter().any(|one| one.severity == Severity::Error);
    let asked_for = |one: &&Diagnostic| with_warnings || one.severity == Severity::Error;
    let diagnostics = found
        .iter()
        .filter(asked_for)
        .take(limit)
        .map(wire_diagnostic);
    wire::ValidateStateMachineDefinitionOutput {
        result: if has_errors {
            Verdict::Fail
        } else {
            Verdict::Ok
        },
        diagnostics: diagnostics.collect(),
        truncated: Some(found.iter().filter(asked_for).count() > limit),
    }
}

fn wire_diagnostic(one: &Diagnostic) -> wire::ValidateStateMachineDefinitionDiagnostic<'_> {
    use wire::ValidateStateMachineDefinitionSeverity as Wire;
    wire::ValidateStateMachineDefinitionDiagnostic {
        severity: match one.severity {
            Severity::Error => Wire::Error,
            Severity::Warning => Wire::Warning,
        },
        code: one.code.aws(),
        message: &one.message,
        location: (!one.pointer.is_empty()).then_some(&*one.pointer),
    }
}

#[cfg(test)]
mod tests;
