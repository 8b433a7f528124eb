//! The objects that are read.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::parquet_file;

/// How many rows the long objects have: some chunks.
pub(crate) const ROWS: usize = 2_500;

/// A directory with all of them.
pub(crate) fn write() -> TempDir {
    let directory = TempDir::new().unwrap();
    let put = |key: &str, content: &[u8]| {
        let file = directory.path().join(key);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    };
    put(
        "people.csv",
        b"\xef\xbb\xbfid,name\r\n1,\"Ada, Lady\"\r\n2,Grace\r\n",
    );
    put("people.txt", "1|Ada\n2|Zoë\n".as_bytes());
    put("people.csv.gz", &gzip(b"id,name\n1,Ada\n2,Grace\n"));
    put("people.jsonl", b"{\"id\":1}\n{\"id\":2}\n");
    put("people.json", b"[{\"id\": 1}, {\"id\": 2}]");
    put("nested.json", b"{\"meta\": {\"of\": [0]}, \"people\": {\"ada\": {\"id\": 1}, \"zo\\u00eb\": {\"id\": 2}}}");
    put("empty.csv", b"");
    put("empty.json", b"[]");
    put("broken.csv", b"id\n1\n\"2\n");
    put("broken.json", b"[1, 2, oops]");
    put("broken.jsonl", b"{}\n{\n");
    put("broken.csv.gz", &gzip(b"id\n1\n")[..15]);
    put("broken.parquet", b"PAR1 but not really PAR1");
    put("people.parquet", &parquet_file::small());
    put("long.parquet", &parquet_file::long(ROWS));
    put("lists/a.csv", b"id\na1\na2\n");
    put("lists/b.csv", b"id\n");
    put("lists/c d+ä.csv", b"");
    put("lists/c.csv", b"id,x\nc1,1\n");
    put("lister/d.csv", b"id\nd1\n");
    put(
        "inventory/1.csv.gz",
        &gzip(b"\"data\",\"a.txt\",\"1\"\n\"data\",\"b.txt\",\"2\"\n"),
    );
    put("inventory/2.csv.gz", &gzip(b"\"data\",\"c.txt\",\"3\"\n"));
    put(
        "inventory/manifest.json",
        br#"{"sourceBucket": "data", "destinationBucket": "arn:aws:s3:::data", "version": "2016-11-30", "fileFormat": "CSV",
            "fileSchema": "Bucket, Key, Size",
            "files": [{"key": "inventory/1.csv.gz", "size": 1, "MD5checksum": ""}, {"key": "inventory/2.csv.gz", "size": 1, "MD5checksum": ""}]}"#,
    );
    put("athena/1", &gzip(b"{\"n\":1}\n{\"n\":2}\n"));
    put("athena/2", b"{\"n\":3}\n");
    put(
        "athena/q-manifest.csv",
        b"s3://data/athena/1\ns3://data/athena/2\n",
    );
    put(
        "athena/lost-manifest.csv",
        b"s3://data/athena/2\ns3://data/athena/lost\n",
    );

    let mut csv = String::from("n,text\n");
    let mut lines = String::new();
    let mut array = String::from("[");
    for row in 0..ROWS {
        writeln!(csv, "{row},\"{}\"", "x\ny ".repeat(100)).unwrap();
        writeln!(lines, "{{\"n\":{row}}}").unwrap();
        let comma = if row == 0 { "" } else { ",\n" };
        write!(array, "{comma}{{\"n\":{row}}}").unwrap();
    }
    array.push(']');
    put("long.csv", csv.as_bytes());
    put("long.jsonl", lines.as_bytes());
    put("long.json", array.as_bytes());
    for part in 0..3 {
        put(&format!("parts/{part}.jsonl"), lines.as_bytes());
    }
    directory
}

/// More objects than a page of a listing has.
pub(crate) fn many(directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    for number in 0..1_203 {
        fs::write(directory.join(format!("{number:04}")), b"").unwrap();
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}
