//! Versions and aliases of state machines: what each name leads to, and how they come and go.
//!
//! All of a machine's are one document of the store, read with the machine and kept with it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use store::contract::{Commit, Qualifier, Write};
use store::records::{ResourceRecord, RevisionId, StartedBy, StateMachineId};

use crate::catalogue::revision_view;
use crate::engine::Engine;
use crate::error::Error;
use crate::machines::{Machine, Revision};
use crate::views::{AliasView, PutAlias, Route, StateMachineView, VersionView};

/// The kind of the documents; each has its machine's number for a name.
const KIND: &str = "states/versions";

/// What `revisionId` says of a machine that was never updated.
const INITIAL: &str = "INITIAL";

/// The versions and aliases of one machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Published {
    /// The greatest number that was given out; none is given twice.
    last_version: u64,
    /// The versions, oldest first.
    versions: Vec<Version>,
    /// The aliases, in the order of their making.
    aliases: Vec<Alias>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    number: u64,
    revision: u64,
    description: Option<String>,
    created_at: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alias {
    name: String,
    description: Option<String>,
    routes: Vec<StoredRoute>,
    created_at: i64,
    updated_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct StoredRoute {
    version: u64,
    weight: u8,
}

/// A machine as a start meets it: which definition runs, and by which names it was asked for.
pub(crate) struct Chosen {
    pub(crate) revision: Arc<Revision>,
    pub(crate) by: StartedBy,
}

impl Engine {
    /// What a machine has published; nothing for most.
    pub(crate) async fn published(&self, id: StateMachineId) -> Result<Arc<Published>, Error> {
        let Some(record) = self.store.resource(KIND, &name_of(id)).await? else {
            return Ok(Arc::default());
        };
        let published = serde_json::from_str(&record.document).map_err(|error| {
            store::contract::Error::Damaged {
                what: format!("the versions of state machine {}", id.0),
                why: error.to_string(),
            }
        })?;
        Ok(Arc::new(published))
    }

    /// The definition that a start of the machine runs. An alias with two versions draws here, once.
    pub(crate) async fn choose(
        &self,
        machine: &Machine,
        qualifier: Option<&Qualifier>,
    ) -> Result<Chosen, Error> {
        let Some(qualifier) = qualifier else {
            return Ok(Chosen {
                revision: machine.current.clone(),
                by: StartedBy::default(),
            });
        };
        let missing = || Error::StateMachineDoesNotExist(qualified(&machine.arn, qualifier));
        let (version, alias) = match qualifier {
            Qualifier::Version(number) => (*number, None),
            Qualifier::Alias(name) => {
                let alias = machine.published.alias(name).ok_or_else(missing)?;
                let drawn = u8::try_from(self.options.world.seed() % 100).unwrap_or_default();
                let version = alias.draw(drawn).ok_or_else(missing)?;
                (version, Some(name.clone()))
            }
        };
        let found = machine.published.version(version).ok_or_else(missing)?;
        Ok(Chosen {
            revision: self.revision(RevisionId(found.revision)).await?,
            by: StartedBy {
                version: Some(version),
                alias,
            },
        })
    }

    /// A version of a machine, or the one that an alias leads to most often.
    pub(crate) async fn describe_qualified(
        &self,
        name: &str,
        qualifier: &Qualifier,
    ) -> Result<StateMachineView, Error> {
        let machine = self.machine(name).await?;
        let missing = || Error::StateMachineDoesNotExist(qualified(&machine.arn, qualifier));
        let number = match qualifier {
            Qualifier::Version(number) => *number,
            Qualifier::Alias(name) => {
                let alias = machine.published.alias(name).ok_or_else(missing)?;
                let route = alias.routes.iter().max_by_key(|route| route.weight);
                route.ok_or_else(missing)?.version
            }
        };
        let version = machine.published.version(number).ok_or_else(missing)?;
        let revision = self.revision(RevisionId(version.revision)).await?;
        Ok(StateMachineView {
            arn: version_arn(&machine.arn, number),
            created_at: version.created_at,
            description: version.description.as_deref().map(Into::into),
            ..revision_view(&machine, &revision)
        })
    }

    /// Publishes the current definition, unless that is done already.
    pub(crate) async fn publish(
        &self,
        name: &str,
        revision_id: Option<&str>,
        description: Option<String>,
    ) -> Result<VersionView, Error> {
        self.refuse_when_closing()?;
        let _catalogue = self.catalogue.lock().await;
        let _change = self.machines.change(name);
        let machine = self.machine(name).await?;
        let current = &machine.current.record;
        let public_id = current.public_id.as_deref().unwrap_or(INITIAL);
        if let Some(wanted) = revision_id.filter(|wanted| *wanted != public_id) {
            return Err(Error::Conflict(format!(
                "Failed to publish the State Machine version for revision {wanted}. The current State Machine revision is \
                 {public_id}."
            )));
        }
        let mut published = (*machine.published).clone();
        let known = published
            .versions
            .iter()
            .find(|version| version.revision == current.id.0);
        if let Some(version) = known {
            return Ok(version.view(&machine.arn));
        }
        let limit = self.options.limits.versions;
        if published.versions.len() >= limit {
            return Err(Error::QuotaExceeded {
                what: "versions of a state machine",
                limit,
            });
        }
        published.last_version += 1;
        let version = Version {
            number: published.last_version,
            revision: current.id.0,
            description,
            created_at: self.options.world.now(),
        };
        let view = version.view(&machine.arn);
        published.versions.push(version);
        self.keep_published(&machine, &published).await?;
        Ok(view)
    }

    /// The versions of a machine, newest first.
    pub(crate) async fn list_versions(&self, name: &str) -> Result<Vec<VersionView>, Error> {
        let machine = self.machine(name).await?;
        let versions = machine.published.versions.iter().rev();
        Ok(versions.map(|version| version.view(&machine.arn)).collect())
    }

    /// Deletes a version; one that is not there is no mistake. Executions of it go on.
    pub(crate) async fn delete_version(&self, name: &str, number: u64) -> Result<(), Error> {
        self.refuse_when_closing()?;
        let _catalogue = self.catalogue.lock().await;
        let _change = self.machines.change(name);
        let machine = match self.machine(name).await {
            Ok(machine) => machine,
            Err(Error::StateMachineDoesNotExist(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut published = (*machine.published).clone();
        let leads_there = |alias: &&Alias| alias.routes.iter().any(|route| route.version == number);
        let names: Vec<&str> = published
            .aliases
            .iter()
            .filter(leads_there)
            .map(|alias| &*alias.name)
            .collect();
        if !names.is_empty() {
            return Err(Error::Conflict(format!(
                "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [{}]",
                names.join(", ")
            )));
        }
        let before = published.versions.len();
        published
            .versions
            .retain(|version| version.number != number);
        if published.versions.len() == before {
            return Ok(());
        }
        self.keep_published(&machine, &published).await
    }

    /// Makes an alias; the same again is the same.
    pub(crate) async fn create_alias(&self, request: PutAlias) -> Result<AliasView, Error> {
        self.refuse_when_closing()?;
        let _catalogue = self.catalogue.lock().await;
        let _change = self.machines.change(&request.state_machine);
        let machine = self.routed_machine(&request).await?;
        let mut published = (*machine.published).clone();
        let routes = request.routes.unwrap_or_default();
        let routes = published.routes(&machine, &routes)?;
        if let Some(known) = published.alias(&request.name) {
            if known.routes == routes && known.description == request.description {
                return Ok(known.view(&machine.arn));
            }
            return Err(Error::Conflict(
                "Failed to create alias because an alias with the same name and a different routing configuration already \
                 exists."
                    .to_owned(),
            ));
        }
        let limit = self.options.limits.aliases;
        if published.aliases.len() >= limit {
            return Err(Error::QuotaExceeded {
                what: "aliases of a state machine",
                limit,
            });
        }
        let now = self.options.world.now();
        let alias = Alias {
            name: request.name,
            description: request.description,
            routes,
            created_at: now,
            updated_at: now,
        };
        let view = alias.view(&machine.arn);
        published.aliases.push(alias);
        self.keep_published(&machine, &published).await?;
        Ok(view)
    }

    /// Changes an alias; what is absent stays.
    pub(crate) async fn update_alias(&self, request: PutAlias) -> Result<AliasView, Error> {
        self.refuse_when_closing()?;
        let _catalogue = self.catalogue.lock().await;
        let _change = self.machines.change(&request.state_machine);
        let machine = self.routed_machine(&request).await?;
        let mut published = (*machine.published).clone();
        let routes = match &request.routes {
            Some(routes) => Some(published.routes(&machine, routes)?),
            None => None,
        };
        let now = self.options.world.now();
        let alias = published.aliases.iter_mut();
        let Some(alias) = alias.into_iter().find(|alias| alias.name == request.name) else {
            return Err(no_alias(&machine.arn, &request.name));
        };
        let before = alias.clone();
        if let Some(routes) = routes {
            alias.routes = routes;
        }
        if request.description.is_some() {
            alias.description = request.description;
        }
        if *alias == before {
            return Ok(before.view(&machine.arn));
        }
        alias.updated_at = now;
        let view = alias.view(&machine.arn);
        self.keep_published(&machine, &published).await?;
        Ok(view)
    }

    /// An alias.
    pub(crate) async fn describe_alias(&self, name: &str, alias: &str) -> Result<AliasView, Error> {
        let machine = self.machine_of_alias(name, alias).await?;
        let found = machine.published.alias(alias);
        let found = found.ok_or_else(|| no_alias(&machine.arn, alias))?;
        Ok(found.view(&machine.arn))
    }

    /// The aliases of a machine, or those of them that lead to a version, newest first.
    pub(crate) async fn list_aliases(
        &self,
        name: &str,
        version: Option<u64>,
    ) -> Result<Vec<AliasView>, Error> {
        let machine = self.machine(name).await?;
        if let Some(number) = version
            && machine.published.version(number).is_none()
        {
            let arn = version_arn(&machine.arn, number).to_string();
            return Err(Error::NoSuchQualifier(arn));
        }
        let leads_there = |alias: &&Alias| match version {
            None => true,
            Some(version) => alias.routes.iter().any(|route| route.version == version),
        };
        let aliases = machine.published.aliases.iter().rev().filter(leads_there);
        Ok(aliases.map(|alias| alias.view(&machine.arn)).collect())
    }

    /// Deletes an alias; its versions stay.
    pub(crate) async fn delete_alias(&self, name: &str, alias: &str) -> Result<(), Error> {
        self.refuse_when_closing()?;
        let _catalogue = self.catalogue.lock().await;
        let _change = self.machines.change(name);
        let machine = self.machine_of_alias(name, alias).await?;
        let mut published = (*machine.published).clone();
        let before = published.aliases.len();
        published.aliases.retain(|known| known.name != alias);
        if published.aliases.len() == before {
            return Err(no_alias(&machine.arn, alias));
        }
        self.keep_published(&machine, &published).await
    }

    /// What removes everything that a machine has published.
    pub(crate) fn forget_published(id: StateMachineId) -> Write {
        Write::DeleteResource {
            kind: KIND.into(),
            name: name_of(id).into(),
        }
    }

    async fn keep_published(&self, machine: &Machine, published: &Published) -> Result<(), Error> {
        let document = serde_json::to_string(published)
            .expect("versions and aliases are plain structures with text for keys");
        let record = ResourceRecord {
            kind: KIND.into(),
            name: name_of(machine.record.id).into(),
            document: document.into(),
        };
        let writes = vec![Write::PutResource(record)];
        Ok(self.store.commit(Commit { writes }).await?)
    }

    /// The machine whose versions the routes name. An alias of a machine that is not there is not there either.
    async fn routed_machine(&self, request: &PutAlias) -> Result<Machine, Error> {
        self.machine_of_alias(&request.state_machine, &request.name)
            .await
    }

    async fn machine_of_alias(&self, name: &str, alias: &str) -> Result<Machine, Error> {
        match self.machine(name).await {
            Err(Error::StateMachineDoesNotExist(arn)) => Err(no_alias(&arn, alias)),
            found => found,
        }
    }
}

impl Published {
    fn version(&self, number: u64) -> Option<&Version> {
        self.versions
            .iter()
            .find(|version| version.number == number)
    }

    fn alias(&self, name: &str) -> Option<&Alias> {
        self.aliases.iter().find(|alias| alias.name == name)
    }

    /// Checks where an alias is to lead.
    fn routes(&self, machine: &Machine, routes: &[Route]) -> Result<Vec<StoredRoute>, Error> {
        let arns = || {
            let arns = routes.iter().map(|route| route.arn(&machine.arn));
            arns.collect::<Vec<_>>().join(", ")
        };
        if routes.is_empty() || routes.len() > 2 {
            return Err(Error::InvalidRouting(format!(
                "Routing configuration must contain one or two state machine version ARNs. Received: [{}]",
                arns()
            )));
        }
        if let Some(foreign) = routes
            .iter()
            .find(|route| route.state_machine != *machine.record.name)
        {
            return Err(Error::InvalidRouting(format!(
                "Routing configuration must contain versions of the same state machine. Received: [{}], of which `{}` is of \
                 another",
                arns(),
                foreign.state_machine
            )));
        }
        if routes.len() == 2 && routes[0].version == routes[1].version {
            return Err(Error::InvalidRouting(format!(
                "Routing configuration must contain distinct state machine version ARNs. Received: [{}]",
                arns()
            )));
        }
        let sum: u32 = routes.iter().map(|route| u32::from(route.weight)).sum();
        if sum != 100 {
            let weights: Vec<String> = routes
                .iter()
                .map(|route| route.weight.to_string())
                .collect();
            return Err(Error::InvalidRouting(format!(
                "Sum of routing configuration weights must equal 100. Received: [{}]",
                weights.join(", ")
            )));
        }
        if let Some(missing) = routes
            .iter()
            .find(|route| self.version(route.version).is_none())
        {
            return Err(Error::NoSuchQualifier(missing.arn(&machine.arn)));
        }
        let stored = routes.iter().map(|route| StoredRoute {
            version: route.version,
            weight: route.weight,
        });
        Ok(stored.collect())
    }
}

impl Version {
    fn view(&self, machine: &str) -> VersionView {
        VersionView {
            arn: version_arn(machine, self.number),
            number: self.number,
            description: self.description.clone(),
            created_at: self.created_at,
        }
    }
}

impl Alias {
    /// Where a number from 0 to 99 leads.
    fn draw(&self, drawn: u8) -> Option<u64> {
        let mut below = 0;
        let route = self.routes.iter().find(|route| {
            below += route.weight;
            drawn < below
        });
        route.map(|route| route.version)
    }

    fn view(&self, machine: &str) -> AliasView {
        AliasView {
            arn: format!("{machine}:{}", self.name).into(),
            name: self.name.clone(),
            description: self.description.clone(),
            routes: self
                .routes
                .iter()
                .map(|route| (version_arn(machine, route.version), route.weight))
                .collect(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl Route {
    fn arn(&self, machine: &str) -> String {
        // Another machine of the same account and region differs in its last part only.
        let prefix = machine.rsplit_once(':').map_or("", |(prefix, _)| prefix);
        format!("{prefix}:{}:{}", self.state_machine, self.version)
    }
}

/// `arn:…:stateMachine:name:1`
pub(crate) fn version_arn(machine: &str, number: u64) -> Arc<str> {
    format!("{machine}:{number}").into()
}

/// `arn:…:stateMachine:name:1` or `…:name:LIVE`
fn qualified(machine: &str, qualifier: &Qualifier) -> String {
    match qualifier {
        Qualifier::Version(number) => format!("{machine}:{number}"),
        Qualifier::Alias(name) => format!("{machine}:{name}"),
    }
}

fn no_alias(machine: &str, alias: &str) -> Error {
    Error::NoSuchQualifier(format!("{machine}:{alias}"))
}

fn name_of(id: StateMachineId) -> String {
    id.0.to_string()
}

#[cfg(test)]
mod tests {
    use super::{Alias, StoredRoute};

    #[test]
    fn each_weight_is_its_share_of_a_hundred() {
        let alias = |weights: &[u8]| Alias {
            name: "live".to_owned(),
            description: None,
            routes: (1..)
                .zip(weights)
                .map(|(version, &weight)| StoredRoute { version, weight })
                .collect(),
            created_at: 0,
            updated_at: 0,
        };
        for weights in [&[100][..], &[0, 100], &[100, 0], &[10, 90], &[50, 50]] {
            let alias = alias(weights);
            for (version, &weight) in (1..).zip(weights) {
                let drawn = (0..100).filter(|&drawn| alias.draw(drawn) == Some(version));
                assert_eq!(drawn.count(), usize::from(weight), "{weights:?}");
            }
        }
    }
}
