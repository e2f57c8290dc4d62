//! The events of one answer: numbered from 1, cut into chunks to be stored, joined again for whoever comes back.
//!
//! Whoever makes the answer stores one chunk after another, so that each begins where the one before it ends. A chunk
//! is known by the number of its first event.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::MessageId;

/// An event of an answer, as `id:` lines and `Last-Event-ID` name it: `{message}:{seq}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventId {
    /// The answer.
    pub message: MessageId,
    /// The event's place among the answer's, from 1. 0 is before the first.
    pub seq: u32,
}

/// The text names no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not the id of an event: it is a UUID, a colon and a number")]
pub struct NotAnEventId;

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.message, self.seq)
    }
}

impl FromStr for EventId {
    type Err = NotAnEventId;

    fn from_str(text: &str) -> Result<Self, NotAnEventId> {
        let (message, seq) = text.split_once(':').ok_or(NotAnEventId)?;
        // `parse` would take "+1" as well.
        if !seq.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAnEventId);
        }
        let message = message.parse().map_err(|_| NotAnEventId)?;
        Ok(Self { message, seq: seq.parse().map_err(|_| NotAnEventId)? })
    }
}

/// What an event is to its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It comes before the words.
    Preamble,
    /// It is some of the words.
    Words,
}

/// Events that are stored together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Number of its first event. Without events it is a sign of life, and this the number of the event to come.
    pub first: u32,
    /// Each one's JSON.
    pub events: Vec<String>,
    /// Whether any words had been said by its end.
    pub answered: bool,
    /// Whether the answer ends with it.
    pub ended: bool,
    /// When the question was asked.
    pub asked_at: Timestamp,
    /// When it was written: the answer was being made then.
    pub written_at: Timestamp,
}

impl Chunk {
    /// Number of the event after its last one.
    pub fn next(&self) -> u32 {
        // No answer has four thousand million events.
        self.first.saturating_add(self.events.len() as u32)
    }

    /// Whether an event of that number is the answer's last.
    pub fn ends_with(&self, seq: u32) -> bool {
        self.ended && self.next() == seq.saturating_add(1)
    }

    /// The chunk that ends an answer after this one.
    pub fn ended_by(&self, event: &str, now: Timestamp) -> Self {
        Self { ended: true, events: vec![event.to_owned()], written_at: now, ..self.following() }
    }

    fn following(&self) -> Self {
        let (answered, asked_at, written_at) = (self.answered, self.asked_at, self.written_at);
        Self { first: self.next(), events: vec![], answered, ended: false, asked_at, written_at }
    }
}

/// The events after number `heard`, in their order, with their numbers.
///
/// The answer's last event is always among them, unless `heard` is its number. A listener may have been told more than
/// was stored before the maker died, and must still learn that the answer has ended.
pub fn after(heard: u32, chunks: &[Chunk]) -> impl Iterator<Item = (u32, &str)> {
    chunks.iter().flat_map(move |chunk| {
        let numbered = (chunk.first..).zip(chunk.events.iter().map(String::as_str));
        numbered.filter(move |(seq, _)| *seq > heard || (*seq != heard && chunk.ends_with(*seq)))
    })
}

/// What the maker of an answer has told so far, and how much of that is stored.
#[derive(Debug, Clone)]
pub struct Journal {
    /// A write that failed may have been carried out, and heard: its chunk is written again as it was.
    unconfirmed: Option<Chunk>,
    /// What the next chunk will be.
    open: Chunk,
}

impl Journal {
    /// Of an answer of which nothing has been told.
    pub fn begun(asked_at: Timestamp) -> Self {
        let open =
            Chunk { first: 1, events: vec![], answered: false, ended: false, asked_at, written_at: asked_at };
        Self { unconfirmed: None, open }
    }

    /// An event was told.
    pub fn record(&mut self, event: String, part: Part) {
        self.open.events.push(event);
        match part {
            Part::Preamble => {}
            Part::Words => self.open.answered = true,
        }
    }

    /// Whether everything that was told is stored.
    pub fn is_stored(&self) -> bool {
        self.unconfirmed.is_none() && self.open.events.is_empty()
    }

    /// What is to be written now; a sign of life when there is nothing else. [`Self::confirm`] it when it is written,
    /// else the next cut is the same.
    pub fn cut(&mut self, now: Timestamp) -> Chunk {
        let chunk = self.unconfirmed.take().unwrap_or_else(|| {
            let following = self.open.following();
            std::mem::replace(&mut self.open, following)
        });
        let chunk = Chunk { written_at: now, ..chunk };
        self.unconfirmed = (!chunk.events.is_empty()).then(|| chunk.clone());
        chunk
    }

    /// What was cut is written.
    pub fn confirm(&mut self) {
        self.unconfirmed = None;
    }

    /// Everything that is not known to be stored, and the answer's last event: to be written at once.
    pub fn close(&self, last: &str, now: Timestamp) -> Vec<Chunk> {
        let mut open = Chunk { ended: true, written_at: now, ..self.open.clone() };
        open.events.push(last.to_owned());
        self.unconfirmed.iter().cloned().chain([open]).collect()
    }
}

#[cfg(test)]
mod tests;
