//! Every setting there is: its key in the file, its variables, and how its value is read.

use std::collections::BTreeMap;

use integrations::settings::{
    ConnectionSettings, FunctionSettings, HttpSettings, ReplicationSettings,
};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

use crate::config::values::{
    Account, Address, Limit, LogFilter, LogFormat, Period, Profile, Region, Switch,
};
use crate::config::{batch, s3};

/// One setting.
pub(crate) struct Setting {
    /// Its key in the file; a dot leads into a table.
    pub(crate) key: &'static str,
    /// The variables that set it, the strongest first.
    pub(crate) variables: &'static [&'static str],
    /// What it is, for the printed configuration.
    pub(crate) about: &'static str,
    /// Its value where nothing sets it; absent where the profile or the surroundings decide.
    pub(crate) default: Option<&'static str>,
    /// What is special about its value.
    pub(crate) nature: Nature,
    /// Checks a value and gives it in its one canonical form.
    pub(crate) read: fn(Spanned<DeValue<'_>>) -> Result<toml::Value, toml::de::Error>,
    /// How a value is shown, secrets covered.
    pub(crate) show: fn(&toml::Value) -> toml::Value,
}

/// What is special about a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Nothing.
    Plain,
    /// It is a path: one in a file is relative to that file.
    Path,
    /// It is a table that only a file can set.
    Table,
}

