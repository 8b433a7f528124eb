//! Page tokens: where a list goes on, bound to the request that they came from.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::aws::states::errors::{Mistake, Refusal};
use crate::aws::states::wire::Operation;

/// How many bytes of the digest a token carries. It guards against mix-ups, not against forgery: a position alone lets nobody
/// see what the list would not show.
const DIGEST: usize = 12;

/// The request that pages belong to: its operation and every member that decides what is listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// The operation.
    pub(crate) operation: Operation,
    /// The members, always in the same order.
    pub(crate) filters: &'a [&'a str],
}

impl Request<'_> {
    /// The token for a page that begins at that position.
    pub(crate) fn token(&self, position: &[u8]) -> String {
        let mut bytes = self.digest(position).to_vec();
        bytes.extend_from_slice(position);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The token for a page that begins at that number.
    pub(crate) fn token_at(&self, number: u64) -> String {
        self.token(&number.to_be_bytes())
    }

    /// The position that a token of this very request carries; `None` without a token.
    ///
    /// # Errors
    /// InvalidToken.
    pub(crate) fn position(&self, token: Option<&str>) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(token) = token else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| Mistake::PageToken)?;
        let Some((digest, position)) = bytes.split_at_checked(DIGEST) else {
            return Err(Mistake::PageToken.into());
        };
        if digest != self.digest(position) {
            return Err(Mistake::PageToken.into());
        }
        Ok(Some(position.to_vec()))
    }

    /// The number that a token of this very request carries.
    ///
    /// # Errors
    /// InvalidToken.
    pub(crate) fn number(&self, token: Option<&str>) -> Result<Option<u64>, Refusal> {
        let Some(position) = self.position(token)? else {
            return Ok(None);
        };
        let bytes = <[u8; 8]>::try_from(&*position).map_err(|_| Mistake::PageToken)?;
        Ok(Some(u64::from_be_bytes(bytes)))
    }

    /// The name that a token of this very request carries.
    ///
    /// # Errors
    /// InvalidToken.
    pub(crate) fn name(&self, token: Option<&str>) -> Result<Option<String>, Refusal> {
        let Some(position) = self.position(token)? else {
            return Ok(None);
        };
        let name = String::from_utf8(position).map_err(|_| Mistake::PageToken)?;
        Ok(Some(name))
    }

    fn digest(&self, position: &[u8]) -> [u8; DIGEST] {
        let mut hash = Sha256::new();
        let parts = std::iter::once(self.operation.spec().name).chain(self.filters.iter().copied());
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hash.update(position);
        let whole = hash.finalize();
        let mut digest = [0; DIGEST];
        digest.copy_from_slice(&whole[..DIGEST]);
        digest
    }
}

#[cfg(test)]
mod tests;
