//! What a voice sounds like, measured on one span.

use super::{
    mfcc::{COEFFICIENTS, Mfcc},
    pcm::RATE,
    pitch,
};

/// Least voiced time, in frames of 20 ms, from which a pitch is believed.
const LEAST_VOICED: usize = 10;

/// Semitones that count as one unit of distance: the deviation of a synthesiser's median pitch over sentences. A
/// person's moves by two to four of these; women's and men's voices lie about twenty apart.
const PITCH_UNIT: f32 = 0.5;
/// Standard deviations of each coefficient's mean over one voice's sentences of [`SENTENCE_SECONDS`], each of which
/// counts as one unit: what is said moves the low coefficients more than the high ones. Measured on the tuning half of
/// `make bench-understanding`.
const TIMBRE_UNITS: [f32; COEFFICIENTS] =
    [0.68, 0.93, 0.77, 0.63, 0.67, 0.42, 0.36, 0.36, 0.32, 0.3, 0.33, 0.22, 0.2, 0.16, 0.17];
/// The sounds of a shorter span are less those of the language: its timbre counts for less, in proportion,
const SENTENCE_SECONDS: f32 = 3.5;
/// and that of a longer one for more, up to this length.
const MOST_SECONDS: f32 = 6.0;

/// Pitch and timbre of a span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Voice {
    /// Median pitch in semitones above 1 Hz.
    pub(super) pitch: f32,
    /// Mean MFCCs.
    pub(super) timbre: [f32; COEFFICIENTS],
    /// How much speech it was measured on.
    pub(super) seconds: f32,
}

impl Voice {
    /// Measures a span; `None` when too little of it is voiced.
    pub(super) fn of(samples: &[f32], mfcc: &Mfcc) -> Option<Self> {
        let mut track = pitch::track(samples);
        if track.len() < LEAST_VOICED {
            return None;
        }
        track.sort_by(f32::total_cmp);
        let median = track[track.len() / 2];
        let seconds = samples.len() as f32 / RATE as f32;
        Some(Self { pitch: 12.0 * median.log2(), timbre: mfcc.mean(samples), seconds })
    }

    /// How unlike two voices are, in units of one voice's sentences.
    pub(super) fn distance(&self, other: &Self) -> f32 {
        let timbres = self.timbre.iter().zip(other.timbre).zip(TIMBRE_UNITS);
        let timbre = timbres.map(|((a, b), unit)| ((a - b) / unit).powi(2)).sum::<f32>().sqrt();
        let doubt = |seconds: f32| SENTENCE_SECONDS / seconds.clamp(0.1, MOST_SECONDS);
        let doubt = (doubt(self.seconds) + doubt(other.seconds)) / 2.0;
        ((self.pitch - other.pitch) / PITCH_UNIT).hypot(timbre / doubt)
    }

    /// The middle of several voices.
    pub(super) fn mean(voices: &[&Self]) -> Self {
        let count = voices.len().max(1) as f32;
        let mut mean = Self { pitch: 0.0, timbre: [0.0; COEFFICIENTS], seconds: 0.0 };
        for voice in voices {
            mean.seconds += voice.seconds;
            mean.pitch += voice.pitch / count;
            mean.timbre.iter_mut().zip(voice.timbre).for_each(|(sum, c)| *sum += c / count);
        }
        mean
    }
}
