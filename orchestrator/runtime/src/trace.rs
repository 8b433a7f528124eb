//! Traces: the header that executions carry from whoever started them to what they call, and the ids of their spans.
//!
//! Ids are made of what never changes about an execution, so that the same execution has the same spans whenever it is asked.

use std::fmt;
use std::sync::Arc;

use interpreter::execution::Identity;
use sha2::{Digest, Sha256};

use crate::tasks::CallTrace;

/// The longest header. AWS: "StartExecution", traceHeader.
pub const LONGEST_HEADER: usize = 256;

/// A trace's id, as W3C and OpenTelemetry have it; X-Ray writes the first 32 bits, which are a time in seconds, apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId(pub u128);

/// A span's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanId(pub u64);

/// Whether somebody before has decided that a trace is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sampling {
    /// It is kept.
    Sampled,
    /// It is not.
    NotSampled,
    /// That is left to whoever reads this.
    #[default]
    Undecided,
}

/// An X-Ray trace header, as far as it could be read. AWS: "X-Ray concepts", tracing header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceHeader {
    /// `Root`: the trace.
    pub root: Option<TraceId>,
    /// `Parent`: the span that calls.
    pub parent: Option<SpanId>,
    /// `Sampled`
    pub sampling: Sampling,
}

impl TraceHeader {
    /// Reads `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`; what it does not know is passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut header = Self::default();
        let pairs = text.split(';').filter_map(|part| part.split_once('='));
        for (name, value) in pairs {
            let value = value.trim();
            match name.trim() {
                "Root" => header.root = root(value),
                "Parent" => header.parent = digits(value, 16).and_then(SpanId::of),
                "Sampled" => {
                    header.sampling = match value {
                        "1" => Sampling::Sampled,
                        "0" => Sampling::NotSampled,
                        _ => Sampling::Undecided,
                    }
                }
                _ => {}
            }
        }
        header
    }

    /// Reads W3C's `00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01`.
    #[must_use]
    pub fn of_traceparent(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let version = parts.next().filter(|version| *version != "ff")?;
        digits(version, 2)?;
        let root = digits(parts.next()?, 32).filter(|root| *root != 0)?;
        let parent = digits(parts.next()?, 16).and_then(SpanId::of)?;
        let flags = digits(parts.next()?, 2)?;
        Some(Self {
            root: Some(TraceId(root)),
            parent: Some(parent),
            sampling: match flags & 1 {
                1 => Sampling::Sampled,
                _ => Sampling::NotSampled,
            },
        })
    }
}

impl SpanId {
    fn of(number: u128) -> Option<Self> {
        let number = u64::try_from(number).ok()?;
        (number != 0).then_some(Self(number))
    }
}

/// As X-Ray writes it.
impl fmt::Display for TraceHeader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        if let Some(TraceId(root)) = self.root {
            let (time, unique) = (root >> 96, root & ((1 << 96) - 1));
            write!(formatter, "Root=1-{time:08x}-{unique:024x}")?;
            between = ";";
        }
        if let Some(SpanId(parent)) = self.parent {
            write!(formatter, "{between}Parent={parent:016x}")?;
            between = ";";
        }
        match self.sampling {
            Sampling::Sampled => write!(formatter, "{between}Sampled=1"),
            Sampling::NotSampled => write!(formatter, "{between}Sampled=0"),
            Sampling::Undecided => Ok(()),
        }
    }
}

fn root(text: &str) -> Option<TraceId> {
    let (time, unique) = text.strip_prefix("1-")?.split_once('-')?;
    let root = digits(time, 8)? << 96 | digits(unique, 24)?;
    (root != 0).then_some(TraceId(root))
}

/// So many hexadecimal digits.
fn digits(text: &str, count: usize) -> Option<u128> {
    let is_whole = text.len() == count && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_whole
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
}

/// Where the spans of an execution are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// Their trace.
    pub trace: TraceId,
    /// The span that the execution's own is a child of.
    pub parent: Option<SpanId>,
    /// Whether there are any; what is called is told in any case.
    pub is_sampled: bool,
    key: u128,
}

impl TraceContext {
    /// The place of an execution's spans, with the header that it was started with.
    #[must_use]
    pub fn new(arn: &str, number: u64, started_at: i64, header: Option<&str>) -> Self {
        let digest = Sha256::new()
            .chain_update(number.to_be_bytes())
            .chain_update(started_at.to_be_bytes())
            .chain_update(arn.as_bytes())
            .finalize();
        let key = digest
            .iter()
            .take(16)
            .fold(0, |key, byte| key << 8 | u128::from(*byte));
        let header = header.map(TraceHeader::parse).unwrap_or_default();
        let seconds = u32::try_from(started_at.div_euclid(1000)).unwrap_or_default();
        let own = TraceId(u128::from(seconds) << 96 | (key >> 32).max(1));
        Self {
            trace: header.root.unwrap_or(own),
            // Without a trace there is nothing that the parent could be found in.
            parent: header.root.and(header.parent),
            is_sampled: header.sampling != Sampling::NotSampled,
            key,
        }
    }

    /// The span of the execution itself, or of its redrive of that number.
    #[must_use]
    pub fn execution_span(&self, redrive: u32) -> SpanId {
        self.span(0, redrive)
    }

    /// The span that began with an event: a state's, an iteration's, an attempt's.
    #[must_use]
    pub fn event_span(&self, event: u64) -> SpanId {
        self.span(event, 0)
    }

    /// The span of what had begun with that event before an execution failed, and goes on in its redrive of that number.
    #[must_use]
    pub fn resumed_span(&self, event: u64, redrive: u32) -> SpanId {
        self.span(event, redrive)
    }

