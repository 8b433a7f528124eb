//! `ratchet schedules …`: a server's schedules.

use expression::value::Value;
use hyper::Method;

use crate::arguments::Server;
use crate::arguments::schedules::{CreateSchedule, How, OneSchedule, Schedules, UpdateSchedule};
use crate::client::{Client, encoded};
use crate::commands::executions::cell;
use crate::commands::read_input;
use crate::config::layers::Environment;
use crate::outcome::{Error, Outcome};
use crate::output::{self, Format};

/// Does what was asked.
pub(super) async fn perform(
    command: Schedules,
    environment: &Environment,
) -> Result<Outcome, Error> {
    let connect = |server: &Server| Client::new(server.server.as_deref(), environment);
    match command {
        Schedules::Create(create) => {
            let client = connect(&create.server)?;
            let body = new_schedule(&create)?;
            let created = client.send(Method::POST, "/schedules", Some(&body)).await?;
            print_one(&created, create.server.output);
        }
        Schedules::List {
            group,
            limit,
            server,
        } => {
            let mut path = format!("/schedules?limit={}", limit.clamp(1, 1000));
            if let Some(group) = group {
                path.push_str(&format!("&group={}", encoded(&group)));
            }
            let found = connect(&server)?.list(&path, "schedules", limit).await?;
            print_list(found, server.output);
        }
        Schedules::Describe(one) => {
            let found = connect(&one.server)?.get(&path(&one.schedule)).await?;
            print_one(&found, one.server.output);
        }
        Schedules::Update(update) => {
            let client = connect(&update.server)?;
            let path = path(&update.schedule);
            let found = client.get(&path).await?;
            let body = changed(&found, &update)?;
            let updated = client.send(Method::PUT, &path, Some(&body)).await?;
            print_one(&updated, update.server.output);
        }
        Schedules::Delete(one) => {
            let client = connect(&one.server)?;
            let path = path(&one.schedule);
            // DELETE is content when there is none, which is not what was asked.
            client.get(&path).await?;
            client.send(Method::DELETE, &path, None).await?;
        }
        Schedules::Pause {
            schedule,
            why,
            server,
        } => {
            let body = Value::object(why.map(|why| ("why", Value::from(why))));
            let client = connect(&server)?;
            ask(&client, &schedule, "pause", &body, server.output).await?;
        }
        Schedules::Resume(one) => {
            let (client, none) = (connect(&one.server)?, nothing());
            ask(&client, &one.schedule, "resume", &none, one.server.output).await?;
        }
        Schedules::Trigger {
            schedule,
            overlap,
            server,
        } => {
            let body = Value::object(overlap.map(|policy| ("overlap", policy_name(&policy))));
            let client = connect(&server)?;
            ask(&client, &schedule, "trigger", &body, server.output).await?;
        }
        Schedules::Backfill {
            schedule,
            from,
            until,
            overlap,
            server,
        } => {
            let mut body = vec![("from", Value::from(from)), ("until", until.into())];
            body.extend(overlap.map(|policy| ("overlap", policy_name(&policy))));
            let (client, body) = (connect(&server)?, Value::object(body));
            ask(&client, &schedule, "backfill", &body, server.output).await?;
        }
        Schedules::Runs(one) => print_runs(&runs(&one, environment).await?, one.server.output),
        Schedules::DeadLetters(one) => {
            let client = connect(&one.server)?;
            let path = format!("{}/dead-letters", path(&one.schedule));
            let found = client.get(&path).await?;
            let letters = found.get("deadLetters").and_then(Value::as_array);
            print_letters(letters.unwrap_or_default(), one.server.output);
        }
    }
    Ok(Outcome::Done)
}

async fn runs(one: &OneSchedule, environment: &Environment) -> Result<Vec<Value>, Error> {
    let client = Client::new(one.server.server.as_deref(), environment)?;
    let found = client.get(&format!("{}/runs", path(&one.schedule))).await?;
    let runs = found.get("runs").and_then(Value::as_array);
    Ok(runs.unwrap_or_default().to_vec())
}

async fn ask(
    client: &Client,
    schedule: &str,
    verb: &str,
    body: &Value,
    format: Format,
) -> Result<(), Error> {
    let path = format!("{}/{verb}", path(schedule));
    let answer = client.send(Method::POST, &path, Some(body)).await?;
    print_one(&answer, format);
    Ok(())
}

fn path(schedule: &str) -> String {
    format!("/schedules/{}", encoded(schedule))
}

fn nothing() -> Value {
    Value::object(Vec::<(&str, Value)>::new())
}

/// A policy as the API writes it.
fn policy_name(policy: &str) -> Value {
    policy.to_uppercase().replace('-', "_").into()
}

fn new_schedule(create: &CreateSchedule) -> Result<Value, Error> {
    let mut members = vec![
        ("id", Value::from(create.schedule.as_str())),
        ("expression", create.expression.as_str().into()),
    ];
    if create.paused {
        members.push(("paused", true.into()));
    }
    members.extend(members_of(&create.how));
    let target = target_of(&create.how)?;
    if !target
        .iter()
        .any(|(name, _)| matches!(*name, "arn" | "stateMachine"))
    {
        let why = "name what is called: --state-machine NAME or --target ARN";
        return Err(Error::Usage(why.to_owned()));
    }
    members.push(("target", Value::object(target)));
    Ok(Value::object(members))
}

/// The members of a schedule that stay when it is changed.
const KEPT: [&str; 13] = [
    "expression",
    "timeZone",
    "start",
    "end",
    "description",
    "paused",
    "windowMinutes",
    "deleteAfterCompletion",
    "overlap",
    "catchUpSeconds",
    "pauseOnFailure",
    "jitterSeconds",
    "target",
];

