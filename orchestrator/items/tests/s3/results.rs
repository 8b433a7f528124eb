//! Results are written as AWS writes them, to both kinds of buckets.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use asl::distributed::{ResultFormat, ResultTransformation, WriterConfig};
use expect_test::{Expect, expect};
use expression::value::Value;
use items::Buckets;
use items::results::{Child, Group};
use items::writer::WriteRequest;
use tempfile::TempDir;
use tests::support::moto::Moto;
use tokio::runtime::Runtime;

use crate::{of_folder, of_server};

const RUN_ARN: &str = "arn:aws:states:us-east-1:000000000000:mapRun:machine/label:run";

fn request(prefix: Option<&str>, config: WriterConfig) -> WriteRequest {
    let prefix = prefix.map(|prefix| ("Prefix", Value::from(prefix)));
    let members = [("Bucket", Value::from("results"))];
    WriteRequest {
        map_run_arn: RUN_ARN.into(),
        run: "run".into(),
        parameters: Value::object(members.into_iter().chain(prefix)),
        config,
    }
}

fn child<'a>(group: Group, output: Option<&'a Value>) -> Child<'a> {
    Child {
        group,
        output,
        describe: &|| {
            Value::object([("Status", "whatever")].map(|(name, text)| (name, Value::from(text))))
        },
    }
}

/// Writes children with these outputs, and one that failed; shows the output and the files.
async fn write(
    buckets: &Buckets,
    request: &WriteRequest,
    outputs: &[&str],
    file_bytes: u64,
) -> String {
    let mut writer = match buckets.write(request) {
        Ok(writer) => writer.with_file_bytes(file_bytes),
        Err(error) => return format!("failed: {error}"),
    };
    for output in outputs {
        let value = Value::parse(output).unwrap();
        let child = child(Group::Succeeded, Some(&value));
        writer.add(&child).await.unwrap();
    }
    if outputs.len() > 1 {
        let failed = child(Group::Failed, None);
        writer.add(&failed).await.unwrap();
    }
    match writer.finish().await {
        Ok(output) => output.to_text(),
        Err(error) => format!("failed: {error}"),
    }
}

/// The files of a directory, each with its content.
fn files(directory: &Path) -> String {
    let mut files = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut text = String::new();
    for file in files {
        let content = fs::read_to_string(&file).unwrap();
        let key = file.strip_prefix(directory).unwrap().display();
        writeln!(text, "{key}: {}", content.replace('\n', "⏎")).unwrap();
    }
    text
}

