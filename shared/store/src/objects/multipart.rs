//! Writing an object whose length is not known before its last byte.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;

use crate::videos::Source;
use crate::{Reply, Store, StoreError};

/// Bytes a part: 10,000 parts, the most there may be, make 80 GB.
const PART: usize = 8 << 20;

const OPERATION: &str = "writing a source";

impl Store {
    /// Streams `body` into an object and pins the version it became. One part is held in memory at a time.
    ///
    /// # Errors
    /// A stream that breaks leaves no object behind; its error is the cause.
    pub fn put_stream<'a>(
        &'a self,
        key: &'a str,
        body: BoxStream<'a, std::io::Result<Bytes>>,
    ) -> Reply<'a, Source> {
        Box::pin(async move {
            let begun = self.s3().create_multipart_upload().bucket(&self.names.bucket).key(key).send().await;
            let upload = begun.map_err(StoreError::sdk(OPERATION))?.upload_id.unwrap_or_default();
            match self.put_parts(key, &upload, body).await {
                Ok(source) => Ok(source),
                Err(error) => {
                    let abort = self
                        .s3()
                        .abort_multipart_upload()
                        .bucket(&self.names.bucket)
                        .key(key)
                        .upload_id(upload);
                    if let Err(abandoned) = abort.send().await {
                        // The bucket's lifecycle rule removes what is left.
                        tracing::warn!(error = %aws_sdk_s3::error::DisplayErrorContext(&abandoned), "multipart upload not aborted");
                    }
                    Err(error)
                }
            }
        })
    }

    async fn put_parts(
        &self,
        key: &str,
        upload: &str,
        mut body: BoxStream<'_, std::io::Result<Bytes>>,
    ) -> Result<Source, StoreError> {
        let mut parts = Vec::new();
        let mut size = 0;
        let mut ended = false;
        while !ended {
            let mut part = BytesMut::with_capacity(PART);
            while part.len() < PART && !ended {
                match body.next().await.transpose().map_err(interrupted)? {
                    Some(chunk) => part.extend_from_slice(&chunk),
                    None => ended = true,
                }
            }
            // Only the first part may be empty: an empty object has one.
            if part.is_empty() && !parts.is_empty() {
                break;
            }
            size += part.len() as u64;
            parts.push(self.put_part(key, upload, parts.len() as i32 + 1, part.freeze()).await?);
        }
        let completed = self
            .s3()
            .complete_multipart_upload()
            .bucket(&self.names.bucket)
            .key(key)
            .upload_id(upload)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .send()
            .await
            .map_err(StoreError::sdk(OPERATION))?;
        let version_id = completed.version_id.unwrap_or_default();
        Ok(Source { key: key.to_owned(), version_id, size })
    }

    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        number: i32,
        body: Bytes,
    ) -> Result<CompletedPart, StoreError> {
        let sent = self
            .s3()
            .upload_part()
            .bucket(&self.names.bucket)
            .key(key)
            .upload_id(upload)
            .part_number(number)
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(StoreError::sdk(OPERATION))?;
        Ok(CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build())
    }
}

fn interrupted(error: std::io::Error) -> StoreError {
    StoreError::Interrupted { operation: OPERATION, kind: error.kind(), cause: error.to_string() }
}
