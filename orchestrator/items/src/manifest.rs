//! Objects that list others: the manifest of an S3 inventory, and that of an Athena query.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Deserialize;

use crate::buckets::Buckets;
use crate::content::{Content, Text};
use crate::csv::{CsvParser, Header};
use crate::error::{Error, Malformed, Place};
use crate::parsed::Parser;
use crate::request::{Format, Named};

/// How long a manifest may be, in bytes: it is held in memory.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The objects that a manifest lists.
#[derive(Debug, PartialEq)]
pub(crate) struct Files {
    pub(crate) files: VecDeque<Named>,
    pub(crate) format: Format,
}

/// `manifest.json`, as S3 writes it beside the files of an inventory.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inventory {
    /// The bucket's ARN.
    destination_bucket: String,
    file_format: String,
    /// The names of the columns: `Bucket, Key, Size`.
    file_schema: String,
    files: Vec<InventoryFile>,
}

#[derive(Debug, Deserialize)]
struct InventoryFile {
    key: String,
}

/// Reads the manifest of an inventory: its files are CSV without a header, compressed with gzip.
///
/// # Errors
/// When it can't be read or is none.
pub(crate) async fn inventory(buckets: &Buckets, manifest: &Named) -> Result<Files, Error> {
    let (place, text) = whole(buckets, manifest).await?;
    inventory_of(&text).map_err(|malformed| Error::Malformed { place, malformed })
}

fn inventory_of(text: &[u8]) -> Result<Files, Malformed> {
    let inventory: Inventory = serde_json::from_slice(text).map_err(|error| {
        Malformed::anywhere(format!(
            "the object is no manifest of an inventory: {error}"
        ))
    })?;
    if inventory.file_format != "CSV" {
        return Err(Malformed::anywhere(format!(
            "the inventory is written as {}, and only CSV can be read",
            inventory.file_format
        )));
    }
    let bucket = inventory.destination_bucket;
    let bucket = bucket.rsplit(':').next().unwrap_or_default();
    let names: Vec<Arc<str>> = inventory
        .file_schema
        .split(',')
        .map(|name| name.trim().into())
        .collect();
    Ok(Files {
        files: inventory
            .files
            .into_iter()
            .map(|file| Named {
                bucket: bucket.to_owned(),
                key: file.key,
                version: None,
            })
            .collect(),
        format: Format::Csv {
            delimiter: b',',
            header: Header::Given(names),
        },
    })
}

/// Reads the manifest of an Athena query: the address of an object on each line.
///
/// # Errors
/// When it can't be read or is none.
pub(crate) async fn athena(
    buckets: &Buckets,
    manifest: &Named,
    format: Format,
) -> Result<Files, Error> {
    let (place, text) = whole(buckets, manifest).await?;
    let files = athena_files(&text).map_err(|malformed| Error::Malformed { place, malformed })?;
    Ok(Files { files, format })
}

fn athena_files(text: &[u8]) -> Result<VecDeque<Named>, Malformed> {
    let mut parser = CsvParser::new(b',', &Header::Given(vec!["address".into()]))?;
    let mut rows = Vec::new();
    parser.push(text, &mut rows)?;
    parser.finish(&mut rows)?;
    let files = rows.iter().enumerate().map(|(number, row)| {
        let address = row.value.get("address");
        let address = address.and_then(|value| value.as_str()).unwrap_or_default();
        let parts = address
            .strip_prefix("s3://")
            .and_then(|address| address.split_once('/'));
        match parts {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(Named {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                version: None,
            }),
            _ => Err(Malformed {
                at: Some(format!("row {}", number + 1)),
                reason: format!(
                    "`{}` is no address of an object such as s3://bucket/key",
                    address.chars().take(100).collect::<String>()
                ),
            }),
        }
    });
    files.collect()
}

async fn whole(buckets: &Buckets, named: &Named) -> Result<(Place, Vec<u8>), Error> {
    let bucket = buckets.bucket(&named.bucket)?;
    let content = Content::open(&bucket, &named.key, named.version.clone(), None).await?;
    let place = content.place().clone();
    let mut pieces = Text::of(content);
    let mut text = Vec::new();
    while let Some(piece) = pieces.next().await? {
        text.extend_from_slice(&piece);
        if text.len() > MAX_BYTES {
            let reason = format!("the manifest is longer than {MAX_BYTES} bytes");
            let malformed = Malformed::anywhere(reason);
            return Err(Error::Malformed { place, malformed });
        }
    }
    Ok((place, text))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn show(files: &VecDeque<Named>) -> String {
        let lines = files
            .iter()
            .map(|file| format!("{} {}", file.bucket, file.key));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn inventories() {
        let check = |text: &str, expected: Expect| {
            let said = match inventory_of(text.as_bytes()) {
                Ok(files) => format!("{:?}\n{}", files.format, show(&files.files)),
                Err(malformed) => malformed.to_string(),
            };
            expected.assert_eq(&said);
        };
        check(
            r#"{
                "sourceBucket": "source", "destinationBucket": "arn:aws:s3:::lists", "version": "2016-11-30",
                "fileFormat": "CSV", "fileSchema": "Bucket, Key, Size",
                "files": [{"key": "data/1.csv.gz", "size": 7, "MD5checksum": "0"}, {"key": "data/2.csv.gz"}]
            }"#,
            expect![[r#"
                Csv { delimiter: 44, header: Given(["Bucket", "Key", "Size"]) }
                lists data/1.csv.gz
                lists data/2.csv.gz"#]],
        );
        check(
            r#"{"destinationBucket": "b", "fileFormat": "ORC", "fileSchema": "", "files": []}"#,
            expect!["the inventory is written as ORC, and only CSV can be read"],
        );
        check(
            "{}",
            expect![
                "the object is no manifest of an inventory: missing field `destinationBucket` at line 1 column 2"
            ],
        );
    }

    #[test]
    fn manifests_of_athena() {
        let check = |text: &str, expected: Expect| {
            let said = match athena_files(text.as_bytes()) {
                Ok(files) => show(&files),
                Err(malformed) => malformed.to_string(),
            };
            expected.assert_eq(&said);
        };
        check(
            "s3://results/a/1.gz\n\"s3://other/b, c\"\r\n",
            expect![[r#"
                results a/1.gz
                other b, c"#]],
        );
        check("", expect![""]);
        check(
            "s3://results/a\nhttps://results/b\n",
            expect![
                "row 2: `https://results/b` is no address of an object such as s3://bucket/key"
            ],
        );
        check(
            "s3://results/",
            expect!["row 1: `s3://results/` is no address of an object such as s3://bucket/key"],
        );
    }
}
