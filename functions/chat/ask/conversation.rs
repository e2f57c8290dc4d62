//! One question and its answer, event by event, and the record of both.

use std::collections::BTreeSet;
use std::sync::Arc;

use edge::App;
use edge::sse::{Events, Gone};
use futures::StreamExt;
use intelligence::answer::{Evidence, Question};
use jiff::Timestamp;
use serde::Serialize;
use store::{Message, Role, Session, Video, keys};

use crate::library::{Known, Library};

/// What is sent, in this order: session, frames, tokens, done. An error may come instead of what is left.
#[derive(Serialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
enum Event<'a> {
    SessionId(String),
    FramesUsed(&'a [Frame]),
    Token(&'a str),
    Done,
    Error(&'a str),
}

#[derive(Serialize)]
struct Frame {
    timestamp: String,
    r2_key: String,
}

/// Everything that answering one question needs.
pub(crate) struct Conversation {
    pub(crate) app: Arc<App>,
    pub(crate) library: Arc<Library>,
    pub(crate) video: Video,
    pub(crate) session: Session,
    pub(crate) asked_at: Timestamp,
}

/// Why an answer broke off.
enum Broken {
    /// Nobody listens any more. What was said so far is kept.
    Unheard,
    /// Nothing was said yet: the question is given back.
    Unanswered(String),
    /// It stopped in the middle.
    CutShort(String),
}

impl From<Gone> for Broken {
    fn from(_: Gone) -> Self {
        Self::Unheard
    }
}

impl Conversation {
    /// Answers, stores the exchange, and only then says that it is done.
    pub(crate) async fn run(self, question: Question, mut events: Events) {
        let mut said = String::new();
        let mut frames = Vec::new();
        let outcome = self.answer(&question, &mut events, &mut said, &mut frames).await;
        let cause = match outcome {
            Ok(()) => None,
            Err(Broken::Unheard) => None,
            Err(Broken::Unanswered(cause)) => {
                if let Err(error) =
                    self.app.store.return_query(self.session.owner.clone(), self.asked_at).await
                {
                    tracing::error!(error = %error, "question not given back");
                }
                Some(cause)
            }
            Err(Broken::CutShort(cause)) => Some(cause),
        };
        let stored = if said.is_empty() { Ok(()) } else { self.store(question, said, &frames).await };
        let cause = cause.or(stored.err());
        let last = match &cause {
            None => Event::Done,
            Some(cause) => {
                tracing::error!(video.id = %self.video.id, cause, "answer failed");
                Event::Error("The answer could not be completed. Ask again.")
            }
        };
        // Nobody may be left to hear it, and then there is nothing more to do.
        let _heard = events.send(&last).await;
    }

    async fn answer(
        &self,
        question: &Question,
        events: &mut Events,
        said: &mut String,
        frames: &mut Vec<Frame>,
    ) -> Result<(), Broken> {
        events.send(&Event::SessionId(self.session.id.to_string())).await?;
        let known = self.library.open(&self.app, &self.video).await.map_err(Broken::Unanswered)?;
        let evidence = self.library.evidence(&self.app, &known, question).await;
        *frames = self.frames(&known, &evidence);
        events.send(&Event::FramesUsed(frames)).await?;
        let providers = self.library.providers(&self.app.config).await;
        let answer = providers.answerer.answer(question, &evidence).await;
        let mut tokens = answer.map_err(|error| Broken::Unanswered(error.to_string()))?;
        while let Some(token) = tokens.next().await {
            match token {
                Ok(token) => {
                    said.push_str(&token);
                    events.send(&Event::Token(&token)).await?;
                }
                Err(error) if said.is_empty() => return Err(Broken::Unanswered(error.to_string())),
                Err(error) => return Err(Broken::CutShort(error.to_string())),
            }
        }
        Ok(())
    }

    /// The keyframes of the scenes that the evidence shows, in order of time.
    fn frames(&self, known: &Known, evidence: &[Evidence]) -> Vec<Frame> {
        let shown: BTreeSet<u32> = evidence.iter().filter_map(|piece| piece.frame).collect();
        let scenes = shown.into_iter().filter_map(|ordinal| known.joined.scenes.get(ordinal as usize));
        scenes
            .map(|scene| Frame {
                timestamp: scene.keyframe_at.to_string(),
                r2_key: keys::scene_frame(self.video.id, scene.ordinal + 1),
            })
            .collect()
    }

    async fn store(&self, question: Question, said: String, frames: &[Frame]) -> Result<(), String> {
        let message = |role, content, created_at| Message {
            id: edge::ids::new_message(),
            role,
            content,
            frame_timestamps: vec![],
            created_at,
        };
        let question = message(Role::User, question.text, self.asked_at);
        let mut answer = message(Role::Assistant, said, edge::clock::now());
        answer.frame_timestamps = frames.iter().map(|frame| frame.timestamp.clone()).collect();
        self.app
            .store
            .add_exchange(self.session.clone(), question, answer)
            .await
            .map_err(|error| error.to_string())
    }
}
