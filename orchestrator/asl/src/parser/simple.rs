//! Reads Pass, Wait, Succeed and Fail states.

use expression::template::Expression;

use crate::definition::{Fail, FailText, Pass, Seconds, Wait};
use crate::parser::fields::{self, Fields, In, Known, MAX_SECONDS};
use crate::parser::state::{COMMON, INPUT_AND_OUTPUT, STEP};

/// A Pass state's fields.
pub(crate) const PASS: Known = &[
    COMMON,
    INPUT_AND_OUTPUT,
    STEP,
    &[
        ("Result", In::JsonPath),
        ("ResultPath", In::JsonPath),
        ("Parameters", In::JsonPath),
    ],
];

/// A Wait state's fields.
pub(crate) const WAIT: Known = &[
    COMMON,
    INPUT_AND_OUTPUT,
    STEP,
    &[
        ("Seconds", In::Both),
        ("SecondsPath", In::JsonPath),
        ("Timestamp", In::Both),
        ("TimestampPath", In::JsonPath),
    ],
];

/// A Succeed state's fields.
pub(crate) const SUCCEED: Known = &[COMMON, INPUT_AND_OUTPUT];

/// A Fail state's fields.
pub(crate) const FAIL: Known = &[
    COMMON,
    &[
        ("Error", In::Both),
        ("ErrorPath", In::JsonPath),
        ("Cause", In::Both),
        ("CausePath", In::JsonPath),
    ],
];

/// The intrinsic functions that a Fail state may compute its texts with: those that give a string.
const TEXT_FUNCTIONS: &[&str] = &[
    "States.Format",
    "States.JsonToString",
    "States.ArrayGetItem",
    "States.Base64Encode",
    "States.Base64Decode",
    "States.Hash",
    "States.UUID",
];

/// A Pass state's own part.
pub(crate) fn pass(fields: &Fields<'_, '_>) -> Pass {
    Pass {
        result: fields.get("Result").map(|place| place.node.to_value()),
        parameters: fields.template("Parameters"),
        result_path: fields.result_path(),
    }
}

/// A Wait state's own part.
pub(crate) fn wait(fields: &Fields<'_, '_>) -> Option<Wait> {
    const WAYS: [&str; 4] = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];
    let given = WAYS.iter().filter(|name| fields.has(name)).count();
    if given != 1 {
        fields.at_object(format!(
            "Exactly one of these fields must be specified: [{}]",
            WAYS.join(", ")
        ));
    }
    if fields.is_jsonata("Seconds") {
        let seconds = fields.query("Seconds")?;
        return Some(Wait::Seconds(Seconds::Query(seconds)));
    }
    if fields.is_jsonata("Timestamp") {
        return fields.query("Timestamp").map(Wait::UntilQuery);
    }
    let seconds = fields.integer("Seconds", 0..=MAX_SECONDS);
    let seconds_path = fields.location("SecondsPath");
    let timestamp = fields
        .get("Timestamp")
        .and_then(|place| fields::timestamp(&place, fields.findings));
    let timestamp_path = fields.location("TimestampPath");
    let wait = seconds.map(|seconds| Wait::Seconds(Seconds::Fixed(seconds)));
    wait.or_else(|| seconds_path.map(|path| Wait::Seconds(Seconds::Path(path))))
        .or(timestamp.map(Wait::Until))
        .or_else(|| timestamp_path.map(Wait::UntilPath))
}

/// A Fail state's own part.
pub(crate) fn fail(fields: &Fields<'_, '_>) -> Fail {
    Fail {
        error: fail_text(fields, "Error", "ErrorPath"),
        cause: fail_text(fields, "Cause", "CausePath"),
    }
}

fn fail_text(fields: &Fields<'_, '_>, name: &str, path_name: &str) -> Option<FailText> {
    fields.exclude(name, path_name);
    if fields.is_jsonata(name) {
        return fields.query(name).map(FailText::Query);
    }
    let literal = fields
        .string(name)
        .map(|text| FailText::Literal(text.into()));
    let computed = computed_text(fields, path_name).map(FailText::Computed);
    literal.or(computed)
}

fn computed_text(fields: &Fields<'_, '_>, name: &str) -> Option<Expression> {
    let place = fields.get(name)?;
    let text = fields::string(&place, fields.findings)?;
    let function = text.split_once('(').map(|(function, _)| function.trim());
    let refuse = |reason: String| {
        fields.findings.expression(
            place.pointer,
            place.node.span,
            format!(
                "The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call"
            ),
            reason,
        );
        None
    };
    if !text.starts_with('$')
        && let Some(function) = function
        && function.starts_with("States.")
        && !TEXT_FUNCTIONS.contains(&function)
    {
        return refuse(format!("{function} does not give a string"));
    }
    Expression::parse(text).map_or_else(|error| refuse(error.message), Some)
}
