//! Buckets by their names: of an S3 service, or folders of this machine that the configuration calls buckets.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredentialProvider};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, RetryConfig};

use crate::connector::Http;
use crate::error::{Error, Place};

/// How many buckets are kept open.
const OPEN: usize = 256;

/// Where buckets are.
#[derive(Clone, Default)]
pub struct Settings {
    /// The service's URL, such as `http://127.0.0.1:9000`; AWS's own when absent. Buckets are parts of the path.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// What requests are signed with. Without them, the word `test` at an endpoint, and the machine's role at AWS.
    pub credentials: Option<Credentials>,
    /// Buckets that are folders of this machine.
    pub folders: BTreeMap<String, PathBuf>,
    /// PEM files of certificate authorities to trust beside those of the public web.
    pub certificate_authorities: Vec<PathBuf>,
}

/// An access key.
#[derive(Clone)]
pub struct Credentials {
    /// `AKIA…`
    pub access_key_id: String,
    /// The key's secret.
    pub secret_access_key: String,
    /// The session's token, for temporary credentials.
    pub session_token: Option<String>,
}

/// All buckets that there are.
#[derive(Clone)]
pub struct Buckets(Arc<Inner>);

struct Inner {
    settings: Settings,
    http: Http,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    buckets: HashMap<String, Bucket>,
    /// Of the first bucket: the machine's role is asked for once.
    credentials: Option<AwsCredentialProvider>,
}

/// One bucket.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) name: Arc<str>,
    pub(crate) store: Arc<dyn ObjectStore>,
    /// What object_store has no words for; absent for a folder.
    pub(crate) s3: Option<Arc<S3>>,
}

/// How a bucket of S3 is asked directly.
#[derive(Debug)]
pub(crate) struct S3 {
    pub(crate) http: Http,
    pub(crate) credentials: AwsCredentialProvider,
    pub(crate) region: String,
    /// Without the query.
    pub(crate) url: String,
}

impl Buckets {
    /// # Errors
    /// When an endpoint is no URL, a folder is not there, or a file of certificates can't be read.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        if let Some(endpoint) = &settings.endpoint {
            let uri: Result<http::Uri, _> = endpoint.parse();
            let is_usable = uri.is_ok_and(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
            });
            if !is_usable {
                let reason = "it must be a URL such as http://127.0.0.1:9000";
                return Err(Error::Settings(format!("endpoint `{endpoint}`: {reason}")));
            }
        }
        for (name, folder) in &settings.folders {
            if !folder.is_dir() {
                let folder = folder.display();
                return Err(Error::Settings(format!(
                    "bucket {name}: {folder} is no folder"
                )));
            }
        }
        let http = Http::new(&settings)?;
        Ok(Self(Arc::new(Inner {
            settings,
            http,
            open: Mutex::default(),
        })))
    }

    /// The bucket of that name; whether S3 has it shows when it is used.
    ///
    /// # Errors
    /// When nothing can have that name, or its folder is gone.
    pub(crate) fn bucket(&self, name: &str) -> Result<Bucket, Error> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = open.buckets.get(name) {
            return Ok(bucket.clone());
        }
        let bucket = match self.0.settings.folders.get(name) {
            Some(folder) => {
                let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| {
                    Error::Settings(format!("bucket {name}: {}", explain(&error)))
                })?;
                Bucket {
                    name: name.into(),
                    store: Arc::new(store),
                    s3: None,
                }
            }
            None => self.0.of_s3(name, &mut open.credentials)?,
        };
        if open.buckets.len() >= OPEN {
            open.buckets.clear();
        }
        open.buckets.insert(name.to_owned(), bucket.clone());
        Ok(bucket)
    }
}

impl fmt::Debug for Buckets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Buckets")
    }
}

