//! Does a call: finds the model, makes the request, signs and sends it, tries again where that helps, and reads the answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Uri};
use jiff::Timestamp;
use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::credentials::Credentials;
use crate::endpoints::{Endpoint, Endpoints};
use crate::error::Error;
use crate::model::Model;
use crate::names::sdk_name;
use crate::request::{Prepared, prepare};
use crate::response::{Received, result};
use crate::signature::{Signer, Unsigned, hash};
use crate::timestamps::Style;
use crate::transport::{Transport, Unreachable};

/// How often a request is sent at most, as by AWS's own clients.
const ATTEMPTS: usize = 3;

/// The pause before the second attempt; the third has twice as long a one. Both are drawn by lot up to twice that.
const PAUSE: Duration = Duration::from_millis(100);

/// How long one attempt may take, where the caller says nothing else.
const ATTEMPT: Duration = Duration::from_secs(60);

/// The codes of services that are asked too much, or whose answer came too late.
const TRANSIENT: [&str; 18] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "InternalError",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "ThrottlingError",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// A client of all services. One serves all callers.
pub struct Client {
    catalogue: Arc<Catalogue>,
    endpoints: Endpoints,
    credentials: Option<Credentials>,
    transport: Arc<dyn Transport>,
    local: HashMap<String, Arc<dyn Transport>>,
    signers: Mutex<HashMap<(String, String), Arc<Signer>>>,
}

/// A call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The service, as workflows name it: `cloudwatchlogs`.
    pub service: &'a str,
    /// The operation: `putLogEvents`.
    pub action: &'a str,
    /// What it is called with.
    pub parameters: &'a Value,
    /// What stands for members that the caller is to make up, so that the service recognises a repetition: the same for the same call.
    pub token: &'a str,
    /// How the result tells times.
    pub style: Style,
    /// How long one attempt may take; a minute when absent.
    pub timeout: Option<Duration>,
    /// Headers that go along and are not signed, as a trace's: names in lower case, and values.
    pub headers: &'a [(&'a str, &'a str)],
}

/// A result.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What the service gave.
    pub result: Value,
    /// The status of the answer.
    pub status: u16,
    /// The headers of the answer.
    pub headers: HeaderMap,
}

/// Where a request goes and whether it is signed.
struct Way<'a> {
    transport: &'a dyn Transport,
    base: Uri,
    host: String,
    signer: Option<Arc<Signer>>,
    is_s3: bool,
    timeout: Duration,
    headers: &'a [(&'a str, &'a str)],
}

impl Client {
    /// A client. Without credentials it can only call endpoints of the operator's, which take any signature.
    #[must_use]
    pub fn new(
        catalogue: Arc<Catalogue>,
        endpoints: Endpoints,
        credentials: Option<Credentials>,
        transport: Arc<dyn Transport>,
    ) -> Self {
        Self {
            catalogue,
            endpoints,
            credentials,
            transport,
            local: HashMap::new(),
            signers: Mutex::default(),
        }
    }

    /// The same, with a way to a service of its own, unless the operator gave that service an endpoint.
    #[must_use]
    pub fn with_local(mut self, service: &str, transport: Arc<dyn Transport>) -> Self {
        self.local.insert(service.to_owned(), transport);
        self
    }

    /// The models.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The endpoints.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// When it is not known, the parameters don't fit, the service refuses, or there is no answer.
    pub async fn call(&self, call: Call<'_>) -> Result<Answer, Error> {
        let model = self.catalogue.model(call.service)?;
        let (name, operation) =
            model
                .operation(call.action)
                .ok_or_else(|| Error::UnknownAction {
                    service: call.service.to_owned(),
                    action: call.action.to_owned(),
                })?;
        let prepared = prepare(&model, name, operation, call.parameters, call.token)?;
        let way = self.way(&model, &prepared, operation.is_signed(), &call)?;
        let sent = AtomicU32::new(0);
        let attempt = || async {
            sent.fetch_add(1, Ordering::Relaxed);
            let received = way.send(&prepared).await?;
            let value = result(&model, operation, &received, call.style)?;
            Ok(Answer {
                result: value,
                status: received.status,
                headers: received.headers,
            })
        };
        let pauses = ExponentialBuilder::default()
            .with_min_delay(PAUSE)
            .with_max_times(ATTEMPTS - 1)
            .with_jitter();
        let done = attempt.retry(pauses).when(is_transient).await;
        let attempts = sent.load(Ordering::Relaxed);
        done.map_err(|error| counted(error, attempts))
    }

