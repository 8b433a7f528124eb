//! Gathers what is wrong: a finding is made where a node and its pointer are at hand, and becomes a diagnostic at the end.

use std::cell::{Cell, RefCell};
use std::fmt;

use crate::definition::{BlockId, StateId};
use crate::diagnostic::{Code, Diagnostic, Position, Severity};
use crate::json::{Node, Span, count, shortened};
use crate::parser::outline::Outline;

/// How many errors are kept, and how many warnings. A broken text of a megabyte could make more than anybody reads.
pub(crate) const MAX_FINDINGS: usize = 500;

/// How much of a state's name a pointer shows; longer names are refused anyway.
const MAX_NAME_SHOWN: usize = 80;

/// The way from the definition to a place in it; text only when somebody asks.
#[derive(Clone, Copy)]
pub(crate) enum Pointer<'p> {
    /// The definition itself.
    Root,
    /// A state.
    State(&'p Outline<'p>, StateId),
    /// A `States` block's owner: the machine, a branch or a processor.
    Block(&'p Outline<'p>, BlockId),
    /// A member.
    Field(&'p Pointer<'p>, &'p str),
    /// An item.
    Index(&'p Pointer<'p>, usize),
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::State(outline, id) => {
                let state = outline.state(*id);
                let name = shortened(state.name, MAX_NAME_SHOWN);
                write!(
                    formatter,
                    "{}/States/{name}",
                    Pointer::Block(outline, state.block)
                )
            }
            Self::Block(outline, id) => match outline.block(*id).parent {
                None => Ok(()),
                Some((parent, step)) => {
                    write!(formatter, "{}{step}", Pointer::State(outline, parent))
                }
            },
            Self::Field(parent, name) => {
                write!(formatter, "{parent}/{}", shortened(name, MAX_NAME_SHOWN))
            }
            Self::Index(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

/// A node and the way to it.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p, 't> {
    /// The node.
    pub(crate) node: &'t Node<'t>,
    /// The way.
    pub(crate) pointer: Pointer<'p>,
}

impl<'p, 't> Place<'p, 't> {
    /// The member of that name.
    pub(crate) fn field<'s>(&'s self, name: &'s str) -> Option<Place<'s, 't>> {
        let member = self.node.get(name)?;
        Some(Place {
            node: &member.value,
            pointer: Pointer::Field(&self.pointer, name),
        })
    }

    /// The opening brace or bracket, which stands for the whole where something is missing inside.
    pub(crate) fn brace(&self) -> Span {
        let start = self.node.span.start;
        Span {
            start,
            end: self.node.span.end.min(start + 1),
        }
    }

    /// The items.
    pub(crate) fn items<'s>(&'s self) -> impl Iterator<Item = Place<'s, 't>> + use<'s, 'p, 't> {
        self.node
            .items()
            .iter()
            .enumerate()
            .map(|(index, node)| Place {
                node,
                pointer: Pointer::Index(&self.pointer, index),
            })
    }
}

/// All findings so far.
#[derive(Default)]
pub(crate) struct Findings {
    list: RefCell<Vec<Finding>>,
    errors: Cell<usize>,
    warnings: Cell<usize>,
}

struct Finding {
    code: Code,
    severity: Severity,
    pointer: String,
    span: Span,
    message: String,
    detail: Option<String>,
}

impl Findings {
    /// A mistake in the structure.
    pub(crate) fn schema(&self, place: &Place<'_, '_>, message: impl Into<String>) {
        self.schema_at(place.pointer, place.node.span, message);
    }

    /// A mistake in the structure, with what would be none.
    pub(crate) fn schema_in_detail(
        &self,
        place: &Place<'_, '_>,
        message: impl Into<String>,
        detail: Option<String>,
    ) {
        let (code, pointer) = (Code::SchemaValidationFailed, text(place.pointer));
        self.add(Severity::Error, || Finding {
            detail,
            ..Finding::new(code, Severity::Error, pointer, place.node.span, message)
        });
    }

