//! Everything that is put to the test.

mod definitions;
mod executions;
mod intrinsics;
mod jsonata;
mod paths;
mod replication;
mod requests;
mod scope;
mod values;

use crate::target::Target;

/// The names of all targets.
pub const NAMES: &[&str] = &[
    "values",
    "definitions",
    "paths",
    "intrinsics",
    "jsonata",
    "executions",
    "requests",
    "replication",
];

/// The target of that name.
#[must_use]
pub fn named(name: &str) -> Option<Box<dyn Target>> {
    Some(match name {
        "values" => Box::new(values::Values),
        "definitions" => Box::new(definitions::Definitions),
        "paths" => Box::new(paths::Paths),
        "intrinsics" => Box::new(intrinsics::Intrinsics),
        "jsonata" => Box::new(jsonata::Jsonata),
        "executions" => Box::new(executions::Executions),
        "requests" => Box::new(requests::Requests::new()),
        "replication" => Box::new(replication::Replication),
        _ => return None,
    })
}

/// The two texts of an input: up to the first zero byte, and after it.
fn halves(input: &[u8]) -> (String, String) {
    let cut = input.iter().position(|byte| *byte == 0);
    let (first, second) = match cut {
        Some(cut) => (&input[..cut], &input[cut + 1..]),
        None => (input, &[][..]),
    };
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(first), text(second))
}

/// An input of two texts.
fn joined(first: &str, second: &str) -> Vec<u8> {
    [first.as_bytes(), b"\0", second.as_bytes()].concat()
}