    fn span(&self, event: u64, redrive: u32) -> SpanId {
        let digest = Sha256::new()
            .chain_update(self.key.to_be_bytes())
            .chain_update(event.to_be_bytes())
            .chain_update(redrive.to_be_bytes())
            .finalize();
        let number = digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        SpanId(number.max(1))
    }
}

/// What an execution carries of a trace; nothing for most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carried {
    /// The header that it was started with.
    pub(crate) header: Option<Arc<str>>,
    /// Where its spans are, if it is traced.
    pub(crate) context: Option<TraceContext>,
}

impl Carried {
    /// What that execution carries.
    pub(crate) fn new(identity: &Identity, header: Option<Arc<str>>, is_traced: bool) -> Self {
        let context = is_traced.then(|| {
            let started_at = identity.started_at;
            TraceContext::new(
                &identity.arn,
                identity.number,
                started_at,
                header.as_deref(),
            )
        });
        Self { header, context }
    }

    /// What the call of an attempt carries on. The attempt's span is its parent where there are spans; else the header goes on as it came.
    pub(crate) fn to_attempt(&self, attempt: u64) -> Option<CallTrace> {
        let Some(context) = &self.context else {
            let x_ray = self.header.clone()?;
            return Some(CallTrace {
                x_ray,
                traceparent: None,
            });
        };
        let (TraceId(trace), SpanId(span)) = (context.trace, context.event_span(attempt));
        let x_ray = match &self.header {
            Some(header) if !context.is_sampled => header.clone(),
            _ => TraceHeader {
                root: Some(context.trace),
                parent: Some(SpanId(span)),
                sampling: Sampling::Sampled,
            }
            .to_string()
            .into(),
        };
        let flags = u8::from(context.is_sampled);
        Some(CallTrace {
            x_ray,
            traceparent: Some(format!("00-{trace:032x}-{span:016x}-{flags:02x}").into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const WHOLE: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    fn check(text: &str, expected: Expect) {
        let header = TraceHeader::parse(text);
        expected.assert_eq(&header.to_string());
        assert_eq!(TraceHeader::parse(&header.to_string()), header);
    }

    #[test]
    fn headers_are_read_as_far_as_they_are_understood() {
        check(
            WHOLE,
            expect!["Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"],
        );
        check(
            " Self=1-2-3; Root=1-5759E988-bd862e3fe1be46a994272793 ;Lineage=a:1;Sampled=?",
            expect!["Root=1-5759e988-bd862e3fe1be46a994272793"],
        );
        check("Sampled=0", expect!["Sampled=0"]);
        check("Root=2-5759e988-bd862e3fe1be46a994272793", expect![""]);
        check(
            "Root=1-5759e988-bd862e3f;Parent=+3995c3f42cd8ad8",
            expect![""],
        );
        check(
            "Root=1-00000000-000000000000000000000000;Parent=0000000000000000",
            expect![""],
        );
        check(";;=;Root", expect![""]);
    }

    #[test]
    fn a_traceparent_says_the_same() {
        let header =
            TraceHeader::of_traceparent("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
        assert_eq!(header, Some(TraceHeader::parse(WHOLE)));
        for wrong in [
            "",
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8",
            "ff-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
            "00-00000000000000000000000000000000-53995c3f42cd8ad8-01",
            "00-5759e988bd862e3fe1be46a994272793-0000000000000000-01",
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad-01",
        ] {
            assert_eq!(TraceHeader::of_traceparent(wrong), None, "{wrong}");
        }
    }

    fn carried(header: Option<&str>, is_traced: bool) -> Carried {
        let context = is_traced.then(|| TraceContext::new("arn:e", 7, 1_700_000_000_123, header));
        Carried {
            header: header.map(Arc::from),
            context,
        }
    }

    fn check_call(header: Option<&str>, is_traced: bool, expected: Expect) {
        let call = carried(header, is_traced).to_attempt(5);
        let shown = call.map(|call| {
            let traceparent = call.traceparent.as_deref().unwrap_or("-");
            format!("{} {traceparent}", call.x_ray)
        });
        expected.assert_eq(shown.as_deref().unwrap_or("nothing"));
    }

    #[test]
    fn calls_carry_the_header_on() {
        check_call(None, false, expect!["nothing"]);
        check_call(
            Some("Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=x"),
            false,
            expect!["Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=x -"],
        );
        check_call(
            None,
            true,
            expect![
                "Root=1-6553f100-5ee1187f92952a99885b67a4;Parent=4bbce9c73da04554;Sampled=1 00-6553f1005ee1187f92952a99885b67a4-4bbce9c73da04554-01"
            ],
        );
        check_call(
            Some(WHOLE),
            true,
            expect![
                "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=4bbce9c73da04554;Sampled=1 00-5759e988bd862e3fe1be46a994272793-4bbce9c73da04554-01"
            ],
        );
        check_call(
            Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"),
            true,
            expect![
                "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0 00-5759e988bd862e3fe1be46a994272793-4bbce9c73da04554-00"
            ],
        );
    }

    #[test]
    fn an_execution_has_its_own_spans() {
        let context = |arn, number| TraceContext::new(arn, number, 1, None);
        let spans = |context: TraceContext| {
            (0..4).flat_map(move |event| {
                (0..3).map(move |redrive| context.resumed_span(event, redrive).0)
            })
        };
        let contexts = [context("a", 1), context("a", 2), context("b", 1)];
        let all: std::collections::HashSet<u64> = contexts.into_iter().flat_map(spans).collect();
        assert_eq!(all.len(), 36);
        assert_eq!(context("a", 1), context("a", 1));
        assert_eq!(
            context("a", 1).event_span(3),
            context("a", 1).resumed_span(3, 0)
        );
    }
}
