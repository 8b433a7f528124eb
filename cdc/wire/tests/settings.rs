//! Connection URLs: what they say, and what is wrong with them.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use wire::Settings;

fn check(url: &str, expected: &Expect) {
    let text = match Settings::parse(url) {
        Ok(settings) => {
            let mut text = format!(
                "{settings} password {:?} ssl {:?} root {:?} client {:?} binding {:?} role {:?} timeout {} name {}",
                settings.password,
                settings.ssl_mode,
                settings.ssl_root_cert,
                settings.ssl_client,
                settings.channel_binding,
                settings.role,
                settings.connect_timeout.as_secs(),
                settings.application_name,
            );
            for (name, value) in &settings.parameters {
                text.push_str(&format!(" {name}={value:?}"));
            }
            text
        }
        Err(error) => format!("error: {error}"),
    };
    expected.assert_eq(&text);
}

#[test]
fn urls_are_read_as_libpq_reads_them() {
    check(
        "postgresql://anna@db.example.com",
        &expect![
            "postgresql://anna@db.example.com:5432/anna password None ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet"
        ],
    );
    check(
        "postgres://anna:secret@db:5433/shop",
        &expect![[
            r#"postgresql://anna@db:5433/shop password Some("secret") ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet"#
        ]],
    );
    check(
        "postgresql://a%40b:p%3A%2F%3F%25@h/d%20b",
        &expect![[
            r#"postgresql://a@b@h:5432/d b password Some("p:/?%") ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet"#
        ]],
    );
    check(
        "postgresql://u@h1:1,h2,h3:3/d?target_session_attrs=read-write",
        &expect![
            "postgresql://u@h1:1,h2:5432,h3:3/d password None ssl Prefer root None client None binding Prefer role ReadWrite timeout 10 name ratchet"
        ],
    );
    check(
        "postgresql://u@[::1]:5433/d",
        &expect![
            "postgresql://u@::1:5433/d password None ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet"
        ],
    );
    check(
        "postgresql://u@[fe80::1],h:2/d",
        &expect![
            "postgresql://u@fe80::1:5432,h:2/d password None ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet"
        ],
    );
    check(
        "postgresql://u@/d?host=%2Fvar%2Frun%2Fpostgresql&port=5544",
        &expect![
            "postgresql://u@/var/run/postgresql:5544/d password None ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet"
        ],
    );
    check(
        "postgresql://u@%2Ftmp%2Fsockets:5544/d",
        &expect![
            "postgresql://u@/tmp/sockets:5544/d password None ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet"
        ],
    );
    check(
        "postgresql:///d?user=u&password=p&host=a,b&port=6000",
        &expect![[
            r#"postgresql://u@a:6000,b:6000/d password Some("p") ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet"#
        ]],
    );
    check(
        "postgresql://u@h/d?host=a,b&port=1,2",
        &expect![
            "postgresql://u@a:1,b:2/d password None ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet"
        ],
    );
    check(
        "postgresql://u@h/d?host=a,b,c&port=1,2",
        &expect!["error: the URL has 3 hosts and 2 ports"],
    );
    check(
        "postgresql://u@h/d?sslmode=verify-full&sslrootcert=/etc/ca.pem&sslcert=/c.pem&sslkey=/k.pem&channel_binding=require",
        &expect![[
            r#"postgresql://u@h:5432/d password None ssl VerifyFull root Some("/etc/ca.pem") client Some(("/c.pem", "/k.pem")) binding Require role Any timeout 10 name ratchet"#
        ]],
    );
    check(
        "postgresql://u@h/d?sslrootcert=system",
        &expect![[
            r#"postgresql://u@h:5432/d password None ssl VerifyFull root Some("system") client None binding Prefer role Any timeout 10 name ratchet"#
        ]],
    );
    check(
        "postgresql://u@h/d?sslrootcert=system&sslmode=require",
        &expect![
            "error: sslrootcert=system needs sslmode=verify-full: the public authorities sign certificates for everybody"
        ],
    );
    check(
        "postgresql://u@h/d?ssl=true",
        &expect![
            "postgresql://u@h:5432/d password None ssl Require root None client None binding Prefer role Any timeout 10 name ratchet"
        ],
    );
    check(
        "postgresql://u@h/d?sslmode=yes",
        &expect![[
            r#"error: the URL's parameter sslmode is "yes": it must be disable, allow, prefer, require, verify-ca or verify-full"#
        ]],
    );
    check(
        "postgresql://u@h/d?sslcert=/c.pem",
        &expect!["error: sslcert and sslkey are given together"],
    );
    check(
        "postgresql://u@h/d?connect_timeout=0",
        &expect![
            "postgresql://u@h:5432/d password None ssl Prefer root None client None binding Prefer role Any timeout 86400 name ratchet"
        ],
    );
    check(
        "postgresql://u@h/d?connect_timeout=1&application_name=me%20too&keepalives=1&gssencmode=disable",
        &expect![
            "postgresql://u@h:5432/d password None ssl Prefer root None client None binding Prefer role Any timeout 2 name me too"
        ],
    );
    check(
        "postgresql://u@h/d?connect_timeout=soon",
        &expect![[
            r#"error: the URL's parameter connect_timeout is "soon": it must be a number of seconds"#
        ]],
    );
    check(
        "postgresql://u@h/d?options=-c%20lock_timeout%3D5s%20-csearch_path=a%5C%20b%20--work-mem=4MB",
        &expect![[
            r#"postgresql://u@h:5432/d password None ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet lock_timeout="5s" search_path="a b" work_mem="4MB""#
        ]],
    );
    check(
        "postgresql://u@h/d?options=-d%205",
        &expect![[
            r#"error: the URL's parameter options has "-d": only -c name=value is supported"#
        ]],
    );
    check(
        "postgresql://u@h/d?options=-c%20x",
        &expect![[r#"error: the URL's parameter options has "x", which is not name=value"#]],
    );
    check(
        "postgresql://u@h/d?colour=red",
        &expect!["error: the URL's parameter colour is not known or not supported"],
    );
    check(
        "postgresql://u@h/d?sslmode",
        &expect![[r#"error: the URL's parameter "sslmode" has no value"#]],
    );
    check(
        "postgresql://h/d",
        &expect!["error: the URL names no user, as in postgresql://user@host/database"],
    );
    check(
        "postgresql://u@h:0/d",
        &expect![[r#"error: "0" is not a port"#]],
    );
    check(
        "postgresql://u@h:x/d",
        &expect![[r#"error: "x" is not a port"#]],
    );
    check(
        "postgresql://u@h:99999/d",
        &expect![[r#"error: "99999" is not a port"#]],
    );
    check(
        "postgresql://u@[::1/d",
        &expect!["error: the address [::1 lacks its closing bracket"],
    );
    check(
        "postgresql://u@h/%zz",
        &expect!["error: the URL has a wrong percent-encoding (a percent sign itself is %25)"],
    );
    check(
        "postgresql://u@h/%00",
        &expect!["error: the URL has a wrong percent-encoding (a percent sign itself is %25)"],
    );
    check(
        "postgresql://u@h/%f",
        &expect!["error: the URL has a wrong percent-encoding (a percent sign itself is %25)"],
    );
    check(
        "mysql://u@h/d",
        &expect![
            "error: a connection URL begins with postgresql://, as in postgresql://user@host:5432/database"
        ],
    );
    check(
        "host=h user=u",
        &expect![
            "error: a connection URL begins with postgresql://, as in postgresql://user@host:5432/database"
        ],
    );
    check(
        "postgresql://u:p@ss@h/d",
        &expect![[
            r#"postgresql://u@h:5432/d password Some("p@ss") ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet"#
        ]],
    );
    check(
        "postgresql://u:@h",
        &expect![
            "postgresql://u@h:5432/u password None ssl Prefer root None client None binding Prefer role Any timeout 10 name ratchet"
        ],
    );
}

#[test]
fn the_password_is_never_shown() {
    let settings = Settings::parse("postgresql://u:geheim@h/d").expect("it is a URL");
    assert!(!format!("{settings} {settings:?}").contains("geheim"));
    for wrong in [
        "postgresql://u:geheim@h:x/d",
        "postgresql://u:geheim@h/d?x=y",
    ] {
        let error = Settings::parse(wrong).expect_err("it is wrong");
        assert!(!error.to_string().contains("geheim"), "{error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}", query in "[a-z=&%0-9,/ -]{0,40}") {
        drop(Settings::parse(&text));
        drop(Settings::parse(&format!("postgresql://{text}?{query}")));
        drop(Settings::parse(&format!("postgresql://u@h/d?options={query}")));
    }

    #[test]
    fn what_is_encoded_is_read_back(user in "\\PC{1,12}", password in "\\PC{1,12}", database in "\\PC{1,12}") {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let url = format!("postgresql://{}:{}@h/{}", encode(&user), encode(&password), encode(&database));
        let settings = Settings::parse(&url).expect("it is a URL");
        prop_assert_eq!(settings.user, user);
        prop_assert_eq!(settings.password, Some(password));
        prop_assert_eq!(settings.database, database);
    }
}
