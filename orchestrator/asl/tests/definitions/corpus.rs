//! The corpus of definitions: what the language allows and what it forbids, each with everything that is found in it.
//!
//! ```text
//! === invalid state: a Wait for nothing
//! "Type": "Wait", "End": true
//! ----
//! 1:34 { — SCHEMA_VALIDATION_FAILED /States/A: …
//! ```
//!
//! A definition is a `machine`, an `Express machine`, or the members of a `state` or a `JSONata state` called A, which may lead to Z. Whether
//! it is valid is the language's rule and written by hand; `UPDATE_EXPECT=1` writes what stands below the dashes.

use std::fs;
use std::path::Path;

use asl::parser::{self, Options};

use crate::{machine_of, shown};

/// The cases of one file.
struct Feature {
    remark: String,
    cases: Vec<Case>,
}

struct Case {
    title: String,
    given: String,
    expected: String,
}

impl Case {
    /// The whole definition, and the options to read it with.
    fn definition(&self) -> (String, Options) {
        let kind = self.title.split(':').next().unwrap_or_default();
        let kind = kind.split_once(' ').map_or("", |(_, kind)| kind);
        let express = kind == "Express machine";
        let text = match kind {
            "machine" | "Express machine" => self.given.clone(),
            "state" => machine_of(&self.given),
            "JSONata state" => {
                machine_of(&format!(r#""QueryLanguage": "JSONata", {}"#, self.given))
            }
            other => panic!("{other} is no kind of definition: {}", self.title),
        };
        let options = Options {
            express,
            ..Options::default()
        };
        (text, options)
    }

    /// What is found, and whether that is what the title says.
    fn run(&self) -> String {
        let (text, options) = self.definition();
        let parsed = parser::parse(&text, &options);
        let found = shown(&text, &parsed);
        let is_valid = match self.title.split(' ').next() {
            Some("valid") => true,
            Some("invalid") => false,
            _ => panic!("neither valid nor invalid: {}", self.title),
        };
        assert_eq!(
            parsed.machine.is_some(),
            is_valid,
            "{}\n{text}\n{found}",
            self.title
        );
        found.trim_end().to_owned()
    }
}

fn read(text: &str) -> Feature {
    let mut parts = text.split("\n=== ");
    let remark = parts.next().unwrap_or_default().to_owned();
    let cases = parts
        .map(|part| {
            let (title, rest) = part.split_once('\n').expect("a title ends its line");
            let (given, expected) = rest
                .split_once("\n----\n")
                .or_else(|| Some((rest.strip_suffix("\n----")?, "")))
                .unwrap_or_else(|| panic!("no dashes: {title}"));
            Case {
                title: title.to_owned(),
                given: given.to_owned(),
                expected: expected.trim_end().to_owned(),
            }
        })
        .collect();
    Feature { remark, cases }
}

#[expect(clippy::disallowed_methods, reason = "the corpus is read from files")]
#[test]
fn every_definition_is_as_valid_as_the_language_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let is_update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut count = 0;
    let mut differences = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("the corpus can be listed").path())
        .collect();
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a file of the corpus can be read");
        let feature = read(&text);
        let mut written = feature.remark.clone();
        for case in &feature.cases {
            count += 1;
            let found = case.run();
            written += &format!("\n=== {}\n{}\n----\n{found}\n", case.title, case.given);
            if found != case.expected {
                differences.push(format!(
                    "{}\nexpected {}\nfound    {found}",
                    case.title, case.expected
                ));
            }
        }
        if is_update {
            fs::write(&path, written).expect("a file of the corpus can be written");
        }
    }
    assert!(count >= 150, "the corpus has {count} definitions");
    assert!(
        is_update || differences.is_empty(),
        "{}",
        differences.join("\n\n")
    );
}
