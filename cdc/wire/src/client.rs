//! A tokio-postgres client over our own sockets, for ordinary statements.

use std::io;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::{self, SslNegotiation};
use tokio_postgres::tls::{ChannelBinding as Binding, TlsConnect, TlsStream};

use crate::Error;
use crate::attempts::Attempts;
use crate::error::client_error;
use crate::login::{NO_PASSWORD, parameters};
use crate::settings::{ChannelBinding, ServerRole, Settings};
use crate::socket::{self, Encryption, Socket};

/// An ordinary client, with the task that drives its connection.
#[derive(Debug)]
pub struct Client {
    client: tokio_postgres::Client,
    connection: JoinHandle<()>,
}

/// Connects by the same rules as [`crate::Session::connect`].
///
/// # Errors
/// When no host will do.
pub async fn connect(settings: &Settings) -> Result<Client, Error> {
    let mut attempts = Attempts::new(settings)?;
    loop {
        let (host, port, encryption) = attempts.current();
        match attempt(settings, host, port, encryption).await {
            Ok(client) => return Ok(client),
            Err(error) => attempts.failed(error)?,
        }
    }
}

impl Client {
    /// Closes the connection, and waits until it is closed.
    pub async fn close(self) {
        drop(self.client);
        // A connection that failed has told its statements so.
        drop(self.connection.await);
    }
}

impl Deref for Client {
    type Target = tokio_postgres::Client;

    fn deref(&self) -> &Self::Target {
        &self.client
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.client
    }
}

async fn attempt(
    settings: &Settings,
    host: &str,
    port: u16,
    encryption: Encryption,
) -> Result<Client, Error> {
    let socket = socket::open(settings, host, port, encryption).await?;
    let config = configuration(settings, &socket);
    let stream = Encrypted(socket);
    let starting = config.connect_raw(stream, AlreadyEncrypted);
    let (client, connection) = match timeout(settings.connect_timeout, starting).await {
        Ok(Ok(connected)) => connected,
        Ok(Err(error)) => return Err(refused(error, settings, host)),
        Err(_) => {
            return Err(Error::Closed {
                host: host.to_owned(),
                reason: "no answer at start-up (connect_timeout)".to_owned(),
            });
        }
    };
    let connection = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection has failed");
        }
    });
    let client = Client { client, connection };
    check_role(settings, host, port, &client).await?;
    Ok(client)
}

fn configuration(settings: &Settings, socket: &Socket) -> tokio_postgres::Config {
    let mut config = tokio_postgres::Config::new();
    let options: Vec<_> = parameters(settings)
        .into_iter()
        .filter(|(name, _)| *name != "client_encoding")
        .map(|(name, value)| format!("-c {name}={}", escape(value)))
        .collect();
    config
        .user(&settings.user)
        .dbname(&settings.database)
        .application_name(&settings.application_name)
        .options(options.join(" "))
        .channel_binding(match settings.channel_binding {
            ChannelBinding::Disable => config::ChannelBinding::Disable,
            ChannelBinding::Prefer => config::ChannelBinding::Prefer,
            ChannelBinding::Require => config::ChannelBinding::Require,
        });
    if let Some(password) = &settings.password {
        config.password(password);
    }
    // TLS was negotiated before, by our rules. `Direct` means that it is not negotiated again.
    if socket.is_encrypted() {
        config
            .ssl_mode(config::SslMode::Require)
            .ssl_negotiation(SslNegotiation::Direct);
    } else {
        config.ssl_mode(config::SslMode::Disable);
    }
    config
}

/// Spaces and backslashes of a value in `options`.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace(' ', "\\ ")
}

async fn check_role(
    settings: &Settings,
    host: &str,
    port: u16,
    client: &Client,
) -> Result<(), Error> {
    if settings.role == ServerRole::Any {
        return Ok(());
    }
    let mut told = std::collections::HashMap::new();
    for name in ["in_hot_standby", "default_transaction_read_only"] {
        let row = client.query_one(&format!("show {name}"), &[]).await;
        let value: String = row.map_err(Error::Client)?.get(0);
        told.insert(name.to_owned(), value);
    }
    crate::attempts::check_role(settings, host, port, &told)
}

fn refused(error: tokio_postgres::Error, settings: &Settings, host: &str) -> Error {
    let code = error.code().map(|code| code.code().to_owned());
    let unauthenticated = |reason| Error::Authentication {
        host: host.to_owned(),
        user: settings.user.clone(),
        reason,
        code: None,
    };
    match code {
        Some(code) if code.starts_with("28") => Error::Authentication {
            host: host.to_owned(),
            user: settings.user.clone(),
            reason: Error::Client(error).to_string(),
            code: Some(code),
        },
        Some(_) => Error::Client(error),
        // tokio-postgres tells these only by their words.
        None => match client_error(&error) {
            text if text.contains("password missing") => unauthenticated(NO_PASSWORD.to_owned()),
            text if text.contains("authentication") => unauthenticated(text),
            _ => Error::Client(error),
        },
    }
}

/// A socket whose encryption, if any, is in place.
struct Encrypted(Socket);

/// "Encrypts" what is so already.
struct AlreadyEncrypted;

impl TlsConnect<Encrypted> for AlreadyEncrypted {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Encrypted>>;

    fn connect(self, stream: Encrypted) -> Self::Future {
        std::future::ready(Ok(stream))
    }
}

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> Binding {
        match self.0.server_end_point() {
            Some(hash) => Binding::tls_server_end_point(hash),
            None => Binding::none(),
        }
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(context)
    }
}
