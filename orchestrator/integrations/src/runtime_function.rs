//! Functions that are processes which speak the Lambda Runtime API: started when they are needed, kept, and replaced when they die.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use interpreter::failure::Failure;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::failures;
use crate::invocation::Invocation;
use crate::process::{Program, Running, describe, log_lines};
use crate::runtime_api::{Offer, Outcome, RuntimeApi, Taken};
use crate::settings::FunctionSettings;

/// How long a process that was asked to end may take.
const GRACE: Duration = Duration::from_secs(1);

/// How long the last words of a process that has ended are waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A function with its processes. A process works on one call at a time.
///
/// When this server is killed, its processes find the Runtime API closed the next time they ask for work, and exit.
pub(crate) struct RuntimeFunction {
    name: Arc<str>,
    region: String,
    program: Program,
    idle: Mutex<Vec<Process>>,
    /// One task for each process that lives, awaited when the function is closed.
    supervisors: Mutex<JoinSet<()>>,
    stop: watch::Sender<bool>,
}

/// A process, from the side of its callers. Dropping it kills it.
struct Process {
    api: Arc<RuntimeApi>,
    supervisor: AbortHandle,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

impl RuntimeFunction {
    pub(crate) fn new(
        name: &str,
        command: &[String],
        settings: &FunctionSettings,
        region: &str,
    ) -> Result<Self, String> {
        Ok(Self {
            name: name.into(),
            region: region.to_owned(),
            program: Program::new(command, settings)?,
            idle: Mutex::default(),
            supervisors: Mutex::default(),
            stop: watch::Sender::new(false),
        })
    }

    /// Has a process work on a call. Dropping the future kills that process.
    ///
    /// # Errors
    /// When the function fails, or its process can't be started or exits.
    pub(crate) async fn call(
        &self,
        invocation: &Invocation,
        patience: Duration,
    ) -> Result<Bytes, Failure> {
        loop {
            let (process, fresh) = match self.take() {
                Some(process) => (process, false),
                None => (self.start(invocation).await?, true),
            };
            let (reply, outcome) = oneshot::channel();
            process.api.offer(self.offer(invocation, patience, reply));
            match outcome.await {
                Ok(Outcome::Answered(result)) => {
                    self.put(process);
                    return result;
                }
                // A process that died while it was idle has not seen the call, so another one may.
                Ok(Outcome::Ended {
                    taken: Taken::No, ..
                }) if !fresh => {}
                Ok(Outcome::Ended { failure, .. }) => return Err(failure),
                Err(_) => {
                    return Err(failures::failure(
                        "Lambda.ServiceException",
                        format!("The function '{}' is being shut down", self.name),
                    ));
                }
            }
        }
    }

    /// Asks all processes to end and waits until they have. Calls that come later fail.
    pub(crate) async fn close(&self) {
        self.stop.send_replace(true);
        let mut supervisors = std::mem::take(
            &mut *self
                .supervisors
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        while supervisors.join_next().await.is_some() {}
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn take(&self) -> Option<Process> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|process| process.api.is_open());
        idle.pop()
    }

    fn put(&self, process: Process) {
        if process.api.is_open() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(process);
        }
    }

    async fn start(&self, invocation: &Invocation) -> Result<Process, Failure> {
        let cannot = |error: std::io::Error| {
            failures::sandbox_error(
                "Runtime.InvalidEntrypoint",
                &invocation.attempt.request_id.to_string(),
                &format!(
                    "cannot start the runtime of function '{}': {error}",
                    self.name
                ),
            )
        };
        let stop = self.stop.subscribe();
        if *stop.borrow() {
            return Err(failures::failure(
                "Lambda.ServiceException",
                "the server is shutting down",
            ));
        }
        // Runtime clients take a host and a port but no path, so each process is known by a port of its own.
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let running = self
            .program
            .start(
                Stdio::null(),
                self.environment(),
                [("AWS_LAMBDA_RUNTIME_API", address.to_string())],
            )
            .map_err(cannot)?;
        let api = Arc::new(RuntimeApi::default());
        let supervisor = supervise(self.name.clone(), running, listener, api.clone(), stop);
        let mut supervisors = self
            .supervisors
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while supervisors.try_join_next().is_some() {}
        Ok(Process {
            api,
            supervisor: supervisors.spawn(supervisor),
        })
    }

