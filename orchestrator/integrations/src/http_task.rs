//! `http:invoke`: calls an HTTP service that the definition names.
//!
//! The rules: <https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html>. Redirects are not followed: a redirect is an
//! answer that is not of the 200s.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use expression::value::{Object, Value};
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::Full;
use interpreter::failure::{Failure, names};
use interpreter::payload::Payload;
use runtime::tasks::{CallTrace, HttpExchange, HttpRequest, HttpResponse, TaskCall};

use crate::connections::{Connections, Proof};
use crate::connector::Origin;
use crate::failures;
use crate::form_encoding::{ArrayFormat, append_form, append_pair, text_of};
use crate::http_client::{Answer, Client, ExchangeError};
use crate::settings::{Error, Settings};

/// The longest that a call may take.
const LONGEST_CALL: Duration = Duration::from_secs(60);

/// What a request's head is made of by the client itself; a definition that sets these could break the connection's framing.
const RESERVED: [&str; 8] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Calls HTTP services.
pub(crate) struct HttpTask {
    client: Arc<Client>,
    connections: Connections,
    user_agent: HeaderValue,
}

/// A request as the state's parameters describe it.
struct Described {
    method: Method,
    endpoint: Uri,
    origin: Origin,
    query: String,
    headers: HeaderMap,
    body: Bytes,
    connection: Option<Arc<str>>,
}

impl HttpTask {
    /// `client` goes where definitions say, `trusted` where the operator says.
    ///
    /// # Errors
    /// When a connection's table is wrong.
    pub(crate) fn new(
        settings: &Settings,
        client: Arc<Client>,
        trusted: Arc<Client>,
    ) -> Result<Self, Error> {
        let user_agent = format!("Amazon|StepFunctions|HttpInvoke|{}", settings.region);
        Ok(Self {
            client,
            connections: Connections::new(&settings.connections, trusted)?,
            user_agent: HeaderValue::from_str(&user_agent)
                .unwrap_or_else(|_| HeaderValue::from_static("Amazon|StepFunctions|HttpInvoke")),
        })
    }

    /// Performs one call.
    ///
    /// # Errors
    /// `States.Http.StatusCode.NNN` when the answer is not of the 200s, `States.Http.Socket` when there is none.
    pub(crate) async fn invoke(&self, arn: &str, call: &TaskCall) -> Result<Payload, Failure> {
        self.exchange(arn, call, &mut |_| {}).await
    }

    /// The same, with what was sent and received; what the connection adds to the request only if secrets may be seen.
    pub(crate) async fn invoke_observed(
        &self,
        arn: &str,
        call: &TaskCall,
        reveal_secrets: bool,
    ) -> (Result<Payload, Failure>, Option<HttpExchange>) {
        let mut seen = None;
        let result = self
            .exchange(arn, call, &mut |sight| match sight {
                Sight::Sent(described, proof) => {
                    let nothing = Proof::default();
                    let proof = if reveal_secrets { proof } else { &nothing };
                    seen = Some(HttpExchange {
                        request: self.shown_request(described, proof),
                        response: None,
                    });
                }
                Sight::Received(answer) => {
                    if let Some(exchange) = &mut seen {
                        let protocol = exchange.request.protocol.clone();
                        exchange.response = Some(shown_response(answer, protocol));
                    }
                }
            })
            .await;
        (result, seen)
    }