/// A schedule with what is to be different.
fn changed(found: &Value, update: &UpdateSchedule) -> Result<Value, Error> {
    let mut members: Vec<(&str, Value)> = KEPT
        .iter()
        .filter_map(|name| Some((*name, found.get(name)?.clone())))
        .collect();
    let mut set = |name: &'static str, value: Value| {
        members.retain(|(kept, _)| *kept != name);
        members.push((name, value));
    };
    if let Some(expression) = &update.expression {
        set("expression", expression.as_str().into());
    }
    for (name, value) in members_of(&update.how) {
        set(name, value);
    }
    let new = target_of(&update.how)?;
    let names_another = new
        .iter()
        .any(|(name, _)| matches!(*name, "arn" | "stateMachine"));
    let target = found.get("target").cloned().unwrap_or_default();
    let kept = target
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| {
            let is_replaced = new.iter().any(|(new, _)| *new == &***name);
            !(is_replaced || (names_another && &***name == "arn"))
        });
    let mut target: Vec<(&str, Value)> =
        kept.map(|(name, value)| (&**name, value.clone())).collect();
    target.extend(new);
    let target = Value::object(target);
    set("target", target);
    Ok(Value::object(members))
}

/// The members that flags set, but for the target's.
fn members_of(how: &How) -> Vec<(&'static str, Value)> {
    let texts = [
        ("timeZone", &how.time_zone),
        ("start", &how.start),
        ("end", &how.end),
        ("description", &how.description),
    ];
    let numbers = [
        ("catchUpSeconds", how.catch_up_seconds),
        ("jitterSeconds", how.jitter_seconds),
        ("windowMinutes", how.window_minutes),
    ];
    let choices = [
        ("pauseOnFailure", how.pause_on_failure),
        ("deleteAfterCompletion", how.delete_after_completion),
    ];
    let mut members = Vec::new();
    for (name, text) in texts {
        members.extend(text.as_ref().map(|text| (name, text.as_str().into())));
    }
    for (name, number) in numbers {
        members.extend(number.map(|number| (name, number.into())));
    }
    for (name, choice) in choices {
        members.extend(choice.map(|choice| (name, choice.into())));
    }
    let overlap = how.overlap.as_ref();
    members.extend(overlap.map(|policy| ("overlap", policy_name(policy))));
    members
}

/// The members of the target that flags set.
fn target_of(how: &How) -> Result<Vec<(&'static str, Value)>, Error> {
    let mut members = Vec::new();
    let texts = [
        ("stateMachine", &how.state_machine),
        ("arn", &how.target),
        ("deadLetterArn", &how.dead_letter),
    ];
    for (name, text) in texts {
        members.extend(text.as_ref().map(|text| (name, Value::from(text.as_str()))));
    }
    let numbers = [
        ("maximumAgeSeconds", how.maximum_age_seconds),
        ("maximumRetries", how.maximum_retries),
    ];
    for (name, number) in numbers {
        members.extend(number.map(|number| (name, number.into())));
    }
    let documents = [
        ("--input", "input", &how.input),
        ("--target-parameters", "parameters", &how.target_parameters),
    ];
    for (flag, name, argument) in documents {
        if let Some(argument) = argument {
            let text = read_input(flag, argument)?;
            let value = Value::parse(&text).map_err(|error| Error::Usage(error.to_string()))?;
            members.push((name, value));
        }
    }
    Ok(members)
}

fn print_one(value: &Value, format: Format) {
    let text = match format {
        Format::Json => output::indented(value),
        Format::Table => output::members(value),
    };
    output::print(&text);
}

fn print_list(schedules: Vec<Value>, format: Format) {
    let text = match format {
        Format::Json => output::indented(&schedules),
        Format::Table => {
            let rows = schedules.iter().map(|schedule| {
                let next = match schedule.get("paused").and_then(Value::as_bool) {
                    Some(true) => "paused".to_owned(),
                    Some(false) | None => cell(schedule, "nextAt"),
                };
                [
                    cell(schedule, "id"),
                    cell(schedule, "expression"),
                    next,
                    cell(schedule, "targetArn"),
                ]
            });
            output::table(["SCHEDULE", "EXPRESSION", "NEXT", "TARGET"], rows.collect())
        }
    };
    output::print(&text);
}

fn print_runs(runs: &[Value], format: Format) {
    let text = match format {
        Format::Json => output::indented(&runs),
        Format::Table => {
            let columns = ["scheduledAt", "cause", "status", "attempts", "endedAt"];
            let rows = runs.iter().map(|run| {
                let [scheduled, cause, status, attempts, ended] =
                    columns.map(|name| cell(run, name));
                let said = match cell(run, "error") {
                    error if error.is_empty() => cell(run, "targetRun"),
                    error => error,
                };
                [scheduled, cause, status, attempts, ended, said]
            });
            output::table(
                ["SCHEDULED", "CAUSE", "STATUS", "ATTEMPTS", "ENDED", "RUN"],
                rows.collect(),
            )
        }
    };
    output::print(&text);
}

fn print_letters(letters: &[Value], format: Format) {
    let text = match format {
        Format::Json => output::indented(&letters),
        Format::Table => {
            let rows = letters.iter().map(|letter| {
                ["scheduledTime", "attempts", "error"].map(|name| cell(letter, name))
            });
            output::table(["SCHEDULED", "ATTEMPTS", "ERROR"], rows.collect())
        }
    };
    output::print(&text);
}
