//! The objects of a bucket whose keys begin with a prefix, in the order of their keys, as S3 lists them.
//!
//! S3 is asked directly: what object_store gives of a listing has no storage class, and its keys have lost their last slash.

use std::time::Duration;

use futures_util::TryStreamExt;
use http::{Method, StatusCode};
use jiff::Timestamp;
use object_store::ObjectStore;
use object_store::aws::AwsAuthorizer;
use object_store::client::{HttpRequest, HttpRequestBody, HttpService};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::buckets::{Bucket, S3, explain};
use crate::error::{Error, Place};

/// How often a page is asked for before the listing fails, and how long it waits before the second time; then twice as long.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(200);

/// What signatures leave as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An object in a listing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) etag: Option<String>,
    /// Seconds since 1970.
    pub(crate) last_modified: i64,
    pub(crate) size: u64,
    pub(crate) storage_class: Option<String>,
}

/// A listing that is being read.
pub(crate) struct Listing {
    bucket: Bucket,
    prefix: String,
    /// The last key that was given.
    after: Option<String>,
    is_over: bool,
}

impl Listing {
    /// Lists from the first key after the given one.
    pub(crate) fn new(bucket: Bucket, prefix: &str, after: Option<String>) -> Self {
        Self {
            bucket,
            prefix: prefix.to_owned(),
            after,
            is_over: false,
        }
    }

    /// The next objects; `None` at the end.
    ///
    /// # Errors
    /// When the bucket can't be listed.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Listed>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let objects = match &self.bucket.s3 {
            None => {
                self.is_over = true;
                in_folder(&self.bucket, &self.prefix, self.after.as_deref()).await?
            }
            Some(s3) => {
                let page = self.page(s3).await?;
                self.is_over = !page.is_truncated;
                let objects = page.contents.into_iter().map(Listed::try_from);
                objects
                    .collect::<Result<_, _>>()
                    .map_err(|error| self.failed(&format!("the answer is no list: {error}")))?
            }
        };
        match objects.last() {
            Some(last) => self.after = Some(last.key.clone()),
            // Without a key there is nothing to go on after.
            None => self.is_over = true,
        }
        Ok(Some(objects))
    }

    async fn page(&self, s3: &S3) -> Result<Page, Error> {
        let mut query = vec![("list-type", "2"), ("prefix", &self.prefix)];
        // A key does what a continuation token does, and is still good after a restart.
        query.extend(self.after.as_deref().map(|after| ("start-after", after)));
        query.sort_unstable();
        let query = query.iter().map(|(name, value)| {
            let value = utf8_percent_encode(value, UNRESERVED);
            format!("{name}={value}")
        });
        let url = format!("{}?{}", s3.url, query.collect::<Vec<_>>().join("&"));
        let mut pause = PAUSE;
        let mut attempt = 1;
        loop {
            match ask(s3, &url).await {
                Ok(text) => {
                    return quick_xml::de::from_str(&text)
                        .map_err(|error| self.failed(&format!("the answer is no list: {error}")));
                }
                Err(refusal) if refusal.is_passing() && attempt < ATTEMPTS => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                    attempt += 1;
                }
                Err(refusal) => return Err(self.refused(refusal)),
            }
        }
    }

    fn refused(&self, refusal: Refusal) -> Error {
        let place = self.bucket.place();
        match refusal {
            Refusal::Failed(reason) => self.failed(&reason),
            Refusal::Answer(status, body) => {
                let error: Result<Complaint, _> = quick_xml::de::from_str(&body);
                let reason = match error {
                    Ok(Complaint { code, message }) => format!("{message} ({code})"),
                    Err(_) => status.to_string(),
                };
                match status {
                    StatusCode::NOT_FOUND => Error::Missing { place, reason },
                    StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
                        Error::Denied { place, reason }
                    }
                    _ => self.failed(&reason),
                }
            }
        }
    }

    fn failed(&self, reason: &str) -> Error {
        Error::Store {
            action: "list",
            place: self.bucket.place(),
            reason: reason.to_owned(),
        }
    }
}

/// One page as S3 writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    contents: Vec<Contents>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contents {
    key: String,
    #[serde(rename = "ETag")]
    etag: Option<String>,
    last_modified: String,
    size: u64,
    storage_class: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Complaint {
    code: String,
    #[serde(default)]
    message: String,
}

impl TryFrom<Contents> for Listed {
    type Error = jiff::Error;

    fn try_from(contents: Contents) -> Result<Self, jiff::Error> {
        let last_modified: Timestamp = contents.last_modified.parse()?;
        Ok(Self {
            key: contents.key,
            etag: contents.etag,
            last_modified: last_modified.as_second(),
            size: contents.size,
            storage_class: contents.storage_class,
        })
    }
}

/// Why there is no page.
enum Refusal {
    Answer(StatusCode, String),
    Failed(String),
}

impl Refusal {
    /// Whether another attempt may go otherwise.
    fn is_passing(&self) -> bool {
        match self {
            Self::Answer(status, _) => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Failed(_) => true,
        }
    }
}

async fn ask(s3: &S3, url: &str) -> Result<String, Refusal> {
    let failed = |error: &dyn std::error::Error| Refusal::Failed(explain(error));
    let credential = s3.credentials.get_credential().await;
    let credential = credential.map_err(|error| failed(&error))?;
    let mut request: HttpRequest = http::Request::builder()
        .method(Method::GET)
        .uri(url)
        .body(HttpRequestBody::empty())
        .map_err(|error| failed(&error))?;
    AwsAuthorizer::new(&credential, "s3", &s3.region)
        .try_authorize(&mut request, None)
        .map_err(|error| failed(&error))?;
    let answer = s3.http.call(request).await;
    let (head, body) = answer.map_err(|error| failed(&error))?.into_parts();
    let body = body.bytes().await.map_err(|error| failed(&error))?;
    let text = String::from_utf8_lossy(&body).into_owned();
    if head.status.is_success() {
        Ok(text)
    } else {
        Err(Refusal::Answer(head.status, text))
    }
}

/// The files of a folder, as S3 would list them.
async fn in_folder(
    bucket: &Bucket,
    prefix: &str,
    after: Option<&str>,
) -> Result<Vec<Listed>, Error> {
    // A prefix need not end with a folder's name, as object_store's must.
    let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = match folder {
        "" => None,
        _ => Some(bucket.location(folder)?),
    };
    let place = || Place {
        key: None,
        ..bucket.place()
    };
    let found: Vec<_> = bucket
        .store
        .list(folder.as_ref())
        .try_collect()
        .await
        .map_err(|error| bucket.failed("list", place(), &error))?;
    let mut objects: Vec<_> = found
        .into_iter()
        .map(|found| Listed {
            key: found.location.to_string(),
            etag: found.e_tag,
            last_modified: found.last_modified.timestamp(),
            size: found.size,
            storage_class: None,
        })
        .filter(|object| object.key.starts_with(prefix))
        .filter(|object| after.is_none_or(|after| object.key.as_str() > after))
        .collect();
    objects.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    Ok(objects)
}
