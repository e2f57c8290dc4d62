//! `POST /chat/{video_id}`: an answer from what is in the video, streamed word by word. With `Last-Event-ID`, the rest
//! of one that was asked for before.

#[path = "ask/conversation.rs"]
mod conversation;
#[path = "ask/event.rs"]
mod event;
#[path = "ask/library.rs"]
mod library;
#[path = "ask/record.rs"]
mod record;
#[path = "ask/replay.rs"]
mod replay;

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::answer::Journal;
use domain::ids::{SessionId, VideoId};
use domain::problem::ProblemKind;
use edge::{Call, Door, Problem, Reply, sse};
use intelligence::answer::Question;
use serde::Deserialize;
use store::{AnswerId, QuerySlot, Role, Session, Video};
use tracing::Instrument;

use conversation::Conversation;
use library::Library;

/// Videos that may be asked about beside the one that the path names.
const MAX_OTHERS: usize = 9;
/// The longest question, in characters.
const MAX_QUESTION_CHARS: usize = 2_000;

#[derive(Deserialize)]
struct Body {
    question: String,
    session_id: Option<String>,
    /// Further videos that the answer may come from.
    video_ids: Option<Vec<String>>,
}

async fn ask(library: Arc<Library>, call: Call) -> Result<Reply, Problem> {
    let id: VideoId = call.path("video_id", "video")?;
    if let Some(heard) = sse::last_event_id(&call)? {
        return replay::replay(call, id, heard).await;
    }
    let body: Body = call.json()?;
    let question = body.question.trim().to_owned();
    if question.is_empty() || question.chars().count() > MAX_QUESTION_CHARS {
        return Err(Problem::invalid(format!("question is a text of 1 to {MAX_QUESTION_CHARS} characters.")));
    }
    let (video, others, account, session) = futures::try_join!(
        async { Ok(call.app.store.video(id).await?) },
        others(&call, id, body.video_ids.unwrap_or_default()),
        call.account(),
        known_session(&call, body.session_id.as_deref()),
    )?;
    let (session, earlier) = session.unzip();
    let video = call.own_video(video, "video")?;
    if session.as_ref().is_some_and(|session| session.video != id) {
        return Err(Problem::not_found("chat session"));
    }
    if let Some(waited_for) = std::iter::once(&video).chain(&others).find(|video| !video.is_ready()) {
        return Err(not_ready(waited_for));
    }
    let limit = account.plan.limits().queries_per_month;
    // Later ids sort after earlier ones.
    let question_id = edge::ids::new_message();
    let answer_id = AnswerId { video: id, message: edge::ids::new_message() };
    let mut journal = Journal::begun(call.now);
    let opening = journal.cut(call.now);
    // Both at the same time, so that the first word waits for one round trip. A refused question leaves a row behind
    // for a day, whose name nobody knows.
    let (slot, opened) = futures::join!(
        call.app.store.take_query(account.user.clone(), limit, call.now),
        call.app.store.put_chunk(answer_id, &opening),
    );
    match slot? {
        QuerySlot::Taken => {}
        QuerySlot::Exhausted => return Err(edge::refusals::queries_exhausted(account.plan)),
    }
    if let Err(error) = opened {
        // The answer can be given all the same, and be taken up again once something of it is stored.
        tracing::warn!(video.id = %id, error = %error, "answer not opened");
    }
    let session = session.unwrap_or_else(|| Session {
        id: edge::ids::new_session(),
        owner: account.user,
        video: id,
        created_at: call.now,
        message_count: 0,
    });
    let (events, reply) = sse::events();
    let (app, asked_at) = (call.app, call.now);
    let conversation =
        Conversation { app, library, video, others, session, asked_at, question_id, answer_id };
    // The reply ends with the task, and the task when everything is stored, whether or not anybody reads.
    let question = Question { text: question, earlier: earlier.unwrap_or_default() };
    tokio::spawn(conversation.run(question, journal, events).in_current_span());
    Ok(reply)
}

/// The further videos that a question is about, each once.
async fn others(call: &Call, first: VideoId, ids: Vec<String>) -> Result<Vec<Video>, Problem> {
    let unknown = || Problem::not_found("video");
    let ids: Result<BTreeSet<VideoId>, _> = ids.iter().map(|id| id.parse()).collect();
    let mut ids = ids.map_err(|_| unknown())?;
    ids.remove(&first);
    if ids.len() > MAX_OTHERS {
        return Err(Problem::invalid(format!("video_ids lists at most {MAX_OTHERS} further videos.")));
    }
    let user = call.user()?;
    let count = ids.len();
    let found = call.app.store.videos(ids.into_iter().collect()).await?;
    let own: Vec<Video> = found.into_iter().filter(|video| video.owner == user).collect();
    if own.len() == count { Ok(own) } else { Err(unknown()) }
}

/// The session that is to go on, if one is named, and what was asked in it so far.
async fn known_session(call: &Call, id: Option<&str>) -> Result<Option<(Session, Vec<String>)>, Problem> {
    let Some(id) = id else { return Ok(None) };
    let id: SessionId = id.parse().map_err(|_| Problem::not_found("chat session"))?;
    let user = call.user()?;
    let found = call.app.store.session(id).await?.filter(|(session, _)| session.owner == user);
    let (session, messages) = found.ok_or_else(|| Problem::not_found("chat session"))?;
    let asked = messages.into_iter().filter(|message| message.role == Role::User);
    Ok(Some((session, asked.map(|message| message.content).collect())))
}

fn not_ready(video: &Video) -> Problem {
    let detail = match video.failure() {
        Some(failure) => format!("The video could not be processed: {} Retry it, then ask.", failure.detail),
        None if video.is_terminal() => "The video was cancelled. Send it again, then ask.".to_owned(),
        None => format!(
            "The video is still being processed. Watch /videos/{}/jobs and ask when it is ready.",
            video.id
        ),
    };
    Problem::new(ProblemKind::NotReady, detail)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    let library = Arc::new(Library::default());
    edge::serve_streaming(Door::Session, move |call| ask(library.clone(), call)).await
}
