//! Which host to try next, and whether to encrypt: libpq's rules.

use std::collections::HashMap;
use std::io;

use crate::Error;
use crate::settings::{ServerRole, Settings};
use crate::socket::{Encryption, encryptions};

/// The attempts to connect, one after the other.
#[derive(Debug)]
pub(crate) struct Attempts<'a> {
    settings: &'a Settings,
    host: usize,
    encryption: usize,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Result<Self, Error> {
        if settings.hosts.is_empty() {
            return Err(Error::Settings("no host to connect to".to_owned()));
        }
        Ok(Self {
            settings,
            host: 0,
            encryption: 0,
        })
    }

    /// What to try now.
    pub(crate) fn current(&self) -> (&'a str, u16, Encryption) {
        let (host, port) = &self.settings.hosts[self.host];
        let encryption = encryptions(self.settings.ssl_mode, host)[self.encryption];
        (host, *port, encryption)
    }

    /// The current attempt failed.
    ///
    /// # Errors
    /// The same error, when there is nothing else to try.
    pub(crate) fn failed(&mut self, error: Error) -> Result<(), Error> {
        let (host, _, _) = self.current();
        // 28000: no entry in pg_hba.conf for this kind of connection.
        let other_way = matches!(error, Error::Tls { .. })
            || matches!(&error, Error::Authentication { code: Some(code), .. } if code == "28000");
        if other_way && self.encryption + 1 < encryptions(self.settings.ssl_mode, host).len() {
            self.encryption += 1;
            return Ok(());
        }
        // A server that was reached and does not let us in ends the search, as it does in libpq.
        let last = self.host + 1 == self.settings.hosts.len();
        if last || matches!(error, Error::Authentication { .. } | Error::Settings(_)) {
            return Err(error);
        }
        tracing::debug!(host, %error, "trying the next host");
        self.host += 1;
        self.encryption = 0;
        Ok(())
    }
}

/// Whether a server is what `target_session_attrs` asks for, by what it told at start-up (PostgreSQL 14 and later do).
///
/// # Errors
/// When it is not.
pub(crate) fn check_role(
    settings: &Settings,
    host: &str,
    port: u16,
    parameters: &HashMap<String, String>,
) -> Result<(), Error> {
    let on = |name: &str| parameters.get(name).is_some_and(|value| value == "on");
    let standby = on("in_hot_standby");
    let read_only = standby || on("default_transaction_read_only");
    let (good, is) = match settings.role {
        ServerRole::Any => (true, ""),
        ServerRole::ReadWrite => (!read_only, "only for reading"),
        ServerRole::ReadOnly => (read_only, "not only for reading"),
        ServerRole::Primary => (!standby, "a standby"),
        ServerRole::Standby => (standby, "no standby"),
    };
    if good {
        return Ok(());
    }
    Err(Error::Connect {
        host: host.to_owned(),
        port,
        source: io::Error::other(format!("the server is {is} (target_session_attrs)")),
    })
}
