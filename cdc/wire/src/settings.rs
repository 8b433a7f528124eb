//! Where and how to connect: libpq's connection URLs.
//!
//! Source: PostgreSQL's documentation, "libpq", section "Connection Strings" and "Parameter Key Words". Neither environment variables nor
//! password files are read: what a connection needs stands in its URL.

use std::fmt;
use std::time::Duration;

use crate::Error;

/// How to connect.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Hosts (a name, an address, or the directory of a unix socket) and ports, tried in this order.
    pub hosts: Vec<(String, u16)>,
    /// The user.
    pub user: String,
    /// The password.
    pub password: Option<String>,
    /// The database.
    pub database: String,
    /// `sslmode`.
    pub ssl_mode: SslMode,
    /// `sslrootcert`: a file of certificate authorities; the public ones (webpki-roots) without, or with `system`.
    pub ssl_root_cert: Option<String>,
    /// `sslcert` and `sslkey`: files of the client's certificate chain and key.
    pub ssl_client: Option<(String, String)>,
    /// `channel_binding`.
    pub channel_binding: ChannelBinding,
    /// `target_session_attrs`: which of the hosts will do.
    pub role: ServerRole,
    /// `connect_timeout`; ten seconds without. It holds for each address.
    pub connect_timeout: Duration,
    /// `application_name`.
    pub application_name: String,
    /// Further run-time parameters of the session (`options=-c name=value`, and those that a caller adds), sent at start-up.
    pub parameters: Vec<(String, String)>,
    /// The receive buffer of TCP sockets (`SO_RCVBUF`), in bytes; what the system chooses without. Not a part of the URL.
    pub receive_buffer: Option<u32>,
}

/// libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never.
    Disable,
    /// Only if the server insists.
    Allow,
    /// If the server can.
    Prefer,
    /// Always, whoever it is.
    Require,
    /// Always, with a certificate of a known authority.
    VerifyCa,
    /// Always, with a certificate of a known authority for this host.
    VerifyFull,
}

/// libpq's `channel_binding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// If it can be.
    Prefer,
    /// Always.
    Require,
}

/// libpq's `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerRole {
    /// Any server.
    Any,
    /// One whose transactions can write.
    ReadWrite,
    /// One whose transactions only read.
    ReadOnly,
    /// One that is not a standby.
    Primary,
    /// A standby.
    Standby,
}

/// What libpq knows and what makes no difference here.
const WITHOUT_EFFECT: &[&str] = &[
    "client_encoding",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "sslcompression",
    "sslsni",
    "tcp_user_timeout",
];

impl Settings {
    /// Reads a URL: `postgresql://user:password@host:port,host:port/database?name=value&…`.
    ///
    /// # Errors
    /// When it is no such URL, or has a parameter that is not known or can't be obeyed. The text doesn't contain the password.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let rest = ["postgresql://", "postgres://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))
            .ok_or_else(|| {
                invalid("a connection URL begins with postgresql://, as in postgresql://user@host:5432/database")
            })?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, hosts) = match authority.rsplit_once('@') {
            Some((credentials, hosts)) => (Some(credentials), hosts),
            None => (None, authority),
        };

        let mut given = Given::default();
        if let Some(credentials) = credentials {
            let (user, password) = match credentials.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (credentials, None),
            };
            given.user = non_empty(decode(user)?);
            given.password = password.map(decode).transpose()?.and_then(non_empty);
        }
        given.database = non_empty(decode(database)?);
        let mut ports = Vec::new();
        for host in hosts.split(',') {
            let (host, port) = split_port(host)?;
            given.hosts.push(decode(host)?);
            ports.push(port.to_owned());
        }
        given.ports = ports;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| invalid(format!("the URL's parameter {pair:?} has no value")))?;
            given.set(&decode(name)?, decode(value)?)?;
        }
        given.settings()
    }

    /// All hosts, as `name:port,name:port`.
    #[must_use]
    pub fn host_list(&self) -> String {
        let hosts: Vec<_> = self
            .hosts
            .iter()
            .map(|(host, port)| format!("{host}:{port}"))
            .collect();
        hosts.join(",")
    }
}

