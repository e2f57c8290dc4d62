//! From passages to what one speaker says without a longer pause.

use domain::analysis::Utterance;
use speech::{Passage, Word};

use super::pcm::{RATE, Span};
use super::turns::Turn;

/// A pause between words in which somebody else may have begun to speak.
const PAUSE_SECONDS: f64 = 0.3;

/// A sentence, or what is between two pauses: what one person says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit {
    pub(super) span: Span,
    pub(super) text: String,
}

impl Unit {
    fn of(words: &[&Word]) -> Option<Self> {
        let (first, last) = (words.first()?, words.last()?);
        let sample = |seconds: f64| (seconds.max(0.0) * RATE as f64) as u64;
        let span = Span { start: sample(first.start), end: sample(last.end).max(sample(first.start) + 1) };
        let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        Some(Self { span, text: text.join(" ") })
    }
}

/// Words until a sentence ends or somebody pauses.
pub(super) fn units(passages: &[Passage]) -> Vec<Unit> {
    let words: Vec<&Word> = passages.iter().flat_map(|passage| &passage.words).collect();
    let parts = words.chunk_by(|left, right| {
        right.start - left.end < PAUSE_SECONDS && !left.text.ends_with(['.', '?', '!', '。', '？', '！'])
    });
    parts.filter_map(Unit::of).collect()
}

/// Joins what one speaker says. Nothing begins before what is said before it has ended.
pub(super) fn together(units: Vec<Unit>, speakers: &[u32]) -> Vec<Utterance> {
    let mut joined: Vec<(Turn, String)> = Vec::new();
    for (Unit { mut span, text }, &speaker) in units.into_iter().zip(speakers) {
        if let Some((last, _)) = joined.last() {
            span.start = span.start.max(last.span.end);
            span.end = span.end.max(span.start + 1);
        }
        let turn = Turn { speaker, span };
        match joined.last_mut() {
            Some((last, said)) if let Some(whole) = last.joined(turn) => {
                *last = whole;
                *said = format!("{said} {text}");
            }
            _ => joined.push((turn, text)),
        }
    }
    let utterance = |(turn, text): (Turn, String)| Utterance {
        speaker: turn.speaker,
        start: turn.span.start_time(),
        end: turn.span.end_time(),
        text,
    };
    joined.into_iter().map(utterance).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcribe::turns::LONGEST_SECONDS;

    fn said(words: &[(&str, f64, f64)]) -> Passage {
        let word = |&(text, start, end): &(&str, f64, f64)| Word {
            text: text.to_owned(),
            start,
            end,
            probability: 1.0,
        };
        Passage { start: words[0].1, end: words[words.len() - 1].2, words: words.iter().map(word).collect() }
    }

    fn texts(utterances: &[Utterance]) -> Vec<(u32, &str)> {
        utterances.iter().map(|utterance| (utterance.speaker, utterance.text.as_str())).collect()
    }

    #[test]
    fn sentences_and_pauses_part_what_speakers_join() {
        let passages = [
            said(&[("Is", 0.0, 0.2), ("it?", 0.2, 0.5), ("Yes", 0.6, 0.9), ("well", 1.3, 1.5)]),
            said(&[("then.", 1.6, 2.0)]),
        ];
        let units = units(&passages);
        assert_eq!(
            units.iter().map(|unit| unit.text.as_str()).collect::<Vec<_>>(),
            ["Is it?", "Yes", "well then."]
        );
        let utterances = together(units, &[0, 1, 1]);
        assert_eq!(texts(&utterances), [(0, "Is it?"), (1, "Yes well then.")]);
    }

    #[test]
    fn nobody_begins_before_the_other_has_ended() {
        let units = units(&[said(&[("One.", 0.0, 2.0)]), said(&[("Two.", 1.5, 1.8)])]);
        let utterances = together(units, &[0, 1]);
        assert!(utterances[0].end <= utterances[1].start && utterances[1].start < utterances[1].end);
    }

    #[test]
    fn a_long_speech_is_several_utterances() {
        let words: Vec<(&str, f64, f64)> =
            (0..100).map(|at| ("on.", f64::from(at), f64::from(at) + 0.9)).collect();
        let units = units(&[said(&words)]);
        let speakers = vec![0; units.len()];
        let utterances = together(units, &speakers);
        assert_eq!(utterances.len(), 5);
        assert!(
            utterances.iter().all(|utterance| utterance.end.get() - utterance.start.get() <= LONGEST_SECONDS)
        );
    }
}