    /// Sends one request that no model describes, signed for a service if one is given. In a host name of AWS's, the region stands behind
    /// the service; elsewhere it is the one that the client calls. `headers` are those of [`Call::headers`].
    ///
    /// # Errors
    /// When it can't be signed, or there is no answer.
    pub async fn send(
        &self,
        prepared: &Prepared,
        url: &str,
        signed_for: Option<&str>,
        timeout: Duration,
        headers: &[(&str, &str)],
    ) -> Result<Received, Error> {
        let (base, host) = address(url)?;
        let signer = match signed_for {
            None => None,
            Some(service) => {
                let is_aws =
                    host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
                let region = named_region(&host, service).filter(|_| is_aws);
                let region = region.unwrap_or(&self.endpoints.region);
                Some(self.signer(service, region, is_aws)?)
            }
        };
        let way = Way {
            transport: &*self.transport,
            base,
            host,
            signer,
            is_s3: false,
            timeout,
            headers,
        };
        way.send(prepared).await
    }

    fn way<'a>(
        &'a self,
        model: &Model,
        prepared: &Prepared,
        is_signed: bool,
        call: &Call<'a>,
    ) -> Result<Way<'a>, Error> {
        let metadata = &model.metadata;
        let service = sdk_name(&metadata.service_id);
        let one_host = self.catalogue.one_host(&service);
        let local = self
            .local
            .get(&service)
            .filter(|_| self.endpoints.own(&metadata.service_id).is_none());
        let endpoint = match local {
            None => self.endpoints.of(model, one_host.as_ref()),
            Some(_) => Endpoint {
                url: "http://localhost".to_owned(),
                region: self.endpoints.region.clone(),
                is_aws: false,
            },
        };
        let url = match &prepared.host_prefix {
            Some(prefix) if endpoint.is_aws => {
                endpoint.url.replacen("://", &format!("://{prefix}"), 1)
            }
            _ => endpoint.url.clone(),
        };
        let (base, host) = address(&url)?;
        let signer = if is_signed {
            Some(self.signer(metadata.signing_name(), &endpoint.region, endpoint.is_aws)?)
        } else {
            None
        };
        Ok(Way {
            transport: local.map_or(&*self.transport, |local| &**local),
            base,
            host,
            signer,
            is_s3: metadata.is_s3(),
            timeout: call.timeout.unwrap_or(ATTEMPT),
            headers: call.headers,
        })
    }

    fn signer(&self, service: &str, region: &str, is_aws: bool) -> Result<Arc<Signer>, Error> {
        let nobody;
        let credentials = match &self.credentials {
            Some(credentials) => credentials,
            None if is_aws => return Err(Error::Credentials),
            None => {
                nobody = Credentials::nobody();
                &nobody
            }
        };
        let mut signers = self.signers.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (service.to_owned(), region.to_owned());
        let signer = signers
            .entry(key)
            .or_insert_with(|| Arc::new(Signer::new(credentials, region, service)));
        Ok(signer.clone())
    }
}

