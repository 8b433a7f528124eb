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
    /// The options of `START_REPLICATION SLOT … LOGICAL …`, with their parentheses, for a server of this version
    /// (`server_version_num`, as in 150004). What a server doesn't know is left out.
    ///
    /// Messages are always asked for: heartbeats and data definitions travel as such. Streaming is `on` and never `parallel`: that
    /// would only add the place and time of aborts.
    #[must_use]
    pub fn clause(&self, server_version: u32) -> String {
        let major = server_version / 10_000;
        let protocol = match major {
            ..14 => 1,
            14 => 2,
            15 => 3,
            16.. => 4,
        };
        let mut options = vec![
            format!("proto_version '{protocol}'"),
            format!("publication_names {}", self.publication_names()),
        ];
        let mut ask = |wanted: bool, since: u32, option: &str| {
            if wanted && major >= since {
                options.push(option.to_owned());
            }
        };
        ask(true, 14, "messages 'true'");
        ask(self.binary, 14, "binary 'true'");
        ask(self.streaming, 14, "streaming 'on'");
        ask(self.two_phase, 15, "two_phase 'on'");
        ask(self.without_origin, 16, "origin 'none'");
        format!("({})", options.join(", "))
    }

    /// A literal that holds identifiers: each in double quotes, the whole in single ones.
    fn publication_names(&self) -> String {
        let names: Vec<String> = self
            .publications
            .iter()
            .map(|name| format!("\"{}\"", name.replace('"', "\"\"")))
            .collect();
        format!("'{}'", names.join(",").replace('\'', "''"))
    }
}
