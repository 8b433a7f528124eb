//! From a socket to a session: the start-up message and authentication.
//!
//! Source: PostgreSQL's documentation, "Message Flow", section "Start-up", and "SASL Authentication".

use std::collections::HashMap;
use std::io;

use bytes::{BufMut, BytesMut};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{self, ScramSha256};
use postgres_protocol::message::frontend;
use tokio::io::AsyncWriteExt;

use crate::channel::Channel;
use crate::error::DatabaseError;
use crate::session::Mode;
use crate::settings::{ChannelBinding, Settings};
use crate::{Error, socket};

/// What every session fixes, so that values have one text form whatever the server's, the database's or the role's defaults are.
pub(crate) const FIXED: &[(&str, &str)] = &[
    ("client_encoding", "UTF8"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("extra_float_digits", "3"),
    ("bytea_output", "hex"),
];

/// What every session begins with unless its settings say otherwise: no limits that would end it in the middle of its work.
pub(crate) const UNLIMITED: &[(&str, &str)] = &[
    ("idle_in_transaction_session_timeout", "0"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
];

pub(crate) const NO_PASSWORD: &str =
    "the server asks for a password, and the connection URL has none";

/// What the server told at start-up.
#[derive(Debug, Default)]
pub(crate) struct Login {
    pub(crate) parameters: HashMap<String, String>,
    pub(crate) process: i32,
    pub(crate) secret: i32,
}

/// The session's run-time parameters, in an order in which the last one counts.
pub(crate) fn parameters(settings: &Settings) -> Vec<(&str, &str)> {
    let given = settings
        .parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let mut parameters: Vec<_> = UNLIMITED.iter().copied().chain(given).collect();
    parameters.extend(FIXED);
    let mut last = Vec::new();
    for (index, &(name, value)) in parameters.iter().enumerate() {
        let again = parameters[index + 1..]
            .iter()
            .any(|(later, _)| later.eq_ignore_ascii_case(name));
        if !again {
            last.push((name, value));
        }
    }
    last
}

/// Starts a session.
///
/// # Errors
/// When the server refuses, or asks for what the settings don't have or don't allow.
pub(crate) async fn login(
    channel: &mut Channel,
    settings: &Settings,
    mode: Mode,
) -> Result<Login, Error> {
    let mut exchange = Exchange {
        settings,
        scram: None,
        bound: false,
    };
    let mut message = BytesMut::new();
    let mut start = vec![
        ("user", settings.user.as_str()),
        ("database", settings.database.as_str()),
        ("application_name", settings.application_name.as_str()),
    ];
    if mode == Mode::Replication {
        start.push(("replication", "database"));
    }
    start.extend(parameters(settings));
    frontend::startup_message(start, &mut message).map_err(|error| invalid(&error))?;
    send(channel, &mut message).await?;

    let mut login = Login::default();
    loop {
        let Some((tag, length)) = channel.message()? else {
            channel.fill().await?;
            continue;
        };
        let body = channel.body(length);
        match tag {
            b'R' => {
                let encrypted = channel.socket.is_encrypted();
                let binding = channel.socket.server_end_point();
                exchange.answer(body, encrypted, binding, channel.host(), &mut message)?;
            }
            b'S' => {
                let (name, value) = parameter(body)?;
                login.parameters.insert(name, value);
            }
            b'K' => {
                let numbers = body
                    .first_chunk::<4>()
                    .zip(body.get(4..).and_then(<[u8]>::first_chunk::<4>));
                if let Some((process, secret)) = numbers {
                    login.process = i32::from_be_bytes(*process);
                    login.secret = i32::from_be_bytes(*secret);
                }
            }
            b'E' => return Err(refused(DatabaseError::read(body), channel.host(), settings)),
            b'Z' => {
                channel.consume(length);
                return Ok(login);
            }
            // Notices, and the negotiation of a lower version of the protocol than 3.0 has.
            b'N' | b'v' => {}
            tag => return Err(unexpected(tag, "at start-up")),
        }
        channel.consume(length);
        if !message.is_empty() {
            send(channel, &mut message).await?;
        }
    }
}

/// The authentication so far.
struct Exchange<'a> {
    settings: &'a Settings,
    scram: Option<ScramSha256>,
    /// Whether the server proved, by SCRAM over this TLS connection, that it knows the password and is who holds the certificate.
    bound: bool,
}

impl Exchange<'_> {
    /// Answers an authentication request: the answer is appended to `message`.
    fn answer(
        &mut self,
        body: &[u8],
        encrypted: bool,
        binding: Option<Vec<u8>>,
        host: &str,
        message: &mut BytesMut,
    ) -> Result<(), Error> {
        let failed = |reason: &str| Error::Authentication {
            host: host.to_owned(),
            user: self.settings.user.clone(),
            reason: reason.to_owned(),
            code: None,
        };
        let (kind, rest) = body.split_first_chunk::<4>().ok_or_else(|| {
            Error::Protocol("an authentication request without a kind".to_owned())
        })?;
        let kind = i32::from_be_bytes(*kind);
        let required = self.settings.channel_binding == ChannelBinding::Require;
        if required && !matches!(kind, 10..=12) && !self.bound {
            return Err(failed(
                "channel_binding=require needs SCRAM-SHA-256 over TLS, and the server asks for something else",
            ));
        }
        let password = || {
            let password = self.settings.password.as_deref();
            password.ok_or_else(|| failed(NO_PASSWORD))
        };
        match kind {
            0 if self.scram.is_some() => Err(failed(
                "the server did not prove that it knows the password",
            )),
            0 => Ok(()),
            3 => frontend::password_message(password()?.as_bytes(), message)
                .map_err(|error| invalid(&error)),
            5 => {
                let salt = *rest
                    .first_chunk()
                    .ok_or_else(|| Error::Protocol("an MD5 request without its salt".to_owned()))?;
                let hash = md5_hash(self.settings.user.as_bytes(), password()?.as_bytes(), salt);
                frontend::password_message(hash.as_bytes(), message)
                    .map_err(|error| invalid(&error))
            }
            10 => {
                let offered = |name: &str| {
                    rest.split(|&byte| byte == 0)
                        .any(|mechanism| mechanism == name.as_bytes())
                };
                let binding =
                    binding.filter(|_| self.settings.channel_binding != ChannelBinding::Disable);
                let (mechanism, binding) = match binding {
                    Some(hash) if offered(sasl::SCRAM_SHA_256_PLUS) => (
                        sasl::SCRAM_SHA_256_PLUS,
                        sasl::ChannelBinding::tls_server_end_point(hash),
                    ),
                    _ if required => {
                        return Err(failed(if encrypted {
                            "channel_binding=require, and the server offers none"
                        } else {
                            "channel_binding=require needs a TLS connection"
                        }));
                    }
                    Some(_) if offered(sasl::SCRAM_SHA_256) => {
                        (sasl::SCRAM_SHA_256, sasl::ChannelBinding::unrequested())
                    }
                    None if offered(sasl::SCRAM_SHA_256) => {
                        (sasl::SCRAM_SHA_256, sasl::ChannelBinding::unsupported())
                    }
                    _ => {
                        return Err(failed(
                            "the server offers none of the SASL mechanisms that are known here (SCRAM-SHA-256)",
                        ));
                    }
                };
                let bound = mechanism == sasl::SCRAM_SHA_256_PLUS;
                let scram = ScramSha256::new(password()?.as_bytes(), binding);
                frontend::sasl_initial_response(mechanism, scram.message(), message)
                    .map_err(|error| invalid(&error))?;
                self.bound = bound;
                self.scram = Some(scram);
                Ok(())
            }
            11 => {
                let Some(scram) = &mut self.scram else {
                    return Err(unexpected(b'R', "before SASL began"));
                };
                scram.update(rest).map_err(|error| invalid(&error))?;
                frontend::sasl_response(scram.message(), message).map_err(|error| invalid(&error))
            }
            12 => {
                let Some(mut scram) = self.scram.take() else {
                    return Err(unexpected(b'R', "before SASL began"));
                };
                scram
                    .finish(rest)
                    .map_err(|_| failed("the server did not prove that it knows the password"))
            }
            2 | 7 | 8 | 9 => Err(failed(
                "the server asks for GSSAPI, Kerberos or SSPI, which are not supported: use scram-sha-256 in pg_hba.conf",
            )),
            other => Err(failed(&format!(
                "the server asks for an authentication of the unknown kind {other}"
            ))),
        }
    }
}

