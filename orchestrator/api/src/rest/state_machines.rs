//! `/api/v1/state-machines`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use runtime::error::Error;
use runtime::runtime::Runtime;
use runtime::views::{CreateStateMachine, StateMachineItem, StateMachineView, UpdateStateMachine};
use serde::{Deserialize, Serialize};
use store::records::MachineType;
use utoipa::{IntoParams, ToSchema};

use crate::rest::body::{Answer, Any, Body, Page, Parameters, Part, instant};
use crate::rest::machine_settings::{LoggingConfiguration, MachineSettings, TracingConfiguration};
use crate::rest::names;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// A state machine.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateMachine {
    /// Its name.
    name: String,
    /// Its ARN, by which AWS's API knows it.
    arn: String,
    #[serde(rename = "type")]
    kind: Type,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When its definition or role was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// The role that its executions run under.
    role_arn: String,
    /// Which definition it is; a state machine that was never changed has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    revision_id: Option<String>,
    /// What is logged of its executions, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    logging_configuration: Option<LoggingConfiguration>,
    /// Whether they are traced, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tracing_configuration: Option<TracingConfiguration>,
    /// The definition, in Amazon States Language.
    definition: Any,
}

/// A state machine in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateMachineSummary {
    /// Its name.
    name: String,
    /// Its ARN, by which AWS's API knows it.
    arn: String,
    #[serde(rename = "type")]
    kind: Type,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
}

/// A page of state machines.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateMachines {
    /// The state machines, in the order of their creation.
    state_machines: Vec<StateMachineSummary>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// Standard: durable, with a history. Express: short-lived, nothing is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Type {
    #[default]
    Standard,
    Express,
}

/// Asks for a state machine.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewStateMachine {
    /// Its name.
    name: String,
    /// The definition, as JSON or as a text with JSON in it.
    definition: Any,
    /// Standard when absent.
    #[serde(default, rename = "type")]
    kind: Type,
    /// The role that its executions run under.
    role_arn: Option<String>,
    /// What is logged of its executions; nothing when absent.
    #[schema(nullable = false)]
    logging_configuration: Option<LoggingConfiguration>,
    /// Whether its executions are traced; they are not when absent.
    #[schema(nullable = false)]
    tracing_configuration: Option<TracingConfiguration>,
}

/// Says how a state machine is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Replacement {
    /// The definition, as JSON or as a text with JSON in it.
    definition: Any,
    /// It can't be changed; Standard when absent and the state machine is new.
    #[serde(rename = "type")]
    kind: Option<Type>,
    /// The role that its executions run under; it stays when absent.
    role_arn: Option<String>,
    /// What is logged of its executions; it stays when absent.
    #[schema(nullable = false)]
    logging_configuration: Option<LoggingConfiguration>,
    /// Whether its executions are traced; it stays when absent.
    #[schema(nullable = false)]
    tracing_configuration: Option<TracingConfiguration>,
}

/// Which page.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParameters {
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many at most, from 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

impl PageParameters {
    /// The page.
    ///
    /// # Errors
    /// When the cursor is none that this server gave, or the limit is out of range.
    pub(super) fn page(&self) -> Result<Page, Problem> {
        Page::new(self.cursor.as_deref(), self.limit)
    }
}

/// Lists state machines
#[utoipa::path(get, path = "/api/v1/state-machines", tag = "state machines", operation_id = "listStateMachines",
    params(PageParameters),
    responses(
        (status = 200, description = "A page of state machines, in the order of their creation", body = StateMachines),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(runtime): State<Runtime>,
    Parameters(parameters): Parameters<PageParameters>,
) -> Answer<StateMachines> {
    let page = parameters.page()?;
    let found = runtime.list_state_machines(page.cursor, page.limit).await?;
    Ok(Json(StateMachines {
        next: page.next(found.len(), found.last().map(|item| item.number)),
        state_machines: found.iter().map(StateMachineSummary::from).collect(),
    }))
}

/// Creates a state machine
///
/// The same request again gives the same state machine.
#[utoipa::path(post, path = "/api/v1/state-machines", tag = "state machines", operation_id = "createStateMachine",
    request_body = NewStateMachine,
    responses(
        (status = 201, description = "It is there", body = StateMachine,
            headers(("Location" = String, description = "Its path"))),
        (status = 409, description = "There is another of that name", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The definition has errors", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create(
    State(runtime): State<Runtime>,
    Body(new): Body<NewStateMachine>,
) -> Result<Response, Problem> {
    made(&runtime, new).await
}

/// Shows a state machine
#[utoipa::path(get, path = "/api/v1/state-machines/{name}", tag = "state machines", operation_id = "getStateMachine",
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "The state machine", body = StateMachine),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn describe(
    State(runtime): State<Runtime>,
    Part(name): Part,
) -> Answer<StateMachine> {
    let view = runtime.describe_state_machine(&name).await?;
    Ok(Json(StateMachine::of(&view)?))
}