/// The setting with that key.
pub(crate) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// All settings, in the order in which they are printed: first those of the top level, then table by table.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        default: Some("127.0.0.1:8083"),
        ..setting::<Address>(
            "listen",
            &["RATCHET_LISTEN"],
            "where the server listens; port 0 takes any that is free",
        )
    },
    Setting {
        nature: Nature::Path,
        ..setting::<String>(
            "data",
            &["RATCHET_DATA"],
            "the directory of everything that must survive",
        )
    },
    Setting {
        default: Some("default"),
        ..setting::<Profile>(
            "profile",
            &["RATCHET_PROFILE"],
            "which limits hold where none is set below: default, or aws-strict for AWS's own",
        )
    },
    Setting {
        default: Some("us-east-1"),
        ..setting::<Region>("region", &["RATCHET_REGION"], "the region of every ARN")
    },
    Setting {
        default: Some("000000000000"),
        ..setting::<Account>("account", &["RATCHET_ACCOUNT"], "the account of every ARN")
    },
    Setting {
        default: Some("90d"),
        ..setting::<Period>(
            "retention",
            &["RATCHET_RETENTION"],
            "how long an execution that ended is kept",
        )
    },
    Setting {
        default: Some("60s"),
        ..setting::<Period>(
            "activity_poll",
            &["RATCHET_ACTIVITY_POLL"],
            "how long GetActivityTask waits for a task",
        )
    },
    Setting {
        default: Some("10000"),
        ..setting::<Limit>(
            "concurrent_tasks",
            &["RATCHET_CONCURRENT_TASKS"],
            "how many integration calls run at once",
        )
    },
    Setting {
        default: Some("4096"),
        ..setting::<Limit>(
            "resting_executions",
            &["RATCHET_RESTING_EXECUTIONS"],
            "how many executions that only wait stay in memory",
        )
    },
    Setting {
        default: Some("4194304"),
        ..setting::<Limit>(
            "body_bytes",
            &["RATCHET_BODY_BYTES"],
            "the longest request body, in bytes",
        )
    },
    Setting {
        nature: Nature::Path,
        ..setting::<String>(
            "mock_config",
            &["RATCHET_MOCK_CONFIG", "SFN_MOCK_CONFIG"],
            "the mock configuration file, with the test cases that executions can be started with",
        )
    },
    Setting {
        default: Some("20s"),
        ..setting::<Period>(
            "shutdown",
            &["RATCHET_SHUTDOWN"],
            "how long a clean stop may take before it is cut short",
        )
    },
    setting::<String>(
        "lambda_endpoint",
        &["RATCHET_LAMBDA_ENDPOINT", "AWS_ENDPOINT_URL_LAMBDA"],
        "where functions that are not in [functions] are called by Lambda's Invoke API",
    ),
    setting::<Region>(
        "lambda_region",
        &["RATCHET_LAMBDA_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"],
        "the region that functions see and that calls of the Lambda endpoint are signed for",
    ),
    limit(
        "limits.payload_bytes",
        &["RATCHET_LIMITS_PAYLOAD_BYTES"],
        "the longest payload, in bytes",
    ),
    limit(
        "limits.history_events",
        &["RATCHET_LIMITS_HISTORY_EVENTS"],
        "the most events in one history",
    ),
    limit(
        "limits.map_concurrency",
        &["RATCHET_LIMITS_MAP_CONCURRENCY"],
        "how many iterations of an inline Map run at once",
    ),
    limit(
        "limits.step_events",
        &["RATCHET_LIMITS_STEP_EVENTS"],
        "how many events are made before they are committed",
    ),
    limit(
        "limits.definition_bytes",
        &["RATCHET_LIMITS_DEFINITION_BYTES"],
        "the longest definition, in bytes",
    ),
    limit(
        "limits.state_machines",
        &["RATCHET_LIMITS_STATE_MACHINES"],
        "the most state machines",
    ),
    limit(
        "limits.activities",
        &["RATCHET_LIMITS_ACTIVITIES"],
        "the most activities",
    ),
    limit(
        "limits.activity_pollers",
        &["RATCHET_LIMITS_ACTIVITY_POLLERS"],
        "the most workers that poll one activity",
    ),
    limit(
        "limits.tags",
        &["RATCHET_LIMITS_TAGS"],
        "the most tags on one resource",
    ),
    limit(
        "limits.express_seconds",
        &["RATCHET_LIMITS_EXPRESS_SECONDS"],
        "how long an Express execution may run, in seconds",
    ),
    limit(
        "limits.versions",
        &["RATCHET_LIMITS_VERSIONS"],
        "the most versions of one state machine",
    ),
    limit(
        "limits.aliases",
        &["RATCHET_LIMITS_ALIASES"],
        "the most aliases of one state machine",
    ),
    limit(
        "limits.redrive_days",
        &["RATCHET_LIMITS_REDRIVE_DAYS"],
        "for how many days after its end an execution can be redriven",
    ),
    Setting {
        default: Some("info"),
        ..setting::<LogFilter>(
            "log.level",
            &["RATCHET_LOG"],
            "off, error, warn, info, debug or trace, or target=level pairs",
        )
    },
    Setting {
        default: Some("text"),
        ..setting::<LogFormat>("log.format", &["RATCHET_LOG_FORMAT"], "text or json")
    },
    Setting {
        nature: Nature::Path,
        ..setting::<String>(
            "execution_log.file",
            &["RATCHET_EXECUTION_LOG_FILE"],
            "the file that execution logs are appended to, a JSON record on each line",
        )
    },
    setting::<String>(
        "execution_log.endpoint",
        &["RATCHET_EXECUTION_LOG_ENDPOINT", "AWS_ENDPOINT_URL_LOGS"],
        "where execution logs are sent by CloudWatch Logs' API",
    ),
    setting::<String>(
        "traces.collector",
        &["RATCHET_TRACES_COLLECTOR", "OTEL_EXPORTER_OTLP_ENDPOINT"],
        "the OpenTelemetry collector that spans are sent to, by OTLP over HTTP: its /v1/traces",
    ),
    setting::<String>(
        "traces.endpoint",
        &[
            "RATCHET_TRACES_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        ],
        "the whole URL that spans are sent to, where it is another one",
    ),
    secret(
        "traces.headers",
        &[
            "RATCHET_TRACES_HEADERS",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "OTEL_EXPORTER_OTLP_HEADERS",
        ],
        "headers that go with them: name=value,name=value",
    ),
    Setting {
        default: Some("ratchet"),
        ..setting::<String>(
            "traces.service",
            &["RATCHET_TRACES_SERVICE", "OTEL_SERVICE_NAME"],
            "the service that spans are said to be of",
        )
    },
    Setting {
        default: Some("false"),
        ..setting::<Switch>(
            "traces.all",
            &["RATCHET_TRACES_ALL"],
            "whether all executions have spans, not only those of state machines with tracingConfiguration.enabled",
        )
    },
    setting::<String>(
        "credentials.access_key_id",
        &["AWS_ACCESS_KEY_ID"],
        "the key that calls of AWS's services and of the Lambda endpoint are signed with",
    ),
    secret(
        "credentials.secret_access_key",
        &["AWS_SECRET_ACCESS_KEY"],
        "the key's secret",
    ),
    secret(
        "credentials.session_token",
        &["AWS_SESSION_TOKEN"],
        "the session's token, for temporary keys",
    ),
    Setting {
        default: Some("true"),
        ..setting::<Switch>(
            "batch.enabled",
            &["RATCHET_BATCH_ENABLED"],
            "whether this server runs container jobs",
        )
    },
    Setting {
        default: Some("auto"),
        ..setting::<batch::EngineChoice>(
            "batch.engine",
            &["RATCHET_BATCH_ENGINE"],
            "what runs the default environment's jobs: docker, process, or auto for docker if its daemon answers",
        )
    },
    Setting {
        default: Some("/var/run/docker.sock"),
        nature: Nature::Path,
        ..setting::<String>(
            "batch.docker_socket",
            &["RATCHET_BATCH_DOCKER_SOCKET"],
            "where the Docker daemon listens",
        )
    },
    setting::<batch::Vcpus>(
        "batch.vcpus",
        &["RATCHET_BATCH_VCPUS"],
        "how many vCPUs the default environment's jobs have together",
    ),
    limit(
        "batch.memory",
        &["RATCHET_BATCH_MEMORY"],
        "how much memory the default environment's jobs have together, in MiB",
    ),
    Setting {
        default: Some(""),
        ..setting::<batch::Paths>(
            "batch.allowed_mounts",
            &["RATCHET_BATCH_ALLOWED_MOUNTS"],
            "directories of this machine that jobs may mount, with what is below",
        )
    },
    Setting {
        default: Some(""),
        ..setting::<batch::Paths>(
            "batch.allowed_devices",
            &["RATCHET_BATCH_ALLOWED_DEVICES"],
            "devices of this machine that jobs may use",
        )
    },
    Setting {
        default: Some("false"),
        ..setting::<Switch>(
            "batch.privileged",
            &["RATCHET_BATCH_PRIVILEGED"],
            "whether jobs may run privileged",
        )
    },
    Setting {
        default: Some("false"),
        ..setting::<Switch>(
            "batch.host_network",
            &["RATCHET_BATCH_HOST_NETWORK"],
            "whether jobs may use the machine's own network",
        )
    },
    Setting {
        default: Some("missing"),
        ..setting::<batch::Pull>(
            "batch.pull",
            &["RATCHET_BATCH_PULL"],
            "when images are pulled: missing, always or never",
        )
    },
    Setting {
        default: Some("16777216"),
        ..setting::<Limit>(
            "batch.log_bytes",
            &["RATCHET_BATCH_LOG_BYTES"],
            "how much of each attempt's log is kept, in bytes",
        )
    },
    Setting {
        default: Some("30d"),
        ..setting::<Period>(
            "batch.job_retention",
            &["RATCHET_BATCH_JOB_RETENTION"],
            "how long a job that ended is kept, with its log",
        )
    },
    table::<BTreeMap<String, batch::Environment>>(
        "batch.environments",
        "compute environments that there are from the start",
    ),
    table::<BTreeMap<String, batch::Registry>>(
        "batch.registries",
        "what images of private registries are pulled with",
    ),
    table::<BTreeMap<String, batch::SecretSource>>(
        "batch.secrets",
        "what jobs can name as the valueFrom of their secrets",
    ),
    setting::<String>(
        "aws.endpoint",
        &["RATCHET_AWS_ENDPOINT", "AWS_ENDPOINT_URL"],
        "where AWS's services are called that have no endpoint of their own; AWS itself when absent",
    ),
    Setting {
        nature: Nature::Path,
        ..setting::<String>(
            "aws.models",
            &["RATCHET_AWS_MODELS"],
            "a directory of service models as botocore has them, for services that this binary does not know",
        )
    },
    table::<BTreeMap<String, String>>(
        "aws.endpoints",
        "where single services of AWS are called; AWS_ENDPOINT_URL_<SERVICE> wins",
    ),
    table::<BTreeMap<String, s3::Folder>>(
        "s3.buckets",
        "buckets of S3 that are folders of this machine",
    ),
    table::<HttpSettings>("http", "bounds of outgoing HTTP"),
    table::<BTreeMap<String, ConnectionSettings>>(
        "connections",
        "what http:invoke can name as its connection",
    ),
    table::<BTreeMap<String, FunctionSettings>>(
        "functions",
        "the functions that this server performs itself",
    ),
    table::<ReplicationSettings>(
        "replication",
        "the databases that replication tasks can name, and where they spill",
    ),
];

