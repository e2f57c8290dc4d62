//! What a model's tokens stand for.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;

use super::decoder::Token;
use crate::ModelError;

/// Languages are told by `<|en|>` and the like from this vocabulary on; shorter ones know English alone.
const MULTILINGUAL: usize = 51_865;

pub(super) struct Vocabulary {
    /// The bytes of each token's text; a character may be spread over several tokens.
    bytes: Vec<Vec<u8>>,
    names: Vec<String>,
    pub(super) end: Token,
    pub(super) start: Token,
    pub(super) transcribe: Token,
    pub(super) no_speech: Token,
    /// Empty where the model knows English alone.
    pub(super) languages: Range<Token>,
    /// The token of 0 s; every one that follows is 20 ms later.
    pub(super) first_timestamp: Token,
    /// What is never said: brackets, musical notes, speaker marks.
    pub(super) suppressed: Vec<Token>,
    /// What nothing begins with.
    pub(super) suppressed_at_first: Vec<Token>,
    pub(super) alignment: Vec<(usize, usize)>,
}

/// `config.json` as CTranslate2 writes it.
#[derive(Deserialize)]
struct Config {
    alignment_heads: Vec<(usize, usize)>,
    suppress_ids: Vec<Token>,
    suppress_ids_begin: Vec<Token>,
}

impl Vocabulary {
    /// Reads `vocabulary.json` and `config.json` of a folder.
    pub(super) fn read(folder: &Path) -> Result<Self, ModelError> {
        let names: Vec<String> = json(&folder.join("vocabulary.json"))?;
        let config: Config = json(&folder.join("config.json"))?;
        let find = |name: &str| {
            let id = names.iter().rposition(|known| known == name);
            id.map(|id| id as Token).ok_or_else(|| ModelError::misses(name))
        };
        let start = find("<|startoftranscript|>")?;
        let no_timestamps = find("<|notimestamps|>")?;
        let languages =
            if names.len() < MULTILINGUAL { start + 1..start + 1 } else { start + 1..find("<|translate|>")? };
        Ok(Self {
            end: find("<|endoftext|>")?,
            start,
            transcribe: find("<|transcribe|>")?,
            no_speech: find("<|nospeech|>").or_else(|_| find("<|nocaptions|>"))?,
            languages,
            first_timestamp: no_timestamps + 1,
            suppressed: config.suppress_ids,
            suppressed_at_first: config.suppress_ids_begin,
            alignment: config.alignment_heads,
            bytes: names.iter().map(|name| bytes(name)).collect(),
            names,
        })
    }

    pub(super) fn is_text(&self, token: Token) -> bool {
        token < self.end
    }

    pub(super) fn is_timestamp(&self, token: Token) -> bool {
        token >= self.first_timestamp
    }

    /// What was said by these tokens; nothing for those that are no text.
    pub(super) fn bytes(&self, tokens: &[Token]) -> Vec<u8> {
        let texts = tokens.iter().filter(|&&token| self.is_text(token));
        texts.filter_map(|&token| self.bytes.get(token as usize)).flatten().copied().collect()
    }

    /// `en` for `<|en|>`.
    pub(super) fn language(&self, token: Token) -> &str {
        let name = self.names.get(token as usize).map_or("", String::as_str);
        name.trim_start_matches("<|").trim_end_matches("|>")
    }

    /// The token of `en`.
    pub(super) fn language_token(&self, code: &str) -> Option<Token> {
        self.languages.clone().find(|&token| self.language(token) == code)
    }
}

fn json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, ModelError> {
    let text = std::fs::read(path).map_err(|error| ModelError::unreadable(path, error))?;
    serde_json::from_slice(&text).map_err(|error| ModelError::unreadable(path, error.into()))
}

/// GPT-2's alphabet: a printable character stands for each byte, for itself where it is printable in Latin-1.
fn bytes(name: &str) -> Vec<u8> {
    let printable = |byte: u32| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    let byte = |character: char| {
        let code = character as u32;
        if printable(code) {
            return u8::try_from(code).ok();
        }
        let nth = code.checked_sub(256)?;
        (0..=255_u32)
            .filter(|&byte| !printable(byte))
            .nth(nth as usize)
            .and_then(|byte| u8::try_from(byte).ok())
    };
    name.chars().filter_map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_stand_for_bytes() {
        assert_eq!(bytes("Ġthe"), b" the");
        assert_eq!(bytes("Ã¼"), "ü".as_bytes());
        assert_eq!(bytes("Ċ"), b"\n");
        // Every byte has one character: 68 of them are moved past Latin-1, in order.
        assert_eq!(bytes("ĀŃ"), [0, 0xAD]);
    }
}
