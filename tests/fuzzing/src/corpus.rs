//! What the project has of definitions and expressions, as inputs to begin with.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tests::corpus::{Case, Feature};
use tests::support::binary::root;

/// All cases of the corpus of histories.
#[must_use]
pub fn cases() -> Vec<Case> {
    let features = Feature::all();
    features
        .into_iter()
        .flat_map(|feature| feature.cases)
        .collect()
}

/// The definitions of the corpus and the samples.
#[must_use]
pub fn definitions() -> Vec<String> {
    let mut definitions: Vec<String> = cases().into_iter().map(|case| case.definition).collect();
    definitions.extend(
        files("workflows")
            .into_iter()
            .filter(|(name, _)| name.ends_with(".asl.json"))
            .map(|(_, text)| text),
    );
    for (_, text) in files("orchestrator/asl/tests/definitions") {
        definitions.extend(
            literals(&text)
                .into_iter()
                .filter(|text| text.contains("\"States\"")),
        );
    }
    definitions
}

/// Every string of the definitions that satisfies this.
#[must_use]
pub fn strings(wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut strings = Vec::new();
    for definition in definitions() {
        let Ok(definition) = serde_json::from_str::<Value>(&definition) else {
            continue;
        };
        let mut left = vec![definition];
        while let Some(value) = left.pop() {
            match value {
                Value::String(text) if wanted(&text) => strings.push(text),
                Value::Array(items) => left.extend(items),
                Value::Object(members) => left.extend(members.into_iter().map(|(_, value)| value)),
                _ => {}
            }
        }
    }
    strings.sort();
    strings.dedup();
    strings
}

/// The string literals of a source file of the project: its tests' inputs, and much that is none.
#[must_use]
pub fn literals_of(path: &str) -> Vec<String> {
    literals(&fs::read_to_string(root().join(path)).unwrap_or_default())
}

fn literals(source: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find('"') {
        let hashes = rest[..at].bytes().rev().take_while(|byte| *byte == b'#');
        let hashes = hashes.count();
        let is_raw = rest[..at - hashes].ends_with('r');
        rest = &rest[at + 1..];
        if is_raw {
            let end = format!("\"{}", "#".repeat(hashes));
            let Some(end) = rest.find(&end) else { break };
            literals.push(rest[..end].to_owned());
            rest = &rest[end + 1 + hashes..];
            continue;
        }
        let mut text = String::new();
        let mut letters = rest.char_indices();
        let mut end = rest.len();
        while let Some((place, letter)) = letters.next() {
            match letter {
                '"' => {
                    end = place + 1;
                    break;
                }
                '\\' => match letters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, other)) => text.push(other),
                    None => {}
                },
                other => text.push(other),
            }
        }
        rest = &rest[end..];
        literals.push(text);
    }
    literals
}

/// The files of a folder of the project, with their names.
#[must_use]
pub fn files(folder: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join(folder)).into_iter().flatten() {
        let Ok(entry) = entry else { continue };
        let path = entry.path();
        if let (true, Ok(text)) = (path.is_file(), fs::read_to_string(&path)) {
            files.push((name(&path), text));
        }
    }
    files.sort();
    files
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
