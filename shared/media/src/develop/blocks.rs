//! The object as the archive crates want it: blocking, and to be sought in.

use std::{
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    sync::Arc,
    time::Instant,
};

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use tokio::runtime::Handle;

use crate::ByteSource;

/// Bytes that are fetched at once: enough that a request's round trip does not count.
const BLOCK: u64 = 16 << 20;

/// What a failure of the object itself looks like among those of the archive in it.
pub(super) const SOURCE_FAILED: ErrorKind = ErrorKind::ConnectionAborted;

/// Reads an object block by block. For threads that may block.
pub(super) struct Blocks {
    source: Arc<dyn ByteSource>,
    runtime: Handle,
    deadline: Instant,
    at: u64,
    block: Bytes,
    block_at: u64,
}

impl Blocks {
    /// What is read after `deadline` is an error of the kind `TimedOut`: an archive may say more of itself than there is
    /// time for.
    pub(super) fn new(source: Arc<dyn ByteSource>, runtime: Handle, deadline: Instant) -> Self {
        Self { source, runtime, deadline, at: 0, block: Bytes::new(), block_at: 0 }
    }

    fn fetch(&mut self) -> io::Result<()> {
        if Instant::now() > self.deadline {
            return Err(ErrorKind::TimedOut.into());
        }
        let span = self.at..self.source.len().min(self.at.saturating_add(BLOCK));
        let fetched = self.runtime.block_on(async {
            let stream = self.source.read(span.clone()).await?;
            let gather = |mut all: BytesMut, chunk: Bytes| async move {
                all.extend_from_slice(&chunk);
                Ok(all)
            };
            stream.try_fold(BytesMut::new(), gather).await
        });
        self.block = fetched.map_err(|error| io::Error::new(SOURCE_FAILED, error))?.freeze();
        self.block_at = span.start;
        if self.block.is_empty() { Err(SOURCE_FAILED.into()) } else { Ok(()) }
    }

    /// What of the present block lies at the cursor.
    fn ahead(&self) -> &[u8] {
        let offset = self.at.checked_sub(self.block_at).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| self.block.get(offset..)).unwrap_or_default()
    }
}

impl Read for Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.source.len() {
            return Ok(0);
        }
        if self.ahead().is_empty() {
            self.fetch()?;
        }
        let ahead = self.ahead();
        let count = ahead.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ahead[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Blocks {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.source.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
