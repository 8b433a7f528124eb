//! What Lambda's Invoke API answered, and the result that `lambda:invoke` makes of it.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use expression::value::{Object, Value};
use interpreter::failure::Failure;
use jiff::Timestamp;
use uuid::Uuid;

use crate::failures;
use crate::invocation::Invocation;

/// An answer of the Invoke API, or what stands for one where a function was performed here.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The headers in the order in which Lambda sends them, with Lambda's letters.
    pub(crate) headers: Vec<(Arc<str>, Arc<str>)>,
    pub(crate) body: Bytes,
}

/// A header of Lambda's answers: the name as hyper gives it, and as Lambda writes it.
struct Known {
    lower: &'static str,
    name: Arc<str>,
}

/// Lambda's headers in the order of its answers. HTTP does not care for their letters, but the results that AWS recorded keep them.
static KNOWN: LazyLock<[Known; 9]> = LazyLock::new(|| {
    [
        ("date", "Date"),
        ("content-type", "Content-Type"),
        ("content-length", "Content-Length"),
        ("connection", "Connection"),
        ("x-amzn-requestid", REQUEST_ID),
        (
            "x-amzn-remapped-content-length",
            "x-amzn-Remapped-Content-Length",
        ),
        ("x-amz-executed-version", EXECUTED_VERSION),
        ("x-amz-log-result", LOG_RESULT),
        ("x-amzn-trace-id", "X-Amzn-Trace-Id"),
    ]
    .map(|(lower, name)| Known {
        lower,
        name: name.into(),
    })
});

const REQUEST_ID: &str = "x-amzn-RequestId";
const EXECUTED_VERSION: &str = "X-Amz-Executed-Version";
const LOG_RESULT: &str = "X-Amz-Log-Result";

/// The names of the result's own members, made once.
struct Members {
    executed_version: Arc<str>,
    log_result: Arc<str>,
    payload: Arc<str>,
    http_metadata: Arc<str>,
    all_headers: Arc<str>,
    headers: Arc<str>,
    http_status: Arc<str>,
    response_metadata: Arc<str>,
    request_id: Arc<str>,
    status: Arc<str>,
}

static MEMBERS: LazyLock<Members> = LazyLock::new(|| Members {
    executed_version: "ExecutedVersion".into(),
    log_result: "LogResult".into(),
    payload: "Payload".into(),
    http_metadata: "SdkHttpMetadata".into(),
    all_headers: "AllHttpHeaders".into(),
    headers: "HttpHeaders".into(),
    http_status: "HttpStatusCode".into(),
    response_metadata: "SdkResponseMetadata".into(),
    request_id: "RequestId".into(),
    status: "StatusCode".into(),
});

impl Reply {
    /// The headers of an HTTP answer, sorted and written as Lambda does; others follow, as they came.
    pub(crate) fn headers_of(headers: &http::HeaderMap) -> Vec<(Arc<str>, Arc<str>)> {
        let mut sorted = Vec::with_capacity(headers.len());
        let text = |value: &http::HeaderValue| -> Arc<str> {
            String::from_utf8_lossy(value.as_bytes()).into()
        };
        for known in KNOWN.iter() {
            if let Some(value) = headers.get(known.lower) {
                sorted.push((known.name.clone(), text(value)));
            }
        }
        if sorted.len() < headers.keys_len() {
            for name in headers.keys() {
                if KNOWN.iter().all(|known| known.lower != name.as_str())
                    && let Some(value) = headers.get(name)
                {
                    sorted.push((name.as_str().into(), text(value)));
                }
            }
        }
        sorted
    }

    /// What Lambda would have answered for a function that was performed here.
    pub(crate) fn of_local(status: u16, body: Bytes, invocation: &Invocation) -> Self {
        let now = Timestamp::now();
        let request_id = invocation.attempt.request_id;
        let number = request_id.simple().to_string();
        let version = version_of(invocation);
        let values: [Option<Arc<str>>; 9] = [
            Some(now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string().into()),
            Some("application/json".into()),
            Some(body.len().to_string().into()),
            Some("keep-alive".into()),
            Some(request_id.to_string().into()),
            Some("0".into()),
            (status == 200).then(|| version.into()),
            None,
            Some(match &invocation.attempt.trace {
                Some(trace) => trace.x_ray.clone(),
                None => format!(
                    "Root=1-{:08x}-{};Sampled=0;Lineage=1:00000000:0",
                    now.as_second(),
                    &number[..24]
                )
                .into(),
            }),
        ];
        let headers = KNOWN
            .iter()
            .zip(values)
            .filter_map(|(known, value)| Some((known.name.clone(), value?)))
            .collect();
        Self {
            status,
            headers,
            body,
        }
    }

