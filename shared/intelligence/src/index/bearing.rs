//! Whether a row bears on a query at all; how much, is its score.
//!
//! A score adds up reasons, and in a library of any size there are small reasons for everything: a question about what
//! is in no video has some everyday word in common with some row, and is a little near to it in meaning *because* of
//! that word. So the two do not add up here as they do in a score. A part of the words counts as much as it can be no
//! chance: less than half of them next to nothing, and all of them alone are enough, however little an embedder makes
//! of the query. Meaning alone is enough when it is near; rows of a single word have to be nearer.
//!
//! The numbers were read off the other subjects of `make bench-understanding`: of 586 queries about what is not there
//! six are as near as 0.5 to a row of two words or more, and fourteen others to a row of one; queries that mean a row are so
//! near to it in 97 of 100 cases. Half of the words or more one row had, for one query.

use super::search::{either, semantic};

/// What speaks for a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reasons {
    /// Between the row's vector and the query's; `None` when nobody compares meanings.
    pub(super) cosine: Option<f32>,
    /// Which part of the query the row says in the same words, 0 to 1; rare words are larger parts.
    pub(super) share: f32,
    /// How many terms the row has.
    pub(super) terms: u8,
}

/// Reasons together that are enough, of 1: one that is as likely as not.
const ENOUGH: f32 = 0.5;
/// Which part of the query has to be there when words alone are known: a rare one of two words, because the other may be
/// misspelt or another one, but not a common one of three. Then what has no other reason must rather be found.
const ENOUGH_WORDS: f32 = 0.3;
/// By how much a row of one word is nearer to others than it bears on them: a whale is near to a mermaid.
const ONE_WORD: f32 = 0.1;

impl Reasons {
    /// Whether they are enough.
    pub(super) fn suffice(self) -> bool {
        let Some(cosine) = self.cosine else { return self.share >= ENOUGH_WORDS };
        let cosine = if self.terms > 1 { cosine } else { cosine - ONE_WORD };
        either(semantic(cosine), no_chance(self.share)) >= ENOUGH
    }
}

/// How far a part of the words is no chance: its odds, to the fourth power. A third of the words counts a seventeenth,
/// half of them half. A higher power silences more nonsense, and more misspelt queries with it.
fn no_chance(share: f32) -> f32 {
    let (said, missing) = (share.powi(4), (1.0 - share).powi(4));
    said / (said + missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suffice(cosine: impl Into<Option<f32>>, share: f32, terms: u8) -> bool {
        Reasons { cosine: cosine.into(), share, terms }.suffice()
    }

    #[test]
    fn all_words_are_enough_and_so_is_near_meaning() {
        assert!(suffice(-0.1, 1.0, 9) && suffice(0.0, 0.55, 9) && suffice(0.0, 1.0, 1));
        assert!(suffice(0.52, 0.0, 9) && !suffice(0.48, 0.0, 9));
    }

    #[test]
    fn a_word_in_common_does_not_add_up_with_the_nearness_that_it_makes() {
        // As a score would: a third of the words, and a cosine of 0.4, make 0.53.
        assert!(either(semantic(0.4), 0.33) > ENOUGH);
        assert!(!suffice(0.4, 0.33, 9) && !suffice(0.45, 0.2, 9));
        // One of two words that are as rare is more.
        assert!(suffice(0.4, 0.45, 9) && !suffice(0.2, 0.45, 9));
    }

    #[test]
    fn a_row_of_one_word_has_to_be_nearer() {
        assert!(suffice(0.55, 0.0, 2) && !suffice(0.55, 0.0, 1) && !suffice(0.55, 0.0, 0));
        assert!(suffice(0.62, 0.0, 1));
    }

    #[test]
    fn of_words_alone_a_third_are_enough() {
        assert!(suffice(None, 0.33, 9) && suffice(None, 0.33, 1));
        assert!(!suffice(None, 0.27, 9) && !suffice(None, 0.0, 9));
    }
}
