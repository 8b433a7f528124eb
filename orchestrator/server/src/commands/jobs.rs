//! `ratchet jobs …`: a server's container jobs.

mod logs;
mod request;

use expression::value::Value;
use hyper::Method;

use crate::arguments::Server;
use crate::arguments::batch::{EndJob, Jobs, ListJobs, SubmitJob};
use crate::client::{Client, encoded};
use crate::commands::executions::cell;
use crate::config::layers::Environment;
use crate::outcome::{Error, Outcome};
use crate::output::{self, Format, instant};

/// Does what was asked.
pub(super) async fn perform(command: Jobs, environment: &Environment) -> Result<Outcome, Error> {
    let connect = |server: &Server| Client::new(server.server.as_deref(), environment);
    match command {
        Jobs::Submit(submit) => {
            let client = connect(&submit.server)?;
            return perform_submit(&client, &submit).await;
        }
        Jobs::List(list) => {
            let client = connect(&list.server)?;
            let found = client.list(&list_path(&list), "jobs", list.limit).await?;
            print_list(found, list.server.output);
        }
        Jobs::Describe { job, server } => {
            let found = connect(&server)?.get(&path(&job)).await?;
            print_one(&found, server.output);
        }
        Jobs::Logs {
            job,
            follow,
            attempt,
            tail,
            timestamps,
            server,
        } => {
            let wanted = logs::Wanted {
                attempt,
                tail,
                timestamps,
                format: server.output,
            };
            let client = connect(&server)?;
            if follow {
                logs::follow(&client, &path(&job), &wanted, output::print).await?;
            } else {
                logs::print(&client, &path(&job), &wanted).await?;
            }
        }
        Jobs::Cancel(end) => {
            let client = connect(&end.server)?;
            perform_end(&client, &end, "cancel").await?;
        }
        Jobs::Terminate(end) => {
            let client = connect(&end.server)?;
            perform_end(&client, &end, "terminate").await?;
        }
    }
    Ok(Outcome::Done)
}

async fn perform_submit(client: &Client, submit: &SubmitJob) -> Result<Outcome, Error> {
    let body = request::of(submit)?;
    let submitted = client.send(Method::POST, "/jobs", Some(&body)).await?;
    let format = submit.server.output;
    if !submit.wait {
        print_one(&submitted, format);
        return Ok(Outcome::Done);
    }
    let id = cell(&submitted, "jobId");
    output::note(&format!("submitted {id}"));
    let wanted = logs::Wanted::plain();
    logs::follow(client, &path(&id), &wanted, output::note).await?;
    let ended = client.get(&path(&id)).await?;
    print_one(&ended, format);
    Ok(if cell(&ended, "status") == "SUCCEEDED" {
        Outcome::Done
    } else {
        Outcome::Negative
    })
}

async fn perform_end(client: &Client, end: &EndJob, verb: &str) -> Result<(), Error> {
    let body = Value::object([("reason", Value::from(end.reason.as_str()))]);
    let path = format!("{}/{verb}", path(&end.job));
    let job = client.send(Method::POST, &path, Some(&body)).await?;
    print_one(&job, end.server.output);
    Ok(())
}

fn path(job: &str) -> String {
    format!("/jobs/{}", encoded(job))
}

fn list_path(list: &ListJobs) -> String {
    let mut path = format!("/jobs?limit={}", list.limit.clamp(1, 1000));
    match &list.parent {
        Some(parent) => path.push_str(&format!("&parent={}", encoded(parent))),
        None => path.push_str(&format!("&queue={}", encoded(&list.queue))),
    }
    if let Some(status) = &list.status {
        path.push_str(&format!("&status={}", status.to_uppercase()));
    }
    if let Some(name) = &list.name {
        path.push_str(&format!("&name={}", encoded(name)));
    }
    path
}

fn print_list(jobs: Vec<Value>, format: Format) {
    let text = match format {
        Format::Json => output::indented(&jobs),
        Format::Table => {
            let rows = jobs.iter().map(|job| {
                [
                    cell(job, "jobId"),
                    cell(job, "jobName"),
                    cell(job, "status"),
                    instant(job.get("createdAt")),
                    instant(job.get("startedAt")),
                    instant(job.get("stoppedAt")),
                    cell(job, "statusReason"),
                ]
            });
            output::table(
                [
                    "JOB", "NAME", "STATUS", "CREATED", "STARTED", "STOPPED", "REASON",
                ],
                rows.collect(),
            )
        }
    };
    output::print(&text);
}

fn print_one(job: &Value, format: Format) {
    let text = match format {
        Format::Json => output::indented(job),
        Format::Table => described(job),
    };
    output::print(&text);
}

/// What people look for in a job; the document as a whole is JSON's.
fn described(job: &Value) -> String {
    let container = job.get("container").cloned().unwrap_or_default();
    let name_of = |member: &str| {
        let arn = cell(job, member);
        arn.rsplit('/').next().unwrap_or(&arn).to_owned()
    };
    let words = container.get("command").and_then(Value::as_array);
    let words = words.unwrap_or_default().iter().filter_map(Value::as_str);
    let asked = container.get("resourceRequirements");
    let asked = asked.and_then(Value::as_array).unwrap_or_default();
    let asked = asked
        .iter()
        .map(|one| format!("{} {}", cell(one, "type"), cell(one, "value")));
    let depends_on = job.get("dependsOn").and_then(Value::as_array);
    let depends_on = depends_on.unwrap_or_default().iter();
    let depends_on = depends_on.map(|one| format!("{} {}", cell(one, "jobId"), cell(one, "type")));
    let attempts = job.get("attempts").and_then(Value::as_array);
    let children = job.get("arrayProperties").cloned().unwrap_or_default();
    let members = [
        ("job", cell(job, "jobId")),
        ("name", cell(job, "jobName")),
        ("queue", name_of("jobQueue")),
        ("definition", name_of("jobDefinition")),
        ("status", cell(job, "status")),
        ("reason", cell(job, "statusReason")),
        ("created", instant(job.get("createdAt"))),
        ("started", instant(job.get("startedAt"))),
        ("stopped", instant(job.get("stoppedAt"))),
        ("depends on", joined(depends_on)),
        ("children", counts(&children)),
        ("attempts", attempts.unwrap_or_default().len().to_string()),
        ("image", cell(&container, "image")),
        ("command", words.collect::<Vec<_>>().join(" ")),
        ("resources", joined(asked)),
        ("exit code", cell(&container, "exitCode")),
        ("container", cell(&container, "reason")),
        ("log", cell(&container, "logStreamName")),
    ];
    members
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name:10}  {text}\n"))
        .collect()
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.map(|text| text.trim().to_owned()).collect();
    texts.join(", ")
}

/// How many children there are in each status, those that there are.
fn counts(children: &Value) -> String {
    let summary = children.get("statusSummary").and_then(Value::as_object);
    let counts = summary.into_iter().flatten().filter_map(|(status, count)| {
        let count = count.as_i64().filter(|count| *count > 0)?;
        Some(format!("{count} {status}"))
    });
    joined(counts)
}
