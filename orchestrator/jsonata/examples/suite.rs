//! Runs the JSONata project's own test suite, which `tests/jsonata-suite` fetches: `suite DIRECTORY EXCLUSIONS`.
//!
//! DIRECTORY holds `groups` (and `skip`) with a folder of cases for each feature, and `datasets`. EXCLUSIONS has a line for each case
//! that must fail here: its name or that of its group, a colon, and why.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "this is a program that reads files and prints, not the crate"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use expression::value::Value;
use jsonata::{Error, Expression, Limits, Surroundings};

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let [directory, exclusions] = &arguments[..] else {
        eprintln!("suite DIRECTORY EXCLUSIONS");
        return ExitCode::from(2);
    };
    let exclusions = exclusions_of(&read(exclusions));
    let mut met = BTreeMap::new();
    let (mut passed, mut failed) = (0, 0);
    for (name, case) in cases(directory) {
        let why = exclusions
            .iter()
            .find(|(excluded, _)| name.starts_with(excluded.as_str()));
        match (run(directory, &case), why) {
            (Ok(()), None) => passed += 1,
            (Ok(()), Some((excluded, _))) => {
                passed += 1;
                met.entry(excluded).or_insert(0);
            }
            (Err(_), Some((excluded, _))) => *met.entry(excluded).or_insert(0) += 1,
            (Err(problem), None) => {
                failed += 1;
                println!("FAIL {name}: {problem}\n     {}", text_of(&case));
            }
        }
    }
    let mut skipped = 0;
    for (excluded, why) in &exclusions {
        match met.get(excluded) {
            Some(count) if *count > 0 => {
                skipped += count;
                println!("excluded {excluded} ({count}): {why}");
            }
            _ => {
                failed += 1;
                println!("FAIL {excluded}: it is excluded, and no case of it fails");
            }
        }
    }
    let share = f64::from(passed) * 100.0 / f64::from(passed + failed + skipped).max(1.0);
    println!("{share:.1} % of the suite");
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    ExitCode::from(u8::from(failed > 0 || passed < 1000))
}

/// The name or beginning of a name, and the reason, of each line.
fn exclusions_of(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (name, why) = line
                .split_once(':')
                .expect("a line is a name, a colon and a reason");
            (name.trim().to_owned(), why.trim().to_owned())
        })
        .collect()
}

/// Every case with its name: the group, the file, and its number where a file has several.
fn cases(directory: &Path) -> Vec<(String, Value)> {
    let mut cases = Vec::new();
    for part in ["groups", "skip"] {
        for group in entries(&directory.join(part)) {
            for file in entries(&group) {
                if file.extension().is_none_or(|extension| extension != "json") {
                    continue;
                }
                let stem = |path: &Path| path.file_stem().unwrap_or_default().display().to_string();
                let name = format!("{}/{}", stem(&group), stem(&file));
                // A case with half a surrogate pair is no JSON here.
                let Ok(content) = Value::parse(&read(&file)) else {
                    cases.push((name, Value::Null));
                    continue;
                };
                match content {
                    Value::Array(several) => {
                        for (number, case) in several.iter().enumerate() {
                            cases.push((format!("{name}#{number}"), located(case, &file)));
                        }
                    }
                    case => cases.push((name, located(&case, &file))),
                }
            }
        }
    }
    cases
}

