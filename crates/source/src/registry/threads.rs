//! The threads on which the asynchronous client runs; nobody outside knows of them.

use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::wait::wait;
use crate::SourceError;

/// Two threads for tasks.
pub(crate) struct Threads {
    /// INVARIANT: `Some` until dropped.
    runtime: Option<Runtime>,
}

impl Threads {
    pub(crate) fn start() -> Result<Self, SourceError> {
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("transfer").enable_all().build();
        Ok(Self { runtime: Some(runtime.map_err(|error| SourceError::io("the threads of the client", error))?) })
    }

    /// Starts a task.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(future);
        }
    }

    /// Runs a task there and waits for it here.
    pub(crate) fn run<F>(&self, future: F) -> Result<F::Output, SourceError>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let (sender, receiver) = oneshot::channel();
        self.spawn(async move {
            let _ = sender.send(future.await);
        });
        wait(receiver).map_err(|_| SourceError::io("the answer", io::Error::other("the request was abandoned")))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Waiting for tasks would panic on a thread that drives others.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
