//! A blob as `Read`: fetched by a task, handed over in chunks, resumed where a connection broke.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use stopgate_model::Digest;
use tokio::sync::mpsc;

use super::client::Client;

/// Chunks under way; a slow reader slows the fetch.
const CHUNKS: usize = 64;
const RESUMES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

/// The bytes of a blob as they arrive; not verified.
pub(super) struct RemoteBlob {
    chunks: mpsc::Receiver<io::Result<Vec<u8>>>,
    current: Vec<u8>,
    position: usize,
    /// The runtime must live as long as the fetch.
    _client: Arc<Client>,
}

/// Starts to fetch a blob.
pub(super) fn open(client: &Arc<Client>, digest: &Digest) -> RemoteBlob {
    let (sender, chunks) = mpsc::channel(CHUNKS);
    let (task_client, digest) = (Arc::downgrade(client), digest.to_string());
    client.runtime().spawn(async move {
        // A weak hold: the runtime must not be dropped by one of its own tasks.
        if let Err(error) = fetch(&task_client, &digest, &sender).await {
            let _ = sender.send(Err(error)).await;
        }
    });
    RemoteBlob { chunks, current: Vec::new(), position: 0, _client: Arc::clone(client) }
}

async fn fetch(
    client: &std::sync::Weak<Client>,
    digest: &str,
    sender: &mpsc::Sender<io::Result<Vec<u8>>>,
) -> io::Result<()> {
    let (mut done, mut resumes) = (0_u64, 0);
    loop {
        let request = async {
            let client = client.upgrade().ok_or_else(|| io::Error::other("the image was closed"))?;
            client.blob(digest, done).await.map_err(io::Error::other)
        };
        let (mut response, partial) = request.await?;
        // A registry without ranges starts again; what is known already is passed over.
        let mut known = if partial { 0 } else { done };
        let error = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let skip = known.min(chunk.len() as u64);
                    known -= skip;
                    let fresh = chunk.get(skip as usize..).unwrap_or_default().to_vec();
                    done += fresh.len() as u64;
                    if !fresh.is_empty() && sender.send(Ok(fresh)).await.is_err() {
                        return Ok(());
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => break error.without_url(),
            }
        };
        resumes += 1;
        if resumes > RESUMES {
            return Err(io::Error::other(format!("the connection broke at byte {done}: {error}")));
        }
        tokio::time::sleep(PAUSE * resumes).await;
    }
}

impl Read for RemoteBlob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.position >= self.current.len() {
            match self.chunks.blocking_recv() {
                Some(chunk) => {
                    self.current = chunk?;
                    self.position = 0;
                }
                None => return Ok(0),
            }
        }
        let rest = self.current.get(self.position..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.position += count;
        Ok(count)
    }
}
