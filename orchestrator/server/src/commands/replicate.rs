//! `ratchet replicate`: one replication task in this process, until a signal or the end that it was given.

mod amounts;
mod narration;
mod request;
mod screen;

use std::path::Path;
use std::sync::Arc;

use api::options::Figures;
use replication::table_state::TableState;
use replicator::options::{Level, Notice};
use replicator::status::Status;
use replicator::{Options, Outcome as Ended, Replicator};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::arguments::replicate::Replicate;
use crate::commands::serve::bind;
use crate::config::Config;
use crate::config::layers::{Environment, InForce, Origin};
use crate::config::values::LogFilter;
use crate::outcome::{Error, Outcome};
use crate::signals::Stop;
use crate::{crash_at, output, passwords, telemetry};

use self::screen::Screen;

/// How many notices may wait to be shown; more are in the log only.
const WAITING_NOTICES: usize = 1024;

/// Runs the task.
pub(super) async fn replicate(
    arguments: &Replicate,
    in_force: InForce,
    environment: &Environment,
) -> Result<Outcome, Error> {
    let config = quiet_by_default(in_force);
    telemetry::begin(&config.log);
    let passwords = passwords::from_environment(environment);
    let task = request::task(arguments, &config, environment, &passwords)?;
    let name = task.name.clone();
    let mut screen = Screen::new(arguments.quiet);
    for warning in &task.settings.warnings {
        screen.note(&format!("warning: {warning}"));
    }
    let ends_by_itself = arguments.until.is_some();
    screen.note(&format!(
        "task {name}: {}/{} to {}/{}",
        task.source.host_list(),
        task.source.database,
        task.target.host_list(),
        task.target.database
    ));

    let (notices, mut noticed) = mpsc::channel::<Notice>(WAITING_NOTICES);
    let spill_directory = match &arguments.spill_directory {
        Some(directory) => directory.clone(),
        None => config.spill_directory(),
    };
    make(&spill_directory)?;
    let options = Options {
        observer: Arc::new(move |notice: &Notice| {
            // A screen that can't keep up misses lines rather than holding the task up.
            let _ = notices.try_send(notice.clone());
        }),
        crash_point: crash_at::from_environment(environment)?,
        ..Options::new(spill_directory)
    };
    let replicator = Replicator::new(task, options);
    let status = replicator.status();
    let _figures = serve_figures(arguments, &name, status.clone(), &screen).await?;
    let mut signals = Stop::listen()
        .map_err(|error| Error::Unavailable(format!("cannot wait for signals: {error}")))?;
    let stop = CancellationToken::new();
    let mut running = tokio::spawn(replicator.run(stop.clone()));
    let mut ticks = tokio::time::interval(screen.period());
    let ended = loop {
        tokio::select! {
            ended = &mut running => break ended,
            Some(notice) = noticed.recv() => show(&screen, &notice),
            _ = ticks.tick() => {
                let status = status.borrow().clone();
                screen.show(&status);
            }
            signal = signals.asked() => {
                if stop.is_cancelled() {
                    screen.end();
                    output::note(&format!("{signal}: stopped at once; the same command goes on from here"));
                    return Ok(Outcome::Interrupted);
                }
                screen.note(&format!("{signal}: stopping"));
                stop.cancel();
            }
        }
    };
    while let Ok(notice) = noticed.try_recv() {
        show(&screen, &notice);
    }
    let last = status.borrow().clone();
    screen.show(&last);
    screen.end();
    match ended {
        Ok(Ok(Ended::Stopped)) if ends_by_itself => {
            screen.note("interrupted; the same command goes on from here");
            Ok(Outcome::Interrupted)
        }
        Ok(Ok(ended)) => {
            screen.note(&farewell(ended, &last));
            let suspended = suspended(&last);
            if suspended.is_empty() {
                return Ok(Outcome::Done);
            }
            output::print_error(&format!(
                "these tables are suspended, their changes are not applied: {}",
                suspended.join(", ")
            ));
            Ok(if ends_by_itself {
                Outcome::Negative
            } else {
                Outcome::Done
            })
        }
        Ok(Err(error)) => Err(failure(&error)),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

/// The configuration, without log lines of the task: its notices are shown anyway.
fn quiet_by_default(in_force: InForce) -> Config {
    let mut config = in_force.config;
    let level = in_force.values.get("log.level");
    if level.is_some_and(|level| level.origin == Origin::Default) {
        config.log.level = "warn,replicator=off"
            .parse::<LogFilter>()
            .expect("these are levels");
    }
    config
}

fn make(directory: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(directory).map_err(|error| {
        Error::Unavailable(format!(
            "cannot make the spill directory {}: {error}; name another one with --spill-directory",
            directory.display()
        ))
    })
}

/// Begins to answer at `--metrics-listen`, for as long as the answer lives.
async fn serve_figures(
    arguments: &Replicate,
    name: &str,
    status: watch::Receiver<Status>,
    screen: &Screen,
) -> Result<Option<oneshot::Sender<()>>, Error> {
    let Some(address) = &arguments.metrics_listen else {
        return Ok(None);
    };
    let listener = bind(&address.parse().map_err(Error::Usage)?).await?;
    if let Ok(address) = listener.local_addr() {
        screen.note(&format!("figures at http://{address}/metrics"));
    }
    let name = name.to_owned();
    let figures = Figures::of(move || {
        let status = status.borrow();
        replicator::metrics::render([(name.as_str(), &*status)])
    });
    let (stop, stopped) = oneshot::channel();
    let router = api::server::figures_router(figures);
    tokio::spawn(api::server::serve(listener, router, async {
        let _ = stopped.await;
    }));
    Ok(Some(stop))
}

fn show(screen: &Screen, notice: &Notice) {
    match notice.level {
        Level::Information => screen.note(&format!("{:>9}  {notice}", "")),
        Level::Warning => screen.note(&format!("{:>9}  warning: {notice}", "")),
    }
}

/// What is said at the end of a task that ended well.
fn farewell(ended: Ended, status: &Status) -> String {
    let (rows, bytes) = status.loaded();
    match ended {
        Ended::FullLoadFinished => format!(
            "loaded {} of {} tables, {} rows, {} in {}",
            status.tables_in(TableState::Completed),
            status.tables.len(),
            amounts::count(rows),
            amounts::bytes(bytes),
            amounts::duration(status.started.elapsed())
        ),
        Ended::CaughtUp => format!(
            "caught up at {}: {} changes of {} transactions applied",
            status.applied,
            amounts::count(status.changes),
            amounts::count(status.transactions)
        ),
        Ended::Stopped => format!("stopped at {}", status.applied),
    }
}

/// The tables whose changes are not applied.
fn suspended(status: &Status) -> Vec<String> {
    let tables = status.tables.iter();
    tables
        .filter(|(_, table)| table.state == TableState::Suspended)
        .map(|(name, _)| name.to_string())
        .collect()
}

/// How the process says that the task can't go on.
fn failure(error: &replicator::Error) -> Error {
    match error {
        replicator::Error::ResyncRequired { .. } => Error::ResyncRequired(error.to_string()),
        replicator::Error::StoppedByPolicy { .. }
        | replicator::Error::Endpoint(_)
        | replicator::Error::Apply(_)
        | replicator::Error::Spill { .. }
        | replicator::Error::Refused(_)
        | replicator::Error::Internal(_) => Error::Failed(error.to_string()),
    }
}
