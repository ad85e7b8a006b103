//! Independent batches on all threads.

use deepal_core::{Error, Result};
use std::sync::{Mutex, PoisonError};

/// Samples in one forward pass outside training: bounds the memory of activations.
pub(crate) const CHUNK: usize = 500;

/// `work` on each of the batches, on as many threads as the pool of the caller has, each with a clone of `model`; results are
/// in the order of batches.
///
/// Each thread has a pool of its own: one that waits for its own parallel work must not begin another batch meanwhile.
pub(crate) fn each<M: Clone + Send, B: Send, R: Send>(
    model: &M,
    batches: impl ExactSizeIterator<Item = B> + Send,
    work: impl Fn(&M, B) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let n = batches.len();
    let threads = rayon::current_num_threads().min(n);
    if threads <= 1 {
        return batches.map(|batch| work(model, batch)).collect();
    }
    let queue = Mutex::new(batches.enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let found = std::thread::scope(|scope| {
        let start = |_| {
            let (model, work, next) = (model.clone(), &work, &next);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(Error::other);
            let some = move || -> Result<Vec<(usize, R)>> {
                let numbered = |(i, batch)| Ok((i, work(&model, batch)?));
                std::iter::from_fn(next).map(numbered).collect()
            };
            scope.spawn(move || pool?.install(some))
        };
        let threads = (0..threads).map(start).collect::<Vec<_>>();
        let join = |thread: std::thread::ScopedJoinHandle<'_, Result<Vec<(usize, R)>>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect::<Result<Vec<_>>>()
    })?;
    let mut found = found.into_iter().flatten().collect::<Vec<_>>();
    found.sort_by_key(|(i, _)| *i);
    Ok(found.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order_at_any_number_of_threads() {
        for threads in 1..4 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let work = |model: &usize, batch: usize| Ok(model * batch);
            let found = pool.install(|| each(&3, 0..20, work)).unwrap();
            assert_eq!(found, (0..20).map(|i| 3 * i).collect::<Vec<_>>());
            assert!(pool.install(|| each(&3, 0..0, work)).unwrap().is_empty());
            let fails = |_: &usize, batch: usize| match batch {
                7 => Err(Error::other("seven")),
                _ => Ok(batch),
            };
            let error = pool.install(|| each(&3, 0..20, fails)).unwrap_err();
            assert!(error.to_string().contains("seven"));
        }
    }
}
