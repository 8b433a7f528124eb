//! `ratchet test-state`: one state, performed by a server for its own sake.

use std::path::Path;

use expression::value::Value;
use hyper::Method;

use crate::arguments::test_state::TestState;
use crate::client::Client;
use crate::commands::{read_input, read_text};
use crate::config::layers::Environment;
use crate::outcome::{Error, Outcome};
use crate::output::{self, Format};

/// Does what was asked.
pub(super) async fn perform(
    command: TestState,
    environment: &Environment,
) -> Result<Outcome, Error> {
    let format = command.server.output;
    let client = Client::new(command.server.server.as_deref(), environment)?;
    let body = body(command)?;
    let tested = client
        .send(Method::POST, "/test-state", Some(&body))
        .await?;
    output::print(&match format {
        Format::Json => output::indented(&tested),
        Format::Table => output::members(&tested),
    });
    Ok(match tested.get("outcome").and_then(Value::as_str) {
        Some("FAILED") => Outcome::Negative,
        _ => Outcome::Done,
    })
}

fn body(command: TestState) -> Result<Value, Error> {
    let mut body = vec![
        ("definition", Value::from(read_text(&command.file)?)),
        ("input", json("--input", &command.input)?),
        ("revealSecrets", command.reveal_secrets.into()),
    ];
    for (name, given) in [
        ("variables", &command.variables),
        ("context", &command.context),
    ] {
        if let Some(text) = given {
            body.push((name, json(&format!("--{name}"), text)?));
        }
    }
    let texts = [
        ("state", command.state),
        ("roleArn", command.role),
        ("errorCausedBy", command.error_caused_by),
        (
            "itemReaderData",
            command
                .item_reader_data
                .map(|data| text(&data))
                .transpose()?,
        ),
    ];
    body.extend(
        texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, text?.into()))),
    );
    let numbers = [
        ("retries", command.retries),
        ("failedIterations", command.failed_iterations),
    ];
    body.extend(
        numbers
            .into_iter()
            .filter_map(|(name, number)| Some((name, u64::from(number?).into()))),
    );
    let mut mock = Vec::new();
    if let Some(result) = &command.mock {
        mock.push(("result", json("--mock", result)?));
        mock.push(("validation", command.validation.to_uppercase().into()));
    }
    mock.extend(command.mock_error.map(|error| ("error", error.into())));
    mock.extend(command.mock_cause.map(|cause| ("cause", cause.into())));
    if !mock.is_empty() {
        body.push(("mock", Value::object(mock)));
    }
    Ok(Value::object(body))
}

fn json(flag: &str, argument: &str) -> Result<Value, Error> {
    let text = read_input(flag, argument)?;
    Value::parse(&text).map_err(|error| Error::Usage(error.to_string()))
}

/// A text itself, or that of `@FILE`.
fn text(argument: &str) -> Result<String, Error> {
    match argument.strip_prefix('@') {
        Some(file) => read_text(Path::new(file)),
        None => Ok(argument.to_owned()),
    }
}