impl Way<'_> {
    async fn send(&self, prepared: &Prepared) -> Result<Received, Error> {
        let request = self.request(prepared, Timestamp::now())?;
        let unreachable = |why| Error::Unreachable { why, attempts: 1 };
        let sent = tokio::time::timeout(self.timeout, self.transport.send(request)).await;
        let response = match sent {
            Ok(sent) => sent.map_err(unreachable)?,
            Err(_) => {
                return Err(unreachable(Unreachable::Broken(
                    "Read timed out".to_owned(),
                )));
            }
        };
        let (head, body) = response.into_parts();
        Ok(Received {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }

    fn request(&self, prepared: &Prepared, now: Timestamp) -> Result<Request<Bytes>, Error> {
        let mut path = self.base.path().trim_end_matches('/').to_owned();
        path.push_str(&prepared.path);
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        let query = prepared.query_text();
        let mut headers = prepared.headers.clone();
        if self.is_s3 {
            headers.push(("x-amz-content-sha256".to_owned(), hash(&prepared.body)));
        }
        if let Some(signer) = &self.signer {
            self.sign(signer, prepared, &path, &query, &mut headers, now);
        }
        // What proxies may change on the way is not signed.
        let unsigned = self.headers.iter();
        headers.extend(unsigned.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut target = path;
        if !query.is_empty() {
            target.push('?');
            target.push_str(&query);
        }
        self.assembled(prepared, &target, &headers)
            .map_err(|reason| Error::Endpoint {
                url: format!("{}{target}", self.base),
                reason,
            })
    }

    fn sign(
        &self,
        signer: &Signer,
        prepared: &Prepared,
        path: &str,
        query: &str,
        headers: &mut Vec<(String, String)>,
        now: Timestamp,
    ) {
        let mut signed: Vec<(String, &str)> = headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
            .filter(|(name, _)| name.starts_with("x-amz") || name.starts_with("content-"))
            .collect();
        signed.sort_unstable();
        let signed: Vec<(&str, &str)> = signed
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        let signature = signer.sign(
            &Unsigned {
                method: &prepared.method,
                path,
                query,
                host: &self.host,
                headers: &signed,
                body: &prepared.body,
            },
            now,
        );
        headers.push(("x-amz-date".to_owned(), signature.date));
        if let Some(token) = signer.session_token() {
            headers.push(("x-amz-security-token".to_owned(), token.to_owned()));
        }
        headers.push((AUTHORIZATION.to_string(), signature.authorization));
    }

    fn assembled(
        &self,
        prepared: &Prepared,
        target: &str,
        headers: &[(String, String)],
    ) -> Result<Request<Bytes>, String> {
        let mut parts = self.base.clone().into_parts();
        parts.path_and_query = Some(
            target
                .parse()
                .map_err(|error: http::uri::InvalidUri| error.to_string())?,
        );
        let uri = Uri::from_parts(parts).map_err(|error| error.to_string())?;
        let method =
            Method::from_bytes(prepared.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = Request::new(prepared.body.clone());
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let host = HeaderValue::from_str(&self.host).map_err(|error| error.to_string())?;
        request.headers_mut().insert(HOST, host);
        for (name, value) in headers {
            let name =
                HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
            let value = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| format!("the value of the header {name} can't be sent"))?;
            request.headers_mut().append(name, value);
        }
        Ok(request)
    }
}

/// `eu-west-1` in `abc.execute-api.eu-west-1.amazonaws.com`.
fn named_region<'a>(host: &'a str, service: &str) -> Option<&'a str> {
    let mut labels = host.split('.');
    labels.find(|label| *label == service)?;
    labels.next()
}

/// An address and the `Host` header for it.
fn address(url: &str) -> Result<(Uri, String), Error> {
    let wrong = |reason: &str| Error::Endpoint {
        url: url.to_owned(),
        reason: reason.to_owned(),
    };
    let uri: Uri = url
        .parse()
        .map_err(|error: http::uri::InvalidUri| wrong(&error.to_string()))?;
    let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
    let standard = match uri.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        _ => return Err(wrong("it must begin with http:// or https://")),
    };
    let host = match authority.port_u16() {
        Some(port) if port != standard => format!("{}:{port}", authority.host()),
        _ => authority.host().to_owned(),
    };
    Ok((uri, host))
}

/// Whether the same request may fare better in a moment.
fn is_transient(error: &Error) -> bool {
    match error {
        Error::Unreachable { why, .. } => {
            matches!(why, Unreachable::Connect(_) | Unreachable::Broken(_))
        }
        Error::Refused(error) => {
            let code = error.code.as_deref().unwrap_or_default();
            matches!(error.status, 429 | 500 | 502 | 503 | 504) || TRANSIENT.contains(&code)
        }
        Error::UnknownService(_)
        | Error::UnknownAction { .. }
        | Error::Unsupported { .. }
        | Error::Model { .. }
        | Error::Parameters(_)
        | Error::Credentials
        | Error::Endpoint { .. }
        | Error::Answer(_) => false,
    }
}

fn counted(error: Error, attempts: u32) -> Error {
    match error {
        Error::Refused(mut error) => {
            error.attempts = attempts;
            Error::Refused(error)
        }
        Error::Unreachable { why, .. } => Error::Unreachable { why, attempts },
        error => error,
    }
}
