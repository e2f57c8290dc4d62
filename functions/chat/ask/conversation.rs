//! One question and its answer, event by event, and the record of both.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::answer::{EventId, Journal, Part};
use domain::ids::MessageId;
use edge::sse::Events;
use edge::{App, clock};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use intelligence::answer::{Evidence, Question};
use jiff::Timestamp;
use store::{AnswerId, Ending, Exchange, Message, Role, Session, Video, keys};

use crate::event::{BROKEN_OFF, DONE, Event, Frame};
use crate::library::{self, Known, Library};
use crate::record::record;

/// For the log: why an answer is not made to its end, or not kept.
const TAKEN_FOR_DEAD: &str = "it was taken for dead and ended by a listener";

/// Everything that answering one question needs.
pub(crate) struct Conversation {
    pub(crate) app: Arc<App>,
    pub(crate) library: Arc<Library>,
    pub(crate) video: Video,
    pub(crate) session: Session,
    pub(crate) asked_at: Timestamp,
    /// What the question will be in the session.
    pub(crate) question_id: MessageId,
    /// What the answer will be there, and is from its first event on.
    pub(crate) answer_id: AnswerId,
}

/// To whom the answer is told: to whoever listens, and to the record. And what they were told.
struct Telling {
    answer: MessageId,
    seq: u32,
    listener: Events,
    recorder: UnboundedSender<(String, Part)>,
    said: String,
    frames: Vec<Frame>,
}

impl Conversation {
    /// Answers, whether or not anybody still listens, stores the exchange, and only then says that it is done.
    pub(crate) async fn run(self, question: Question, journal: Journal, listener: Events) {
        let (recorder, told) = unbounded();
        let (said, frames, answer) = (String::new(), vec![], self.answer_id.message);
        let mut telling = Telling { answer, seq: 0, listener, recorder, said, frames };
        let answering = async {
            let outcome = self.answer(&question, &mut telling).await;
            telling.recorder.close_channel();
            outcome
        };
        let recording = record(&self.app.store, self.answer_id, journal, told);
        let (outcome, journal) = futures::join!(answering, recording);

        let last = if outcome.is_ok() { DONE } else { BROKEN_OFF };
        let (left, ending) = (journal.close(last, clock::now()), self.ending(question, &telling));
        let ended = match self.app.store.end_answer(self.answer_id, left, ending).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(TAKEN_FOR_DEAD.to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let last = match outcome.and(ended) {
            Ok(()) => DONE,
            Err(cause) => {
                tracing::error!(video.id = %self.video.id, cause, "answer failed");
                BROKEN_OFF
            }
        };
        telling.tell_listener(last);
    }

    /// Why it broke off is for the log.
    async fn answer(&self, question: &Question, telling: &mut Telling) -> Result<(), String> {
        telling.tell(&Event::SessionId(self.session.id.to_string())).await?;
        let known = self.library.open(&self.app, &self.video).await?;
        let evidence = self.library.evidence(&self.app, &known, question).await;
        let frames = self.frames(&known, &evidence);
        telling.tell(&Event::FramesUsed(&frames)).await?;
        telling.frames = frames;
        let providers = self.library.providers.of(&self.app).await.map_err(library::cause)?;
        let answer = providers.answerer.answer(question, &evidence).await;
        let mut tokens = answer.map_err(|error| error.to_string())?;
        while let Some(token) = tokens.next().await {
            let token = token.map_err(|error| error.to_string())?;
            telling.tell(&Event::Token(&token)).await?;
            telling.said.push_str(&token);
        }
        if telling.said.is_empty() { Err("nothing was said".to_owned()) } else { Ok(()) }
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

    /// What was said is kept, also when it broke off; a question to which nothing was said is given back.
    fn ending(&self, question: Question, telling: &Telling) -> Ending {
        if telling.said.is_empty() {
            return Ending::GivenBack { user: self.session.owner.clone(), asked_at: self.asked_at };
        }
        let question = Message {
            id: self.question_id,
            role: Role::User,
            content: question.text,
            frame_timestamps: vec![],
            created_at: self.asked_at,
        };
        let answer = Message {
            id: self.answer_id.message,
            role: Role::Assistant,
            content: telling.said.clone(),
            frame_timestamps: telling.frames.iter().map(|frame| frame.timestamp.clone()).collect(),
            created_at: clock::now(),
        };
        Ending::Kept(Box::new(Exchange { session: self.session.clone(), question, answer }))
    }
}

impl Telling {
    async fn tell(&mut self, event: &Event<'_>) -> Result<(), String> {
        let json = serde_json::to_string(event).map_err(|error| error.to_string())?;
        self.tell_listener(&json);
        // The record leaves before the answer ends for this reason alone.
        self.recorder.unbounded_send((json, event.part())).map_err(|_| TAKEN_FOR_DEAD.to_owned())?;
        // Words that are all there at once would otherwise be sent when the last of them is.
        tokio::task::yield_now().await;
        Ok(())
    }

    fn tell_listener(&mut self, json: &str) {
        self.seq += 1;
        // Nobody may listen any more. The answer is made all the same: its listener can come back for it.
        let _heard = self.listener.send(EventId { message: self.answer, seq: self.seq }, json);
    }
}