    async fn exchange(
        &self,
        arn: &str,
        call: &TaskCall,
        look: &mut (dyn FnMut(Sight<'_>) + Send),
    ) -> Result<Payload, Failure> {
        let described = describe(call)?;
        let work = async {
            let proof = match &described.connection {
                Some(connection) => self.connections.prove(connection).await?,
                None => Proof::default(),
            };
            look(Sight::Sent(&described, &proof));
            let sent = self
                .client
                .send(&described.origin, || self.request(&described, &proof));
            let answer = sent.await.map_err(|error| match error {
                // Trying again will not help, so it is no failure of the network.
                ExchangeError::Forbidden(text) => failures::failure(names::PERMISSIONS, text),
                ExchangeError::Connect(text) | ExchangeError::Broken(text) => {
                    failures::failure(names::HTTP_SOCKET, text)
                }
                ExchangeError::TooLong => failures::too_long(arn),
            })?;
            look(Sight::Received(&answer));
            Ok(answer)
        };
        match tokio::time::timeout(LONGEST_CALL, work).await {
            Ok(answer) => result_of(answer?).map(Payload::of),
            Err(_) => Err(failures::failure(
                names::HTTP_SOCKET,
                format!(
                    "The HTTP task timed out after {} seconds",
                    LONGEST_CALL.as_secs()
                ),
            )),
        }
    }

    fn shown_request(&self, described: &Described, proof: &Proof) -> HttpRequest {
        let request = self.request(described, proof);
        let endpoint = &described.endpoint;
        let authority = endpoint
            .authority()
            .map_or("", |authority| authority.as_str());
        let protocol = endpoint.scheme_str().unwrap_or("https").to_owned();
        HttpRequest {
            method: request.method().to_string(),
            url: format!("{protocol}://{authority}{}", request.uri()),
            headers: shown_headers(request.headers()),
            body: shown_body(&described.body),
            protocol,
        }
    }

    fn request(&self, described: &Described, proof: &Proof) -> Request<Full<Bytes>> {
        let mut target = described
            .endpoint
            .path_and_query()
            .map_or_else(|| "/".to_owned(), |path| path.as_str().to_owned());
        let mut query = described.query.clone();
        for (name, value) in &proof.query {
            append_pair(&mut query, name, value);
        }
        if !query.is_empty() {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&query);
        }
        let mut request = Request::new(Full::new(described.body.clone()));
        *request.method_mut() = described.method.clone();
        *request.uri_mut() = Uri::try_from(target).expect("the query is percent-encoded");
        let headers = request.headers_mut();
        *headers = described.headers.clone();
        headers
            .entry(USER_AGENT)
            .or_insert_with(|| self.user_agent.clone());
        if let Ok(host) = HeaderValue::from_str(&described.origin.host_header()) {
            headers.insert(HOST, host);
        }
        for (name, value) in &proof.headers {
            headers.insert(name.clone(), value.clone());
        }
        request
    }
}

/// What can be seen of a call.
enum Sight<'a> {
    Sent(&'a Described, &'a Proof),
    Received(&'a Answer),
}

fn shown_response(answer: &Answer, protocol: String) -> HttpResponse {
    HttpResponse {
        protocol,
        status_code: answer.status.as_str().to_owned(),
        status_message: answer.status.canonical_reason().unwrap_or("").to_owned(),
        headers: shown_headers(&answer.headers),
        body: shown_body(&answer.body),
    }
}

/// `[content-type: application/json, date: …]`
fn shown_headers(headers: &HeaderMap) -> String {
    let headers: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    format!("[{}]", headers.join(", "))
}

fn shown_body(body: &[u8]) -> Option<String> {
    (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned())
}

fn describe(call: &TaskCall) -> Result<Described, Failure> {
    let parameters = call.input.value();
    let mut problems = Vec::new();
    for name in parameters.as_object().into_iter().flat_map(Object::keys) {
        let known = [
            "ApiEndpoint",
            "Authentication",
            "Headers",
            "InvocationConfig",
            "Method",
            "QueryParameters",
            "RequestBody",
            "Transform",
        ];
        if !known.contains(&&**name) {
            problems.push(format!(
                "The field \"{name}\" is not supported by Step Functions"
            ));
        }
    }
    let endpoint = endpoint(parameters, &mut problems);
    let method = method(parameters, &mut problems);
    let mut headers = headers(parameters, &mut problems);
    for (name, value) in call.trace.iter().flat_map(CallTrace::headers) {
        if let Ok(value) = HeaderValue::from_str(value) {
            // What the state says itself stays.
            headers.entry(name).or_insert(value);
        }
    }
    let form = form(parameters, &mut problems);
    let connection = ["Authentication", "InvocationConfig"]
        .iter()
        .find_map(|name| parameters.get(name)?.get("ConnectionArn"))
        .map(|arn| text_of(arn).into());
    let mut query = String::new();
    if let Some(parameters) = parameters.get("QueryParameters") {
        append_form(&mut query, parameters, ArrayFormat::Repeat);
    }
    let body = body(parameters.get("RequestBody"), form, &mut headers);
    match (endpoint, method) {
        (Some((endpoint, origin)), Some(method)) if problems.is_empty() => Ok(Described {
            method,
            endpoint,
            origin,
            query,
            headers,
            body,
            connection,
        }),
        _ => Err(failures::parameters(call.input.text(), &problems)),
    }
}

fn endpoint(parameters: &Value, problems: &mut Vec<String>) -> Option<(Uri, Origin)> {
    let text = required(parameters, "ApiEndpoint", problems)?;
    let parsed = text
        .parse::<Uri>()
        .map_err(|error| error.to_string())
        .and_then(|uri| Ok((Origin::of(&uri)?, uri)));
    match parsed {
        Ok((origin, uri)) => Some((uri, origin)),
        Err(reason) => {
            problems.push(format!(
                "The value '{text}' for the field 'ApiEndpoint' is not a valid URL: {reason}"
            ));
            None
        }
    }
}

fn method(parameters: &Value, problems: &mut Vec<String>) -> Option<Method> {
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
        Method::HEAD,
    ];
    let text = required(parameters, "Method", problems)?;
    let found = methods.into_iter().find(|method| method.as_str() == text);
    if found.is_none() {
        problems.push(format!(
            "The value '{text}' for the field 'Method' must be one of [GET, POST, PUT, DELETE, PATCH, OPTIONS, HEAD]"
        ));
    }
    found
}

