//! A collector of OTLP: it keeps the spans that it gets, and shows them as a tree.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use tests::support::web::{Answer, Request, Web};

/// How long spans may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// What of a span is shown beside its name.
const SHOWN: &[&str] = &[
    "ratchet.state.type",
    "error.type",
    "faas.invoked_name",
    "rpc.service",
    "rpc.method",
    "http.request.method",
    "ratchet.execution.redrive",
];

pub(crate) struct Collector {
    pub(crate) web: Web,
    spans: Arc<Mutex<Vec<Span>>>,
    status: Arc<AtomicU16>,
}

impl Collector {
    pub(crate) fn new() -> Self {
        let spans: Arc<Mutex<Vec<Span>>> = Arc::default();
        let status = Arc::new(AtomicU16::new(200));
        let web = Web::serve({
            let (spans, status) = (spans.clone(), status.clone());
            move |request| {
                let status = status.load(Ordering::SeqCst);
                if status == 200 {
                    spans.lock().unwrap().extend(read(request));
                }
                let mut answer = Answer::text(status, "application/x-protobuf", "");
                if status == 503 {
                    answer.headers.push(("Retry-After", "0".to_owned()));
                }
                answer
            }
        });
        Self { web, spans, status }
    }

    /// From now on it answers with this status.
    pub(crate) fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Waits until the spans of so many executions are there.
    pub(crate) fn wait(&self, executions: usize) -> Vec<Span> {
        let began = Instant::now();
        loop {
            let spans = self.spans.lock().unwrap().clone();
            let whole = spans.iter().filter(|span| span.kind() == SpanKind::Server);
            if whole.count() >= executions {
                return spans;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "the spans of {executions} executions do not come:\n{}",
                tree(&spans)
            );
            sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.spans.lock().unwrap().len()
    }
}

fn read(request: &Request) -> Vec<Span> {
    assert_eq!(request.header("content-type"), ["application/x-protobuf"]);
    let request = ExportTraceServiceRequest::decode(&*request.body).unwrap();
    let mut spans = Vec::new();
    for resource in request.resource_spans {
        let about = resource.resource.unwrap().attributes;
        assert_eq!(text(&about, "service.name").as_deref(), Some("tested"));
        for scope in resource.scope_spans {
            assert_eq!(scope.scope.unwrap().name, "ratchet");
            spans.extend(scope.spans);
        }
    }
    spans
}

pub(crate) fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|pair| pair.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("no attribute is like this: {other:?}"),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The spans, each below its parent; those whose parents are not there first. Each must be there once.
pub(crate) fn tree(spans: &[Span]) -> String {
    let mut below: BTreeMap<&[u8], Vec<&Span>> = BTreeMap::new();
    for (number, span) in spans.iter().enumerate() {
        let is_first = !spans[..number]
            .iter()
            .any(|other| other.span_id == span.span_id);
        assert!(is_first, "{} came twice", span.name);
        assert!(
            span.start_time_unix_nano <= span.end_time_unix_nano,
            "{}",
            span.name
        );
        let has_parent = spans
            .iter()
            .any(|other| other.span_id == span.parent_span_id);
        let parent = if has_parent {
            &*span.parent_span_id
        } else {
            &[]
        };
        below.entry(parent).or_default().push(span);
    }
    let mut text = String::new();
    show(&below, &[], 0, &mut text);
    text
}

fn show(below: &BTreeMap<&[u8], Vec<&Span>>, parent: &[u8], depth: usize, lines: &mut String) {
    let Some(spans) = below.get(parent) else {
        return;
    };
    let mut spans = spans.clone();
    let event = |span: &Span| {
        let event = text(&span.attributes, "ratchet.event.id");
        event.map_or(0, |event| event.parse::<u64>().unwrap())
    };
    spans.sort_by_key(|span| (event(span), span.start_time_unix_nano, span.name.clone()));
    for span in spans {
        let mut line = format!("{}{}", "  ".repeat(depth), span.name);
        for name in SHOWN {
            if let Some(value) = text(&span.attributes, name) {
                line.push_str(&format!(" {}={value}", name.rsplit('.').next().unwrap()));
            }
        }
        match span.status.as_ref().map(|status| status.code) {
            Some(1) => {}
            Some(2) => line.push_str(" FAILED"),
            other => panic!("no status is like this: {other:?}"),
        }
        for event in &span.events {
            line.push_str(&format!(" ({})", event.name));
        }
        if !span.links.is_empty() {
            line.push_str(" (goes on)");
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
        show(below, &span.span_id, depth + 1, lines);
    }
}
