//! Scenes described by a model with eyes on Bedrock, a few to a request.

use async_trait::async_trait;
use domain::analysis::{Description, Detection, Provenance};
use futures::{StreamExt, TryStreamExt, stream, try_join};

use super::{Describer, SceneImage, boxes, picture::Picture, reply::Reply};
use crate::{
    ProviderError, ProviderErrorKind,
    aws::{
        Bedrock, PROVIDER,
        failure::{self, Operation},
    },
    error::off_thread,
    retry::Allowance,
};

mod answer;
mod batches;
mod labels;
mod prompt;

pub(crate) use labels::Labels;

/// Requests at the same time.
const AT_A_TIME: usize = 4;
/// How often one scene is asked about by itself before it is given up.
const ASKED: usize = 2;
/// Nova gives boxes in thousandths of the picture, and others are told to.
const UNITS: u32 = 1_000;

/// Describes scenes by what a model sees on their keyframes.
pub(crate) struct Aws {
    model: Bedrock,
    labels: Option<Labels>,
}

impl Aws {
    pub(crate) fn new(model: Bedrock, labels: Option<Labels>) -> Self {
        Self { model, labels }
    }

    /// One description a picture.
    async fn describe_batch(
        &self,
        allowance: &Allowance,
        pictures: &[Picture],
    ) -> Result<Vec<Description>, ProviderError> {
        let (replies, measured) =
            try_join!(self.replies(allowance, pictures), self.measured(allowance, pictures))?;
        let pairs = replies.into_iter().zip(measured);
        Ok(pairs.map(|(reply, measured)| self.description(reply, measured)).collect())
    }

    /// What Rekognition sees on each picture, if it is asked.
    async fn measured(
        &self,
        allowance: &Allowance,
        pictures: &[Picture],
    ) -> Result<Vec<Vec<Detection>>, ProviderError> {
        let Some(labels) = &self.labels else { return Ok(vec![vec![]; pictures.len()]) };
        let mut measured = Vec::with_capacity(pictures.len());
        for picture in pictures {
            measured.push(labels.detect(allowance, picture).await?);
        }
        Ok(measured)
    }

    /// One reply a picture. What comes back without some of them, or is refused because of one of them, is asked for
    /// again picture by picture.
    async fn replies(
        &self,
        allowance: &Allowance,
        pictures: &[Picture],
    ) -> Result<Vec<Reply>, ProviderError> {
        let together = match self.ask(allowance, pictures).await {
            Ok(replies) => replies,
            Err(error) if pictures.len() > 1 && is_due_to_input(&error) => vec![],
            Err(error) => return Err(error),
        };
        let mut replies = together.into_iter();
        let mut complete = Vec::with_capacity(pictures.len());
        for picture in pictures {
            complete.push(match replies.next().flatten() {
                Some(reply) => reply,
                None => self.ask_alone(allowance, picture).await?,
            });
        }
        Ok(complete)
    }

    async fn ask_alone(&self, allowance: &Allowance, picture: &Picture) -> Result<Reply, ProviderError> {
        for _ in 0..ASKED {
            tracing::warn!("a model did not describe a picture, and is asked again");
            let replies = self.ask(allowance, std::slice::from_ref(picture)).await?;
            if let Some(reply) = replies.into_iter().next().flatten() {
                return Ok(reply);
            }
        }
        Err(ProviderError::down(format!(
            "the model {} does not answer in the form that it is asked for; choose one that uses the tools it must",
            self.model.model.0
        )))
    }

    /// One place a picture, empty where the model left it out.
    async fn ask(
        &self,
        allowance: &Allowance,
        pictures: &[Picture],
    ) -> Result<Vec<Option<Reply>>, ProviderError> {
        let (message, tools) = (prompt::message(pictures)?, prompt::tools()?);
        let (message, tools) = (&message, &tools);
        let answer = allowance.run(|| async move {
            let request = self.model.client.converse().model_id(&self.model.model.0);
            let request = request.system(prompt::system()).messages(message.clone());
            let request = request.tool_config(tools.clone()).inference_config(prompt::inference());
            request.send().await.map_err(|error| failure::of(Operation::Converse, &error))
        });
        let answer = self.model.allowed(answer.await?)?;
        Ok(answer::replies(answer, pictures.len()))
    }

    fn description(&self, reply: Reply, measured: Vec<Detection>) -> Description {
        Description {
            detections: labels::merged(boxes::place(reply.objects, UNITS, UNITS), measured),
            text: reply.sentence,
            on_screen_text: reply.on_screen_text,
            provenance: self.described_by(),
        }
    }

    fn described_by(&self) -> Provenance {
        let model = &self.model.model.0;
        Provenance {
            provider: PROVIDER.to_owned(),
            model: match &self.labels {
                Some(_) => format!("{model}; boxes by Amazon Rekognition where it knows them"),
                None => model.clone(),
            },
            prompt_version: prompt::VERSION.to_owned(),
        }
    }
}

#[async_trait]
impl Describer for Aws {
    async fn provenance(&self) -> Result<Provenance, ProviderError> {
        Ok(self.described_by())
    }

    async fn describe(&self, scenes: &[SceneImage]) -> Result<Vec<Description>, ProviderError> {
        let allowance = self.model.allowance();
        let keyframes: Vec<_> = scenes.iter().map(|image| image.jpeg.clone()).collect();
        let pictures: Vec<Picture> = off_thread(move || keyframes.iter().map(Picture::of).collect()).await?;
        let batches = batches::of(&pictures.iter().map(|picture| picture.jpeg.len()).collect::<Vec<_>>());
        let asked: Vec<_> =
            batches.into_iter().map(|batch| self.describe_batch(&allowance, &pictures[batch])).collect();
        let described: Vec<Vec<Description>> = stream::iter(asked).buffered(AT_A_TIME).try_collect().await?;
        Ok(described.concat())
    }
}

fn is_due_to_input(error: &ProviderError) -> bool {
    match error.kind() {
        ProviderErrorKind::Refused | ProviderErrorKind::BadInput => true,
        ProviderErrorKind::Throttled | ProviderErrorKind::Down => false,
    }
}
