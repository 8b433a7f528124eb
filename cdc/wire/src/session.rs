//! A connection of our own: statements, pipelines, and the start of COPY and of replication.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use postgres_protocol::message::frontend;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::Error;
use crate::attempts::{Attempts, check_role};
use crate::batch::{Batch, Completed, Failed, Pipeline, Statements};
use crate::channel::Channel;
use crate::copy::{CopyIn, CopyOut};
use crate::duplex::{self, Reader, Writer};
use crate::error::DatabaseError;
use crate::login::{self, CancelToken, Login, unexpected};
use crate::settings::Settings;
use crate::socket::{self, Encryption};

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Statements.
    Sql,
    /// Replication commands of the database, and simple statements.
    Replication,
}

/// Whether the session is in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionStatus {
    /// No.
    Idle,
    /// Yes.
    Open,
    /// Yes, and it failed: only a rollback is possible.
    Failed,
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    pub(crate) channel: Channel,
    pub(crate) statements: Statements,
    /// Which session of this process it is: batches name its statements.
    pub(crate) serial: u64,
    login: Login,
    cancel: CancelToken,
    status: TransactionStatus,
    /// Whether an answer is outstanding. It stays so when a future was dropped in the middle, and then the session is of no use.
    busy: bool,
}

/// What one statement of [`Session::simple`] gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The columns' names.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// How many rows the statement affected, as far as it counts them.
    pub rows_affected: u64,
}

/// A row of values in text form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(Bytes);

/// What to do after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Read on.
    Continue,
    /// The session has changed its mode (COPY).
    Stop,
}

/// Takes the messages of an exchange that concern it.
pub(crate) trait Receive {
    fn message(&mut self, tag: u8, body: &[u8]) -> Result<Flow, Error>;
}

static SERIAL: AtomicU64 = AtomicU64::new(1);

impl Session {
    /// Connects to the first host that will do.
    ///
    /// # Errors
    /// When none does. The error is that of the last one tried.
    pub async fn connect(settings: &Settings, mode: Mode) -> Result<Self, Error> {
        let mut attempts = Attempts::new(settings)?;
        loop {
            let (host, port, encryption) = attempts.current();
            match Self::attempt(settings, mode, host, port, encryption).await {
                Ok(session) => return Ok(session),
                Err(error) => attempts.failed(error)?,
            }
        }
    }

