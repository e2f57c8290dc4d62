//! What is sent at once: speech between silences.

use super::super::pcm::{RATE, Span};

/// Longest piece, samples. As a WAV file it has 9.6 MB, of the 25 MB that OpenAI takes; a failure costs no more than
/// this, and some minutes at a time keep hours of video within a function's time.
const LONGEST: u64 = 5 * 60 * RATE;
/// A silence of so many samples is not sent: it costs as much as speech, and models hear words in it.
const SILENCE: u64 = 20 * RATE;

/// Groups stretches of speech, in order, into pieces that are cut only between them.
pub(super) fn of(speech: &[Span]) -> Vec<Span> {
    let mut pieces: Vec<Span> = Vec::new();
    for stretch in speech {
        match pieces.last_mut() {
            Some(last) if stretch.end - last.start <= LONGEST && stretch.start - last.end <= SILENCE => {
                last.end = stretch.end;
            }
            Some(_) | None => pieces.push(*stretch),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
    fn long_silences_part_and_short_ones_do_not() {
        let spans = speech(&[(3, 10), (20, 10), (21, 10)]);
        let pieces = of(&spans);
        assert_eq!(pieces, [Span { start: 3 * RATE, end: 43 * RATE }, spans[2]]);
        assert!(of(&[]).is_empty());
    }

    proptest! {
        /// The detector's stretches have 20 s at most.
        #[test]
        fn pieces_hold_all_speech_uncut_and_are_bounded(
            parts in prop::collection::vec((0u64..60, 1u64..=20), 0..200),
        ) {
            let spans = speech(&parts);
            let pieces = of(&spans);
            prop_assert!(pieces.windows(2).all(|pair| pair[0].end <= pair[1].start));
            for piece in &pieces {
                prop_assert!(piece.end - piece.start <= LONGEST);
                prop_assert!((piece.end - piece.start) * 2 + 44 < 25_000_000);
                prop_assert!(spans.iter().any(|span| span.start == piece.start));
                prop_assert!(spans.iter().any(|span| span.end == piece.end));
            }
            for span in &spans {
                let holds = |piece: &&Span| piece.start <= span.start && span.end <= piece.end;
                prop_assert_eq!(pieces.iter().filter(holds).count(), 1);
            }
        }
    }
}
