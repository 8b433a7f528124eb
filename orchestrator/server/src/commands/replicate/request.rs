//! From the command line, the environment and the configuration to a task.

use std::path::Path;

use integrations::replication::Passwords;
use integrations::settings::ConnectionUrl;
use replication::mapping::Selection;
use replication::settings::TaskSettings;
use replicator::task::{MigrationType, Start, Task, Until};

use crate::arguments::replicate::{self, Replicate};
use crate::config::Config;
use crate::config::layers::Environment;
use crate::outcome::Error;

/// The task that the user asks for.
///
/// # Errors
/// What of it can't be used.
pub(super) fn task(
    arguments: &Replicate,
    config: &Config,
    environment: &Environment,
    passwords: &Passwords,
) -> Result<Task, Error> {
    let endpoint = |given: &Option<String>, flag, variable| {
        let given = given.as_deref().or_else(|| environment.get(variable));
        let Some(given) = given else {
            return Err(Error::Usage(format!(
                "there is no {flag}: give --{flag} URL, as in postgresql://user@host:5432/database, or {variable}"
            )));
        };
        connection(given, flag, config, passwords)
    };
    let source = endpoint(&arguments.source, "source", "RATCHET_SOURCE_URL")?;
    let target = endpoint(&arguments.target, "target", "RATCHET_TARGET_URL")?;
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => default_name(&source.database, &target.database),
    };
    check_name(&name)?;
    Ok(Task {
        name,
        source,
        target,
        selection: selection(arguments)?,
        settings: match &arguments.task_settings {
            Some(given) => TaskSettings::parse(&document(given)?)
                .map_err(|error| Error::Usage(format!("cannot use the task settings: {error}")))?,
            None => TaskSettings::default(),
        },
        migration: match arguments.migration_type {
            replicate::MigrationType::FullLoad => MigrationType::FullLoad,
            replicate::MigrationType::Cdc => MigrationType::Cdc,
            replicate::MigrationType::FullLoadAndCdc => MigrationType::FullLoadAndCdc,
        },
        slot: arguments.slot.clone(),
        publications: arguments.publication.clone(),
        until: match arguments.until {
            None => Until::Forever,
            Some(replicate::Until::FullLoad) => Until::FullLoad,
            Some(replicate::Until::CaughtUp) => Until::CaughtUp,
        },
        start: match arguments.reload {
            false => Start::Resume,
            true => Start::Reload,
        },
    })
}

/// A URL, or that of an endpoint of the configuration.
fn connection(
    given: &str,
    flag: &str,
    config: &Config,
    passwords: &Passwords,
) -> Result<wire::Settings, Error> {
    let url = if given.contains("://") {
        ConnectionUrl(given.to_owned())
    } else {
        match config.replication.endpoints.get(given) {
            Some(endpoint) => endpoint.url.clone(),
            None => {
                return Err(Error::Usage(format!(
                    "the {flag} {given} is neither a URL, as in postgresql://user@host:5432/database, nor an endpoint of the \
                     configuration ([replication.endpoints.{given}])"
                )));
            }
        }
    };
    let mut settings = url
        .settings()
        .map_err(|error| Error::Usage(format!("cannot use the {flag}: {error}")))?;
    passwords.fill(&mut settings);
    Ok(settings)
}

fn selection(arguments: &Replicate) -> Result<Selection, Error> {
    let wrong = |error: replication::mapping::Error| {
        Error::Usage(format!("cannot use the table mappings: {error}"))
    };
    match &arguments.table_mappings {
        Some(given) => Selection::parse(&document(given)?).map_err(wrong),
        None if arguments.table.is_empty() => Ok(Selection::everything()),
        None => Selection::from_names(arguments.table.iter().map(String::as_str))
            .map_err(|error| Error::Usage(error.to_string())),
    }
}

/// JSON itself, or that of a file; `@FILE` is a file whatever its name begins with.
fn document(given: &str) -> Result<String, Error> {
    if given.trim_start().starts_with('{') {
        return Ok(given.to_owned());
    }
    super::super::read_text(Path::new(given.strip_prefix('@').unwrap_or(given)))
}

/// A name that the same databases always give.
fn default_name(source: &str, target: &str) -> String {
    format!("{source}_to_{target}")
        .chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => character,
            _ => '_',
        })
        .collect()
}

