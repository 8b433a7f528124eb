//! Calls of intrinsic functions and payload templates: a call, then a document.

use expression::intrinsic::Call;
use expression::template::Template;
use expression::value::Value;
use tests::support::random::Random;

use super::scope::{World, note};
use super::{halves, joined};
use crate::generate::{intrinsic, json};
use crate::target::{Shown, Target};

pub(super) struct Intrinsics;

impl Target for Intrinsics {
    fn name(&self) -> &'static str {
        "intrinsics"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let mut calls =
            crate::corpus::strings(|text| text.starts_with("States.") && text.contains('('));
        calls.extend(crate::corpus::literals_of(
            "orchestrator/expression/src/intrinsic/tests.rs",
        ));
        calls.iter().map(|call| joined(call, "")).collect()
    }

    fn generate(&self, random: &mut Random) -> Vec<u8> {
        joined(&intrinsic::call(random, 3), &json::document(random))
    }

    fn pieces(&self) -> &'static [&'static str] {
        &[
            "States.",
            "States.Format(",
            "States.Array(",
            "States.StringToJson(",
            "States.ArrayRange(",
            "States.MathAdd(",
            "States.JsonMerge(",
            "States.StringSplit(",
            "States.Base64Decode(",
            "States.Hash(",
            "(",
            ")",
            ",",
            "'",
            "\\'",
            "\\{",
            "{}",
            "\\",
            "$",
            "$.c",
            "$.list",
            "1",
            "-1",
            "9223372036854775807",
            "true",
            "null",
            "'a'",
        ]
    }

    fn run(&mut self, input: &[u8], shown: &mut Shown) {
        let (text, document) = halves(input);
        let world = World::new(&document);
        let scope = world.scope();
        match Call::parse(&text) {
            Ok(call) => {
                assert_eq!(
                    Call::parse(call.text()).as_ref(),
                    Ok(&call),
                    "its text is the call"
                );
                let answer = call.evaluate(&scope);
                note(shown, &answer);
                if let Ok(value) = &answer {
                    let _ = value.to_text();
                }
            }
            Err(error) => shown.text(&error.message),
        }
        let template = Value::object([
            ("x.$", Value::from(text.as_str())),
            ("list", Value::array([scope.root.clone()])),
        ]);
        match Template::parse(&template) {
            Ok(template) => {
                let answer = template.evaluate(&scope);
                shown.mark(answer.is_ok());
            }
            Err(mistakes) => shown.mark(mistakes.len()),
        }
    }
}
