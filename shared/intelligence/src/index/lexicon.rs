//! Which terms stand in which rows, and how much a match is worth: BM25.
//!
//! Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with its usual
//! constants. Scores are given as a share of the best possible one, so that they can be cut off.

use std::collections::{BTreeMap, HashMap};

use crate::terms::terms;

/// How fast repeated mentions stop to count.
const K1: f32 = 1.2;
/// How much long rows are discounted.
const B: f32 = 0.5;

/// A row and how often a term stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Posting {
    pub(super) row: u32,
    pub(super) count: u16,
}

/// The terms of an index.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lexicon {
    /// Postings by row, one a row at most.
    pub(super) terms: BTreeMap<String, Vec<Posting>>,
    lengths: Vec<u32>,
}

impl Lexicon {
    pub(super) fn of(texts: &[String]) -> Self {
        let mut all: BTreeMap<String, Vec<Posting>> = BTreeMap::new();
        for (row, text) in (0u32..).zip(texts) {
            let mut counts: BTreeMap<String, u16> = BTreeMap::new();
            for term in terms(text) {
                let count = counts.entry(term).or_default();
                *count = count.saturating_add(1);
            }
            for (term, count) in counts {
                all.entry(term).or_default().push(Posting { row, count });
            }
        }
        Self::new(all, texts.len())
    }

    /// From stored postings, whose rows are below `rows`.
    pub(super) fn new(terms: BTreeMap<String, Vec<Posting>>, rows: usize) -> Self {
        let mut lengths = vec![0u32; rows];
        for posting in terms.values().flatten() {
            if let Some(length) = lengths.get_mut(posting.row as usize) {
                *length = length.saturating_add(u32::from(posting.count));
            }
        }
        Self { terms, lengths }
    }

    /// How many terms a row has.
    pub(super) fn length(&self, row: usize) -> u32 {
        self.lengths.get(row).copied().unwrap_or(0)
    }

    /// For each row that has a term of the question, its score as a share of the best possible one, 0 to 1.
    ///
    /// Terms that no row has count in the best possible score: a row that has one word of four is a weak match.
    pub(super) fn scores(&self, question: &[String]) -> HashMap<u32, f32> {
        let rows = self.lengths.len() as f32;
        let total: f64 = self.lengths.iter().map(|length| f64::from(*length)).sum();
        let mean = (total as f32 / rows.max(1.0)).max(1.0);
        let mut scores = HashMap::new();
        let mut best = 0.0;
        for (at, term) in question.iter().enumerate() {
            if question[..at].contains(term) {
                continue;
            }
            let postings = self.terms.get(term).map_or(&[][..], Vec::as_slice);
            let idf = idf(rows, postings.len() as f32);
            best += idf;
            for posting in postings {
                let length = self.length(posting.row as usize) as f32;
                *scores.entry(posting.row).or_insert(0.0) += idf * weight(posting.count, length, mean);
            }
        }
        scores.values_mut().for_each(|score| *score /= f32::max(best, f32::MIN_POSITIVE));
        scores
    }
}

/// What a term counts that is `found` in so many of `rows` rows.
pub(super) fn idf(rows: f32, found: f32) -> f32 {
    ((rows - found + 0.5) / (found + 0.5) + 1.0).ln()
}

/// What it counts that a term stands `count` times in a row of `length` terms, where `mean` is usual. Saturates at 1 for
/// a term that fills a short row.
pub(super) fn weight(count: u16, length: f32, mean: f32) -> f32 {
    let count = f32::from(count);
    (count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / mean))).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon() -> Lexicon {
        Lexicon::of(&["the slope of a line", "a line of people waits", "cars"].map(str::to_owned))
    }

    #[test]
    fn rare_terms_weigh_more_and_all_terms_weigh_most() {
        let scores = lexicon().scores(&terms("slope of the lines"));
        assert!(scores[&0] > 0.8, "{scores:?}");
        assert!(scores[&1] < 0.5 && !scores.contains_key(&2), "{scores:?}");
    }

    #[test]
    fn terms_that_are_nowhere_weaken_a_match() {
        let lexicon = lexicon();
        let all = lexicon.scores(&terms("slope"))[&0];
        let half = lexicon.scores(&terms("slope volcano"))[&0];
        assert!(half < all * 0.6, "{half} {all}");
        assert!(lexicon.scores(&terms("volcano")).is_empty());
    }
}
