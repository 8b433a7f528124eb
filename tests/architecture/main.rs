//! Holds the arrows between the crates: who may know whom, what a pure crate may stand on, and what belongs to one place only.
//!
//! The table is that of `ARCHITECTURE.md`, section "Who may know whom".
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tests::support::binary::root;

/// A crate, whom it may import, and whom its tests may import besides.
struct Allowed {
    name: &'static str,
    imports: &'static [&'static str],
    tests_import: &'static [&'static str],
}

const ALLOWED: &[Allowed] = &[
    crate_of("expression", &[], &[]),
    crate_of("jsonata", &["expression"], &[]),
    crate_of("asl", &["jsonata", "expression"], &[]),
    crate_of("interpreter", &["asl", "jsonata", "expression"], &["tests"]),
    // `expression` for its values, which everything carries.
    crate_of("store", &["interpreter", "asl", "expression"], &["store"]),
    crate_of("store-sqlite", &["store"], &["interpreter"]),
    crate_of(
        "runtime",
        &["store", "interpreter", "asl", "expression"],
        &["tests"],
    ),
    crate_of("batch", &[], &[]),
    crate_of("containers", &[], &["tests"]),
    crate_of("batch-runtime", &["batch", "containers", "store"], &[]),
    crate_of("schedule", &[], &[]),
    crate_of("schedule-runtime", &["schedule", "store"], &[]),
    crate_of("items", &["asl", "expression"], &["tests"]),
    crate_of("traces", &["runtime", "interpreter"], &[]),
    crate_of("aws-client", &[], &[]),
    crate_of(
        "integrations",
        &[
            "aws-client",
            "batch",
            "batch-runtime",
            "runtime",
            "store",
            "interpreter",
            "asl",
            "expression",
            "replicator",
            "replication",
            "pgoutput",
            "wire",
        ],
        &["store"],
    ),
    crate_of(
        "api",
        &[
            "batch",
            "batch-runtime",
            "schedule",
            "schedule-runtime",
            "runtime",
            "store",
            "interpreter",
            "asl",
            "expression",
        ],
        &["containers", "tests"],
    ),
    crate_of(
        "server",
        &[
            "aws-client",
            "api",
            "batch",
            "batch-runtime",
            "containers",
            "schedule",
            "schedule-runtime",
            "integrations",
            "items",
            "traces",
            "runtime",
            "store",
            "store-sqlite",
            "interpreter",
            "asl",
            "expression",
            "replicator",
            "replication",
            "pgoutput",
            "wire",
        ],
        &["tests"],
    ),
    crate_of("pgoutput", &[], &[]),
    crate_of("replication", &["pgoutput"], &[]),
    crate_of("wire", &[], &["tests"]),
    crate_of("endpoint", &["replication", "pgoutput", "wire"], &["tests"]),
    crate_of(
        "replicator",
        &["endpoint", "replication", "pgoutput", "wire"],
        &["tests"],
    ),
    crate_of("tests", &["interpreter"], &[]),
    // What is put to the test, and what it needs to live.
    crate_of(
        "fuzzing",
        &[
            "api",
            "asl",
            "aws-client",
            "batch",
            "batch-runtime",
            "containers",
            "expression",
            "interpreter",
            "jsonata",
            "pgoutput",
            "runtime",
            "schedule",
            "schedule-runtime",
            "store",
            "tests",
        ],
        &[],
    ),
];

/// The crates that do no IO, read no clock and draw no randomness.
const PURE: &[&str] = &[
    "expression",
    "jsonata",
    "asl",
    "interpreter",
    "batch",
    "schedule",
    "pgoutput",
    "replication",
];

/// What a pure crate must not stand on, however far down.
const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "getrandom",
    "hyper",
    "mio",
    "rand",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "sqlx-core",
    "tokio",
    "uuid",
];

/// What a pure crate may stand on all the same, with all below it. `jsonata-core` can read the clock and draw by chance; `jsonata` puts functions of
/// its own in the place of every function that does, and only the limit of time reads a clock.
const TAMED: &[&str] = &["jsonata-core"];

/// What speaks SQL, and who may import it: the stores; replication's two ends, over the wire that it has for both; the tests.
const DATABASES: &[(&str, &[&str])] = &[
    ("rusqlite", &["store-sqlite"]),
    ("sqlx", &["store-sqlite", "store-postgres"]),
    (
        "tokio-postgres",
        &["store-postgres", "wire", "endpoint", "tests"],
    ),
];

/// A text that only some crates' sources may have, and why.
struct Private {
    texts: &'static [&'static str],
    owners: &'static [&'static str],
    why: &'static str,
}

const PRIVATE: &[Private] = &[
    Private {
        texts: &["env::var", "env::vars", "env::set_var", "env::args"],
        owners: &["server"],
        why: "environment and arguments are read by the server, everything else is told",
    },
    Private {
        texts: &["AWSStepFunctions.", "X-Amz-Target", "x-amz-target"],
        owners: &["api", "aws-client", "integrations", "fuzzing"],
        why: "names of the wire stay in the api, and with those who call AWS",
    },
    Private {
        texts: &[
            "\"select ",
            "\"insert into",
            "\"update ",
            "\"delete from",
            "\"create table",
            "\"pragma ",
        ],
        owners: &["store-sqlite", "store-postgres", "endpoint", "tests"],
        why: "SQL stays in the stores and the endpoints",
    },
    Private {
        texts: &[
            "std::fs",
            "std::net",
            "std::process",
            "std::thread",
            "SystemTime",
            "async fn",
        ],
        owners: &[
            "store",
            "store-sqlite",
            "runtime",
            "containers",
            "batch-runtime",
            "schedule-runtime",
            "items",
            "traces",
            "aws-client",
            "integrations",
            "api",
            "server",
            "wire",
            "endpoint",
            "replicator",
            "tests",
            "fuzzing",
        ],
        why: "a pure crate does no IO, reads no clock and never waits",
    },
];

