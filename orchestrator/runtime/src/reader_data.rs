//! What an ItemReader read, given as a text: the items of a Map state that is tested.

use asl::distributed::{InputType, ReaderConfig};
use expression::value::Value;

/// The items in a text that stands for the reader's source.
///
/// # Errors
/// When there are none in it; says why.
pub(crate) fn items(text: &str, config: &ReaderConfig) -> Result<Value, String> {
    match config.input_type {
        Some(InputType::Csv) => rows(text, config),
        Some(InputType::JsonLines) => lines(text),
        // What a manifest, a table or a list of objects stands for is a list of items.
        Some(InputType::Json | InputType::Parquet | InputType::Manifest) | None => {
            document(text, config)
        }
    }
}

fn document(text: &str, config: &ReaderConfig) -> Result<Value, String> {
    let root = Value::parse(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let value = match &config.items_pointer {
        None => Some(&root),
        Some(pointer) => pointed(&root, pointer),
    };
    match value {
        Some(items @ Value::Array(_)) => Ok(items.clone()),
        Some(Value::Object(members)) => Ok(Value::array(members.iter().map(|(name, value)| {
            Value::object([("Key", name.clone().into()), ("Value", value.clone())])
        }))),
        Some(_) => Err("the items must be an array or an object".to_owned()),
        None => Err("the ItemsPointer leads nowhere".to_owned()),
    }
}

/// What a JSON pointer (RFC 6901) names.
fn pointed<'v>(root: &'v Value, pointer: &str) -> Option<&'v Value> {
    if pointer.is_empty() {
        return Some(root);
    }
    pointer
        .strip_prefix('/')?
        .split('/')
        .try_fold(root, |value, part| {
            let part = part.replace("~1", "/").replace("~0", "~");
            match value {
                Value::Array(items) => items.get(part.parse::<usize>().ok()?),
                other => other.get(&part),
            }
        })
}

fn lines(text: &str) -> Result<Value, String> {
    let lines = (1..).zip(text.lines());
    let items: Result<Vec<Value>, String> = lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            Value::parse(line).map_err(|error| format!("line {number} is no JSON: {error}"))
        })
        .collect();
    items.map(Value::array)
}

fn rows(text: &str, config: &ReaderConfig) -> Result<Value, String> {
    let mut rows = fields(text, config.delimiter.character()).into_iter();
    let names: Vec<String> = match &config.headers {
        Some(headers) => headers.iter().map(|name| name.to_string()).collect(),
        None => rows.next().ok_or("there is no row of headers in it")?,
    };
    let objects = rows.map(|row| {
        let members = names.iter().zip(row);
        Value::object(members.map(|(name, field)| (name.as_str(), Value::from(field))))
    });
    Ok(Value::array(objects))
}

/// The fields of all rows that are not empty; one in quotes may hold delimiters, line ends and quotes that stand twice.
fn fields(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut field) = (Vec::new(), String::new());
    let (mut is_quoted, mut has_content) = (false, false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => {
                is_quoted = !is_quoted;
                has_content = true;
            }
            _ if is_quoted => field.push(character),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' => {
                if has_content {
                    row.push(std::mem::take(&mut field));
                    rows.push(std::mem::take(&mut row));
                }
                has_content = false;
            }
            _ if character == delimiter => {
                row.push(std::mem::take(&mut field));
                has_content = true;
            }
            _ => {
                field.push(character);
                has_content = true;
            }
        }
    }
    if has_content {
        row.push(field);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use asl::distributed::{CsvDelimiter, InputType, ReaderConfig};
    use expect_test::{Expect, expect};

    use super::items;

    fn check(text: &str, config: ReaderConfig, expected: Expect) {
        let shown = match items(text, &config) {
            Ok(items) => items.to_text(),
            Err(why) => why,
        };
        expected.assert_eq(&shown);
    }

    fn of(input_type: InputType) -> ReaderConfig {
        ReaderConfig {
            input_type: Some(input_type),
            ..ReaderConfig::default()
        }
    }

    #[test]
    fn a_document_is_its_items_or_points_to_them() {
        check("[1, 2]", of(InputType::Json), expect!["[1,2]"]);
        check(
            r#"{"a":1,"b":[2]}"#,
            of(InputType::Json),
            expect![[r#"[{"Key":"a","Value":1},{"Key":"b","Value":[2]}]"#]],
        );
        let pointing = |pointer: &str| ReaderConfig {
            items_pointer: Some(pointer.into()),
            ..of(InputType::Json)
        };
        check(
            r#"{"a":{"b/c":[[1],2]}}"#,
            pointing("/a/b~1c/0"),
            expect!["[1]"],
        );
        check(
            r#"{"a":1}"#,
            pointing("/b"),
            expect!["the ItemsPointer leads nowhere"],
        );
        check(
            "1",
            of(InputType::Json),
            expect!["the items must be an array or an object"],
        );
        check(
            "no",
            of(InputType::Json),
            expect!["it is no JSON: expected ident at line 1 column 2"],
        );
    }

    #[test]
    fn lines_and_rows_are_items() {
        check(
            "{\"a\":1}\n\n2\n",
            of(InputType::JsonLines),
            expect![[r#"[{"a":1},2]"#]],
        );
        check(
            "1\nx",
            of(InputType::JsonLines),
            expect!["line 2 is no JSON: expected value at line 1 column 1"],
        );
        check(
            "id,name\r\n1,\"a, \"\"b\"\"\nc\"\n\n2,",
            of(InputType::Csv),
            expect![[r#"[{"id":"1","name":"a, \"b\"\nc"},{"id":"2","name":""}]"#]],
        );
        let given = ReaderConfig {
            headers: Some(vec!["a".into(), "b".into()]),
            delimiter: CsvDelimiter::Pipe,
            ..of(InputType::Csv)
        };
        check(
            "1|2\n3",
            given,
            expect![[r#"[{"a":"1","b":"2"},{"a":"3"}]"#]],
        );
        check(
            "",
            of(InputType::Csv),
            expect!["there is no row of headers in it"],
        );
    }
}
