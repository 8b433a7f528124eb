//! Which value wins, where it came from, and what is said about one that is wrong.

use std::path::Path;

use clap::Parser;
use expect_test::{Expect, expect};

use crate::arguments::{Arguments, Command};
use crate::config::layers::{Environment, load};
use crate::config::print::print;

/// Puts a configuration together from a file, variables and the flags of `ratchet config`, and compares the lines of the given
/// keys, or the error.
fn check(file: &str, variables: &[(&str, &str)], flags: &[&str], keys: &[&str], expected: Expect) {
    let directory = tempfile::tempdir().unwrap();
    if !file.is_empty() {
        std::fs::write(directory.path().join("ratchet.toml"), file).unwrap();
    }
    let text = printed(directory.path(), variables, flags);
    let text = text.replace(&format!("{}/", directory.path().display()), "");
    // How far the remarks stand to the right depends on the temporary directory's name.
    let squeezed: Vec<String> = text
        .lines()
        .map(|line| match line.split_once("  #") {
            Some((set, remark)) => format!("{} #{remark}", set.trim_end()),
            None => line.to_owned(),
        })
        .collect();
    let chosen: Vec<&str> = squeezed
        .iter()
        .map(String::as_str)
        .filter(|line| {
            let key = line.split(" = ").next().unwrap_or_default();
            keys.is_empty() || keys.contains(&key) || line.starts_with("error")
        })
        .map(|line| {
            line.rsplit_once(": ")
                .filter(|_| !keys.is_empty())
                .map_or(line, |(line, _)| line)
        })
        .collect();
    expected.assert_eq(&chosen.join("\n"));
}

