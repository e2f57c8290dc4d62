//! Where the bytes of a video come from.

use std::{io, ops::Range, path::Path, sync::Arc};

use bytes::Bytes;
use futures::{
    StreamExt,
    future::{BoxFuture, FutureExt},
    stream::BoxStream,
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// One immutable object that can be read from any offset.
pub trait ByteSource: Send + Sync {
    /// Size in bytes.
    fn len(&self) -> u64;

    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Opens `range`, which lies within the object. The stream is dropped as soon as its reader has enough, so it
    /// should not fetch far ahead.
    fn read(&self, range: Range<u64>) -> BoxFuture<'_, io::Result<BoxStream<'static, io::Result<Bytes>>>>;
}

/// What is read of a file at once, in bytes: each time a thread is woken for it.
const CHUNK: usize = 256 * 1024;

/// A file on this machine.
#[derive(Debug, Clone)]
pub struct FileSource {
    path: Arc<Path>,
    len: u64,
}

impl FileSource {
    /// Takes the file's present length.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub async fn open(path: &Path) -> io::Result<Self> {
        let len = tokio::fs::metadata(path).await?.len();
        Ok(Self { path: path.into(), len })
    }
}

impl ByteSource for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, io::Result<BoxStream<'static, io::Result<Bytes>>>> {
        let path = Arc::clone(&self.path);
        async move {
            let mut file = tokio::fs::File::open(path).await?;
            file.seek(io::SeekFrom::Start(range.start)).await?;
            let part = file.take(range.end.saturating_sub(range.start));
            Ok(ReaderStream::with_capacity(part, CHUNK).boxed())
        }
        .boxed()
    }
}
