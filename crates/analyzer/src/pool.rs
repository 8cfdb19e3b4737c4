//! Catalogers at work on claimed files, beside the thread that walks the layer.
//!
//! What waits and is worked on is bounded in bytes, so a walk that meets many large files waits instead
//! of filling the memory. Files that are too large for memory lie in temporary files without a name,
//! which are bounded, too.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use stopgate_archive::ReadAt;
use stopgate_catalogers::{Cataloger, Claimed, Facts, extract_file};
use stopgate_model::{Gap, GapCode, limits};

use crate::layer::encode_facts;

/// Bytes of claimed files in memory that wait or are worked on.
const IN_FLIGHT: u64 = 48 << 20;

/// Content of a claimed file.
pub(crate) enum Held {
    Memory(Vec<u8>),
    Spool { file: (File, u64), _permit: SpoolPermit },
}

/// A claimed file with those who want it.
pub(crate) struct Job {
    pub(crate) number: u32,
    pub(crate) path: String,
    pub(crate) mode: u32,
    pub(crate) content: Held,
    pub(crate) catalogers: Vec<&'static Cataloger>,
    pub(crate) reply: Sender<Reply>,
}

/// What one cataloger found in one file.
pub(crate) struct Reply {
    pub(crate) number: u32,
    pub(crate) cataloger: &'static str,
    /// In binary form; empty when there are none.
    pub(crate) facts: Vec<u8>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    in_flight: u64,
    closed: bool,
}

/// The queue between walks and workers.
#[derive(Default)]
pub(crate) struct Pool {
    state: Mutex<State>,
    changed: Condvar,
}

impl Pool {
    /// Hands a file over; waits while too much is in flight.
    pub(crate) fn submit(&self, job: Job) {
        let cost = job.content.memory();
        let mut state = self.lock();
        while state.in_flight > 0 && state.in_flight + cost > IN_FLIGHT {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.in_flight += cost;
        state.waiting.push_back(job);
        drop(state);
        self.changed.notify_all();
    }

    /// Works until the pool is closed and empty.
    pub(crate) fn work(&self) {
        loop {
            let mut state = self.lock();
            let job = loop {
                match state.waiting.pop_front() {
                    Some(job) => break job,
                    None if state.closed => return,
                    None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                }
            };
            drop(state);
            let cost = job.content.memory();
            job.run();
            self.lock().in_flight -= cost;
            self.changed.notify_all();
        }
    }

    /// No more files will come.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can fail runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the pool also when the walk fails.
pub(crate) struct CloseOnDrop<'a>(pub(crate) &'a Pool);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Job {
    fn run(self) {
        let Self { number, path, mode, content, catalogers, reply } = self;
        for cataloger in catalogers {
            let facts = extract(cataloger, &Claimed::new(&path, mode, content.as_read_at()));
            let reply_to = Reply { number, cataloger: cataloger.name, facts: encode_facts(&facts) };
            let _ = reply.send(reply_to); // The walk may have failed.
        }
    }
}

/// Runs a cataloger on a file. A fault in it costs its facts, not the analysis.
pub(crate) fn extract(cataloger: &'static Cataloger, file: &Claimed<'_>) -> Facts {
    catch_unwind(AssertUnwindSafe(|| extract_file(cataloger, file))).unwrap_or_else(|_| {
        let message = format!("cataloger `{}` failed on `{}`; this is a fault of ours", cataloger.name, file.path());
        Facts { gaps: vec![Gap::new(GapCode::InternalFault, message)], ..Facts::default() }
    })
}

impl Held {
    fn memory(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spool { .. } => 0,
        }
    }

    pub(crate) fn as_read_at(&self) -> &dyn ReadAt {
        match self {
            Self::Memory(bytes) => bytes,
            Self::Spool { file, .. } => file,
        }
    }
}

/// The budget of all temporary files of one analysis.
#[derive(Debug, Clone)]
pub(crate) struct Spool {
    left: Arc<(Mutex<u64>, Condvar)>,
}

impl Default for Spool {
    fn default() -> Self {
        Self { left: Arc::new((Mutex::new(limits::SPOOL_BYTES), Condvar::new())) }
    }
}

