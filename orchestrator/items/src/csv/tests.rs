use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::parsed::pieces::{parse, show};

fn read(delimiter: u8, header: &Header, text: &[u8], lengths: &[usize]) -> String {
    let items =
        CsvParser::new(delimiter, header).and_then(|mut parser| parse(&mut parser, text, lengths));
    show(items)
}

#[expect(clippy::needless_pass_by_value, reason = "it reads better")]
fn check(text: &str, expected: Expect) {
    let whole = read(b',', &Header::FirstRow, text.as_bytes(), &[]);
    expected.assert_eq(&whole);
    let split = read(b',', &Header::FirstRow, text.as_bytes(), &[1]);
    assert_eq!(split, whole, "one byte at a time");
}

#[test]
fn rows_become_objects_of_strings() {
    check(
        "id,name\n1,Ada\n2,Grace\n",
        expect![[r#"
            {"id":"1","name":"Ada"}
            {"id":"2","name":"Grace"}"#]],
    );
    check("id,name\n1,Ada", expect![[r#"{"id":"1","name":"Ada"}"#]]);
    check("id,name\n", expect![""]);
    check("", expect![""]);
    check("id\n 1 \n", expect![[r#"{"id":" 1 "}"#]]);
    check("ä,b\nö,ü\n", expect![[r#"{"ä":"ö","b":"ü"}"#]]);
}

#[test]
fn short_rows_are_filled_and_long_rows_are_cut() {
    check(
        "a,b,c\n1\n1,2,3,4\n,,\n",
        expect![[r#"
            {"a":"1","b":"","c":""}
            {"a":"1","b":"2","c":"3"}
            {"a":"","b":"","c":""}"#]],
    );
}

#[test]
fn lines_end_in_three_ways_and_empty_ones_are_no_rows() {
    check(
        "a,b\r\n1,2\r\n\r\n3,4\r5,6\n\n\n\"\"\n",
        expect![[r#"
            {"a":"1","b":"2"}
            {"a":"3","b":"4"}
            {"a":"5","b":"6"}
            {"a":"","b":""}"#]],
    );
}

#[test]
fn quotes_take_the_meaning_from_delimiters_and_ends_of_lines() {
    check(
        "a,b\n\"x, y\",\"two\r\nlines\"\n\"say \"\"hello\"\"\",\"\"\n\"a\"b,c\n",
        expect![[r#"
            {"a":"x, y","b":"two\r\nlines"}
            {"a":"say \"hello\"","b":""}
            {"a":"ab","b":"c"}"#]],
    );
    check(
        "a,b\n{\"\"k\"\":\"\"v\"\"},[1]\n5\" pipe,end\"\n",
        expect![[r#"
            {"a":"{\"k\":\"v\"}","b":"[1]"}
            {"a":"5\" pipe","b":"end\""}"#]],
    );
}

#[test]
fn backslashes_escape_three_characters_and_vanish_elsewhere() {
    check(
        "a,b\nC:\\\\Files\\\\x.exe,1\nx\\,y,\\\"z\\\"\n\\n,\"a\\\"b\"\nend,\\",
        expect![[r#"
            {"a":"C:\\Files\\x.exe","b":"1"}
            {"a":"x,y","b":"\"z\""}
            {"a":"n","b":"a\"b"}
            {"a":"end","b":""}"#]],
    );
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    check(
        "a,b\n1,2\n3,\"4\n5,6\n",
        expect!["malformed: line 3: a quotation mark of the row that begins here is not closed"],
    );
    check(
        "a,b,a\n1,2,3\n",
        expect!["malformed: CSV headers cannot contain duplicates."],
    );
    let long = format!("{}\n1\n", "x".repeat(MAX_HEADER_BYTES + 1));
    check(
        &long,
        expect!["malformed: the CSV headers are longer than 10240 bytes"],
    );
    let binary = read(b',', &Header::FirstRow, b"a\nok\n\xff\xfe\n", &[]);
    assert_eq!(binary, "malformed: line 3: the row is not UTF-8");
    let open = format!("a\n\"{}", "x".repeat(MAX_ITEM_BYTES + 1));
    let open = read(b',', &Header::FirstRow, open.as_bytes(), &[]);
    expect![
        "malformed: line 2: the row is longer than 8388608 bytes; is a quotation mark not closed?"
    ]
    .assert_eq(&open);
    let commas = format!("a\n{}", ",".repeat(MAX_ITEM_BYTES + 1));
    let commas = read(b',', &Header::FirstRow, commas.as_bytes(), &[]);
    assert_eq!(commas, open);
}

#[test]
fn every_delimiter_and_given_headers() {
    let check = |delimiter: u8, text: &str| {
        let header = Header::Given(vec!["a".into(), "b".into()]);
        let rows = read(delimiter, &header, text.as_bytes(), &[]);
        assert_eq!(rows, "{\"a\":\"1\",\"b\":\"x,y\"}", "{delimiter}");
    };
    check(b',', "1,\"x,y\"\n");
    check(b'|', "1|x,y\n");
    check(b';', "1;x,y\n");
    check(b' ', "1 x,y\n");
    check(b'\t', "1\tx,y\n");
    let twice = Header::Given(vec!["a".into(), "a".into()]);
    let complaint = read(b',', &twice, b"1,2\n", &[]);
    assert_eq!(
        complaint,
        "malformed: CSV headers cannot contain duplicates."
    );
}

/// A field as any writer of CSV would write it.
fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('\\', "\\\\").replace('"', "\"\""))
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        rows in prop::collection::vec(prop::collection::vec("[a,\"\\\\\n\r é]{0,4}", 3), 0..6),
        lengths in prop::collection::vec(1_usize..5, 1..4),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let mut text = format!("a,b,c{end}");
        for row in &rows {
            let fields: Vec<_> = row.iter().map(|field| quoted(field)).collect();
            text.push_str(&fields.join(","));
            text.push_str(end);
        }
        let mut parser = CsvParser::new(b',', &Header::FirstRow).unwrap();
        let read = parse(&mut parser, text.as_bytes(), &lengths).unwrap();
        let expected: Vec<_> = rows
            .iter()
            .map(|row| {
                let fields = row.iter().map(|field| Value::from(field.as_str()));
                Parsed::of(Value::object(["a", "b", "c"].into_iter().zip(fields)))
            })
            .collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn pieces_make_no_difference(
        text in prop::collection::vec(prop::sample::select(b"a,\"\\\n\r\xff ".to_vec()), 0..40),
        lengths in prop::collection::vec(1_usize..4, 1..6),
    ) {
        let whole = read(b',', &Header::FirstRow, &text, &[]);
        prop_assert_eq!(read(b',', &Header::FirstRow, &text, &lengths), whole);
    }
}