const fn setting<T: DeserializeOwned + Serialize>(
    key: &'static str,
    variables: &'static [&'static str],
    about: &'static str,
) -> Setting {
    Setting {
        key,
        variables,
        about,
        default: None,
        nature: Nature::Plain,
        read: canonical::<T>,
        show: toml::Value::clone,
    }
}

const fn limit(
    key: &'static str,
    variables: &'static [&'static str],
    about: &'static str,
) -> Setting {
    setting::<Limit>(key, variables, about)
}

const fn secret(
    key: &'static str,
    variables: &'static [&'static str],
    about: &'static str,
) -> Setting {
    Setting {
        show: |_| toml::Value::String("***".to_owned()),
        ..setting::<String>(key, variables, about)
    }
}

const fn table<T: DeserializeOwned + Serialize>(key: &'static str, about: &'static str) -> Setting {
    Setting {
        nature: Nature::Table,
        read: as_written::<T>,
        show: covered::<T>,
        ..setting::<T>(key, &[], about)
    }
}

fn canonical<T: DeserializeOwned + Serialize>(
    value: Spanned<DeValue<'_>>,
) -> Result<toml::Value, toml::de::Error> {
    let value = T::deserialize(ValueDeserializer::from(value))?;
    toml::Value::try_from(value).map_err(toml::de::Error::custom)
}

/// Checks a table and keeps it as it was written: what writes its type covers the secrets.
fn as_written<T: DeserializeOwned>(
    value: Spanned<DeValue<'_>>,
) -> Result<toml::Value, toml::de::Error> {
    T::deserialize(ValueDeserializer::from(value.clone()))?;
    toml::Value::deserialize(ValueDeserializer::from(value))
}

fn covered<T: DeserializeOwned + Serialize>(value: &toml::Value) -> toml::Value {
    let value = T::deserialize(value.clone()).expect("the table was checked when it was read");
    toml::Value::try_from(value).expect("a table that was read can be written")
}
