//! What an operator can configure: functions, the Lambda endpoint, connections and the bounds of outgoing HTTP.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

pub use aws_client::credentials::{Credentials, Secret};
use serde::{Deserialize, Serialize, Serializer};

/// The longest result that Lambda lets a function return, in bytes.
pub(crate) const LAMBDA_RESULT_BYTES: usize = 6_291_556;

/// Everything that this crate is told. Nothing else is read: no environment variable, no file but the named certificates.
///
/// ```toml
/// lambda_endpoint = "http://127.0.0.1:4566"
/// region = "eu-central-1"
///
/// [aws.endpoints]
/// sqs = "http://127.0.0.1:4566"
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
///
/// [replication.endpoints.shop]
/// url = "postgresql://replicator@db.example.com/shop?sslmode=verify-full"
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
    /// Where AWS's services are called.
    pub aws: AwsSettings,
    /// The connections that `http:invoke` can name, by the name in their ARN (`arn:aws:events:…:connection/NAME/…`).
    pub connections: BTreeMap<String, ConnectionSettings>,
    /// Bounds of all outgoing HTTP, and where `http:invoke` may go.
    pub http: HttpSettings,
    /// The databases that replication tasks can name.
    pub replication: ReplicationSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            functions: BTreeMap::new(),
            lambda_endpoint: None,
            credentials: None,
            region: "us-east-1".to_owned(),
            aws: AwsSettings::default(),
            connections: BTreeMap::new(),
            http: HttpSettings::default(),
            replication: ReplicationSettings::default(),
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

/// Where AWS's services are called. Without an endpoint that is AWS itself, with [`Settings::credentials`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AwsSettings {
    /// Where services are called that have no endpoint of their own below.
    pub endpoint: Option<String>,
    /// Where single services are called, by their names in `AWS_ENDPOINT_URL_<SERVICE>` (small letters will do) or in workflows.
    pub endpoints: BTreeMap<String, String>,
    /// A directory of service models as botocore has them (`SERVICE/VERSION/service-2.json`, perhaps with `.gz`), for services whose models this
    /// binary has not, or in another version.
    pub models: Option<PathBuf>,
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

/// What replication tasks find in the configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReplicationSettings {
    /// The databases that a task can name as its source or target.
    pub endpoints: BTreeMap<String, EndpointSettings>,
    /// Where changes wait on disk for the end of a large transaction; below the data directory when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spill_directory: Option<PathBuf>,
}

/// A database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointSettings {
    /// Where it is and who connects: `postgresql://user:password@host:5432/database?sslmode=verify-full`. A password that is left out is taken
    /// from `PGPASSWORD` or a password file.
    pub url: ConnectionUrl,
}

/// A connection URL, whose password is not shown.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct ConnectionUrl(pub String);

impl ConnectionUrl {
    /// How it connects.
    ///
    /// # Errors
    /// What is wrong with it; the text has no password.
    pub fn settings(&self) -> Result<wire::Settings, String> {
        wire::Settings::parse(&self.0).map_err(|error| error.to_string())
    }

    /// The URL with `***` in place of its password.
    #[must_use]
    pub fn covered(&self) -> String {
        let (place, query) = match self.0.split_once('?') {
            Some((place, query)) => (place, Some(query)),
            None => (self.0.as_str(), None),
        };
        let begin = place.find("://").map_or(0, |at| at + 3);
        let end = place[begin..]
            .find('/')
            .map_or(place.len(), |at| begin + at);
        let mut text = match place[begin..end].rsplit_once('@') {
            Some((credentials, host)) => match credentials.split_once(':') {
                Some((user, _)) => format!("{}{user}:***@{host}{}", &place[..begin], &place[end..]),
                None => place.to_owned(),
            },
            None => place.to_owned(),
        };
        for (number, pair) in query
            .into_iter()
            .flat_map(|query| query.split('&'))
            .enumerate()
        {
            text.push(if number == 0 { '?' } else { '&' });
            text.push_str(if pair.starts_with("password=") {
                "password=***"
            } else {
                pair
            });
        }
        text
    }
}

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.covered())
    }
}

impl Serialize for ConnectionUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.covered())
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
    /// A database that replication tasks can name can't be used.
    #[error("cannot use replication endpoint {name}: {reason}")]
    Database {
        /// Its name.
        name: String,
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

#[cfg(test)]
mod tests {
    use super::ConnectionUrl;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let check = |url: &str, expected: &str| {
            assert_eq!(ConnectionUrl(url.to_owned()).covered(), expected);
        };
        check("postgresql://ann@db/shop", "postgresql://ann@db/shop");
        check(
            "postgresql://ann:se%40cret@db:5432/shop?sslmode=require",
            "postgresql://ann:***@db:5432/shop?sslmode=require",
        );
        check("postgresql://ann:a@b:c@db", "postgresql://ann:***@db");
        check(
            "postgresql:///shop?user=ann&password=secret&host=/run",
            "postgresql:///shop?user=ann&password=***&host=/run",
        );
        check("nonsense", "nonsense");
    }
}
