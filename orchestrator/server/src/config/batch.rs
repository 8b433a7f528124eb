//! What `[batch]` sets: where jobs run, what they may do to the machine, and what is kept of them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::config::values::{Limit, Period, Switch};

pub(crate) use integrations::settings::Secret;

/// `[batch]`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Batch {
    /// Whether there is batch at all.
    pub(crate) enabled: Switch,
    /// What the default environment runs jobs with.
    pub(crate) engine: EngineChoice,
    /// Where the Docker daemon listens.
    pub(crate) docker_socket: PathBuf,
    /// How many vCPUs the jobs of the default environment have together.
    pub(crate) vcpus: Option<Vcpus>,
    /// How much memory the jobs of the default environment have together, in MiB.
    pub(crate) memory: Option<Limit>,
    /// Directories of this machine that jobs may mount, with what is below.
    pub(crate) allowed_mounts: Paths,
    /// Devices of this machine that jobs may use.
    pub(crate) allowed_devices: Paths,
    /// Whether jobs may be privileged.
    pub(crate) privileged: Switch,
    /// Whether jobs may use the machine's own network.
    pub(crate) host_network: Switch,
    /// When images are pulled.
    pub(crate) pull: Pull,
    /// How much of each attempt's log is kept, in bytes.
    pub(crate) log_bytes: Limit,
    /// How long jobs that ended are kept, with their logs.
    pub(crate) job_retention: Period,
    /// What images of private registries are pulled with, by the registry's host.
    #[serde(default)]
    pub(crate) registries: BTreeMap<String, Registry>,
    /// What jobs can name as their secrets, by the `valueFrom` that they name.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, SecretSource>,
    /// Compute environments that there are from the start.
    #[serde(default)]
    pub(crate) environments: BTreeMap<String, Environment>,
}

/// What runs jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Engine {
    /// Containers of the Docker daemon.
    Docker,
    /// Processes of this machine.
    Process,
}

/// What runs the jobs of the default environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EngineChoice {
    /// Docker when its daemon answers at the start, else processes.
    Auto,
    /// Docker, whether its daemon answers yet or not.
    Docker,
    /// Processes.
    Process,
}

/// When an image is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Pull {
    /// When it is not there.
    Missing,
    /// Before each attempt.
    Always,
    /// Never.
    Never,
}

/// `[batch.registries."registry.example.com"]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registry {
    /// Who pulls.
    pub(crate) username: String,
    /// The password or token.
    pub(crate) password: Secret,
}

/// `[batch.secrets.NAME]`: exactly one of the three.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SecretSource {
    /// The secret itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Secret>,
    /// A file that it is read from when an attempt starts; an end of line at its end is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<PathBuf>,
    /// A variable of the server's environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variable: Option<String>,
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct AsWritten {
            value: Option<Secret>,
            file: Option<PathBuf>,
            variable: Option<String>,
        }
        let AsWritten {
            value,
            file,
            variable,
        } = AsWritten::deserialize(deserializer)?;
        let given = [value.is_some(), file.is_some(), variable.is_some()];
        if given.into_iter().filter(|is_given| *is_given).count() != 1 {
            return Err(de::Error::custom(
                "a secret has exactly one of value, file and variable",
            ));
        }
        Ok(Self {
            value,
            file,
            variable,
        })
    }
}

/// `[batch.environments.NAME]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Environment {
    /// What runs its jobs.
    pub(crate) engine: Engine,
    /// How many vCPUs its jobs have together; the machine's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vcpus: Option<Vcpus>,
    /// How much memory its jobs have together, in MiB; the machine's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<Limit>,
    /// How many GPUs its jobs have together.
    #[serde(default)]
    pub(crate) gpus: u32,
}

/// A number of vCPUs, to a thousandth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vcpus {
    /// Thousandths of a vCPU.
    pub(crate) milli: u64,
}

impl FromStr for Vcpus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let milli = text.parse::<f64>().ok().map(|number| number * 1000.0);
        match milli {
            // In this range a double's whole part is a `u64` exactly.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "see above"
            )]
            Some(milli) if (1.0..=1e9).contains(&milli) => Ok(Self {
                milli: milli.round() as u64,
            }),
            Some(_) | None => Err(format!(
                "`{text}` is no number of vCPUs; write one such as 4 or 0.5"
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Vcpus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;

        impl Visitor<'_> for NumberOrText {
            type Value = Vcpus;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number of vCPUs")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Vcpus, E> {
                number.to_string().parse().map_err(E::custom)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Vcpus, E> {
                number.to_string().parse().map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Vcpus, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(NumberOrText)
    }
}

impl Serialize for Vcpus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.milli / 1000, self.milli % 1000) {
            (whole, 0) => serializer.serialize_u64(whole),
            // Exact enough: fewer digits than a double has.
            #[expect(clippy::cast_precision_loss, reason = "see above")]
            _ => serializer.serialize_f64(self.milli as f64 / 1000.0),
        }
    }
}

/// Absolute paths: a list in a file, or one text with colons between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paths(pub(crate) Vec<PathBuf>);

impl Paths {
    fn of<E: de::Error>(texts: impl Iterator<Item = String>) -> Result<Self, E> {
        let absolute = |text: String| {
            let path = PathBuf::from(&text);
            if path.is_absolute() {
                return Ok(path);
            }
            Err(E::custom(format!(
                "`{text}` is no absolute path; write one such as /srv/data"
            )))
        };
        texts.map(absolute).collect::<Result<_, _>>().map(Self)
    }
}

impl<'de> Deserialize<'de> for Paths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrText;

        impl<'de> Visitor<'de> for ListOrText {
            type Value = Paths;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of absolute paths")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Paths, E> {
                let texts = text.split(':').filter(|text| !text.is_empty());
                Paths::of(texts.map(str::to_owned))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Paths, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    texts.push(text);
                }
                Paths::of(texts.into_iter())
            }
        }

        deserializer.deserialize_any(ListOrText)
    }
}

impl Serialize for Paths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}
