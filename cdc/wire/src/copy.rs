//! COPY: chunks of a good size out, and in.

use std::future::poll_fn;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use crate::Error;
use crate::channel::header;
use crate::login::unexpected;
use crate::session::{Flow, Receive, Session, rows_affected};

/// Chunks are at least this large, but for the last.
const CHUNK: usize = 128 * 1024;

/// A `COPY … TO STDOUT` that is under way. One that is dropped before its end leaves the session unusable.
#[derive(Debug)]
pub struct CopyOut<'a> {
    session: &'a mut Session,
    /// The input begins with so many bytes of content, put together from messages…
    content: usize,
    /// … and unread messages begin here.
    unread: usize,
    ended: bool,
}

impl<'a> CopyOut<'a> {
    pub(crate) fn new(session: &'a mut Session) -> Self {
        Self {
            session,
            content: 0,
            unread: 0,
            ended: false,
        }
    }

    /// The next chunk of content: at least 128 KiB, but for the last. None at the end.
    ///
    /// # Errors
    /// What the server says (the session is usable then), or what happens to the connection.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.ended {
            return Ok(None);
        }
        loop {
            let data = self.gather()?;
            if self.content >= CHUNK {
                return Ok(Some(self.take()));
            }
            if !data {
                // What follows is no data any more: the end, or an error.
                if self.content > 0 {
                    return Ok(Some(self.take()));
                }
                self.take();
                self.ended = true;
                self.session.go_on(&[], &mut Ending::default()).await?;
                return Ok(None);
            }
            let (channel, taken) = (&mut self.session.channel, self.unread);
            poll_fn(|context| channel.poll_fill_after(context, taken)).await?;
        }
    }

    /// Moves the content of complete messages to the front, over their headers. Says whether only data was seen.
    fn gather(&mut self) -> Result<bool, Error> {
        let input = &mut self.session.channel.input;
        while let Some((tag, length)) = header(&input[self.unread..])? {
            if tag != b'd' {
                return Ok(false);
            }
            let end = self.unread + length;
            if end > input.len() || self.content >= CHUNK {
                break;
            }
            input.copy_within(self.unread + 5..end, self.content);
            self.content += length - 5;
            self.unread = end;
        }
        Ok(true)
    }

    fn take(&mut self) -> Bytes {
        let input = &mut self.session.channel.input;
        let chunk = input.split_to(self.content).freeze();
        input.advance(self.unread - self.content);
        self.content = 0;
        self.unread = 0;
        chunk
    }
}

/// A `COPY … FROM STDIN` that is under way. One that is dropped before its end leaves the session unusable.
#[derive(Debug)]
pub struct CopyIn<'a> {
    session: &'a mut Session,
    ending: Ending,
    /// What the server has refused with, until the message that is being sent is complete.
    refused: Option<Error>,
}

impl<'a> CopyIn<'a> {
    pub(crate) fn new(session: &'a mut Session) -> Self {
        Self {
            session,
            ending: Ending::default(),
            refused: None,
        }
    }

    /// Sends a chunk as one CopyData message: 64 to 256 KiB are good.
    ///
    /// # Errors
    /// What the server says about this chunk or one before (the session is usable then), or what happens to the connection.
    pub async fn send(&mut self, chunk: Bytes) -> Result<(), Error> {
        let length = i32::try_from(chunk.len() + 4)
            .map_err(|_| Error::Protocol("a chunk of more than 2 GB".to_owned()))?;
        let mut start = [b'd', 0, 0, 0, 0];
        start[1..].copy_from_slice(&length.to_be_bytes());
        let mut written = 0;
        poll_fn(|context| self.poll_send(context, &start, &chunk, &mut written)).await
    }

    /// Ends it, and says how many rows there were.
    ///
    /// # Errors
    /// What the server says (the session is usable then), or what happens to the connection.
    pub async fn finish(mut self) -> Result<u64, Error> {
        let done = [b'c', 0, 0, 0, 4];
        self.session.go_on(&done, &mut self.ending).await?;
        match self.ending.failure.take() {
            Some(error) => Err(error),
            None => Ok(self.ending.rows),
        }
    }

