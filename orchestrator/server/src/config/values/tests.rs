//! What is read, and how it is written back; what is refused, and why.

use super::*;
use expect_test::{Expect, expect};

fn check<T: FromStr<Err = String> + Serialize>(texts: &[&str], expected: Expect) {
    let answers: Vec<String> = texts
        .iter()
        .map(|text| match text.parse::<T>() {
            Ok(value) => format!(
                "{text} = {}",
                toml::Value::try_from(value).expect("values are serializable")
            ),
            Err(message) => message,
        })
        .collect();
    expected.assert_eq(&answers.join("\n"));
}

#[test]
fn periods() {
    check::<Period>(
        &[
            "90d",
            "24h",
            "90s",
            "1500ms",
            "0s",
            "5 m",
            "90",
            "-1s",
            "1.5h",
            "99999999999999d",
            "",
        ],
        expect![[r#"
            90d = "90d"
            24h = "1d"
            90s = "90s"
            1500ms = "1500ms"
            0s = "0s"
            5 m = "5m"
            `90` is no length of time; write a number and one of d, h, m, s, ms, such as 90d
            `-1s` is no length of time; write a number and one of d, h, m, s, ms, such as 90d
            `1.5h` is no length of time; write a number and one of d, h, m, s, ms, such as 90d
            `99999999999999d` is no length of time; write a number and one of d, h, m, s, ms, such as 90d
            `` is no length of time; write a number and one of d, h, m, s, ms, such as 90d"#]],
    );
}

#[test]
fn limits() {
    check::<Limit>(
        &["1", "262_144", "unlimited", "0", "-1", "1 MiB"],
        expect![[r#"
            1 = 1
            262_144 = 262144
            unlimited = "unlimited"
            `0` is no limit; write a number from 1 on or "unlimited"
            `-1` is no limit; write a number from 1 on or "unlimited"
            `1 MiB` is no limit; write a number from 1 on or "unlimited""#]],
    );
}

#[test]
fn addresses() {
    check::<Address>(
        &[
            "127.0.0.1:0",
            "[::1]:8083",
            "localhost:80",
            "8083",
            ":8083",
            "host:99999",
            "host",
        ],
        expect![[r#"
            127.0.0.1:0 = "127.0.0.1:0"
            [::1]:8083 = "[::1]:8083"
            localhost:80 = "localhost:80"
            `8083` is no address to listen on; write HOST:PORT, such as 127.0.0.1:8083
            `:8083` is no address to listen on; write HOST:PORT, such as 127.0.0.1:8083
            `host:99999` is no address to listen on; write HOST:PORT, such as 127.0.0.1:8083
            `host` is no address to listen on; write HOST:PORT, such as 127.0.0.1:8083"#]],
    );
}

#[test]
fn names() {
    check::<Account>(
        &["123456789012", "1234", "12345678901x"],
        expect![[r#"
        123456789012 = "123456789012"
        `1234` is no account; write twelve digits
        `12345678901x` is no account; write twelve digits"#]],
    );
    check::<Region>(
        &["eu-central-1", "EU", ""],
        expect![[r#"
        eu-central-1 = "eu-central-1"
        `EU` is no region; write one such as us-east-1
        `` is no region; write one such as us-east-1"#]],
    );
    check::<LogFilter>(
        &["info", "info,runtime=debug", "a=b=c", "verbose"],
        expect![[r#"
            info = "info"
            info,runtime=debug = "info,runtime=debug"
            `a=b=c` is no log level; write off, error, warn, info, debug or trace, or target=level pairs
            `verbose` is no log level; write off, error, warn, info, debug or trace, or target=level pairs"#]],
    );
}
