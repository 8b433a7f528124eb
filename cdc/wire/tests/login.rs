//! TLS and authentication by libpq's rules, against a real server with certificates of its own.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use expect_test::{Expect, expect};
use tests::support::postgres::{Cluster, Stop};
use wire::{Error, Mode, Session, Settings};

const EC: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

fn openssl(directory: &Path, arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .expect("openssl can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {errors}");
}

/// Makes a certificate that signed itself, and is an authority.
fn authority(directory: &Path, name: &str, key_type: &[&str], more: &[&str]) {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
    let subject = format!("/CN={name}");
    let mut arguments = vec!["req", "-x509", "-nodes", "-days", "3650", "-subj", &subject];
    arguments.extend(["-keyout", &key, "-out", &certificate]);
    arguments.extend(key_type);
    arguments.extend(more);
    openssl(directory, &arguments);
}

/// Makes a server's certificate, signed by `ca`; version 1 without extensions.
fn server(directory: &Path, name: &str, key_type: &[&str], extensions: &str, sign: &[&str]) {
    let (key, request) = (format!("{name}.key"), format!("{name}.csr"));
    let mut arguments = vec![
        "req",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-keyout",
        &key,
        "-out",
        &request,
    ];
    arguments.extend(key_type);
    openssl(directory, &arguments);
    let (certificate, file) = (format!("{name}.crt"), format!("{name}.ext"));
    let mut arguments = vec![
        "x509",
        "-req",
        "-days",
        "3650",
        "-in",
        &request,
        "-out",
        &certificate,
    ];
    arguments.extend(["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"]);
    if !extensions.is_empty() {
        fs::write(directory.join(&file), extensions).unwrap();
        arguments.extend(["-extfile", &file]);
    }
    arguments.extend(sign);
    openssl(directory, &arguments);
}

/// A cluster that is restarted with one certificate after the other.
struct Bed {
    cluster: Cluster,
    certificates: tempfile::TempDir,
}

impl Bed {
    fn new() -> Self {
        let certificates = tempfile::tempdir().unwrap();
        let cluster = Cluster::start(&[]);
        cluster.sql("postgres").run(
            "set password_encryption = 'scram-sha-256'; create role scram login password 'right'; create role clear login password 'right';
             create role tls_only login; create role plain_only login; create role nobody login;
             set password_encryption = 'md5'; create role md5 login password 'right'",
        );
        cluster.add_access_rules(
            "host all scram 127.0.0.1/32 scram-sha-256\nhost all md5 127.0.0.1/32 md5\nhost all clear 127.0.0.1/32 password
             hostssl all tls_only 127.0.0.1/32 trust\nhost all tls_only 127.0.0.1/32 reject
             hostnossl all plain_only 127.0.0.1/32 trust\nhost all plain_only 127.0.0.1/32 reject\nhost all nobody 127.0.0.1/32 reject",
        );
        let bed = Self {
            cluster,
            certificates,
        };
        authority(bed.path(), "ca", EC, &[]);
        authority(bed.path(), "other", EC, &[]);
        bed
    }

    fn path(&self) -> &Path {
        self.certificates.path()
    }

