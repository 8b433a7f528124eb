//! The functions that this server performs itself, by name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use interpreter::failure::Failure;
use serde::de::IgnoredAny;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::command_function::CommandFunction;
use crate::failures;
use crate::http_client::Client;
use crate::invocation::{Invocation, InvocationType};
use crate::lambda_result::Reply;
use crate::runtime_function::RuntimeFunction;
use crate::settings::{Error, FunctionSettings, Settings};
use crate::url_function::UrlFunction;

/// How many calls of type Event may be in progress; more are refused as Lambda refuses them.
const EVENTS: usize = 1_000;

/// How long a shutdown waits for functions that were called as events.
const PATIENCE_AT_CLOSE: Duration = Duration::from_secs(5);

/// The table of functions.
pub(crate) struct Functions {
    table: HashMap<String, Arc<Function>>,
    events: Mutex<JoinSet<()>>,
}

/// One function.
pub(crate) struct Function {
    name: String,
    performer: Performer,
    turns: Semaphore,
    timeout: Duration,
}

enum Performer {
    Runtime(RuntimeFunction),
    Command(CommandFunction),
    Url(UrlFunction),
}

impl Functions {
    /// The functions of the settings. Nothing is started yet.
    ///
    /// # Errors
    /// When a function's table is wrong.
    pub(crate) fn new(settings: &Settings, client: &Arc<Client>) -> Result<Self, Error> {
        let mut table = HashMap::new();
        for (name, function) in &settings.functions {
            let made = Function::new(name, function, settings, client).map_err(|reason| {
                Error::Function {
                    name: name.clone(),
                    reason,
                }
            })?;
            table.insert(name.clone(), Arc::new(made));
        }
        Ok(Self {
            table,
            events: Mutex::default(),
        })
    }

    /// Who performs this call: the function under the very text, else under name and qualifier, else under the name.
    pub(crate) fn find(&self, invocation: &Invocation) -> Option<&Arc<Function>> {
        if self.table.is_empty() {
            return None;
        }
        let function = &invocation.function;
        let qualifier = invocation
            .qualifier
            .as_deref()
            .or(function.qualifier.as_deref());
        self.table
            .get(&*function.text)
            .or_else(|| self.table.get(&format!("{}:{}", function.name, qualifier?)))
            .or_else(|| self.table.get(&*function.name))
    }

    /// Performs a call and answers as Lambda would.
    ///
    /// # Errors
    /// When the function fails.
    pub(crate) async fn perform(
        &self,
        function: &Arc<Function>,
        invocation: &Invocation,
        resource: &str,
    ) -> Result<Reply, Failure> {
        let mut invocation = invocation.clone();
        if invocation.body.is_empty() {
            // A call without a payload reaches a function as the empty object.
            invocation.body = Bytes::from_static(b"{}");
        } else if let Err(error) = serde_json::from_slice::<IgnoredAny>(&invocation.body) {
            // A payload that the state gives as a string can be anything.
            let message = format!("Could not parse request body into json: {error}");
            return Err(failures::service_error(
                400,
                Some("InvalidRequestContentException"),
                failures::error_object(&[("message", &message)]).as_bytes(),
                Some(&invocation.attempt.request_id.to_string()),
            ));
        }
        match invocation.kind {
            InvocationType::DryRun => Ok(Reply::of_local(204, Bytes::new(), &invocation)),
            InvocationType::Event => {
                let reply = Reply::of_local(202, Bytes::new(), &invocation);
                self.accept(function.clone(), invocation, resource.to_owned())?;
                Ok(reply)
            }
            InvocationType::RequestResponse => {
                let body = function.call(&invocation, resource).await?;
                Ok(Reply::of_local(200, body, &invocation))
            }
        }
    }

    /// Stops what runs: calls of type Event get a little time, idle processes are asked to end.
    pub(crate) async fn close(&self) {
        let mut events =
            std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner));
        let finished = async { while events.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE_AT_CLOSE, finished)
            .await
            .is_err()
        {
            events.shutdown().await;
        }
        for function in self.table.values() {
            if let Performer::Runtime(runtime) = &function.performer {
                runtime.close().await;
            }
        }
    }

    /// Starts a call that nobody waits for. As with Lambda's own queue, what it gives goes nowhere but to the log; unlike it, the call is
    /// not repeated when this server dies meanwhile.
    fn accept(
        &self,
        function: Arc<Function>,
        invocation: Invocation,
        resource: String,
    ) -> Result<(), Failure> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        while events.try_join_next().is_some() {}
        if events.len() >= EVENTS {
            let id = invocation.attempt.request_id.to_string();
            return Err(failures::service_error(
                429,
                Some("TooManyRequestsException"),
                br#"{"message":"Rate Exceeded."}"#,
                Some(&id),
            ));
        }
        events.spawn(async move {
            if let Err(failure) = function.call(&invocation, &resource).await {
                tracing::warn!(
                    function = function.name,
                    execution_arn = &*invocation.attempt.execution_arn,
                    error = failure.error.as_deref(),
                    cause = failure.cause.as_deref(),
                    "a function that was called as an event failed"
                );
            }
        });
        Ok(())
    }
}

impl Function {
    fn new(
        name: &str,
        settings: &FunctionSettings,
        all: &Settings,
        client: &Arc<Client>,
    ) -> Result<Self, String> {
        let performer = match (&settings.runtime, &settings.command, &settings.url) {
            (Some(command), None, None) => {
                Performer::Runtime(RuntimeFunction::new(name, command, settings, &all.region)?)
            }
            (None, Some(command), None) => Performer::Command(CommandFunction::new(
                name,
                command,
                settings,
                all.http.response_bytes,
            )?),
            (None, None, Some(url)) => Performer::Url(UrlFunction::new(name, url, client.clone())?),
            _ => return Err("give exactly one of runtime, command and url".to_owned()),
        };
        let concurrency = settings.concurrency.unwrap_or(10);
        let timeout = settings.timeout_seconds.unwrap_or(900);
        if concurrency == 0 || timeout == 0 {
            return Err("concurrency and timeout_seconds must be at least 1".to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            performer,
            turns: Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS)),
            timeout: Duration::from_secs(timeout),
        })
    }

    async fn call(&self, invocation: &Invocation, resource: &str) -> Result<Bytes, Failure> {
        let _turn = self.turns.acquire().await.map_err(|_| {
            failures::failure("Lambda.ServiceException", "the server is shutting down")
        })?;
        let deadline = invocation
            .attempt
            .patience
            .map_or(self.timeout, |patience| patience.min(self.timeout));
        let call = async {
            match &self.performer {
                Performer::Runtime(function) => function.call(invocation, deadline).await,
                Performer::Command(function) => function.call(invocation, resource).await,
                Performer::Url(function) => function.call(invocation, resource).await,
            }
        };
        match tokio::time::timeout(self.timeout, call).await {
            Ok(result) => result,
            Err(_) => Err(failures::sandbox_error(
                "Sandbox.Timedout",
                &invocation.attempt.request_id.to_string(),
                &format!(
                    "Task timed out after {:.2} seconds",
                    self.timeout.as_secs_f64()
                ),
            )),
        }
    }
}
