//! HTTPS: who is trusted, and that the rest works through it.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails where something is not as it must be"
)]

mod support;

use std::sync::Arc;

use expect_test::{Expect, expect};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use support::{function, perform};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The certificate is for `localhost` and 127.0.0.1, issued by an authority of its own for a hundred years.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/tls");

async fn check(host: &str, trusted: &str, expected: Expect) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut server = JoinSet::new();
    server.spawn(serve(listener));
    let toml = format!("lambda_endpoint = \"https://{host}:{port}\"\n[http]\n{trusted}");
    let outcome = perform(&toml, function("f", "{}")).await;
    expected.assert_eq(&outcome.replace(&port.to_string(), "PORT"));
}

async fn serve(listener: TcpListener) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = CertificateDer::from_pem_file(format!("{FILES}/certificate.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{FILES}/key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    while let Ok((stream, _)) = listener.accept().await {
        let Ok(mut stream) = acceptor.accept(stream).await else {
            continue;
        };
        let mut buffer = [0; 4096];
        assert!(stream.read(&mut buffer).await.unwrap() > 0);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n\"secret\"";
        stream.write_all(answer).await.unwrap();
        stream.flush().await.unwrap();
    }
}

#[tokio::test]
async fn an_authority_that_the_settings_name_is_trusted() {
    let trusted = format!("certificate_authorities = [\"{FILES}/authority.pem\"]");
    check("localhost", &trusted, expect![[r#""secret""#]]).await;
    check("127.0.0.1", &trusted, expect![[r#""secret""#]]).await;
}

#[tokio::test]
async fn nobody_else_is() {
    check("localhost", "", expect!["Lambda.SdkClientException: Unable to execute HTTP request: Connect to localhost:PORT failed: invalid peer certificate: UnknownIssuer"]).await;
}
