//! Opens connections: finds the address, asks whether it may be used, connects, and speaks TLS where the scheme says so.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderValue;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::settings::{Error, HttpSettings};
use crate::targets::Targets;

/// Scheme, host and port: what connections are shared by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    scheme: Scheme,
    host: Box<str>,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
}

/// A stream in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Opens connections under one set of rules.
pub(crate) struct Connector {
    targets: Targets,
    tls: TlsConnector,
    timeout: Duration,
}

/// Why there is no connection. The text is what a person reads after the words "Unable to execute HTTP request".
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// The rules exclude the host, or all of its addresses.
    Forbidden(String),
    /// The host is unknown or does not answer.
    Failed(String),
}

impl Origin {
    /// The origin of an absolute URL.
    ///
    /// # Errors
    /// Why the URL can't be called.
    pub(crate) fn of(uri: &http::Uri) -> Result<Self, &'static str> {
        let (scheme, default_port) = match uri.scheme_str() {
            Some("http") => (Scheme::Http, 80),
            Some("https") => (Scheme::Https, 443),
            _ => return Err("it must begin with http:// or https://"),
        };
        let authority = uri.authority().ok_or("it names no host")?;
        if authority.as_str().contains('@') {
            return Err("it must not contain a user name");
        }
        let host = authority.host();
        if host.is_empty() {
            return Err("it names no host");
        }
        Ok(Self {
            scheme,
            host: host.into(),
            port: authority.port_u16().unwrap_or(default_port),
        })
    }

    /// The `Host` header.
    pub(crate) fn host_header(&self) -> String {
        match (self.scheme, self.port) {
            (Scheme::Http, 80) | (Scheme::Https, 443) => self.host.to_string(),
            (Scheme::Http | Scheme::Https, port) => format!("{}:{port}", self.host),
        }
    }

    fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

impl Connector {
    pub(crate) fn new(targets: Targets, tls: TlsConnector, timeout: Duration) -> Self {
        Self {
            targets,
            tls,
            timeout,
        }
    }

    /// Opens a connection to the first of the host's addresses that may be used and answers.
    ///
    /// # Errors
    /// When the host is unknown, forbidden, or does not answer in time.
    pub(crate) async fn connect(&self, origin: &Origin) -> Result<Box<dyn Stream>, ConnectError> {
        match tokio::time::timeout(self.timeout, self.open(origin)).await {
            Ok(opened) => opened,
            Err(_) => Err(ConnectError::Failed(format!(
                "Connect to {origin} failed: connect timed out"
            ))),
        }
    }

    async fn open(&self, origin: &Origin) -> Result<Box<dyn Stream>, ConnectError> {
        let failed = |error: &dyn fmt::Display| {
            ConnectError::Failed(format!("Connect to {origin} failed: {error}"))
        };
        let host = origin.bare_host();
        let addresses = addresses(host, origin.port)
            .await
            .map_err(|_| ConnectError::Failed(format!("{host}: Name or service not known")))?;
        let mut last = ConnectError::Forbidden(format!(
            "{origin} is not allowed: the http settings of this server exclude it"
        ));
        // Only addresses that were checked are connected to, so a name that changes its mind in between gains nothing.
        for address in addresses {
            if !self.targets.permits(host, address.ip()) {
                continue;
            }
            match TcpStream::connect(address).await {
                Err(error) => last = failed(&reason(&error)),
                Ok(stream) => {
                    // Requests are written in one piece; waiting to fill a packet only delays them.
                    stream.set_nodelay(true).map_err(|error| failed(&error))?;
                    if origin.scheme == Scheme::Http {
                        return Ok(Box::new(stream));
                    }
                    let name =
                        ServerName::try_from(host.to_owned()).map_err(|error| failed(&error))?;
                    return match self.tls.connect(name, stream).await {
                        Ok(stream) => Ok(Box::new(stream)),
                        Err(error) => Err(failed(&error)),
                    };
                }
            }
        }
        Err(last)
    }
}

/// A URL of the configuration that is called.
pub(crate) struct Endpoint {
    pub(crate) uri: http::Uri,
    pub(crate) origin: Origin,
    /// The `Host` header, as a text and as it is sent.
    pub(crate) host: String,
    pub(crate) host_header: HeaderValue,
}

impl Endpoint {
    /// Reads the URL.
    ///
    /// # Errors
    /// When it is no URL that can be called.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Endpoint {
            url: url.to_owned(),
            reason,
        };
        let uri: http::Uri = url
            .parse()
            .map_err(|error: http::uri::InvalidUri| wrong(error.to_string()))?;
        let origin = Origin::of(&uri).map_err(|reason| wrong(reason.to_owned()))?;
        let host = origin.host_header();
        let host_header = HeaderValue::from_str(&host).map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            uri,
            origin,
            host,
            host_header,
        })
    }
}

/// Connects to whatever an operator names.
///
/// # Errors
/// When a file of certificates can't be read.
pub(crate) fn to_anywhere(settings: &HttpSettings) -> Result<Connector, Error> {
    let timeout = Duration::from_secs(settings.connect_timeout_seconds.max(1));
    Ok(Connector::new(Targets::anywhere(), tls(settings)?, timeout))
}

/// Trusts the public web's authorities and those that the settings name.
///
/// # Errors
/// When a file of certificates can't be read.
pub(crate) fn tls(settings: &HttpSettings) -> Result<TlsConnector, Error> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for path in &settings.certificate_authorities {
        let wrong = |reason: String| Error::Certificates {
            path: path.clone(),
            reason,
        };
        let certificates =
            CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots
                .add(certificate)
                .map_err(|error| wrong(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// The operating system's wording without its error number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "Connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "Connection reset".to_owned(),
        io::ErrorKind::HostUnreachable => "No route to host".to_owned(),
        io::ErrorKind::NetworkUnreachable => "Network is unreachable".to_owned(),
        _ => error.to_string(),
    }
}
