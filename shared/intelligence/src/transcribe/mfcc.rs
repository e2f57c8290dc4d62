//! Mel-frequency cepstral coefficients: the timbre of a voice in fifteen numbers.
//!
//! After Davis and Mermelstein (1980): power spectrum, triangular mel filters, logarithm, cosine transform.

use std::{f32::consts::PI, ops::Range};

use microfft::real::rfft_512;

use super::pcm::RATE;

/// Coefficients 2 to 16: number 0 is loudness, and number 1, the slope of the spectrum, is the microphone's and the
/// room's as much as the voice's. The high ones tell voices apart best for the little that they vary in one.
pub(super) const COEFFICIENTS: usize = 15;
const FIRST: u8 = 2;

const WINDOW: usize = RATE as usize / 40;
const HOP: usize = RATE as usize / 100;
const FFT: usize = 512;
const FILTERS: usize = 26;
const BAND_HZ: Range<f32> = 100.0..7000.0;

/// The filters, made once for many spans.
pub(super) struct Mfcc {
    /// For each filter the first bin and the weights from there on.
    filters: Vec<(usize, Vec<f32>)>,
}

impl Mfcc {
    pub(super) fn new() -> Self {
        let mel = |hz: f32| 2595.0 * (1.0 + hz / 700.0).log10();
        let hz = |mel: f32| 700.0 * (10f32.powf(mel / 2595.0) - 1.0);
        let (low, high) = (mel(BAND_HZ.start), mel(BAND_HZ.end));
        let edge =
            |n: usize| hz(low + (high - low) * n as f32 / (FILTERS + 1) as f32) * FFT as f32 / RATE as f32;
        let filters = (0..FILTERS).map(|n| {
            let (left, middle, right) = (edge(n), edge(n + 1), edge(n + 2));
            let first = left.ceil() as usize;
            let weight = |bin: usize| {
                let bin = bin as f32;
                ((bin - left) / (middle - left)).min((right - bin) / (right - middle)).max(0.0)
            };
            (first, (first..=right.floor() as usize).map(weight).collect())
        });
        Self { filters: filters.collect() }
    }

    /// The mean over the louder half of the frames, where the voice outweighs the room.
    pub(super) fn mean(&self, samples: &[f32]) -> [f32; COEFFICIENTS] {
        let mut frames: Vec<(f32, [f32; COEFFICIENTS])> =
            samples.windows(WINDOW).step_by(HOP).map(|frame| self.frame(frame)).collect();
        frames.sort_by(|a, b| b.0.total_cmp(&a.0));
        frames.truncate(frames.len().div_ceil(2));
        let mut mean = [0.0; COEFFICIENTS];
        for (_, coefficients) in &frames {
            mean.iter_mut().zip(coefficients).for_each(|(sum, c)| *sum += c / frames.len() as f32);
        }
        mean
    }

    /// Loudness and coefficients of one window.
    fn frame(&self, frame: &[f32]) -> (f32, [f32; COEFFICIENTS]) {
        let mut input = [0.0; FFT];
        for (n, (slot, sample)) in input.iter_mut().zip(frame).enumerate() {
            let hamming = 0.54 - 0.46 * (2.0 * PI * n as f32 / (WINDOW - 1) as f32).cos();
            // Pre-emphasis evens out the slope of a voice's spectrum.
            let before = if n == 0 { 0.0 } else { frame[n - 1] };
            *slot = (sample - 0.97 * before) * hamming;
        }
        // Its bin 0 also holds the highest frequency; the filters look at neither.
        let spectrum = rfft_512(&mut input);
        let energies = self.filters.iter().map(|(first, weights)| {
            let bins = spectrum[*first..].iter().zip(weights);
            bins.map(|(bin, weight)| bin.norm_sqr() * weight).sum::<f32>().max(1e-8).ln()
        });
        let energies: Vec<f32> = energies.collect();
        let mut coefficients = [0.0; COEFFICIENTS];
        for (k, coefficient) in (FIRST..).zip(&mut coefficients) {
            let cosine = |n: usize| (PI * f32::from(k) * (n as f32 + 0.5) / FILTERS as f32).cos();
            *coefficient = energies.iter().enumerate().map(|(n, energy)| energy * cosine(n)).sum::<f32>()
                * (2.0 / FILTERS as f32).sqrt();
        }
        (energies.iter().sum(), coefficients)
    }
}
