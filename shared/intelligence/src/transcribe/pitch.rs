//! Fundamental frequency by normalised autocorrelation.

use super::pcm::RATE;

/// Voices of adults lie between these, in Hz.
const LOWEST: usize = 60;
const HIGHEST: usize = 400;
/// Every second sample is enough for pitch, and a quarter of the work.
const STEP: usize = 2;
const RATE_HERE: usize = RATE as usize / STEP;
/// 50 ms hold three periods of the lowest voice.
const WINDOW: usize = RATE_HERE / 20;
const HOP: usize = RATE_HERE / 50;
/// Least autocorrelation of a voiced frame; vowels reach 0.8 and more.
const VOICED: f32 = 0.6;
/// The shortest lag that comes this near to the best one wins, against errors of an octave down.
const OCTAVE_GUARD: f32 = 0.9;

/// The pitch of each voiced frame of 20 ms, in Hz.
pub(super) fn track(samples: &[f32]) -> Vec<f32> {
    let halved: Vec<f32> = samples.chunks_exact(STEP).map(|pair| pair.iter().sum::<f32>()).collect();
    let frames = halved.windows(WINDOW + RATE_HERE / LOWEST).step_by(HOP);
    frames.filter_map(pitch).collect()
}

fn pitch(frame: &[f32]) -> Option<f32> {
    let head = &frame[..WINDOW];
    let energy = power(head);
    if energy < 1e-4 * WINDOW as f32 * (STEP * STEP) as f32 / 100.0 {
        return None;
    }
    let lags = RATE_HERE / HIGHEST..=RATE_HERE / LOWEST;
    let correlations: Vec<f32> = lags
        .clone()
        .map(|lag| {
            let shifted = &frame[lag..lag + WINDOW];
            let product: f32 = head.iter().zip(shifted).map(|(a, b)| a * b).sum();
            product / (energy * power(shifted)).sqrt().max(1e-9)
        })
        .collect();
    let best = correlations.iter().copied().fold(0.0, f32::max);
    if best < VOICED {
        return None;
    }
    let is_peak = |at: usize| {
        let here = correlations[at];
        here >= best * OCTAVE_GUARD
            && correlations.get(at.wrapping_sub(1)).is_none_or(|before| *before <= here)
            && correlations.get(at + 1).is_none_or(|after| *after <= here)
    };
    let at = (0..correlations.len()).find(|at| is_peak(*at))?;
    Some(RATE_HERE as f32 / (lags.start() + at) as f32)
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum()
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;

    #[test]
    fn a_rich_tone_has_its_pitch_and_not_its_octave() {
        for hz in [85.0f32, 120.0, 210.0, 330.0] {
            let tone: Vec<f32> = (0..RATE)
                .map(|n| {
                    let phase = TAU * hz * n as f32 / RATE as f32;
                    (1..6).map(|harmonic| (phase * harmonic as f32).sin() * 0.1).sum()
                })
                .collect();
            let mut track = track(&tone);
            track.sort_by(f32::total_cmp);
            let median = track[track.len() / 2];
            assert!((median / hz - 1.0).abs() < 0.03, "{hz} Hz was heard as {median} Hz");
        }
    }

    #[test]
    fn noise_and_silence_have_no_pitch() {
        let mut state = 1u32;
        let noise: Vec<f32> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as f32 / 65_536.0 - 0.5
        })
        .take(RATE as usize)
        .collect();
        assert!(track(&noise).len() < 3);
        assert!(track(&vec![0.0; RATE as usize]).is_empty());
    }
}