/// Who may ask how much time has passed besides those who do anything else that is impure: `jsonata`, to end what its limit of time ends.
const TIMED: &[&str] = &["jsonata"];

/// Names under which everything ends up that nobody found a place for.
const NO_NAMES: &[&str] = &[
    "types", "common", "utils", "util", "helpers", "core", "misc",
];

const fn crate_of(
    name: &'static str,
    imports: &'static [&'static str],
    tests_import: &'static [&'static str],
) -> Allowed {
    Allowed {
        name,
        imports,
        tests_import,
    }
}

#[test]
fn crates_know_whom_they_may() {
    let ours: BTreeMap<String, Package> = packages();
    let mut wrong = Vec::new();
    for name in ours.keys() {
        if !ALLOWED.iter().any(|allowed| allowed.name == name) {
            wrong.push(format!("{name} is not in the table"));
        }
    }
    for allowed in ALLOWED {
        let Some(package) = ours.get(allowed.name) else {
            wrong.push(format!(
                "{} is in the table, but not in the workspace",
                allowed.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let may = allowed.imports.contains(&name)
                || dependency.is_for_tests && allowed.tests_import.contains(&name);
            if ours.contains_key(name) && !may {
                wrong.push(format!("{} must not know {name}", allowed.name));
            }
            let speaks_sql = DATABASES.iter().find(|(database, _)| *database == name);
            if let Some((_, owners)) = speaks_sql
                && !owners.contains(&allowed.name)
            {
                wrong.push(format!(
                    "{} must not know {name}: SQL stays in the stores and the endpoints",
                    allowed.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_crates_stand_on_pure_crates() {
    let graph = graph();
    let mut wrong = Vec::new();
    for pure in PURE {
        let mut seen = BTreeSet::from([*pure]);
        let mut open = vec![*pure];
        while let Some(name) = open.pop() {
            for below in graph.get(name).into_iter().flatten() {
                if !TAMED.contains(&below.as_str()) && seen.insert(below) {
                    open.push(below);
                }
            }
        }
        let impure = seen.iter().filter(|name| IMPURE.contains(name));
        wrong.extend(impure.map(|name| format!("{pure} stands on {name}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_private_stays_where_it_belongs() {
    let mut wrong = Vec::new();
    for package in packages().values() {
        for file in sources(&package.directory.join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            let text = without_tests(&text);
            for private in PRIVATE {
                if private.owners.contains(&package.name.as_str()) {
                    continue;
                }
                let found = private
                    .texts
                    .iter()
                    .filter(|private| text.contains(**private));
                wrong.extend(
                    found.map(|found| format!("{}: {found}: {}", file.display(), private.why)),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_limits_of_time_read_a_clock_in_pure_crates() {
    let mut wrong = Vec::new();
    for package in packages().values() {
        if !PURE.contains(&package.name.as_str()) || TIMED.contains(&package.name.as_str()) {
            continue;
        }
        for file in sources(&package.directory.join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            if without_tests(&text).contains("Instant::now") {
                wrong.push(file.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_crate_and_no_module_is_a_drawer() {
    let mut wrong = Vec::new();
    for package in packages().values() {
        if NO_NAMES.contains(&package.name.as_str()) {
            wrong.push(package.name.clone());
        }
        for file in sources(&package.directory) {
            let name = file.file_stem().unwrap().to_str().unwrap();
            if NO_NAMES.contains(&name) {
                wrong.push(file.display().to_string());
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these names say nothing:\n{}",
        wrong.join("\n")
    );
}

/// A crate of the workspace.
struct Package {
    name: String,
    directory: PathBuf,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    is_for_tests: bool,
}

/// The workspace's crates by name.
fn packages() -> BTreeMap<String, Package> {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let name = text(&package["name"]);
            let manifest = PathBuf::from(text(&package["manifest_path"]));
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let package = Package {
                name: name.clone(),
                directory: manifest.parent().unwrap().to_owned(),
                dependencies: dependencies
                    .map(|dependency| Dependency {
                        name: text(&dependency["name"]),
                        is_for_tests: dependency["kind"] == "dev",
                    })
                    .collect(),
            };
            (name, package)
        });
    packages.collect()
}

/// What each crate imports when it is built, tests and build scripts aside.
fn graph() -> BTreeMap<String, Vec<String>> {
    let metadata = metadata(&["--filter-platform", &host()]);
    let names: BTreeMap<_, _> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap().iter();
    let edges = nodes.map(|node| {
        let below = node["deps"].as_array().unwrap().iter();
        let built = below.filter(|dependency| {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            kinds.iter().any(|kind| kind["kind"].is_null())
        });
        let below = built.map(|dependency| names[&text(&dependency["pkg"])].clone());
        (names[&text(&node["id"])].clone(), below.collect::<Vec<_>>())
    });
    // Two versions of a crate are one here: what one of them imports, the other might.
    let mut graph: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, below) in edges {
        graph.entry(name).or_default().extend(below);
    }
    graph
}

fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The platform that this is built on.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

/// The source files below a directory, without test modules in files of their own.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("tests") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                files.push(path);
            }
        }
    }
    files
}

/// A source up to its tests, which come last.
fn without_tests(source: &str) -> &str {
    source
        .find("#[cfg(test)]\nmod tests {")
        .map_or(source, |tests| &source[..tests])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
