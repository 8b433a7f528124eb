//! JSONPath: a path, then a document.

use expression::path::{Path, ReferencePath};
use expression::value::Value;
use tests::support::random::Random;

use super::scope::{World, note};
use super::{halves, joined};
use crate::generate::{json, path};
use crate::target::{Shown, Target};

pub(super) struct Paths;

impl Target for Paths {
    fn name(&self) -> &'static str {
        "paths"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let mut paths = crate::corpus::strings(|text| text.starts_with('$'));
        paths.extend(crate::corpus::literals_of(
            "orchestrator/expression/src/path/tests.rs",
        ));
        paths.iter().map(|path| joined(path, "")).collect()
    }

    fn generate(&self, random: &mut Random) -> Vec<u8> {
        joined(&path::path(random), &json::document(random))
    }

    fn pieces(&self) -> &'static [&'static str] {
        &[
            "$",
            "$$",
            "$v",
            ".",
            "..",
            "*",
            "[",
            "]",
            "[*]",
            "[?(",
            ")]",
            "@",
            "@.a",
            "&&",
            "||",
            "!",
            "==",
            "=~",
            "<",
            "/a/",
            "['a']",
            "[0,1]",
            "[1:2:1]",
            "[-1]",
            ".length()",
            "'",
            "\"",
            "\\",
            "(",
            ")",
            ",",
            ":",
            " ",
            "match(@,'",
            "length(",
        ]
    }

    fn run(&mut self, input: &[u8], shown: &mut Shown) {
        let (text, document) = halves(input);
        let world = World::new(&document);
        let scope = world.scope();
        match Path::parse(&text) {
            Ok(path) => {
                assert_eq!(
                    Path::parse(path.text()).as_ref(),
                    Ok(&path),
                    "its text is the path"
                );
                let answer = path.evaluate(&scope);
                note(shown, &answer);
                shown.mark((path.is_definite(), path.is_context(), path.is_root()));
                if path.is_definite() {
                    assert_eq!(
                        path.is_present(&scope),
                        answer.is_ok(),
                        "{text} on {document}"
                    );
                } else if let Ok(found) = &answer {
                    let any = found.as_array().is_some_and(|found| !found.is_empty());
                    assert_eq!(path.is_present(&scope), any, "{text} on {document}");
                }
            }
            Err(error) => shown.text(&error.message),
        }
        match ReferencePath::parse(&text) {
            Ok(path) => {
                let put = path.put(scope.root.clone(), Value::from("put"));
                if let Ok(put) = &put {
                    assert_eq!(
                        path.get(put),
                        Some(&Value::from("put")),
                        "{text} on {document}"
                    );
                }
                note(shown, &put);
            }
            Err(error) => shown.text(&error.message),
        }
    }
}
