//! How file, variables and flags come together, and where each value came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use integrations::settings::HttpSettings;
use runtime::options::EngineLimits;
use serde::Deserialize;
use toml::Spanned;
use toml::de::DeValue;

use crate::config::settings::{Nature, SETTINGS, Setting, find};
use crate::config::values::{Limit, Profile};
use crate::config::{Config, file};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file can't be read.
    #[error("cannot read the configuration {}: {why}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{}: {why}", path.display())]
    NoToml {
        /// Which.
        path: PathBuf,
        /// The parser's message, with the line.
        why: String,
    },
    /// The file sets something that there is not.
    #[error("{}:{line}: unknown key `{key}`; known here are {known}", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key, as a dotted path.
        key: String,
        /// The keys that could stand there.
        known: String,
    },
    /// What is a table is set like a value.
    #[error("{}:{line}: `{key}` is a table; write [{key}] and its keys below", path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The table.
        key: String,
    },
    /// A value is wrong.
    #[error("{place}: `{key}` is wrong: {why}")]
    WrongValue {
        /// Where it was set.
        place: Origin,
        /// The setting.
        key: &'static str,
        /// Why.
        why: String,
    },
    /// `--set` names nothing that can be set.
    #[error("--set {0}: write KEY=VALUE with a key that `ratchet config` shows")]
    UnknownSet(String),
    /// A key without its secret, or a secret without its key.
    #[error("{0} is set but not {1}: set both or none")]
    HalfCredentials(&'static str, &'static str),
    /// There is no place for the data.
    #[error("there is no data directory: HOME is not set; give --data DIR or RATCHET_DATA")]
    NoDataDirectory,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing set it.
    Default,
    /// The profile.
    Profile(Profile),
    /// A file.
    File {
        /// Which.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(&'static str),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Profile(profile) => write!(formatter, "profile {}", profile.name()),
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::Variable(name) => formatter.write_str(name),
            Self::Flag(name) => formatter.write_str(name),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Assigned {
    /// The value in its canonical form.
    pub(crate) value: toml::Value,
    /// Where it came from.
    pub(crate) origin: Origin,
}

/// Values by their setting's key.
pub(crate) type Layer = BTreeMap<&'static str, Assigned>;

/// Variables that mean something, and set nothing of the configuration.
const OTHER_VARIABLES: [&str; 5] = [
    "RATCHET_CONFIG",
    "RATCHET_SERVER",
    "RATCHET_SOURCE_URL",
    "RATCHET_TARGET_URL",
    crate::crash_at::VARIABLE,
];

/// The environment's variables, read once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's own.
    pub(crate) fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// A variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    /// The variables that begin like this and are not empty: what follows in their names, and their values.
    pub(crate) fn beginning_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(move |(name, text)| Some((name.strip_prefix(prefix)?, text.as_str())))
            .filter(|(_, text)| !text.is_empty())
    }

    /// Variables that begin like ours and mean nothing: most likely a slip of the pen.
    ///
    /// Kubernetes makes some for every service, so one that is called `ratchet` must not lead to a warning.
    pub(crate) fn unknown(&self) -> Vec<&str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|name| name.starts_with("RATCHET_"))
            .filter(|name| !name.contains("_PORT") && !name.contains("_SERVICE_"))
            .filter(|name| !OTHER_VARIABLES.contains(name))
            .filter(|name| {
                !SETTINGS
                    .iter()
                    .any(|setting| setting.variables.contains(name))
            })
            .collect()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

/// What the command line sets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// The file, from `--config`.
    pub(crate) file: Option<PathBuf>,
    /// Settings with a flag of their own: key, flag, value.
    pub(crate) values: Vec<(&'static str, &'static str, String)>,
    /// `--set KEY=VALUE`
    pub(crate) sets: Vec<String>,
}

/// What is in force.
#[derive(Debug)]
pub(crate) struct InForce {
    /// The configuration.
    pub(crate) config: Config,
    /// Each value with its origin.
    pub(crate) values: Layer,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
}

/// Puts the configuration together. `beside` is where a `ratchet.toml` is looked for when no file is named.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub(crate) fn load(
    flags: &Flags,
    environment: &Environment,
    beside: &Path,
) -> Result<InForce, Error> {
    let file = match (&flags.file, environment.get("RATCHET_CONFIG")) {
        (Some(file), _) => Some(file.clone()),
        (None, Some(file)) => Some(PathBuf::from(file)),
        (None, None) => Some(beside.join("ratchet.toml")).filter(|path| path.is_file()),
    };
    let mut set = match &file {
        Some(path) => file::read(path)?,
        None => Layer::new(),
    };
    set.extend(from_environment(environment)?);
    set.extend(from_flags(flags)?);

    check_credentials(&set)?;
    let mut values = defaults(&set, environment)?;
    values.extend(set);
    Ok(InForce {
        config: assemble(&values),
        values,
        file,
    })
}

fn check_credentials(set: &Layer) -> Result<(), Error> {
    let (key, secret) = ("credentials.access_key_id", "credentials.secret_access_key");
    match (set.contains_key(key), set.contains_key(secret)) {
        (true, false) => Err(Error::HalfCredentials(key, secret)),
        (false, true) => Err(Error::HalfCredentials(secret, key)),
        (true, true) | (false, false) => Ok(()),
    }
}

