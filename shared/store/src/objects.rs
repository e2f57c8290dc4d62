//! Objects of the bucket: uploads, stage outputs, frames.

use std::ops::Range;
use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};

use crate::transact::Backoff;
use crate::videos::Source;
use crate::{Reply, Store, StoreError};

mod multipart;

/// Part of an object, in bytes.
pub type ByteRange = Range<u64>;

/// One version of one object, read by range. Whatever is put at its key later changes nothing.
#[derive(Debug, Clone)]
pub struct PinnedObject {
    store: Store,
    source: Source,
}

impl PinnedObject {
    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.source.size
    }

    /// The bytes of `range`, as they arrive.
    pub fn read(&self, range: ByteRange) -> Reply<'_, BoxStream<'static, std::io::Result<Bytes>>> {
        const OPERATION: &str = "reading a source";
        Box::pin(async move {
            let object = self
                .store
                .s3()
                .get_object()
                .bucket(&self.store.names.bucket)
                .key(&self.source.key)
                .version_id(&self.source.version_id)
                .range(format!("bytes={}-{}", range.start, range.end.saturating_sub(1)))
                .send()
                .await
                .map_err(StoreError::sdk(OPERATION))?;
            Ok(stream(object.body))
        })
    }
}

fn stream(body: ByteStream) -> BoxStream<'static, std::io::Result<Bytes>> {
    futures::stream::unfold(body, |mut body| async move {
        let chunk = body.next().await?;
        Some((chunk.map_err(std::io::Error::other), body))
    })
    .boxed()
}

impl Store {
    /// The exact object that a video is made from.
    pub fn pinned(&self, source: Source) -> PinnedObject {
        PinnedObject { store: self.clone(), source }
    }

    /// A URL with which anyone may PUT that object for `valid`. The content type is part of the signature.
    pub fn presign_put<'a>(
        &'a self,
        key: &'a str,
        content_type: &'a str,
        valid: Duration,
    ) -> Reply<'a, String> {
        const OPERATION: &str = "presigning an upload";
        Box::pin(async move {
            let config = PresigningConfig::expires_in(valid).map_err(StoreError::malformed(OPERATION))?;
            let put = self.s3().put_object().bucket(&self.names.bucket).key(key).content_type(content_type);
            Ok(put.presigned(config).await.map_err(StoreError::sdk(OPERATION))?.uri().to_owned())
        })
    }

    /// A URL with which anyone may GET that object for `valid`. It is answered with that `Content-Disposition`.
    pub fn presign_get<'a>(
        &'a self,
        key: &'a str,
        disposition: &'a str,
        valid: Duration,
    ) -> Reply<'a, String> {
        const OPERATION: &str = "presigning a download";
        Box::pin(async move {
            let config = PresigningConfig::expires_in(valid).map_err(StoreError::malformed(OPERATION))?;
            let get = self.s3().get_object().bucket(&self.names.bucket).key(key);
            let get = get.response_content_disposition(disposition);
            Ok(get.presigned(config).await.map_err(StoreError::sdk(OPERATION))?.uri().to_owned())
        })
    }

    /// The whole object, or `None`. For stage outputs, which are small.
    pub fn object<'a>(&'a self, key: &'a str) -> Reply<'a, Option<Bytes>> {
        Box::pin(self.read_object(key, None))
    }

    /// The whole object as it arrives, or `None`. For outputs that grow with the video.
    pub fn object_stream<'a>(
        &'a self,
        key: &'a str,
    ) -> Reply<'a, Option<BoxStream<'static, std::io::Result<Bytes>>>> {
        const OPERATION: &str = "reading an object";
        Box::pin(async move {
            match self.s3().get_object().bucket(&self.names.bucket).key(key).send().await {
                Ok(object) => Ok(Some(stream(object.body))),
                Err(error) if error.as_service_error().is_some_and(|service| service.is_no_such_key()) => {
                    Ok(None)
                }
                Err(error) => Err(StoreError::sdk(OPERATION)(error)),
            }
        })
    }

    /// A part of an object.
    pub fn object_range<'a>(&'a self, key: &'a str, range: ByteRange) -> Reply<'a, Option<Bytes>> {
        Box::pin(self.read_object(key, Some(range)))
    }

    async fn read_object(&self, key: &str, range: Option<ByteRange>) -> Result<Option<Bytes>, StoreError> {
        const OPERATION: &str = "reading an object";
        let range = range.map(|range| format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let get = self.s3().get_object().bucket(&self.names.bucket).key(key).set_range(range);
        match get.send().await {
            Ok(object) => {
                let body = stream(object.body).try_fold(BytesMut::new(), |mut all, chunk| async move {
                    all.extend_from_slice(&chunk);
                    Ok(all)
                });
                Ok(Some(body.await.map_err(StoreError::malformed(OPERATION))?.freeze()))
            }
            Err(error) if error.as_service_error().is_some_and(|service| service.is_no_such_key()) => {
                Ok(None)
            }
            Err(error) => Err(StoreError::sdk(OPERATION)(error)),
        }
    }

    /// Whether an object is there.
    pub fn exists<'a>(&'a self, key: &'a str) -> Reply<'a, bool> {
        Box::pin(async move {
            match self.s3().head_object().bucket(&self.names.bucket).key(key).send().await {
                Ok(_) => Ok(true),
                Err(error) if error.as_service_error().is_some_and(|service| service.is_not_found()) => {
                    Ok(false)
                }
                Err(error) => Err(StoreError::sdk("looking for an object")(error)),
            }
        })
    }

    /// Writes a stage output, unless it is there: the first writer's is as good as any.
    pub fn put_once<'a>(&'a self, key: &'a str, content_type: &'static str, body: Bytes) -> Reply<'a, ()> {
        const OPERATION: &str = "writing a stage output";
        Box::pin(async move {
            let mut backoff = Backoff::new();
            loop {
                let put = self
                    .s3()
                    .put_object()
                    .bucket(&self.names.bucket)
                    .key(key)
                    .content_type(content_type)
                    .if_none_match("*")
                    .body(ByteStream::from(body.clone()));
                match put.send().await {
                    // Another writer is at it: whether it comes to an object is not known yet. S3 wants to be asked again.
                    Err(error) if error.code() == Some("ConditionalRequestConflict") => {
                        backoff.pause(OPERATION).await?;
                    }
                    written => {
                        let written = written.map_err(StoreError::sdk(OPERATION));
                        return StoreError::none_on_conflict(written).map(drop);
                    }
                }
            }
        })
    }
}
