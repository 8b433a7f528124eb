//! Writes spans as a request of OTLP: protobuf, as a collector takes it at `/v1/traces`.
//!
//! The rules: <https://opentelemetry.io/docs/specs/otlp/>.

use interpreter::failure::Failure;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::common::v1::{AnyValue as Boxed, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind as WireKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as WireSpan, Status};
use prost::Message;
use runtime::trace::{SpanId, TraceId};

use crate::names::{Attribute, Value, attribute};
use crate::spans::{Span, SpanKind};

/// The longest status message.
const LONGEST_MESSAGE: usize = 1024;

/// The flags of a span that is kept, whose parent may be anywhere. OTLP: "SpanFlags".
const SAMPLED: u32 = 1;

/// A span in the form in which it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared(WireSpan);

/// A span of a trace, ready to be sent.
#[must_use]
pub fn prepare(trace: TraceId, span: Span) -> Prepared {
    let link = span.link.map(|link| Link {
        trace_id: trace_bytes(trace),
        span_id: span_bytes(link),
        ..Link::default()
    });
    let notes = span.notes.into_iter().map(|note| Event {
        time_unix_nano: nanoseconds(note.at),
        name: note.name.to_owned(),
        attributes: pairs(note.attributes),
        dropped_attributes_count: 0,
    });
    Prepared(WireSpan {
        trace_id: trace_bytes(trace),
        span_id: span_bytes(span.id),
        parent_span_id: span.parent.map(span_bytes).unwrap_or_default(),
        flags: SAMPLED,
        name: span.name,
        kind: match span.kind {
            SpanKind::Server => WireKind::Server,
            SpanKind::Internal => WireKind::Internal,
            SpanKind::Client => WireKind::Client,
        }
        .into(),
        start_time_unix_nano: nanoseconds(span.from),
        end_time_unix_nano: nanoseconds(span.to),
        attributes: pairs(span.attributes),
        events: notes.collect(),
        links: link.into_iter().collect(),
        status: Some(status(span.failure.as_ref())),
        ..WireSpan::default()
    })
}

/// One request with these spans, of a service of that name.
#[must_use]
pub fn request(service: &str, spans: Vec<Prepared>) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let about = vec![
        attribute("service.name", service),
        attribute("service.version", version),
    ];
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: pairs(about),
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: "ratchet".to_owned(),
                    version: version.to_owned(),
                    ..InstrumentationScope::default()
                }),
                spans: spans.into_iter().map(|Prepared(span)| span).collect(),
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    };
    request.encode_to_vec()
}

fn trace_bytes(TraceId(trace): TraceId) -> Vec<u8> {
    trace.to_be_bytes().to_vec()
}

fn span_bytes(SpanId(span): SpanId) -> Vec<u8> {
    span.to_be_bytes().to_vec()
}

fn nanoseconds(milliseconds: i64) -> u64 {
    u64::try_from(milliseconds)
        .unwrap_or_default()
        .saturating_mul(1_000_000)
}

fn pairs(attributes: Vec<Attribute>) -> Vec<KeyValue> {
    let pair = |Attribute { name, value }| KeyValue {
        key: name.to_owned(),
        value: Some(Boxed {
            value: Some(match value {
                Value::Text(text) => AnyValue::StringValue(text),
                Value::Integer(number) => {
                    AnyValue::IntValue(i64::try_from(number).unwrap_or(i64::MAX))
                }
            }),
        }),
        ..KeyValue::default()
    };
    attributes.into_iter().map(pair).collect()
}

fn status(failure: Option<&Failure>) -> Status {
    let Some(failure) = failure else {
        return Status {
            code: StatusCode::Ok.into(),
            message: String::new(),
        };
    };
    let parts = [failure.error.as_deref(), failure.cause.as_deref()];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    let message = parts.join(": ");
    Status {
        code: StatusCode::Error.into(),
        message: message.chars().take(LONGEST_MESSAGE).collect(),
    }
}
