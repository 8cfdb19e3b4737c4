//! Downloading a blob: a task fills a short queue, a plain `Read` empties it.
//!
//! A broken transfer goes on where it stopped. Whether the content is right is for the reader's digest.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE};
use reqwest::{Response, StatusCode, Url};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::http::IDLE_TIMEOUT;
use super::session::Session;
use super::threads::Threads;
use super::wait::wait;
use crate::SourceError;

/// Chunks that wait for the reader: about a megabyte.
const QUEUE: usize = 32;
/// Restarts of one blob, progress or not.
const MAX_RESTARTS: u32 = 20;
/// Slower than this for a minute is a stalled transfer.
const MIN_BYTES_PER_MINUTE: u64 = 600_000;

/// A blob on its way.
pub(super) struct Download {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl Download {
    /// Starts a download.
    pub(super) fn start(threads: &Threads, session: Arc<Session>, url: Url, size: u64) -> Self {
        let (sender, chunks) = mpsc::channel(QUEUE);
        threads.spawn(async move { Transfer { session, url, size, offset: 0, sender }.run().await });
        Self { chunks, current: Bytes::new() }
    }
}

impl Download {
    /// Waits until there are bytes to read, or the end.
    pub(super) fn wait_for_first(&mut self) -> io::Result<()> {
        while !self.current.has_remaining() {
            match wait(self.chunks.recv()) {
                Some(chunk) => self.current = chunk?,
                None => break,
            }
        }
        Ok(())
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait_for_first()?;
        let count = self.current.len().min(buffer.len());
        if let Some(part) = buffer.get_mut(..count) {
            self.current.copy_to_slice(part);
        }
        Ok(count)
    }
}

struct Transfer {
    session: Arc<Session>,
    url: Url,
    size: u64,
    offset: u64,
    sender: mpsc::Sender<io::Result<Bytes>>,
}

/// How one answer ended.
enum End {
    /// All that the registry has was sent, or nobody listens any more.
    Done,
    /// It broke off; one clause why.
    Broken(String),
}

impl Transfer {
    async fn run(mut self) {
        let patience = self.session.patience;
        let (mut restarts, mut attempt) = (0, 0);
        loop {
            let before = self.offset;
            let reason = match self.session.get(&self.url, None, self.offset).await {
                Ok(response) if response.status().is_success() => match self.receive(response).await {
                    End::Done => return,
                    End::Broken(reason) => reason,
                },
                Ok(response) => {
                    let error = self.session.refused(response, self.url.path()).await;
                    return self.fail(error).await;
                }
                Err(error) => return self.fail(error).await,
            };
            attempt = if self.offset > before { 1 } else { attempt + 1 };
            restarts += 1;
            if attempt >= patience.attempts || restarts > MAX_RESTARTS {
                let error = self.session.unreachable(reason);
                return self.fail(error).await;
            }
            tracing::debug!(offset = self.offset, %reason, "a download broke off and goes on");
            patience.pause(attempt - 1, None).await;
        }
    }

    async fn fail(self, error: SourceError) {
        let kind = match error {
            SourceError::NotInRegistry { .. } => io::ErrorKind::NotFound,
            SourceError::Denied { .. } => io::ErrorKind::PermissionDenied,
            _ => io::ErrorKind::ConnectionAborted,
        };
        // Nobody listens any more: then nobody needs to know.
        let _ = self.sender.send(Err(io::Error::new(kind, error))).await;
    }

    async fn receive(&mut self, mut response: Response) -> End {
        let mut skip = match start_of(&response) {
            Some(start) if start <= self.offset => self.offset - start,
            _ => return End::Broken("it sends another part of the blob than was asked for".to_owned()),
        };
        let announced = announced_end(&response);
        let mut pace = Pace::new();
        loop {
            let waiting = Instant::now();
            let chunk = match tokio::time::timeout(IDLE_TIMEOUT, response.chunk()).await {
                Ok(Ok(chunk)) => chunk,
                Ok(Err(error)) => return End::Broken(super::http::reason(error)),
                Err(_) => return End::Broken(format!("nothing came for {} seconds", IDLE_TIMEOUT.as_secs())),
            };
            let Some(mut chunk) = chunk else {
                // A registry whose blob is shorter than declared would be asked in vain again.
                let complete = self.offset >= self.size || announced.is_some_and(|end| self.offset >= end);
                return if complete { End::Done } else { End::Broken("the transfer ended early".to_owned()) };
            };
            if pace.is_too_slow(waiting.elapsed(), chunk.len() as u64) {
                return End::Broken("the transfer is slower than 10 kB/s".to_owned());
            }
            let already = skip.min(chunk.len() as u64);
            chunk.advance(already as usize);
            skip -= already;
            if chunk.is_empty() {
                continue;
            }
            self.offset += chunk.len() as u64;
            let too_long = self.offset > self.size;
            // The reader's digest check ends a blob that is too long; more of it is not fetched.
            if self.sender.send(Ok(chunk)).await.is_err() || too_long {
                return End::Done;
            }
        }
    }
}

/// Where the content of an answer starts in the blob.
fn start_of(response: &Response) -> Option<u64> {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return Some(0);
    }
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

/// Where the answer will end in the blob, when it says so.
fn announced_end(response: &Response) -> Option<u64> {
    let length: u64 = response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()?;
    start_of(response)?.checked_add(length)
}

/// Watches the speed, counting only the time in which we wait for the registry, not for the reader.
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    const fn new() -> Self {
        Self { waited: Duration::ZERO, bytes: 0 }
    }

    fn is_too_slow(&mut self, waited: Duration, bytes: u64) -> bool {
        self.waited += waited;
        self.bytes += bytes;
        if self.waited < Duration::from_mins(1) {
            return false;
        }
        let slow = self.bytes < MIN_BYTES_PER_MINUTE;
        *self = Self::new();
        slow
    }
}