fn printed(directory: &Path, variables: &[(&str, &str)], flags: &[&str]) -> String {
    let environment: Environment = [("HOME", "/home/me")]
        .iter()
        .chain(variables)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let arguments = Arguments::parse_from(["ratchet", "config"].iter().chain(flags));
    let Command::Config(config) = arguments.command else {
        unreachable!("the command is config")
    };
    match load(
        &config.listening.flags(&config.sources),
        &environment,
        directory,
    ) {
        Ok(in_force) => print(&in_force),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn flags_win_over_variables_and_those_over_the_file() {
    let file = "listen = \"127.0.0.1:1\"\nretention = \"1d\"\nregion = \"eu-west-1\"\n";
    let variables = [
        ("RATCHET_LISTEN", "127.0.0.1:2"),
        ("RATCHET_RETENTION", "48h"),
    ];
    let keys = ["listen", "retention", "region", "account"];
    check(
        file,
        &[],
        &[],
        &keys,
        expect![[r#"
            listen = "127.0.0.1:1" # ratchet.toml:1
            region = "eu-west-1" # ratchet.toml:3
            account = "000000000000" # default
            retention = "1d" # ratchet.toml:2"#]],
    );
    check(
        file,
        &variables,
        &[],
        &keys,
        expect![[r#"
            listen = "127.0.0.1:2" # RATCHET_LISTEN
            region = "eu-west-1" # ratchet.toml:3
            account = "000000000000" # default
            retention = "2d" # RATCHET_RETENTION"#]],
    );
    check(
        file,
        &variables,
        &["--listen", "127.0.0.1:3"],
        &keys,
        expect![[r#"
            listen = "127.0.0.1:3" # --listen
            region = "eu-west-1" # ratchet.toml:3
            account = "000000000000" # default
            retention = "2d" # RATCHET_RETENTION"#]],
    );
    check(
        file,
        &variables,
        &[
            "--listen",
            "127.0.0.1:3",
            "--set",
            "listen=127.0.0.1:4",
            "--set",
            "account=123456789012",
        ],
        &keys,
        expect![[r#"
            listen = "127.0.0.1:3" # --listen
            region = "eu-west-1" # ratchet.toml:3
            account = "123456789012" # --set
            retention = "2d" # RATCHET_RETENTION"#]],
    );
}

#[test]
fn a_profile_sets_the_limits_that_nothing_else_sets() {
    let keys = ["profile", "payload_bytes", "history_events"];
    check(
        "",
        &[],
        &[],
        &keys,
        expect![[r#"
            profile = "default" # default: which limits hold where none is set below
            payload_bytes = 1048576 # profile default
            history_events = "unlimited" # profile default"#]],
    );
    check(
        "",
        &[("RATCHET_PROFILE", "aws-strict")],
        &[],
        &keys,
        expect![[r#"
            profile = "aws-strict" # RATCHET_PROFILE: which limits hold where none is set below
            payload_bytes = 262144 # profile aws-strict
            history_events = 25000 # profile aws-strict"#]],
    );
    check(
        "profile = \"aws-strict\"",
        &[],
        &["--profile", "default"],
        &keys,
        expect![[r#"
            profile = "default" # --profile: which limits hold where none is set below
            payload_bytes = 1048576 # profile default
            history_events = "unlimited" # profile default"#]],
    );
    check(
        "profile = \"aws-strict\"\n[limits]\npayload_bytes = 1000\n",
        &[("RATCHET_LIMITS_HISTORY_EVENTS", "unlimited")],
        &[],
        &keys,
        expect![[r#"
            profile = "aws-strict" # ratchet.toml:1: which limits hold where none is set below
            payload_bytes = 1000 # ratchet.toml:3
            history_events = "unlimited" # RATCHET_LIMITS_HISTORY_EVENTS"#]],
    );
}

#[test]
fn data_goes_where_the_user_keeps_data() {
    let keys = ["data"];
    check(
        "",
        &[],
        &[],
        &keys,
        expect![[r#"data = "/home/me/.local/share/ratchet" # default"#]],
    );
    check(
        "",
        &[("XDG_DATA_HOME", "/srv")],
        &[],
        &keys,
        expect![[r#"data = "/srv/ratchet" # default"#]],
    );
    check(
        "",
        &[("XDG_DATA_HOME", "relative")],
        &[],
        &keys,
        expect![[r#"data = "/home/me/.local/share/ratchet" # default"#]],
    );
    check(
        "data = \"state\"",
        &[],
        &[],
        &keys,
        expect![[r#"data = "state" # ratchet.toml:1"#]],
    );
    check(
        "",
        &[("HOME", "")],
        &[],
        &keys,
        expect!["error: there is no data directory"],
    );
    check(
        "",
        &[("HOME", ""), ("RATCHET_DATA", "here")],
        &[],
        &keys,
        expect![[r#"data = "here" # RATCHET_DATA"#]],
    );
}

#[test]
fn awss_variables_are_known_where_they_make_sense() {
    let variables = [
        ("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:4599"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
        ("AWS_REGION", "eu-west-1"),
    ];
    let keys = [
        "region",
        "lambda_endpoint",
        "lambda_region",
        "access_key_id",
        "secret_access_key",
    ];
    check(
        "",
        &variables,
        &[],
        &keys,
        expect![[r#"
            region = "us-east-1" # default
            lambda_endpoint = "http://127.0.0.1:4599" # AWS_ENDPOINT_URL_LAMBDA
            lambda_region = "eu-west-1" # AWS_REGION
            access_key_id = "AKIA" # AWS_ACCESS_KEY_ID
            secret_access_key = "***" # AWS_SECRET_ACCESS_KEY"#]],
    );
    check(
        "",
        &variables[..2],
        &[],
        &keys,
        expect!["error: credentials.access_key_id is set but not credentials.secret_access_key"],
    );
}

#[test]
fn tables_are_shown_without_their_secrets_and_with_paths_from_here() {
    let file = r#"
[functions.charge]
command = ["python3", "charge.py"]

[functions.quote]
url = "http://127.0.0.1:9000/quote"

[functions.resize]
runtime = ["./resize"]
working_directory = "images"

[connections.stripe]
bearer = { token = "hush" }
"#;
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("ratchet.toml"), file).unwrap();
    let text = printed(directory.path(), &[], &[]);
    let file_line = |line: &&str| line.contains("ratchet.toml:");
    let first = text.lines().find(file_line).unwrap();
    let tables = &text[text.find(first).unwrap()..];
    let here = directory.path().display().to_string();
    expect![[r##"
        # <dir>/ratchet.toml:12: what http:invoke can name as its connection
        [connections.stripe.bearer]
        token = "***"

        [connections.stripe.headers]

        [connections.stripe.query]

        # <dir>/ratchet.toml:2: the functions that this server performs itself
        [functions.charge]
        command = ["python3", "charge.py"]
        working_directory = "<dir>/"

        [functions.charge.environment]

        [functions.quote]
        url = "http://127.0.0.1:9000/quote"

        [functions.quote.environment]

        [functions.resize]
        runtime = ["./resize"]
        working_directory = "<dir>/images"

        [functions.resize.environment]
    "##]]
    .assert_eq(&tables.replace(&here, "<dir>"));
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_place() {
    let files = [
        "listen = 8083",
        "region = \"us-east-1\"\nlisten = \"8083\"\n",
        "region = \"us-east-1\"\n\nlisen = \"127.0.0.1:1\"\n",
        "[limits]\npayload = 1\n",
        "[limits]\npayload_bytes = 0\n",
        "limits = 3",
        "[functions.a]\ncommand = [\"a\"]\ncolour = \"red\"\n",
        "[log]\nlevel = \"loud\"",
        "listen = \n",
        "profile = \"lax\"",
    ];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ratchet.toml");
    let said = files.map(|file| {
        std::fs::write(&path, file).unwrap();
        printed(directory.path(), &[], &[])
    });
    let text = said.join("\n");
    expect![[r#"
        error: ratchet.toml:1: `listen` is wrong: invalid type: integer `8083`, expected a string
        error: ratchet.toml:2: `listen` is wrong: `8083` is no address to listen on; write HOST:PORT, such as 127.0.0.1:8083
        error: ratchet.toml:3: unknown key `lisen`; known here are listen, data, profile, region, account, retention, activity_poll, concurrent_tasks, resting_executions, body_bytes, mock_config, shutdown, lambda_endpoint, lambda_region, limits, log, execution_log, traces, credentials, batch, aws, s3, http, connections, functions, replication
        error: ratchet.toml:2: unknown key `limits.payload`; known here are payload_bytes, history_events, map_concurrency, step_events, definition_bytes, state_machines, activities, activity_pollers, tags, express_seconds, versions, aliases, redrive_days
        error: ratchet.toml:2: `limits.payload_bytes` is wrong: `0` is no limit; write a number from 1 on or "unlimited"
        error: ratchet.toml:1: `limits` is a table; write [limits] and its keys below
        error: ratchet.toml:3: `functions` is wrong: unknown field `colour`, expected one of `runtime`, `command`, `url`, `working_directory`, `environment`, `concurrency`, `timeout_seconds`
        error: ratchet.toml:2: `log.level` is wrong: `loud` is no log level; write off, error, warn, info, debug or trace, or target=level pairs
        error: ratchet.toml: TOML parse error at line 1, column 10
          |
        1 | listen = 
          |          ^
        string values must be quoted, expected literal string
        error: ratchet.toml:1: `profile` is wrong: unknown variant `lax`, expected `default` or `aws-strict`"#]].assert_eq(&text.replace(&format!("{}/", directory.path().display()), ""));
}

#[test]
fn what_is_wrong_elsewhere_is_said_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let said = [
        printed(directory.path(), &[("RATCHET_RETENTION", "long")], &[]),
        printed(directory.path(), &[], &["--set", "retention=long"]),
        printed(directory.path(), &[], &["--set", "lisen=1"]),
        printed(
            directory.path(),
            &[],
            &["--config", "/nowhere/ratchet.toml"],
        ),
        printed(
            directory.path(),
            &[("RATCHET_CONFIG", "/nowhere.toml")],
            &[],
        ),
    ];
    expect![[r#"
        error: RATCHET_RETENTION: `retention` is wrong: `long` is no length of time; write a number and one of d, h, m, s, ms, such as 90d
        error: --set: `retention` is wrong: `long` is no length of time; write a number and one of d, h, m, s, ms, such as 90d
        error: --set lisen=1: write KEY=VALUE with a key that `ratchet config` shows
        error: cannot read the configuration /nowhere/ratchet.toml: No such file or directory (os error 2)
        error: cannot read the configuration /nowhere.toml: No such file or directory (os error 2)"#]].assert_eq(&said.join("\n"));
}

#[test]
fn slips_in_variables_names_are_noticed() {
    let environment: Environment = [
        "RATCHET_LISTN",
        "RATCHET_LISTEN",
        "RATCHET_CONFIG",
        "RATCHET_SERVICE_HOST",
        "RATCHET_PORT_8083_TCP",
        "HOME",
    ]
    .map(|name| (name.to_owned(), "x".to_owned()))
    .into_iter()
    .collect();
    assert_eq!(environment.unknown(), ["RATCHET_LISTN"]);
}
