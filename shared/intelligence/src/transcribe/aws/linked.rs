//! Speakers of a whole soundtrack. A job numbers the voices of its own piece; whether a voice was heard in an earlier piece
//! is told by what it sounds like.

use std::io;

use domain::analysis::Utterance;

use super::{
    super::{
        mfcc::Mfcc,
        pcm::{Pcm, RATE, Span},
        speakers,
        voice::Voice,
    },
    result::{Heard, Segment},
};

/// A voice is measured on its longest segments, at most so many.
const MEASURED: usize = 10;
/// Samples of one segment that are measured.
const LONGEST: u64 = 20 * RATE;

/// The utterances of a soundtrack of one piece at most.
pub(super) fn by_label(heard: Vec<Heard>) -> Vec<Utterance> {
    let mut labels: Vec<String> = Vec::new();
    let segments = heard.into_iter().flat_map(|heard| heard.segments);
    segments
        .map(|segment| {
            let speaker = position_or_push(&mut labels, &segment.label);
            utterance(segment, speaker)
        })
        .collect()
}

/// The utterances of a soundtrack of several pieces, with speakers numbered by first appearance.
pub(super) fn by_voice(heard: Vec<Heard>, pcm: &mut Pcm) -> io::Result<Vec<Utterance>> {
    let labels: Vec<Vec<String>> = heard.iter().map(labels).collect();
    let mut voices = Vec::with_capacity(heard.len());
    for (piece, labels) in heard.iter().zip(&labels) {
        let of = |label: &String| voice(piece, label, pcm);
        voices.push(labels.iter().map(of).collect::<io::Result<Vec<_>>>()?);
    }
    let numbers = speakers::link(&voices);
    let mut utterances = Vec::new();
    for ((piece, labels), numbers) in heard.into_iter().zip(labels).zip(numbers) {
        for segment in piece.segments {
            let at = labels.iter().position(|label| *label == segment.label);
            let speaker = at.and_then(|at| numbers.get(at)).copied().unwrap_or_default();
            utterances.push(utterance(segment, speaker));
        }
    }
    Ok(utterances)
}

/// The labels of a piece, by first appearance.
fn labels(heard: &Heard) -> Vec<String> {
    let mut labels = Vec::new();
    for segment in &heard.segments {
        position_or_push(&mut labels, &segment.label);
    }
    labels
}

fn position_or_push(labels: &mut Vec<String>, label: &str) -> u32 {
    let at = labels.iter().position(|known| known == label).unwrap_or_else(|| {
        labels.push(label.to_owned());
        labels.len() - 1
    });
    at as u32
}

/// What a speaker of a piece sounds like; `None` when too little of it is voiced.
fn voice(heard: &Heard, label: &str, pcm: &mut Pcm) -> io::Result<Option<Voice>> {
    let of_label = heard.segments.iter().filter(|segment| segment.label == label);
    let mut spans: Vec<Span> = of_label.map(|segment| segment.span).collect();
    spans.sort_by_key(|span| std::cmp::Reverse(span.end - span.start));
    spans.truncate(MEASURED);
    let mfcc = Mfcc::new();
    let mut voices = Vec::new();
    for span in spans {
        let span = Span { end: span.end.min(span.start + LONGEST), ..span };
        voices.extend(Voice::of(&pcm.samples(span)?, &mfcc));
    }
    Ok((!voices.is_empty()).then(|| Voice::mean(&voices.iter().collect::<Vec<_>>())))
}

fn utterance(segment: Segment, speaker: u32) -> Utterance {
    let (start, end) = (segment.span.start_time(), segment.span.end_time());
    Utterance { speaker, start, end, text: segment.text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speakers_of_one_piece_are_numbered_by_first_appearance() {
        let segment = |second: u64, label: &str| Segment {
            span: Span { start: second * RATE, end: (second + 1) * RATE },
            label: label.to_owned(),
            text: "x".to_owned(),
        };
        let segments = vec![segment(0, "spk_3"), segment(2, "spk_0"), segment(4, "spk_3")];
        let speakers = by_label(vec![Heard { segments }]).iter().map(|said| said.speaker).collect::<Vec<_>>();
        assert_eq!(speakers, [0, 1, 0]);
        assert!(by_label(vec![]).is_empty());
    }
}
