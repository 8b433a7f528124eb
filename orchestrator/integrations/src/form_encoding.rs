//! Writes JSON as `application/x-www-form-urlencoded` text, for bodies and queries of HTTP tasks.

use expression::value::Value;

use aws_client::signature::{Slash, encode_into};

/// How an array's items are named: `RequestEncodingOptions.ArrayFormat`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ArrayFormat {
    /// `a[0]=x&a[1]=y`
    Indices,
    /// `a=x&a=y`
    Repeat,
    /// `a=x,y`
    Commas,
    /// `a[]=x&a[]=y`
    Brackets,
}

impl ArrayFormat {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "INDICES" => Some(Self::Indices),
            "REPEAT" => Some(Self::Repeat),
            "COMMAS" => Some(Self::Commas),
            "BRACKETS" => Some(Self::Brackets),
            _ => None,
        }
    }
}

/// Appends an object's members to a form or query; members of nested objects are named `outer[inner]`.
pub(crate) fn append_form(target: &mut String, value: &Value, arrays: ArrayFormat) {
    for (name, member) in value.as_object().into_iter().flatten() {
        append(target, name, member, arrays);
    }
}

/// Appends one pair.
pub(crate) fn append_pair(target: &mut String, name: &str, text: &str) {
    begin_pair(target, name);
    encode_into(target, text, Slash::Encode);
}

fn append(target: &mut String, name: &str, value: &Value, arrays: ArrayFormat) {
    match value {
        Value::Object(members) => {
            for (inner, member) in members.iter() {
                append(target, &format!("{name}[{inner}]"), member, arrays);
            }
        }
        Value::Array(items) => match arrays {
            ArrayFormat::Indices => {
                for (index, item) in items.iter().enumerate() {
                    append(target, &format!("{name}[{index}]"), item, arrays);
                }
            }
            ArrayFormat::Repeat => {
                for item in items.iter() {
                    append(target, name, item, arrays);
                }
            }
            ArrayFormat::Brackets => {
                for item in items.iter() {
                    append(target, &format!("{name}[]"), item, arrays);
                }
            }
            ArrayFormat::Commas => {
                begin_pair(target, name);
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        target.push(',');
                    }
                    encode_into(target, &text_of(item), Slash::Encode);
                }
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            append_pair(target, name, &text_of(value));
        }
    }
}

fn begin_pair(target: &mut String, name: &str) {
    if !target.is_empty() && !target.ends_with(['?', '&']) {
        target.push('&');
    }
    encode_into(target, name, Slash::Encode);
    target.push('=');
}

/// A string as it is, null as nothing, everything else as its JSON text.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.to_string(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_text(),
    }
}

#[cfg(test)]
mod tests {
    use expression::value::Value;

    use super::{ArrayFormat, append_form};

    fn check(json: &str, arrays: &str, expected: &str) {
        let mut form = String::new();
        append_form(
            &mut form,
            &Value::parse(json).unwrap(),
            ArrayFormat::parse(arrays).unwrap(),
        );
        let readable = form.replace("%5B", "[").replace("%5D", "]");
        assert_eq!(readable, expected, "{json} {arrays}");
    }

    #[test]
    fn arrays_in_their_four_forms() {
        let json = r#"{"a":["x","y z"],"b":1}"#;
        check(json, "INDICES", "a[0]=x&a[1]=y%20z&b=1");
        check(json, "REPEAT", "a=x&a=y%20z&b=1");
        check(json, "COMMAS", "a=x,y%20z&b=1");
        check(json, "BRACKETS", "a[]=x&a[]=y%20z&b=1");
    }

    #[test]
    fn other_values() {
        check(
            r#"{"n":null,"t":true,"f":1.5,"o":{"p":{"q":"é&="}},"e":[]}"#,
            "INDICES",
            "n=&t=true&f=1.5&o[p][q]=%C3%A9%26%3D",
        );
        check("[1]", "INDICES", "");
    }
}
