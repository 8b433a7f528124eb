//! Changing state machines and tags.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use store::contract::{Commit, Write};
use store::records::{RevisionId, RevisionRecord, StateMachineId, StateMachineRecord, Tag};
use uuid::Uuid;

use crate::arn::{ArnResource, StatesArn};
use crate::engine::Engine;
use crate::error::Error;
use crate::machines::{Machine, Revision};
use crate::views::{CreateStateMachine, StateMachineView, UpdateStateMachine};

/// How much there is.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    /// State machines that are not deleted.
    pub(crate) machines: usize,
}

impl Engine {
    pub(crate) async fn create_machine(
        &self,
        request: CreateStateMachine,
    ) -> Result<StateMachineView, Error> {
        self.refuse_when_closing()?;
        let compiled = self.compile(&request.definition, request.machine_type)?;
        let mut catalogue = self.catalogue.lock().await;
        let _change = self.machines.change(&request.name);
        let arn: Arc<str> = self.options.partition.state_machine(&request.name).into();
        let known = self.store.state_machine_by_name(&request.name).await?;
        if let Some(record) = known.as_ref().filter(|record| !record.is_deleted) {
            let machine = self.compose(Arc::new(record.clone())).await?;
            let is_same = record.machine_type == request.machine_type
                && *machine.current.record.definition == *request.definition
                && *record.settings == *request.settings;
            if is_same {
                return Ok(machine_view(&machine));
            }
            return Err(Error::StateMachineAlreadyExists(arn.to_string()));
        }
        let limit = self.options.limits.state_machines;
        if catalogue.machines >= limit {
            return Err(Error::LimitExceeded {
                what: "state machines",
                limit,
            });
        }
        let now = self.options.world.now();
        let id = match &known {
            Some(record) => record.id,
            None => StateMachineId(self.numbers.state_machine.fetch_add(1, Ordering::Relaxed) + 1),
        };
        let settings: Arc<str> = request.settings.into();
        let revision = Revision {
            record: RevisionRecord {
                id: self.next_revision(),
                machine: id,
                definition: request.definition.into(),
                role_arn: request.role_arn.into(),
                created_at: now,
                public_id: None,
            },
            machine: compiled,
            observed: self.observed_settings(&settings),
            is_traced: self.is_traced(&settings),
        };
        let record = StateMachineRecord {
            id,
            name: request.name.into(),
            machine_type: request.machine_type,
            created_at: now,
            is_deleted: false,
            current: revision.record.id,
            settings,
        };
        let mut writes = vec![
            Write::AddRevision(revision.record.clone()),
            Write::PutStateMachine(record.clone()),
        ];
        if !request.tags.is_empty() {
            writes.push(Write::PutTags {
                arn: arn.clone(),
                tags: request.tags,
            });
        }
        self.store.commit(Commit { writes }).await?;
        catalogue.machines += 1;
        Ok(machine_view(&Machine {
            record: Arc::new(record),
            arn,
            current: self.remember(revision),
            published: Arc::default(),
        }))
    }

    pub(crate) async fn update_machine(
        &self,
        request: UpdateStateMachine,
    ) -> Result<StateMachineView, Error> {
        self.refuse_when_closing()?;
        let _catalogue = self.catalogue.lock().await;
        let _change = self.machines.change(&request.name);
        let machine = self.machine(&request.name).await?;
        let before = &machine.current.record;
        let definition: Arc<str> = request
            .definition
            .map_or_else(|| before.definition.clone(), Into::into);
        let role_arn: Arc<str> = request
            .role_arn
            .map_or_else(|| before.role_arn.clone(), Into::into);
        let settings: Arc<str> = request
            .settings
            .map_or_else(|| machine.record.settings.clone(), Into::into);
        let compiled = self.compile(&definition, machine.record.machine_type)?;
        let is_same = definition == before.definition
            && role_arn == before.role_arn
            && settings == machine.record.settings;
        if is_same {
            return Ok(machine_view(&machine));
        }
        let revision = Revision {
            record: RevisionRecord {
                id: self.next_revision(),
                machine: machine.record.id,
                definition,
                role_arn,
                created_at: self.options.world.now(),
                public_id: Some(Uuid::new_v4().hyphenated().to_string().into()),
            },
            machine: compiled,
            observed: self.observed_settings(&settings),
            is_traced: self.is_traced(&settings),
        };
        let record = StateMachineRecord {
            current: revision.record.id,
            settings,
            ..(*machine.record).clone()
        };
        self.store
            .commit(Commit {
                writes: vec![
                    Write::AddRevision(revision.record.clone()),
                    Write::PutStateMachine(record.clone()),
                ],
            })
            .await?;
        Ok(machine_view(&Machine {
            record: Arc::new(record),
            arn: machine.arn,
            current: self.remember(revision),
            published: machine.published,
        }))
    }