/// The name and value of a ParameterStatus.
pub(crate) fn parameter(body: &[u8]) -> Result<(String, String), Error> {
    let mut parts = body
        .split(|&byte| byte == 0)
        .map(|part| String::from_utf8_lossy(part).into_owned());
    parts
        .next()
        .zip(parts.next())
        .ok_or_else(|| Error::Protocol("a parameter without a value".to_owned()))
}

pub(crate) fn unexpected(tag: u8, place: &str) -> Error {
    Error::Protocol(format!("a message {:?} {place}", char::from(tag)))
}

fn refused(error: DatabaseError, host: &str, settings: &Settings) -> Error {
    // Class 28: invalid authorization specification.
    if error.code.starts_with("28") {
        return Error::Authentication {
            host: host.to_owned(),
            user: settings.user.clone(),
            reason: error.to_string(),
            code: Some(error.code),
        };
    }
    Error::Database(Box::new(error))
}

fn invalid(error: &io::Error) -> Error {
    Error::Protocol(error.to_string())
}

async fn send(channel: &mut Channel, message: &mut BytesMut) -> Result<(), Error> {
    let sending = channel.socket.write_all(message).await;
    let flushing = match sending {
        Ok(()) => channel.socket.flush().await,
        Err(error) => Err(error),
    };
    message.clear();
    flushing.map_err(|error| channel.closed(&error.to_string()))
}

/// Asks a server to end what one of its sessions is doing.
#[derive(Clone, Debug)]
pub struct CancelToken {
    pub(crate) settings: Settings,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: socket::Encryption,
    pub(crate) process: i32,
    pub(crate) secret: i32,
}

impl CancelToken {
    /// Sends the request. The session's statement then fails with `57014`, if it has not ended before.
    ///
    /// # Errors
    /// When the server can't be reached.
    pub async fn cancel(&self) -> Result<(), Error> {
        let socket = socket::open(&self.settings, &self.host, self.port, self.encryption).await?;
        let mut channel = Channel::new(socket, &self.host);
        let mut message = BytesMut::with_capacity(16);
        message.put_i32(16);
        message.put_i32(80_877_102);
        message.put_i32(self.process);
        message.put_i32(self.secret);
        send(&mut channel, &mut message).await?;
        // The server closes the connection when it has sent the signal.
        while channel.fill().await.is_ok() {
            channel.input.clear();
        }
        Ok(())
    }
}
