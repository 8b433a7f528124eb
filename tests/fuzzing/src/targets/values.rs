//! JSON texts as values: what was read and written is read as the same.

use expression::value::Value;
use tests::support::random::Random;

use crate::generate::json;
use crate::target::{Shown, Target};

pub(super) struct Values;

impl Target for Values {
    fn name(&self) -> &'static str {
        "values"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let cases = crate::corpus::cases();
        cases.into_iter().map(|case| case.input.into()).collect()
    }

    fn generate(&self, random: &mut Random) -> Vec<u8> {
        json::text(random, 5).into()
    }

    fn pieces(&self) -> &'static [&'static str] {
        &[
            "\\u0000", "\\ud83d", "\\ude00", "1e400", "-0.0", "[[[[", "{\"a\":", "null", "\"a\":1,",
        ]
    }

    fn run(&mut self, input: &[u8], shown: &mut Shown) {
        let text = String::from_utf8_lossy(input);
        match Value::parse(&text) {
            Ok(value) => {
                shown.mark(value.type_name());
                let written = value.to_text();
                let again = Value::parse(&written).expect("what was written is JSON");
                assert_eq!(
                    again.to_text(),
                    written,
                    "what was written is read as it was"
                );
                assert_eq!(again, value, "what was written is the same value");
                let _ = value.to_quoted_text();
            }
            Err(error) => shown.text(&error.to_string()),
        }
    }
}
