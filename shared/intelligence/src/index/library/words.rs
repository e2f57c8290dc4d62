//! What the words of a query say for the rows of a shard.

use std::sync::Arc;

use super::super::cues;
use super::super::lexicon::{self, idf};
use super::super::shard::Shard;
use super::{Allowed, PROMISING, spelling};
use crate::terms;

/// What a word of asking weighs beside what is asked for: whether somebody says "say" in "what do they say about
/// volcanoes" tells next to nothing, and it is no reason that nobody does. Where nothing else is asked for, or rows are
/// alike in everything else, it tells all the same.
const ASKING: f32 = 0.1;

/// What a term counts that is there as another one, which may have been meant.
const GUESSED: f32 = 0.9;

/// A term of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    term: String,
    /// Beside the others, 1 at most.
    weight: f32,
}

/// The terms of a query, in order, each once.
pub(super) fn asked(text: &str) -> Vec<Asked> {
    let words = terms::words(text);
    let words = words.iter().filter(|word| !terms::is_stop_word(word));
    let mut asked: Vec<Asked> = words
        .map(|word| {
            let weight = if cues::is_asking(word) { ASKING } else { 1.0 };
            Asked { term: terms::stem(word), weight }
        })
        .collect();
    // Of words with the same stem the one that says most.
    asked.sort_by(|a, b| a.term.cmp(&b.term).then(b.weight.total_cmp(&a.weight)));
    asked.dedup_by(|again, first| again.term == first.term);
    asked
}

/// What terms count in a library.
pub(super) struct Weights {
    mean_length: f32,
    /// The terms to look for, each with what it counts, of 1 for all terms of the query together.
    parts: Vec<(String, f32)>,
}

impl Weights {
    /// In a library of these shards, of which those that are looked at are enough to tell what may have been meant: no
    /// other has rows to find.
    pub(super) fn of(asked: &[Asked], shards: &[Arc<Shard>], looked_at: &[&Shard]) -> Self {
        let rows: usize = shards.iter().map(|shard| shard.row_count()).sum();
        let terms: u64 = shards.iter().map(|shard| shard.term_count()).sum();
        let found = |term: &str| {
            let counts = shards.iter().filter_map(|shard| Some(shard.postings(term)?.0));
            counts.sum::<u32>()
        };
        let found: Vec<u32> = asked.iter().map(|asked| found(&asked.term)).collect();
        let weights =
            asked.iter().zip(&found).map(|(asked, found)| asked.weight * idf(rows as f32, *found as f32));
        let weights: Vec<f32> = weights.collect();
        let all = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        let mut parts = vec![];
        for ((Asked { term, .. }, found), weight) in asked.iter().zip(found).zip(weights) {
            if found > 0 {
                parts.push((term.clone(), weight / all));
            } else {
                let meant = spelling::meant(term, looked_at);
                parts.extend(meant.into_iter().map(|term| (term, GUESSED * weight / all)));
            }
        }
        Self { mean_length: (terms as f32 / (rows as f32).max(1.0)).max(1.0), parts }
    }
}

/// What a row's words say for it, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Words {
    /// Its score, of the best possible one.
    pub(super) score: f32,
    /// Which part of the query they are. Unlike the score it is the same in a long row.
    pub(super) share: f32,
}

/// What each row's words say for it; nothing when no row has a term.
pub(super) fn of(shard: &Shard, weights: &Weights) -> Vec<Words> {
    let mut words: Vec<Words> = vec![];
    for (term, part) in &weights.parts {
        let Some((_, postings)) = shard.postings(term) else { continue };
        words.resize(shard.row_count(), Words::default());
        for posting in postings {
            let row = posting.row as usize;
            let length = f32::from(shard.row(row).terms);
            let score = part * lexicon::weight(posting.count, length, weights.mean_length);
            // A row may have several terms that the same one may have meant.
            words[row].score = (words[row].score + score).min(1.0);
            words[row].share = (words[row].share + part).min(1.0);
        }
    }
    words
}

/// The rows that words speak for most; of rows that are alike those of the newest videos.
pub(super) fn best(words: &[Words], allowed: &Allowed<'_>) -> Vec<usize> {
    if words.is_empty() {
        return vec![];
    }
    let mut rows = vec![];
    allowed.each(|row| {
        if words[row].score > 0.0 {
            rows.push(row);
        }
    });
    if rows.len() > PROMISING {
        let by_score = |a: &usize, b: &usize| words[*b].score.total_cmp(&words[*a].score).then(a.cmp(b));
        rows.select_nth_unstable_by(PROMISING, by_score);
        rows.truncate(PROMISING);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_asking_weigh_little() {
        let weights = |text| -> Vec<(String, f32)> {
            asked(text).into_iter().map(|asked| (asked.term, asked.weight)).collect()
        };
        assert_eq!(
            weights("What did they SAY about the volcanoes?"),
            [("say".into(), ASKING), ("volcano".into(), 1.0)]
        );
        // Of one stem, and the second alone asks.
        assert_eq!(weights("writings, writing"), [("write".into(), 1.0)]);
        assert_eq!(weights("show the slide"), [("show".into(), ASKING), ("slide".into(), ASKING)]);
        assert_eq!(weights("slope slopes"), [("slope".into(), 1.0)]);
        assert_eq!(weights("the"), []);
    }
}
