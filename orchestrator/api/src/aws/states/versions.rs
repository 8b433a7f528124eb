//! The operations on versions and aliases.

use runtime::views::{AliasView, PutAlias, Route, VersionView};
use store::contract::Qualifier;

use crate::aws::json::{Required, Text, Timestamp, decode, encode};
use crate::aws::states::errors::{Mistake, Refusal};
use crate::aws::states::executions::next_page;
use crate::aws::states::page_token::Request;
use crate::aws::states::tasks::NOTHING;
use crate::aws::states::{Answer, States, page_size, wire};

/// `PublishStateMachineVersion`
pub(super) async fn publish(states: &States, body: &[u8]) -> Answer {
    let request: wire::PublishStateMachineVersionInput<'_> = decode(body)?;
    let machine = states.arns().machine(&request.state_machine_arn)?;
    let description = request.description.map(|text| text.0.into_owned());
    let published = states
        .runtime
        .publish_version(machine, request.revision_id.as_deref(), description)
        .await?;
    Ok(encode(&wire::PublishStateMachineVersionOutput {
        creation_date: Timestamp(published.created_at),
        state_machine_version_arn: &published.arn,
    }))
}

/// `ListStateMachineVersions`
pub(super) async fn list(states: &States, body: &[u8]) -> Answer {
    let request: wire::ListStateMachineVersionsInput<'_> = decode(body)?;
    let machine = states.arns().machine(&request.state_machine_arn)?;
    let page = Request {
        operation: wire::Operation::ListStateMachineVersions,
        filters: &[machine],
    };
    let below = page.number(request.next_token.as_deref())?;
    let limit = page_size(request.max_results);
    let all = states.runtime.list_versions(machine).await?;
    let below = |version: &VersionView| below.is_none_or(|below| version.number < below);
    let mut items: Vec<_> = all.into_iter().filter(below).take(limit + 1).collect();
    let next_token = next_page(&mut items, limit, |item| page.token_at(item.number));
    Ok(encode(&wire::ListStateMachineVersionsOutput {
        state_machine_versions: items
            .iter()
            .map(|version| wire::StateMachineVersionListItem {
                state_machine_version_arn: &version.arn,
                creation_date: Timestamp(version.created_at),
            })
            .collect(),
        next_token: next_token.as_deref(),
    }))
}

/// `DeleteStateMachineVersion`
pub(super) async fn delete(states: &States, body: &[u8]) -> Answer {
    let request: wire::DeleteStateMachineVersionInput<'_> = decode(body)?;
    let arn = &*request.state_machine_version_arn;
    let (machine, version) = states.arns().version(arn)?;
    states.runtime.delete_version(machine, version).await?;
    Ok(NOTHING.to_vec())
}

/// `CreateStateMachineAlias`
pub(super) async fn create_alias(states: &States, body: &[u8]) -> Answer {
    let request: wire::CreateStateMachineAliasInput<'_> = decode(body)?;
    let routes = routes(states, &request.routing_configuration)?;
    let state_machine = routes.first().map(|route| route.state_machine.clone());
    let created = states
        .runtime
        .create_alias(PutAlias {
            state_machine: state_machine.unwrap_or_default(),
            name: request.name.into_string(),
            description: request.description.map(|text| text.0.into_owned()),
            routes: Some(routes),
        })
        .await?;
    Ok(encode(&wire::CreateStateMachineAliasOutput {
        state_machine_alias_arn: &created.arn,
        creation_date: Timestamp(created.created_at),
    }))
}

/// `UpdateStateMachineAlias`
pub(super) async fn update_alias(states: &States, body: &[u8]) -> Answer {
    let request: wire::UpdateStateMachineAliasInput<'_> = decode(body)?;
    let (machine, alias) = states.arns().alias(&request.state_machine_alias_arn)?;
    if request.description.is_none() && request.routing_configuration.is_none() {
        return Err(Mistake::Request(
            "Either the description or the routing configuration must be specified",
        )
        .into());
    }
    let routes = match &request.routing_configuration {
        Some(configuration) => Some(routes(states, configuration)?),
        None => None,
    };
    let updated = states
        .runtime
        .update_alias(PutAlias {
            state_machine: machine.to_owned(),
            name: alias.to_owned(),
            description: request.description.as_deref().map(str::to_owned),
            routes,
        })
        .await?;
    Ok(encode(&wire::UpdateStateMachineAliasOutput {
        update_date: Timestamp(updated.updated_at),
    }))
}

