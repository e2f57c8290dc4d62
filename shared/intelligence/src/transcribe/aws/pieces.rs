//! What is given to one job: all that is between the first word and the last, in equal parts where that is too long.

use super::super::pcm::{RATE, Span};

/// Longest part, samples. A job takes 4 hours and 2 GB (Amazon Transcribe, "Guidelines and quotas"), which as a WAV file of
/// this kind are 0.46 GB; [`WINDOW`] may be added at either end.
const LONGEST: u64 = 3 * 3_600 * RATE + 1_800 * RATE;
/// How far from its place a part may be cut, to find a pause.
const WINDOW: u64 = 600 * RATE;
/// What is kept before the first word and after the last, where there is as much.
const MARGIN: u64 = RATE;

/// The parts of a soundtrack whose stretches of speech these are, in order. None when nobody speaks. The last may end after
/// the sound does.
pub(super) fn of(speech: &[Span]) -> Vec<Span> {
    let (Some(first), Some(last)) = (speech.first(), speech.last()) else { return vec![] };
    let whole = Span { start: first.start.saturating_sub(MARGIN), end: last.end + MARGIN };
    let length = whole.end - whole.start;
    let count = length.div_ceil(LONGEST);
    let mut pieces = Vec::new();
    let mut start = whole.start;
    for cut in 1..count {
        let end = pause_near(whole.start + length * cut / count, speech);
        pieces.push(Span { start, end });
        start = end;
    }
    pieces.push(Span { start, end: whole.end });
    pieces
}

/// The middle of the longest pause around a place; the place itself where all is speech.
fn pause_near(place: u64, speech: &[Span]) -> u64 {
    let pauses =
        speech.windows(2).map(|pair| (pair[0].end, pair[1].start)).filter(|(start, end)| start < end);
    let middles = pauses.map(|(start, end)| (end - start, start.midpoint(end)));
    let near = middles.filter(|(_, middle)| middle.abs_diff(place) <= WINDOW);
    near.max_by_key(|(length, _)| *length).map_or(place, |(_, middle)| middle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: u64 = 4 * 3_600 * RATE;

    /// Stretches of speech with pauses before them, in seconds.
    fn speech(parts: &[(u64, u64)]) -> Vec<Span> {
        let mut end = 0;
        let stretch = |(pause, length): &(u64, u64)| {
            let start = end + pause * RATE;
            end = start + length * RATE;
            Span { start, end }
        };
        parts.iter().map(stretch).collect()
    }

    #[test]
    fn silence_is_no_piece_and_an_hour_is_one() {
        assert!(of(&[]).is_empty());
        let hour = speech(&[(30, 600), (5, 2_400), (400, 20)]);
        assert_eq!(of(&hour), [Span { start: 29 * RATE, end: 3_456 * RATE }]);
    }

    #[test]
    fn what_is_too_long_is_cut_in_the_longest_pause_near_the_middle() {
        let long = speech(&[(1, 7_000), (3, 400), (9, 300), (2, 8_000)]);
        let pieces = of(&long);
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[0].end, (7_404 * 2 + 9) * RATE / 2);
    }

    proptest! {
        #[test]
        fn pieces_hold_all_speech_and_are_within_the_limit(
            parts in prop::collection::vec((0u64..200, 1u64..2_000), 1..120),
        ) {
            let spans = speech(&parts);
            let pieces = of(&spans);
            prop_assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start));
            prop_assert!(pieces.iter().all(|piece| piece.start < piece.end && piece.end - piece.start < LIMIT));
            prop_assert!(pieces[0].start <= spans[0].start && pieces[pieces.len() - 1].end > spans[spans.len() - 1].end);
        }
    }
}