    /// What Lambda's own environment tells a function; the function's settings may say otherwise.
    fn environment(&self) -> impl IntoIterator<Item = (&'static str, String)> {
        let directory = self.program.directory().to_string_lossy().into_owned();
        let stream = Timestamp::now().strftime("%Y/%m/%d/[$LATEST]ratchet");
        [
            ("_HANDLER", self.program.last_word().to_owned()),
            ("LAMBDA_TASK_ROOT", directory.clone()),
            ("LAMBDA_RUNTIME_DIR", directory),
            ("AWS_LAMBDA_FUNCTION_NAME", self.name.to_string()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024".to_owned()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            (
                "AWS_LAMBDA_LOG_GROUP_NAME",
                format!("/aws/lambda/{}", self.name),
            ),
            ("AWS_LAMBDA_LOG_STREAM_NAME", stream.to_string()),
            ("AWS_REGION", self.region.clone()),
            ("AWS_DEFAULT_REGION", self.region.clone()),
        ]
    }

    fn offer(
        &self,
        invocation: &Invocation,
        patience: Duration,
        reply: oneshot::Sender<Outcome>,
    ) -> Offer {
        let attempt = &invocation.attempt;
        let now = Timestamp::now();
        let deadline = now.as_millisecond() + i64::try_from(patience.as_millis()).unwrap_or(0);
        let number = attempt.request_id.simple().to_string();
        let mut arn = invocation.function.arn(&attempt.execution_arn);
        if let (Some(qualifier), None) = (&invocation.qualifier, &invocation.function.qualifier) {
            arn.push(':');
            arn.push_str(qualifier);
        }
        let given = invocation.client_context.as_deref();
        let context = given
            .and_then(|context| STANDARD.decode(context).ok())
            .and_then(|context| String::from_utf8(context).ok())
            .unwrap_or_else(|| attempt.client_context());
        let request_id = attempt.request_id.to_string();
        let trace = match &attempt.trace {
            Some(trace) => trace.x_ray.to_string(),
            None => format!("Root=1-{:08x}-{};Sampled=0", now.as_second(), &number[..24]),
        };
        Offer {
            headers: vec![
                ("lambda-runtime-aws-request-id", request_id.clone()),
                ("lambda-runtime-deadline-ms", deadline.to_string()),
                ("lambda-runtime-invoked-function-arn", arn),
                ("lambda-runtime-trace-id", trace),
                ("lambda-runtime-client-context", context),
            ],
            request_id,
            body: invocation.body.clone(),
            reply,
        }
    }
}

/// Owns a process: serves its Runtime API, logs what it says, notices its end.
async fn supervise(
    name: Arc<str>,
    running: Running,
    listener: TcpListener,
    api: Arc<RuntimeApi>,
    mut stop: watch::Receiver<bool>,
) {
    let Running {
        mut child,
        mut group,
    } = running;
    let mut helpers = JoinSet::new();
    if let Some(stdout) = child.stdout.take() {
        let name = name.clone();
        helpers.spawn(async move { drop(log_lines(stdout, &name, "stdout").await) });
    }
    if let Some(stderr) = child.stderr.take() {
        let name = name.clone();
        helpers.spawn(async move { drop(log_lines(stderr, &name, "stderr").await) });
    }
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            _ = stop.changed() => {
                group.terminate();
                let ended = timeout(GRACE, child.wait()).await;
                if let Ok(status) = ended {
                    break status;
                }
                group.kill();
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    helpers.spawn(api.clone().serve(stream));
                }
                Err(error) => {
                    tracing::warn!(function = &*name, %error, "cannot accept a connection of a function's process");
                    sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = helpers.join_next() => {}
        }
    };
    group.kill();
    // What the process sent before it ended counts: connections that are still in the queue, and those whose last request is not
    // yet read. They end by themselves now that the other side is gone.
    while let Ok(Ok((stream, _))) = timeout(Duration::ZERO, listener.accept()).await {
        helpers.spawn(api.clone().serve(stream));
    }
    let finished = async { while helpers.join_next().await.is_some() {} };
    if timeout(LAST_WORDS, finished).await.is_err() {
        helpers.shutdown().await;
    }
    let status = describe(status);
    tracing::info!(function = &*name, status, "a function's process ended");
    api.exited(status);
}
