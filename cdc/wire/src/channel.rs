//! A socket with its buffers: whole messages in, bytes out.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite};

use crate::Error;
use crate::socket::Socket;

/// How much is read at once, at most.
const READ: usize = 256 * 1024;
/// With less room than this a new buffer is taken.
const LEAST_READ: usize = 64 * 1024;

/// A connection below the meaning of its messages.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) socket: Socket,
    /// What was read and not yet taken.
    pub(crate) input: BytesMut,
    host: String,
}

impl Channel {
    pub(crate) fn new(socket: Socket, host: &str) -> Self {
        Self {
            socket,
            input: BytesMut::new(),
            host: host.to_owned(),
        }
    }

    /// The host, for errors.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The first message's tag and whole length, if all of it is there.
    pub(crate) fn message(&self) -> Result<Option<(u8, usize)>, Error> {
        Ok(header(&self.input)?.filter(|&(_, length)| self.input.len() >= length))
    }

    /// The content of a message that [`Self::message`] told of.
    pub(crate) fn body(&self, length: usize) -> &[u8] {
        &self.input[5..length]
    }

    /// Forgets the first message.
    pub(crate) fn consume(&mut self, length: usize) {
        self.input.advance(length);
    }

    /// Reads what there is.
    pub(crate) fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_fill_after(context, 0)
    }

    /// The same, when so many bytes of the input are no message: they are content that was put together.
    pub(crate) fn poll_fill_after(
        &mut self,
        context: &mut Context<'_>,
        taken: usize,
    ) -> Poll<Result<(), Error>> {
        make_room(&mut self.input, taken);
        let reading = self.socket.read_buf(&mut self.input);
        Poll::Ready(match ready!(pin!(reading).poll(context)) {
            Ok(0) => Err(self.closed("the server closed it")),
            Ok(_) => Ok(()),
            Err(error) => Err(self.closed(&error.to_string())),
        })
    }

    /// Waits until something was read.
    pub(crate) async fn fill(&mut self) -> Result<(), Error> {
        std::future::poll_fn(|context| self.poll_fill(context)).await
    }

    /// Writes from `written` on, as much as goes, and flushes at the end.
    pub(crate) fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        output: &[u8],
        written: &mut usize,
    ) -> Poll<Result<(), Error>> {
        while *written < output.len() {
            let writing = Pin::new(&mut self.socket).poll_write(context, &output[*written..]);
            match ready!(writing) {
                Ok(0) => return Poll::Ready(Err(self.closed("it takes no more bytes"))),
                Ok(count) => *written += count,
                Err(error) => return Poll::Ready(Err(self.closed(&error.to_string()))),
            }
        }
        let flushing: Poll<io::Result<()>> = Pin::new(&mut self.socket).poll_flush(context);
        flushing.map_err(|error| self.closed(&error.to_string()))
    }

    pub(crate) fn closed(&self, reason: &str) -> Error {
        Error::Closed {
            host: self.host.clone(),
            reason: reason.to_owned(),
        }
    }
}

/// The tag and whole length (with the header) of the message at the start of `bytes`, if its header is there.
pub(crate) fn header(bytes: &[u8]) -> Result<Option<(u8, usize)>, Error> {
    let Some(&[tag, a, b, c, d]) = bytes.first_chunk() else {
        return Ok(None);
    };
    let length = i32::from_be_bytes([a, b, c, d]);
    match usize::try_from(length) {
        Ok(length) if length >= 4 => Ok(Some((tag, length + 1))),
        _ => Err(Error::Protocol(format!(
            "a message {:?} of the length {length}",
            char::from(tag)
        ))),
    }
}

/// Room for the next read, and for all of the message that has begun to arrive `after` so many bytes.
pub(crate) fn make_room(input: &mut BytesMut, after: usize) {
    let begun = &input[after..];
    let wanted = match header(begun) {
        Ok(Some((_, length))) if length > begun.len() => length - begun.len(),
        _ => 0,
    };
    let wanted = wanted.max(LEAST_READ);
    if input.capacity() - input.len() < wanted {
        input.reserve(wanted.max(READ));
    }
}

#[cfg(test)]
mod tests {
    use bytes::{BufMut, BytesMut};

    use super::{READ, make_room};

    #[test]
    fn there_is_room_for_the_message_that_has_begun_and_not_for_what_looks_like_one() {
        let check = |content: &[u8], begun: &[u8], expected: usize| {
            let mut input = BytesMut::from(content);
            input.put_slice(begun);
            make_room(&mut input, content.len());
            assert!(
                input.capacity() >= expected && input.capacity() <= expected + 2 * READ,
                "{content:?} {begun:?}: {}",
                input.capacity()
            );
        };
        check(b"", b"", READ);
        check(b"", b"d\0\0\x01\0begun", READ);
        check(b"", b"d\0\x40\0\0begun", 4 << 20);
        check(b"1\tthe text of a row", b"", READ);
        check(b"1\tthe text of a row", b"d\0", READ);
        check(b"1\tthe text of a row", b"d\0\x40\0\0begun", 4 << 20);
    }
}
