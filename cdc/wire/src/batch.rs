//! A pipeline: many statements, one round trip.
//!
//! Source: PostgreSQL's documentation, "Message Flow", sections "Extended Query" and "Pipelining".

use std::collections::HashMap;

use bytes::{BufMut, BytesMut};
use postgres_protocol::message::frontend;

use crate::Error;
use crate::login::unexpected;
use crate::session::{Flow, Receive, Row, Session, rows_affected};

/// How many statements a session keeps prepared.
const STATEMENTS: usize = 512;
/// From which size on a COPY goes on in another CopyData message.
const COPY_DATA: usize = 64 * 1024;

/// Messages for [`Session::run`]. It keeps its memory, and can be filled again after each run.
#[derive(Debug, Default)]
pub struct Batch {
    output: BytesMut,
    executes: usize,
    /// The numbers of the statements that it prepares, in order.
    pub(crate) parses: Vec<u32>,
    pub(crate) session: Option<u64>,
    /// The clock of the session's statements when it began to be filled.
    since: u64,
}

/// A prepared statement of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    number: u32,
    parameters: u16,
}

/// What one execution gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completed {
    /// How many rows it affected.
    pub rows_affected: u64,
    /// The rows that it returned.
    pub rows: Vec<Row>,
}

/// A batch that failed.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Failed {
    /// Which execution failed, counted from 0; none when it was the connection. All before it succeeded (and are undone with their transaction).
    pub execute: Option<usize>,
    /// Why.
    pub error: Error,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            execute: None,
            error,
        }
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.output.clear();
        self.executes = 0;
        self.parses.clear();
        self.session = None;
    }

    /// How many executions it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.executes
    }

    /// Whether it has no executions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.executes == 0
    }

    /// How many bytes it has come to.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.output.len()
    }

    /// A statement with parameters of these types (0: as the server infers it), prepared by this batch unless the session has it already.
    pub fn statement(&mut self, session: &mut Session, sql: &str, types: &[u32]) -> Statement {
        let statements = &mut session.statements;
        if self.session.is_none() {
            self.session = Some(session.serial);
            self.since = statements.clock;
        }
        statements.clock += 1;
        let parameters = u16::try_from(types.len()).expect("PostgreSQL allows 65535 parameters");
        if let Some(known) = statements.by_sql.get_mut(sql) {
            let is_there = known.prepared || self.parses.contains(&known.number);
            if is_there && known.types == types {
                known.used = statements.clock;
                return Statement {
                    number: known.number,
                    parameters,
                };
            }
        }
        if let Some(old) = statements.make_room(sql, self.since) {
            write_close(&mut self.output, old);
        }
        statements.last += 1;
        let number = statements.last;
        statements.by_sql.insert(
            sql.to_owned(),
            Known {
                number,
                types: types.to_owned(),
                used: statements.clock,
                prepared: false,
            },
        );
        write_parse(&mut self.output, number, sql, types);
        self.parses.push(number);
        Statement { number, parameters }
    }

    /// Executes a statement. `fill` gives each of its parameters, in order.
    ///
    /// # Panics
    /// When `fill` gives more or fewer parameters than the statement has.
    pub fn execute(&mut self, statement: Statement, fill: impl FnOnce(&mut Parameters<'_>)) {
        let output = &mut self.output;
        output.put_u8(b'B');
        let start = output.len();
        output.put_i32(0);
        // The portal without a name.
        output.put_u8(0);
        write_name(output, statement.number);
        output.put_u16(statement.parameters);
        let formats = output.len();
        output.put_bytes(0, usize::from(statement.parameters) * 2);
        output.put_u16(statement.parameters);
        let mut parameters = Parameters {
            output,
            formats,
            left: statement.parameters,
        };
        fill(&mut parameters);
        assert_eq!(parameters.left, 0, "a parameter is missing");
        // All results as text.
        output.put_u16(0);
        patch_length(output, start);
        output.put_slice(b"E\0\0\0\x09\0\0\0\0\0");
        self.executes += 1;
    }

    /// Executes a statement without parameters. It is prepared once, too.
    pub fn sql(&mut self, session: &mut Session, sql: &str) {
        let statement = self.statement(session, sql, &[]);
        self.execute(statement, |_| {});
    }

    /// Executes a `COPY … FROM STDIN` with the data that `fill` gives. No round trip is needed for it.
    pub fn copy(&mut self, session: &mut Session, sql: &str, fill: impl FnOnce(&mut Payload<'_>)) {
        self.sql(session, sql);
        let mut payload = Payload::begin(&mut self.output);
        fill(&mut payload);
        payload.end();
        frontend::copy_done(&mut self.output);
    }

    pub(crate) fn take_output(&mut self) -> BytesMut {
        std::mem::take(&mut self.output)
    }

    /// Takes its memory back, and is empty.
    pub(crate) fn reuse(&mut self, output: BytesMut) {
        self.output = output;
        self.clear();
    }
}

/// Takes a statement's parameters.
#[derive(Debug)]
pub struct Parameters<'a> {
    output: &'a mut BytesMut,
    /// Where the next parameter's format stands.
    formats: usize,
    left: u16,
}

