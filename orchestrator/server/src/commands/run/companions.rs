//! The state machines that a definition starts, found in files beside it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::commands::run::directory;

/// What stands before a state machine's name in its ARN.
const MARK: &str = ":stateMachine:";

/// A definition that another one names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Companion {
    /// Its file.
    pub(super) file: String,
    /// Its text.
    pub(super) definition: String,
}

/// The definitions that a definition names, that those name, and so on: by the names of their state machines.
///
/// A name without a file is no mistake here: it may stand in a state that is never entered, or fail as it would on a server.
pub(super) fn find(file: &Path, definition: &str) -> BTreeMap<String, Companion> {
    let directory = file.parent().unwrap_or(Path::new(""));
    let own = directory::machine_name(file);
    let mut found = BTreeMap::new();
    let mut to_read = vec![definition.to_owned()];
    while let Some(text) = to_read.pop() {
        for name in names(&text) {
            if name == own || found.contains_key(name) {
                continue;
            }
            if let Some(companion) = read(directory, name) {
                to_read.push(companion.definition.clone());
                found.insert(name.to_owned(), companion);
            }
        }
    }
    found
}

/// The names in the ARNs of state machines, as far as they are plain: no other name has a file.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(MARK).skip(1).filter_map(|rest| {
        let is_end = |letter: char| !directory::is_plain(letter);
        let name = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        (!name.is_empty()).then_some(name)
    })
}

fn read(directory: &Path, name: &str) -> Option<Companion> {
    [".asl.json", ".json"].iter().find_map(|ending| {
        let path = directory.join(format!("{name}{ending}"));
        Some(Companion {
            definition: std::fs::read_to_string(&path).ok()?,
            file: path.display().to_string(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_found_by_their_names() {
        let directory = tempfile::tempdir().unwrap();
        for (file, text) in [
            (
                "b.asl.json",
                r#"{"x": "arn:aws:states:r:0:stateMachine:c"}"#,
            ),
            ("c.json", r#"{"x": "arn:aws:states:r:0:stateMachine:a"}"#),
            ("d.json", "{}"),
        ] {
            std::fs::write(directory.path().join(file), text).unwrap();
        }
        let definition = r#"["…:stateMachine:b:1", "…:stateMachine:../d", "…:stateMachine:gone", "…:stateMachine:"]"#;
        let found = find(&directory.path().join("a.json"), definition);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["b", "c"]);
    }
}
