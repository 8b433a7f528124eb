//! The connections that HTTP tasks prove themselves with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use interpreter::failure::Failure;

use crate::connector::Origin;
use crate::failures;
use crate::form_encoding::append_pair;
use crate::http_client::{Client, Outgoing};
use crate::settings::{ConnectionSettings, Error, OAuth};

/// A token is renewed this long before it expires.
const MARGIN: Duration = Duration::from_secs(30);

/// The connections of the settings, by name.
pub(crate) struct Connections {
    table: HashMap<String, Connection>,
    client: Arc<Client>,
}

/// What a connection adds to a request.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) query: Vec<(String, String)>,
}

struct Connection {
    headers: Vec<(HeaderName, HeaderValue)>,
    query: Vec<(String, String)>,
    oauth: Option<Grant>,
}

/// The client-credentials grant (RFC 6749, section 4.4).
struct Grant {
    settings: OAuth,
    uri: Uri,
    origin: Origin,
    token: Mutex<Option<(HeaderValue, Instant)>>,
}

impl Connections {
    /// The connections of the settings; `client` fetches their tokens.
    ///
    /// # Errors
    /// When a connection's table is wrong.
    pub(crate) fn new<'a>(
        settings: impl IntoIterator<Item = (&'a String, &'a ConnectionSettings)>,
        client: Arc<Client>,
    ) -> Result<Self, Error> {
        let mut table = HashMap::new();
        for (name, connection) in settings {
            let made = Connection::new(connection).map_err(|reason| Error::Connection {
                name: name.clone(),
                reason,
            })?;
            table.insert(name.clone(), made);
        }
        Ok(Self { table, client })
    }

    /// What the connection of this ARN (`arn:aws:events:…:connection/NAME/…`) or name adds to a request.
    ///
    /// # Errors
    /// When there is no such connection, or its token can't be fetched.
    pub(crate) async fn prove(&self, arn: &str) -> Result<Proof, Failure> {
        let name = match arn.split_once(":connection/") {
            Some((_, rest)) => rest.split('/').next().unwrap_or(rest),
            None => arn,
        };
        let Some(connection) = self.table.get(name) else {
            return Err(failures::failure(
                "Events.ConnectionResource.NotFound",
                format!(
                    "Connection {arn} does not exist: add [connections.{name}] to the configuration file."
                ),
            ));
        };
        let mut headers = connection.headers.clone();
        if let Some(grant) = &connection.oauth {
            headers.push((AUTHORIZATION, grant.token(&self.client).await?));
        }
        Ok(Proof {
            headers,
            query: connection.query.clone(),
        })
    }
}

impl Connection {
    fn new(settings: &ConnectionSettings) -> Result<Self, String> {
        let mut headers = Vec::new();
        for (name, value) in &settings.headers {
            headers.push((header_name(name)?, sensitive(value)?));
        }
        let mut oauth = None;
        match (
            &settings.api_key,
            &settings.basic,
            &settings.bearer,
            &settings.oauth,
        ) {
            (None, None, None, None) => {}
            (Some(key), None, None, None) => {
                headers.push((header_name(&key.name)?, sensitive(&key.value.0)?));
            }
            (None, Some(basic), None, None) => {
                let pair = format!("{}:{}", basic.username, basic.password.0);
                let value = format!("Basic {}", STANDARD.encode(pair));
                headers.push((AUTHORIZATION, sensitive(&value)?));
            }
            (None, None, Some(bearer), None) => {
                let value = format!("Bearer {}", bearer.token.0);
                headers.push((AUTHORIZATION, sensitive(&value)?));
            }
            (None, None, None, Some(settings)) => oauth = Some(Grant::new(settings)?),
            _ => return Err("give at most one of api_key, basic, bearer and oauth".to_owned()),
        }
        let query = settings.query.clone().into_iter().collect();
        Ok(Self {
            headers,
            query,
            oauth,
        })
    }
}

impl Grant {
    fn new(settings: &OAuth) -> Result<Self, String> {
        let uri: Uri = settings
            .token_url
            .parse()
            .map_err(|error| format!("its token_url is wrong: {error}"))?;
        let origin =
            Origin::of(&uri).map_err(|reason| format!("its token_url is wrong: {reason}"))?;
        Ok(Self {
            settings: settings.clone(),
            uri,
            origin,
            token: Mutex::new(None),
        })
    }

    /// The `Authorization` header. Calls that meet an expired token at the same time may each fetch a new one.
    async fn token(&self, client: &Client) -> Result<HeaderValue, Failure> {
        let kept = self
            .token
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((token, until)) = kept
            && Instant::now() < until
        {
            return Ok(token);
        }
        let refused = |reason: String| {
            failures::failure(
                "Events.ConnectionResource.InvalidConnectionState",
                format!(
                    "cannot fetch a token from {}: {reason}",
                    self.settings.token_url
                ),
            )
        };
        let answer = client
            .send(&self.origin, || self.request())
            .await
            .map_err(|error| refused(format!("{error:?}")))?;
        if !answer.status.is_success() {
            return Err(refused(format!("it answered {}", answer.status)));
        }
        let body: serde_json::Value =
            serde_json::from_slice(&answer.body).map_err(|error| refused(error.to_string()))?;
        let token = body["access_token"]
            .as_str()
            .and_then(|token| sensitive(&format!("Bearer {token}")).ok())
            .ok_or_else(|| refused("its answer holds no access_token".to_owned()))?;
        // Without a lifetime a token is good for the one call.
        let lifetime = Duration::from_secs(body["expires_in"].as_u64().unwrap_or(0));
        let until = Instant::now() + lifetime.saturating_sub(MARGIN);
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), until));
        Ok(token)
    }

    fn request(&self) -> Outgoing {
        let mut form = "grant_type=client_credentials".to_owned();
        append_pair(&mut form, "client_id", &self.settings.client_id);
        append_pair(&mut form, "client_secret", &self.settings.client_secret.0);
        if let Some(scope) = &self.settings.scope {
            append_pair(&mut form, "scope", scope);
        }
        let mut request = Request::new(Full::new(form.into()));
        *request.method_mut() = Method::POST;
        let target = self.uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = Uri::try_from(target).expect("a URL's path is one by itself");
        let headers = request.headers_mut();
        if let Ok(host) = HeaderValue::from_str(&self.origin.host_header()) {
            headers.insert(HOST, host);
        }
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        request
    }
}

fn header_name(text: &str) -> Result<HeaderName, String> {
    text.parse()
        .map_err(|_| format!("{text} is no name of a header"))
}

fn sensitive(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| "a value has characters that a header can't carry".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}
