//! Finding the rows that bear on a question. See [`crate::index`] for the score.

use domain::time::Seconds;

use super::{
    Row, VideoIndex,
    cues::{self, Cues, TimeCue},
};
use crate::{
    answer::{Evidence, EvidenceKind},
    embed::{HashedTerms, dot},
};

/// Rows that score less do not bear on the question.
pub const CUT_OFF: f32 = 0.25;
/// Rows that score less than this part of the best one are noise beside it.
pub(super) const SHARE_OF_BEST: f32 = 0.4;

/// Cosines of unrelated texts stay below the first (MiniLM: 0.05 on average, 0.25 at most on what was tried);
/// a question and its literal answer reach the second.
const COSINES: (f32, f32) = (0.25, 0.75);

/// Score of a row that is asked for by its kind or its time alone.
const LISTED: f32 = 0.5;
/// What content counts in a row that is not of the kind asked for: the same words said or shown still matter.
const OTHER_KIND: f32 = 0.8;
/// What being there at the time counts in such a row: it is context, no answer.
const OTHER_KIND_THERE: f32 = 0.55;
/// What content counts far from the time asked for.
const OTHER_TIME: f32 = 0.3;

impl VideoIndex {
    /// The rows that bear on the question, best first, at most `limit`; none when nothing does.
    ///
    /// `question_vector` is the question as the index's own [`Self::embedder`] embeds it; without one, or with
    /// one of another length, the search is by terms alone.
    pub fn search(&self, question: &str, question_vector: Option<&[f32]>, limit: usize) -> Vec<Evidence> {
        let cues = cues::read(question);
        let known = cues.sources.iter().filter(|term| self.lexicon.terms.contains_key(*term));
        let terms: Vec<String> = cues.content.iter().chain(known).cloned().collect();
        let lexical = self.lexicon.scores(&terms);
        // Hashed terms know no meaning: their cosine is the lexical measure once more, with collisions.
        let has_meaning = self.embedder.as_str() != HashedTerms::ID;
        let is_usable = |vector: &&[f32]| has_meaning && vector.len() == self.dimensions;
        let vector = question_vector.filter(is_usable);
        let end = self.end();
        let mut scored: Vec<(f32, &Row)> = Vec::with_capacity(self.rows.len());
        for (number, row) in (0u32..).zip(&self.rows) {
            let semantic = vector.map_or(0.0, |vector| semantic(dot(vector, self.vector(number as usize))));
            let content = either(semantic, lexical.get(&number).copied().unwrap_or(0.0));
            scored.push((score(row, content, &cues, end), row));
        }
        let best = scored.iter().map(|(score, _)| *score).fold(0.0, f32::max);
        scored.retain(|(score, _)| *score >= CUT_OFF && *score >= best * SHARE_OF_BEST);
        // Rows that score alike come in order of time.
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.start.get().total_cmp(&b.1.start.get())));
        scored.into_iter().take(limit).map(|(score, row)| evidence(row, score)).collect()
    }
}

fn score(row: &Row, content: f32, cues: &Cues, end: Seconds) -> f32 {
    if row.is_overview() {
        return if cues.overview { either(LISTED, content) } else { 0.0 };
    }
    let is_kind = cues.kind.is_none_or(|kind| kind == row.kind);
    let content = if is_kind { content } else { content * OTHER_KIND };
    let asks_to_list = cues.content.is_empty() && (cues.kind.is_some() || cues.overview);
    let listed = if asks_to_list && is_kind { LISTED } else { 0.0 };
    let Some(time) = cues.time else { return either(content, listed) };
    let near = nearness(row, time, end);
    // A time is a request of its own: what is there is shown, whatever else the question says.
    let there = LISTED * near * near * if is_kind { 1.0 } else { OTHER_KIND_THERE };
    either(content * (OTHER_TIME + (1.0 - OTHER_TIME) * near), there)
}

/// How near a row is to a time: 1 within its window, falling by 1/e for each window away from it.
fn nearness(row: &Row, time: TimeCue, end: Seconds) -> f32 {
    // Start, middle and end are as wide as a twentieth of the video, a clock time is exact to seconds.
    let (at, window) = match time {
        TimeCue::Start => (0.0, (end.get() / 20.0).max(3.0)),
        TimeCue::Middle => (end.get() / 2.0, (end.get() / 20.0).max(3.0)),
        TimeCue::End => (end.get(), (end.get() / 20.0).max(3.0)),
        TimeCue::At(at) => (at.get().min(end.get()), 5.0),
    };
    let before = row.start.get() - at;
    let after = at - row.end.get();
    let away = before.max(after).max(0.0);
    // A clock time lies in the scene that is on then; its neighbours are near, not there.
    let away = match time {
        TimeCue::At(_) => away,
        TimeCue::Start | TimeCue::Middle | TimeCue::End => (away - window).max(0.0),
    };
    (-away / window).exp() as f32
}

/// How far a cosine speaks for a row, 0 to 1.
pub(super) fn semantic(cosine: f32) -> f32 {
    ((cosine - COSINES.0) / (COSINES.1 - COSINES.0)).clamp(0.0, 1.0)
}

/// Two independent reasons to believe, as one.
pub(super) fn either(a: f32, b: f32) -> f32 {
    1.0 - (1.0 - a) * (1.0 - b)
}

fn evidence(row: &Row, score: f32) -> Evidence {
    let text = match row.speaker {
        Some(speaker) => format!("Speaker {}: {}", speaker + 1, row.text),
        None => row.text.clone(),
    };
    // Nobody saw speech.
    let frame = row.scene.filter(|_| row.kind != EvidenceKind::Speech);
    Evidence { start: row.start, end: row.end, kind: row.kind, text, score, frame, video: None }
}
