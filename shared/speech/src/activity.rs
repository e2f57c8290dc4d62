//! Where somebody speaks: Silero's voice activity detector (version 6, MIT), a recurrent network over 32 ms at a time.

use std::ops::Range;
use std::path::Path;

use rten::{Model, NodeId, Value};
use rten_tensor::{AsView, NdTensor, NdTensorView};
use serde::{Deserialize, Serialize};

use crate::ModelError;

/// Samples of one decision: 32 ms.
const STEP: usize = 512;
/// Samples before a step that the model sees with it.
const BEFORE: usize = 64;
/// Numbers that the model remembers, twice.
const MEMORY: usize = 128;

/// From this probability on speech begins, below the other it ends (the defaults of Silero and of faster-whisper).
const BEGINS: f32 = 0.5;
const ENDS: f32 = 0.35;
/// A shorter pause, in steps, does not end a stretch: half a second.
const PAUSE: usize = 16;
/// What is shorter, in steps, is a click or a cough and no word: a tenth of a second.
const SHORTEST: usize = 3;
/// Samples that a stretch is longer at both ends, so that soft beginnings and endings of words are in it: 0.4 s.
const MARGIN: usize = 6400;
/// The longest stretch, in steps: 28 s, which fits Whisper's window with its margins.
const LONGEST: usize = 875;

/// Where somebody speaks, in samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// As it was detected, to 32 ms.
    pub speech: Range<usize>,
    /// With margins: what is to be heard. 28.8 s at most.
    pub sound: Range<usize>,
}

/// The detector.
pub struct VoiceActivity {
    model: Model,
    inputs: [NodeId; 3],
    outputs: [NodeId; 3],
}

/// What is remembered between one part of a sound and the next.
pub struct Listening {
    hidden: NdTensor<f32, 3>,
    cell: NdTensor<f32, 3>,
    /// The last samples, of a whole step and less.
    pending: Vec<f32>,
    before: [f32; BEFORE],
    /// One for each step.
    probabilities: Vec<f32>,
    samples: usize,
}

impl VoiceActivity {
    /// Reads the model's ONNX file.
    ///
    /// # Errors
    /// When it is missing, damaged, or another model.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let bytes = std::fs::read(path).map_err(|error| ModelError::unreadable(path, error))?;
        let model = Model::load(bytes).map_err(|error| {
            let error = std::io::Error::new(std::io::ErrorKind::InvalidData, error.to_string());
            ModelError::unreadable(path, error)
        })?;
        let node = |name: &str| model.find_node(name).ok_or_else(|| ModelError::misses(name));
        let inputs = [node("input")?, node("h")?, node("c")?];
        let outputs = [node("speech_probs")?, node("hn")?, node("cn")?];
        Ok(Self { model, inputs, outputs })
    }

    /// Begins a sound.
    pub fn listen(&self) -> Listening {
        Listening {
            hidden: NdTensor::zeros([1, 1, MEMORY]),
            cell: NdTensor::zeros([1, 1, MEMORY]),
            pending: Vec::new(),
            before: [0.0; BEFORE],
            probabilities: Vec::new(),
            samples: 0,
        }
    }

    /// Listens on: samples from -1 to 1, 16 kHz, as many at a time as there are.
    ///
    /// # Errors
    /// See [`ModelError::Calculation`].
    pub fn hear(&self, listening: &mut Listening, samples: &[f32]) -> Result<(), ModelError> {
        listening.samples += samples.len();
        listening.pending.extend_from_slice(samples);
        let steps = listening.pending.len() / STEP;
        self.decide(listening, steps)
    }

    fn decide(&self, listening: &mut Listening, steps: usize) -> Result<(), ModelError> {
        if steps == 0 {
            return Ok(());
        }
        let heard: Vec<f32> = listening.pending.drain(..steps * STEP).collect();
        let mut frames = Vec::with_capacity(steps * (BEFORE + STEP));
        for step in heard.chunks_exact(STEP) {
            frames.extend_from_slice(&listening.before);
            frames.extend_from_slice(step);
            listening.before.copy_from_slice(&step[STEP - BEFORE..]);
        }
        let [frame, hidden, cell] = self.inputs;
        let frames = NdTensorView::from_data([steps, BEFORE + STEP], frames.as_slice());
        let inputs = vec![
            (frame, frames.into()),
            (hidden, listening.hidden.view().into()),
            (cell, listening.cell.view().into()),
        ];
        let calculation = |error: String| ModelError::Calculation(error);
        let [probabilities, hidden, cell] =
            self.model.run_n(inputs, self.outputs, None).map_err(|error| calculation(error.to_string()))?;
        listening.probabilities.extend(numbers(probabilities)?);
        listening.hidden = NdTensor::from_data([1, 1, MEMORY], numbers(hidden)?);
        listening.cell = NdTensor::from_data([1, 1, MEMORY], numbers(cell)?);
        Ok(())
    }

    /// Ends the sound. Gives where somebody speaks, in order and apart.
    ///
    /// # Errors
    /// See [`ModelError::Calculation`].
    pub fn end(&self, mut listening: Listening) -> Result<Vec<Stretch>, ModelError> {
        if !listening.pending.is_empty() {
            listening.pending.resize(STEP, 0.0);
            self.decide(&mut listening, 1)?;
        }
        Ok(with_margins(&stretches(&listening.probabilities), listening.samples))
    }
}

