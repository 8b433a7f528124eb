//! What a service's model says of an operation.

/// One row of a service's operation table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OperationSpec {
    /// Its name.
    pub(crate) name: &'static str,
    /// What clients put before the host's name when they call it. Every host is accepted, so this is only for documents.
    pub(crate) host_prefix: Option<&'static str>,
    /// Whether the same request again has the same effect.
    pub(crate) is_idempotent: bool,
    /// The errors it declares.
    pub(crate) errors: &'static [&'static str],
}

impl OperationSpec {
    /// Whether a client of this operation knows that error.
    pub(crate) fn declares(&self, code: &str) -> bool {
        self.errors.contains(&code)
    }
}
