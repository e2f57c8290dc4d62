//! Tokens into words.

use super::decoder::Token;
use super::vocabulary::Vocabulary;

/// What stands before a word and belongs to it.
const OPENING: &str = "\"'“¿([{-";
/// What stands after a word and belongs to it.
const CLOSING: &str = "\"'.。,，!！?？:：”)]}、";

/// Languages that are written without spaces: each character is a word for them.
const WITHOUT_SPACES: [&str; 7] = ["zh", "ja", "th", "lo", "my", "km", "yue"];

/// A word and which of the tokens it is made of: how many, one word after the other.
#[derive(Debug, PartialEq)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) tokens: usize,
}

/// The words of text tokens, each with the space that stands before it.
pub(super) fn written(vocabulary: &Vocabulary, tokens: &[Token], language: &str) -> Vec<Written> {
    let has_spaces = !WITHOUT_SPACES.contains(&language);
    let mut words: Vec<Written> = Vec::new();
    for piece in characters(vocabulary, tokens) {
        let begins = piece.text.starts_with(char::is_whitespace) || !has_spaces;
        match words.last_mut() {
            Some(word) if !begins => {
                word.text += &piece.text;
                word.tokens += piece.tokens;
            }
            _ => words.push(piece),
        }
    }
    with_punctuation(words)
}

/// Tokens together until they are whole characters.
fn characters(vocabulary: &Vocabulary, tokens: &[Token]) -> Vec<Written> {
    let mut pieces = Vec::new();
    let mut begun = 0;
    for end in 1..=tokens.len() {
        let bytes = vocabulary.bytes(&tokens[begun..end]);
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(broken) if end == tokens.len() => String::from_utf8_lossy(broken.as_bytes()).into_owned(),
            Err(_) => continue,
        };
        pieces.push(Written { text, tokens: end - begun });
        begun = end;
    }
    pieces
}

/// Marks join the word that they belong to.
fn with_punctuation(words: Vec<Written>) -> Vec<Written> {
    let mut joined: Vec<Written> = Vec::new();
    for word in words {
        let marks = word.text.trim();
        let is_closing = !marks.is_empty() && marks.chars().all(|mark| CLOSING.contains(mark));
        match joined.last_mut() {
            Some(last) if is_closing && !word.text.starts_with(' ') || is_opening(&last.text) => {
                last.text += &word.text;
                last.tokens += word.tokens;
            }
            _ => joined.push(word),
        }
    }
    joined
}

fn is_opening(text: &str) -> bool {
    let text = text.trim_start();
    !text.is_empty() && text.chars().all(|mark| OPENING.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(texts: &[&str]) -> Vec<Written> {
        texts.iter().map(|text| Written { text: (*text).to_owned(), tokens: 1 }).collect()
    }

    #[test]
    fn marks_belong_to_their_words() {
        let joined = with_punctuation(pieces(&[" He", " said", ",", " \"", "no", ".", "\"", " 'twas"]));
        let texts: Vec<_> = joined.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, [" He", " said,", " \"no.\"", " 'twas"]);
        assert_eq!(joined.iter().map(|word| word.tokens).sum::<usize>(), 8);
    }
}
