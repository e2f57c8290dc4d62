//! From what was encoded to scores of the next token, for several windows at once: the weights, which are what a step
//! spends its time on reading, are read once for all of them.

use super::encoder::{FeedForward, POSITIONS, linear, norm};
use super::weights::Weights;
use crate::ModelError;
use crate::matrix::{LayerNorm, Linear, Rows, add, add_weighted, dot, softmax};

/// Token ids of the model's vocabulary.
pub(super) type Token = u32;

pub(super) struct Decoder {
    width: usize,
    heads: usize,
    vocabulary: usize,
    embeddings: Vec<f32>,
    positions: Vec<f32>,
    layers: Vec<Layer>,
    norm: LayerNorm,
    /// The embeddings again, as what is multiplied by.
    scores: Linear,
    /// Layers and heads that follow the sound, by which words get their times.
    alignment: Vec<(usize, usize)>,
}

struct Layer {
    own_norm: LayerNorm,
    own_projections: Linear,
    own_output: Linear,
    sound_norm: LayerNorm,
    sound_query: Linear,
    sound_projections: Linear,
    sound_output: Linear,
    feed_forward: FeedForward,
}

/// What each layer attends to of a window, worked out once for all that is asked about it: 40 MB for Whisper base.
pub(super) struct Memory(Vec<Sound>);

/// Keys and values of the sound for one layer, head by head.
struct Sound {
    keys: Vec<f32>,
    values: Vec<f32>,
}

/// A window on its way to being words.
pub(super) struct Thread<'a> {
    /// What was put in until now.
    pub(super) length: usize,
    sound: &'a [Sound],
    layers: Vec<Own>,
    /// For each token that was put in, how much each position of the sound was attended to by the model's heads of
    /// alignment: `alignment × POSITIONS`.
    pub(super) attention: Vec<Vec<f32>>,
}

/// Keys and values of the tokens for one layer.
#[derive(Clone, Default)]
struct Own {
    keys: Vec<f32>,
    values: Vec<f32>,
}

