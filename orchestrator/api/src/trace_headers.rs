//! The trace that a start is a part of, as its request says.

use std::sync::Arc;

use axum::http::HeaderMap;
use runtime::trace::{LONGEST_HEADER, TraceHeader};

/// The trace of a request: its `X-Amzn-Trace-Id`, else what it gives itself, else its W3C `traceparent`.
///
/// AWS: "StartExecution", traceHeader: the header is preferred to the member. One that can't be kept is passed over; whoever sends it (a
/// proxy, an instrumented client) often does not know that it does.
pub(crate) fn trace_header(headers: &HeaderMap, given: Option<&str>) -> Option<Arc<str>> {
    let header = |name| {
        let value = headers.get(name)?.to_str().ok()?;
        (!value.is_empty() && value.len() <= LONGEST_HEADER).then_some(value)
    };
    if let Some(text) = header("x-amzn-trace-id").or(given) {
        return Some(text.into());
    }
    let header = TraceHeader::of_traceparent(header("traceparent")?)?;
    Some(header.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &str)], given: Option<&str>, expected: Option<&str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        assert_eq!(trace_header(&map, given).as_deref(), expected);
    }

    #[test]
    fn the_header_is_preferred() {
        let w3c = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        let x_ray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        check(&[], None, None);
        check(&[], Some("given"), Some("given"));
        check(&[("x-amzn-trace-id", "sent")], Some("given"), Some("sent"));
        check(&[("x-amzn-trace-id", "")], Some("given"), Some("given"));
        check(&[("x-amzn-trace-id", &"x".repeat(257))], None, None);
        check(&[("traceparent", w3c)], Some("given"), Some("given"));
        check(&[("traceparent", w3c)], None, Some(x_ray));
        check(&[("traceparent", "nonsense")], None, None);
    }
}
