//! TLS by libpq's rules: what `sslmode` and `sslrootcert` ask of the server's certificate.
//!
//! Source: PostgreSQL's documentation, "libpq", section "SSL Support".

use std::fs;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use crate::Error;
use crate::certificate;
use crate::settings::{Settings, SslMode};

/// How the server's certificate is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// Whoever it is.
    Nothing,
    /// It is signed by a known authority.
    Authority,
    /// And it is this host's.
    AuthorityAndHost,
}

/// The configuration of TLS for these settings.
///
/// # Errors
/// When a file can't be read, or is not what it must be.
pub(crate) fn configuration(settings: &Settings) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(ring::default_provider());
    let check = match settings.ssl_mode {
        SslMode::VerifyFull => Check::AuthorityAndHost,
        SslMode::VerifyCa => Check::Authority,
        // As libpq does it, for the sake of what was done before there was verify-ca.
        SslMode::Require if settings.ssl_root_cert.is_some() => Check::Authority,
        SslMode::Require | SslMode::Prefer | SslMode::Allow | SslMode::Disable => Check::Nothing,
    };
    let verifier = match check {
        Check::Nothing => Verifier {
            provider: Arc::clone(&provider),
            check,
            chain: None,
            roots: Vec::new(),
        },
        Check::Authority | Check::AuthorityAndHost => authorities(settings, check, &provider)?,
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| tls(settings, error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let configuration = match &settings.ssl_client {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(settings, "sslcert", certificate)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| {
                tls(
                    settings,
                    format!("cannot read the private key {key} (sslkey): {error}"),
                )
            })?;
            builder.with_client_auth_cert(chain, key).map_err(|error| {
                tls(
                    settings,
                    format!("cannot use the client certificate {certificate}: {error}"),
                )
            })?
        }
    };
    Ok(Arc::new(configuration))
}

/// The server's name as TLS needs it. A host that is no name (with an underscore, say) is still connected to where names aren't checked.
///
/// # Errors
/// When it is no name and must be checked.
pub(crate) fn server_name(settings: &Settings, host: &str) -> Result<ServerName<'static>, Error> {
    match ServerName::try_from(host.to_owned()) {
        Ok(name) => Ok(name),
        Err(_) if settings.ssl_mode != SslMode::VerifyFull => {
            Ok(ServerName::try_from("postgresql.invalid").expect("it is a valid name"))
        }
        Err(error) => Err(tls(settings, format!("{host:?} is no host name: {error}"))),
    }
}

fn authorities(
    settings: &Settings,
    check: Check,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, Error> {
    let mut store = RootCertStore::empty();
    let mut roots = Vec::new();
    match settings.ssl_root_cert.as_deref() {
        None | Some("system") => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            roots = certificates(settings, "sslrootcert", file)?;
            store.add_parsable_certificates(roots.iter().cloned());
            if store.is_empty() {
                return Err(tls(
                    settings,
                    format!("the file {file} (sslrootcert) has no certificate that can be used"),
                ));
            }
        }
    }
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .map_err(|error| tls(settings, error.to_string()))?;
    Ok(Verifier {
        provider: Arc::clone(provider),
        check,
        chain: Some(chain),
        roots,
    })
}

fn certificates(
    settings: &Settings,
    parameter: &str,
    file: &str,
) -> Result<Vec<CertificateDer<'static>>, Error> {
    let unreadable = |reason: String| {
        tls(
            settings,
            format!("cannot read the certificates in {file} ({parameter}): {reason}"),
        )
    };
    let text = fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unreadable("there is none in PEM form".to_owned()));
    }
    Ok(certificates)
}

fn tls(settings: &Settings, reason: String) -> Error {
    Error::Tls {
        host: settings.host_list(),
        reason,
    }
}

/// Looks at the server's certificate as libpq and OpenSSL do, which is not always as the public web does.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    check: Check,
    /// None when nothing is checked.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// The certificates of `sslrootcert`.
    roots: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        let error = match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Ok(verified) => return Ok(verified),
            Err(error) => error,
        };
        let rustls::Error::InvalidCertificate(reason) = &error else {
            return Err(error);
        };
        let authority_only = self.check == Check::Authority;
        match reason {
            // The chain was found good before the name is looked at.
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                if authority_only || has_common_name(certificate, name) {
                    return Ok(ServerCertVerified::assertion());
                }
                Err(error)
            }
            // A certificate that signed itself and is listed as an authority. Its dates were found good before this.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                if !self.roots.iter().any(|root| root == certificate) {
                    return Err(CertificateError::UnknownIssuer.into());
                }
                if authority_only || is_named(certificate, name) {
                    return Ok(ServerCertVerified::assertion());
                }
                Err(CertificateError::NotValidForName.into())
            }
            _ => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // By the key alone, as certificates of version 1 (openssl x509 -req made them for long) can't be read as a whole.
        let key = certificate::public_key(certificate)
            .ok_or(rustls::Error::from(CertificateError::BadEncoding))?;
        rustls::crypto::verify_tls13_signature_with_raw_key(
            message,
            &SubjectPublicKeyInfoDer::from(key),
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Whether a certificate without a chain is this host's.
fn is_named(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    rustls::server::ParsedCertificate::try_from(certificate)
        .and_then(|parsed| rustls::client::verify_server_name(&parsed, name))
        .is_ok()
        || has_common_name(certificate, name)
}

/// Whether the certificate names no alternatives, and its common name is the host's (`*` stands for one whole label at the left).
fn has_common_name(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    let Some(common) = certificate::only_common_name(certificate) else {
        return false;
    };
    let host = name.to_str();
    match (common.strip_prefix("*."), name) {
        (Some(domain), ServerName::DnsName(_)) => host
            .split_once('.')
            .is_some_and(|(_, parent)| parent.eq_ignore_ascii_case(domain)),
        _ => common.eq_ignore_ascii_case(&host),
    }
}
