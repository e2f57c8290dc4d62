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
    loaded: OnceCell<Loaded>,
}

#[derive(Clone)]
struct Loaded {
    ears: Arc<Ears>,
    /// As a transcript names it.
    model: String,
}

/// Where somebody speaks, as it is kept.
#[derive(Serialize, Deserialize)]
struct Windows(Vec<Window>);

impl Builtin {
    /// Loads nothing yet.
    pub fn new(config: &BuiltinConfig) -> Self {
        Self { config: config.clone(), loaded: OnceCell::new() }
    }

    async fn loaded(&self) -> Result<&Loaded, ProviderError> {
        let load = async || {
            let config = self.config.clone();
            off_thread(move || load(&config)).await
        };
        self.loaded.get_or_try_init(load).await
    }

    /// What is said, as far as the time of a call goes.
    async fn said(&self, soundtrack: &dyn Soundtrack) -> Result<Option<Said>, ProviderError> {
        let began = Instant::now();
        let loaded = self.loaded().await?;
        let windows = windows(loaded, soundtrack).await?;
        let mut said = Said { passages: Vec::new(), language: None };
        for (index, piece) in windows.chunks(PIECE).enumerate() {
            let name = format!("{}-{index}.json", loaded.model.replace(' ', "-"));
            let heard: Said = match kept(soundtrack, &name).await {
                Some(heard) => heard,
                None if began.elapsed() > CALL => return Ok(None),
                None => {
                    let heard = hear(loaded, soundtrack, piece, said.language.clone()).await?;
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
        let model = match self.loaded().await {
            Ok(loaded) => loaded.model.clone(),
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
fn load(config: &BuiltinConfig) -> Result<Loaded, ProviderError> {
    let refused = |error: models::ModelMissing| ProviderError::refused(error.to_string());
    let ours = |model: Model| config.models.join(model.name());
    let activity = ours(Model::SileroVad);
    Model::SileroVad.verify(&activity).map_err(refused)?;
    let (whisper, model) = match &config.whisper {
        Some(folder) => (folder.clone(), own_name(folder)?),
        None => {
            Model::Whisper.verify(&ours(Model::Whisper)).map_err(refused)?;
            (ours(Model::Whisper), Model::Whisper.title().to_owned())
        }
    };
    let ears = Ears::open(&whisper, &activity.join("model.onnx")).map_err(unusable)?;
    Ok(Loaded { ears: Arc::new(ears), model })
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

async fn windows(loaded: &Loaded, soundtrack: &dyn Soundtrack) -> Result<Vec<Window>, ProviderError> {
    const NAME: &str = "windows-2.json";
    if let Some(Windows(windows)) = kept(soundtrack, NAME).await {
        return Ok(windows);
    }
    let (ears, file) = (loaded.ears.clone(), soundtrack.pcm().await?.to_owned());
    let windows = off_thread(move || {
        let mut pcm = Pcm::open(&file).map_err(unreadable)?;
        ears.windows(&mut pcm).map_err(not_heard)
    });
    let windows = Windows(windows.await?);
    keep(soundtrack, NAME, &windows).await;
    Ok(windows.0)
}

async fn hear(
    loaded: &Loaded,
    soundtrack: &dyn Soundtrack,
    windows: &[Window],
    language: Option<String>,
) -> Result<Said, ProviderError> {
    let (ears, file) = (loaded.ears.clone(), soundtrack.pcm().await?.to_owned());
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
