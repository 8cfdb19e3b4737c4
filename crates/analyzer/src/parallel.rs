//! The same work on many items, on several threads, with results in the items' order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Applies a function to each item. `None` never stands in the result unless a thread broke off.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    apply: impl Fn(&T) -> R + Sync,
) -> Vec<Option<R>> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (Some(item), Some(slot)) = (items.get(index), results.get(index)) else { return };
            let result = apply(item);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }
    };
    if threads <= 1 || items.len() <= 1 {
        work();
    } else {
        thread::scope(|scope| {
            for _ in 1..threads.min(items.len()) {
                scope.spawn(work);
            }
            work();
        });
    }
    results.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

#[cfg(test)]
mod tests {
    use super::in_parallel;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        for threads in [1, 2, 7] {
            let results = in_parallel(threads, &items, |item| item * 2);
            assert_eq!(results, items.iter().map(|item| Some(item * 2)).collect::<Vec<_>>());
        }
    }
}
