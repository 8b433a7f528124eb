//! Everything that is not a job: definitions, queues, environments, policies and consumable resources, in memory and in the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use batch::consumable::ConsumableResource;
use batch::definition::JobDefinition;
use batch::environment::ComputeEnvironment;
use batch::queue::{JobQueue, SchedulingPolicy};
use batch::scheduler::Input;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::contract::{Error, Store, Write};
use store::records::ResourceRecord;

use crate::messages::Change;

const DEFINITION: &str = "batch-definition";
const QUEUE: &str = "batch-queue";
const ENVIRONMENT: &str = "batch-environment";
const POLICY: &str = "batch-policy";
const CONSUMABLE: &str = "batch-consumable";

/// The version of stored documents.
const VERSION: u32 = 1;

/// What there is. A clone is cheap enough for each change: it shares the documents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    /// Revisions by name and number.
    pub(crate) definitions: BTreeMap<Arc<str>, BTreeMap<u32, Arc<JobDefinition>>>,
    /// Queues by name.
    pub(crate) queues: BTreeMap<Arc<str>, Arc<JobQueue>>,
    /// Environments by name.
    pub(crate) environments: BTreeMap<Arc<str>, Arc<ComputeEnvironment>>,
    /// Policies by name.
    pub(crate) policies: BTreeMap<Arc<str>, Arc<SchedulingPolicy>>,
    /// Consumable resources by name.
    pub(crate) consumables: BTreeMap<Arc<str>, Arc<ConsumableResource>>,
}

/// A document as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored<T> {
    version: u32,
    #[serde(flatten)]
    document: T,
}

impl Catalogue {
    /// What the store has.
    pub(crate) async fn load(store: &dyn Store) -> Result<Self, Error> {
        let mut catalogue = Self::default();
        for definition in documents::<JobDefinition>(store, DEFINITION).await? {
            catalogue.put_definition(Arc::new(definition));
        }
        for queue in documents::<JobQueue>(store, QUEUE).await? {
            catalogue.queues.insert(queue.name.clone(), Arc::new(queue));
        }
        for environment in documents::<ComputeEnvironment>(store, ENVIRONMENT).await? {
            let name = environment.name.clone();
            catalogue.environments.insert(name, Arc::new(environment));
        }
        for policy in documents::<SchedulingPolicy>(store, POLICY).await? {
            let name = policy.name.clone();
            catalogue.policies.insert(name, Arc::new(policy));
        }
        for consumable in documents::<ConsumableResource>(store, CONSUMABLE).await? {
            let name = consumable.name.clone();
            catalogue.consumables.insert(name, Arc::new(consumable));
        }
        Ok(catalogue)
    }

    /// What the scheduler must know before the jobs.
    pub(crate) fn inputs(&self) -> Vec<Input> {
        let policies = self.policies.values();
        let environments = self.environments.values();
        let consumables = self.consumables.values();
        policies
            .map(|policy| Input::PolicyPut((**policy).clone()))
            .chain(environments.map(|one| Input::EnvironmentPut(Box::new((**one).clone()))))
            .chain(consumables.map(|one| Input::ConsumablePut((**one).clone())))
            .chain(
                self.queues
                    .values()
                    .map(|queue| Input::QueuePut((**queue).clone())),
            )
            .collect()
    }

    /// Takes the change in; says what is to be written and what the scheduler must know.
    pub(crate) fn apply(&mut self, change: Change) -> (Write, Option<Input>) {
        match change {
            Change::PutDefinition(definition) => {
                let name = definition.reference();
                let write = put(DEFINITION, &name, &*definition);
                self.put_definition(definition);
                (write, None)
            }
            Change::PutQueue(queue) => {
                let write = put(QUEUE, &queue.name, &*queue);
                let input = Input::QueuePut((*queue).clone());
                self.queues.insert(queue.name.clone(), queue);
                (write, Some(input))
            }
            Change::RemoveQueue(name) => {
                self.queues.remove(&name);
                (remove(QUEUE, &name), Some(Input::QueueRemoved(name)))
            }
            Change::PutEnvironment(environment) => {
                let write = put(ENVIRONMENT, &environment.name, &*environment);
                let input = Input::EnvironmentPut(Box::new((*environment).clone()));
                self.environments
                    .insert(environment.name.clone(), environment);
                (write, Some(input))
            }
            Change::RemoveEnvironment(name) => {
                self.environments.remove(&name);
                (
                    remove(ENVIRONMENT, &name),
                    Some(Input::EnvironmentRemoved(name)),
                )
            }
            Change::PutPolicy(policy) => {
                let write = put(POLICY, &policy.name, &*policy);
                let input = Input::PolicyPut((*policy).clone());
                self.policies.insert(policy.name.clone(), policy);
                (write, Some(input))
            }
            Change::RemovePolicy(name) => {
                self.policies.remove(&name);
                (remove(POLICY, &name), Some(Input::PolicyRemoved(name)))
            }
            Change::PutConsumable(consumable) => {
                let write = put_consumable(&consumable);
                let input = Input::ConsumablePut((*consumable).clone());
                self.consumables.insert(consumable.name.clone(), consumable);
                (write, Some(input))
            }
            Change::RemoveConsumable(name) => {
                self.consumables.remove(&name);
                (
                    remove(CONSUMABLE, &name),
                    Some(Input::ConsumableRemoved(name)),
                )
            }
            Change::PutTags { arn, tags } => (Write::PutTags { arn, tags }, None),
        }
    }

    fn put_definition(&mut self, definition: Arc<JobDefinition>) {
        self.definitions
            .entry(definition.name.clone())
            .or_default()
            .insert(definition.revision, definition);
    }
}

/// `name:3` as its parts; `None` without a revision.
pub(crate) fn revision_of(text: &str) -> Option<(&str, u32)> {
    let (name, revision) = text.rsplit_once(':')?;
    Some((name, revision.parse().ok()?))
}

/// The write of a consumable resource of which something was used up.
pub(crate) fn put_consumable(consumable: &ConsumableResource) -> Write {
    put(CONSUMABLE, &consumable.name, consumable)
}

fn put<T: Serialize>(kind: &str, name: &str, document: &T) -> Write {
    let stored = Stored {
        version: VERSION,
        document,
    };
    let text = serde_json::to_string(&stored).expect("a document of strings and numbers is JSON");
    Write::PutResource(ResourceRecord {
        kind: kind.into(),
        name: name.into(),
        document: text.into(),
    })
}

fn remove(kind: &str, name: &Arc<str>) -> Write {
    Write::DeleteResource {
        kind: kind.into(),
        name: name.clone(),
    }
}

async fn documents<T: DeserializeOwned>(store: &dyn Store, kind: &str) -> Result<Vec<T>, Error> {
    let records = store.resources(kind).await?;
    records
        .iter()
        .map(|record| document(kind, record))
        .collect()
}

fn document<T: DeserializeOwned>(kind: &str, record: &ResourceRecord) -> Result<T, Error> {
    let damaged = |why: String| Error::Damaged {
        what: format!("{kind} {}", record.name),
        why,
    };
    let stored: Stored<T> =
        serde_json::from_str(&record.document).map_err(|error| damaged(error.to_string()))?;
    if stored.version > VERSION {
        return Err(damaged(format!(
            "its version is {}, this binary knows {VERSION}",
            stored.version
        )));
    }
    Ok(stored.document)
}
