//! What a server heard, on the soundtrack's own time.

use super::{
    super::pcm::{RATE, Span},
    request::{Heard, HeardSegment},
};

/// Words and when they are said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) span: Span,
    pub(super) text: String,
}

/// The segments of a piece; the piece as a whole where the server knows none.
pub(super) fn of(heard: Heard, piece: Span) -> Vec<Segment> {
    let is_whole = !heard.knows_segments();
    let segments = match heard.segments {
        Some(segments) if !is_whole => segments.iter().map(|segment| shifted(segment, piece)).collect(),
        Some(_) | None => vec![Segment { span: piece, text: tidy(&heard.text) }],
    };
    segments.into_iter().filter(|segment: &Segment| !segment.text.is_empty()).collect()
}

/// A piece for which no time was left.
pub(super) fn left(piece: Span) -> Segment {
    Segment {
        span: piece,
        text: "[speech, not transcribed: the time for speech recognition ran out]".to_owned(),
    }
}

fn shifted(segment: &HeardSegment, piece: Span) -> Segment {
    // Casts saturate, and what is not a number becomes the start. Some servers let the last segment end after the sound.
    let at = |seconds: f64| piece.start.saturating_add((seconds * RATE as f64) as u64).min(piece.end);
    Segment { span: Span { start: at(segment.start), end: at(segment.end) }, text: tidy(&segment.text) }
}

/// In order of time, each after the one before, and without those of no length.
pub(super) fn in_order(mut segments: Vec<Segment>) -> Vec<Segment> {
    segments.sort_by_key(|segment| (segment.span.start, segment.span.end));
    let mut said = 0;
    segments.retain_mut(|segment| {
        segment.span.start = segment.span.start.max(said);
        said = said.max(segment.span.end);
        segment.span.start < segment.span.end
    });
    segments
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: Span = Span { start: 100 * RATE, end: 130 * RATE };

    fn heard(segments: Option<&[(f64, f64, &str)]>) -> Vec<(u64, u64, String)> {
        let segments = segments.map(|list| {
            let segment = |(start, end, text): &(f64, f64, &str)| HeardSegment {
                start: *start,
                end: *end,
                text: (*text).to_owned(),
            };
            list.iter().map(segment).collect()
        });
        let segments = in_order(of(Heard { text: " all  of it ".to_owned(), segments }, PIECE));
        segments.into_iter().map(|s| (s.span.start / RATE, s.span.end / RATE, s.text)).collect()
    }

    #[test]
    fn times_are_those_of_the_soundtrack_and_do_not_overlap() {
        let told = heard(Some(&[
            (4.0, 9.0, " two"),
            (0.0, 5.0, " one\n"),
            (9.0, 12.0, "  "),
            (20.0, 99.0, "last"),
            (f64::NAN, -3.0, "never"),
        ]));
        let expected = [(100, 105, "one"), (105, 109, "two"), (120, 130, "last")];
        assert_eq!(told, expected.map(|(start, end, text)| (start, end, text.to_owned())));
    }

    #[test]
    fn a_piece_without_segments_is_one() {
        assert_eq!(heard(None), [(100, 130, "all of it".to_owned())]);
        assert_eq!(heard(Some(&[])), [(100, 130, "all of it".to_owned())]);
    }
}
