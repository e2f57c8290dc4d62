//! Scenes described by a model with eyes, on a server that speaks OpenAI's protocol.
//!
//! One request a scene: models mix up the pictures of one request, and some servers take one only.

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    analysis::{Described, Description, Provenance},
    provider::Model,
};

use super::{Describer, SceneImage, Told, boxes, picture::Picture, reply::Reply};
use crate::{
    ProviderError, ProviderErrorKind,
    at_a_time::at_a_time,
    error::off_thread,
    openai::{Endpoint, PROVIDER, Server, chat::Completion, json},
    retry::Allowance,
};

mod prompt;

/// Requests at the same time.
const AT_A_TIME: usize = 4;
/// How often one scene is asked about before it is given up: an answer that is no JSON may be bad luck.
const ASKED: usize = 2;

/// Describes scenes by what a model sees on their keyframes.
pub(crate) struct OpenAi {
    server: Server,
    model: Model,
}

impl OpenAi {
    pub(crate) fn new(server: Server, model: Model) -> Self {
        Self { server, model }
    }

    async fn tell_one(
        &self,
        allowance: &Allowance,
        place: usize,
        jpeg: Bytes,
        told: &Told,
    ) -> Result<(), ProviderError> {
        let described = match self.describe_one(allowance, jpeg).await {
            Ok(description) => Described::Seen(description),
            Err(error) if error.kind() == ProviderErrorKind::Policy => {
                tracing::warn!(%error, "a picture was refused");
                Described::Refused { refused_by: provenance(self.model.0.clone()) }
            }
            Err(error) => return Err(error),
        };
        // Nobody may listen any more.
        let _heard = told.unbounded_send((place, described));
        Ok(())
    }

    async fn describe_one(&self, allowance: &Allowance, jpeg: Bytes) -> Result<Description, ProviderError> {
        let picture = off_thread(move || Picture::of(&jpeg)).await?;
        let body = json(&prompt::request(&self.model, &picture))?;
        for _ in 0..ASKED {
            let completion: Completion =
                self.server.post_json(allowance, Endpoint::ChatCompletions, &body).await?;
            self.server.count_tokens(&self.model, completion.tokens());
            let model = completion.model().unwrap_or(&self.model.0).to_owned();
            if let Some(reply) = Reply::parse(&completion.text()?) {
                return Ok(description(reply, &picture, model));
            }
            tracing::warn!("a model did not answer in the form that it was asked for");
        }
        Err(ProviderError::down(format!(
            "the model {} does not answer in the form that it is asked for; choose one that follows a JSON schema",
            self.model.0
        )))
    }
}

#[async_trait]
impl Describer for OpenAi {
    async fn provenance(&self) -> Result<Provenance, ProviderError> {
        Ok(provenance(self.model.0.clone()))
    }

    async fn describe_each(&self, scenes: &[SceneImage], told: &Told) -> Result<(), ProviderError> {
        let allowance = self.server.allowance();
        let tell =
            |(place, image): (usize, &SceneImage)| self.tell_one(&allowance, place, image.jpeg.clone(), told);
        let asked: Vec<_> = scenes.iter().enumerate().map(tell).collect();
        at_a_time(AT_A_TIME, asked).await
    }
}

fn description(reply: Reply, picture: &Picture, model: String) -> Description {
    Description {
        detections: boxes::place(reply.objects, picture.width, picture.height),
        text: reply.sentence,
        on_screen_text: reply.on_screen_text,
        provenance: provenance(model),
    }
}

fn provenance(model: String) -> Provenance {
    Provenance { provider: PROVIDER.to_owned(), model, prompt_version: prompt::VERSION.to_owned() }
}
