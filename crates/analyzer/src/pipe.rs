//! A stream from one thread to another in buffers that go round.
//!
//! The producer fills buffers from any reader; the consumer sees them as [`BufRead`] without a copy. A
//! fixed number of buffers is the back-pressure. Dropping the consumer stops the producer.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};

/// Bytes of one buffer: small enough to stay in a processor's cache on the way.
const BUFFER: usize = 256 << 10;
const DEPTH: usize = 4;

pub(crate) struct Producer {
    full: SyncSender<io::Result<Vec<u8>>>,
    empty: Receiver<Vec<u8>>,
}

pub(crate) struct Consumer {
    full: Receiver<io::Result<Vec<u8>>>,
    empty: Sender<Vec<u8>>,
    current: Vec<u8>,
    position: usize,
    /// How the stream ended.
    ended: Option<Result<(), (io::ErrorKind, String)>>,
}

pub(crate) fn pipe() -> (Producer, Consumer) {
    let (full_sender, full_receiver) = sync_channel(DEPTH);
    let (empty_sender, empty_receiver) = channel();
    let consumer = Consumer { full: full_receiver, empty: empty_sender, current: Vec::new(), position: 0, ended: None };
    (Producer { full: full_sender, empty: empty_receiver }, consumer)
}

impl Producer {
    /// Sends all that the reader has; its error is sent in its place.
    pub(crate) fn pump(self, mut reader: impl Read) {
        loop {
            let mut buffer = match self.empty.try_recv() {
                Ok(buffer) => buffer,
                Err(TryRecvError::Empty) => Vec::with_capacity(BUFFER),
                Err(TryRecvError::Disconnected) => return,
            };
            buffer.resize(BUFFER, 0);
            let (filled, error) = fill(&mut reader, &mut buffer);
            buffer.truncate(filled);
            let ended = filled < BUFFER;
            if !buffer.is_empty() && self.full.send(Ok(buffer)).is_err() {
                return;
            }
            if let Some(error) = error {
                // Nobody may listen any more; then nobody needs to know.
                let _ = self.full.send(Err(error));
                return;
            }
            if ended {
                return;
            }
        }
    }
}

fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

impl Consumer {
    /// The next buffer as a whole is seen by `inspect` when it arrives.
    pub(crate) fn fill_with(&mut self, inspect: impl FnOnce(&[u8]) -> io::Result<()>) -> io::Result<&[u8]> {
        if self.position == self.current.len() {
            match &self.ended {
                Some(Ok(())) => return Ok(&[]),
                Some(Err((kind, message))) => return Err(io::Error::new(*kind, message.clone())),
                None => {}
            }
            let next = match self.full.recv() {
                Ok(Ok(next)) => next,
                Ok(Err(error)) => {
                    self.ended = Some(Err((error.kind(), error.to_string())));
                    return Err(error);
                }
                Err(_) => {
                    self.ended = Some(Ok(()));
                    return Ok(&[]);
                }
            };
            let used = std::mem::replace(&mut self.current, next);
            self.position = 0;
            if used.capacity() > 0 {
                let _ = self.empty.send(used); // The producer may be done.
            }
            if let Err(error) = inspect(&self.current) {
                self.ended = Some(Err((error.kind(), error.to_string())));
                self.position = self.current.len();
                return Err(error);
            }
        }
        Ok(self.current.get(self.position..).unwrap_or_default())
    }
}

impl BufRead for Consumer {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fill_with(|_| Ok(()))
    }

    fn consume(&mut self, count: usize) {
        self.position = (self.position + count).min(self.current.len());
    }
}

impl Read for Consumer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};
    use std::thread;

    use super::{BUFFER, pipe};

    #[test]
    fn all_bytes_arrive_in_order() {
        let content: Vec<u8> = (0..3 * BUFFER + 7).map(|number| (number % 251) as u8).collect();
        let (producer, mut consumer) = pipe();
        let source = content.clone();
        let thread = thread::spawn(move || producer.pump(&source[..]));
        let mut seen = Vec::new();
        consumer.read_to_end(&mut seen).unwrap();
        thread.join().unwrap();
        assert!(seen == content);
        assert_eq!(consumer.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn an_error_comes_after_what_was_read_before_it_and_stays() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let (producer, mut consumer) = pipe();
        let thread = thread::spawn(move || producer.pump((&b"abc"[..]).chain(Failing)));
        let mut seen = Vec::new();
        assert_eq!(consumer.read_to_end(&mut seen).unwrap_err().to_string(), "broken");
        assert_eq!(seen, b"abc");
        assert_eq!(consumer.read(&mut [0]).unwrap_err().to_string(), "broken");
        thread.join().unwrap();
    }

    #[test]
    fn dropping_the_consumer_stops_the_producer() {
        let (producer, consumer) = pipe();
        let thread = thread::spawn(move || producer.pump(io::repeat(1)));
        drop(consumer);
        thread.join().unwrap();
    }
}