    /// The function's result; `None` where the call has none.
    ///
    /// # Errors
    /// When it is no JSON.
    pub(crate) fn payload(&self, function: &str) -> Result<Option<Value>, Failure> {
        if self.body.is_empty() {
            return Ok(None);
        }
        let text = std::str::from_utf8(&self.body)
            .map_err(|error| failures::not_json(function, &error, &self.body))?;
        Value::parse(text)
            .map(Some)
            .map_err(|error| failures::not_json(function, &error, &self.body))
    }

    fn header(&self, name: &str) -> Option<&Arc<str>> {
        self.headers
            .iter()
            .find(|(of, _)| &**of == name)
            .map(|(_, value)| value)
    }
}

/// The version that a local function is said to have: what the qualifier says when it is a number, the latest otherwise.
pub(crate) fn version_of(invocation: &Invocation) -> &str {
    invocation
        .qualifier
        .as_deref()
        .or(invocation.function.qualifier.as_deref())
        .filter(|qualifier| qualifier.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or("$LATEST")
}

/// The result of `lambda:invoke`, members and headers in the order of the recordings.
///
/// # Errors
/// When the function's result is no JSON.
pub(crate) fn result_of_invoke(
    reply: Reply,
    fallback_id: Uuid,
    function: &str,
) -> Result<Value, Failure> {
    let names = &*MEMBERS;
    let payload = reply.payload(function)?;
    let request_id = reply
        .header(REQUEST_ID)
        .cloned()
        .unwrap_or_else(|| fallback_id.to_string().into());
    let status = Value::from(u64::from(reply.status));
    let mut result = object(7);
    if let Some(version) = reply.header(EXECUTED_VERSION) {
        result.insert(names.executed_version.clone(), version.clone().into());
    }
    if let Some(log) = reply.header(LOG_RESULT) {
        result.insert(names.log_result.clone(), log.clone().into());
    }
    if let Some(payload) = payload {
        result.insert(names.payload.clone(), payload);
    }
    let mut http = object(3);
    http.insert(names.all_headers.clone(), all_headers(&reply.headers));
    http.insert(names.headers.clone(), headers(reply.headers));
    http.insert(names.http_status.clone(), status.clone());
    result.insert(names.http_metadata.clone(), shared(http));
    let mut response = object(1);
    response.insert(names.request_id.clone(), request_id.into());
    result.insert(names.response_metadata.clone(), shared(response));
    result.insert(names.status.clone(), status);
    Ok(shared(result))
}

/// Names and lists of values, in the order in which Java's `HashMap` walks through them.
pub(crate) fn all_headers(headers: &[(Arc<str>, Arc<str>)]) -> Value {
    // The table doubles when it is filled to three quarters.
    let mut size: u32 = 16;
    while headers.len() * 4 > size as usize * 3 {
        size *= 2;
    }
    let mut order: Vec<(u32, usize)> = headers
        .iter()
        .enumerate()
        .map(|(index, (name, _))| (bucket(name, size), index))
        .collect();
    order.sort_unstable();
    let mut members = object(headers.len());
    for (_, index) in order {
        let (name, value) = &headers[index];
        members.insert(name.clone(), Value::array([value.clone().into()]));
    }
    shared(members)
}

/// Names and single values, in the order of Java's `TreeMap` that ignores case.
pub(crate) fn headers(mut headers: Vec<(Arc<str>, Arc<str>)>) -> Value {
    headers.sort_by(|(left, _), (right, _)| {
        let left = left.bytes().map(|byte| byte.to_ascii_lowercase());
        left.cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
    });
    let mut members = object(headers.len());
    for (name, value) in headers {
        members.insert(name, value.into());
    }
    shared(members)
}

/// The bucket of a key: Java's `String.hashCode`, its halves mixed.
fn bucket(key: &str, size: u32) -> u32 {
    let hash = key.encode_utf16().fold(0_u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    });
    (hash ^ (hash >> 16)) & (size - 1)
}

fn object(capacity: usize) -> Object {
    Object::with_capacity_and_hasher(capacity, Default::default())
}

fn shared(members: Object) -> Value {
    Value::Object(Arc::new(members))
}
