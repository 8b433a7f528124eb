//! The operations on state machines.

use runtime::views::{CreateStateMachine, StateMachineView, UpdateStateMachine, VersionView};
use store::records::MachineType;

use crate::aws::constraints::Findings;
use crate::aws::json::{Map, Text, Timestamp, decode, encode};
use crate::aws::problem::Problem;
use crate::aws::states::errors::{Mistake, Refusal};
use crate::aws::states::executions::{Included, included, next_page};
use crate::aws::states::names::check_name;
use crate::aws::states::page_token::Request;
use crate::aws::states::settings::{Settings, logging_shown};
use crate::aws::states::tasks::NOTHING;
use crate::aws::states::{Answer, States, page_size, tags, wire};

/// `CreateStateMachine`
pub(super) async fn create(states: &States, body: &[u8]) -> Answer {
    let request: wire::CreateStateMachineInput<'_> = decode(body)?;
    check_name(&request.name)?;
    check_definition_length(states, Some(&request.definition))?;
    check_publish(request.publish, request.version_description.as_ref())?;
    let settings = Settings {
        logging_configuration: request.logging_configuration,
        tracing_configuration: request.tracing_configuration,
        encryption_configuration: request.encryption_configuration,
    };
    settings.check()?;
    let version_description = request.version_description;
    let created = states
        .runtime
        .create_state_machine(CreateStateMachine {
            name: request.name.into_string(),
            definition: request.definition.into_string(),
            role_arn: request.role_arn.into_string(),
            machine_type: machine_type(request.type_.as_ref()),
            settings: settings.to_text(),
            tags: tags::of_request(states, request.tags.as_deref().unwrap_or_default())?,
        })
        .await?;
    let version = published(states, &created, request.publish, version_description).await?;
    Ok(encode(&wire::CreateStateMachineOutput {
        state_machine_arn: &created.arn,
        creation_date: Timestamp(created.created_at),
        state_machine_version_arn: version.as_ref().map(|version| &*version.arn),
    }))
}

/// `UpdateStateMachine`
pub(super) async fn update(states: &States, body: &[u8]) -> Answer {
    let request: wire::UpdateStateMachineInput<'_> = decode(body)?;
    let name = states.arns().machine(&request.state_machine_arn)?;
    check_definition_length(states, request.definition.as_deref())?;
    check_publish(request.publish, request.version_description.as_ref())?;
    let settings = Settings {
        logging_configuration: request.logging_configuration,
        tracing_configuration: request.tracing_configuration,
        encryption_configuration: request.encryption_configuration,
    };
    settings.check()?;
    if request.definition.is_none() && request.role_arn.is_none() && settings.is_empty() {
        return Err(Mistake::NothingToUpdate.into());
    }
    let settings = match settings.is_empty() {
        true => None,
        false => {
            let current = states.runtime.describe_state_machine(name).await?;
            Some(
                settings
                    .over(Settings::of_text(&current.settings))
                    .to_text(),
            )
        }
    };
    let updated = states
        .runtime
        .update_state_machine(UpdateStateMachine {
            name: name.to_owned(),
            definition: request.definition.map(|text| text.0.into_owned()),
            role_arn: request.role_arn.map(|text| text.0.into_owned()),
            settings,
        })
        .await?;
    let version = published(
        states,
        &updated,
        request.publish,
        request.version_description,
    )
    .await?;
    Ok(encode(&wire::UpdateStateMachineOutput {
        update_date: Timestamp(updated.updated_at),
        revision_id: updated.revision_id.as_deref(),
        state_machine_version_arn: version.as_ref().map(|version| &*version.arn),
    }))
}

/// `DescribeStateMachine`
pub(super) async fn describe(states: &States, body: &[u8]) -> Answer {
    let request: wire::DescribeStateMachineInput<'_> = decode(body)?;
    let included = included(request.included_data.as_ref());
    let view = match states.arns().qualified(&request.state_machine_arn)? {
        (name, None) => states.runtime.describe_state_machine(name).await?,
        (name, Some(qualifier)) => states.runtime.describe_qualified(name, &qualifier).await?,
    };
    let settings = Settings::of_text(&view.settings);
    Ok(encode(&wire::DescribeStateMachineOutput {
        state_machine_arn: &view.arn,
        name: &view.name,
        status: Some(wire::StateMachineStatus::Active),
        definition: shown_definition(&view, included),
        role_arn: &view.role_arn,
        type_: wire_type(view.machine_type),
        creation_date: Timestamp(view.created_at),
        logging_configuration: Some(logging_shown(settings.logging_configuration)),
        tracing_configuration: settings.tracing_configuration,
        label: None,
        revision_id: view.revision_id.as_deref(),
        description: view.description.as_deref(),
        encryption_configuration: settings.encryption_configuration,
        variable_references: shown_references(&view, included),
    }))
}

