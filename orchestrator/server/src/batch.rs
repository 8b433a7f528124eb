//! How `[batch]` becomes an engine of container jobs: engines, logs, the default environment, secrets.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use batch::container::Resources;
use batch::environment::Engine;
use batch::names::Site;
use batch_runtime::options::EnvironmentOptions;
use batch_runtime::{Batch, Options};
use containers::docker::{Credentials, Docker, PullPolicy};
use containers::processes::{Limits, Processes};
use containers::{LogStore, Runner, docker, processes};
use integrations::batch::JobTokens;
use store::contract::Store;

use crate::config::Config;
use crate::config::batch::{self as settings, EngineChoice, Pull, SecretSource};
use crate::config::layers::Environment;
use crate::engine::explain;
use crate::outcome::Error;

/// The hidden subcommand by which this program watches over an attempt of the process engine.
pub(crate) const ATTEMPT_SHIM: &str = "attempt-shim";

/// How long a Docker daemon may take at the start to say that it is there.
const PATIENCE: Duration = Duration::from_secs(3);

/// Opens the engine of jobs in a data directory and takes up the attempts that run; nothing when it is turned off.
///
/// # Errors
/// When a file or a secret can't be read, or the store fails.
pub(crate) async fn open(
    config: &Config,
    environment: &Environment,
    directory: &Path,
    store: Arc<dyn Store>,
    tokens: JobTokens,
) -> Result<Option<Batch>, Error> {
    let settings = &config.batch;
    if !settings.enabled.0 {
        return Ok(None);
    }
    let secrets = secrets(&settings.secrets, environment)?;
    // Attempts outlive this process and its working directory.
    let directory = std::path::absolute(directory.join("batch"))
        .map_err(|error| unusable("find", directory, &error))?;
    fs::create_dir_all(&directory).map_err(|error| unusable("make", &directory, &error))?;
    let logs = LogStore::open(directory.join("logs"), settings.log_bytes.0)
        .map_err(|error| Error::Unavailable(explain(&error)))?;
    let docker = Docker::new(
        docker_settings(settings, instance(&directory)?),
        logs.clone(),
    );
    let processes = processes(&directory, &logs)?;
    let engine = default_engine(settings, &docker).await;
    if engine == Engine::Process
        && let Some(why) = processes.unlimited()
    {
        tracing::info!(why, "the memory and vCPUs of jobs are not limited");
    }
    let machine = machine();
    let options = Options {
        environments: environments(settings, machine),
        secrets,
        tokens: Some(Arc::new(tokens)),
        job_retention: settings.job_retention.0,
        log_retention: settings.job_retention.0,
        ..Options::new(
            Site {
                region: config.region.as_str().into(),
                account: config.account.as_str().into(),
            },
            logs,
            EnvironmentOptions {
                engine,
                limits: bounded(machine, settings.vcpus, settings.memory),
            },
        )
    };
    let runners: HashMap<Engine, Arc<dyn Runner>> = HashMap::from([
        (Engine::Docker, Arc::new(docker) as Arc<dyn Runner>),
        (Engine::Process, Arc::new(processes)),
    ]);
    Batch::open(store, runners, options)
        .await
        .map(Some)
        .map_err(|error| Error::Unavailable(explain(&error)))
}

/// What runs the jobs of the default environment, and says so.
async fn default_engine(settings: &settings::Batch, docker: &Docker) -> Engine {
    let socket = settings.docker_socket.display();
    let (engine, why) = match settings.engine {
        EngineChoice::Docker => (Engine::Docker, "batch.engine says so".to_owned()),
        EngineChoice::Process => (Engine::Process, "batch.engine says so".to_owned()),
        EngineChoice::Auto => match tokio::time::timeout(PATIENCE, docker.ready()).await {
            Ok(Ok(())) => (
                Engine::Docker,
                format!("the Docker daemon at {socket} answers"),
            ),
            Ok(Err(why)) => (Engine::Process, why),
            Err(_) => (
                Engine::Process,
                format!("the Docker daemon at {socket} does not answer"),
            ),
        },
    };
    tracing::info!(
        engine = engine.as_str(),
        why,
        "this runs the jobs of the environment default"
    );
    engine
}

