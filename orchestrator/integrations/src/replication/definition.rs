//! What a replication task is, as its user gave it and as it is kept.

use std::collections::BTreeMap;

use replication::mapping::Selection;
use replication::settings::TaskSettings;
use replicator::task::{MigrationType, Start, Task, Until};
use serde::{Deserialize, Serialize};

use crate::replication::password_file::Passwords;
use crate::settings::{ConnectionUrl, EndpointSettings};

/// What a replication task is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Definition {
    pub(crate) source: Place,
    pub(crate) target: Place,
    pub(crate) migration: Migration,
    /// DMS's JSON; every table without.
    pub(crate) table_mappings: Option<String>,
    /// DMS's JSON, and a section of our own; the defaults without.
    pub(crate) settings: Option<String>,
    pub(crate) slot: Option<String>,
    pub(crate) publications: Vec<String>,
}

/// A database.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    /// By its URL, with whatever password is in it.
    Url(String),
    /// By its name in the configuration.
    Endpoint(String),
}

impl std::fmt::Debug for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.shown())
    }
}

/// DMS's `MigrationType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Migration {
    FullLoad,
    Cdc,
    FullLoadAndCdc,
}

/// Where the databases' URLs and passwords are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) endpoints: BTreeMap<String, EndpointSettings>,
    pub(crate) passwords: Passwords,
}

impl Definition {
    /// The task that it describes.
    ///
    /// # Errors
    /// What of it can't be used, in DMS's words where it has some.
    pub(crate) fn task(&self, name: &str, places: &Places, start: Start) -> Result<Task, String> {
        let mut settings = match &self.settings {
            Some(text) => TaskSettings::parse(text)
                .map_err(|error| format!("Invalid task settings JSON: {error}"))?,
            None => TaskSettings::default(),
        };
        settings.warnings.clear();
        Ok(Task {
            name: name.to_owned(),
            source: places.settings(&self.source, "Source")?,
            target: places.settings(&self.target, "Target")?,
            selection: match &self.table_mappings {
                Some(text) => Selection::parse(text).map_err(|error| error.to_string())?,
                None => Selection::everything(),
            },
            settings,
            migration: match self.migration {
                Migration::FullLoad => MigrationType::FullLoad,
                Migration::Cdc => MigrationType::Cdc,
                Migration::FullLoadAndCdc => MigrationType::FullLoadAndCdc,
            },
            slot: self.slot.clone(),
            publications: self.publications.clone(),
            until: match self.migration {
                Migration::FullLoad => Until::FullLoad,
                Migration::Cdc | Migration::FullLoadAndCdc => Until::Forever,
            },
            start,
        })
    }
}

impl Migration {
    pub(crate) const ALL: [Self; 3] = [Self::FullLoad, Self::Cdc, Self::FullLoadAndCdc];

    /// As DMS writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FullLoad => "full-load",
            Self::Cdc => "cdc",
            Self::FullLoadAndCdc => "full-load-and-cdc",
        }
    }
}

impl Place {
    /// The place without a password.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Url(url) => ConnectionUrl(url.clone()).covered(),
            Self::Endpoint(name) => name.clone(),
        }
    }
}

impl Places {
    /// How to connect. Passwords of the server's surroundings go to databases that the operator has named, never to those that a definition
    /// names.
    fn settings(&self, place: &Place, parameter: &str) -> Result<wire::Settings, String> {
        let (url, is_trusted) = match place {
            Place::Url(url) => (ConnectionUrl(url.clone()), false),
            Place::Endpoint(name) => match self.endpoints.get(name) {
                Some(endpoint) => (endpoint.url.clone(), true),
                None => {
                    return Err(format!(
                        "{parameter}: the endpoint {name} is not in the configuration of this server ([replication.endpoints.{name}])"
                    ));
                }
            },
        };
        let mut settings = url
            .settings()
            .map_err(|error| format!("{parameter}: {error}"))?;
        if is_trusted {
            self.passwords.fill(&mut settings);
        }
        Ok(settings)
    }
}
