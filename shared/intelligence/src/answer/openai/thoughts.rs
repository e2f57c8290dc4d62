//! What a model thinks before it speaks. Servers that do not part the two send it as `<think>…</think>` at the start.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Takes the thoughts out of an answer that comes piece by piece.
pub(super) enum Thoughts {
    /// It may still turn out that the answer begins with them.
    Unknown(String),
    /// Its end may have come in part.
    Thinking(String),
    Speaking,
}

impl Thoughts {
    pub(super) fn new() -> Self {
        Self::Unknown(String::new())
    }

    /// What of the answer so far can be told and has not been.
    pub(super) fn push(&mut self, piece: &str) -> String {
        match self {
            Self::Speaking => return piece.to_owned(),
            Self::Unknown(held) | Self::Thinking(held) => held.push_str(piece),
        }
        if let Self::Unknown(held) = self {
            let begun = held.trim_start();
            if let Some(thought) = begun.strip_prefix(OPEN) {
                *self = Self::Thinking(thought.to_owned());
            } else if !OPEN.starts_with(begun) {
                return self.speak();
            }
        }
        if let Self::Thinking(held) = self
            && let Some((_, said)) = held.split_once(CLOSE)
        {
            *self = Self::Unknown(said.trim_start().to_owned());
            return self.speak();
        }
        String::new()
    }

    /// What was held back at the end of the answer.
    pub(super) fn finish(&mut self) -> String {
        match self {
            Self::Unknown(_) => self.speak(),
            Self::Thinking(_) | Self::Speaking => String::new(),
        }
    }

    fn speak(&mut self) -> String {
        match std::mem::replace(self, Self::Speaking) {
            Self::Unknown(held) => held,
            Self::Thinking(_) | Self::Speaking => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pieces: &[&str]) -> String {
        let mut thoughts = Thoughts::new();
        let mut told: String = pieces.iter().map(|piece| thoughts.push(piece)).collect();
        told.push_str(&thoughts.finish());
        told
    }

    #[test]
    fn thoughts_are_kept_back_however_they_are_cut() {
        let answer = "\n<think>The user asks… </thin no</think>\n\nA < B <think> too";
        let characters: Vec<String> = answer.chars().map(String::from).collect();
        let one_by_one: Vec<&str> = characters.iter().map(String::as_str).collect();
        assert_eq!(told(&one_by_one).trim_start(), "A < B <think> too");
        assert_eq!(told(&[answer]), "A < B <think> too");
    }

    #[test]
    fn an_answer_without_thoughts_is_told_as_it_comes() {
        let mut thoughts = Thoughts::new();
        assert_eq!(
            (thoughts.push("<"), thoughts.push("b> is bold")),
            (String::new(), "<b> is bold".to_owned())
        );
        assert_eq!(thoughts.push(" text"), " text");
        assert_eq!(told(&["<thi"]), "<thi");
        assert_eq!(told(&["<think>for ever"]), "");
    }
}
