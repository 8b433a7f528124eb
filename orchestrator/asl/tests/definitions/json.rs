//! Texts that are no JSON, in Jackson's words, and members that come twice.

use expect_test::expect;

use crate::check;

#[test]
fn a_text_that_is_no_object_is_no_definition() {
    check(
        "",
        expect![[r#"
        1:1  — SCHEMA_VALIDATION_FAILED : Definition must be a valid JSON object
    "#]],
    );
    check(
        " \n\t ",
        expect![[r#"
        1:1  
        	  — SCHEMA_VALIDATION_FAILED : Definition must be a valid JSON object
    "#]],
    );
    check(
        "[]",
        expect![[r#"
        1:1 [] — SCHEMA_VALIDATION_FAILED : Definition must be a valid JSON object
    "#]],
    );
    check(
        " \"StartAt\"",
        expect![[r#"
        1:2 "StartAt" — SCHEMA_VALIDATION_FAILED : Definition must be a valid JSON object
    "#]],
    );
    check(
        "null",
        expect![[r#"
        1:1 null — SCHEMA_VALIDATION_FAILED : Definition must be a valid JSON object
    "#]],
    );
    check(
        "-1.5e3",
        expect![[r#"
        1:1 -1.5e3 — SCHEMA_VALIDATION_FAILED : Definition must be a valid JSON object
    "#]],
    );
}

#[test]
fn a_word_is_an_unrecognized_token() {
    check(
        "hello world",
        expect![[r#"
        1:1 hello — INVALID_JSON_DESCRIPTION [Source: (String)"hello world"; line: 1, column: 6]: Unrecognized token 'hello': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
         at [Source: (String)"hello world"; line: 1, column: 6]
    "#]],
    );
    check(
        "{\"StartAt\": nul}",
        expect![[r#"
        1:13 nul — INVALID_JSON_DESCRIPTION [Source: (String)"{"StartAt": nul}"; line: 1, column: 16]: Unrecognized token 'nul': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
         at [Source: (String)"{"StartAt": nul}"; line: 1, column: 16]
    "#]],
    );
    check(
        "{\"StartAt\":\n  True}",
        expect![[r#"
        2:3 True — INVALID_JSON_DESCRIPTION [Source: (String)"{"StartAt":
          True}"; line: 2, column: 7]: Unrecognized token 'True': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
         at [Source: (String)"{"StartAt":
          True}"; line: 2, column: 7]
    "#]],
    );
    check(
        "{\"Überschrift\": größe}",
        expect![[r#"
        1:17 größe — INVALID_JSON_DESCRIPTION [Source: (String)"{"Überschrift": größe}"; line: 1, column: 22]: Unrecognized token 'größe': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
         at [Source: (String)"{"Überschrift": größe}"; line: 1, column: 22]
    "#]],
    );
    check(
        &format!("{{\"a\": {}}}", "x".repeat(300)),
        expect![[r#"
        1:7 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}"; line: 1, column: 307]: Unrecognized token 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
         at [Source: (String)"{"a": xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}"; line: 1, column: 307]
    "#]],
    );
}

#[test]
fn a_character_out_of_place_is_named() {
    check(
        "{'a': 1}",
        expect![[r#"
        1:2 ' — INVALID_JSON_DESCRIPTION [Source: (String)"{'a': 1}"; line: 1, column: 3]: Unexpected character (''' (code 39)): was expecting double-quote to start field name
         at [Source: (String)"{'a': 1}"; line: 1, column: 3]
    "#]],
    );
    check(
        "{\"a\" 1}",
        expect![[r#"
        1:6 1 — INVALID_JSON_DESCRIPTION [Source: (String)"{"a" 1}"; line: 1, column: 7]: Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value
         at [Source: (String)"{"a" 1}"; line: 1, column: 7]
    "#]],
    );
    check(
        "{\"a\": 1 \"b\": 2}",
        expect![[r#"
        1:9 " — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": 1 "b": 2}"; line: 1, column: 10]: Unexpected character ('"' (code 34)): was expecting comma to separate Object entries
         at [Source: (String)"{"a": 1 "b": 2}"; line: 1, column: 10]
    "#]],
    );
    check(
        "{\"a\": 1,}",
        expect![[r#"
        1:9 } — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": 1,}"; line: 1, column: 10]: Unexpected character ('}' (code 125)): was expecting double-quote to start field name
         at [Source: (String)"{"a": 1,}"; line: 1, column: 10]
    "#]],
    );
    check(
        "{\"a\": [1 2]}",
        expect![[r#"
        1:10 2 — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": [1 2]}"; line: 1, column: 11]: Unexpected character ('2' (code 50)): was expecting comma to separate Array entries
         at [Source: (String)"{"a": [1 2]}"; line: 1, column: 11]
    "#]],
    );
    check(
        "{\"a\": [1,]}",
        expect![[r#"
        1:10 ] — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": [1,]}"; line: 1, column: 11]: Unexpected character (']' (code 93)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
         at [Source: (String)"{"a": [1,]}"; line: 1, column: 11]
    "#]],
    );
    check(
        "{\"a\": }",
        expect![[r#"
        1:7 } — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": }"; line: 1, column: 8]: Unexpected character ('}' (code 125)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
         at [Source: (String)"{"a": }"; line: 1, column: 8]
    "#]],
    );
    check(
        "{\"a\": 1}}",
        expect![[r#"
        1:9 } — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": 1}}"; line: 1, column: 10]: Unexpected character ('}' (code 125)): expected the end of the definition
         at [Source: (String)"{"a": 1}}"; line: 1, column: 10]
    "#]],
    );
    check(
        "{\"a\": \u{1}}",
        expect![[r#"
        1:7  — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": }"; line: 1, column: 8]: Unexpected character ((CTRL-CHAR, code 1)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
         at [Source: (String)"{"a": }"; line: 1, column: 8]
    "#]],
    );
    check(
        "\u{feff}{}",
        expect![[r#"
        1:1 ﻿ — INVALID_JSON_DESCRIPTION [Source: (String)"﻿{}"; line: 1, column: 2]: Unexpected character ('﻿' (code 65279)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
         at [Source: (String)"﻿{}"; line: 1, column: 2]
    "#]],
    );
}

#[test]
fn a_text_that_ends_too_soon_says_what_was_open() {
    check(
        "{",
        expect![[r#"
            1:2  — INVALID_JSON_DESCRIPTION [Source: (String)"{"; line: 1, column: 2]: Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)"{"; line: 1, column: 1])
             at [Source: (String)"{"; line: 1, column: 2]
        "#]],
    );
    check(
        "{\"a\"",
        expect![[r#"
            1:5  — INVALID_JSON_DESCRIPTION [Source: (String)"{"a""; line: 1, column: 5]: Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)"{"a""; line: 1, column: 1])
             at [Source: (String)"{"a""; line: 1, column: 5]
        "#]],
    );
    check(
        "{\"a\": ",
        expect![[r#"
        1:7  — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": "; line: 1, column: 7]: Unexpected end-of-input
         at [Source: (String)"{"a": "; line: 1, column: 7]
    "#]],
    );
    check(
        "{\"a\": 1",
        expect![[r#"
            1:8  — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": 1"; line: 1, column: 8]: Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)"{"a": 1"; line: 1, column: 1])
             at [Source: (String)"{"a": 1"; line: 1, column: 8]
        "#]],
    );
    check(
        "{\n \"a\": [1, 2",
        expect![[r#"
            2:12  — INVALID_JSON_DESCRIPTION [Source: (String)"{
             "a": [1, 2"; line: 2, column: 12]: Unexpected end-of-input: expected close marker for Array (start marker at [Source: (String)"{
             "a": [1, 2"; line: 2, column: 7])
             at [Source: (String)"{
             "a": [1, 2"; line: 2, column: 12]
        "#]],
    );
    check(
        "{\"a\": \"open",
        expect![[r#"
        1:12  — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": "open"; line: 1, column: 12]: Unexpected end-of-input: was expecting closing quote for a string value
         at [Source: (String)"{"a": "open"; line: 1, column: 12]
    "#]],
    );
    check(
        "{\"open",
        expect![[r#"
        1:7  — INVALID_JSON_DESCRIPTION [Source: (String)"{"open"; line: 1, column: 7]: Unexpected end-of-input: was expecting closing quote for name
         at [Source: (String)"{"open"; line: 1, column: 7]
    "#]],
    );
    check(
        "{\"a\": \"\\",
        expect![[r#"
        1:9  — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": "\"; line: 1, column: 9]: Unexpected end-of-input in character escape sequence
         at [Source: (String)"{"a": "\"; line: 1, column: 9]
    "#]],
    );
    check(
        "{\"a\": \"\\u12",
        expect![[r#"
        1:12  — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": "\u12"; line: 1, column: 12]: Unexpected end-of-input in character escape sequence
         at [Source: (String)"{"a": "\u12"; line: 1, column: 12]
    "#]],
    );
    check(
        "-",
        expect![[r#"
        1:2  — INVALID_JSON_DESCRIPTION [Source: (String)"-"; line: 1, column: 2]: Unexpected end-of-input within a number
         at [Source: (String)"-"; line: 1, column: 2]
    "#]],
    );
}

#[test]
fn strings_and_numbers_are_strict() {
    check(
        "{\"a\": \"one\ntwo\"}",
        expect![[r#"
        1:11 
         — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": "one
        two"}"; line: 2, column: 1]: Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value
         at [Source: (String)"{"a": "one
        two"}"; line: 2, column: 1]
    "#]],
    );
    check(
        "{\"a\": \"\\x41\"}",
        expect![[r#"
        1:9 x — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": "\x41"}"; line: 1, column: 10]: Unrecognized character escape 'x' (code 120)
         at [Source: (String)"{"a": "\x41"}"; line: 1, column: 10]
    "#]],
    );
    check(
        "{\"a\": \"\\u12g4\"}",
        expect![[r#"
        1:12 g — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": "\u12g4"}"; line: 1, column: 13]: Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence
         at [Source: (String)"{"a": "\u12g4"}"; line: 1, column: 13]
    "#]],
    );
    check(
        "{\"a\": \"\\ud800\"}",
        expect![[r#"
        1:8 \ud800 — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": "\ud800"}"; line: 1, column: 14]: Unpaired surrogate in a character escape sequence
         at [Source: (String)"{"a": "\ud800"}"; line: 1, column: 14]
    "#]],
    );
    check(
        "{\"a\": \"\\ud800\\u0041\"}",
        expect![[r#"
        1:8 \ud800\u0041 — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": "\ud800\u0041"}"; line: 1, column: 20]: Unpaired surrogate in a character escape sequence
         at [Source: (String)"{"a": "\ud800\u0041"}"; line: 1, column: 20]
    "#]],
    );
    check(
        "{\"a\": 01}",
        expect![[r#"
        1:7 01 — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": 01}"; line: 1, column: 9]: Invalid numeric value: Leading zeroes not allowed
         at [Source: (String)"{"a": 01}"; line: 1, column: 9]
    "#]],
    );
    check(
        "{\"a\": -01}",
        expect![[r#"
        1:7 -01 — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": -01}"; line: 1, column: 10]: Invalid numeric value: Leading zeroes not allowed
         at [Source: (String)"{"a": -01}"; line: 1, column: 10]
    "#]],
    );
    check(
        "{\"a\": 1.}",
        expect![[r#"
        1:9 } — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": 1.}"; line: 1, column: 10]: Unexpected character ('}' (code 125)) in numeric value: Decimal point not followed by a digit
         at [Source: (String)"{"a": 1.}"; line: 1, column: 10]
    "#]],
    );
    check(
        "{\"a\": 1e}",
        expect![[r#"
        1:9 } — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": 1e}"; line: 1, column: 10]: Unexpected character ('}' (code 125)) in numeric value: Exponent indicator not followed by a digit
         at [Source: (String)"{"a": 1e}"; line: 1, column: 10]
    "#]],
    );
    check(
        "{\"a\": -x}",
        expect![[r#"
        1:8 x — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": -x}"; line: 1, column: 9]: Unexpected character ('x' (code 120)) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value
         at [Source: (String)"{"a": -x}"; line: 1, column: 9]
    "#]],
    );
    check(
        "{\"a\": 1e999}",
        expect![[r#"
        1:7 1e999 — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": 1e999}"; line: 1, column: 12]: Numeric value (1e999) out of range
         at [Source: (String)"{"a": 1e999}"; line: 1, column: 12]
    "#]],
    );
}

#[test]
fn escapes_are_read_in_names_and_values() {
    check(
        r#"{"Start\u0041t": "\ud83d\ude00\n\"", "States": {"\uD83D\uDE00\n\"": {"Type": "\u0053ucceed"}}}"#,
        expect!["fine"],
    );
}

#[test]
fn a_long_source_is_cut_as_jackson_cuts_it() {
    let text = format!("{{\"a\": \"{}\", \"b\" 2}}", "ä".repeat(600));
    check(
        &text,
        expect![[r#"
        1:615 2 — INVALID_JSON_DESCRIPTION [Source: (String)"{"a": "äääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää"[truncated 116 chars]; line: 1, column: 616]: Unexpected character ('2' (code 50)): was expecting a colon to separate field name and value
         at [Source: (String)"{"a": "äääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää"[truncated 116 chars]; line: 1, column: 616]
    "#]],
    );
}

#[test]
fn the_last_of_two_equal_members_counts() {
    check(
        r#"{
            "StartAt": "A",
            "StartAt": "B",
            "States": {
                "A": {"Type": "Succeed"},
                "B": {"Type": "Pass", "Result": [{"x": 1, "x": 2}], "Next": "A"}
            }
        }"#,
        expect![[r#"
            3:13 "StartAt" — REPEATED_FIELD (warning) /StartAt: Field 'StartAt' appears more than once; its last value counts
            6:59 "x" — REPEATED_FIELD (warning) /States/B/Result[0]/x: Field 'x' appears more than once; its last value counts
        "#]],
    );
}
