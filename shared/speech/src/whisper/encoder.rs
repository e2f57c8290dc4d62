//! From a spectrogram to what the decoder attends to: two convolutions and layers of self-attention.

use rayon::prelude::*;

use super::mel::FRAMES;
use super::weights::Weights;
use crate::ModelError;
use crate::matrix::{LayerNorm, Linear, Packed, Rows, add, gelu, softmax};

/// Positions of an encoded window: 50 a second.
pub(super) const POSITIONS: usize = FRAMES / 2;

/// Positions whose attention is worked out at a time, so that their scores stay in the processor's cache.
const BLOCK: usize = 250;

pub(super) struct Encoder {
    width: usize,
    bands: usize,
    first: Linear,
    second: Linear,
    positions: Vec<f32>,
    layers: Vec<Layer>,
    norm: LayerNorm,
}

struct Layer {
    attention_norm: LayerNorm,
    /// Queries, keys and values, side by side.
    projections: Linear,
    attention_output: Linear,
    feed_forward: FeedForward,
    heads: usize,
}

pub(super) struct FeedForward {
    norm: LayerNorm,
    inner: Linear,
    outer: Linear,
}

impl Encoder {
    pub(super) fn new(weights: &mut Weights, heads: usize) -> Result<Self, ModelError> {
        let [width, bands, kernel] = weights.shape("encoder/conv1/weight")?;
        let layers = (0..weights.layers("encoder"))
            .map(|layer| Layer::new(weights, &format!("encoder/layer_{layer}"), width, heads))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            width,
            bands,
            first: convolution(weights, "encoder/conv1", [width, bands, kernel])?,
            second: convolution(weights, "encoder/conv2", [width, width, kernel])?,
            positions: weights.take("encoder/position_encodings/encodings", [POSITIONS, width])?,
            layers,
            norm: norm(weights, "encoder/layer_norm", width)?,
        })
    }

    pub(super) fn bands(&self) -> usize {
        self.bands
    }

    /// `POSITIONS` rows for the spectrogram's `FRAMES`.
    pub(super) fn encode(&self, mel: &[f32]) -> Result<Vec<f32>, ModelError> {
        let hidden = convolve(&self.first, mel, self.bands, 1)?;
        let mut hidden = convolve(&self.second, &hidden, self.width, 2)?;
        add(&mut hidden, &self.positions);
        for layer in &self.layers {
            layer.apply(&mut hidden)?;
        }
        Ok(self.norm.apply(&hidden))
    }
}

/// A convolution over three frames, as a layer whose inputs are these frames one after another: rows in time lie so.
fn convolution(weights: &mut Weights, name: &str, shape: [usize; 3]) -> Result<Linear, ModelError> {
    let [outputs, channels, kernel] = shape;
    let stored = weights.take(&format!("{name}/weight"), shape)?;
    let bias = weights.take(&format!("{name}/bias"), [outputs])?;
    let mut by_frame = Vec::with_capacity(stored.len());
    for output in stored.chunks_exact(channels * kernel) {
        for frame in 0..kernel {
            by_frame.extend(output.iter().skip(frame).step_by(kernel));
        }
    }
    Linear::new(&by_frame, channels * kernel, Some(bias))
}

/// With a frame of nothing before the first and after the last.
fn convolve(layer: &Linear, frames: &[f32], channels: usize, step: usize) -> Result<Vec<f32>, ModelError> {
    let mut padded = vec![0.0; frames.len() + 2 * channels];
    padded[channels..channels + frames.len()].copy_from_slice(frames);
    let count = frames.len() / channels / step;
    let mut output =
        layer.apply(Rows { values: &padded, count, width: 3 * channels, stride: step * channels })?;
    gelu(&mut output);
    Ok(output)
}

