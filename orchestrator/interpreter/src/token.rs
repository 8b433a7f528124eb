//! A task token's outside form: URL-safe text that leads back to its execution without an index.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::input::{AttemptId, TaskToken};

/// The first byte of every token, so that its form can change.
const VERSION: u8 = 1;

impl TaskToken {
    /// The text that workers get.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = [0; 33];
        bytes[0] = VERSION;
        bytes[1..9].copy_from_slice(&self.execution.to_be_bytes());
        bytes[9..17].copy_from_slice(&self.attempt.0.to_be_bytes());
        bytes[17..].copy_from_slice(&self.secret.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the text that [`TaskToken::encode`] made; `None` when it is none.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let bytes: [u8; 33] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let number = |from: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&bytes[from..from + 8]);
            u64::from_be_bytes(eight)
        };
        (bytes[0] == VERSION).then(|| Self {
            execution: number(1),
            attempt: AttemptId(number(9)),
            secret: (u128::from(number(17)) << 64) | u128::from(number(25)),
        })
    }
}
