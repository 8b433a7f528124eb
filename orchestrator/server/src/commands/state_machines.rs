//! `ratchet state-machines …`: a server's state machines.

use std::path::Path;

use expression::value::Value;
use hyper::Method;

use crate::arguments::{Server, StateMachines};
use crate::client::{Client, encoded};
use crate::commands::executions::cell;
use crate::commands::read_text;
use crate::config::layers::Environment;
use crate::outcome::{Error, Outcome};
use crate::output::{self, Format};

/// Does what was asked.
pub(super) async fn perform(
    command: StateMachines,
    environment: &Environment,
) -> Result<Outcome, Error> {
    let connect = |server: &Server| Client::new(server.server.as_deref(), environment);
    match command {
        StateMachines::List { server } => {
            let client = connect(&server)?;
            let path = "/state-machines?limit=1000";
            let found = client.list(path, "stateMachines", usize::MAX).await?;
            print_list(found, server.output);
        }
        StateMachines::Create {
            name,
            file,
            express,
            server,
        } => {
            let machine_type = if express { "EXPRESS" } else { "STANDARD" };
            let body = Value::object([
                ("name", Value::from(name)),
                ("type", machine_type.into()),
                ("definition", definition(&file)?),
            ]);
            let client = connect(&server)?;
            let created = client
                .send(Method::POST, "/state-machines", Some(&body))
                .await?;
            print_one(&created, server.output);
        }
        StateMachines::Describe { name, server } => {
            let found = connect(&server)?.get(&path(&name)).await?;
            print_one(&found, server.output);
        }
        StateMachines::Update { name, file, server } => {
            let client = connect(&server)?;
            // PUT would create a state machine that is not there, which is not what was asked.
            client.get(&path(&name)).await?;
            let body = Value::object([("definition", definition(&file)?)]);
            let updated = client.send(Method::PUT, &path(&name), Some(&body)).await?;
            print_one(&updated, server.output);
        }
        StateMachines::Delete { name, server } => {
            let client = connect(&server)?;
            client.send(Method::DELETE, &path(&name), None).await?;
        }
    }
    Ok(Outcome::Done)
}

fn path(name: &str) -> String {
    format!("/state-machines/{}", encoded(name))
}

/// The file's text as it is, so that the server's findings name lines of the file.
fn definition(file: &Path) -> Result<Value, Error> {
    Ok(Value::from(read_text(file)?))
}

fn print_list(machines: Vec<Value>, format: Format) {
    let text = match format {
        Format::Json => output::indented(&machines),
        Format::Table => {
            let rows = machines
                .iter()
                .map(|machine| ["name", "type", "createdAt"].map(|name| cell(machine, name)));
            output::table(["NAME", "TYPE", "CREATED"], rows.collect())
        }
    };
    output::print(&text);
}

fn print_one(machine: &Value, format: Format) {
    let text = match format {
        Format::Json => output::indented(machine),
        Format::Table => output::members(machine),
    };
    output::print(&text);
}
