//! Whisper (Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022), of any size, from the
//! files that CTranslate2 keeps it in.

mod align;
mod decode;
mod decoder;
mod encoder;
mod mel;
mod rules;
mod vocabulary;
mod weights;
mod words;

use std::path::Path;

use decode::Hypothesis;
use decoder::{Decoder, Memory, Token};
use encoder::Encoder;
use mel::Mel;
pub(crate) use mel::RATE;
use serde::{Deserialize, Serialize};
use vocabulary::Vocabulary;
use weights::Weights;

use crate::ModelError;

/// A word may begin and end this much outside of the times that the model wrote around its passage, in seconds.
const AROUND: f64 = 0.3;

/// A model, ready to hear.
pub struct Whisper {
    mel: Mel,
    encoder: Encoder,
    decoder: Decoder,
    vocabulary: Vocabulary,
}

/// A sound as the decoder attends to it.
pub struct Listened {
    memory: Memory,
    seconds: f64,
}

/// A word, and when it is said, in seconds from the beginning of its window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// With its punctuation.
    pub text: String,
    /// When it begins.
    pub start: f64,
    /// When it ends.
    pub end: f64,
    /// From 0 to 1, how sure the model was.
    pub probability: f32,
}

/// Words that the model keeps together: mostly a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// In seconds from the beginning of its window.
    pub start: f64,
    /// In seconds.
    pub end: f64,
    /// At least one.
    pub words: Vec<Word>,
}

/// What is said within one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// One after the other.
    pub passages: Vec<Passage>,
    /// How likely nobody speaks.
    pub no_speech: f32,
    /// The mean logarithm of the tokens' probabilities.
    pub mean_log: f32,
    /// Whether the text is a loop of the model's, however often it was tried.
    pub is_loop: bool,
    /// Until when the window was written down, in seconds; the rest has to be asked for again.
    pub until: f64,
}

impl Whisper {
    /// Reads `model.bin`, `config.json` and `vocabulary.json` of a folder.
    ///
    /// # Errors
    /// When one of them is missing or damaged, or is no Whisper model.
    pub fn open(folder: &Path) -> Result<Self, ModelError> {
        let vocabulary = Vocabulary::read(folder)?;
        let mut weights = Weights::read(&folder.join("model.bin"))?;
        let heads = |weights: &mut Weights, part: &str| {
            weights.take(&format!("{part}/num_heads"), []).map(|heads| heads[0] as usize)
        };
        let encoder_heads = heads(&mut weights, "encoder")?;
        let decoder_heads = heads(&mut weights, "decoder")?;
        let encoder = Encoder::new(&mut weights, encoder_heads)?;
        Ok(Self {
            mel: Mel::new(encoder.bands())?,
            encoder,
            decoder: Decoder::new(&mut weights, decoder_heads, vocabulary.alignment.clone())?,
            vocabulary,
        })
    }

    /// Listens to the first 30 s of a sound: samples from -1 to 1, 16 kHz. What comes of it takes 40 MB for Whisper base.
    ///
    /// # Errors
    /// See [`ModelError::Calculation`].
    pub fn listen(&self, sound: &[f32]) -> Result<Listened, ModelError> {
        let sound = &sound[..sound.len().min(mel::WINDOW)];
        let encoded = self.encoder.encode(&self.mel.spectrogram(sound)?)?;
        Ok(Listened { memory: self.decoder.remember(&encoded)?, seconds: sound.len() as f64 / RATE as f64 })
    }

    /// How likely each language (`en`, `de`, …) is that of each sound. Nothing of a model that knows English alone.
    ///
    /// # Errors
    /// See [`ModelError::Calculation`].
    pub fn languages(&self, sounds: &[Listened]) -> Result<Vec<Vec<(&str, f32)>>, ModelError> {
        let told = decode::languages(&self.decoder, &self.vocabulary, sounds)?;
        let named = |(token, probability)| (self.vocabulary.language(token), probability);
        Ok(told.into_iter().map(|told| told.into_iter().map(named).collect()).collect())
    }

    /// What is said in each sound, in this language.
    ///
    /// # Errors
    /// See [`ModelError::Calculation`].
    pub fn hear(&self, sounds: &[Listened], language: &str) -> Result<Vec<Heard>, ModelError> {
        let token = self.vocabulary.language_token(language);
        let heard = decode::decode(&self.decoder, &self.vocabulary, sounds, token)?;
        Ok(heard.iter().zip(sounds).map(|(heard, sound)| self.told(heard, sound.seconds, language)).collect())
    }

    /// In seconds.
    fn time(&self, timestamp: Token) -> f64 {
        f64::from(timestamp - self.vocabulary.first_timestamp) * rules::TICK
    }

    fn told(&self, hypothesis: &Hypothesis, seconds: f64, language: &str) -> Heard {
        let tokens = &hypothesis.tokens;
        // Two times at the end: another passage begins there, and the model stopped before it.
        let until = match tokens.as_slice() {
            [.., before, last]
                if self.vocabulary.is_timestamp(*before) && self.vocabulary.is_timestamp(*last) =>
            {
                self.time(*last)
            }
            _ => seconds,
        };
        let texts = align::texts(tokens, |token| self.vocabulary.is_text(token));
        let times = align::times(hypothesis, &texts, self.vocabulary.alignment.len(), until);
        let mut passages = Vec::new();
        // How many of the texts are in words already.
        let mut done = 0;
        let mut start = 0.0;
        for part in tokens.split_inclusive(|&token| self.vocabulary.is_timestamp(token)) {
            let (text, time) = match part.split_last() {
                Some((&last, text)) if self.vocabulary.is_timestamp(last) => (text, self.time(last)),
                _ => (part, seconds),
            };
            let mut words = Vec::new();
            for written in words::written(&self.vocabulary, text, language) {
                let of = &texts[done..done + written.tokens];
                let sum: f32 = of.iter().map(|&token| hypothesis.probabilities[token]).sum();
                let probability = sum / written.tokens as f32;
                // Attention wanders in pauses; the times that the model wrote around the passage do not.
                let within = |at: f64| at.clamp(start - AROUND, (time + AROUND).max(start - AROUND)).max(0.0);
                words.push(Word {
                    text: written.text.trim().to_owned(),
                    start: within(times[done]),
                    end: within(times[done + written.tokens]),
                    probability,
                });
                done += written.tokens;
            }
            words.retain(|word| !word.text.is_empty());
            if !words.is_empty() {
                passages.push(Passage { start, end: time, words });
            }
            start = time;
        }
        Heard {
            until,
            passages,
            no_speech: hypothesis.no_speech,
            mean_log: hypothesis.mean_log,
            is_loop: hypothesis.is_loop,
        }
    }
}
