//! What is asked of the plugin, by the server's version.

use expect_test::{Expect, expect};
use pgoutput::options::Options;

fn options(publications: &[&str]) -> Options {
    Options {
        publications: publications.iter().map(|&name| name.to_owned()).collect(),
        binary: true,
        streaming: true,
        two_phase: true,
        without_origin: true,
    }
}

fn check(options: &Options, server_version: u32, expected: Expect) {
    expected.assert_eq(&options.clause(server_version));
}

#[test]
fn everything_that_a_server_knows() {
    let all = options(&["p"]);
    check(
        &all,
        130_012,
        expect![[r#"(proto_version '1', publication_names '"p"')"#]],
    );
    check(
        &all,
        140_000,
        expect![[
            r#"(proto_version '2', publication_names '"p"', messages 'true', binary 'true', streaming 'on')"#
        ]],
    );
    check(
        &all,
        150_018,
        expect![[
            r#"(proto_version '3', publication_names '"p"', messages 'true', binary 'true', streaming 'on', two_phase 'on')"#
        ]],
    );
    check(
        &all,
        160_000,
        expect![[
            r#"(proto_version '4', publication_names '"p"', messages 'true', binary 'true', streaming 'on', two_phase 'on', origin 'none')"#
        ]],
    );
    check(
        &all,
        180_004,
        expect![[
            r#"(proto_version '4', publication_names '"p"', messages 'true', binary 'true', streaming 'on', two_phase 'on', origin 'none')"#
        ]],
    );
}

#[test]
fn only_what_is_wanted() {
    let none = Options {
        binary: false,
        streaming: false,
        two_phase: false,
        without_origin: false,
        ..options(&["p"])
    };
    check(
        &none,
        170_000,
        expect![[r#"(proto_version '4', publication_names '"p"', messages 'true')"#]],
    );
}

#[test]
fn names_are_quoted_twice() {
    let odd = options(&["Two Words", "it's", "say \"hi\"", "a,b"]);
    check(
        &odd,
        130_000,
        expect![[
            r#"(proto_version '1', publication_names '"Two Words","it''s","say ""hi""","a,b"')"#
        ]],
    );
}
