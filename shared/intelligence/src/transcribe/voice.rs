//! What a voice sounds like, measured on one span.

use super::{
    mfcc::{COEFFICIENTS, Mfcc},
    pitch,
};

/// Least voiced time, in frames of 20 ms, from which a pitch is believed.
const LEAST_VOICED: usize = 10;

/// Semitones that count as much as one unit of distance. The median pitch of one person's sentences moves by
/// one or two semitones; women's and men's voices lie about ten apart.
const PITCH_UNIT: f32 = 3.0;
/// Distance of mean MFCCs that counts as much as one unit.
const TIMBRE_UNIT: f32 = 8.0;

/// Pitch and timbre of a span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Voice {
    /// Median pitch in semitones above 1 Hz.
    pub(super) pitch: f32,
    /// Mean MFCCs.
    pub(super) timbre: [f32; COEFFICIENTS],
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
        Some(Self { pitch: 12.0 * median.log2(), timbre: mfcc.mean(samples) })
    }

    /// How unlike two voices are; 1 is about as far as one speaker goes.
    pub(super) fn distance(&self, other: &Self) -> f32 {
        let timbre = self.timbre.iter().zip(other.timbre).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        ((self.pitch - other.pitch) / PITCH_UNIT).hypot(timbre / TIMBRE_UNIT)
    }

    /// The middle of several voices.
    pub(super) fn mean(voices: &[&Self]) -> Self {
        let count = voices.len().max(1) as f32;
        let mut mean = Self { pitch: 0.0, timbre: [0.0; COEFFICIENTS] };
        for voice in voices {
            mean.pitch += voice.pitch / count;
            mean.timbre.iter_mut().zip(voice.timbre).for_each(|(sum, c)| *sum += c / count);
        }
        mean
    }
}
