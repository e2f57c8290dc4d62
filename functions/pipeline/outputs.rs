//! Reading and writing what the steps leave for each other in the bucket.

use bytes::Bytes;
use edge::App;
use edge::step::StepError;
use serde::Serialize;
use serde::de::DeserializeOwned;

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
