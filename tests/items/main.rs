//! Distributed Maps over the real binary that read their items and write their results in S3, as moto plays it, and in folders.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::support::moto::Moto;
use tests::support::server::Server;

/// How long a Map may take to begin.
const PATIENCE: Duration = Duration::from_secs(60);

/// A machine whose one state maps over what a reader gives, and writes each child's output.
fn machine(reader: &Value, writer: Option<&Value>, item: &Value) -> String {
    let mut map = json!({
        "Type": "Map",
        "Label": "Each",
        "MaxConcurrency": 50,
        "ItemReader": reader,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Item",
            "States": {"Item": item},
        },
        "End": true,
    });
    if let Some(writer) = writer {
        map["ResultWriter"] = writer.clone();
    }
    json!({"StartAt": "Map", "States": {"Map": map}}).to_string()
}

fn csv_reader() -> Value {
    json!({
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": "data", "Key.$": "$.key"},
    })
}

fn compact_writer() -> Value {
    json!({
        "Resource": "arn:aws:states:::s3:putObject",
        "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"},
        "Parameters": {"Bucket": "results", "Prefix": "people"},
    })
}

/// Two folders with objects and without, and a server that calls them buckets.
fn of_folders(data: &Path, results: &Path) -> Server {
    Server::new().toml(&format!(
        "[s3.buckets]\ndata = \"file://{}\"\nresults = \"file://{}\"\n",
        data.display(),
        results.display()
    ))
}

fn pass() -> Value {
    json!({"Type": "Pass", "End": true})
}

