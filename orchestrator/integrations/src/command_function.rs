//! Functions that are a program run once for each call: JSON on standard input, JSON on standard output.

use std::process::Stdio;

use bytes::Bytes;
use interpreter::failure::Failure;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::failures;
use crate::invocation::Invocation;
use crate::process::{Program, Running, describe, log_lines};
use crate::settings::FunctionSettings;

/// How much of the end of standard error a cause shows, in bytes.
const STDERR: usize = 2048;

/// A program run once for each call.
///
/// The environment says what the call belongs to: `RATCHET_ATTEMPT_ID`, `RATCHET_EXECUTION_ARN`, and `RATCHET_TASK_TOKEN` when
/// there is one; `_X_AMZN_TRACE_ID` and `TRACEPARENT` say its trace. An exit status other than 0 fails the task; a last line of JSON with `errorType`, on standard error or else on
/// standard output, says how. When the program ends, what it left running in its process group is killed.
///
/// Standard input ends after the payload, as programs that read all of it need. A program in progress when this server is killed
/// therefore does not notice and runs to its end, while the attempt is made again: the attempt's id is what tells it.
pub(crate) struct CommandFunction {
    name: String,
    program: Program,
    output_bytes: usize,
}

impl CommandFunction {
    pub(crate) fn new(
        name: &str,
        command: &[String],
        settings: &FunctionSettings,
        output_bytes: usize,
    ) -> Result<Self, String> {
        Ok(Self {
            name: name.to_owned(),
            program: Program::new(command, settings)?,
            output_bytes,
        })
    }

    /// Runs the program. Dropping the future kills its process group.
    ///
    /// # Errors
    /// When it can't be started, says more than it may, or fails.
    pub(crate) async fn call(
        &self,
        invocation: &Invocation,
        resource: &str,
    ) -> Result<Bytes, Failure> {
        let request_id = invocation.attempt.request_id.to_string();
        let attempt = &invocation.attempt;
        let environment = attempt.environment().chain(attempt.trace_environment());
        let fixed = environment.map(|(name, value)| (name, value.to_owned()));
        let started = self.program.start(Stdio::piped(), None, fixed);
        let Running {
            mut child,
            mut group,
        } = started.map_err(|error| {
            failures::sandbox_error(
                "Runtime.InvalidEntrypoint",
                &request_id,
                &format!(
                    "cannot start the command of function '{}': {error}",
                    self.name
                ),
            )
        })?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let write = async {
            if let Some(mut stdin) = stdin {
                // A program may end without having read its input; its exit status says whether that was well.
                let _not_read = stdin.write_all(&invocation.body).await;
            }
            Ok(())
        };
        let output = async {
            match stdout {
                Some(stdout) => read_at_most(stdout, self.output_bytes, resource).await,
                None => Ok(Vec::new()),
            }
        };
        let log = async {
            Ok(match stderr {
                Some(stderr) => log_lines(stderr, &self.name, "stderr").await,
                None => Vec::new(),
            })
        };
        let end = async {
            let status = child.wait().await;
            // Whoever is left holds the pipes open that are being read.
            group.kill();
            Ok::<_, Failure>(status)
        };
        let ((), output, log, status) = tokio::try_join!(write, output, log, end)?;
        if matches!(&status, Ok(status) if status.success()) {
            return Ok(if output.trim_ascii().is_empty() {
                Bytes::from_static(b"null")
            } else {
                output.into()
            });
        }
        let said = [&log, &output].into_iter().find_map(|text| {
            let text = String::from_utf8_lossy(text);
            let line = text.trim_end().lines().next_back()?.trim();
            failures::error_type(line).map(|_| line.to_owned())
        });
        Err(match said {
            Some(line) => failures::function_error(line.as_bytes()),
            None => exit_error(&request_id, &describe(status), &log),
        })
    }
}

async fn read_at_most(
    stream: impl AsyncRead + Unpin,
    bytes: usize,
    resource: &str,
) -> Result<Vec<u8>, Failure> {
    let mut output = Vec::new();
    // An error here is the end of the stream; the exit status tells the rest.
    let _ended = stream.take(bytes as u64 + 1).read_to_end(&mut output).await;
    if output.len() > bytes {
        return Err(failures::too_long(resource));
    }
    Ok(output)
}

fn exit_error(request_id: &str, status: &str, log: &[u8]) -> Failure {
    let log = String::from_utf8_lossy(log);
    let body = failures::error_object(&[
        ("errorType", "Runtime.ExitError"),
        (
            "errorMessage",
            &format!("RequestId: {request_id} Error: Command exited with error: {status}"),
        ),
        ("stderr", failures::tail(log.trim_end(), STDERR)),
    ]);
    failures::failure("Runtime.ExitError", body)
}