    /// A mistake in the structure that one member makes and AWS reports at the object around it.
    pub(crate) fn schema_at(&self, pointer: Pointer<'_>, span: Span, message: impl Into<String>) {
        self.error(Code::SchemaValidationFailed, pointer, span, message);
    }

    /// An expression that can't be compiled, and why.
    pub(crate) fn expression(
        &self,
        pointer: Pointer<'_>,
        span: Span,
        message: impl Into<String>,
        detail: String,
    ) {
        let code = Code::InvalidExpression;
        self.add(Severity::Error, || Finding {
            detail: Some(detail),
            ..Finding::new(code, Severity::Error, text(pointer), span, message)
        });
    }

    /// A mistake.
    pub(crate) fn error(
        &self,
        code: Code,
        pointer: Pointer<'_>,
        span: Span,
        message: impl Into<String>,
    ) {
        self.add(Severity::Error, || {
            Finding::new(code, Severity::Error, text(pointer), span, message)
        });
    }

    /// Something doubtful.
    pub(crate) fn warning(
        &self,
        code: Code,
        pointer: Pointer<'_>,
        span: Span,
        message: impl Into<String>,
    ) {
        self.add(Severity::Warning, || {
            Finding::new(code, Severity::Warning, text(pointer), span, message)
        });
    }

    /// A mistake that has no place of its own, as AWS reports it.
    pub(crate) fn error_without_place(&self, code: Code, span: Span, message: impl Into<String>) {
        self.add(Severity::Error, || {
            Finding::new(code, Severity::Error, String::new(), span, message)
        });
    }

    /// Whether a machine can be made.
    pub(crate) fn is_usable(&self) -> bool {
        self.errors.get() == 0
    }

    /// All as diagnostics, in the order of their places; those without a place come last.
    pub(crate) fn into_diagnostics(self, source: &str) -> Vec<Diagnostic> {
        let mut list = self.list.into_inner();
        list.sort_by_key(|finding| (finding.pointer.is_empty(), finding.span.start));
        let mut lines = Lines::new(source);
        list.into_iter()
            .map(|finding| Diagnostic {
                code: finding.code,
                severity: finding.severity,
                pointer: finding.pointer,
                position: lines.position(finding.span),
                message: finding.message,
                detail: finding.detail,
            })
            .collect()
    }

    /// Counts a finding, and makes and keeps it while there are not too many.
    fn add(&self, severity: Severity, make: impl FnOnce() -> Finding) {
        let counter = match severity {
            Severity::Error => &self.errors,
            Severity::Warning => &self.warnings,
        };
        counter.set(counter.get() + 1);
        if counter.get() <= MAX_FINDINGS {
            self.list.borrow_mut().push(make());
        }
    }
}

impl Finding {
    fn new(
        code: Code,
        severity: Severity,
        pointer: String,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            pointer,
            span,
            message: message.into(),
            detail: None,
        }
    }
}

/// AWS writes the definition itself as `/`.
fn text(pointer: Pointer<'_>) -> String {
    let text = pointer.to_string();
    if text.is_empty() {
        return "/".to_owned();
    }
    text
}

/// Turns offsets into lines and columns; each column is counted from the last one, where it can be.
struct Lines<'t> {
    source: &'t str,
    starts: Vec<usize>,
    last: (usize, usize),
}

impl<'t> Lines<'t> {
    fn new(source: &'t str) -> Self {
        let starts = std::iter::once(0)
            .chain(source.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            source,
            starts,
            last: (0, 1),
        }
    }

    fn position(&mut self, span: Span) -> Position {
        let line = self.starts.partition_point(|start| *start <= span.start);
        let line_start = self.starts[line - 1];
        let (from, column) = match self.last {
            (offset, column) if (line_start..=span.start).contains(&offset) => (offset, column),
            _ => (line_start, 1),
        };
        let column = column + self.source[from..span.start].chars().count();
        self.last = (span.start, column);
        Position {
            offset: span.start,
            length: span.end - span.start,
            line: count(line),
            column: count(column),
        }
    }
}