impl Inner {
    fn of_s3(
        &self,
        name: &str,
        shared: &mut Option<AwsCredentialProvider>,
    ) -> Result<Bucket, Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if name.len() < 3 || name.len() > 255 || !name.bytes().all(is_plain) {
            return Err(Error::Request(format!("`{name}` can't be a bucket's name")));
        }
        let settings = &self.settings;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(name)
            .with_region(&settings.region)
            .with_http_connector(self.http.clone())
            .with_retry(RetryConfig {
                max_retries: 4,
                retry_timeout: Duration::from_secs(60),
                ..RetryConfig::default()
            });
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(true);
        }
        builder = match (&*shared, &settings.credentials, &settings.endpoint) {
            (Some(credentials), ..) => builder.with_credentials(credentials.clone()),
            (None, Some(credentials), _) => {
                let builder = builder
                    .with_access_key_id(&credentials.access_key_id)
                    .with_secret_access_key(&credentials.secret_access_key);
                match &credentials.session_token {
                    Some(token) => builder.with_token(token),
                    None => builder,
                }
            }
            (None, None, Some(_)) => builder
                .with_access_key_id("test")
                .with_secret_access_key("test"),
            (None, None, None) => builder,
        };
        let store: AmazonS3 = builder
            .build()
            .map_err(|error| Error::Settings(format!("bucket {name}: {}", explain(&error))))?;
        let credentials = store.credentials().clone();
        *shared = Some(credentials.clone());
        let url = match &settings.endpoint {
            Some(endpoint) => format!("{}/{name}", endpoint.trim_end_matches('/')),
            None => format!("https://s3.{}.amazonaws.com/{name}", settings.region),
        };
        Ok(Bucket {
            name: name.into(),
            store: Arc::new(store),
            s3: Some(Arc::new(S3 {
                http: self.http.clone(),
                credentials,
                region: settings.region.clone(),
                url,
            })),
        })
    }
}

impl Bucket {
    /// The bucket itself, for messages.
    pub(crate) fn place(&self) -> Place {
        Place {
            bucket: self.name.clone(),
            key: None,
        }
    }

    /// An object, for messages.
    pub(crate) fn place_of(&self, key: &str) -> Place {
        Place {
            bucket: self.name.clone(),
            key: Some(key.into()),
        }
    }

    /// Where an object is. No key leads out of a folder: `.` and `..` are refused.
    ///
    /// # Errors
    /// When object_store can't name it.
    pub(crate) fn location(&self, key: &str) -> Result<Path, Error> {
        let wrong = |reason: &str| {
            let place = self.place_of(key);
            Error::Request(format!("cannot use the key of {place}: {reason}"))
        };
        if key.is_empty() {
            return Err(wrong("it is empty"));
        }
        if key.starts_with('/') || key.ends_with('/') {
            return Err(wrong("it begins or ends with a slash"));
        }
        Path::parse(key).map_err(|_| {
            wrong("it has a control character, or an empty part, `.` or `..` between slashes")
        })
    }

    /// What a failure of the store means.
    pub(crate) fn failed(
        &self,
        action: &'static str,
        place: Place,
        error: &object_store::Error,
    ) -> Error {
        use object_store::Error as Failure;
        let reason = match error {
            // Where the folder is, is not for those who write definitions.
            Failure::NotFound { .. } if self.s3.is_none() => {
                "the folder has no such file".to_owned()
            }
            _ => reason(error),
        };
        match error {
            Failure::NotFound { .. } => Error::Missing { place, reason },
            Failure::PermissionDenied { .. } | Failure::Unauthenticated { .. } => {
                Error::Denied { place, reason }
            }
            Failure::Precondition { .. } => Error::Changed { place },
            _ => Error::Store {
                action,
                place,
                reason,
            },
        }
    }
}

/// What S3 itself says in the XML of its error, else everything that led to the error.
fn reason(error: &object_store::Error) -> String {
    let text = explain(error);
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (content, _) = rest.split_once(&format!("</{name}>"))?;
        Some(content.to_owned())
    };
    match (element("Code"), element("Message")) {
        (Some(code), Some(message)) => format!("{message} ({code})"),
        (Some(code), None) => code,
        (None, _) => text,
    }
}

/// An error with everything that led to it.
pub(crate) fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
