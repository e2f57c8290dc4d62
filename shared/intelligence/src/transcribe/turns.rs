//! Stretches of speech by one speaker: found by voice activity, told apart by voice.

use std::{io, path::Path};

use super::{
    mfcc::Mfcc,
    pcm::{Pcm, Span},
    speakers, vad,
    voice::Voice,
};

/// Spans of one speaker with a shorter pause between them are one utterance.
const JOINED_PAUSE_SECONDS: f64 = 0.7;
/// Longest utterance: about what two lines of captions hold for their time on screen, a few times over.
pub(super) const LONGEST_SECONDS: f64 = 20.0;

/// A stretch of speech by one speaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) speaker: u32,
    pub(super) span: Span,
}

/// Finds speech and speakers. The file is read in pieces of 20 s at most.
pub(super) fn find(file: &Path) -> io::Result<Vec<Turn>> {
    let mut pcm = Pcm::open(file)?;
    let spans = vad::speech(&mut pcm)?;
    let speakers = by_voice(&mut pcm, &spans)?;
    Ok(join(&spans, &speakers))
}

/// The speaker of each span, numbered by first appearance.
pub(super) fn by_voice(pcm: &mut Pcm, spans: &[Span]) -> io::Result<Vec<u32>> {
    let mfcc = Mfcc::new();
    let voices: Vec<Option<Voice>> =
        spans.iter().map(|span| Ok(Voice::of(&pcm.samples(*span)?, &mfcc))).collect::<io::Result<_>>()?;
    let seconds: Vec<f64> = spans.iter().map(|span| span.seconds()).collect();
    Ok(speakers::assign(&voices, &seconds))
}

impl Turn {
    /// Both as one, where the same speaker goes on soon enough, and not for too long.
    pub(super) fn joined(self, next: Self) -> Option<Self> {
        let pause = Span { start: self.span.end, end: next.span.start };
        let whole = Span { start: self.span.start, end: next.span.end };
        let is_one = self.speaker == next.speaker
            && pause.seconds() <= JOINED_PAUSE_SECONDS
            && whole.seconds() <= LONGEST_SECONDS;
        is_one.then_some(Self { span: whole, ..self })
    }
}

/// Joins neighbouring spans of one speaker into what is recognised, and shown, as one.
fn join(spans: &[Span], speakers: &[u32]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for (&span, &speaker) in spans.iter().zip(speakers) {
        let turn = Turn { speaker, span };
        match turns.last_mut() {
            Some(last) if let Some(whole) = last.joined(turn) => *last = whole,
            _ => turns.push(turn),
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcribe::pcm::RATE;

    fn span(start: f64, end: f64) -> Span {
        Span { start: (start * RATE as f64) as u64, end: (end * RATE as f64) as u64 }
    }

    #[test]
    fn short_pauses_of_one_speaker_are_joined() {
        let spans = [span(0.0, 2.0), span(2.5, 4.0), span(4.2, 6.0), span(7.0, 8.0), span(8.5, 27.5)];
        let turns = join(&spans, &[0, 0, 1, 1, 1]);
        let times: Vec<_> = turns.iter().map(|turn| (turn.speaker, turn.span)).collect();
        let expected = [(0, span(0.0, 4.0)), (1, span(4.2, 6.0)), (1, span(7.0, 8.0)), (1, span(8.5, 27.5))];
        assert_eq!(times, expected);
    }
}