    /// A run-time parameter that the server reports, such as `server_version`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.login.parameters.get(name).map(String::as_str)
    }

    /// The server's version as `server_version_num` has it: 150004 for 15.4. 0 if it can't be told.
    #[must_use]
    pub fn server_version_num(&self) -> u32 {
        self.parameter("server_version").map_or(0, version_number)
    }

    /// The server process of this session.
    #[must_use]
    pub fn backend_pid(&self) -> i32 {
        self.login.process
    }

    /// The host that it is connected to, as the settings name it.
    #[must_use]
    pub fn host(&self) -> &str {
        self.channel.host()
    }

    /// What ends a statement of this session from outside.
    #[must_use]
    pub fn cancel_token(&self) -> CancelToken {
        self.cancel.clone()
    }

    /// Whether the session is in a transaction, as of the last answer.
    #[must_use]
    pub fn transaction_status(&self) -> TransactionStatus {
        self.status
    }

    /// Whether it can take another statement: not if a future was dropped in the middle of one.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        !self.busy
    }

    /// Runs statements, or a replication command, by the simple protocol: values come as text.
    ///
    /// # Errors
    /// What the server says, or what happens to the connection. After an error of the server the session is usable.
    pub async fn simple(&mut self, sql: &str) -> Result<Vec<Rows>, Error> {
        let mut results = Results::default();
        self.exchange(&query(sql)?, &mut results).await?;
        Ok(results.done)
    }

    /// Runs all of a batch with one Sync, in one implicit transaction unless the batch itself begins and ends others. It reads while it writes.
    ///
    /// The batch is empty afterwards. Its statements stay prepared.
    ///
    /// # Errors
    /// What the server says about the first statement that failed, and which it was. After an error of the server the session is usable.
    pub async fn run(&mut self, batch: &mut Batch) -> Result<Vec<Completed>, Failed> {
        if let Some(serial) = batch.session
            && serial != self.serial
        {
            batch.clear();
            return Err(Failed::from(Error::Protocol(
                "a batch was run on another session than it was made for".to_owned(),
            )));
        }
        let mut output = batch.take_output();
        frontend::sync(&mut output);
        let mut pipeline = Pipeline::new(batch);
        let outcome = self.exchange(&output, &mut pipeline).await;
        let Pipeline {
            completed,
            prepared,
            ..
        } = pipeline;
        self.statements.confirm(&batch.parses[..prepared]);
        batch.reuse(output);
        match outcome {
            Ok(()) => Ok(completed),
            Err(error) => Err(Failed {
                execute: error.database().map(|_| completed.len()),
                error,
            }),
        }
    }

    /// Forgets all prepared statements, here and at the server: after a change of the tables that they name.
    ///
    /// # Errors
    /// When the server refuses, which it does in a transaction that failed.
    pub async fn forget_statements(&mut self) -> Result<(), Error> {
        self.statements = Statements::default();
        self.simple("deallocate all").await.map(drop)
    }

    /// Begins a `COPY … TO STDOUT`.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn copy_out(&mut self, sql: &str) -> Result<CopyOut<'_>, Error> {
        self.begin(sql, b'H').await?;
        Ok(CopyOut::new(self))
    }

    /// Begins a `COPY … FROM STDIN`.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn copy_in(&mut self, sql: &str) -> Result<CopyIn<'_>, Error> {
        self.begin(sql, b'G').await?;
        Ok(CopyIn::new(self))
    }

    /// Begins to replicate: `START_REPLICATION …`.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn start_duplex(mut self, command: &str) -> Result<(Reader, Writer), Error> {
        self.begin(command, b'W').await?;
        Ok(duplex::split(self.channel))
    }

    /// Says good-bye. A session that is dropped without it ends, too; the server then logs that it was cut off.
    pub async fn close(mut self) {
        let mut message = BytesMut::new();
        frontend::terminate(&mut message);
        // Whether it arrives makes no difference.
        drop(self.channel.socket.write_all(&message).await);
        drop(self.channel.socket.shutdown().await);
    }

    /// The server has said that it is ready for the next.
    pub(crate) fn is_ready_again(&mut self) {
        self.busy = false;
    }

    async fn attempt(
        settings: &Settings,
        mode: Mode,
        host: &str,
        port: u16,
        encryption: Encryption,
    ) -> Result<Self, Error> {
        let socket = socket::open(settings, host, port, encryption).await?;
        let mut channel = Channel::new(socket, host);
        let login = login::login(&mut channel, settings, mode);
        let login = match timeout(settings.connect_timeout, login).await {
            Ok(login) => login?,
            Err(_) => return Err(channel.closed("no answer at start-up (connect_timeout)")),
        };
        check_role(settings, host, port, &login.parameters)?;
        Ok(Self {
            channel,
            statements: Statements::default(),
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            cancel: CancelToken {
                settings: settings.clone(),
                host: host.to_owned(),
                port,
                encryption,
                process: login.process,
                secret: login.secret,
            },
            login,
            status: TransactionStatus::Idle,
            busy: false,
        })
    }

    /// Sends a statement that changes the session's mode, and waits until it has.
    async fn begin(&mut self, sql: &str, expected: u8) -> Result<(), Error> {
        let mut began = Began {
            expected,
            is: false,
        };
        self.exchange(&query(sql)?, &mut began).await?;
        if began.is {
            return Ok(());
        }
        Err(Error::Protocol(format!("{sql:?} began no COPY")))
    }

    /// Sends `output`, and reads until the server is ready again or the receiver stops.
    pub(crate) async fn exchange(
        &mut self,
        output: &[u8],
        receiver: &mut impl Receive,
    ) -> Result<(), Error> {
        if self.busy {
            return Err(Error::Protocol(
                "the session is in the middle of something else, which was given up".to_owned(),
            ));
        }
        self.busy = true;
        self.go_on(output, receiver).await
    }

    /// The same in the middle of a COPY.
    pub(crate) async fn go_on(
        &mut self,
        output: &[u8],
        receiver: &mut impl Receive,
    ) -> Result<(), Error> {
        let mut state = State::default();
        poll_fn(|context| self.poll_exchange(context, output, receiver, &mut state)).await
    }

    fn poll_exchange(
        &mut self,
        context: &mut Context<'_>,
        output: &[u8],
        receiver: &mut impl Receive,
        state: &mut State,
    ) -> Poll<Result<(), Error>> {
        loop {
            if !state.sent {
                match self.channel.poll_send(context, output, &mut state.written) {
                    Poll::Ready(Ok(())) => state.sent = true,
                    // The server may have said why before it closed the connection: read on.
                    Poll::Ready(Err(error)) => {
                        state.sent = true;
                        state.broken = Some(error);
                    }
                    Poll::Pending => {}
                }
            }
            match self.take_messages(receiver, &mut state.error) {
                Ok(None) => {}
                Ok(Some(Flow::Stop)) => return Poll::Ready(Ok(())),
                Ok(Some(Flow::Continue)) => {
                    self.busy = false;
                    return Poll::Ready(state.error.take().map_or(Ok(()), Err));
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
            match self.channel.poll_fill(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(closed)) => {
                    let error = state.error.take().or(state.broken.take());
                    return Poll::Ready(Err(error.unwrap_or(closed)));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Takes the messages that are there. Ends with `Continue` when the server is ready for the next, with `Stop` when the receiver says so.
    pub(crate) fn take_messages(
        &mut self,
        receiver: &mut impl Receive,
        failure: &mut Option<Error>,
    ) -> Result<Option<Flow>, Error> {
        while let Some((tag, length)) = self.channel.message()? {
            let body = self.channel.body(length);
            let mut end = None;
            match tag {
                b'Z' => {
                    self.status = match body.first() {
                        Some(b'T') => TransactionStatus::Open,
                        Some(b'E') => TransactionStatus::Failed,
                        _ => TransactionStatus::Idle,
                    };
                    end = Some(Flow::Continue);
                }
                b'E' => {
                    let error = DatabaseError::read(body);
                    failure.get_or_insert_with(|| Error::Database(Box::new(error)));
                }
                b'N' => notice(&DatabaseError::read(body)),
                b'S' => {
                    let (name, value) = login::parameter(body)?;
                    self.login.parameters.insert(name, value);
                }
                b'A' => {}
                tag => {
                    if receiver.message(tag, body)? == Flow::Stop {
                        end = Some(Flow::Stop);
                    }
                }
            }
            self.channel.consume(length);
            if end.is_some() {
                return Ok(end);
            }
        }
        Ok(None)
    }
}

/// How far an exchange is.
#[derive(Default)]
struct State {
    written: usize,
    sent: bool,
    /// What the server said.
    error: Option<Error>,
    /// What happened to the sending.
    broken: Option<Error>,
}

impl Row {
    pub(crate) fn copy(body: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(body))
    }

    /// The value of a column; none for null, and beyond the last.
    #[must_use]
    pub fn get(&self, column: usize) -> Option<&str> {
        std::str::from_utf8(self.bytes(column)?).ok()
    }

    /// The bytes of a column's value.
    #[must_use]
    pub fn bytes(&self, column: usize) -> Option<&[u8]> {
        let (count, mut rest) = self.0.split_first_chunk::<2>()?;
        if column >= usize::from(u16::from_be_bytes(*count)) {
            return None;
        }
        for index in 0.. {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
                // Null has the length -1.
                if index == column {
                    return None;
                }
                rest = after;
                continue;
            };
            let (value, after) = after.split_at_checked(length)?;
            if index == column {
                return Some(value);
            }
            rest = after;
        }
        None
    }
}

/// Gathers the results of simple statements.
#[derive(Default)]
struct Results {
    done: Vec<Rows>,
    current: Rows,
}

impl Receive for Results {
    fn message(&mut self, tag: u8, body: &[u8]) -> Result<Flow, Error> {
        match tag {
            b'T' => self.current.columns = column_names(body),
            b'D' => self.current.rows.push(Row::copy(body)),
            b'C' => {
                self.current.rows_affected = rows_affected(body);
                self.done.push(std::mem::take(&mut self.current));
            }
            b'I' => self.done.push(Rows::default()),
            tag => return Err(unexpected(tag, "in answer to a statement")),
        }
        Ok(Flow::Continue)
    }
}

/// Waits for the session's change of mode.
struct Began {
    expected: u8,
    is: bool,
}

impl Receive for Began {
    fn message(&mut self, tag: u8, _body: &[u8]) -> Result<Flow, Error> {
        match tag {
            tag if tag == self.expected => {
                self.is = true;
                Ok(Flow::Stop)
            }
            b'T' | b'D' | b'C' | b'I' => Ok(Flow::Continue),
            tag => Err(unexpected(tag, "instead of the beginning of COPY")),
        }
    }
}

/// The count at the end of a command's tag: `INSERT 0 5`, `COPY 17`, `CREATE TABLE`.
pub(crate) fn rows_affected(tag: &[u8]) -> u64 {
    let tag = tag.strip_suffix(&[0]).unwrap_or(tag);
    let digits = tag.rsplit(|&byte| byte == b' ').next().unwrap_or(tag);
    std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

fn column_names(body: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = body.get(2..).unwrap_or_default();
    while let Some(end) = rest.iter().position(|&byte| byte == 0) {
        names.push(String::from_utf8_lossy(&rest[..end]).into_owned());
        // Table, column number, type, size, modifier, format.
        rest = rest.get(end + 19..).unwrap_or_default();
    }
    names
}

fn query(sql: &str) -> Result<BytesMut, Error> {
    let mut output = BytesMut::with_capacity(sql.len() + 6);
    frontend::query(sql, &mut output).map_err(|error| Error::Protocol(error.to_string()))?;
    Ok(output)
}

fn notice(notice: &DatabaseError) {
    if notice.severity == "WARNING" {
        tracing::warn!(code = notice.code, "{}", notice.message);
    } else {
        tracing::debug!(code = notice.code, "{}", notice.message);
    }
}

/// `15.4 (Debian …)` is 150004, `18beta1` is 180000.
fn version_number(version: &str) -> u32 {
    let digits = |text: &str| {
        let end = text
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(text.len());
        text[..end].parse::<u32>().unwrap_or(0)
    };
    let (major, minor) = version.split_once('.').unwrap_or((version, ""));
    digits(major) * 10_000 + digits(minor)
}
