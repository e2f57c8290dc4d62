//! Reading and writing what the steps leave for each other in the bucket.

use std::path::Path;

use bytes::Bytes;
use edge::App;
use edge::step::StepError;
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::Source;
use tokio_util::io::ReaderStream;

/// What an earlier step wrote.
pub async fn read(app: &App, key: &str) -> Result<Bytes, StepError> {
    app.store.object(key).await?.ok_or_else(|| StepError::transient(format!("{key} is not there yet")))
}

/// The same, from JSON.
pub async fn read_json<T: DeserializeOwned>(app: &App, key: &str) -> Result<T, StepError> {
    serde_json::from_slice(&read(app, key).await?).map_err(StepError::transient)
}

/// Writes for a later step, unless it was written before.
pub async fn write_json(app: &App, key: &str, value: &impl Serialize) -> Result<(), StepError> {
    let body = serde_json::to_vec(value).map_err(StepError::transient)?;
    Ok(app.store.put_once(key, "application/json", body.into()).await?)
}

/// Streams a file of this machine into the bucket, and pins the version that it became.
pub async fn put_file(app: &App, key: &str, path: &Path) -> Result<Source, StepError> {
    let file = tokio::fs::File::open(path).await.map_err(StepError::transient)?;
    let body = ReaderStream::with_capacity(file, 1 << 20).map_err(std::io::Error::other).boxed();
    Ok(app.store.put_stream(key, body).await?)
}