/// What the URL says, before defaults.
#[derive(Default)]
struct Given {
    hosts: Vec<String>,
    ports: Vec<String>,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    ssl_mode: Option<SslMode>,
    ssl_root_cert: Option<String>,
    ssl_cert: Option<String>,
    ssl_key: Option<String>,
    channel_binding: Option<ChannelBinding>,
    role: Option<ServerRole>,
    connect_timeout: Option<Duration>,
    application_name: Option<String>,
    parameters: Vec<(String, String)>,
}

impl Given {
    fn set(&mut self, name: &str, value: String) -> Result<(), Error> {
        let wrong = |allowed: &str| {
            Err(invalid(format!(
                "the URL's parameter {name} is {value:?}: it must be {allowed}"
            )))
        };
        match name {
            "host" => self.hosts = value.split(',').map(str::to_owned).collect(),
            "port" => self.ports = value.split(',').map(str::to_owned).collect(),
            "user" => self.user = non_empty(value),
            "password" => self.password = non_empty(value),
            "dbname" => self.database = non_empty(value),
            "ssl" if value == "true" => self.ssl_mode = Some(SslMode::Require),
            "sslmode" => match ssl_mode(&value) {
                Some(mode) => self.ssl_mode = Some(mode),
                None => return wrong("disable, allow, prefer, require, verify-ca or verify-full"),
            },
            "sslrootcert" => self.ssl_root_cert = non_empty(value),
            "sslcert" => self.ssl_cert = non_empty(value),
            "sslkey" => self.ssl_key = non_empty(value),
            "channel_binding" => {
                self.channel_binding = Some(match value.as_str() {
                    "disable" => ChannelBinding::Disable,
                    "prefer" => ChannelBinding::Prefer,
                    "require" => ChannelBinding::Require,
                    _ => return wrong("disable, prefer or require"),
                });
            }
            "target_session_attrs" => {
                self.role = Some(match value.as_str() {
                    "any" => ServerRole::Any,
                    "read-write" => ServerRole::ReadWrite,
                    "read-only" => ServerRole::ReadOnly,
                    "primary" => ServerRole::Primary,
                    "standby" => ServerRole::Standby,
                    _ => return wrong("any, read-write, read-only, primary or standby"),
                });
            }
            "connect_timeout" => match value.parse::<u64>() {
                // As in libpq: 0 waits for ever, one second is too short to mean it.
                Ok(0) => self.connect_timeout = Some(Duration::from_secs(24 * 3600)),
                Ok(seconds) => self.connect_timeout = Some(Duration::from_secs(seconds.max(2))),
                Err(_) => return wrong("a number of seconds"),
            },
            "application_name" => self.application_name = Some(value),
            "options" => self.parameters.extend(options(&value)?),
            name if WITHOUT_EFFECT.contains(&name) => {}
            name => {
                return Err(invalid(format!(
                    "the URL's parameter {name} is not known or not supported"
                )));
            }
        }
        Ok(())
    }

    fn settings(self) -> Result<Settings, Error> {
        let system = self.ssl_root_cert.as_deref() == Some("system");
        let ssl_mode = self.ssl_mode.unwrap_or(if system {
            SslMode::VerifyFull
        } else {
            SslMode::Prefer
        });
        if system && ssl_mode != SslMode::VerifyFull {
            return Err(invalid(
                "sslrootcert=system needs sslmode=verify-full: the public authorities sign certificates for everybody",
            ));
        }
        let ssl_client = match (self.ssl_cert, self.ssl_key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(invalid("sslcert and sslkey are given together")),
        };
        let user = self.user.ok_or_else(|| {
            invalid("the URL names no user, as in postgresql://user@host/database")
        })?;
        Ok(Settings {
            hosts: hosts(self.hosts, &self.ports)?,
            database: self.database.unwrap_or_else(|| user.clone()),
            user,
            password: self.password,
            ssl_mode,
            ssl_root_cert: self.ssl_root_cert,
            ssl_client,
            channel_binding: self.channel_binding.unwrap_or(ChannelBinding::Prefer),
            role: self.role.unwrap_or(ServerRole::Any),
            connect_timeout: self.connect_timeout.unwrap_or(Duration::from_secs(10)),
            application_name: self
                .application_name
                .unwrap_or_else(|| "ratchet".to_owned()),
            parameters: self.parameters,
            receive_buffer: None,
        })
    }
}

