//! The rest of an answer, for a listener who lost its stream. Makes nothing, and charges nothing.

use std::sync::Arc;
use std::time::Duration;

use domain::answer::{self, Chunk, EventId};
use domain::ids::{UserId, VideoId};
use domain::problem::ProblemKind;
use edge::sse::{self, Events};
use edge::{App, Call, Problem, Reply, clock};
use http::StatusCode;
use store::{AnswerId, Ending, StoreError};
use tracing::Instrument;

use crate::event::BROKEN_OFF;
use crate::record::SILENCE;

/// How often to look for more of an answer that is being made elsewhere.
const POLL_EVERY: Duration = Duration::from_millis(250);

/// Replies with what follows the last event heard; 204 after the very last, which tells SSE clients to stop
/// reconnecting.
pub(crate) async fn replay(call: Call, video: VideoId, heard: EventId) -> Result<Reply, Problem> {
    let answer = AnswerId { video, message: heard.message };
    let (found, account, chunks) =
        futures::try_join!(async { Ok(call.app.store.video(video).await?) }, call.account(), async {
            Ok(call.app.store.chunks(answer, 0, call.now).await?)
        },)?;
    call.own_video(found, "video")?;
    let Some(latest) = chunks.last().cloned() else {
        let detail =
            "This answer is not kept any more, or never was. Ask the question anew, without Last-Event-ID.";
        return Err(Problem::new(ProblemKind::NotFound, detail));
    };
    if latest.ends_with(heard.seq) {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    let (events, reply) = sse::events();
    let replay = Replay { app: call.app, asker: account.user, answer, heard: heard.seq, latest };
    tokio::spawn(replay.run(chunks, events).in_current_span());
    Ok(reply)
}

struct Replay {
    app: Arc<App>,
    asker: UserId,
    answer: AnswerId,
    /// Number of the last event that the listener has heard.
    heard: u32,
    /// The last chunk that is stored.
    latest: Chunk,
}

impl Replay {
    /// Tells what is stored, and what is stored meanwhile, until the answer ends or nobody listens.
    async fn run(mut self, mut chunks: Vec<Chunk>, events: Events) {
        loop {
            for (seq, event) in answer::after(self.heard, &chunks) {
                if events.send(self.event(seq), event).is_err() {
                    return;
                }
                self.heard = seq;
            }
            self.latest = chunks.pop().unwrap_or(self.latest);
            if self.latest.ended {
                return;
            }
            let polled = match self.give_up_if_silent().await {
                Ok(true) => {
                    // Whether it is heard or not, there is no more.
                    let _heard = events.send(self.event(self.latest.next()), BROKEN_OFF);
                    return;
                }
                Ok(false) => {
                    tokio::time::sleep(POLL_EVERY).await;
                    self.app.store.chunks(self.answer, self.latest.next(), clock::now()).await
                }
                Err(error) => Err(error),
            };
            chunks = match polled {
                Ok(chunks) => chunks,
                Err(error) => {
                    // The stream breaks off once more, and its listener comes back once more.
                    tracing::error!(video.id = %self.answer.video, error = %error, "replay broke off");
                    return;
                }
            };
        }
    }

    /// Ends the answer in its maker's place, if that is dead. False when it is not, or when another listener who
    /// noticed was first.
    async fn give_up_if_silent(&self) -> Result<bool, StoreError> {
        let now = clock::now();
        if now.duration_since(self.latest.written_at) < SILENCE {
            return Ok(false);
        }
        let ending = if self.latest.answered {
            Ending::Lost
        } else {
            Ending::GivenBack { user: self.asker.clone(), asked_at: self.latest.asked_at }
        };
        let last = self.latest.ended_by(BROKEN_OFF, now);
        self.app.store.give_up_answer(self.answer, &self.latest, &last, ending).await
    }

    fn event(&self, seq: u32) -> EventId {
        EventId { message: self.answer.message, seq }
    }
}
