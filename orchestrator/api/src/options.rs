//! How the HTTP front is set up.

use std::fmt;
use std::sync::Arc;

/// Everything that can be set about the HTTP front.
#[derive(Clone, Debug)]
pub struct Options {
    /// The longest request body that is read, in bytes; a longer one is refused before it is parsed.
    pub body_bytes: usize,
    /// What `/metrics` shows besides the engine's own figures.
    pub figures: Figures,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            body_bytes: 4 * 1_048_576,
            figures: Figures::default(),
        }
    }
}

/// Where figures come from: asked at each request, it gives lines in Prometheus's text format.
#[derive(Clone)]
pub struct Figures(Arc<dyn Fn() -> String + Send + Sync>);

impl Figures {
    /// Figures that this function tells.
    pub fn of(tell: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// What they are now.
    #[must_use]
    pub fn now(&self) -> String {
        (self.0)()
    }
}

impl Default for Figures {
    fn default() -> Self {
        Self::of(String::new)
    }
}

impl fmt::Debug for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Figures")
    }
}