fn check_name(name: &str) -> Result<(), Error> {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if name.is_empty() || name.len() > 255 || !name.chars().all(is_plain) {
        return Err(Error::Usage(format!(
            "the task's name {name:?} can't be used: it has up to 255 letters, digits, _ and -"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use expect_test::{Expect, expect};
    use integrations::replication::Passwords;

    use crate::arguments::{Arguments, Command};
    use crate::config::layers::{Environment, Flags, load};

    /// What the command line comes to, with an environment of a few variables and a configuration with one endpoint.
    fn check(arguments: &[&str], expected: &Expect) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ratchet.toml");
        let config =
            "[replication.endpoints.shop]\nurl = \"postgresql://ann:pw@shop:5433/sales\"\n";
        std::fs::write(&file, config).unwrap();
        let environment: Environment = [
            ("HOME".to_owned(), "/home/ann".to_owned()),
            (
                "RATCHET_TARGET_URL".to_owned(),
                "postgresql://bob@copy/sales".to_owned(),
            ),
        ]
        .into_iter()
        .collect();
        let in_force = load(&Flags::default(), &environment, directory.path()).unwrap();
        let passwords = Passwords::new(None, Some("copy:*:*:*:hush"));
        let command = ["ratchet", "replicate"].iter().chain(arguments);
        let text = match Arguments::try_parse_from(command).unwrap().command {
            Command::Replicate(arguments) => {
                match super::task(&arguments, &in_force.config, &environment, &passwords) {
                    Ok(task) => format!(
                        "{}: {}@{}/{} ({:?}) -> {}@{}/{} ({:?})\n{:?} until {:?}, {:?}, slot {} publications {:?}\n",
                        task.name,
                        task.source.user,
                        task.source.host_list(),
                        task.source.database,
                        task.source.password,
                        task.target.user,
                        task.target.host_list(),
                        task.target.database,
                        task.target.password,
                        task.migration,
                        task.until,
                        task.start,
                        task.slot_name(),
                        task.publications,
                    ),
                    Err(error) => format!("error: {error}\n"),
                }
            }
            _ => panic!("it is the command replicate"),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        check(
            &["--source", "postgresql://ann@db/shop"],
            &expect![[r#"
            shop_to_sales: ann@db:5432/shop (None) -> bob@copy:5432/sales (Some("hush"))
            FullLoadAndCdc until Forever, Resume, slot ratchet_shop_to_sales publications []
        "#]],
        );
    }

    #[test]
    fn endpoints_have_names() {
        check(
            &[
                "--source",
                "shop",
                "--name",
                "x",
                "--slot",
                "s",
                "--publication",
                "p",
                "--publication",
                "q",
                "--until",
                "caught-up",
                "--migration-type",
                "cdc",
                "--reload",
            ],
            &expect![[r#"
                x: ann@shop:5433/sales (Some("pw")) -> bob@copy:5432/sales (Some("hush"))
                Cdc until CaughtUp, Reload, slot s publications ["p", "q"]
            "#]],
        );
    }

    #[test]
    fn what_can_t_be_used_is_named() {
        for (arguments, expected) in [
            (
                &[][..],
                expect![[r#"
                error: there is no source: give --source URL, as in postgresql://user@host:5432/database, or RATCHET_SOURCE_URL
            "#]],
            ),
            (
                &["--source", "nowhere"],
                expect![[r#"
                error: the source nowhere is neither a URL, as in postgresql://user@host:5432/database, nor an endpoint of the configuration ([replication.endpoints.nowhere])
            "#]],
            ),
            (
                &["--source", "mysql://x/y"],
                expect![[r#"
                error: cannot use the source: a connection URL begins with postgresql://, as in postgresql://user@host:5432/database
            "#]],
            ),
            (
                &["--source", "shop", "--name", "a b"],
                expect![[r#"
                error: the task's name "a b" can't be used: it has up to 255 letters, digits, _ and -
            "#]],
            ),
            (
                &["--source", "shop", "--table", "a.b.c"],
                expect![[r#"
                error: "a.b.c" is no name of a table: expected schema.table
            "#]],
            ),
            (
                &["--source", "shop", "--table-mappings", "{}"],
                expect![[r#"
                    error: cannot use the table mappings: Invalid Table Mappings document. It must be an object with an array "rules"
                "#]],
            ),
            (
                &["--source", "shop", "--table-mappings", "no-such-file"],
                expect![[r#"
                    error: cannot read no-such-file: No such file or directory (os error 2)
                "#]],
            ),
            (
                &[
                    "--source",
                    "shop",
                    "--task-settings",
                    "{\"Replication\": {\"Speed\": 1}}",
                ],
                expect![[r#"
                    error: cannot use the task settings: unknown task setting Replication.Speed
                "#]],
            ),
        ] {
            check(arguments, &expected);
        }
    }
}