fn docker_settings(settings: &settings::Batch, instance: String) -> docker::Settings {
    let registries = settings.registries.iter().map(|(host, registry)| {
        let credentials = Credentials {
            username: registry.username.clone(),
            password: registry.password.0.clone(),
        };
        (host.clone(), credentials)
    });
    docker::Settings {
        socket: settings.docker_socket.clone(),
        pull: match settings.pull {
            Pull::Missing => PullPolicy::Missing,
            Pull::Always => PullPolicy::Always,
            Pull::Never => PullPolicy::Never,
        },
        registries: registries.collect(),
        allowed_mounts: settings.allowed_mounts.0.clone(),
        allowed_devices: settings.allowed_devices.0.clone(),
        allow_privileged: settings.privileged.0,
        allow_host_network: settings.host_network.0,
        ..docker::Settings::new(instance)
    }
}

fn processes(directory: &Path, logs: &LogStore) -> Result<Processes, Error> {
    let program = std::env::current_exe().map_err(|error| {
        Error::Unavailable(format!("cannot find the program of this process: {error}"))
    })?;
    let settings = processes::Settings {
        directory: directory.join("attempts"),
        program,
        arguments: vec![ATTEMPT_SHIM.to_owned()],
        limits: Limits::WherePossible,
    };
    Processes::new(settings, logs.clone()).map_err(|error| Error::Unavailable(explain(&error)))
}

fn environments(
    settings: &settings::Batch,
    machine: Resources,
) -> BTreeMap<String, EnvironmentOptions> {
    let environment = |environment: &settings::Environment| EnvironmentOptions {
        engine: match environment.engine {
            settings::Engine::Docker => Engine::Docker,
            settings::Engine::Process => Engine::Process,
        },
        limits: Resources {
            gpus: environment.gpus.into(),
            ..bounded(machine, environment.vcpus, environment.memory)
        },
    };
    settings
        .environments
        .iter()
        .map(|(name, set)| (name.clone(), environment(set)))
        .collect()
}

/// The machine's resources, as far as nothing else is said.
fn bounded(
    machine: Resources,
    vcpus: Option<settings::Vcpus>,
    memory: Option<crate::config::values::Limit>,
) -> Resources {
    Resources {
        vcpus_milli: vcpus.map_or(machine.vcpus_milli, |vcpus| vcpus.milli),
        memory_mib: memory.map_or(machine.memory_mib, |memory| memory.0),
        gpus: 0,
    }
}

/// What this machine has. One without `/proc` has a GiB for each processor, as far as jobs are concerned.
fn machine() -> Resources {
    let processors = std::thread::available_parallelism().map_or(1, |number| number.get() as u64);
    let memory = fs::read_to_string("/proc/meminfo").ok();
    let memory = memory.and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    Resources {
        vcpus_milli: processors * 1000,
        memory_mib: memory.map_or(processors * 1024, |kibibytes| kibibytes / 1024),
        gpus: 0,
    }
}

/// The secrets' values, read once at the start.
fn secrets(
    sources: &BTreeMap<String, SecretSource>,
    environment: &Environment,
) -> Result<BTreeMap<String, String>, Error> {
    let mut values = BTreeMap::new();
    for (name, source) in sources {
        values.insert(name.clone(), secret(name, source, environment)?);
    }
    Ok(values)
}

fn secret(name: &str, source: &SecretSource, environment: &Environment) -> Result<String, Error> {
    if let Some(value) = &source.value {
        return Ok(value.0.clone());
    }
    if let Some(file) = &source.file {
        let text = fs::read_to_string(file).map_err(|error| {
            let file = file.display();
            Error::Usage(format!(
                "cannot read batch.secrets.{name} from {file}: {error}"
            ))
        })?;
        return Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned());
    }
    let variable = source.variable.as_deref().unwrap_or_default();
    match environment.get(variable) {
        Some(value) => Ok(value.to_owned()),
        None => Err(Error::Usage(format!(
            "cannot read batch.secrets.{name}: the variable {variable} is not set"
        ))),
    }
}

/// What tells this data directory's containers from those of others: made once, and kept beside what it belongs to.
fn instance(directory: &Path) -> Result<String, Error> {
    let path: PathBuf = directory.join("instance");
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(unusable("read", &path, &error)),
    }
    let instance = uuid::Uuid::new_v4().to_string();
    // Whole or not at all: a container under a name that was not kept would be nobody's.
    let new = directory.join("instance.new");
    let written = fs::File::create(&new).and_then(|mut file| {
        writeln!(file, "{instance}")?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        fs::File::open(directory)?.sync_all()
    });
    written.map_err(|error| unusable("write", &path, &error))?;
    Ok(instance)
}

fn unusable(verb: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("cannot {verb} {}: {error}", path.display()))
}
