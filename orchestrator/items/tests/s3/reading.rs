//! Every way to read items, from both kinds of buckets, in one go and from position to position.

use std::fmt::Write as _;
use std::fs;

use asl::distributed::{CsvDelimiter, InputType, ManifestType, ReaderConfig, ReaderResource};
use expect_test::{Expect, expect};
use expression::value::Value;
use items::reader::{Item, Position};
use items::request::ReadRequest;
use items::{Buckets, Error};
use tempfile::TempDir;
use tests::support::moto::Moto;
use tokio::runtime::Runtime;

use crate::dataset::{self, ROWS};
use crate::{of_folder, of_server};

/// The same objects in S3 and in a folder.
struct Bed {
    moto: Moto,
    directory: TempDir,
    s3: Buckets,
    folder: Buckets,
}

impl Bed {
    fn new() -> Self {
        Self::of(dataset::write())
    }

    fn of(directory: TempDir) -> Self {
        let moto = Moto::start();
        moto.upload(directory.path(), "data");
        Self {
            s3: of_server(&moto),
            folder: of_folder("data", directory.path()),
            moto,
            directory,
        }
    }

    fn check(&self, runtime: &Runtime, request: &ReadRequest, expected: &Expect) {
        let from_s3 = runtime.block_on(show(&self.s3, request));
        expected.assert_eq(&from_s3);
        let from_folder = runtime.block_on(show(&self.folder, request));
        assert_eq!(from_folder, from_s3, "from a folder");
    }
}

async fn read(buckets: &Buckets, request: &ReadRequest) -> Result<Vec<Item>, Error> {
    let mut reader = buckets.read(request, Position::default()).await?;
    let mut items = Vec::new();
    while let Some(chunk) = reader.next().await? {
        assert!(!chunk.items.is_empty());
        items.extend(chunk.items);
    }
    Ok(items)
}

/// The same with another reader for each chunk.
async fn read_resuming(buckets: &Buckets, request: &ReadRequest) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    let mut text = Position::default().to_text();
    loop {
        let position = Position::from_text(&text)?;
        let mut reader = buckets.read(request, position).await?;
        let Some(chunk) = reader.next().await? else {
            return Ok(items);
        };
        items.extend(chunk.items);
        text = chunk.next.to_text();
    }
}

async fn show(buckets: &Buckets, request: &ReadRequest) -> String {
    let items = match read(buckets, request).await {
        Ok(items) => items,
        Err(error) => return format!("failed: {error}"),
    };
    let again = read_resuming(buckets, request).await.unwrap();
    assert_eq!(items, again, "from position to position");
    let mut text = String::new();
    for item in &items {
        let source = item.source.strip_prefix("S3://data").unwrap();
        let key = item
            .key
            .as_ref()
            .map(|key| format!("{key} = "))
            .unwrap_or_default();
        writeln!(text, "{source}: {key}{}", plain(&item.value).to_text()).unwrap();
    }
    text.trim_end().to_owned()
}

/// Without what is another in each run.
fn plain(value: &Value) -> Value {
    let Some(members) = value.as_object() else {
        return value.clone();
    };
    Value::object(members.iter().map(|(name, value)| {
        let value = match &**name {
            "Etag" | "LastModified" => Value::from(format!("<{}>", value.type_name())),
            _ => value.clone(),
        };
        (name.clone(), value)
    }))
}

fn object(key: &str, config: ReaderConfig) -> ReadRequest {
    ReadRequest {
        resource: ReaderResource::GetObject,
        parameters: Value::object([("Bucket", Value::from("data")), ("Key", Value::from(key))]),
        config,
        max_items: None,
    }
}

fn list(prefix: &str, config: ReaderConfig) -> ReadRequest {
    let members = [
        ("Bucket", Value::from("data")),
        ("Prefix", Value::from(prefix)),
    ];
    ReadRequest {
        resource: ReaderResource::ListObjects,
        parameters: Value::object(members),
        config,
        max_items: None,
    }
}

fn first(items: u64, request: ReadRequest) -> ReadRequest {
    ReadRequest {
        max_items: Some(items),
        ..request
    }
}

fn typed(input_type: InputType) -> ReaderConfig {
    ReaderConfig {
        input_type: Some(input_type),
        ..ReaderConfig::default()
    }
}

fn loading(input_type: InputType) -> ReaderConfig {
    ReaderConfig {
        loads_objects: true,
        ..typed(input_type)
    }
}