/// `DescribeStateMachineForExecution`
pub(super) async fn describe_for_execution(states: &States, body: &[u8]) -> Answer {
    let request: wire::DescribeStateMachineForExecutionInput<'_> = decode(body)?;
    let (machine, name) = states.arns().execution(&request.execution_arn)?;
    let included = included(request.included_data.as_ref());
    let runtime = &states.runtime;
    let view = runtime
        .describe_state_machine_for_execution(machine, name)
        .await?;
    let settings = Settings::of_text(&view.settings);
    Ok(encode(&wire::DescribeStateMachineForExecutionOutput {
        state_machine_arn: &view.arn,
        name: &view.name,
        definition: shown_definition(&view, included),
        role_arn: &view.role_arn,
        update_date: Timestamp(view.updated_at),
        logging_configuration: Some(logging_shown(settings.logging_configuration)),
        tracing_configuration: settings.tracing_configuration,
        map_run_arn: None,
        label: None,
        revision_id: view.revision_id.as_deref(),
        encryption_configuration: settings.encryption_configuration,
        variable_references: shown_references(&view, included),
    }))
}

/// `ListStateMachines`
pub(super) async fn list(states: &States, body: &[u8]) -> Answer {
    let request: wire::ListStateMachinesInput<'_> = decode(body)?;
    let page = Request {
        operation: wire::Operation::ListStateMachines,
        filters: &[],
    };
    let after = page.number(request.next_token.as_deref())?;
    let limit = page_size(request.max_results);
    let mut items = states.runtime.list_state_machines(after, limit + 1).await?;
    let next_token = next_page(&mut items, limit, |item| page.token_at(item.number));
    let state_machines = items
        .iter()
        .map(|item| wire::StateMachineListItem {
            state_machine_arn: &item.arn,
            name: &item.name,
            type_: wire_type(item.machine_type),
            creation_date: Timestamp(item.created_at),
        })
        .collect();
    Ok(encode(&wire::ListStateMachinesOutput {
        state_machines,
        next_token: next_token.as_deref(),
    }))
}

/// `DeleteStateMachine`
pub(super) async fn delete(states: &States, body: &[u8]) -> Answer {
    let request: wire::DeleteStateMachineInput<'_> = decode(body)?;
    let name = states.arns().machine(&request.state_machine_arn)?;
    states.runtime.delete_state_machine(name).await?;
    Ok(NOTHING.to_vec())
}

/// Standard or Express, as a checked request says it; Standard is the default.
pub(super) fn machine_type(text: Option<&Text<'_>>) -> MachineType {
    match text.and_then(|text| wire::StateMachineType::named(text)) {
        None | Some(wire::StateMachineType::Standard) => MachineType::Standard,
        Some(wire::StateMachineType::Express) => MachineType::Express,
    }
}

/// Checks a definition's length against the configured limit.
///
/// # Errors
/// ValidationException.
pub(super) fn check_definition_length(
    states: &States,
    definition: Option<&str>,
) -> Result<(), Problem> {
    let limit = states.runtime.options().limits.definition_bytes;
    match definition {
        Some(text) if text.len() > limit => Err(Findings::too_long("definition", limit)),
        _ => Ok(()),
    }
}

fn wire_type(machine_type: MachineType) -> wire::StateMachineType {
    match machine_type {
        MachineType::Standard => wire::StateMachineType::Standard,
        MachineType::Express => wire::StateMachineType::Express,
    }
}

fn check_publish(publish: Option<bool>, description: Option<&Text<'_>>) -> Result<(), Refusal> {
    match (publish.unwrap_or_default(), description) {
        (true, _) | (false, None) => Ok(()),
        (false, Some(_)) => {
            Err(Mistake::Request("Version description can only be set when publish is true").into())
        }
    }
}

/// Publishes what was just made or changed, if that is asked for. Nobody else's change is published instead: the revision must be it.
async fn published(
    states: &States,
    machine: &StateMachineView,
    publish: Option<bool>,
    description: Option<Text<'_>>,
) -> Result<Option<VersionView>, Refusal> {
    if !publish.unwrap_or_default() {
        return Ok(None);
    }
    let revision = machine.revision_id.as_deref();
    let description = description.map(|text| text.0.into_owned());
    let version = states
        .runtime
        .publish_version(&machine.name, revision, description)
        .await?;
    Ok(Some(version))
}

/// AWS shows `{}` for a definition that was not asked for.
fn shown_definition(view: &StateMachineView, included: Included) -> &str {
    match included {
        Included::All => &view.definition,
        Included::Metadata => "{}",
    }
}

fn shown_references(view: &StateMachineView, included: Included) -> Option<Map<&str, Vec<&str>>> {
    if included == Included::Metadata || view.variable_references.is_empty() {
        return None;
    }
    let references = view.variable_references.iter();
    let references = references
        .map(|(state, names)| (&**state, names.iter().map(|name| &**name).collect()))
        .collect();
    Some(Map(references))
}
