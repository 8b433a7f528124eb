//! The socket under a connection: TCP, TLS over TCP, or a unix socket.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ClientConfig;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::settings::{Settings, SslMode};
use crate::{Error, certificate, tls};

/// A connected socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Unix(UnixStream),
}

/// Whether to encrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// No.
    Plain,
    /// If the server can, else go on without.
    IfPossible,
    /// Yes, or fail.
    Required,
}

/// How to try a host, by `sslmode`: one way, and another one if the server refuses the first by its `pg_hba.conf`.
pub(crate) fn encryptions(mode: SslMode, host: &str) -> &'static [Encryption] {
    if is_unix(host) {
        // As in libpq: sslmode is of no meaning for unix sockets.
        return &[Encryption::Plain];
    }
    match mode {
        SslMode::Disable => &[Encryption::Plain],
        SslMode::Allow => &[Encryption::Plain, Encryption::Required],
        SslMode::Prefer => &[Encryption::IfPossible, Encryption::Plain],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Encryption::Required],
    }
}

/// Connects to a host, each of its addresses in turn, and negotiates TLS.
///
/// # Errors
/// When no address answers, or TLS can't be had as asked for.
pub(crate) async fn open(
    settings: &Settings,
    host: &str,
    port: u16,
    encryption: Encryption,
) -> Result<Socket, Error> {
    let unreachable = |source| Error::Connect {
        host: host.to_owned(),
        port,
        source,
    };
    if is_unix(host) {
        let path = Path::new(host).join(format!(".s.PGSQL.{port}"));
        let socket = limited(settings, UnixStream::connect(path)).await;
        return Ok(Socket::Unix(socket.map_err(unreachable)?));
    }
    let tcp = tcp(settings, host, port).await.map_err(unreachable)?;
    if encryption == Encryption::Plain {
        return Ok(Socket::Tcp(tcp));
    }
    negotiate(settings, host, port, encryption, tcp).await
}

impl Socket {
    /// What binds a SCRAM exchange to this TLS connection.
    pub(crate) fn server_end_point(&self) -> Option<Vec<u8>> {
        match self {
            Self::Tcp(_) | Self::Unix(_) => None,
            Self::Tls(stream) => {
                let certificates = stream.get_ref().1.peer_certificates()?;
                certificate::server_end_point(certificates.first()?)
            }
        }
    }

    /// Whether it is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}

fn is_unix(host: &str) -> bool {
    host.starts_with('/')
}

async fn tcp(settings: &Settings, host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in limited(settings, lookup_host((host, port))).await? {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        // Before connecting, as the window's scale is agreed on then.
        if let Some(size) = settings.receive_buffer {
            socket.set_recv_buffer_size(size)?;
        }
        match limited(settings, socket.connect(address)).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                // A server that vanished without a word is noticed after about a minute.
                let keepalive = TcpKeepalive::new()
                    .with_time(Duration::from_secs(30))
                    .with_interval(Duration::from_secs(10))
                    .with_retries(3);
                SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Asks for TLS (SSLRequest) and makes the handshake.
async fn negotiate(
    settings: &Settings,
    host: &str,
    port: u16,
    encryption: Encryption,
    mut tcp: TcpStream,
) -> Result<Socket, Error> {
    let failed = |reason: String| Error::Tls {
        host: host.to_owned(),
        reason,
    };
    let configuration = tls::configuration(settings)?;
    let name = tls::server_name(settings, host)?;

    // The request's length and code; the answer is one byte.
    let asked = limited(settings, async {
        tcp.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
        tcp.read_u8().await
    });
    let answer = asked.await.map_err(|source| Error::Connect {
        host: host.to_owned(),
        port,
        source,
    })?;
    match (answer, encryption) {
        (b'S', _) => {}
        (b'N', Encryption::Required) => {
            return Err(failed(format!(
                "the server does not support it (ssl = off), and {} needs it",
                need(settings.ssl_mode)
            )));
        }
        (b'N', Encryption::IfPossible | Encryption::Plain) => return Ok(Socket::Tcp(tcp)),
        (b'E', _) => return Err(failed("the server refused to talk about it".to_owned())),
        (other, _) => {
            return Err(failed(format!(
                "the server answered {other:#04x}: is it PostgreSQL?"
            )));
        }
    }
    handshake(settings, configuration, name, tcp)
        .await
        .map_err(|error| failed(explain(&error)))
}

async fn handshake(
    settings: &Settings,
    configuration: Arc<ClientConfig>,
    name: rustls::pki_types::ServerName<'static>,
    tcp: TcpStream,
) -> io::Result<Socket> {
    let connecting = TlsConnector::from(configuration).connect(name, tcp);
    let stream = limited(settings, connecting).await?;
    Ok(Socket::Tls(Box::new(stream)))
}

fn need(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "sslmode=disable",
        SslMode::Allow => "sslmode=allow",
        SslMode::Prefer => "sslmode=prefer",
        SslMode::Require => "sslmode=require",
        SslMode::VerifyCa => "sslmode=verify-ca",
        SslMode::VerifyFull => "sslmode=verify-full",
    }
}

/// Says in a user's words what rustls found.
fn explain(error: &io::Error) -> String {
    use rustls::{CertificateError, Error};
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "the server's certificate is not signed by an authority in sslrootcert (or, without it, by a public one)".to_owned()
        }
        Some(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => "the server's certificate is not for this host (sslmode=verify-full)".to_owned(),
        Some(Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => "the server's certificate has expired".to_owned(),
        Some(Error::InvalidCertificate(reason))
            if reason.to_string().contains("UnsupportedCertVersion") =>
        {
            "the server's certificate is of X.509's version 1, which can't be verified; make it again with extensions (openssl x509 -req … -extfile …)".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Not longer than `connect_timeout`.
async fn limited<T>(
    settings: &Settings,
    attempt: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    match timeout(settings.connect_timeout, attempt).await {
        Ok(outcome) => outcome,
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!(
                "no answer within {} s (connect_timeout)",
                settings.connect_timeout.as_secs()
            ),
        )),
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