/// Maps over two people; gives the output, with the run's own name left out, and the results.
fn map_people(server: &Server, written: impl FnOnce() -> TempDir) {
    let mut aws = server.aws();
    let definition = machine(&csv_reader(), Some(&compact_writer()), &pass());
    let machine = aws.create("people", &definition);
    let execution = aws.start(&machine, r#"{"key": "in/people.csv"}"#);
    let ended = aws.wait(&execution);
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    let output: Value = serde_json::from_str(ended["output"].as_str().unwrap()).unwrap();
    let run = output["MapRunArn"].as_str().unwrap();
    let run = run.rsplit(':').next().unwrap();
    let details = json!({"Bucket": "results", "Key": format!("people/{run}/manifest.json")});
    assert_eq!(output["ResultWriterDetails"], details);

    let written = written();
    let folder = written.path().join("people").join(run);
    let results = fs::read_to_string(folder.join("SUCCEEDED_0.jsonl")).unwrap();
    assert_eq!(
        results,
        "{\"id\":\"1\",\"name\":\"Ada\"}\n{\"id\":\"2\",\"name\":\"Grace\"}\n"
    );
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let key = format!("people/{run}/SUCCEEDED_0.jsonl");
    assert_eq!(
        manifest,
        json!({
            "DestinationBucket": "results",
            "MapRunArn": output["MapRunArn"],
            "ResultFiles": {
                "FAILED": [],
                "PENDING": [],
                "SUCCEEDED": [{"Key": key, "Size": results.len()}],
            },
        })
    );
}

fn people() -> TempDir {
    let data = TempDir::new().unwrap();
    fs::create_dir(data.path().join("in")).unwrap();
    fs::write(
        data.path().join("in/people.csv"),
        "id,name\n1,Ada\n2,Grace\n",
    )
    .unwrap();
    data
}

#[test]
fn a_map_reads_from_s3_and_writes_there() {
    let moto = Moto::start();
    moto.upload(people().path(), "data");
    moto.upload(TempDir::new().unwrap().path(), "results");
    let server = Server::new()
        .variable("AWS_ENDPOINT_URL_S3", moto.url())
        .start();
    map_people(&server, || {
        let copy = TempDir::new().unwrap();
        moto.download("results", copy.path());
        copy
    });
}

#[test]
fn a_map_reads_from_a_folder_and_writes_to_another() {
    let (data, results) = (people(), TempDir::new().unwrap());
    let server = of_folders(data.path(), results.path()).start();
    map_people(&server, || results);
}

#[test]
fn the_items_of_a_list_know_where_they_come_from() {
    let data = people();
    let server = of_folders(data.path(), data.path()).start();
    let mut aws = server.aws();
    let reader = json!({
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Parameters": {"Bucket": "data", "Prefix": "in/"},
    });
    let mut definition: Value = serde_json::from_str(&machine(&reader, None, &pass())).unwrap();
    definition["States"]["Map"]["ItemSelector"] = json!({"key.$": "$$.Map.Item.Value.Key", "size.$": "$$.Map.Item.Value.Size", "source.$": "$$.Map.Item.Source"});
    let machine = aws.create("list", &definition.to_string());
    let execution = aws.start(&machine, "{}");
    let ended = aws.wait(&execution);
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    assert_eq!(
        ended["output"],
        r#"[{"size":22,"source":"S3://data","key":"in/people.csv"}]"#
    );
}

#[test]
fn what_cannot_be_read_fails_the_map_with_its_reason() {
    let data = people();
    let server = of_folders(data.path(), data.path()).start();
    let mut aws = server.aws();
    let machine = aws.create("lost", &machine(&csv_reader(), None, &pass()));
    let mut check = |key: &str, cause: &str| {
        let execution = aws.start(&machine, &json!({"key": key}).to_string());
        let ended = aws.wait(&execution);
        assert_eq!(ended["status"], "FAILED", "{ended}");
        assert_eq!(ended["error"], "States.ItemReaderFailed");
        assert_eq!(ended["cause"], cause);
    };
    check(
        "lost.csv",
        "there is no s3://data/lost.csv: the folder has no such file",
    );
    check(
        "../secret.csv",
        "cannot use the key of s3://data/../secret.csv: it has a control character, or an empty part, `.` or `..` between slashes",
    );
}

#[test]
fn a_killed_server_goes_on_where_it_was() {
    let (data, results) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let rows: String = (0..3_000).map(|row| format!("{row}\n")).collect();
    fs::write(data.path().join("rows.csv"), format!("n\n{rows}")).unwrap();
    let mut server = of_folders(data.path(), results.path()).start();
    let mut aws = server.aws();
    let item = json!({"Type": "Wait", "Seconds": 1, "End": true});
    let mut definition: Value =
        serde_json::from_str(&machine(&csv_reader(), Some(&compact_writer()), &item)).unwrap();
    definition["States"]["Map"]["MaxConcurrency"] = json!(1_000);
    let machine = aws.create("rows", &definition.to_string());
    let execution = aws.start(&machine, r#"{"key": "rows.csv"}"#);
    let began = Instant::now();
    loop {
        let listed = aws.call("ListMapRuns", &json!({"executionArn": execution}));
        if let Some(run) = listed.unwrap()["mapRuns"].get(0) {
            let request = json!({"mapRunArn": run["mapRunArn"]});
            let described = aws.call("DescribeMapRun", &request).unwrap();
            if described["itemCounts"]["succeeded"].as_u64() > Some(0) {
                break;
            }
        }
        assert!(began.elapsed() < PATIENCE, "no item succeeds");
        sleep(Duration::from_millis(20));
    }
    server.kill();
    server.restart();
    let ended = server.aws().wait(&execution);
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    let output: Value = serde_json::from_str(ended["output"].as_str().unwrap()).unwrap();
    let key = output["ResultWriterDetails"]["Key"].as_str().unwrap();
    let file = results.path().join(key).with_file_name("SUCCEEDED_0.jsonl");
    let lines = fs::read_to_string(file).unwrap();
    let numbers: BTreeSet<u32> = lines
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            row["n"].as_str().unwrap().parse().unwrap()
        })
        .collect();
    assert_eq!(lines.lines().count(), 3_000);
    assert_eq!(numbers.len(), 3_000);
}