    /// Gives it up: the statement fails.
    ///
    /// # Errors
    /// What happens to the connection.
    pub async fn abort(mut self, reason: &str) -> Result<(), Error> {
        let mut message = bytes::BytesMut::new();
        let reason = reason.replace('\0', " ");
        postgres_protocol::message::frontend::copy_fail(&reason, &mut message)
            .expect("the reason has no zero bytes");
        match self.session.go_on(&message, &mut self.ending).await {
            Err(Error::Database(_)) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends all of the message, also when the server has refused meanwhile: it reads on, to the next statement.
    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        start: &[u8; 5],
        chunk: &[u8],
        written: &mut usize,
    ) -> Poll<Result<(), Error>> {
        while *written < start.len() + chunk.len() {
            let slices = if *written < start.len() {
                [IoSlice::new(&start[*written..]), IoSlice::new(chunk)]
            } else {
                [
                    IoSlice::new(&chunk[*written - start.len()..]),
                    IoSlice::new(&[]),
                ]
            };
            let socket = Pin::new(&mut self.session.channel.socket);
            match socket.poll_write_vectored(context, &slices) {
                Poll::Ready(Ok(count)) if count > 0 => *written += count,
                Poll::Ready(Ok(_)) => {
                    return Poll::Ready(Err(self.session.channel.closed("it takes no more bytes")));
                }
                Poll::Ready(Err(error)) => {
                    // The server may have said why before it closed the connection.
                    let closed = self.session.channel.closed(&error.to_string());
                    let told = self.refused.take();
                    if told.is_none()
                        && let Err(error) = ready!(self.poll_refused(context))
                        && error.code().is_some()
                    {
                        return Poll::Ready(Err(error));
                    }
                    return Poll::Ready(Err(told.or(self.refused.take()).unwrap_or(closed)));
                }
                Poll::Pending => {
                    if self.refused.is_none()
                        && let Poll::Ready(Err(error)) = self.poll_refused(context)
                    {
                        return Poll::Ready(Err(error));
                    }
                    return Poll::Pending;
                }
            }
        }
        // An error that is there already is told now, and not after a gigabyte.
        if self.refused.is_none()
            && let Poll::Ready(Err(error)) = self.poll_refused(context)
        {
            return Poll::Ready(Err(error));
        }
        match self.refused.take() {
            Some(error) => {
                self.session.is_ready_again();
                Poll::Ready(Err(error))
            }
            None => Poll::Ready(Ok(())),
        }
    }

    /// Reads what the server says: during a COPY it speaks only to refuse. Ready when it has, and in [`Self::refused`] is why; an error when
    /// the connection is gone.
    fn poll_refused(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let (ending, session) = (&mut self.ending, &mut *self.session);
            let mut failure = ending.failure.take();
            let taken = session.take_messages(ending, &mut failure);
            ending.failure = failure;
            if taken?.is_some() {
                self.refused =
                    Some(ending.failure.take().unwrap_or_else(|| {
                        Error::Protocol("COPY ended before its data".to_owned())
                    }));
                return Poll::Ready(Ok(()));
            }
            if let Err(closed) = ready!(session.channel.poll_fill(context)) {
                return Poll::Ready(Err(ending.failure.take().unwrap_or(closed)));
            }
        }
    }
}

/// Takes what comes at the end of a COPY.
#[derive(Debug, Default)]
struct Ending {
    rows: u64,
    failure: Option<Error>,
}

impl Receive for Ending {
    fn message(&mut self, tag: u8, body: &[u8]) -> Result<Flow, Error> {
        match tag {
            b'C' => self.rows = rows_affected(body),
            b'c' => {}
            tag => return Err(unexpected(tag, "at the end of COPY")),
        }
        Ok(Flow::Continue)
    }
}
