//! How the house's crates become one engine.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use api::execution_log::ExecutionLog;
use api::options::Figures;
use api::services::Services;
use batch_runtime::Batch;
use integrations::Integrations;
use integrations::batch::{ContainerJobs, JobTokens};
use integrations::log_groups::LogGroups;
use integrations::replication::{ReplicationTasks, Surroundings};
use integrations::services::AwsServices;
use runtime::observe::Observer;
use runtime::runtime::Runtime;
use runtime::tracer::Tracer;
use schedule_runtime::schedules::{Options as ScheduleOptions, Schedules};
use store::contract::Store;
use store_sqlite::{Options, SqliteStore};

use crate::aws::{self, OwnApi};
use crate::config::Config;
use crate::config::layers::Environment;
use crate::execution_logs::ExecutionLogs;
use crate::items::S3Items;
use crate::outcome::Error;
use crate::schedule_targets::{BatchJobs, ScheduleTargets};
use crate::sent_traces::SentTraces;
use crate::{batch, crash_at, passwords};

/// The engine and what performs its tasks.
pub(crate) struct Engine {
    /// What everybody asks.
    pub(crate) runtime: Runtime,
    /// Container jobs, unless they are turned off.
    pub(crate) batch: Option<Batch>,
    /// The same for workflows.
    jobs: Option<ContainerJobs>,
    aws: AwsServices,
    own_api: OwnApi,
    schedules: Option<Schedules>,
    store: Arc<dyn Store>,
    integrations: Integrations,
    replication: ReplicationTasks,
    logs: Option<ExecutionLogs>,
    traces: Option<Arc<SentTraces>>,
}

impl Engine {
    /// Lets schedules fire. Only a server does that: what `run` starts ends with it.
    ///
    /// # Errors
    /// When the store can't be read.
    pub(crate) async fn begin_schedules(&mut self) -> Result<(), Error> {
        let partition = &self.runtime.options().partition;
        let options = ScheduleOptions {
            region: partition.region.clone(),
            account: partition.account.clone(),
            ..ScheduleOptions::default()
        };
        let targets = ScheduleTargets {
            runtime: self.runtime.clone(),
            integrations: Arc::new(self.integrations.clone()),
            batch: BatchJobs::new(self.batch.clone()),
        };
        let schedules = Schedules::open(self.store.clone(), Arc::new(targets), options)
            .await
            .map_err(|error| Error::Unavailable(explain(&error)))?;
        self.schedules = Some(schedules);
        Ok(())
    }

    /// What is asked over the wire.
    pub(crate) fn services(&self) -> Services {
        Services {
            runtime: self.runtime.clone(),
            batch: self.batch.clone(),
            schedules: self.schedules.clone(),
        }
    }

    /// Closes what starts work, then the runtime, then the functions: the other way round, a call in progress would be recorded as failed.
    /// Replication tasks are interrupted meanwhile; those of a server go on with its next start. Jobs go on by themselves and are taken up
    /// then.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn close(&self) -> Result<(), runtime::error::Error> {
        if let Some(schedules) = &self.schedules {
            schedules.close().await;
        }
        self.replication.begin_close();
        if let Some(jobs) = &self.jobs {
            jobs.close().await;
        }
        self.aws.close().await;
        // Before the runtime, which closes the store.
        if let Some(batch) = &self.batch {
            batch.close().await;
        }
        if let Some(traces) = &self.traces {
            traces.close().await;
        }
        let (closed, ()) = tokio::join!(self.runtime.close(), self.replication.close());
        self.integrations.close().await;
        self.own_api.close();
        if let Some(logs) = &self.logs {
            logs.close().await;
        }
        closed
    }

    /// What `/metrics` shows besides the runtime's figures.
    pub(crate) fn figures(&self) -> Figures {
        let (tasks, schedules) = (self.replication.clone(), self.schedules.clone());
        let traces = self.traces.as_ref().map(|traces| traces.tracer());
        let runtime = self.runtime.clone();
        Figures::of(move || {
            let mut figures = tasks.figures();
            if let Some(schedules) = &schedules {
                figures.push_str(&schedules.figures());
            }
            if let Some(traces) = &traces {
                figures.push_str(&traces.figures(&runtime));
            }
            figures
        })
    }

    /// The replication tasks that run.
    pub(crate) fn running_replication_tasks(&self) -> Vec<String> {
        self.replication.running()
    }
}