/// The values of settings that nothing sets: by themselves, by the profile, or by where the user's files are.
fn defaults(set: &Layer, environment: &Environment) -> Result<Layer, Error> {
    let mut layer = Layer::new();
    for setting in SETTINGS {
        if let Some(text) = setting.default {
            layer.insert(setting.key, read_text(setting, text, Origin::Default)?);
        }
    }
    let profile = set.get("profile").map_or(Profile::Default, |assigned| {
        Profile::deserialize(assigned.value.clone())
            .expect("the profile was checked when it was read")
    });
    for (key, number) in limits_of(profile) {
        let value = toml::Value::try_from(Limit(number)).expect("a limit is a number or a text");
        let origin = Origin::Profile(profile);
        layer.insert(key, Assigned { value, origin });
    }
    let http = toml::Value::try_from(HttpSettings::default()).expect("the bounds can be written");
    let origin = Origin::Default;
    layer.insert(
        "http",
        Assigned {
            value: http,
            origin,
        },
    );
    if !set.contains_key("data") {
        let directory = default_data_directory(environment).ok_or(Error::NoDataDirectory)?;
        let value = toml::Value::String(directory.to_string_lossy().into_owned());
        let origin = Origin::Default;
        layer.insert("data", Assigned { value, origin });
    }
    Ok(layer)
}

/// A profile's limits by their settings' keys.
fn limits_of(profile: Profile) -> [(&'static str, u64); 13] {
    let limits = match profile {
        Profile::Default => EngineLimits::relaxed(),
        Profile::AwsStrict => EngineLimits::aws(),
    };
    let wide = |number: usize| number as u64;
    [
        ("limits.payload_bytes", wide(limits.execution.payload_bytes)),
        ("limits.history_events", limits.execution.history_events),
        (
            "limits.map_concurrency",
            limits.execution.map_concurrency.into(),
        ),
        ("limits.step_events", limits.execution.step_events.into()),
        ("limits.definition_bytes", wide(limits.definition_bytes)),
        ("limits.state_machines", wide(limits.state_machines)),
        ("limits.activities", wide(limits.activities)),
        ("limits.activity_pollers", wide(limits.activity_pollers)),
        ("limits.tags", wide(limits.tags)),
        ("limits.express_seconds", limits.express_seconds),
        ("limits.versions", wide(limits.versions)),
        ("limits.aliases", wide(limits.aliases)),
        ("limits.redrive_days", limits.redrive_days),
    ]
}

/// Where data goes by the XDG base directory specification.
fn default_data_directory(environment: &Environment) -> Option<PathBuf> {
    let base = match environment.get("XDG_DATA_HOME").map(PathBuf::from) {
        Some(directory) if directory.is_absolute() => directory,
        _ => PathBuf::from(environment.get("HOME")?).join(".local/share"),
    };
    Some(base.join("ratchet"))
}

fn from_environment(environment: &Environment) -> Result<Layer, Error> {
    let mut layer = Layer::new();
    for setting in SETTINGS {
        let found = setting
            .variables
            .iter()
            .find_map(|name| Some((*name, environment.get(name)?)));
        if let Some((name, text)) = found {
            layer.insert(
                setting.key,
                read_text(setting, text, Origin::Variable(name))?,
            );
        }
    }
    Ok(layer)
}

fn from_flags(flags: &Flags) -> Result<Layer, Error> {
    let mut layer = Layer::new();
    for assignment in &flags.sets {
        let setting = assignment
            .split_once('=')
            .and_then(|(key, text)| Some((find(key.trim())?, text.trim())));
        let Some((setting, text)) = setting.filter(|(setting, _)| setting.nature != Nature::Table)
        else {
            return Err(Error::UnknownSet(assignment.clone()));
        };
        layer.insert(
            setting.key,
            read_text(setting, text, Origin::Flag("--set"))?,
        );
    }
    for (key, flag, text) in &flags.values {
        let setting = find(key).expect("flags name settings that there are");
        layer.insert(key, read_text(setting, text, Origin::Flag(flag))?);
    }
    Ok(layer)
}

/// Reads a value that came as text.
fn read_text(setting: &'static Setting, text: &str, origin: Origin) -> Result<Assigned, Error> {
    let spanned = Spanned::new(0..0, DeValue::String(text.into()));
    match (setting.read)(spanned) {
        Ok(value) => Ok(Assigned { value, origin }),
        Err(error) => Err(Error::WrongValue {
            place: origin,
            key: setting.key,
            why: error.message().to_owned(),
        }),
    }
}

/// The typed configuration; every value was checked when it was read.
fn assemble(values: &Layer) -> Config {
    let mut root = toml::Table::new();
    for (key, assigned) in values {
        let value = assigned.value.clone();
        match key.split_once('.') {
            None => root.insert((*key).to_owned(), value),
            Some((table, key)) => root
                .entry(table)
                .or_insert_with(|| toml::Value::Table(toml::Table::new()))
                .as_table_mut()
                .expect("a key before a dot is a table's")
                .insert(key.to_owned(), value),
        };
    }
    Config::deserialize(root).expect("every setting has a value of its type")
}
