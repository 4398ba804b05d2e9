//! A connection that is closed without losing its last answer.
//!
//! Where a request is refused before its body was read, bytes are still under way. A socket that is closed
//! over unread bytes is reset, and the reset can overtake the answer. So the answer's end is sent first, and
//! what still comes is read and dropped for a moment.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How much is read and dropped at the end of a connection.
const MOST_BYTES: usize = 1 << 20;

/// How long a connection's end may take.
const LONGEST: Duration = Duration::from_secs(1);

/// A stream whose shutdown hears the other side out, within bounds.
#[derive(Debug)]
pub(crate) struct Lingering {
    stream: TcpStream,
    end: Option<End>,
}

/// The end of a connection, once our side of it is closed.
#[derive(Debug)]
struct End {
    heard: usize,
    until: Pin<Box<Sleep>>,
}

impl Lingering {
    pub(crate) const fn new(stream: TcpStream) -> Self {
        Self { stream, end: None }
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, end } = self.get_mut();
        if end.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
        }
        let end = end.get_or_insert_with(|| End { heard: 0, until: Box::pin(tokio::time::sleep(LONGEST)) });
        let mut scratch = [0; 8192];
        while end.heard < MOST_BYTES && end.until.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut scratch);
            // A reset is an end as well: nobody is there to hear the answer.
            if ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer)).is_err()
                || buffer.filled().is_empty()
            {
                break;
            }
            end.heard += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}
