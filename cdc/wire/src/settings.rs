//! Where and how to connect: libpq's connection URLs.

use std::time::Duration;

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
    /// `connect_timeout`; ten seconds without.
    pub connect_timeout: Duration,
    /// `application_name`.
    pub application_name: String,
    /// Further run-time parameters of the session (`options=-c name=value`, and those that a caller adds), sent at start-up.
    pub parameters: Vec<(String, String)>,
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
