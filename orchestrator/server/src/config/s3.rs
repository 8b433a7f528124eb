//! What `[s3]` sets: where the buckets are that distributed Maps read and write.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

/// `[s3]`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct S3 {
    /// Buckets that are folders of this machine.
    #[serde(default)]
    pub(crate) buckets: BTreeMap<String, Folder>,
}

/// `file:///srv/data`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl FromStr for Folder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("file://").map(PathBuf::from);
        match path {
            Some(path) if path.is_absolute() => Ok(Self(path)),
            Some(_) | None => Err(format!(
                "`{text}` is no folder; write its URL, such as file:///srv/data"
            )),
        }
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "file://{}", self.0.display())
    }
}

impl<'de> Deserialize<'de> for Folder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl Serialize for Folder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
