//! A definition's findings for the terminal, each with its line and the spot marked, and as JSON.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use asl::diagnostic::{Diagnostic, Severity};
use serde_json::{Value, json};

/// How many bytes of a line are shown on either side of the spot: a definition can be one line of a megabyte.
const LINE_BYTES: usize = 400;

/// The findings for people; colours are for a terminal only.
pub(crate) fn render(findings: &[Diagnostic], text: &str, file: &str, is_terminal: bool) -> String {
    let renderer = if is_terminal {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    findings
        .iter()
        .map(|finding| format!("{}\n\n", renderer.render(&[group(finding, text, file)])))
        .collect()
}

/// The findings for programs.
pub(crate) fn as_json(findings: &[Diagnostic]) -> Vec<Value> {
    findings
        .iter()
        .map(|finding| {
            json!({
                "severity": match finding.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                "code": finding.code.to_string(),
                "pointer": finding.pointer,
                "line": finding.position.line,
                "column": finding.position.column,
                "offset": finding.position.offset,
                "length": finding.position.length,
                "message": finding.message,
                "detail": finding.detail,
            })
        })
        .collect()
}

fn group<'a>(finding: &'a Diagnostic, text: &'a str, file: &'a str) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let spot = Spot::find(finding, text);
    // Where the text is no JSON, AWS's wording repeats the source, which stands below anyway.
    let message = finding
        .message
        .split(" at [Source:")
        .next()
        .unwrap_or_default();
    let pointer = Some(finding.pointer.as_str()).filter(|pointer| pointer.starts_with('/'));
    let snippet = Snippet::source(spot.line)
        .line_start(finding.position.line.max(1) as usize)
        .path(file)
        .annotation(
            AnnotationKind::Primary
                .span(spot.start..spot.end)
                .label(pointer),
        );
    let group = level
        .primary_title(message.trim_end())
        .id(finding.code.to_string())
        .element(snippet);
    match &finding.detail {
        Some(detail) => group.element(Level::NOTE.message(detail.as_str())),
        None => group,
    }
}

/// The part of the text that is shown, and the marked bytes in it.
struct Spot<'a> {
    line: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Spot<'a> {
    fn find(finding: &Diagnostic, text: &'a str) -> Self {
        let position = finding.position;
        let offset = text.floor_char_boundary(position.offset);
        let line_start = text[..offset].rfind('\n').map_or(0, |end| end + 1);
        let line_end = text[offset..]
            .find('\n')
            .map_or(text.len(), |end| offset + end);
        let from = text.ceil_char_boundary(line_start.max(offset.saturating_sub(LINE_BYTES)));
        let to = text.floor_char_boundary(line_end.min(offset + LINE_BYTES));
        let end = offset
            .saturating_add(position.length.max(1))
            .min(to)
            .max(offset);
        Self {
            line: &text[from..to],
            start: offset - from,
            end: text.ceil_char_boundary(end) - from,
        }
    }
}
