//! Words as search sees them: lower case, without their endings, without the words that carry no meaning.

use rust_stemmers::{Algorithm, Stemmer};

/// Words too common to tell texts apart.
const STOP_WORDS: &[&str] = &[
    "a", "about", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "being", "but",
    "by", "can", "could", "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "him",
    "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "me", "my", "no", "not", "of", "on",
    "or", "our", "out", "she", "should", "so", "some", "than", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "to", "up", "us", "was", "we", "were", "what", "when",
    "where", "which", "while", "who", "whom", "whose", "why", "will", "with", "would", "you", "your",
];

/// Longest term in bytes; longer runs are not words.
pub(crate) const LONGEST: usize = 64;

/// The lower-case runs of letters and digits of a text. Scripts written without spaces give a word a character.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let lower = text.to_lowercase().replace(['\'', '’'], "");
    for c in lower.chars().chain([' ']) {
        let alone = is_unspaced(c);
        if c.is_alphanumeric() && !alone {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if alone {
            words.push(c.to_string());
        }
    }
    words.retain(|word| word.len() <= LONGEST);
    words
}

/// Chinese and Japanese characters: from the radicals to the end of the ideographs, and their extensions.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && c.is_alphanumeric()
}

/// Whether a word carries no meaning of its own.
pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// A word without its ending, by the English Snowball stemmer.
pub(crate) fn stem(word: &str) -> String {
    Stemmer::create(Algorithm::English).stem(word).into_owned()
}

/// The terms of a text, in order, repeated as often as they occur.
pub(crate) fn terms(text: &str) -> Vec<String> {
    words(text).iter().filter(|word| !is_stop_word(word)).map(|word| stem(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_stems_of_the_words_that_matter() {
        assert_eq!(terms("What was written on the Whiteboards?"), ["written", "whiteboard"]);
        assert_eq!(terms("y = mx + b; don't STOP"), ["y", "mx", "b", "dont", "stop"]);
        assert_eq!(terms("斜率 slope"), ["斜", "率", "slope"]);
        assert!(terms(&"x".repeat(500)).is_empty());
    }

    #[test]
    fn stop_words_can_be_searched_by_halves() {
        assert!(STOP_WORDS.is_sorted());
    }
}