/// A part of the budget, given back when the file is done with.
pub(crate) struct SpoolPermit {
    left: Arc<(Mutex<u64>, Condvar)>,
    bytes: u64,
}

impl Drop for SpoolPermit {
    fn drop(&mut self) {
        let (left, changed) = &*self.left;
        *left.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        changed.notify_all();
    }
}

/// A temporary file that is being written.
pub(crate) struct Spooling {
    file: File,
    written: u64,
    permit: SpoolPermit,
}

impl Spool {
    /// A temporary file for this many bytes. Waits for others to be done; `None` when it would never fit.
    pub(crate) fn open(&self, bytes: u64) -> Option<io::Result<Spooling>> {
        if bytes > limits::SPOOL_BYTES {
            return None;
        }
        let (left, changed) = &*self.left;
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        // Who holds a part is writing a file or has handed it over; neither waits for more.
        while *left < bytes {
            left = changed.wait(left).unwrap_or_else(PoisonError::into_inner);
        }
        *left -= bytes;
        drop(left);
        let permit = SpoolPermit { left: Arc::clone(&self.left), bytes };
        Some(tempfile::tempfile().map(|file| Spooling { file, written: 0, permit }))
    }
}

impl Spooling {
    pub(crate) fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.written += content.len() as u64;
        self.file.write_all(content)
    }

    pub(crate) fn finish(self) -> Held {
        Held::Spool { file: (self.file, self.written), _permit: self.permit }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use stopgate_catalogers::{Assemble, Cataloger, Claim, ReadError, Sources};
    use stopgate_model::{GapCode, limits};

    use crate::layer::{Reader, read_facts};

    use super::{CloseOnDrop, Held, IN_FLIGHT, Job, Pool, Spool};

    static FAULTY: Cataloger = Cataloger {
        name: "faulty",
        finds: &[],
        sources: Sources::All,
        claims: &[Claim::Name("x")],
        unreadable: GapCode::MetadataUnreadable,
        extract: |file, facts| {
            assert_ne!(file.name(), "panic", "a fault");
            facts.record("size", &file.size());
            if file.name() == "bad" { Err(ReadError::Malformed("is bad".to_owned())) } else { Ok(()) }
        },
        assemble: Assemble::EachFile,
    };

    #[test]
    fn works_in_parallel_and_survives_a_faulty_cataloger() {
        let pool = Pool::default();
        let (reply, replies) = channel();
        thread::scope(|scope| {
            let _close = CloseOnDrop(&pool);
            scope.spawn(|| pool.work());
            scope.spawn(|| pool.work());
            for (number, path) in (0..).zip(["a/good", "a/panic", "bad", "c/good"]) {
                // Each is a third of what may be in flight: the fourth has to wait for the others.
                let content = Held::Memory(vec![0; (IN_FLIGHT / 3) as usize]);
                let catalogers = vec![&FAULTY];
                pool.submit(Job { number, path: path.to_owned(), mode: 0, content, catalogers, reply: reply.clone() });
            }
        });
        drop(reply);
        let mut seen: Vec<_> = replies
            .iter()
            .map(|reply| (reply.number, read_facts(&mut Reader::new(&reply.facts)).unwrap()))
            .map(|(number, facts)| (number, facts.records.len(), facts.gaps.first().map(|gap| gap.code)))
            .collect();
        seen.sort_unstable();
        assert_eq!(
            seen,
            [
                (0, 1, None),
                (1, 0, Some(GapCode::InternalFault)),
                (2, 1, Some(GapCode::MetadataUnreadable)),
                (3, 1, None)
            ]
        );
    }

    #[test]
    fn temporary_files_have_a_budget_that_comes_back() {
        let spool = Spool::default();
        assert!(spool.open(limits::SPOOL_BYTES + 1).is_none());
        let mut first = spool.open(limits::SPOOL_BYTES).unwrap().unwrap();
        first.write(b"abc").unwrap();
        let held = first.finish();
        let mut content = [0; 3];
        held.as_read_at().read_exact_at(0, &mut content).unwrap();
        assert_eq!((&content, held.as_read_at().size()), (b"abc", 3));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| spool.open(1).unwrap().is_ok());
            drop(held);
            assert!(waiting.join().unwrap());
        });
    }
}
