//! One question and its answer, event by event, and the record of both.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use domain::analysis::Provenance;
use domain::answer::{EventId, Journal, Part};
use domain::cost::Spent;
use domain::ids::MessageId;
use edge::sse::Events;
use edge::{App, clock};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use intelligence::answer::{Evidence, Question};
use jiff::Timestamp;
use store::{AnswerId, Ending, Exchange, Made, Message, Role, Session, Video, keys};

use crate::event::{BROKEN_OFF, DONE, Event, Frame};
use crate::library::{self, Known, Library, MAX_EVIDENCE};
use crate::record::record;

/// For the log: why an answer is not made to its end, or not kept.
const TAKEN_FOR_DEAD: &str = "it was taken for dead and ended by a listener";

/// Of a video's title so much is cited, in characters.
const MAX_TITLE: usize = 60;

/// Everything that answering one question needs.
pub(crate) struct Conversation {
    pub(crate) app: Arc<App>,
    pub(crate) library: Arc<Library>,
    /// The one whose session it is.
    pub(crate) video: Video,
    /// Further ones that it is about.
    pub(crate) others: Vec<Video>,
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
    /// Who speaks, once somebody does.
    by: Option<Provenance>,
}

impl Conversation {
    /// Answers, whether or not anybody still listens, stores the exchange, and only then says that it is done.
    pub(crate) async fn run(self, question: Question, journal: Journal, listener: Events) {
        let began = Instant::now();
        let (recorder, told) = unbounded();
        let (said, frames, answer) = (String::new(), vec![], self.answer_id.message);
        let mut telling = Telling { answer, seq: 0, listener, recorder, said, frames, by: None };
        let answering = async {
            let outcome = self.answer(&question, &mut telling).await;
            telling.recorder.close_channel();
            outcome
        };
        let recording = record(&self.app.store, self.answer_id, journal, told);
        let (outcome, journal) = futures::join!(answering, recording);

        let last = if outcome.is_ok() { DONE } else { BROKEN_OFF };
        let megabyte_ms = self.app.config.memory_mb * began.elapsed().as_millis() as u64;
        let spent = self.library.providers.spent().plus(Spent { megabyte_ms, ..Spent::default() });
        let (left, ending) = (journal.close(last, clock::now()), self.ending(question, &telling, spent));
        let (ended, counted) = futures::join!(
            self.app.store.end_answer(self.answer_id, left, ending),
            // Also of an answer that came to nothing.
            self.app.store.answers_spent(self.video.id, spent),
        );
        if let Err(error) = counted {
            tracing::warn!(video.id = %self.video.id, %error, "use not recorded");
        }
        let ended = match ended {
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
        let (evidence, frames) = self.evidence(question).await?;
        telling.tell(&Event::FramesUsed(&frames)).await?;
        telling.frames = frames;
        let answerer = self.library.providers.answerer(&self.app).await.map_err(library::cause)?;
        let answer = answerer.answer(question, &evidence).await;
        let answer = answer.map_err(|error| error.to_string())?;
        telling.by = Some(answer.by);
        let mut tokens = answer.pieces;
        while let Some(token) = tokens.next().await {
            let token = token.map_err(|error| error.to_string())?;
            telling.tell(&Event::Token(&token)).await?;
            telling.said.push_str(&token);
        }
        if telling.said.is_empty() { Err("nothing was said".to_owned()) } else { Ok(()) }
    }

    /// What the answer is to be made from, the best first, and what of it can be seen.
    async fn evidence(&self, question: &Question) -> Result<(Vec<Evidence>, Vec<Frame>), String> {
        let videos: Vec<&Video> = std::iter::once(&self.video).chain(&self.others).collect();
        let mut known = Vec::with_capacity(videos.len());
        for video in &videos {
            known.push(self.library.open(&self.app, video).await?);
        }
        let pieces = self.library.evidence(&self.app, &known, question).await;
        let of_place =
            |(place, pieces): (usize, Vec<Evidence>)| pieces.into_iter().map(move |piece| (place, piece));
        let mut found: Vec<(usize, Evidence)> = pieces.into_iter().enumerate().flat_map(of_place).collect();
        found.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
        found.truncate(MAX_EVIDENCE);
        let mut frames = vec![];
        for (place, (video, known)) in videos.iter().zip(&known).enumerate() {
            let own = found.iter().filter(|(of, _)| *of == place).map(|(_, piece)| piece);
            frames.extend(shown(video, known, own));
        }
        let name = |place: usize| (videos.len() > 1).then(|| shortened(&videos[place].title));
        let evidence = found.into_iter().map(|(place, piece)| Evidence { video: name(place), ..piece });
        Ok((evidence.collect(), frames))
    }

    /// What was said is kept, also when it broke off; a question to which nothing was said is given back.
    fn ending(&self, question: Question, telling: &Telling, spent: Spent) -> Ending {
        if telling.said.is_empty() {
            return Ending::GivenBack { user: self.session.owner.clone(), asked_at: self.asked_at };
        }
        let question = Message {
            id: self.question_id,
            role: Role::User,
            content: question.text,
            frame_timestamps: vec![],
            created_at: self.asked_at,
            made: None,
        };
        let answer = Message {
            id: self.answer_id.message,
            role: Role::Assistant,
            content: telling.said.clone(),
            frame_timestamps: telling.frames.iter().map(|frame| frame.timestamp.clone()).collect(),
            created_at: clock::now(),
            made: telling.by.clone().map(|by| Made { by, spent }),
        };
        Ending::Kept(Box::new(Exchange { session: self.session.clone(), question, answer }))
    }
}

/// The keyframes of the scenes of a video that the evidence shows, in order of time.
fn shown<'a>(
    video: &'a Video,
    known: &'a Known,
    evidence: impl Iterator<Item = &'a Evidence>,
) -> impl Iterator<Item = Frame> {
    let shown: BTreeSet<u32> = evidence.filter_map(|piece| piece.frame).collect();
    let scenes = shown.into_iter().filter_map(|ordinal| known.joined.scenes.get(ordinal as usize));
    scenes.map(|scene| Frame {
        timestamp: scene.keyframe_at.to_string(),
        r2_key: keys::scene_frame(video.id, scene.ordinal + 1),
    })
}

/// A title as it is cited.
fn shortened(title: &str) -> String {
    title.chars().take(MAX_TITLE).collect()
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