fn required<'a>(parameters: &'a Value, name: &str, problems: &mut Vec<String>) -> Option<&'a str> {
    let text = parameters.get(name).and_then(Value::as_str);
    if text.is_none() {
        problems.push(format!("The field \"{name}\" is required but was missing"));
    }
    text
}

fn headers(parameters: &Value, problems: &mut Vec<String>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let given = parameters.get("Headers").and_then(Value::as_object);
    for (name, value) in given.into_iter().flatten() {
        let values = match value {
            Value::Array(items) => items.iter().map(text_of).collect(),
            _ => vec![text_of(value)],
        };
        for value in values {
            let pair = name
                .parse::<HeaderName>()
                .ok()
                .filter(|name| !RESERVED.contains(&name.as_str()))
                .zip(HeaderValue::from_str(&value).ok());
            match pair {
                Some((name, value)) => {
                    headers.append(name, value);
                }
                None => problems.push(format!("The header '{name}' cannot be set")),
            }
        }
    }
    headers
}

/// Whether the body is a form, and how it names the items of arrays.
fn form(parameters: &Value, problems: &mut Vec<String>) -> Option<ArrayFormat> {
    let transform = parameters.get("Transform")?;
    let encoding = transform
        .get("RequestBodyEncoding")
        .or_else(|| transform.get("RequestEncoding"));
    match encoding.and_then(Value::as_str) {
        Some("URL_ENCODED") => {}
        Some("NONE") | None => return None,
        Some(other) => {
            problems.push(format!(
                "The value '{other}' for the field 'RequestBodyEncoding' must be one of [NONE, URL_ENCODED]"
            ));
            return None;
        }
    }
    let format = transform
        .get("RequestEncodingOptions")
        .and_then(|options| options.get("ArrayFormat"))
        .and_then(Value::as_str)
        .unwrap_or("INDICES");
    let parsed = ArrayFormat::parse(format);
    if parsed.is_none() {
        problems.push(format!(
            "The value '{format}' for the field 'ArrayFormat' must be one of [INDICES, REPEAT, COMMAS, BRACKETS]"
        ));
    }
    parsed
}

fn body(value: Option<&Value>, form: Option<ArrayFormat>, headers: &mut HeaderMap) -> Bytes {
    let Some(value) = value else {
        return Bytes::new();
    };
    if let Some(arrays) = form {
        let mut encoded = String::new();
        append_form(&mut encoded, value, arrays);
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        return encoded.into();
    }
    let is_json = is_json(headers).unwrap_or(true);
    headers
        .entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/json"));
    match value {
        // A text of another type is what it says, not its JSON form.
        Value::String(text) if !is_json => Bytes::copy_from_slice(text.as_bytes()),
        _ => value.to_text().into(),
    }
}

fn result_of(answer: Answer) -> Result<Value, Failure> {
    let status = answer.status;
    let reason = status.canonical_reason().unwrap_or("");
    let text = String::from_utf8_lossy(&answer.body);
    if !status.is_success() {
        let cause = if text.is_empty() { reason } else { &*text };
        let error = format!("{}{}", names::HTTP_STATUS_CODE, status.as_u16());
        return Err(failures::failure(&error, cause));
    }
    let parsed = match is_json(&answer.headers) {
        Some(true) => Value::parse(&text).ok(),
        Some(false) | None => None,
    };
    let headers = answer.headers.keys().map(|name| {
        let values = answer.headers.get_all(name).iter();
        let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()).as_ref().into());
        (name.as_str(), Value::array(texts))
    });
    Ok(Value::object([
        ("Headers", Value::object(headers)),
        (
            "ResponseBody",
            parsed.unwrap_or_else(|| text.as_ref().into()),
        ),
        ("StatusCode", u64::from(status.as_u16()).into()),
        ("StatusText", reason.into()),
    ]))
}

/// Whether the headers call the body JSON; `None` when they call it nothing.
fn is_json(headers: &HeaderMap) -> Option<bool> {
    let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = media_type.split(';').next()?.trim().to_ascii_lowercase();
    Some(essence == "application/json" || essence.ends_with("+json"))
}
