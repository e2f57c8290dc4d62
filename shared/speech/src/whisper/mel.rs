//! What Whisper hears: the logarithm of the power in 80 bands of the mel scale, a hundred times a second. As
//! `whisper/audio.py` of OpenAI's reference computes it; its bands are librosa's (Slaney's scale and norm).

use std::f32::consts::TAU;

use crate::ModelError;
use crate::matrix::{Packed, Rows};

/// Samples a second.
pub(crate) const RATE: usize = 16_000;
/// The length of sound that Whisper hears at once: 30 s.
pub(super) const WINDOW: usize = 30 * RATE;
/// Samples of one spectrum.
const LENGTH: usize = 400;
/// Samples from one spectrum to the next.
const HOP: usize = 160;
/// Spectra of a window.
pub(super) const FRAMES: usize = WINDOW / HOP;
/// Frequencies of a spectrum, from 0 to half the rate.
const BINS: usize = LENGTH / 2 + 1;

pub(super) struct Mel {
    bands: usize,
    /// Cosines and then sines of every frequency, each under a Hann window. As a matrix this is a billion
    /// multiplications a window, some 20 ms, and no transform of 400 has to be brought in.
    transform: Packed,
    filters: Packed,
}

impl Mel {
    pub(super) fn new(bands: usize) -> Result<Self, ModelError> {
        let mut transform = Vec::with_capacity(2 * BINS * LENGTH);
        for (bin, phase) in (0..BINS).map(|bin| (bin, 0.25)).chain((0..BINS).map(|bin| (bin, 0.0))) {
            transform.extend((0..LENGTH).map(|sample| {
                let hann = 0.5 - 0.5 * (TAU * sample as f32 / LENGTH as f32).cos();
                // Of whole turns only the fraction matters, and large angles lose their last digits.
                let turns = (bin * sample % LENGTH) as f32 / LENGTH as f32;
                hann * (TAU * (turns + phase)).sin()
            }));
        }
        Ok(Self {
            bands,
            transform: Packed::transposed(Rows::dense(&transform, LENGTH))?,
            filters: Packed::transposed(Rows::dense(&filters(bands), BINS))?,
        })
    }

    /// `FRAMES` rows of bands for up to 30 s of samples (-1 to 1); after their end comes silence.
    pub(super) fn spectrogram(&self, samples: &[f32]) -> Result<Vec<f32>, ModelError> {
        let samples = &samples[..samples.len().min(WINDOW)];
        let mut padded = vec![0.0; WINDOW + LENGTH];
        let (before, sound) = padded.split_at_mut(LENGTH / 2);
        sound[..samples.len()].copy_from_slice(samples);
        // Spectra are centred: what is before the beginning is its mirror image.
        for (mirror, sample) in before.iter_mut().rev().zip(&sound[1..]) {
            *mirror = *sample;
        }
        let frames = Rows { values: &padded, count: FRAMES, width: LENGTH, stride: HOP };
        let mut waves = vec![0.0; FRAMES * 2 * BINS];
        self.transform.multiply(frames, 1.0, None, &mut waves)?;
        let mut power = Vec::with_capacity(FRAMES * BINS);
        for frame in waves.chunks_exact(2 * BINS) {
            let (cosines, sines) = frame.split_at(BINS);
            power.extend(cosines.iter().zip(sines).map(|(cosine, sine)| cosine * cosine + sine * sine));
        }
        let mut mel = vec![0.0; FRAMES * self.bands];
        self.filters.multiply(Rows::dense(&power, BINS), 1.0, None, &mut mel)?;
        scale(&mut mel);
        Ok(mel)
    }
}

/// To logarithms, 80 dB of them below the loudest, from about -1 to 1.
fn scale(mel: &mut [f32]) {
    let mut loudest = f32::MIN;
    for value in mel.iter_mut() {
        *value = value.max(1e-10).log10();
        loudest = loudest.max(*value);
    }
    for value in mel.iter_mut() {
        *value = (value.max(loudest - 8.0) + 4.0) / 4.0;
    }
}

/// One row of weights over a spectrum's frequencies for each band.
fn filters(bands: usize) -> Vec<f32> {
    let highest = to_mel(RATE as f32 / 2.0);
    let edges: Vec<f32> =
        (0..bands + 2).map(|edge| to_hertz(highest * edge as f32 / (bands + 1) as f32)).collect();
    edges
        .windows(3)
        .flat_map(|edges| {
            let (low, middle, high) = (edges[0], edges[1], edges[2]);
            // So that each band has the same area.
            let norm = 2.0 / (high - low);
            (0..BINS).map(move |bin| {
                let hertz = (bin * RATE) as f32 / LENGTH as f32;
                let rising = (hertz - low) / (middle - low);
                let falling = (high - hertz) / (high - middle);
                rising.min(falling).max(0.0) * norm
            })
        })
        .collect()
}

/// Slaney's mel scale: even up to 1000 Hz, by logarithms beyond, 27 steps to a factor of 6.4.
const EVEN: f32 = 200.0 / 3.0;
const BEND: f32 = 1000.0;

fn step() -> f32 {
    6.4_f32.ln() / 27.0
}

fn to_mel(hertz: f32) -> f32 {
    if hertz < BEND { hertz / EVEN } else { BEND / EVEN + (hertz / BEND).ln() / step() }
}

fn to_hertz(mel: f32) -> f32 {
    if mel < BEND / EVEN { mel * EVEN } else { BEND * ((mel - BEND / EVEN) * step()).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_in_its_band_and_silence_in_none() {
        let mel = Mel::new(80).unwrap();
        let tone: Vec<f32> =
            (0..RATE).map(|sample| (TAU * 1000.0 * sample as f32 / RATE as f32).sin()).collect();
        let spectrogram = mel.spectrogram(&tone).unwrap();
        assert_eq!(spectrogram.len(), FRAMES * 80);
        let loudest = |frame: usize| {
            let bands = &spectrogram[frame * 80..(frame + 1) * 80];
            (0..80).max_by(|&a, &b| bands[a].total_cmp(&bands[b])).unwrap()
        };
        // The middle of band 26 is nearest: of 82 edges from 0 to 45.2 mel, 1000 Hz is 15.
        assert_eq!(loudest(50), 26);
        let quiet = &spectrogram[2000 * 80..2001 * 80];
        assert!(quiet.iter().all(|value| (value - quiet[0]).abs() < 1e-6));
        assert!((spectrogram.iter().copied().fold(f32::MIN, f32::max) - quiet[0] - 2.0).abs() < 1e-5);
    }
}