fn pointed(pointer: &str) -> ReaderConfig {
    ReaderConfig {
        items_pointer: Some(pointer.into()),
        ..typed(InputType::Json)
    }
}

fn athena() -> ReaderConfig {
    ReaderConfig {
        manifest: ManifestType::AthenaData,
        ..typed(InputType::JsonLines)
    }
}

#[test]
fn items_are_read_from_objects_and_lists() {
    let bed = Bed::new();
    let runtime = Runtime::new().unwrap();
    let check = |request: ReadRequest, expected: Expect| bed.check(&runtime, &request, &expected);

    check(
        object("people.csv", typed(InputType::Csv)),
        expect![[r#"
            /people.csv: {"id":"1","name":"Ada, Lady"}
            /people.csv: {"id":"2","name":"Grace"}"#]],
    );
    let piped = ReaderConfig {
        delimiter: CsvDelimiter::Pipe,
        headers: Some(vec!["id".into(), "name".into()]),
        ..typed(InputType::Csv)
    };
    check(
        object("people.txt", piped),
        expect![[r#"
            /people.txt: {"id":"1","name":"Ada"}
            /people.txt: {"id":"2","name":"Zoë"}"#]],
    );
    check(
        object("people.csv.gz", typed(InputType::Csv)),
        expect![[r#"
            /people.csv.gz: {"id":"1","name":"Ada"}
            /people.csv.gz: {"id":"2","name":"Grace"}"#]],
    );
    check(
        object("people.jsonl", typed(InputType::JsonLines)),
        expect![[r#"
            /people.jsonl: {"id":1}
            /people.jsonl: {"id":2}"#]],
    );
    check(
        object("people.json", typed(InputType::Json)),
        expect![[r#"
            /people.json: {"id":1}
            /people.json: {"id":2}"#]],
    );
    check(
        object("nested.json", pointed("/people")),
        expect![[r#"
            /nested.json: ada = {"id":1}
            /nested.json: zoë = {"id":2}"#]],
    );
    check(
        object("nested.json", pointed("/meta/of")),
        expect!["/nested.json: 0"],
    );
    check(object("empty.csv", typed(InputType::Csv)), expect![""]);
    check(object("empty.json", typed(InputType::Json)), expect![""]);
    check(
        object("people.parquet", typed(InputType::Parquet)),
        expect![[r#"
            /people.parquet: {"id":1,"name":"Ada","is_known":true,"height":1.75,"share":0.1,"born":"1970-01-01","seen":"1970-01-01T00:00:00Z","price":"123.45","raw":"/wA=","tags":["x","y"],"address":{"number":7}}
            /people.parquet: {"id":2,"name":null,"is_known":false,"height":null,"share":2.0,"born":"2022-01-08","seen":"2023-11-14T22:13:20.123Z","price":"-0.05","raw":"plain","tags":null,"address":null}"#]],
    );
    check(
        list("lists/", ReaderConfig::default()),
        expect![[r#"
            : {"Etag":"<string>","Key":"lists/a.csv","LastModified":"<number>","Size":9,"StorageClass":"STANDARD"}
            : {"Etag":"<string>","Key":"lists/b.csv","LastModified":"<number>","Size":3,"StorageClass":"STANDARD"}
            : {"Etag":"<string>","Key":"lists/c d+ä.csv","LastModified":"<number>","Size":0,"StorageClass":"STANDARD"}
            : {"Etag":"<string>","Key":"lists/c.csv","LastModified":"<number>","Size":10,"StorageClass":"STANDARD"}"#]],
    );
    check(
        list("lists/", loading(InputType::Csv)),
        expect![[r#"
            /lists/a.csv: {"id":"a1"}
            /lists/a.csv: {"id":"a2"}
            /lists/c.csv: {"id":"c1","x":"1"}"#]],
    );
    check(
        first(2, list("liste", ReaderConfig::default())),
        expect![[
            r#": {"Etag":"<string>","Key":"lister/d.csv","LastModified":"<number>","Size":6,"StorageClass":"STANDARD"}"#
        ]],
    );
    check(
        first(3, list("list", loading(InputType::Csv))),
        expect![[r#"
            /lister/d.csv: {"id":"d1"}
            /lists/a.csv: {"id":"a1"}
            /lists/a.csv: {"id":"a2"}"#]],
    );
    check(
        object("inventory/manifest.json", typed(InputType::Manifest)),
        expect![[r#"
            /inventory/1.csv.gz: {"Bucket":"data","Key":"a.txt","Size":"1"}
            /inventory/1.csv.gz: {"Bucket":"data","Key":"b.txt","Size":"2"}
            /inventory/2.csv.gz: {"Bucket":"data","Key":"c.txt","Size":"3"}"#]],
    );
    check(
        object("athena/q-manifest.csv", athena()),
        expect![[r#"
            /athena/1: {"n":1}
            /athena/1: {"n":2}
            /athena/2: {"n":3}"#]],
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let bed = Bed::new();
    let runtime = Runtime::new().unwrap();
    let check = |request: ReadRequest, expected: Expect| bed.check(&runtime, &request, &expected);

    check(
        object("broken.csv", typed(InputType::Csv)),
        expect![
            "failed: cannot read items from s3://data/broken.csv: line 3: a quotation mark of the row that begins here is not closed"
        ],
    );
    check(
        object("broken.json", typed(InputType::Json)),
        expect![
            "failed: cannot read items from s3://data/broken.json: line 1: item 3 of the document is no JSON: expected value at line 1 column 1"
        ],
    );
    check(
        object("broken.jsonl", typed(InputType::JsonLines)),
        expect![
            "failed: cannot read items from s3://data/broken.jsonl: line 2: the line is no JSON: EOF while parsing an object at line 1 column 1"
        ],
    );
    check(
        object("broken.csv.gz", typed(InputType::Csv)),
        expect![
            "failed: cannot read items from s3://data/broken.csv.gz: the object is damaged gzip: incomplete deflate stream"
        ],
    );
    check(
        object("broken.parquet", typed(InputType::Parquet)),
        expect![
            "failed: cannot read items from s3://data/broken.parquet: the object is no readable Parquet file: EOF: Parquet file too small. Size is 24 but need 544828532"
        ],
    );
    check(
        object("empty.csv", typed(InputType::Parquet)),
        expect![
            "failed: cannot read items from s3://data/empty.csv: the object is no readable Parquet file: EOF: Parquet file too small. Size is 0 but need 8"
        ],
    );
    check(
        object("people.csv", pointed("/a")),
        expect![
            "failed: cannot read items from s3://data/people.csv: ItemsPointer /a leads nowhere: the document has no `a`"
        ],
    );
    check(
        object("people.csv", typed(InputType::Manifest)),
        expect![
            "failed: cannot read items from s3://data/people.csv: the object is no manifest of an inventory: expected value at line 1 column 1"
        ],
    );
    check(
        object("people.csv", athena()),
        expect![
            "failed: cannot read items from s3://data/people.csv: row 1: `id` is no address of an object such as s3://bucket/key"
        ],
    );
    check(
        object("../data/people.csv", typed(InputType::Csv)),
        expect![
            "failed: cannot use the key of s3://data/../data/people.csv: it has a control character, or an empty part, `.` or `..` between slashes"
        ],
    );
    check(
        object("/people.csv", typed(InputType::Csv)),
        expect![
            "failed: cannot use the key of s3://data//people.csv: it begins or ends with a slash"
        ],
    );
    check(
        object("", typed(InputType::Csv)),
        expect!["failed: the parameter Key is empty"],
    );
    let without_format = ReaderConfig {
        loads_objects: true,
        ..ReaderConfig::default()
    };
    check(
        list("", without_format),
        expect![
            "failed: InputType must be CSV, JSON, JSONL or PARQUET where Transformation is LOAD_AND_FLATTEN"
        ],
    );
    check(
        object("people.csv", loading(InputType::Csv)),
        expect![
            "failed: ItemReader loads what is listed only with the Resource arn:aws:states:::s3:listObjectsV2: Transformation must be NONE here"
        ],
    );
    let with = |name: &str, value: Value| {
        let members = [("Bucket", "data".into()), ("Key", "people.csv".into())];
        ReadRequest {
            parameters: Value::object(members.into_iter().chain([(name, value)])),
            ..object("", typed(InputType::Csv))
        }
    };
    check(
        with("Range", "bytes=0-1".into()),
        expect![
            "failed: the parameter Range is not supported; known here are Bucket, Key, VersionId"
        ],
    );
    check(
        with("Key", Value::from(5_i64)),
        expect!["failed: the parameter Key must be a string, not of type number"],
    );
    check(
        with("Bucket", "".into()),
        expect!["failed: the parameter Bucket is empty"],
    );

    // Here both kinds of buckets have their own words.
    let said = |buckets: &Buckets, request: &ReadRequest| runtime.block_on(show(buckets, request));
    let lost = object("lost.csv", typed(InputType::Csv));
    expect![
        "failed: there is no s3://data/lost.csv: The specified key does not exist. (NoSuchKey)"
    ]
    .assert_eq(&said(&bed.s3, &lost));
    expect!["failed: there is no s3://data/lost.csv: the folder has no such file"]
        .assert_eq(&said(&bed.folder, &lost));
    let listed = object("athena/lost-manifest.csv", athena());
    expect![
        "failed: there is no s3://data/athena/lost: The specified key does not exist. (NoSuchKey)"
    ]
    .assert_eq(&said(&bed.s3, &listed));
    for resource in [ReaderResource::GetObject, ReaderResource::ListObjects] {
        let nowhere = ReadRequest {
            resource,
            parameters: Value::object([("Bucket", Value::from("nowhere"))]),
            ..object("", ReaderConfig::default())
        };
        let nowhere = match resource {
            ReaderResource::ListObjects => nowhere,
            ReaderResource::GetObject => ReadRequest {
                parameters: Value::object([
                    ("Bucket", Value::from("nowhere")),
                    ("Key", Value::from("a")),
                ]),
                config: typed(InputType::Csv),
                ..nowhere
            },
        };
        let expected = match resource {
            ReaderResource::GetObject => expect![
                "failed: there is no s3://nowhere/a: The specified bucket does not exist (NoSuchBucket)"
            ],
            ReaderResource::ListObjects => expect![
                "failed: there is no s3://nowhere: The specified bucket does not exist (NoSuchBucket)"
            ],
        };
        expected.assert_eq(&said(&bed.s3, &nowhere));
    }
}

#[test]
fn long_objects_and_lists_come_in_chunks_and_are_gone_on_with() {
    let directory = dataset::write();
    dataset::many(&directory.path().join("many"));
    let bed = Bed::of(directory);
    let runtime = Runtime::new().unwrap();
    let check = |request: &ReadRequest, count: usize, last: &str| {
        for buckets in [&bed.s3, &bed.folder] {
            let items = runtime.block_on(read(buckets, request)).unwrap();
            assert_eq!(items.len(), count, "{request:?}");
            assert_eq!(plain(&items[count - 1].value).to_text(), last);
            let again = runtime.block_on(read_resuming(buckets, request)).unwrap();
            assert!(items == again, "{request:?}");
            let few = first(1_001, request.clone());
            let few = runtime.block_on(read_resuming(buckets, &few)).unwrap();
            assert!(items[..1_001] == few[..], "{request:?}");
        }
    };
    let last = format!("{{\"n\":{}}}", ROWS - 1);
    let text = "x\\ny ".repeat(100);
    let row = format!("{{\"n\":\"{}\",\"text\":\"{text}\"}}", ROWS - 1);
    check(&object("long.csv", typed(InputType::Csv)), ROWS, &row);
    check(
        &object("long.jsonl", typed(InputType::JsonLines)),
        ROWS,
        &last,
    );
    check(&object("long.json", typed(InputType::Json)), ROWS, &last);
    check(
        &object("long.parquet", typed(InputType::Parquet)),
        ROWS,
        &last,
    );
    check(
        &list("parts/", loading(InputType::JsonLines)),
        3 * ROWS,
        &last,
    );
    let last = r#"{"Etag":"<string>","Key":"many/1202","LastModified":"<number>","Size":0,"StorageClass":"STANDARD"}"#;
    check(&list("many/", ReaderConfig::default()), 1_203, last);
}

#[test]
fn an_object_that_changes_is_not_gone_on_with() {
    let bed = Bed::new();
    let runtime = Runtime::new().unwrap();
    let request = object("long.jsonl", typed(InputType::JsonLines));
    let begin = |buckets: &Buckets| {
        runtime.block_on(async {
            let mut reader = buckets.read(&request, Position::default()).await.unwrap();
            reader.next().await.unwrap().unwrap().next
        })
    };
    let positions = [begin(&bed.s3), begin(&bed.folder)];
    fs::write(bed.directory.path().join("long.jsonl"), "{}\n".repeat(ROWS)).unwrap();
    bed.moto.upload(bed.directory.path(), "data");
    for (buckets, position) in [&bed.s3, &bed.folder].into_iter().zip(positions) {
        let refusal = runtime.block_on(async {
            let mut reader = buckets.read(&request, position).await.unwrap();
            reader.next().await.unwrap_err()
        });
        let said = "s3://data/long.jsonl was changed while its items were read";
        assert_eq!(refusal.to_string(), said);
    }
}
