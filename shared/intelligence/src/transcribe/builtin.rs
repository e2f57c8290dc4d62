//! The provider that needs no service: Whisper on this machine, piece by piece, speakers by voice.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::analysis::{Provenance, Transcript};
use models::Model;
use serde::{Deserialize, Serialize};
use speech::{Ears, HearError, ModelError, Said, Window};
use tokio::sync::OnceCell;

use super::{Soundtrack, Transcriber, Transcription, pcm::Pcm, turns, unreadable, utterances};
use crate::{BuiltinConfig, ProviderError, error::off_thread};

/// Version of the rules in this folder, stored with every transcript.
const VERSION: &str = "builtin-3";
/// Windows of a piece: what is kept at a time for whoever comes after a failure, four minutes of speech at most.
const PIECE: usize = 8;
/// A call that has taken this long says that it is under way; the next goes on from the last piece. A Lambda function has
/// 15 minutes, and a piece of the largest models takes some of them.
const CALL: Duration = Duration::from_secs(8 * 60);

/// Transcribes on this machine.
pub struct Builtin {
    config: BuiltinConfig,
    /// As a transcript names it. Known without loading it: who finds that it has spoken before asks for nothing else.
    model: OnceCell<String>,
    ears: OnceCell<Arc<Ears>>,
}

impl Builtin {
    /// Loads nothing yet.
    pub fn new(config: &BuiltinConfig) -> Self {
        Self { config: config.clone(), model: OnceCell::new(), ears: OnceCell::new() }
    }

    async fn model(&self) -> Result<&String, ProviderError> {
        let name = async || match self.config.whisper.clone() {
            Some(folder) => off_thread(move || own_name(&folder)).await,
            None => Ok(Model::Whisper.title().to_owned()),
        };
        self.model.get_or_try_init(name).await
    }

    async fn ears(&self) -> Result<&Arc<Ears>, ProviderError> {
        let load = async || {
            let config = self.config.clone();
            off_thread(move || load(&config).map(Arc::new)).await
        };
        self.ears.get_or_try_init(load).await
    }

    /// What is said, as far as the time of a call goes.
    async fn said(&self, soundtrack: &dyn Soundtrack) -> Result<Option<Said>, ProviderError> {
        let began = Instant::now();
        let ears = self.ears().await?;
        let model = self.model().await?.replace(' ', "-");
        let windows = windows(ears, soundtrack).await?;
        let mut said = Said { passages: Vec::new(), language: None };
        for (index, piece) in windows.chunks(PIECE).enumerate() {
            let name = format!("{model}-{index}.json");
            let heard: Said = match kept(soundtrack, &name).await {
                Some(heard) => heard,
                None if began.elapsed() > CALL => return Ok(None),
                None => {
                    let heard = hear(ears, soundtrack, piece, said.language.clone()).await?;
                    keep(soundtrack, &name, &heard).await;
                    heard
                }
            };
            said.language = said.language.or(heard.language);
            said.passages.extend(heard.passages);
        }
        Ok(Some(said))
    }
}

#[async_trait]
impl Transcriber for Builtin {
    async fn provenance(&self) -> Provenance {
        let model = match self.model().await {
            Ok(model) => model.clone(),
            Err(_) => Model::Whisper.title().to_owned(),
        };
        Provenance { provider: "builtin".to_owned(), model, prompt_version: VERSION.to_owned() }
    }

    async fn transcribe(&self, soundtrack: &dyn Soundtrack) -> Result<Transcription, ProviderError> {
        let Some(said) = self.said(soundtrack).await? else { return Ok(Transcription::UnderWay) };
        let file = soundtrack.pcm().await?.to_owned();
        let utterances = off_thread(move || {
            let units = utterances::units(&said.passages);
            let spans: Vec<_> = units.iter().map(|unit| unit.span).collect();
            let speakers =
                Pcm::open(&file).and_then(|mut pcm| turns::by_voice(&mut pcm, &spans)).map_err(unreadable)?;
            Ok(utterances::together(units, &speakers))
        });
        let utterances = utterances.await?;
        Ok(Transcription::Done(Transcript { utterances, provenance: self.provenance().await }))
    }
}

/// The models, the operator's own Whisper in the place of ours.
fn load(config: &BuiltinConfig) -> Result<Ears, ProviderError> {
    let ours = |model: Model| {
        let folder = config.models.join(model.name());
        model.verify(&folder).map_err(|error| ProviderError::refused(error.to_string()))?;
        Ok(folder)
    };
    let activity = ours(Model::SileroVad)?;
    let whisper = match &config.whisper {
        Some(folder) => folder.clone(),
        None => ours(Model::Whisper)?,
    };
    Ears::open(&whisper, &activity.join("model.onnx")).map_err(unusable)
}

/// By its hash, which is all that is known of it.
fn own_name(folder: &Path) -> Result<String, ProviderError> {
    let file = folder.join("model.bin");
    let hash = models::sha256(&file)
        .map_err(|error| unusable(ModelError::Unreadable { path: file, source: error }))?;
    Ok(format!("Whisper {}", &hash[..12]))
}

fn unusable(error: ModelError) -> ProviderError {
    ProviderError::refused(format!("the speech model cannot be used: {error}")).caused_by(error)
}

async fn windows(ears: &Arc<Ears>, soundtrack: &dyn Soundtrack) -> Result<Vec<Window>, ProviderError> {
    const NAME: &str = "windows-2.json";
    if let Some(windows) = kept(soundtrack, NAME).await {
        return Ok(windows);
    }
    let (ears, file) = (Arc::clone(ears), soundtrack.pcm().await?.to_owned());
    let windows = off_thread(move || {
        let mut pcm = Pcm::open(&file).map_err(unreadable)?;
        ears.windows(&mut pcm).map_err(not_heard)
    });
    let windows = windows.await?;
    keep(soundtrack, NAME, &windows).await;
    Ok(windows)
}

async fn hear(
    ears: &Arc<Ears>,
    soundtrack: &dyn Soundtrack,
    windows: &[Window],
    language: Option<String>,
) -> Result<Said, ProviderError> {
    let (ears, file) = (Arc::clone(ears), soundtrack.pcm().await?.to_owned());
    let windows = windows.to_vec();
    off_thread(move || {
        let mut pcm = Pcm::open(&file).map_err(unreadable)?;
        ears.hear(&mut pcm, &windows, language.as_deref()).map_err(not_heard)
    })
    .await
}

fn not_heard(error: HearError) -> ProviderError {
    match error {
        HearError::Sound(error) => unreadable(error),
        HearError::Model(error) => unusable(error),
    }
}

async fn kept<T: for<'a> Deserialize<'a>>(soundtrack: &dyn Soundtrack, name: &str) -> Option<T> {
    serde_json::from_slice(&soundtrack.kept(name).await?).ok()
}

async fn keep<T: Serialize>(soundtrack: &dyn Soundtrack, name: &str, part: &T) {
    match serde_json::to_vec(part) {
        Ok(part) => soundtrack.keep(name, part.into()).await,
        Err(error) => tracing::warn!(%error, "part of a transcript not kept"),
    }
}
