//! Reads and writes as a Map Run does: in S3 as moto plays it, with objects that boto3 wrote, and in folders, with the same outcome.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod dataset;
mod parquet_file;
mod reading;
mod results;

use std::collections::BTreeMap;
use std::path::Path;

use items::Buckets;
use items::buckets::Settings;
use tests::support::moto::Moto;

/// The buckets of a server.
fn of_server(moto: &Moto) -> Buckets {
    let settings = Settings {
        endpoint: Some(moto.url()),
        region: "us-east-1".to_owned(),
        ..Settings::default()
    };
    Buckets::new(settings).unwrap()
}

/// One bucket that is a folder.
fn of_folder(bucket: &str, folder: &Path) -> Buckets {
    let settings = Settings {
        region: "us-east-1".to_owned(),
        folders: BTreeMap::from([(bucket.to_owned(), folder.to_owned())]),
        ..Settings::default()
    };
    Buckets::new(settings).unwrap()
}