impl Parameters<'_> {
    /// Null.
    pub fn null(&mut self) {
        self.format(0);
        self.output.put_i32(-1);
    }

    /// A value in its type's text form.
    pub fn text(&mut self, value: &[u8]) {
        self.format(0);
        self.value(value);
    }

    /// A value in its type's binary form.
    pub fn binary(&mut self, value: &[u8]) {
        self.format(1);
        self.value(value);
    }

    /// A value in its type's text form, that `write` appends to the buffer.
    pub fn write_text(&mut self, write: impl FnOnce(&mut BytesMut)) {
        self.format(0);
        self.write(write);
    }

    /// A value in its type's binary form, that `write` appends to the buffer.
    pub fn write_binary(&mut self, write: impl FnOnce(&mut BytesMut)) {
        self.format(1);
        self.write(write);
    }

    fn format(&mut self, format: u8) {
        assert!(self.left > 0, "the statement has fewer parameters");
        self.left -= 1;
        self.output[self.formats + 1] = format;
        self.formats += 2;
    }

    fn value(&mut self, value: &[u8]) {
        self.output.reserve(value.len() + 4);
        self.output
            .put_i32(i32::try_from(value.len()).expect("a value is smaller than 1 GB"));
        self.output.put_slice(value);
    }

    fn write(&mut self, write: impl FnOnce(&mut BytesMut)) {
        let start = self.output.len();
        self.output.put_i32(0);
        write(self.output);
        let length = self.output.len() - start - 4;
        patch(self.output, start, length);
    }
}

/// Takes the data of a COPY.
#[derive(Debug)]
pub struct Payload<'a> {
    output: &'a mut BytesMut,
    /// Where the length of the current CopyData message stands.
    start: usize,
}

impl<'a> Payload<'a> {
    /// The buffer to append to, whatever and as much as you like. Ask for it anew for each row: large data is then cut into messages of a good size.
    pub fn buffer(&mut self) -> &mut BytesMut {
        if self.output.len() - self.start >= COPY_DATA {
            patch_length(self.output, self.start);
            self.output.put_u8(b'd');
            self.start = self.output.len();
            self.output.put_i32(0);
        }
        self.output
    }

    fn begin(output: &'a mut BytesMut) -> Self {
        output.put_u8(b'd');
        let start = output.len();
        output.put_i32(0);
        Self { output, start }
    }

    fn end(self) {
        patch_length(self.output, self.start);
    }
}

/// What a session has prepared.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    by_sql: HashMap<String, Known>,
    /// The number of the last one.
    last: u32,
    /// Counts uses.
    clock: u64,
}