/// The case with the place of its file, beside which an expression may stand in a file of its own.
fn located(case: &Value, file: &Path) -> Value {
    let members = case.as_object().expect("a case is an object");
    let members = members
        .iter()
        .map(|(name, value)| (name.to_string(), value.clone()));
    let place = file.parent().unwrap_or(file).display().to_string();
    Value::object(members.chain([("place".to_owned(), place.into())]))
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

fn read(path: &Path) -> String {
    fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn json(path: &Path) -> Value {
    Value::parse(&read(path))
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn text_of(case: &Value) -> String {
    if let Some(text) = case.get("expr").and_then(Value::as_str) {
        return text.to_owned();
    }
    let Some(file) = case.get("expr-file").and_then(Value::as_str) else {
        return String::new();
    };
    let place = case
        .get("place")
        .and_then(Value::as_str)
        .expect("every case has a place");
    read(&Path::new(place).join(file))
}

/// What is wrong, if anything is.
fn run(directory: &Path, case: &Value) -> Result<(), String> {
    if *case == Value::Null {
        return Err("the case cannot be read".to_owned());
    }
    let text = text_of(case);
    let data = case.get("data").cloned().or_else(|| {
        let name = case.get("dataset")?.as_str()?;
        Some(json(
            &directory.join("datasets").join(format!("{name}.json")),
        ))
    });
    let bindings = case.get("bindings").and_then(Value::as_object);
    let variables: Vec<(&str, &Value)> = bindings
        .into_iter()
        .flatten()
        .map(|(name, value)| (&**name, value))
        .collect();
    let found = evaluate(&text, data.as_ref(), &variables, case);
    let code = case.get("code").or_else(|| case.get("error")?.get("code"));
    if let Some(code) = code.and_then(Value::as_str) {
        return match found {
            Err(Error::Failed { code: found, .. }) if same_code(&found, code) => Ok(()),
            Err(error) => Err(format!("expected {code}, found {error}")),
            Ok(value) => Err(format!("expected {code}, found {value:?}")),
        };
    }
    // A function is no JSON value, and JavaScript's JSON leaves it out.
    let found = match found {
        Err(Error::Unsupported) => None,
        found => found.map_err(|error| error.to_string())?,
    };
    if case.get("result_re").is_some() {
        // What depends on time and chance: that there is a text must do.
        return match found {
            Some(Value::String(_)) => Ok(()),
            other => Err(format!("expected a text, found {other:?}")),
        };
    }
    let expected = case.get("result").map(plain);
    let found = found.as_ref().map(plain);
    let unordered = case.get("unordered").and_then(Value::as_bool) == Some(true);
    if found == expected || unordered && sorted(&found) == sorted(&expected) {
        return Ok(());
    }
    Err(format!("expected {expected:?}, found {found:?}"))
}

fn evaluate(
    text: &str,
    data: Option<&Value>,
    variables: &[(&str, &Value)],
    case: &Value,
) -> Result<Option<Value>, Error> {
    let expression = Expression::parse(text).map_err(|error| Error::Failed {
        code: error.code,
        message: error.message,
    })?;
    let surroundings = Surroundings {
        now_millis: 1_795_413_600_000,
        seed: 1,
    };
    let number = |name| {
        case.get(name)
            .and_then(Value::as_i64)
            .and_then(|number| u64::try_from(number).ok())
    };
    let limits = Limits {
        depth: number("depth").map_or(2000, |depth| usize::try_from(depth).expect("it is small")),
        sequence: 10_000_000,
        memory: 1 << 30,
        time: Duration::from_millis(number("timelimit").unwrap_or(10_000)),
        ..Limits::aws()
    };
    expression.evaluate_against(data, variables, &surroundings, &limits)
}

/// The suite's own harness has one code for its limits.
fn same_code(found: &str, expected: &str) -> bool {
    found == expected || expected == "U1001" && matches!(found, "D1011" | "D1012")
}

/// The value with all its numbers as doubles, as JavaScript has them.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        Value::Array(items) => Value::array(items.iter().map(plain)),
        Value::Object(members) => Value::object(
            members
                .iter()
                .map(|(name, member)| (name.clone(), plain(member))),
        ),
        other => other.clone(),
    }
}

fn sorted(value: &Option<Value>) -> Vec<String> {
    let items = value.as_ref().and_then(Value::as_array).unwrap_or_default();
    let mut texts: Vec<String> = items.iter().map(Value::to_text).collect();
    texts.sort();
    texts
}