/// Opens the engine on a data directory and takes up everything that was unfinished there. `server` is where its API is to be
/// found, for functions that call it.
///
/// # Errors
/// When the directory is in use or can't be read.
pub(crate) async fn open(
    config: &Config,
    environment: &Environment,
    directory: &Path,
    server: Option<SocketAddr>,
) -> Result<Engine, Error> {
    let crash_point = crash_at::from_environment(environment)?;
    let mut settings = config.integrations(server);
    settings.aws.endpoints.extend(aws::endpoints(environment));
    if settings.credentials.is_none() {
        settings.credentials = aws::of_profile(environment);
    }
    let integrations =
        Integrations::new(&settings).map_err(|error| Error::Usage(explain(&error)))?;
    let store = SqliteStore::open(directory, Options::default())
        .await
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    let store: Arc<dyn Store> = Arc::new(store);
    let mut options = config.engine_options();
    options.items = Some(Arc::new(S3Items::open(config, &settings)?));
    let endpoint = config.execution_log.endpoint.as_deref();
    let endpoint = endpoint
        .map(|url| LogGroups::new(url, &settings))
        .transpose()
        .map_err(|error| Error::Usage(explain(&error)))?;
    let logs = ExecutionLogs::open(config.execution_log.file.as_deref(), endpoint)?;
    options.observer = logs
        .clone()
        .map(|logs| Arc::new(ExecutionLog::new(Arc::new(logs))) as Arc<dyn Observer>);
    let traces = SentTraces::of(&config.traces, &settings)?.map(Arc::new);
    options.tracer = traces
        .as_ref()
        .map(|traces| traces.tracer() as Arc<dyn Tracer>);
    let surroundings = Surroundings {
        settings: config.replication.clone(),
        passwords: passwords::from_environment(environment),
        spill_directory: config.spill_directory(),
        partition: options.partition.clone(),
        crash_point,
    };
    let replication = ReplicationTasks::of(store.clone(), surroundings)
        .await
        .map_err(|error| Error::Unavailable(explain(&error)))?;
    let own_api = OwnApi::default();
    let services = AwsServices::open(
        &settings,
        integrations.catalogue(),
        store.clone(),
        Some(Arc::new(own_api.clone())),
    )
    .await
    .map_err(|error| Error::Unavailable(explain(&error)))?;
    let tokens = JobTokens::new();
    let batch = batch::open(
        config,
        environment,
        directory,
        store.clone(),
        tokens.clone(),
    )
    .await?;
    let jobs = batch.clone().map(ContainerJobs::new);
    let mut integrations = integrations
        .with_replication(replication.clone())
        .with_services(services.clone());
    if let Some(jobs) = &jobs {
        integrations = integrations.with_jobs(jobs.clone());
    }
    let tasks = Arc::new(integrations.clone());
    let runtime = Runtime::open(store.clone(), tasks, options)
        .await
        .map_err(|error| Error::Unavailable(explain(&error)))?;
    tokens.begin(&runtime);
    if let Some(traces) = &traces {
        traces.begin(&runtime);
    }
    if let Some(jobs) = &jobs {
        jobs.resume(&runtime).await;
    }
    replication.resume(&runtime).await;
    services.resume(&runtime).await;
    let own = Services {
        runtime: runtime.clone(),
        batch: batch.clone(),
        schedules: None,
    };
    own_api.begin(own, config.api_options(Figures::default()));
    Ok(Engine {
        runtime,
        batch,
        jobs,
        aws: services,
        own_api,
        schedules: None,
        store,
        integrations,
        replication,
        logs,
        traces,
    })
}

/// An error with everything that led to it.
pub(crate) fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
