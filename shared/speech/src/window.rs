//! Stretches of speech, put together to windows that Whisper hears at once: a second of sound costs as much as thirty.

use serde::{Deserialize, Serialize};

use crate::activity::Stretch;
use crate::whisper::{RATE, Word};

/// The most samples of a window: 29 s, so that its end is no end of a sentence by accident.
const LONGEST: usize = 29 * RATE;

/// In seconds: speech is detected some frames late, and soft sounds at its ends are not.
const DOUBT: f64 = 0.05;

/// Stretches of a soundtrack, in order, without what is between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Apart from each other.
    pub parts: Vec<Stretch>,
}

/// As few windows as hold all of these stretches, of which none may be longer than a window.
pub fn windows(stretches: &[Stretch]) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for stretch in stretches {
        match windows.last_mut() {
            Some(window) if window.length() + stretch.sound.len() <= LONGEST => {
                window.parts.push(stretch.clone())
            }
            _ => windows.push(Window { parts: vec![stretch.clone()] }),
        }
    }
    windows
}

impl Window {
    /// In samples.
    pub fn length(&self) -> usize {
        self.parts.iter().map(|part| part.sound.len()).sum()
    }

    /// What is left of it after so many of its seconds.
    pub(crate) fn after(&self, seconds: f64) -> Self {
        let mut skip = (seconds * RATE as f64) as usize;
        let mut parts = Vec::new();
        for part in &self.parts {
            let skipped = skip.min(part.sound.len());
            skip -= skipped;
            if skipped < part.sound.len() {
                let start = part.sound.start + skipped;
                parts.push(Stretch {
                    speech: part.speech.start.max(start)..part.speech.end.max(start),
                    sound: start..part.sound.end,
                });
            }
        }
        Self { parts }
    }

    /// Brings a word from the window's time to the soundtrack's. A word that seems to reach over what was left out is
    /// where most of it is, and none begins or ends much outside of speech: where nothing is said, attention wanders.
    pub(crate) fn place(&self, word: &mut Word) {
        let seconds = |samples: usize| samples as f64 / RATE as f64;
        let mut begins = 0.0;
        let mut best: Option<(f64, f64, f64)> = None;
        for part in &self.parts {
            let ends = begins + seconds(part.sound.len());
            let (start, end) = (word.start.clamp(begins, ends), word.end.clamp(begins, ends));
            if best.is_none_or(|(most, ..)| end - start > most) {
                let offset = seconds(part.sound.start) - begins;
                let (from, to) = (seconds(part.speech.start) - DOUBT, seconds(part.speech.end) + DOUBT);
                let within = |time: f64| (time + offset).clamp(from, to.max(from));
                best = Some((end - start, within(start), within(end)));
            }
            begins = ends;
        }
        if let Some((_, start, end)) = best {
            (word.start, word.end) = (start.max(0.0), end.max(0.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(start: f64, end: f64) -> Word {
        Word { text: "word".to_owned(), start, end, probability: 1.0 }
    }

    /// With margins of a quarter of a second.
    fn stretch(start: usize, end: usize) -> Stretch {
        Stretch { speech: start * RATE + RATE / 4..end * RATE - RATE / 4, sound: start * RATE..end * RATE }
    }

    #[test]
    fn windows_hold_every_stretch_once_and_no_more_than_fits() {
        let stretches = [stretch(0, 10), stretch(12, 30), stretch(31, 33), stretch(90, 118)];
        let windows = windows(&stretches);
        assert_eq!(windows.iter().map(|window| window.parts.len()).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(windows.iter().flat_map(|window| window.parts.clone()).collect::<Vec<_>>(), stretches);
        assert!(windows.iter().all(|window| window.length() <= LONGEST));
    }

    #[test]
    fn words_are_where_they_are_said_and_not_in_what_was_left_out() {
        // Two seconds, a pause of eight that is left out, five seconds.
        let window = Window { parts: vec![stretch(1, 3), stretch(11, 16)] };
        for (heard, said) in [
            ((0.5, 1.0), (1.5, 2.0)),
            ((2.5, 3.0), (11.5, 12.0)),
            ((1.9, 2.6), (11.2, 11.6)),
            ((1.2, 2.1), (2.2, 2.8)),
            ((0.0, 0.5), (1.2, 1.5)),
        ] {
            let mut word = word(heard.0, heard.1);
            window.place(&mut word);
            assert!(
                (word.start - said.0).abs() < 1e-9 && (word.end - said.1).abs() < 1e-9,
                "{heard:?}: {word:?}"
            );
        }
    }

    #[test]
    fn what_is_left_of_a_window_begins_where_it_was_heard_to() {
        let window = Window { parts: vec![stretch(1, 3), stretch(11, 16)] };
        let sounds =
            |seconds| window.after(seconds).parts.into_iter().map(|part| part.sound).collect::<Vec<_>>();
        assert_eq!(sounds(1.0), [2 * RATE..3 * RATE, 11 * RATE..16 * RATE]);
        assert_eq!(window.after(3.0).parts[0].speech, 12 * RATE..16 * RATE - RATE / 4);
        assert!(sounds(7.0).is_empty());
    }
}
