//! One connection: whether it is at work, and a socket that gives up on who does not read.
//!
//! hyper bounds the time to send a request's head and nothing else: a client that reads one byte a second would hold
//! its answer, and the snapshot behind it, for days.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::server::Limits;

/// What a connection does, shared by its socket, its answers and the loop that accepts.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    is_answering: bool,
    /// The socket takes no more bytes since then.
    blocked: Option<Instant>,
    /// When the newest request came.
    asked: Instant,
    /// When the connection last became idle.
    idle: Instant,
}

impl Activity {
    /// Of a new connection.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(State { is_answering: false, blocked: None, asked: now, idle: now })))
    }

    /// A request came; until the turn is dropped its answer is at work.
    pub(super) fn begin(&self) -> Turn {
        self.with(|state| {
            state.is_answering = true;
            state.asked = Instant::now();
        });
        Turn(self.clone())
    }

    /// Since when nothing was asked and nothing is left to send, if so.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.with(|state| (!state.is_answering && state.blocked.is_none()).then_some(state.idle))
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An answer at work.
#[derive(Debug)]
pub(super) struct Turn(Activity);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.with(|state| {
            state.is_answering = false;
            state.idle = Instant::now();
        });
    }
}

/// A socket whose writes fail once nothing was taken for `limits.stall`, or an answer took more than `limits.answer`.
pub(super) struct PacedStream {
    stream: TcpStream,
    activity: Activity,
    limits: Limits,
    timer: Option<Pin<Box<Sleep>>>,
}

impl PacedStream {
    pub(super) fn new(stream: TcpStream, activity: Activity, limits: Limits) -> Self {
        Self { stream, activity, limits, timer: None }
    }

    fn written(&mut self, cx: &mut Context<'_>, write: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if write.is_ready() {
            self.activity.with(|state| state.blocked = None);
            return write;
        }
        let limits = self.limits;
        let deadline = self.activity.with(|state| {
            let stalled = *state.blocked.get_or_insert_with(Instant::now);
            (stalled + limits.stall).min(state.asked + limits.answer)
        });
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        // What the kernel still holds for this client is thrown away, too.
        if let Err(error) = self.stream.set_zero_linger() {
            tracing::debug!(%error, "a slow client's unsent bytes are left to the kernel");
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly")))
    }
}

impl AsyncRead for PacedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for PacedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