    pub(crate) async fn delete_machine(&self, name: &str) -> Result<(), Error> {
        let mut catalogue = self.catalogue.lock().await;
        let _change = self.machines.change(name);
        let machine = match self.machine(name).await {
            Ok(machine) => machine,
            Err(Error::StateMachineDoesNotExist(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let record = StateMachineRecord {
            is_deleted: true,
            ..(*machine.record).clone()
        };
        self.store
            .commit(Commit {
                writes: vec![
                    Write::PutStateMachine(record),
                    Write::PutTags {
                        arn: machine.arn.clone(),
                        tags: Vec::new(),
                    },
                    Self::forget_published(machine.record.id),
                ],
            })
            .await?;
        catalogue.machines = catalogue.machines.saturating_sub(1);
        Ok(())
    }

    /// The tags of a resource; `None` when there is none.
    pub(crate) async fn read_tags(&self, arn: &str) -> Result<Option<Vec<Tag>>, Error> {
        let is_there = match StatesArn::parse(arn).map(|arn| arn.resource) {
            Some(ArnResource::StateMachine(name)) => match self.machine(name).await {
                Ok(_) => true,
                Err(Error::StateMachineDoesNotExist(_)) => false,
                Err(error) => return Err(error),
            },
            Some(ArnResource::Activity(name)) => self.store.activity(name).await?.is_some(),
            _ => false,
        };
        if !is_there {
            return Ok(None);
        }
        Ok(Some(self.store.tags(arn).await?))
    }

    /// Changes the tags of a resource, if there is one.
    pub(crate) async fn change_tags(
        &self,
        arn: &str,
        change: impl FnOnce(&mut Vec<Tag>) + Send,
    ) -> Result<bool, Error> {
        let _catalogue = self.catalogue.lock().await;
        let Some(mut tags) = self.read_tags(arn).await? else {
            return Ok(false);
        };
        change(&mut tags);
        let limit = self.options.limits.tags;
        if tags.len() > limit {
            return Err(Error::LimitExceeded {
                what: "tags",
                limit,
            });
        }
        let arn = arn.into();
        let writes = vec![Write::PutTags { arn, tags }];
        self.store.commit(Commit { writes }).await?;
        Ok(true)
    }

    pub(crate) fn next_revision(&self) -> RevisionId {
        RevisionId(self.numbers.revision.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

pub(crate) fn machine_view(machine: &Machine) -> StateMachineView {
    revision_view(machine, &machine.current)
}

/// A machine with one of its definitions.
pub(crate) fn revision_view(machine: &Machine, revision: &Revision) -> StateMachineView {
    let record = &machine.record;
    StateMachineView {
        arn: machine.arn.clone(),
        name: record.name.clone(),
        machine_type: record.machine_type,
        created_at: record.created_at,
        updated_at: revision.record.created_at,
        definition: revision.record.definition.clone(),
        role_arn: revision.record.role_arn.clone(),
        settings: record.settings.clone(),
        description: None,
        revision_id: revision.record.public_id.clone(),
        variable_references: asl::variables::variable_references(&revision.machine)
            .into_iter()
            .collect(),
    }
}