fn numbers(value: Value) -> Result<Vec<f32>, ModelError> {
    let tensor: rten_tensor::Tensor<f32> =
        value.try_into().map_err(|_| ModelError::Calculation("not numbers".to_owned()))?;
    Ok(tensor.into_data())
}

/// Steps in which somebody speaks.
fn stretches(probabilities: &[f32]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut speaking: Option<Range<usize>> = None;
    for (step, &probability) in probabilities.iter().enumerate() {
        match &mut speaking {
            None if probability >= BEGINS => speaking = Some(step..step + 1),
            None => {}
            Some(stretch) if probability >= ENDS => stretch.end = step + 1,
            Some(stretch) if step - stretch.end < PAUSE => {}
            Some(stretch) => {
                found.push(stretch.clone());
                speaking = None;
            }
        }
    }
    found.extend(speaking);
    found.retain(|stretch| stretch.len() >= SHORTEST);
    found.into_iter().flat_map(|stretch| cut(probabilities, stretch)).collect()
}

/// Cuts a stretch that is too long where speech is least likely, in the later half of what fits.
fn cut(probabilities: &[f32], mut stretch: Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    while stretch.len() > LONGEST {
        let (earliest, latest) = (stretch.start + LONGEST / 2, stretch.start + LONGEST);
        let quietest = (earliest..latest).min_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
        let at = quietest.unwrap_or(latest);
        parts.push(stretch.start..at);
        stretch.start = at;
    }
    parts.push(stretch);
    parts
}

/// Steps into samples, with margins that do not overlap.
fn with_margins(stretches: &[Range<usize>], samples: usize) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for (index, stretch) in stretches.iter().enumerate() {
        let speech = stretch.start * STEP..(stretch.end * STEP).min(samples);
        let before = found.last().map_or(0, |before| before.sound.end);
        // Half of a pause belongs to each of its sides.
        let after = match stretches.get(index + 1) {
            Some(next) => (speech.end + next.start * STEP) / 2,
            None => samples,
        };
        let sound = speech.start.saturating_sub(MARGIN).max(before)..(speech.end + MARGIN).min(after);
        found.push(Stretch { speech, sound });
    }
    found.retain(|stretch| !stretch.speech.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many steps of each probability.
    fn probabilities(parts: &[(usize, f32)]) -> Vec<f32> {
        parts.iter().flat_map(|&(steps, probability)| vec![probability; steps]).collect()
    }

    #[test]
    fn short_pauses_and_doubts_are_within_a_stretch_and_clicks_are_none() {
        let heard =
            [(10, 0.0), (20, 0.9), (15, 0.1), (20, 0.4), (17, 0.1), (2, 0.9), (40, 0.2), (5, 0.6), (9, 0.0)];
        assert_eq!(stretches(&probabilities(&heard)), [10..65, 124..129]);
    }

    #[test]
    fn a_long_speech_is_cut_where_it_is_quietest() {
        let mut heard = probabilities(&[(2 * LONGEST, 0.9)]);
        heard[600] = 0.4;
        let found = stretches(&heard);
        assert_eq!(found[0], 0..600);
        assert!(found.iter().all(|stretch| stretch.len() <= LONGEST));
        assert_eq!(found.iter().map(Range::len).sum::<usize>(), 2 * LONGEST);
    }

    #[test]
    fn margins_meet_in_the_middle_of_a_pause_and_end_with_the_sound() {
        let found = with_margins(&[20..40, 44..60], 60 * STEP + 100);
        let sounds: Vec<Range<usize>> = found.iter().map(|stretch| stretch.sound.clone()).collect();
        assert_eq!(sounds, [20 * STEP - MARGIN..42 * STEP, 42 * STEP..60 * STEP + 100]);
        assert_eq!(found[1].speech, 44 * STEP..60 * STEP);
    }
}