#[derive(Debug)]
struct Known {
    number: u32,
    types: Vec<u32>,
    /// When it was last used.
    used: u64,
    /// Whether the server has said so. Until then only the batch that prepares it may use it: that batch may fail, or never be run.
    prepared: bool,
}

impl Statements {
    /// The server has prepared these.
    pub(crate) fn confirm(&mut self, numbers: &[u32]) {
        if numbers.is_empty() {
            return;
        }
        for known in self.by_sql.values_mut() {
            known.prepared |= numbers.contains(&known.number);
        }
    }

    /// Forgets what stands in the way of a new statement: the old one of the same text, or the one that was not used for the longest time (but
    /// none that was used since `since`). Gives the number that is to be closed.
    fn make_room(&mut self, sql: &str, since: u64) -> Option<u32> {
        let leaving = if self.by_sql.contains_key(sql) {
            Some(sql.to_owned())
        } else if self.by_sql.len() >= STATEMENTS {
            self.by_sql
                .iter()
                .filter(|(_, known)| known.used <= since)
                .min_by_key(|(_, known)| known.used)
                .map(|(sql, _)| sql.clone())
        } else {
            None
        };
        let known = self.by_sql.remove(&leaving?)?;
        known.prepared.then_some(known.number)
    }
}

/// Takes the answers to a batch.
pub(crate) struct Pipeline {
    pub(crate) completed: Vec<Completed>,
    /// How many of the batch's statements the server has prepared.
    pub(crate) prepared: usize,
    current: Vec<Row>,
}

impl Pipeline {
    pub(crate) fn new(batch: &Batch) -> Self {
        Self {
            completed: Vec::with_capacity(batch.executes),
            prepared: 0,
            current: Vec::new(),
        }
    }
}

impl Receive for Pipeline {
    fn message(&mut self, tag: u8, body: &[u8]) -> Result<Flow, Error> {
        match tag {
            b'1' => self.prepared += 1,
            b'D' => self.current.push(Row::copy(body)),
            b'C' | b'I' => self.completed.push(Completed {
                rows_affected: if tag == b'C' { rows_affected(body) } else { 0 },
                rows: std::mem::take(&mut self.current),
            }),
            // Bound, closed, the beginning of a COPY whose data is on its way.
            b'2' | b'3' | b'G' => {}
            tag => return Err(unexpected(tag, "in answer to a batch")),
        }
        Ok(Flow::Continue)
    }
}

fn write_parse(output: &mut BytesMut, number: u32, sql: &str, types: &[u32]) {
    output.put_u8(b'P');
    let start = output.len();
    output.put_i32(0);
    write_name(output, number);
    // A statement with a zero byte would end early and be refused by the server.
    output.put_slice(sql.as_bytes());
    output.put_u8(0);
    output.put_u16(u16::try_from(types.len()).expect("PostgreSQL allows 65535 parameters"));
    for &id in types {
        output.put_u32(id);
    }
    patch_length(output, start);
}

fn write_close(output: &mut BytesMut, number: u32) {
    output.put_u8(b'C');
    let start = output.len();
    output.put_i32(0);
    output.put_u8(b'S');
    write_name(output, number);
    patch_length(output, start);
}

/// The statement's name, `s` and its number in hexadecimal, and a zero byte.
fn write_name(output: &mut BytesMut, number: u32) {
    let mut name = *b"s00000000\0";
    for (index, digit) in name[1..9].iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (28 - 4 * index)) as usize & 15];
    }
    output.put_slice(&name);
}

/// Writes the length of the message whose length stands at `start`, and which ends here.
fn patch_length(output: &mut BytesMut, start: usize) {
    let length = output.len() - start;
    patch(output, start, length);
}

fn patch(output: &mut BytesMut, at: usize, length: usize) {
    let length = i32::try_from(length).expect("a message is smaller than 1 GB");
    output[at..at + 4].copy_from_slice(&length.to_be_bytes());
}
