//! State machines and their definitions: compiled once, shared by all executions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use asl::definition::StateMachine;
use asl::parser::{self, Options as ParserOptions};
use store::records::{MachineType, RevisionId, RevisionRecord, StateMachineId, StateMachineRecord};

use crate::engine::Engine;
use crate::error::Error;
use crate::versions::Published;

/// How many compiled definitions are kept; the least recently used ones go.
const CACHED_REVISIONS: usize = 1024;

/// A definition, compiled, with its record.
#[derive(Debug)]
pub(crate) struct Revision {
    pub(crate) record: RevisionRecord,
    pub(crate) machine: StateMachine,
    /// The machine's settings, if its executions are to be told of.
    pub(crate) observed: Option<Arc<str>>,
    /// Whether the machine's executions have spans.
    pub(crate) is_traced: bool,
}

/// A state machine as it stands, with its current definition.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) record: Arc<StateMachineRecord>,
    pub(crate) arn: Arc<str>,
    pub(crate) current: Arc<Revision>,
    pub(crate) published: Arc<Published>,
}

/// What was looked up before.
#[derive(Debug, Default)]
pub(crate) struct MachineCache {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_name: HashMap<Arc<str>, Machine>,
    names: HashMap<StateMachineId, Arc<str>>,
    revisions: HashMap<RevisionId, (u64, Arc<Revision>)>,
    uses: u64,
    /// How often a machine was changed, so that what was read before a change is not kept after it.
    changes: u64,
}

impl MachineCache {
    fn get(&self, name: &str) -> Option<Machine> {
        self.lock().by_name.get(name).cloned()
    }

    fn revision(&self, id: RevisionId) -> Option<Arc<Revision>> {
        let mut entries = self.lock();
        entries.uses += 1;
        let now = entries.uses;
        let (used, revision) = entries.revisions.get_mut(&id)?;
        *used = now;
        Some(revision.clone())
    }

    fn name(&self, id: StateMachineId) -> Option<Arc<str>> {
        self.lock().names.get(&id).cloned()
    }

    /// Begins to change a machine.
    pub(crate) fn change(&self, name: &str) -> Change<'_> {
        Change {
            cache: self,
            name: name.into(),
        }
    }

    fn changes(&self) -> u64 {
        self.lock().changes
    }

    /// Keeps a machine that was read when there had been so many changes.
    fn put_read(&self, machine: Machine, changes: u64) {
        let mut entries = self.lock();
        if entries.changes == changes {
            entries.put(machine);
        }
    }

    fn put_revision(&self, revision: &Arc<Revision>) {
        let mut entries = self.lock();
        if entries.revisions.len() >= CACHED_REVISIONS {
            let oldest = entries
                .revisions
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(id, _)| *id);
            if let Some(oldest) = oldest {
                entries.revisions.remove(&oldest);
            }
        }
        entries.uses += 1;
        let now = entries.uses;
        entries
            .revisions
            .insert(revision.record.id, (now, revision.clone()));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change of a machine. When it is over, or its caller has gone, the machine is read anew: only the store knows what it is.
pub(crate) struct Change<'a> {
    cache: &'a MachineCache,
    name: Box<str>,
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        let mut entries = self.cache.lock();
        entries.changes += 1;
        entries.by_name.remove(&*self.name);
    }
}

impl Entries {
    /// Puts a machine in the place of what is known under its name.
    fn put(&mut self, machine: Machine) {
        if self.by_name.len() >= CACHED_REVISIONS {
            self.by_name.clear();
        }
        let name = machine.record.name.clone();
        self.names.insert(machine.record.id, name.clone());
        self.by_name.insert(name, machine);
    }
}

