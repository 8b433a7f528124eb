//! Both directions of COPY at once: a replication stream.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

use crate::Error;
use crate::channel::{Channel, header, make_room};
use crate::error::DatabaseError;
use crate::login::unexpected;
use crate::socket::Socket;

/// What the server sends.
#[derive(Debug)]
pub struct Reader {
    socket: ReadHalf<Socket>,
    input: BytesMut,
    host: String,
}

/// What is sent to the server.
#[derive(Debug)]
pub struct Writer {
    socket: WriteHalf<Socket>,
    /// What was not sent yet, as a future that sent it was dropped.
    output: BytesMut,
    host: String,
}

pub(crate) fn split(channel: Channel) -> (Reader, Writer) {
    let host = channel.host().to_owned();
    let (read, write) = tokio::io::split(channel.socket);
    let reader = Reader {
        socket: read,
        input: channel.input,
        host: host.clone(),
    };
    let writer = Writer {
        socket: write,
        output: BytesMut::new(),
        host,
    };
    (reader, writer)
}

impl Reader {
    /// All complete CopyData messages that are there, one after the other **with** their headers (`d`, length), at least one; waits for it.
    /// None when the server ended the stream. A future that is dropped loses nothing.
    ///
    /// # Errors
    /// What the server says (it ended the stream), or what happens to the connection.
    pub async fn read(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let mut end = 0;
            let mut other = None;
            while let Some((tag, length)) = header(&self.input[end..])? {
                if self.input.len() < end + length {
                    break;
                }
                if tag != b'd' {
                    other = Some((tag, length));
                    break;
                }
                end += length;
            }
            if end > 0 {
                return Ok(Some(self.input.split_to(end).freeze()));
            }
            if let Some((tag, length)) = other {
                let body = &self.input[5..length];
                match tag {
                    b'E' => return Err(Error::Database(Box::new(DatabaseError::read(body)))),
                    b'c' | b'C' | b'Z' => {
                        self.input.advance(length);
                        return Ok(None);
                    }
                    b'N' | b'S' => {}
                    tag => return Err(unexpected(tag, "in the replication stream")),
                }
                self.input.advance(length);
                continue;
            }
            make_room(&mut self.input, 0);
            match self.socket.read_buf(&mut self.input).await {
                Ok(0) => return Err(self.closed("the server closed it")),
                Ok(_) => {}
                Err(error) => return Err(self.closed(&error.to_string())),
            }
        }
    }

    fn closed(&self, reason: &str) -> Error {
        Error::Closed {
            host: self.host.clone(),
            reason: reason.to_owned(),
        }
    }
}

impl Writer {
    /// Sends a CopyData message. A future that is dropped loses nothing: the next call sends the rest first.
    ///
    /// # Errors
    /// What happens to the connection.
    pub async fn send(&mut self, payload: &[u8]) -> Result<(), Error> {
        let length = i32::try_from(payload.len() + 4)
            .map_err(|_| Error::Protocol("a message of more than 2 GB".to_owned()))?;
        self.output.put_u8(b'd');
        self.output.put_i32(length);
        self.output.put_slice(payload);
        self.flush().await
    }

    /// Ends our side of the stream. The server then ends its own.
    ///
    /// # Errors
    /// What happens to the connection.
    pub async fn finish(&mut self) -> Result<(), Error> {
        self.output.put_slice(&[b'c', 0, 0, 0, 4]);
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let mut outcome = Ok(());
        while self.output.has_remaining() && outcome.is_ok() {
            outcome = self.socket.write_buf(&mut self.output).await.map(drop);
        }
        if outcome.is_ok() {
            outcome = self.socket.flush().await;
        }
        outcome.map_err(|error| Error::Closed {
            host: self.host.clone(),
            reason: error.to_string(),
        })
    }
}