    /// Restarts the server with this certificate.
    fn present(&mut self, name: &str) {
        let data = self.cluster.data_directory();
        let owner = fs::metadata(&data).unwrap();
        for kind in ["crt", "key"] {
            let to = data.join(format!("server.{kind}"));
            fs::copy(self.path().join(format!("{name}.{kind}")), &to).unwrap();
            fs::set_permissions(&to, Permissions::from_mode(0o600)).unwrap();
            chown(&to, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        self.cluster.stop(Stop::Fast);
        self.cluster.set("ssl", "on");
        self.cluster.start_again();
    }

    fn url(&self, user: &str, host: &str, query: &str) -> String {
        let query = query.replace("ROOT", &self.path().display().to_string());
        format!(
            "postgresql://{user}@{host}:{}/postgres?{query}",
            self.cluster.port()
        )
    }

    /// How it goes, for both kinds of clients, each in a word or with the error's words.
    fn outcome(&self, user: &str, host: &str, query: &str) -> String {
        let settings = Settings::parse(&self.url(user, host, query)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (session, client) =
            runtime.block_on(async { (session(&settings).await, client(&settings).await) });
        let text = |outcome: Result<bool, Error>| match outcome {
            Ok(true) => "encrypted".to_owned(),
            Ok(false) => "plain".to_owned(),
            Err(error) => error.to_string(),
        };
        let (session, client) = (text(session), text(client));
        // The other client words some errors differently.
        if session.starts_with("cannot authenticate") && client.starts_with("cannot authenticate") {
            return session;
        }
        assert_eq!(session, client, "{user} {host} {query}");
        session
    }

    fn check(&self, cases: &[(&str, &str, &str)], expected: &Expect) {
        let lines: Vec<String> = cases
            .iter()
            .map(|(user, host, query)| {
                format!(
                    "{user} {host} {query}: {}\n",
                    self.outcome(user, host, query)
                )
            })
            .collect();
        let text = lines.concat();
        let text = text.replace(&self.path().display().to_string(), "ROOT");
        expected.assert_eq(&text.replace(&self.cluster.port().to_string(), "PORT"));
    }
}

const ENCRYPTED: &str = "select ssl::text from pg_stat_ssl where pid = pg_backend_pid()";

async fn session(settings: &Settings) -> Result<bool, Error> {
    let mut session = Session::connect(settings, Mode::Sql).await?;
    let answer = session.simple(ENCRYPTED).await?;
    let long = session.simple("select repeat('x', 10000000)").await?;
    assert_eq!(long[0].rows[0].get(0).unwrap().len(), 10_000_000);
    session.close().await;
    Ok(answer[0].rows[0].get(0) == Some("true"))
}

async fn client(settings: &Settings) -> Result<bool, Error> {
    let client = wire::client::connect(settings).await?;
    let row = client
        .query_one(ENCRYPTED, &[])
        .await
        .map_err(Error::Client)?;
    let encrypted: String = row.get(0);
    client.close().await;
    Ok(encrypted == "true")
}

const MODES: &[(&str, &str, &str)] = &[
    ("postgres", "localhost", "sslmode=disable"),
    ("postgres", "localhost", "sslmode=allow"),
    ("postgres", "localhost", "sslmode=prefer"),
    ("postgres", "localhost", ""),
    ("postgres", "localhost", "sslmode=require"),
    (
        "postgres",
        "localhost",
        "sslmode=require&sslrootcert=ROOT/ca.crt",
    ),
    (
        "postgres",
        "localhost",
        "sslmode=require&sslrootcert=ROOT/other.crt",
    ),
    (
        "postgres",
        "127.0.0.1",
        "sslmode=verify-ca&sslrootcert=ROOT/ca.crt",
    ),
    (
        "postgres",
        "localhost",
        "sslmode=verify-ca&sslrootcert=ROOT/other.crt",
    ),
    (
        "postgres",
        "localhost",
        "sslmode=verify-full&sslrootcert=ROOT/ca.crt",
    ),
    (
        "postgres",
        "127.0.0.1",
        "sslmode=verify-full&sslrootcert=ROOT/ca.crt",
    ),
    (
        "postgres",
        "localhost",
        "sslmode=verify-full&sslrootcert=ROOT/other.crt",
    ),
    ("postgres", "localhost", "sslmode=verify-full"),
    (
        "postgres",
        "localhost",
        "sslmode=prefer&sslrootcert=ROOT/other.crt",
    ),
];

#[test]
fn every_sslmode_is_what_it_is_in_libpq() {
    let mut bed = Bed::new();
    bed.check(MODES, &expect![[r#"
        postgres localhost sslmode=disable: plain
        postgres localhost sslmode=allow: plain
        postgres localhost sslmode=prefer: plain
        postgres localhost : plain
        postgres localhost sslmode=require: cannot make a TLS connection to localhost: the server does not support it (ssl = off), and sslmode=require needs it
        postgres localhost sslmode=require&sslrootcert=ROOT/ca.crt: cannot make a TLS connection to localhost: the server does not support it (ssl = off), and sslmode=require needs it
        postgres localhost sslmode=require&sslrootcert=ROOT/other.crt: cannot make a TLS connection to localhost: the server does not support it (ssl = off), and sslmode=require needs it
        postgres 127.0.0.1 sslmode=verify-ca&sslrootcert=ROOT/ca.crt: cannot make a TLS connection to 127.0.0.1: the server does not support it (ssl = off), and sslmode=verify-ca needs it
        postgres localhost sslmode=verify-ca&sslrootcert=ROOT/other.crt: cannot make a TLS connection to localhost: the server does not support it (ssl = off), and sslmode=verify-ca needs it
        postgres localhost sslmode=verify-full&sslrootcert=ROOT/ca.crt: cannot make a TLS connection to localhost: the server does not support it (ssl = off), and sslmode=verify-full needs it
        postgres 127.0.0.1 sslmode=verify-full&sslrootcert=ROOT/ca.crt: cannot make a TLS connection to 127.0.0.1: the server does not support it (ssl = off), and sslmode=verify-full needs it
        postgres localhost sslmode=verify-full&sslrootcert=ROOT/other.crt: cannot make a TLS connection to localhost: the server does not support it (ssl = off), and sslmode=verify-full needs it
        postgres localhost sslmode=verify-full: cannot make a TLS connection to localhost: the server does not support it (ssl = off), and sslmode=verify-full needs it
        postgres localhost sslmode=prefer&sslrootcert=ROOT/other.crt: plain
    "#]]);
    server(bed.path(), "good", EC, "subjectAltName=DNS:localhost", &[]);
    bed.present("good");
    bed.check(MODES, &expect![[r#"
        postgres localhost sslmode=disable: plain
        postgres localhost sslmode=allow: plain
        postgres localhost sslmode=prefer: encrypted
        postgres localhost : encrypted
        postgres localhost sslmode=require: encrypted
        postgres localhost sslmode=require&sslrootcert=ROOT/ca.crt: encrypted
        postgres localhost sslmode=require&sslrootcert=ROOT/other.crt: cannot make a TLS connection to localhost: the server's certificate is not signed by an authority in sslrootcert (or, without it, by a public one)
        postgres 127.0.0.1 sslmode=verify-ca&sslrootcert=ROOT/ca.crt: encrypted
        postgres localhost sslmode=verify-ca&sslrootcert=ROOT/other.crt: cannot make a TLS connection to localhost: the server's certificate is not signed by an authority in sslrootcert (or, without it, by a public one)
        postgres localhost sslmode=verify-full&sslrootcert=ROOT/ca.crt: encrypted
        postgres 127.0.0.1 sslmode=verify-full&sslrootcert=ROOT/ca.crt: cannot make a TLS connection to 127.0.0.1: the server's certificate is not for this host (sslmode=verify-full)
        postgres localhost sslmode=verify-full&sslrootcert=ROOT/other.crt: cannot make a TLS connection to localhost: the server's certificate is not signed by an authority in sslrootcert (or, without it, by a public one)
        postgres localhost sslmode=verify-full: cannot make a TLS connection to localhost: the server's certificate is not signed by an authority in sslrootcert (or, without it, by a public one)
        postgres localhost sslmode=prefer&sslrootcert=ROOT/other.crt: encrypted
    "#]]);
    bed.check(
        &[
            ("tls_only", "localhost", "sslmode=disable"),
            ("tls_only", "localhost", "sslmode=allow"),
            ("tls_only", "localhost", "sslmode=prefer"),
            ("plain_only", "localhost", "sslmode=allow"),
            ("plain_only", "localhost", "sslmode=prefer"),
            ("plain_only", "localhost", "sslmode=require"),
            ("nobody", "localhost", "sslmode=prefer"),
            ("scram:right", "localhost", "channel_binding=require"),
            ("scram:right", "localhost", "channel_binding=disable"),
            (
                "scram:right",
                "localhost",
                "channel_binding=prefer&sslmode=disable",
            ),
            (
                "scram:right",
                "localhost",
                "channel_binding=require&sslmode=disable",
            ),
            ("scram:wrong", "localhost", "channel_binding=require"),
            ("scram:wrong", "localhost", ""),
            ("scram", "localhost", ""),
            ("md5:right", "localhost", ""),
            ("md5:right", "localhost", "channel_binding=require"),
            ("md5:wrong", "localhost", ""),
            ("clear:right", "localhost", ""),
            ("clear:wrong", "localhost", "sslmode=disable"),
            ("postgres", "localhost", "channel_binding=require"),
        ],
        &expect![[r#"
            tls_only localhost sslmode=disable: cannot authenticate at localhost as tls_only: pg_hba.conf rejects connection for host "127.0.0.1", user "tls_only", database "postgres", no encryption (28000)
            tls_only localhost sslmode=allow: encrypted
            tls_only localhost sslmode=prefer: encrypted
            plain_only localhost sslmode=allow: plain
            plain_only localhost sslmode=prefer: plain
            plain_only localhost sslmode=require: cannot authenticate at localhost as plain_only: pg_hba.conf rejects connection for host "127.0.0.1", user "plain_only", database "postgres", SSL encryption (28000)
            nobody localhost sslmode=prefer: cannot authenticate at localhost as nobody: pg_hba.conf rejects connection for host "127.0.0.1", user "nobody", database "postgres", no encryption (28000)
            scram:right localhost channel_binding=require: encrypted
            scram:right localhost channel_binding=disable: encrypted
            scram:right localhost channel_binding=prefer&sslmode=disable: plain
            scram:right localhost channel_binding=require&sslmode=disable: cannot authenticate at localhost as scram: channel_binding=require needs a TLS connection
            scram:wrong localhost channel_binding=require: cannot authenticate at localhost as scram: password authentication failed for user "scram" (28P01)
            scram:wrong localhost : cannot authenticate at localhost as scram: password authentication failed for user "scram" (28P01)
            scram localhost : cannot authenticate at localhost as scram: the server asks for a password, and the connection URL has none
            md5:right localhost : encrypted
            md5:right localhost channel_binding=require: cannot authenticate at localhost as md5: channel_binding=require needs SCRAM-SHA-256 over TLS, and the server asks for something else
            md5:wrong localhost : cannot authenticate at localhost as md5: password authentication failed for user "md5" (28P01)
            clear:right localhost : encrypted
            clear:wrong localhost sslmode=disable: cannot authenticate at localhost as clear: password authentication failed for user "clear" (28P01)
            postgres localhost channel_binding=require: cannot authenticate at localhost as postgres: channel_binding=require needs SCRAM-SHA-256 over TLS, and the server asks for something else
        "#]],
    );
}

#[test]
fn certificates_of_all_kinds_are_looked_at_as_openssl_does() {
    let mut bed = Bed::new();
    let name = "subjectAltName=DNS:localhost";
    let rsa: &[&str] = &["-newkey", "rsa:2048"];
    let pss: &[&str] = &[
        "-sigopt",
        "rsa_padding_mode:pss",
        "-sigopt",
        "rsa_pss_saltlen:-1",
    ];
    authority(bed.path(), "self", EC, &["-addext", name]);
    authority(bed.path(), "ca-rsa", rsa, &[]);
    server(
        bed.path(),
        "common-name",
        EC,
        "basicConstraints=CA:FALSE",
        &[],
    );
    server(bed.path(), "version-1", EC, "", &[]);
    server(bed.path(), "sha384", EC, name, &["-sha384"]);
    server(bed.path(), "sha512", EC, name, &["-sha512"]);
    server(bed.path(), "ed25519", &["-newkey", "ed25519"], name, &[]);
    fs::copy(bed.path().join("ca.crt"), bed.path().join("ca-ec.crt")).unwrap();
    fs::copy(bed.path().join("ca-rsa.crt"), bed.path().join("ca.crt")).unwrap();
    fs::copy(bed.path().join("ca-rsa.key"), bed.path().join("ca.key")).unwrap();
    server(bed.path(), "rsa", rsa, name, &[]);
    server(
        bed.path(),
        "rsa-pss",
        rsa,
        name,
        &[pss, &["-sha384"]].concat(),
    );
    let bound = ("scram:right", "localhost", "channel_binding=require");
    let unchecked = ("scram:right", "localhost", "sslmode=require");
    let rsa_root = (
        "postgres",
        "localhost",
        "sslmode=verify-full&sslrootcert=ROOT/ca.crt",
    );
    for (certificate, root, expected) in [
        (
            "common-name",
            Some((
                "postgres",
                "localhost",
                "sslmode=verify-full&sslrootcert=ROOT/ca-ec.crt",
            )),
            expect![[r#"
                scram:right localhost sslmode=require: encrypted
                scram:right localhost channel_binding=require: encrypted
                postgres localhost sslmode=verify-full&sslrootcert=ROOT/ca-ec.crt: encrypted
            "#]],
        ),
        (
            "version-1",
            Some((
                "postgres",
                "localhost",
                "sslmode=verify-ca&sslrootcert=ROOT/ca-ec.crt",
            )),
            expect![[r#"
                scram:right localhost sslmode=require: encrypted
                scram:right localhost channel_binding=require: encrypted
                postgres localhost sslmode=verify-ca&sslrootcert=ROOT/ca-ec.crt: cannot make a TLS connection to localhost: the server's certificate is of X.509's version 1, which can't be verified; make it again with extensions (openssl x509 -req … -extfile …)
            "#]],
        ),
        (
            "self",
            Some((
                "postgres",
                "localhost",
                "sslmode=verify-full&sslrootcert=ROOT/self.crt",
            )),
            expect![[r#"
                scram:right localhost sslmode=require: encrypted
                scram:right localhost channel_binding=require: encrypted
                postgres localhost sslmode=verify-full&sslrootcert=ROOT/self.crt: encrypted
            "#]],
        ),
        (
            "self",
            Some((
                "postgres",
                "127.0.0.1",
                "sslmode=verify-full&sslrootcert=ROOT/self.crt",
            )),
            expect![[r#"
                scram:right localhost sslmode=require: encrypted
                scram:right localhost channel_binding=require: encrypted
                postgres 127.0.0.1 sslmode=verify-full&sslrootcert=ROOT/self.crt: cannot make a TLS connection to 127.0.0.1: the server's certificate is not for this host (sslmode=verify-full)
            "#]],
        ),
        (
            "self",
            Some((
                "postgres",
                "127.0.0.1",
                "sslmode=verify-ca&sslrootcert=ROOT/self.crt",
            )),
            expect![[r#"
                scram:right localhost sslmode=require: encrypted
                scram:right localhost channel_binding=require: encrypted
                postgres 127.0.0.1 sslmode=verify-ca&sslrootcert=ROOT/self.crt: encrypted
            "#]],
        ),
        (
            "common-name",
            Some((
                "postgres",
                "127.0.0.1",
                "sslmode=verify-full&sslrootcert=ROOT/ca-ec.crt",
            )),
            expect![[r#"
                scram:right localhost sslmode=require: encrypted
                scram:right localhost channel_binding=require: encrypted
                postgres 127.0.0.1 sslmode=verify-full&sslrootcert=ROOT/ca-ec.crt: cannot make a TLS connection to 127.0.0.1: the server's certificate is not for this host (sslmode=verify-full)
            "#]],
        ),
        (
            "self",
            Some((
                "postgres",
                "localhost",
                "sslmode=verify-ca&sslrootcert=ROOT/other.crt",
            )),
            expect![[r#"
                scram:right localhost sslmode=require: encrypted
                scram:right localhost channel_binding=require: encrypted
                postgres localhost sslmode=verify-ca&sslrootcert=ROOT/other.crt: cannot make a TLS connection to localhost: the server's certificate is not signed by an authority in sslrootcert (or, without it, by a public one)
            "#]],
        ),
        (
            "sha384",
            None,
            expect![[r#"
            scram:right localhost sslmode=require: encrypted
            scram:right localhost channel_binding=require: encrypted
        "#]],
        ),
        (
            "sha512",
            None,
            expect![[r#"
            scram:right localhost sslmode=require: encrypted
            scram:right localhost channel_binding=require: encrypted
        "#]],
        ),
        (
            "ed25519",
            None,
            expect![[r#"
            scram:right localhost sslmode=require: encrypted
            scram:right localhost channel_binding=require: encrypted
        "#]],
        ),
        (
            "rsa",
            Some(rsa_root),
            expect![[r#"
            scram:right localhost sslmode=require: encrypted
            scram:right localhost channel_binding=require: encrypted
            postgres localhost sslmode=verify-full&sslrootcert=ROOT/ca.crt: encrypted
        "#]],
        ),
        (
            "rsa-pss",
            Some(rsa_root),
            expect![[r#"
            scram:right localhost sslmode=require: encrypted
            scram:right localhost channel_binding=require: encrypted
            postgres localhost sslmode=verify-full&sslrootcert=ROOT/ca.crt: encrypted
        "#]],
        ),
    ] {
        bed.present(certificate);
        let cases: Vec<_> = [unchecked, bound].into_iter().chain(root).collect();
        bed.check(&cases, &expected);
    }
}

#[test]
fn the_client_shows_its_own_certificate() {
    let mut bed = Bed::new();
    server(bed.path(), "good", EC, "subjectAltName=DNS:localhost", &[]);
    server(bed.path(), "anna", EC, "basicConstraints=CA:FALSE", &[]);
    let ca = bed.cluster.data_directory().join("clients.crt");
    fs::copy(bed.path().join("ca.crt"), &ca).unwrap();
    fs::set_permissions(&ca, Permissions::from_mode(0o644)).unwrap();
    bed.cluster.set("ssl_ca_file", "clients.crt");
    bed.cluster
        .sql("postgres")
        .run("create role localhost login");
    bed.cluster
        .add_access_rules("hostssl all localhost 127.0.0.1/32 cert\n");
    bed.present("good");
    bed.check(
        &[
            (
                "localhost",
                "localhost",
                "sslmode=require&sslcert=ROOT/anna.crt&sslkey=ROOT/anna.key",
            ),
            (
                "localhost",
                "localhost",
                "sslmode=require&sslcert=ROOT/none.crt&sslkey=ROOT/anna.key",
            ),
            (
                "localhost",
                "localhost",
                "sslmode=require&sslcert=ROOT/anna.key&sslkey=ROOT/anna.key",
            ),
        ],
        &expect![[r#"
            localhost localhost sslmode=require&sslcert=ROOT/anna.crt&sslkey=ROOT/anna.key: encrypted
            localhost localhost sslmode=require&sslcert=ROOT/none.crt&sslkey=ROOT/anna.key: cannot make a TLS connection to localhost:PORT: cannot read the certificates in ROOT/none.crt (sslcert): No such file or directory (os error 2)
            localhost localhost sslmode=require&sslcert=ROOT/anna.key&sslkey=ROOT/anna.key: cannot make a TLS connection to localhost:PORT: cannot read the certificates in ROOT/anna.key (sslcert): there is none in PEM form
        "#]],
    );
}

#[test]
fn hosts_are_tried_in_their_order_and_by_their_role() {
    let primary = Cluster::start(&[]);
    let read_only = Cluster::start(&[("default_transaction_read_only", "on")]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (first, second) = (read_only.port(), primary.port());
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for (hosts, role, expected) in [
        (vec![first, second], "any", Some(first)),
        (vec![first, second], "read-write", Some(second)),
        (vec![closed, second, first], "any", Some(second)),
        (vec![second, first], "read-only", Some(first)),
        (vec![closed, first], "read-write", None),
        (vec![first, second], "standby", None),
        (vec![first, second], "primary", Some(first)),
        (vec![closed], "any", None),
    ] {
        let list: Vec<String> = hosts
            .iter()
            .map(|port| format!("127.0.0.1:{port}"))
            .collect();
        let url = format!(
            "postgresql://postgres@{}/postgres?target_session_attrs={role}",
            list.join(",")
        );
        let settings = Settings::parse(&url).unwrap();
        let port = |text: Option<&str>| text.map(|text| text.parse::<u16>().unwrap());
        runtime.block_on(async {
            let show = "show port";
            let session = match Session::connect(&settings, Mode::Sql).await {
                Ok(mut session) => port(session.simple(show).await.unwrap()[0].rows[0].get(0)),
                Err(error) => {
                    assert!(error.is_retryable(), "{error}");
                    None
                }
            };
            let client = match wire::client::connect(&settings).await {
                Ok(client) => port(Some(client.query_one(show, &[]).await.unwrap().get(0))),
                Err(_) => None,
            };
            assert_eq!((session, client), (expected, expected), "{url}");
        });
    }
    // And over the unix socket.
    let settings = Settings::parse(&primary.socket_url("postgres")).unwrap();
    assert!(!runtime.block_on(session(&settings)).unwrap());
    assert!(!runtime.block_on(client(&settings)).unwrap());
}
