//! The bytes of an answer, fetched only as fast as they are taken.

use std::{io, ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream, stream::BoxStream};

use crate::source::ByteSource;

/// How often in a row a broken read is taken up again. ffmpeg takes a broken answer for the end of a damaged file,
/// so a hiccup of the store must not reach it.
const RESUMES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

struct Progress {
    source: Arc<dyn ByteSource>,
    left: Range<u64>,
    open: Option<BoxStream<'static, io::Result<Bytes>>>,
    failures: u32,
}

/// The bytes of `span`, taken up again at the right offset when the source breaks off.
pub(super) fn resuming(
    source: Arc<dyn ByteSource>,
    span: Range<u64>,
) -> impl Stream<Item = io::Result<Bytes>> {
    let progress = Progress { source, left: span, open: None, failures: 0 };
    stream::try_unfold(progress, |mut progress| async {
        while !progress.left.is_empty() {
            match progress.next().await {
                Ok(chunk) => return Ok(Some((chunk, progress))),
                Err(error) => progress.pause(error).await?,
            }
        }
        Ok(None)
    })
    .into_stream()
}

impl Progress {
    async fn next(&mut self) -> io::Result<Bytes> {
        let stream = match &mut self.open {
            Some(stream) => stream,
            None => self.open.insert(self.source.read(self.left.clone()).await?),
        };
        let mut chunk = stream.next().await.ok_or(io::ErrorKind::UnexpectedEof)??;
        let wanted = usize::try_from(self.left.end - self.left.start).unwrap_or(usize::MAX);
        chunk.truncate(wanted);
        self.left.start += chunk.len() as u64;
        self.failures = 0;
        Ok(chunk)
    }

    async fn pause(&mut self, error: io::Error) -> io::Result<()> {
        self.open = None;
        self.failures += 1;
        if self.failures > RESUMES {
            tracing::error!(%error, offset = self.left.start, "gave up reading the object");
            return Err(error);
        }
        tracing::warn!(%error, offset = self.left.start, "taking up a broken read of the object");
        tokio::time::sleep(FIRST_PAUSE * 2u32.pow(self.failures - 1)).await;
        Ok(())
    }
}