/// `DescribeStateMachineAlias`
pub(super) async fn describe_alias(states: &States, body: &[u8]) -> Answer {
    let request: wire::DescribeStateMachineAliasInput<'_> = decode(body)?;
    let (machine, alias) = states.arns().alias(&request.state_machine_alias_arn)?;
    let alias = states.runtime.describe_alias(machine, alias).await?;
    let routes = alias.routes.iter();
    Ok(encode(&wire::DescribeStateMachineAliasOutput {
        state_machine_alias_arn: Some(&alias.arn),
        name: Some(&alias.name),
        description: alias.description.as_deref(),
        routing_configuration: Some(
            routes
                .map(|(arn, weight)| wire::RoutingConfigurationListItem {
                    state_machine_version_arn: Required(Some(Text((&**arn).into()))),
                    weight: Required(Some(i32::from(*weight))),
                })
                .collect(),
        ),
        creation_date: Some(Timestamp(alias.created_at)),
        update_date: Some(Timestamp(alias.updated_at)),
    }))
}

/// `ListStateMachineAliases`
pub(super) async fn list_aliases(states: &States, body: &[u8]) -> Answer {
    let request: wire::ListStateMachineAliasesInput<'_> = decode(body)?;
    let arn = &*request.state_machine_arn;
    let (machine, version) = match states.arns().qualified(arn)? {
        (machine, None) => (machine, None),
        (machine, Some(Qualifier::Version(number))) => (machine, Some(number)),
        (_, Some(Qualifier::Alias(_))) => {
            return Err(Mistake::Arn(format!("Alias is not supported here: {arn}")).into());
        }
    };
    let page = Request {
        operation: wire::Operation::ListStateMachineAliases,
        filters: &[arn],
    };
    let after = page.name(request.next_token.as_deref())?;
    let limit = page_size(request.max_results);
    let all = states.runtime.list_aliases(machine, version).await?;
    let mut items = after_alias(all, after.as_deref());
    items.truncate(limit + 1);
    let next_token = next_page(&mut items, limit, |item| page.token(item.name.as_bytes()));
    Ok(encode(&wire::ListStateMachineAliasesOutput {
        state_machine_aliases: items
            .iter()
            .map(|alias| wire::StateMachineAliasListItem {
                state_machine_alias_arn: &alias.arn,
                creation_date: Timestamp(alias.created_at),
            })
            .collect(),
        next_token: next_token.as_deref(),
    }))
}

/// `DeleteStateMachineAlias`
pub(super) async fn delete_alias(states: &States, body: &[u8]) -> Answer {
    let request: wire::DeleteStateMachineAliasInput<'_> = decode(body)?;
    let (machine, alias) = states.arns().alias(&request.state_machine_alias_arn)?;
    states.runtime.delete_alias(machine, alias).await?;
    Ok(NOTHING.to_vec())
}

/// The aliases behind the one that the page before ended with. If that was deleted meanwhile, the list begins anew.
fn after_alias(all: Vec<AliasView>, after: Option<&str>) -> Vec<AliasView> {
    let position = after.and_then(|after| all.iter().position(|alias| alias.name == after));
    let skip = position.map_or(0, |position| position + 1);
    all.into_iter().skip(skip).collect()
}

fn routes(
    states: &States,
    configuration: &[wire::RoutingConfigurationListItem<'_>],
) -> Result<Vec<Route>, Refusal> {
    let routes = configuration.iter().map(|item| {
        let (machine, version) = states.arns().version(&item.state_machine_version_arn)?;
        let weight = item.weight.0.unwrap_or_default();
        Ok(Route {
            state_machine: machine.to_owned(),
            version,
            weight: u8::try_from(weight).unwrap_or(u8::MAX),
        })
    });
    routes.collect()
}
