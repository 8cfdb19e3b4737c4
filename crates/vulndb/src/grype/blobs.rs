//! Decoding blobs on all processors.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::sqlite::{GrypeError, open};

/// Blobs per piece of work.
const PIECE: usize = 8192;

/// The results of `decode` for the blobs of these ids (sorted, unique), in their order; `None` for a blob that is not
/// there. Each thread makes a state of its own for `decode`.
pub(super) fn decode_all<S, T: Send>(
    path: &Path,
    ids: &[i64],
    state: impl Fn() -> S + Sync,
    decode: impl Fn(&mut S, &[u8]) -> T + Sync,
) -> Result<Vec<Option<T>>, GrypeError> {
    let pieces: Vec<&[i64]> = ids.chunks(PIECE).collect();
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Vec<Option<T>>)>> = Mutex::new(Vec::with_capacity(pieces.len()));
    let work = || -> Result<(), GrypeError> {
        let connection = open(path)?;
        let mut statement = connection
            .prepare("SELECT id, value FROM blobs WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
            .map_err(GrypeError::reading("blobs"))?;
        let mut own = state();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(number) else { return Ok(()) };
            let results = decode_piece(&mut statement, piece, |bytes| decode(&mut own, bytes))
                .map_err(GrypeError::reading("blobs"))?;
            if let Ok(mut done) = done.lock() {
                done.push((number, results));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8).min(pieces.len());
    std::thread::scope(|scope| -> Result<(), GrypeError> {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in running {
            // A panic in a decoder is a fault of this program; it must not look like fewer blobs.
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })?;
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().flat_map(|(_, results)| results).collect())
}

fn decode_piece<T>(
    statement: &mut rusqlite::Statement<'_>,
    ids: &[i64],
    mut decode: impl FnMut(&[u8]) -> T,
) -> rusqlite::Result<Vec<Option<T>>> {
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(Vec::new()) };
    let mut results = Vec::with_capacity(ids.len());
    let mut rows = statement.query([first, last])?;
    let mut wanted = ids.iter().copied().peekable();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        while wanted.next_if(|wanted| *wanted < id).is_some() {
            results.push(None);
        }
        if wanted.next_if_eq(&id).is_some() {
            let value = row.get_ref(1)?;
            results.push(value.as_bytes().ok().map(&mut decode));
        }
    }
    results.extend(wanted.map(|_| None));
    Ok(results)
}

/// Values of some blobs, spread evenly over these ids.
pub(super) fn sample(path: &Path, ids: &[i64], count: usize) -> Result<Vec<Vec<u8>>, GrypeError> {
    let connection = open(path)?;
    let step = (ids.len() / count.max(1)).max(1);
    let read = || -> rusqlite::Result<Vec<Vec<u8>>> {
        let mut statement = connection.prepare("SELECT value FROM blobs WHERE id = ?1")?;
        let mut samples = Vec::new();
        for id in ids.iter().step_by(step) {
            let mut rows = statement.query([id])?;
            if let Some(row) = rows.next()? {
                samples.extend(row.get_ref(0)?.as_bytes().ok().map(<[u8]>::to_vec));
            }
        }
        Ok(samples)
    };
    read().map_err(GrypeError::reading("blobs"))
}