impl Layer {
    fn new(weights: &mut Weights, name: &str, width: usize, heads: usize) -> Result<Self, ModelError> {
        Ok(Self {
            attention_norm: norm(weights, &format!("{name}/self_attention/layer_norm"), width)?,
            projections: linear(weights, &format!("{name}/self_attention/linear_0"), width, 3 * width)?,
            attention_output: linear(weights, &format!("{name}/self_attention/linear_1"), width, width)?,
            feed_forward: FeedForward::new(weights, name, width)?,
            heads,
        })
    }

    fn apply(&self, hidden: &mut [f32]) -> Result<(), ModelError> {
        let width = self.attention_norm.gamma.len();
        let projected = self.projections.apply(Rows::dense(&self.attention_norm.apply(hidden), width))?;
        let attended = attend(&projected, width, self.heads)?;
        add(hidden, &self.attention_output.apply(Rows::dense(&attended, width))?);
        self.feed_forward.apply(hidden)
    }
}

/// What each position takes from all of them, head by head.
fn attend(projected: &[f32], width: usize, heads: usize) -> Result<Vec<f32>, ModelError> {
    let (stride, size) = (3 * width, width / heads);
    let count = projected.len() / stride;
    let part = |from: usize| Rows { values: &projected[from..], count, width: size, stride };
    let by_head: Vec<Vec<f32>> = (0..heads)
        .into_par_iter()
        .map(|head| {
            let queries = part(head * size);
            let keys = Packed::transposed(part(width + head * size))?;
            let values = Packed::new(part(2 * width + head * size))?;
            let mut attended = vec![0.0; count * size];
            let mut scores = vec![0.0; BLOCK * count];
            for (block, attended) in attended.chunks_mut(BLOCK * size).enumerate() {
                let rows = attended.len() / size;
                let queries =
                    Rows { values: &queries.values[block * BLOCK * stride..], count: rows, ..queries };
                let scores = &mut scores[..rows * count];
                keys.multiply(queries, (size as f32).sqrt().recip(), None, scores)?;
                scores.chunks_exact_mut(count).for_each(softmax);
                values.multiply(Rows::dense(scores, count), 1.0, None, attended)?;
            }
            Ok(attended)
        })
        .collect::<Result<_, ModelError>>()?;
    let mut together = Vec::with_capacity(count * width);
    for position in 0..count {
        for attended in &by_head {
            together.extend_from_slice(&attended[position * size..(position + 1) * size]);
        }
    }
    Ok(together)
}

impl FeedForward {
    pub(super) fn new(weights: &mut Weights, name: &str, width: usize) -> Result<Self, ModelError> {
        Ok(Self {
            norm: norm(weights, &format!("{name}/ffn/layer_norm"), width)?,
            inner: linear(weights, &format!("{name}/ffn/linear_0"), width, 4 * width)?,
            outer: linear(weights, &format!("{name}/ffn/linear_1"), 4 * width, width)?,
        })
    }

    pub(super) fn apply(&self, hidden: &mut [f32]) -> Result<(), ModelError> {
        let width = self.norm.gamma.len();
        let mut inner = self.inner.apply(Rows::dense(&self.norm.apply(hidden), width))?;
        gelu(&mut inner);
        add(hidden, &self.outer.apply(Rows::dense(&inner, 4 * width))?);
        Ok(())
    }
}

pub(super) fn linear(
    weights: &mut Weights,
    name: &str,
    inputs: usize,
    outputs: usize,
) -> Result<Linear, ModelError> {
    let stored = weights.take(&format!("{name}/weight"), [outputs, inputs])?;
    let bias = weights.take(&format!("{name}/bias"), [outputs])?;
    Linear::new(&stored, inputs, Some(bias))
}

pub(super) fn norm(weights: &mut Weights, name: &str, width: usize) -> Result<LayerNorm, ModelError> {
    Ok(LayerNorm {
        gamma: weights.take(&format!("{name}/gamma"), [width])?,
        beta: weights.take(&format!("{name}/beta"), [width])?,
    })
}