fn ssl_mode(text: &str) -> Option<SslMode> {
    Some(match text {
        "disable" => SslMode::Disable,
        "allow" => SslMode::Allow,
        "prefer" => SslMode::Prefer,
        "require" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        _ => return None,
    })
}

/// Pairs hosts with ports: one port for all, or one for each.
fn hosts(names: Vec<String>, ports: &[String]) -> Result<Vec<(String, u16)>, Error> {
    if ports.len() > 1 && ports.len() != names.len() {
        return Err(invalid(format!(
            "the URL has {} hosts and {} ports",
            names.len(),
            ports.len()
        )));
    }
    names
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let port = match ports
                .get(index)
                .or(ports.first())
                .map_or("", String::as_str)
            {
                "" => 5432,
                text => text
                    .parse::<u16>()
                    .ok()
                    .filter(|&port| port != 0)
                    .ok_or_else(|| invalid(format!("{text:?} is not a port")))?,
            };
            let name = if name.is_empty() {
                "localhost".to_owned()
            } else {
                name
            };
            Ok((name, port))
        })
        .collect()
}

/// `host`, `host:port`, `[::1]:port`.
fn split_port(text: &str) -> Result<(&str, &str), Error> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest
            .split_once(']')
            .ok_or_else(|| invalid(format!("the address [{rest} lacks its closing bracket")))?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((address, port)),
            None if rest.is_empty() => Ok((address, "")),
            None => Err(invalid(format!("{rest:?} follows the address [{address}]"))),
        };
    }
    Ok(text.split_once(':').unwrap_or((text, "")))
}

/// `-c name=value`, `-cname=value` and `--name=value`, separated by spaces; a backslash takes the next character as it is.
fn options(text: &str) -> Result<Vec<(String, String)>, Error> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => word.extend(characters.next()),
            ' ' => words.extend(non_empty(std::mem::take(&mut word))),
            other => word.push(other),
        }
    }
    words.extend(non_empty(word));

    let mut parameters = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let setting = if word == "-c" {
            words.next().unwrap_or_default()
        } else if let Some(rest) = word.strip_prefix("--").or(word.strip_prefix("-c")) {
            rest.to_owned()
        } else {
            return Err(invalid(format!(
                "the URL's parameter options has {word:?}: only -c name=value is supported"
            )));
        };
        let (name, value) = setting.split_once('=').ok_or_else(|| {
            invalid(format!(
                "the URL's parameter options has {setting:?}, which is not name=value"
            ))
        })?;
        parameters.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(parameters)
}

/// Percent-decoding. A plus sign stays one, as in libpq.
fn decode(text: &str) -> Result<String, Error> {
    let wrong = || invalid("the URL has a wrong percent-encoding (a percent sign itself is %25)");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let (digits, after) = after.split_at_checked(2).ok_or_else(wrong)?;
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let value = digit(digits[0])
                .zip(digit(digits[1]))
                .and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
                .filter(|&value| value != 0)
                .ok_or_else(wrong)?;
            bytes.push(value);
            rest = after;
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn invalid(text: impl Into<String>) -> Error {
    Error::Settings(text.into())
}

/// Without the password.
impl fmt::Display for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "postgresql://{}@{}/{}",
            self.user,
            self.host_list(),
            self.database
        )
    }
}

/// Without the password.
impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("hosts", &self.hosts)
            .field("user", &self.user)
            .field("database", &self.database)
            .field("ssl_mode", &self.ssl_mode)
            .field("channel_binding", &self.channel_binding)
            .field("application_name", &self.application_name)
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}