#[test]
fn files_by_status_and_a_manifest() {
    let moto = Moto::start();
    moto.upload(TempDir::new().unwrap().path(), "results");
    let runtime = Runtime::new().unwrap();
    let mut number = 0;
    let mut check = |config: WriterConfig, outputs: &[&str], file_bytes: u64, expected: Expect| {
        number += 1;
        let prefix = format!("case{number}");
        let request = request(Some(&prefix), config);
        let folder = TempDir::new().unwrap();
        let in_folder = of_folder("results", folder.path());
        let output = runtime.block_on(write(&in_folder, &request, outputs, file_bytes));
        let said = format!("{output}\n{}", files(folder.path()));
        expected.assert_eq(&said.replace(&prefix, "prefix"));
        let output = runtime.block_on(write(&of_server(&moto), &request, outputs, file_bytes));
        let copy = TempDir::new().unwrap();
        moto.download("results", copy.path());
        let written = files(&copy.path().join(&prefix));
        let written = written.lines().map(|line| format!("{prefix}/{line}\n"));
        assert_eq!(format!("{output}\n{}", written.collect::<String>()), said);
    };
    let config = |transformation, output| WriterConfig {
        transformation,
        output,
    };
    check(
        config(ResultTransformation::Compact, ResultFormat::Json),
        &["{\"a\": 1}", "[2]"],
        u64::MAX,
        expect![[r#"
            {"MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:machine/label:run","ResultWriterDetails":{"Bucket":"results","Key":"prefix/run/manifest.json"}}
            prefix/run/FAILED_0.json: [{"Status":"whatever"}]
            prefix/run/SUCCEEDED_0.json: [{"a":1},[2]]
            prefix/run/manifest.json: {"DestinationBucket":"results","MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:machine/label:run","ResultFiles":{"FAILED":[{"Key":"prefix/run/FAILED_0.json","Size":23}],"PENDING":[],"SUCCEEDED":[{"Key":"prefix/run/SUCCEEDED_0.json","Size":13}]}}
        "#]],
    );
    check(
        config(ResultTransformation::Flatten, ResultFormat::JsonLines),
        &["{\n\"a\": 1}", "[2, 3]", "[]"],
        u64::MAX,
        expect![[r#"
            {"MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:machine/label:run","ResultWriterDetails":{"Bucket":"results","Key":"prefix/run/manifest.json"}}
            prefix/run/FAILED_0.jsonl: {"Status":"whatever"}⏎
            prefix/run/SUCCEEDED_0.jsonl: {"a":1}⏎2⏎3⏎
            prefix/run/manifest.json: {"DestinationBucket":"results","MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:machine/label:run","ResultFiles":{"FAILED":[{"Key":"prefix/run/FAILED_0.jsonl","Size":22}],"PENDING":[],"SUCCEEDED":[{"Key":"prefix/run/SUCCEEDED_0.jsonl","Size":12}]}}
        "#]],
    );
    check(
        config(ResultTransformation::None, ResultFormat::Json),
        &["1"],
        u64::MAX,
        expect![[r#"
            {"MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:machine/label:run","ResultWriterDetails":{"Bucket":"results","Key":"prefix/run/manifest.json"}}
            prefix/run/SUCCEEDED_0.json: [{"Status":"whatever"}]
            prefix/run/manifest.json: {"DestinationBucket":"results","MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:machine/label:run","ResultFiles":{"FAILED":[],"PENDING":[],"SUCCEEDED":[{"Key":"prefix/run/SUCCEEDED_0.json","Size":23}]}}
        "#]],
    );
    check(
        config(ResultTransformation::Compact, ResultFormat::Json),
        &["1000", "2000", "3000", "4000", "5000"],
        11,
        expect![[r#"
            {"MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:machine/label:run","ResultWriterDetails":{"Bucket":"results","Key":"prefix/run/manifest.json"}}
            prefix/run/FAILED_0.json: [{"Status":"whatever"}]
            prefix/run/SUCCEEDED_0.json: [1000,2000]
            prefix/run/SUCCEEDED_1.json: [3000,4000]
            prefix/run/SUCCEEDED_2.json: [5000]
            prefix/run/manifest.json: {"DestinationBucket":"results","MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:machine/label:run","ResultFiles":{"FAILED":[{"Key":"prefix/run/FAILED_0.json","Size":23}],"PENDING":[],"SUCCEEDED":[{"Key":"prefix/run/SUCCEEDED_0.json","Size":11},{"Key":"prefix/run/SUCCEEDED_1.json","Size":11},{"Key":"prefix/run/SUCCEEDED_2.json","Size":6}]}}
        "#]],
    );
    check(
        config(ResultTransformation::None, ResultFormat::Json),
        &[],
        u64::MAX,
        expect![[r#"
            {"MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:machine/label:run","ResultWriterDetails":{"Bucket":"results","Key":"prefix/run/manifest.json"}}
            prefix/run/manifest.json: {"DestinationBucket":"results","MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:machine/label:run","ResultFiles":{"FAILED":[],"PENDING":[],"SUCCEEDED":[]}}
        "#]],
    );
}

#[test]
fn long_files_are_sent_in_parts() {
    let moto = Moto::start();
    moto.upload(TempDir::new().unwrap().path(), "results");
    let runtime = Runtime::new().unwrap();
    let text = format!("\"{}\"", "x".repeat(1 << 20));
    let outputs = vec![text.as_str(); 20];
    let config = WriterConfig {
        transformation: ResultTransformation::Compact,
        output: ResultFormat::JsonLines,
    };
    let request = request(None, config);
    let folder = TempDir::new().unwrap();
    for buckets in [of_server(&moto), of_folder("results", folder.path())] {
        runtime.block_on(write(&buckets, &request, &outputs, u64::MAX));
    }
    let copy = TempDir::new().unwrap();
    moto.download("results", copy.path());
    let written = fs::read_to_string(copy.path().join("run/SUCCEEDED_0.jsonl")).unwrap();
    assert!(written == format!("{}\n", outputs.join("\n")));
    let manifest = |directory: &Path| fs::read_to_string(directory.join("run/manifest.json"));
    assert_eq!(
        manifest(copy.path()).unwrap(),
        manifest(folder.path()).unwrap()
    );
}

#[test]
fn what_cannot_be_written_is_said() {
    let moto = Moto::start();
    let runtime = Runtime::new().unwrap();
    let check = |request: &WriteRequest, expected: Expect| {
        let said = runtime.block_on(write(&of_server(&moto), request, &["1"], u64::MAX));
        expected.assert_eq(&said);
    };
    check(
        &request(Some("p"), WriterConfig::default()),
        expect![
            "failed: there is no s3://results/p/run/SUCCEEDED_0.json: The specified bucket does not exist (NoSuchBucket)"
        ],
    );
    check(
        &request(Some("../p"), WriterConfig::default()),
        expect![
            "failed: cannot use the key of s3://results/../p/run: it has a control character, or an empty part, `.` or `..` between slashes"
        ],
    );
    check(
        &request(Some("/p"), WriterConfig::default()),
        expect![
            "failed: cannot use the key of s3://results//p/run: it begins or ends with a slash"
        ],
    );
    let folder = TempDir::new().unwrap();
    let escaped = runtime.block_on(write(
        &of_folder("results", &folder.path().join(".")),
        &request(Some("a/../../p"), WriterConfig::default()),
        &["1"],
        u64::MAX,
    ));
    expect!["failed: cannot use the key of s3://results/a/../../p/run: it has a control character, or an empty part, `.` or `..` between slashes"].assert_eq(&escaped);
}