impl Engine {
    /// The state machine of that name, if it is there and not deleted.
    pub(crate) async fn machine(&self, name: &str) -> Result<Machine, Error> {
        if let Some(machine) = self.machines.get(name) {
            return Ok(machine);
        }
        let missing =
            || Error::StateMachineDoesNotExist(self.options.partition.state_machine(name));
        let changes = self.machines.changes();
        let record = self
            .store
            .state_machine_by_name(name)
            .await?
            .filter(|record| !record.is_deleted)
            .ok_or_else(missing)?;
        let machine = self.compose(Arc::new(record)).await?;
        self.machines.put_read(machine.clone(), changes);
        Ok(machine)
    }

    /// A machine with its current definition.
    pub(crate) async fn compose(&self, record: Arc<StateMachineRecord>) -> Result<Machine, Error> {
        let current = self.revision(record.current).await?;
        let published = self.published(record.id).await?;
        Ok(Machine {
            published,
            arn: self.options.partition.state_machine(&record.name).into(),
            record,
            current,
        })
    }

    /// A definition by its number, compiled.
    pub(crate) async fn revision(&self, id: RevisionId) -> Result<Arc<Revision>, Error> {
        if let Some(revision) = self.machines.revision(id) {
            return Ok(revision);
        }
        let damaged = |why: &str| store::contract::Error::Damaged {
            what: format!("definition {}", id.0),
            why: why.to_owned(),
        };
        let record = self
            .store
            .revision(id)
            .await?
            .ok_or_else(|| damaged("it is not there"))?;
        // It was accepted when it was stored, so the limits of today do not matter.
        let options = ParserOptions {
            max_bytes: usize::MAX,
            ..ParserOptions::default()
        };
        let machine = parser::parse(&record.definition, &options)
            .machine
            .ok_or_else(|| damaged("this version does not accept it"))?;
        let owner = self.store.state_machine(record.machine).await?;
        let observed = owner
            .as_ref()
            .and_then(|owner| self.observed_settings(&owner.settings));
        let is_traced = owner
            .as_ref()
            .is_some_and(|owner| self.is_traced(&owner.settings));
        let machine_type = owner.map_or(MachineType::Standard, |owner| owner.machine_type);
        let machine = self.bounded(machine, machine_type);
        let revision = Arc::new(Revision {
            record,
            machine,
            observed,
            is_traced,
        });
        self.machines.put_revision(&revision);
        Ok(revision)
    }

    /// Compiles a new definition.
    pub(crate) fn compile(
        &self,
        definition: &str,
        machine_type: MachineType,
    ) -> Result<StateMachine, Error> {
        let options = ParserOptions {
            max_bytes: self.options.limits.definition_bytes,
            express: machine_type == MachineType::Express,
        };
        let parsed = parser::parse(definition, &options);
        let machine = parsed
            .machine
            .ok_or(Error::InvalidDefinition(parsed.diagnostics))?;
        Ok(self.bounded(machine, machine_type))
    }

    /// No Express execution runs longer than the limit, whatever its machine says.
    fn bounded(&self, mut machine: StateMachine, machine_type: MachineType) -> StateMachine {
        if machine_type == MachineType::Express {
            let limit = self.options.limits.express_seconds;
            let own = machine.timeout_seconds.unwrap_or(limit);
            machine.timeout_seconds = Some(own.min(limit));
        }
        machine
    }

    /// Keeps a definition that has just been stored.
    pub(crate) fn remember(&self, revision: Revision) -> Arc<Revision> {
        let revision = Arc::new(revision);
        self.machines.put_revision(&revision);
        revision
    }

    /// A machine's name by its number, also of a deleted one.
    pub(crate) async fn machine_name(&self, id: StateMachineId) -> Result<Arc<str>, Error> {
        if let Some(name) = self.machines.name(id) {
            return Ok(name);
        }
        let record =
            self.store
                .state_machine(id)
                .await?
                .ok_or_else(|| store::contract::Error::Damaged {
                    what: format!("state machine {}", id.0),
                    why: "it is not there".to_owned(),
                })?;
        self.machines.lock().names.insert(id, record.name.clone());
        Ok(record.name)
    }
}
