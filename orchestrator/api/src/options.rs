//! How the HTTP front is set up.

/// Everything that can be set about the HTTP front.
#[derive(Clone, Debug)]
pub struct Options {
    /// The longest request body that is read, in bytes; a longer one is refused before it is parsed.
    pub body_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            body_bytes: 4 * 1_048_576,
        }
    }
}