impl Decoder {
    pub(super) fn new(
        weights: &mut Weights,
        heads: usize,
        alignment: Vec<(usize, usize)>,
    ) -> Result<Self, ModelError> {
        let [vocabulary, width] = weights.shape("decoder/embeddings/weight")?;
        let [longest, _] = weights.shape::<2>("decoder/position_encodings/encodings")?;
        let embeddings = weights.take("decoder/embeddings/weight", [vocabulary, width])?;
        let layers = (0..weights.layers("decoder"))
            .map(|layer| Layer::new(weights, &format!("decoder/layer_{layer}"), width))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            width,
            heads,
            vocabulary,
            scores: Linear::new(&embeddings, width, None)?,
            embeddings,
            positions: weights.take("decoder/position_encodings/encodings", [longest, width])?,
            layers,
            norm: norm(weights, "decoder/layer_norm", width)?,
            alignment,
        })
    }

    pub(super) fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The most tokens that a window can have, those of the prompt counted.
    pub(super) fn longest(&self) -> usize {
        self.positions.len() / self.width
    }

    /// What the layers attend to of an encoded window.
    pub(super) fn remember(&self, encoded: &[f32]) -> Result<Memory, ModelError> {
        let layers = self.layers.iter().map(|layer| {
            let projected = layer.sound_projections.apply(Rows::dense(encoded, self.width))?;
            Ok(Sound { keys: self.by_head(&projected, 0), values: self.by_head(&projected, self.width) })
        });
        Ok(Memory(layers.collect::<Result<_, ModelError>>()?))
    }

    /// Begins with a window.
    pub(super) fn begin<'a>(&self, memory: &'a Memory) -> Thread<'a> {
        Thread {
            length: 0,
            sound: &memory.0,
            layers: vec![Own::default(); self.layers.len()],
            attention: Vec::new(),
        }
    }

    fn by_head(&self, projected: &[f32], from: usize) -> Vec<f32> {
        let size = self.width / self.heads;
        let mut by_head = Vec::with_capacity(POSITIONS * self.width);
        for head in 0..self.heads {
            for row in projected.chunks_exact(2 * self.width) {
                by_head.extend_from_slice(&row[from + head * size..from + (head + 1) * size]);
            }
        }
        by_head
    }

    /// Puts one token into each thread. Gives the scores of what comes next: a row of the vocabulary for each.
    pub(super) fn step(
        &self,
        threads: &mut [&mut Thread<'_>],
        tokens: &[Token],
    ) -> Result<Vec<f32>, ModelError> {
        let width = self.width;
        let mut hidden = Vec::with_capacity(threads.len() * width);
        for (thread, &token) in threads.iter_mut().zip(tokens) {
            let start = hidden.len();
            hidden.extend_from_slice(&self.embeddings[token as usize * width..][..width]);
            add(&mut hidden[start..], &self.positions[thread.length * width..][..width]);
            thread.length += 1;
            thread.attention.push(vec![0.0; self.alignment.len() * POSITIONS]);
        }
        for (index, layer) in self.layers.iter().enumerate() {
            let projected =
                layer.own_projections.apply(Rows::dense(&layer.own_norm.apply(&hidden), width))?;
            let mut attended = vec![0.0; hidden.len()];
            for ((thread, row), attended) in threads
                .iter_mut()
                .zip(projected.chunks_exact(3 * width))
                .zip(attended.chunks_exact_mut(width))
            {
                self.attend_own(&mut thread.layers[index], row, attended);
            }
            add(&mut hidden, &layer.own_output.apply(Rows::dense(&attended, width))?);

            let queries = layer.sound_query.apply(Rows::dense(&layer.sound_norm.apply(&hidden), width))?;
            attended.fill(0.0);
            for ((thread, query), attended) in
                threads.iter_mut().zip(queries.chunks_exact(width)).zip(attended.chunks_exact_mut(width))
            {
                self.attend_sound(thread, index, query, attended);
            }
            add(&mut hidden, &layer.sound_output.apply(Rows::dense(&attended, width))?);
            layer.feed_forward.apply(&mut hidden)?;
        }
        self.scores.apply(Rows::dense(&self.norm.apply(&hidden), width))
    }

    /// What a thread takes from its own tokens, of which the newest is `row`: query, key, value.
    fn attend_own(&self, memory: &mut Own, row: &[f32], attended: &mut [f32]) {
        let (width, size) = (self.width, self.width / self.heads);
        memory.keys.extend_from_slice(&row[width..2 * width]);
        memory.values.extend_from_slice(&row[2 * width..]);
        let scale = (size as f32).sqrt().recip();
        for (head, attended) in attended.chunks_exact_mut(size).enumerate() {
            let query = &row[head * size..][..size];
            let keys = memory.keys.chunks_exact(width);
            let mut scores: Vec<f32> =
                keys.map(|key| scale * dot(query, &key[head * size..][..size])).collect();
            softmax(&mut scores);
            for (score, value) in scores.iter().zip(memory.values.chunks_exact(width)) {
                add_weighted(attended, *score, &value[head * size..][..size]);
            }
        }
    }

    /// What a thread takes from the sound.
    fn attend_sound(&self, thread: &mut Thread<'_>, layer: usize, query: &[f32], attended: &mut [f32]) {
        let size = self.width / self.heads;
        let scale = (size as f32).sqrt().recip();
        let sound = &thread.sound[layer];
        let keys = sound.keys.chunks_exact(POSITIONS * size);
        let values = sound.values.chunks_exact(POSITIONS * size);
        for (head, ((query, attended), (keys, values))) in
            query.chunks_exact(size).zip(attended.chunks_exact_mut(size)).zip(keys.zip(values)).enumerate()
        {
            let mut scores: Vec<f32> = keys.chunks_exact(size).map(|key| scale * dot(query, key)).collect();
            softmax(&mut scores);
            for (score, value) in scores.iter().zip(values.chunks_exact(size)) {
                add_weighted(attended, *score, value);
            }
            let alignment = self.alignment.iter().position(|&of| of == (layer, head));
            if let (Some(alignment), Some(kept)) = (alignment, thread.attention.last_mut()) {
                kept[alignment * POSITIONS..][..POSITIONS].copy_from_slice(&scores);
            }
        }
    }
}

impl Layer {
    fn new(weights: &mut Weights, name: &str, width: usize) -> Result<Self, ModelError> {
        Ok(Self {
            own_norm: norm(weights, &format!("{name}/self_attention/layer_norm"), width)?,
            own_projections: linear(weights, &format!("{name}/self_attention/linear_0"), width, 3 * width)?,
            own_output: linear(weights, &format!("{name}/self_attention/linear_1"), width, width)?,
            sound_norm: norm(weights, &format!("{name}/attention/layer_norm"), width)?,
            sound_query: linear(weights, &format!("{name}/attention/linear_0"), width, width)?,
            sound_projections: linear(weights, &format!("{name}/attention/linear_1"), width, 2 * width)?,
            sound_output: linear(weights, &format!("{name}/attention/linear_2"), width, width)?,
            feed_forward: FeedForward::new(weights, name, width)?,
        })
    }
}
