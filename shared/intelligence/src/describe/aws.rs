//! Scenes described by a model with eyes on Bedrock, a few to a request.

use std::ops::Range;

use async_trait::async_trait;
use domain::analysis::{Described, Description, Detection, Provenance};
use futures::try_join;

use super::{Describer, SceneImage, Told, boxes, picture::Picture, reply::Reply};
use crate::{
    ProviderError, ProviderErrorKind,
    at_a_time::at_a_time,
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

    /// Tells what came of each of these pictures, of which the first has this place.
    async fn tell_batch(
        &self,
        allowance: &Allowance,
        first: usize,
        pictures: &[Picture],
        told: &Told,
    ) -> Result<(), ProviderError> {
        let (replies, measured) =
            try_join!(self.together(allowance, pictures), self.measured(allowance, pictures))?;
        let tell = |place: usize, described: Described| {
            // Nobody may listen any more.
            let _heard = told.unbounded_send((first + place, described));
        };
        let mut left = vec![];
        for (place, (reply, measured)) in replies.into_iter().zip(measured).enumerate() {
            match reply {
                Some(reply) => tell(place, self.description(reply, measured).into()),
                None => left.push((place, measured)),
            }
        }
        for (place, measured) in left {
            let described = match self.ask_alone(allowance, &pictures[place]).await {
                Ok(reply) => self.description(reply, measured).into(),
                Err(error) if error.kind() == ProviderErrorKind::Policy => {
                    tracing::warn!(%error, "a picture was refused");
                    Described::Refused { refused_by: self.described_by() }
                }
                Err(error) => return Err(error),
            };
            tell(place, described);
        }
        Ok(())
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

    /// One place a picture, empty where it is to be asked about alone: where the model left it out, and everywhere when
    /// the request is refused because of one of them.
    async fn together(
        &self,
        allowance: &Allowance,
        pictures: &[Picture],
    ) -> Result<Vec<Option<Reply>>, ProviderError> {
        let none = || pictures.iter().map(|_| None).collect();
        if pictures.len() < 2 {
            return Ok(none());
        }
        match self.ask(allowance, pictures).await {
            Ok(replies) => Ok(replies),
            Err(error) if is_due_to_input(&error) => Ok(none()),
            Err(error) => Err(error),
        }
    }

    async fn ask_alone(&self, allowance: &Allowance, picture: &Picture) -> Result<Reply, ProviderError> {
        for _ in 0..ASKED {
            let replies = self.ask(allowance, std::slice::from_ref(picture)).await?;
            if let Some(reply) = replies.into_iter().next().flatten() {
                return Ok(reply);
            }
            tracing::warn!("a model did not describe a picture");
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

    async fn describe_each(&self, scenes: &[SceneImage], told: &Told) -> Result<(), ProviderError> {
        let allowance = self.model.allowance();
        let keyframes: Vec<_> = scenes.iter().map(|image| image.jpeg.clone()).collect();
        let pictures: Vec<Picture> = off_thread(move || keyframes.iter().map(Picture::of).collect()).await?;
        let batches = batches::of(&pictures.iter().map(|picture| picture.jpeg.len()).collect::<Vec<_>>());
        let tell =
            |batch: Range<usize>| self.tell_batch(&allowance, batch.start, &pictures[batch.clone()], told);
        let asked: Vec<_> = batches.into_iter().map(tell).collect();
        at_a_time(AT_A_TIME, asked).await
    }
}

fn is_due_to_input(error: &ProviderError) -> bool {
    match error.kind() {
        ProviderErrorKind::Policy | ProviderErrorKind::BadInput => true,
        ProviderErrorKind::Refused | ProviderErrorKind::Throttled | ProviderErrorKind::Down => false,
    }
}
