//! What was submitted for which attempt: remembered in the store from before the state is told until the job has ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runtime::tasks::TaskCall;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::contract::{Commit, Error, Store, Write};
use store::records::ResourceRecord;

use super::jobs::Job;

/// The kind of these resources in the store.
const KIND: &str = "awaited-service-job";

/// The version of [`Record`]s that this binary writes.
const VERSION: u32 = 1;

/// A job that a state waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    version: u32,
    /// The execution that waits.
    pub(super) execution_arn: Arc<str>,
    /// The integration: `glue`.
    pub(super) integration: String,
    /// The job.
    pub(super) job: Job,
    /// What the submission gave.
    pub(super) response: Value,
}

/// All of them.
pub(super) struct Records {
    store: Arc<dyn Store>,
    known: Mutex<HashMap<Arc<str>, Record>>,
}

/// The name of an attempt among all that there ever are.
pub(super) fn key(call: &TaskCall) -> String {
    format!("{}@{}", call.attempt_id, call.execution)
}

impl Record {
    /// A job that was just submitted.
    pub(super) fn new(
        execution_arn: Arc<str>,
        integration: &str,
        job: Job,
        response: Value,
    ) -> Self {
        Self {
            version: VERSION,
            execution_arn,
            integration: integration.to_owned(),
            job,
            response,
        }
    }
}

impl Records {
    /// Reads what the store has. What can't be read is left alone, and said.
    pub(super) async fn open(store: Arc<dyn Store>) -> Result<Self, Error> {
        let mut known = HashMap::new();
        for resource in store.resources(KIND).await? {
            match serde_json::from_str::<Record>(&resource.document) {
                Ok(record) if record.version == VERSION => {
                    known.insert(resource.name, record);
                }
                Ok(record) => tracing::error!(
                    attempt = %resource.name,
                    version = record.version,
                    "a job of another service is not known to this binary, and is not looked after"
                ),
                Err(error) => tracing::error!(
                    attempt = %resource.name,
                    %error,
                    "a job of another service can't be read, and is not looked after"
                ),
            }
        }
        Ok(Self {
            store,
            known: Mutex::new(known),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Record>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job of an attempt.
    pub(super) fn get(&self, key: &str) -> Option<Record> {
        self.lock().get(key).cloned()
    }

    /// All jobs, with their attempts.
    pub(super) fn all(&self) -> Vec<(Arc<str>, Record)> {
        let known = self.lock();
        known
            .iter()
            .map(|(key, record)| (key.clone(), record.clone()))
            .collect()
    }

    /// The jobs of an execution.
    pub(super) fn of_execution(&self, execution_arn: &str) -> Vec<Arc<str>> {
        let known = self.lock();
        known
            .iter()
            .filter(|(_, record)| *record.execution_arn == *execution_arn)
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// Remembers a job; it is durable when this returns.
    ///
    /// # Errors
    /// When the store fails. Then it is not remembered.
    pub(super) async fn put(&self, key: &str, record: Record) -> Result<(), Error> {
        let document = serde_json::to_string(&record).expect("a record has string keys only");
        let write = Write::PutResource(ResourceRecord {
            kind: KIND.into(),
            name: key.into(),
            document: document.into(),
        });
        let writes = vec![write];
        self.store.commit(Commit { writes }).await?;
        self.lock().insert(key.into(), record);
        Ok(())
    }

    /// Forgets a job, and says what it was. Only the first who asks gets it.
    pub(super) fn take(&self, key: &str) -> Option<Record> {
        self.lock().remove(key)
    }

    /// Removes a job from the store. One that stays there, because the store fails, is stopped once more at the next start.
    pub(super) async fn delete(&self, key: &str) {
        let write = Write::DeleteResource {
            kind: KIND.into(),
            name: key.into(),
        };
        let writes = vec![write];
        if let Err(error) = self.store.commit(Commit { writes }).await {
            tracing::warn!(attempt = key, %error, "cannot forget a job of another service");
        }
    }
}
