//! What an earlier generation found, taken over where the same provider would find it again, and be paid for it again.

use domain::analysis::{Described, Provenance, Transcript};
use edge::App;
use edge::step::StepError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::keys::Outputs;

/// A batch of scenes, described, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Batch {
    /// Who was asked. What describers say of themselves afterwards may be more precise. `None` where that was not
    /// written down, and the descriptions themselves do not agree.
    pub by: Option<Provenance>,
    /// What came of each scene.
    pub descriptions: Vec<Described>,
}

/// The forms in which batches were stored.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Batch {
        by: Option<Provenance>,
        descriptions: Vec<Described>,
    },
    /// Before there were generations to take anything over from.
    Bare(Vec<Described>),
}

impl From<Stored> for Batch {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Batch { by, descriptions } => Self { by, descriptions },
            Stored::Bare(descriptions) => {
                let first = descriptions.first().map(Described::provenance);
                let agreed = first.filter(|first| descriptions.iter().all(|d| d.provenance() == *first));
                Self { by: agreed.cloned(), descriptions }
            }
        }
    }
}

/// The same describer's descriptions of the batch that begins with scene `first` (from 0), if there are any.
///
/// # Errors
/// When the bucket does not answer.
pub async fn batch(
    app: &App,
    outputs: Outputs,
    first: u32,
    by: &Provenance,
) -> Result<Option<Batch>, StepError> {
    let key = |earlier: Outputs| earlier.descriptions(first);
    latest(app, outputs, key, |batch: &Batch| batch.by.as_ref() == Some(by)).await
}

/// The same transcriber's transcript, if there is one.
///
/// # Errors
/// When the bucket does not answer.
pub async fn transcript(
    app: &App,
    outputs: Outputs,
    by: &Provenance,
) -> Result<Option<Transcript>, StepError> {
    latest(app, outputs, Outputs::transcript, |transcript: &Transcript| transcript.provenance == *by).await
}

/// Of the earlier generations' objects the latest that is the same one's. What cannot be read is nobody's.
async fn latest<T: DeserializeOwned>(
    app: &App,
    outputs: Outputs,
    key: impl Fn(Outputs) -> String,
    is_same: impl Fn(&T) -> bool,
) -> Result<Option<T>, StepError> {
    for earlier in outputs.earlier() {
        let Some(stored) = app.store.object(&key(earlier)).await? else { continue };
        let found = serde_json::from_slice(&stored).ok().filter(&is_same);
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
