//! What an operator can configure: functions, the Lambda endpoint, connections and the bounds of outgoing HTTP.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};

/// The longest result that Lambda lets a function return, in bytes.
pub(crate) const LAMBDA_RESULT_BYTES: usize = 6_291_556;

/// Everything that this crate is told. Nothing else is read: no environment variable, no file but the named certificates.
///
/// ```toml
/// lambda_endpoint = "http://127.0.0.1:4566"
/// region = "eu-central-1"
///
/// [functions.charge-card]
/// runtime = ["python3", "-m", "awslambdaric", "charge.handler"]
/// working_directory = "functions"
///
/// [functions.resize]
/// command = ["./resize.sh"]
/// timeout_seconds = 60
///
/// [functions.quote]
/// url = "http://127.0.0.1:9000/quote"
///
/// [connections.stripe]
/// bearer = { token = "sk_…" }
///
/// [http]
/// deny = ["169.254.0.0/16", "10.0.0.0/8"]
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The functions that this server performs itself, by name.
    pub functions: BTreeMap<String, FunctionSettings>,
    /// Where functions that are not in [`Settings::functions`] are called through Lambda's Invoke API.
    pub lambda_endpoint: Option<String>,
    /// What requests to the Lambda endpoint are signed with; without them the signature is made of the words `test`.
    pub credentials: Option<Credentials>,
    /// The region for signatures and for the functions' environment.
    pub region: String,
    /// The connections that `http:invoke` can name, by the name in their ARN (`arn:aws:events:…:connection/NAME/…`).
    pub connections: BTreeMap<String, ConnectionSettings>,
    /// Bounds of all outgoing HTTP, and where `http:invoke` may go.
    pub http: HttpSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            functions: BTreeMap::new(),
            lambda_endpoint: None,
            credentials: None,
            region: "us-east-1".to_owned(),
            connections: BTreeMap::new(),
            http: HttpSettings::default(),
        }
    }
}

/// A function that this server performs itself. Exactly one of `runtime`, `command` and `url` must be given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FunctionSettings {
    /// A program and its arguments, started at the first call and kept; it speaks the Lambda Runtime API, as `awslambdaric`,
    /// `aws-lambda-ric` and Rust's `lambda_runtime` do.
    pub runtime: Option<Vec<String>>,
    /// A program and its arguments, started for each call, with the payload as JSON on its standard input and the result as JSON
    /// on its standard output.
    pub command: Option<Vec<String>>,
    /// Where the payload is posted as JSON; the body of the answer is the result.
    pub url: Option<String>,
    /// Where `runtime` and `command` run; the server's own working directory when absent.
    pub working_directory: Option<PathBuf>,
    /// Environment variables of `runtime` and `command`, beside those of the server.
    pub environment: BTreeMap<String, String>,
    /// How many calls are performed at once, at least 1; others wait. 10 when absent.
    pub concurrency: Option<usize>,
    /// Seconds after which a call fails with `Sandbox.Timedout`, at least 1; 900, Lambda's longest, when absent.
    pub timeout_seconds: Option<u64>,
}

/// An access key for signatures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// `AKIA…`
    pub access_key_id: String,
    /// The key's secret.
    pub secret_access_key: Secret,
    /// The session's token, for temporary credentials.
    #[serde(default)]
    pub session_token: Option<Secret>,
}

/// How `http:invoke` proves who it is. One kind of proof, and what else every request through the connection carries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionSettings {
    /// A header of the operator's choice.
    pub api_key: Option<ApiKey>,
    /// User name and password.
    pub basic: Option<Basic>,
    /// A fixed token.
    pub bearer: Option<Bearer>,
    /// A token that is fetched with the client-credentials grant and kept until it expires.
    pub oauth: Option<OAuth>,
    /// Headers that the connection adds; they win over those of the state.
    pub headers: BTreeMap<String, String>,
    /// Query parameters that the connection adds; they win over those of the state.
    pub query: BTreeMap<String, String>,
}

/// `api_key = { name = "X-Api-Key", value = "…" }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// The header's name.
    pub name: String,
    /// The key.
    pub value: Secret,
}

/// `basic = { username = "…", password = "…" }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// The user's name.
    pub username: String,
    /// The user's password.
    pub password: Secret,
}

/// `bearer = { token = "…" }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bearer {
    /// The token.
    pub token: Secret,
}

/// `oauth = { token_url = "…", client_id = "…", client_secret = "…" }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// Where the token is fetched, by POST of a form.
    pub token_url: String,
    /// The client.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret,
    /// The scope to ask for.
    #[serde(default)]
    pub scope: Option<String>,
}

/// Bounds of outgoing HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// Where `http:invoke` may go: host names (`api.example.com`), names below one (`*.example.com`), addresses and networks
    /// (`10.0.0.0/8`). Empty: anywhere that [`HttpSettings::deny`] does not forbid.
    pub allow: Vec<String>,
    /// Where `http:invoke` must not go, whatever `allow` says. By default the link-local networks, where clouds keep the metadata
    /// service that hands out the machine's credentials.
    pub deny: Vec<String>,
    /// Seconds to make a connection.
    pub connect_timeout_seconds: u64,
    /// How many connections one kind of call (Lambda endpoint, `url` functions, `http:invoke`) uses at once; others wait.
    pub connections: usize,
    /// The longest body that is read, in bytes; as much as Lambda lets a function return when absent.
    pub response_bytes: usize,
    /// PEM files of certificate authorities to trust beside those of the public web.
    pub certificate_authorities: Vec<PathBuf>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            deny: ["169.254.0.0/16", "fe80::/10", "fd00:ec2::/32"]
                .map(str::to_owned)
                .to_vec(),
            connect_timeout_seconds: 5,
            connections: 512,
            response_bytes: LAMBDA_RESULT_BYTES,
            certificate_authorities: Vec::new(),
        }
    }
}

/// A text that is not shown: neither in logs nor where the configuration is printed.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

/// Why settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A function's table is wrong.
    #[error("cannot use function {name}: {reason}")]
    Function {
        /// The function.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A connection's table is wrong.
    #[error("cannot use connection {name}: {reason}")]
    Connection {
        /// The connection.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The Lambda endpoint is no URL.
    #[error("cannot use lambda endpoint {url}: {reason}")]
    Endpoint {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An entry of `allow` or `deny` is neither a host name nor a network.
    #[error("cannot use http target {target}: {reason}")]
    Target {
        /// The entry.
        target: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of certificate authorities can't be used.
    #[error("cannot read certificate authorities from {path}: {reason}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