/// Replaces a state machine's definition, or creates the state machine
///
/// Executions that run keep the definition that they were started with.
#[utoipa::path(put, path = "/api/v1/state-machines/{name}", tag = "state machines", operation_id = "putStateMachine",
    params(("name" = String, Path, description = "Its name")),
    request_body = Replacement,
    responses(
        (status = 200, description = "It was replaced, or was so before", body = StateMachine),
        (status = 201, description = "It was created", body = StateMachine,
            headers(("Location" = String, description = "Its path"))),
        (status = 409, description = "It has another type", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The definition has errors", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn replace(
    State(runtime): State<Runtime>,
    Part(name): Part,
    Body(new): Body<Replacement>,
) -> Result<Response, Problem> {
    let found = match runtime.describe_state_machine(&name).await {
        Ok(found) => found,
        Err(Error::StateMachineDoesNotExist(_)) => {
            let Replacement {
                definition,
                kind,
                role_arn,
                logging_configuration,
                tracing_configuration,
            } = new;
            let new = NewStateMachine {
                name,
                definition,
                kind: kind.unwrap_or_default(),
                role_arn,
                logging_configuration,
                tracing_configuration,
            };
            return made(&runtime, new).await;
        }
        Err(error) => return Err(error.into()),
    };
    if new
        .kind
        .is_some_and(|kind| kind != Type::from(found.machine_type))
    {
        let detail = format!("the state machine {name} has another type, which can't be changed");
        return Err(Problem::new(Kind::StateMachineExists, detail));
    }
    let settings = MachineSettings {
        logging_configuration: new.logging_configuration,
        tracing_configuration: new.tracing_configuration,
    };
    let view = runtime
        .update_state_machine(UpdateStateMachine {
            name,
            definition: Some(definition_text(&new.definition)?),
            role_arn: new.role_arn,
            settings: settings.over(&found.settings)?,
        })
        .await?;
    Ok(Json(StateMachine::of(&view)?).into_response())
}

/// Deletes a state machine
///
/// Executions that run go on to their end. A state machine that is not there is no problem.
#[utoipa::path(delete, path = "/api/v1/state-machines/{name}", tag = "state machines", operation_id = "deleteStateMachine",
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = 204, description = "It is not there any more"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(runtime): State<Runtime>,
    Part(name): Part,
) -> Result<StatusCode, Problem> {
    runtime.delete_state_machine(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn made(runtime: &Runtime, new: NewStateMachine) -> Result<Response, Problem> {
    names::check(&new.name)?;
    let account = &runtime.options().partition.account;
    let settings = MachineSettings {
        logging_configuration: new.logging_configuration,
        tracing_configuration: new.tracing_configuration,
    };
    let role_arn = new.role_arn;
    let request = CreateStateMachine {
        definition: definition_text(&new.definition)?,
        role_arn: role_arn.unwrap_or_else(|| format!("arn:aws:iam::{account}:role/ratchet")),
        machine_type: new.kind.into(),
        settings: settings.over("{}")?.unwrap_or_else(|| "{}".to_owned()),
        tags: Vec::new(),
        name: new.name,
    };
    let view = runtime.create_state_machine(request).await?;
    let location = format!("/api/v1/state-machines/{}", names::encoded(&view.name));
    let body = Json(StateMachine::of(&view)?);
    Ok((StatusCode::CREATED, [(LOCATION, location)], body).into_response())
}

/// The definition's text. Lines and columns of findings count in it: in the text of the object, or in the string's content.
pub(super) fn definition_text(definition: &Any) -> Result<String, Problem> {
    let text = definition.text();
    if !text.starts_with('"') {
        return Ok(text.to_owned());
    }
    serde_json::from_str(text).map_err(|error| Problem::new(Kind::InvalidBody, error.to_string()))
}

impl StateMachine {
    fn of(view: &StateMachineView) -> Result<Self, Problem> {
        let settings = MachineSettings::of_text(&view.settings);
        Ok(Self {
            name: view.name.to_string(),
            arn: view.arn.to_string(),
            kind: view.machine_type.into(),
            created_at: instant(view.created_at),
            updated_at: instant(view.updated_at),
            role_arn: view.role_arn.to_string(),
            revision_id: view.revision_id.as_deref().map(str::to_owned),
            logging_configuration: settings.logging_configuration,
            tracing_configuration: settings.tracing_configuration,
            definition: Any::of_stored_text(&view.definition)?,
        })
    }
}

impl From<&StateMachineItem> for StateMachineSummary {
    fn from(item: &StateMachineItem) -> Self {
        Self {
            name: item.name.to_string(),
            arn: item.arn.to_string(),
            kind: item.machine_type.into(),
            created_at: instant(item.created_at),
        }
    }
}

impl From<MachineType> for Type {
    fn from(machine_type: MachineType) -> Self {
        match machine_type {
            MachineType::Standard => Self::Standard,
            MachineType::Express => Self::Express,
        }
    }
}

impl From<Type> for MachineType {
    fn from(kind: Type) -> Self {
        match kind {
            Type::Standard => Self::Standard,
            Type::Express => Self::Express,
        }
    }
}
