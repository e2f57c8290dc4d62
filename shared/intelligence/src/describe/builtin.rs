//! The provider that needs no model: on-screen text by Tesseract, and what was measured on the scene.

use async_trait::async_trait;
use domain::analysis::{Description, Provenance, Scene};
use futures::future::try_join_all;
use tokio::sync::OnceCell;

use super::{
    Describer, SceneImage, Told,
    ocr::{Frame, Outcome, Tesseract},
    wording,
};
use crate::{BuiltinConfig, ProviderError};

/// The model of descriptions without Tesseract.
const NO_RECOGNISER: &str = "no text recogniser";

/// Describes scenes by what can be measured: text, colour, light, movement.
pub struct Builtin {
    tesseract: Tesseract,
    version: OnceCell<Option<String>>,
}

impl Builtin {
    /// Looks for nothing yet: whether Tesseract is installed shows at the first batch.
    pub fn new(config: &BuiltinConfig) -> Self {
        let tesseract =
            Tesseract::new(config.tesseract.clone(), config.tessdata.clone(), config.ocr_languages.clone());
        Self { tesseract, version: OnceCell::new() }
    }
}

#[async_trait]
impl Describer for Builtin {
    async fn provenance(&self) -> Result<Provenance, ProviderError> {
        let version = self.version.get_or_try_init(|| self.tesseract.version()).await?;
        Ok(provenance(version.as_deref().unwrap_or(NO_RECOGNISER).to_owned()))
    }

    /// All at the end: what costs nothing but time need not be kept piece by piece.
    async fn describe_each(&self, scenes: &[SceneImage], told: &Told) -> Result<(), ProviderError> {
        for (place, description) in self.descriptions(scenes).await?.into_iter().enumerate() {
            // Nobody may listen any more.
            let _heard = told.unbounded_send((place, description.into()));
        }
        Ok(())
    }
}

impl Builtin {
    async fn descriptions(&self, scenes: &[SceneImage]) -> Result<Vec<Description>, ProviderError> {
        let version = self.version.get_or_try_init(|| self.tesseract.version()).await?;
        let Some(version) = version else {
            tracing::warn!("tesseract is not installed: on-screen text is not read");
            return Ok(scenes.iter().map(|image| describe(&image.scene, None, NO_RECOGNISER)).collect());
        };
        let mut read: Vec<Frame> = Vec::new();
        // For each scene the number of the frame whose text it shows.
        let mut shown = Vec::with_capacity(scenes.len());
        for image in scenes {
            let frame = Frame::decode(image.jpeg.clone()).await?;
            if !read.last().is_some_and(|last| last.fingerprint.is_near(&frame.fingerprint)) {
                read.push(frame);
            }
            shown.push(read.len() - 1);
        }
        let outcomes = try_join_all(read.into_iter().map(|frame| self.tesseract.read(frame))).await?;
        let described = scenes.iter().zip(shown).filter_map(|(image, number)| {
            outcomes.get(number).map(|outcome| describe(&image.scene, Some(outcome), version))
        });
        Ok(described.collect())
    }
}

fn describe(scene: &Scene, outcome: Option<&Outcome>, model: &str) -> Description {
    let (lines, model) = match outcome {
        Some(Outcome::Read(reading)) => (reading.lines.as_slice(), model.to_owned()),
        Some(Outcome::TimedOut) => (&[][..], format!("{model} (timed out)")),
        None => (&[][..], model.to_owned()),
    };
    let on_screen_text: Vec<String> = lines.iter().map(|line| line.text.clone()).collect();
    Description {
        text: wording::sentence(scene, &on_screen_text),
        on_screen_text,
        detections: lines.iter().map(|line| line.place.clone()).collect(),
        provenance: provenance(model),
    }
}

fn provenance(model: String) -> Provenance {
    Provenance { provider: "builtin".to_owned(), model, prompt_version: wording::VERSION.to_owned() }
}
