//! The bytes of one object, a piece at a time, always of the same version of it.

use std::io::Write;
use std::ops::Range;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use object_store::path::Path;
use object_store::{GetOptions, GetRange};

use crate::buckets::Bucket;
use crate::error::{Error, Malformed, Place};

/// How much is asked for at once. Between two requests no connection is held: whoever takes the items may take his time.
const PIECE: u64 = 4 * 1024 * 1024;

/// How much is decompressed at once.
const PACKED: usize = 16 * 1024;

/// An object that is being read.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    bucket: Bucket,
    location: Path,
    place: Place,
    version: Option<String>,
    /// What tells this version of the object from later ones.
    etag: Option<String>,
    size: u64,
    at: u64,
}

impl Content {
    /// Finds the object; `etag` is that of an earlier reading that is to be gone on with.
    ///
    /// # Errors
    /// When it is not there, may not be read, or was changed since.
    pub(crate) async fn open(
        bucket: &Bucket,
        key: &str,
        version: Option<String>,
        etag: Option<String>,
    ) -> Result<Self, Error> {
        let location = bucket.location(key)?;
        let place = bucket.place_of(key);
        let options = |head: bool| GetOptions {
            if_match: etag.clone(),
            version: version.clone(),
            head,
            ..GetOptions::default()
        };
        let found = match bucket.store.get_opts(&location, options(true)).await {
            Ok(found) => found,
            // The answer to HEAD has no body, and so no reason.
            Err(_) => {
                let found = bucket.store.get_opts(&location, options(false)).await;
                found.map_err(|error| bucket.failed("read", place.clone(), &error))?
            }
        };
        Ok(Self {
            bucket: bucket.clone(),
            location,
            place,
            version,
            etag: found.meta.e_tag,
            size: found.meta.size,
            at: 0,
        })
    }

    /// Which object it is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When the store fails, or the object was changed meanwhile.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.at >= self.size {
            return Ok(None);
        }
        let end = self.size.min(self.at + PIECE);
        let piece = self.range(self.at..end).await?;
        self.at = end;
        Ok(Some(piece))
    }

    /// Some of its bytes.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub(crate) async fn range(&self, range: Range<u64>) -> Result<Bytes, Error> {
        let options = GetOptions {
            if_match: self.etag.clone(),
            version: self.version.clone(),
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let failed =
            |error: &object_store::Error| self.bucket.failed("read", self.place.clone(), error);
        let found = self
            .bucket
            .store
            .get_opts(&self.location, options)
            .await
            .map_err(|error| failed(&error))?;
        found.bytes().await.map_err(|error| failed(&error))
    }
}

/// The text of an object: what it has, or what it has compressed with gzip, without a byte order mark.
pub(crate) struct Text {
    content: Content,
    gunzip: Option<MultiGzDecoder<Vec<u8>>>,
    /// What was not decompressed yet.
    packed: Bytes,
    /// Whether the beginning was looked at: of the bytes, and of the text.
    has_begun: bool,
    has_text: bool,
    is_over: bool,
}

impl Text {
    pub(crate) fn of(content: Content) -> Self {
        Self {
            content,
            gunzip: None,
            packed: Bytes::new(),
            has_begun: false,
            has_text: false,
            is_over: false,
        }
    }

    /// The next piece, which may be empty; `None` at the end.
    ///
    /// # Errors
    /// When the object can't be read, or is damaged.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.is_over {
            return Ok(None);
        }
        if self.packed.is_empty() {
            let Some(piece) = self.content.next().await? else {
                self.is_over = true;
                return self.rest();
            };
            if !self.has_begun {
                self.has_begun = true;
                if piece.starts_with(&[0x1f, 0x8b]) {
                    self.gunzip = Some(MultiGzDecoder::new(Vec::new()));
                }
            }
            if self.gunzip.is_none() {
                return Ok(Some(self.without_mark(piece)));
            }
            self.packed = piece;
        }
        let Some(gunzip) = &mut self.gunzip else {
            return Ok(None);
        };
        // A few bytes can be a thousand times as many.
        let packed = self.packed.split_to(PACKED.min(self.packed.len()));
        let inflated = gunzip.write_all(&packed);
        let text = std::mem::take(gunzip.get_mut());
        inflated.map_err(|error| self.damaged(&error))?;
        Ok(Some(self.without_mark(text.into())))
    }

    /// What the decompressor still had.
    fn rest(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(gunzip) = self.gunzip.take() else {
            return Ok(None);
        };
        let text = gunzip.finish().map_err(|error| self.damaged(&error))?;
        Ok(Some(self.without_mark(text.into())))
    }

    fn without_mark(&mut self, text: Bytes) -> Bytes {
        if self.has_text || text.is_empty() {
            return text;
        }
        self.has_text = true;
        match text.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => text.slice_ref(rest),
            None => text,
        }
    }

    fn damaged(&self, error: &std::io::Error) -> Error {
        Error::Malformed {
            place: self.content.place.clone(),
            malformed: Malformed::anywhere(format!("the object is damaged gzip: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::buckets::{Buckets, Settings};

    #[tokio::test]
    async fn what_is_packed_tight_comes_in_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        let length = 256 * 1024 * 1024;
        let zeros = vec![0; 1024 * 1024];
        for _ in 0..length / zeros.len() {
            packed.write_all(&zeros).unwrap();
        }
        std::fs::write(folder.path().join("zeros.gz"), packed.finish().unwrap()).unwrap();
        let buckets = Buckets::new(Settings {
            folders: [("bucket".to_owned(), folder.path().to_owned())].into(),
            ..Settings::default()
        });
        let bucket = buckets.unwrap().bucket("bucket").unwrap();
        let content = Content::open(&bucket, "zeros.gz", None, None).await;
        let mut text = Text::of(content.unwrap());
        let (mut sum, mut longest) = (0, 0);
        while let Some(piece) = text.next().await.unwrap() {
            sum += piece.len();
            longest = longest.max(piece.len());
        }
        assert_eq!(sum, length);
        assert!(longest < 32 * 1024 * 1024, "a piece of {longest} bytes");
    }
}
