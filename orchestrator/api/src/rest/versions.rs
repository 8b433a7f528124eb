//! `/api/v1/state-machines/{name}/versions` and `…/aliases`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use runtime::runtime::Runtime;
use runtime::views::{AliasView, PutAlias, Route, VersionView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::aws::constraints::is_alias;
use crate::rest::body::{Answer, Body, Part, instant};
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// A version of a state machine: a definition that never changes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    /// Its number.
    version: u64,
    /// Its ARN.
    arn: String,
    /// What its publisher says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// When it was published.
    #[schema(format = DateTime)]
    created_at: String,
}

/// The versions of a state machine.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Versions {
    /// The versions, the newest first.
    versions: Vec<Version>,
}

/// Asks for a version.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewVersion {
    /// What to say of it.
    description: Option<String>,
    /// Only if this is the state machine's revision.
    revision_id: Option<String>,
}

/// An alias: a name that leads to one version, or to two by their weights.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alias {
    /// Its name.
    name: String,
    /// Its ARN.
    arn: String,
    /// What its maker says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// Where it leads.
    routes: Vec<RouteTo>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was changed last.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// The aliases of a state machine.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Aliases {
    /// The aliases, the newest first.
    aliases: Vec<Alias>,
}

/// Says where an alias leads.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAlias {
    /// What to say of it.
    description: Option<String>,
    /// One version with weight 100, or two whose weights come to 100.
    routes: Vec<RouteTo>,
}

/// A version and its share of the starts.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteTo {
    /// The version's number.
    version: u64,
    /// The percentage of starts that it gets.
    weight: u8,
}

/// Lists the versions of a state machine
#[utoipa::path(get, path = "/api/v1/state-machines/{name}/versions", tag = "state machines", operation_id = "listVersions",
    params(("name" = String, Path, description = "The state machine's name")),
    responses(
        (status = 200, description = "The versions, the newest first", body = Versions),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(State(runtime): State<Runtime>, Part(name): Part) -> Answer<Versions> {
    let versions = runtime.list_versions(&name).await?;
    let versions = versions.iter().map(Version::from).collect();
    Ok(Json(Versions { versions }))
}

/// Publishes a version
///
/// A version is the definition as it is now. If that was published before, the answer is that version.
#[utoipa::path(post, path = "/api/v1/state-machines/{name}/versions", tag = "state machines", operation_id = "publishVersion",
    params(("name" = String, Path, description = "The state machine's name")),
    request_body = NewVersion,
    responses(
        (status = 200, description = "The version", body = Version),
        (status = 409, description = "The revision is another", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn publish(
    State(runtime): State<Runtime>,
    Part(name): Part,
    Body(new): Body<NewVersion>,
) -> Answer<Version> {
    let version = runtime
        .publish_version(&name, new.revision_id.as_deref(), new.description)
        .await?;
    Ok(Json(Version::from(&version)))
}

/// Deletes a version
///
/// Executions of it go on. One that is not there is no mistake; one that an alias leads to stays.
#[utoipa::path(delete, path = "/api/v1/state-machines/{name}/versions/{version}", tag = "state machines", operation_id = "deleteVersion",
    params(("name" = String, Path, description = "The state machine's name"), ("version" = u64, Path, description = "The version's number")),
    responses(
        (status = 204, description = "It is not there any more"),
        (status = 409, description = "An alias leads to it", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(runtime): State<Runtime>,
    Path((name, version)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let number = version.parse().map_err(|_| {
        let detail = format!("`{version}` is no version's number");
        Problem::new(Kind::InvalidId, detail)
    })?;
    runtime.delete_version(&name, number).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the aliases of a state machine
#[utoipa::path(get, path = "/api/v1/state-machines/{name}/aliases", tag = "state machines", operation_id = "listAliases",
    params(("name" = String, Path, description = "The state machine's name")),
    responses(
        (status = 200, description = "The aliases, the newest first", body = Aliases),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list_aliases(
    State(runtime): State<Runtime>,
    Part(name): Part,
) -> Answer<Aliases> {
    let aliases = runtime.list_aliases(&name, None).await?;
    let aliases = aliases.iter().map(Alias::from).collect();
    Ok(Json(Aliases { aliases }))
}

/// Makes an alias or changes it
#[utoipa::path(put, path = "/api/v1/state-machines/{name}/aliases/{alias}", tag = "state machines", operation_id = "putAlias",
    params(("name" = String, Path, description = "The state machine's name"), ("alias" = String, Path, description = "The alias's name")),
    request_body = NewAlias,
    responses(
        (status = 200, description = "The alias", body = Alias),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn put_alias(
    State(runtime): State<Runtime>,
    Path((name, alias)): Path<(String, String)>,
    Body(new): Body<NewAlias>,
) -> Answer<Alias> {
    if !is_alias(&alias) || alias.len() > 80 {
        let detail = format!(
            "`{alias}` can't be an alias; an alias has 1 to 80 letters, digits, `_`, `-` and `.`, and not digits alone"
        );
        return Err(Problem::new(Kind::InvalidName, detail));
    }
    let routes = new.routes.iter().map(|route| Route {
        state_machine: name.clone(),
        version: route.version,
        weight: route.weight,
    });
    let request = PutAlias {
        state_machine: name.clone(),
        name: alias.clone(),
        description: new.description,
        routes: Some(routes.collect()),
    };
    let known = runtime.list_aliases(&name, None).await?;
    let alias = if known.iter().any(|known| known.name == alias) {
        runtime.update_alias(request).await?
    } else {
        runtime.create_alias(request).await?
    };
    Ok(Json(Alias::from(&alias)))
}

/// Shows an alias
#[utoipa::path(get, path = "/api/v1/state-machines/{name}/aliases/{alias}", tag = "state machines", operation_id = "getAlias",
    params(("name" = String, Path, description = "The state machine's name"), ("alias" = String, Path, description = "The alias's name")),
    responses(
        (status = 200, description = "The alias", body = Alias),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn describe_alias(
    State(runtime): State<Runtime>,
    Path((name, alias)): Path<(String, String)>,
) -> Answer<Alias> {
    let alias = runtime.describe_alias(&name, &alias).await?;
    Ok(Json(Alias::from(&alias)))
}

/// Deletes an alias
#[utoipa::path(delete, path = "/api/v1/state-machines/{name}/aliases/{alias}", tag = "state machines", operation_id = "deleteAlias",
    params(("name" = String, Path, description = "The state machine's name"), ("alias" = String, Path, description = "The alias's name")),
    responses(
        (status = 204, description = "It is not there any more"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete_alias(
    State(runtime): State<Runtime>,
    Path((name, alias)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    runtime.delete_alias(&name, &alias).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<&VersionView> for Version {
    fn from(view: &VersionView) -> Self {
        Self {
            version: view.number,
            arn: view.arn.to_string(),
            description: view.description.clone(),
            created_at: instant(view.created_at),
        }
    }
}

impl From<&AliasView> for Alias {
    fn from(view: &AliasView) -> Self {
        let number = |arn: &str| arn.rsplit(':').next()?.parse().ok();
        let routes = view.routes.iter().map(|(arn, weight)| RouteTo {
            version: number(arn).unwrap_or_default(),
            weight: *weight,
        });
        Self {
            name: view.name.clone(),
            arn: view.arn.to_string(),
            description: view.description.clone(),
            routes: routes.collect(),
            created_at: instant(view.created_at),
            updated_at: instant(view.updated_at),
        }
    }
}
