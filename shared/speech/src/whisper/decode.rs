//! Token by token from encoded windows to what is said in them.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::decoder::{Decoder, Thread, Token};
use super::vocabulary::Vocabulary;
use super::{Listened, rules};
use crate::ModelError;
use crate::matrix::softmax;

/// Tokens that a window may have at most, as the reference has it: half of what the decoder holds.
const MOST_TOKENS: usize = 224;

/// Text that zlib makes this much smaller repeats itself (reference: 2.4),
const REPETITIVE: f64 = 2.4;
/// which people do as well, a list of prompts or a chorus: up to this, where the model is sure of it and came to an end.
const REPEATED_BY_PEOPLE: f64 = 3.5;
const SURE: f32 = -0.5;
/// Words of a lower mean logarithm of probability are guesses (reference: -1).
const UNSURE: f32 = -1.0;
/// Tried one after another until what is said is neither; the first takes the likeliest token, the others draw lots.
const TEMPERATURES: [f32; 4] = [0.0, 0.2, 0.4, 0.8];

/// What a window was heard to say.
pub(super) struct Hypothesis {
    /// Text and times.
    pub(super) tokens: Vec<Token>,
    /// The probability of each token.
    pub(super) probabilities: Vec<f32>,
    /// The mean of their logarithms.
    pub(super) mean_log: f32,
    /// How likely nothing is said at all.
    pub(super) no_speech: f32,
    /// Whether the text repeats itself as the model's loops do, and not as people do.
    pub(super) is_loop: bool,
    /// What was attended to when each token was chosen, and when the end was; see [`Thread::attention`].
    pub(super) attention: Vec<Vec<f32>>,
}

impl Hypothesis {
    fn is_good(&self) -> bool {
        !self.is_loop && self.mean_log >= UNSURE
    }
}

/// How likely each language is, by its token.
pub(super) fn languages(
    decoder: &Decoder,
    vocabulary: &Vocabulary,
    windows: &[Listened],
) -> Result<Vec<Vec<(Token, f32)>>, ModelError> {
    let mut threads: Vec<Thread<'_>> = windows.iter().map(|window| decoder.begin(&window.memory)).collect();
    let scores = step(decoder, &mut threads.iter_mut().collect::<Vec<_>>(), vocabulary.start)?;
    let languages = vocabulary.languages.clone();
    Ok(scores
        .chunks_exact(decoder.vocabulary())
        .map(|scores| {
            let mut scores = scores[languages.start as usize..languages.end as usize].to_vec();
            softmax(&mut scores);
            languages.clone().zip(scores).collect()
        })
        .collect())
}

/// What is said in each window, in this language (none for a model of English).
pub(super) fn decode(
    decoder: &Decoder,
    vocabulary: &Vocabulary,
    windows: &[Listened],
    language: Option<Token>,
) -> Result<Vec<Hypothesis>, ModelError> {
    let mut best: Vec<Option<Hypothesis>> = windows.iter().map(|_| None).collect();
    for temperature in TEMPERATURES {
        let open: Vec<usize> = (0..windows.len())
            .filter(|&window| !best[window].as_ref().is_some_and(Hypothesis::is_good))
            .collect();
        if open.is_empty() {
            break;
        }
        let asked: Vec<&Listened> = open.iter().map(|&window| &windows[window]).collect();
        for (window, hypothesis) in
            open.into_iter().zip(attempt(decoder, vocabulary, &asked, language, temperature)?)
        {
            let is_better = best[window].as_ref().is_none_or(|best| {
                (hypothesis.is_loop, -hypothesis.mean_log) < (best.is_loop, -best.mean_log)
            });
            if is_better {
                best[window] = Some(hypothesis);
            }
        }
    }
    Ok(best.into_iter().flatten().collect())
}

struct Attempt<'a> {
    window: &'a Listened,
    thread: Thread<'a>,
    tokens: Vec<Token>,
    probabilities: Vec<f32>,
    no_speech: f32,
    has_ended: bool,
    lots: Lots,
}

fn attempt(
    decoder: &Decoder,
    vocabulary: &Vocabulary,
    windows: &[&Listened],
    language: Option<Token>,
    temperature: f32,
) -> Result<Vec<Hypothesis>, ModelError> {
    let mut attempts = Vec::with_capacity(windows.len());
    for &window in windows {
        attempts.push(Attempt {
            window,
            thread: decoder.begin(&window.memory),
            tokens: Vec::new(),
            probabilities: Vec::new(),
            no_speech: 0.0,
            has_ended: false,
            lots: Lots(0x9E37_79B9_7F4A_7C15),
        });
    }
    let size = decoder.vocabulary();
    let mut scores = together(decoder, &mut attempts, vocabulary.start)?;
    for (attempt, scores) in attempts.iter_mut().zip(scores.chunks_exact(size)) {
        let mut scores = scores.to_vec();
        softmax(&mut scores);
        attempt.no_speech = scores[vocabulary.no_speech as usize];
    }
    if let Some(language) = language {
        together(decoder, &mut attempts, language)?;
        scores = together(decoder, &mut attempts, vocabulary.transcribe)?;
    }
    let prompt = attempts.first().map_or(0, |attempt| attempt.thread.length);
    let most = MOST_TOKENS.min(decoder.longest() - prompt);

    let mut running: Vec<usize> = (0..attempts.len()).collect();
    while !running.is_empty() {
        let mut next = Vec::with_capacity(running.len());
        for (&index, scores) in running.iter().zip(scores.chunks_exact_mut(size)) {
            let attempt = &mut attempts[index];
            rules::apply(vocabulary, &attempt.tokens, attempt.window.seconds, scores);
            let token = attempt.lots.choose(scores, temperature);
            attempt.has_ended = token == vocabulary.end;
            if !attempt.has_ended && attempt.tokens.len() < most {
                attempt.tokens.push(token);
                attempt.probabilities.push(scores[token as usize].exp());
                next.push((index, token));
            }
        }
        running = next.iter().map(|&(index, _)| index).collect();
        let tokens: Vec<Token> = next.iter().map(|&(_, token)| token).collect();
        let mut threads: Vec<&mut Thread<'_>> = attempts
            .iter_mut()
            .enumerate()
            .filter(|(index, _)| running.contains(index))
            .map(|(_, attempt)| &mut attempt.thread)
            .collect();
        if !threads.is_empty() {
            scores = decoder.step(&mut threads, &tokens)?;
        }
    }
    Ok(attempts.into_iter().map(|attempt| attempt.heard(vocabulary, prompt)).collect())
}

/// One step of every attempt with the same token.
fn together(decoder: &Decoder, attempts: &mut [Attempt<'_>], token: Token) -> Result<Vec<f32>, ModelError> {
    step(decoder, &mut attempts.iter_mut().map(|attempt| &mut attempt.thread).collect::<Vec<_>>(), token)
}

fn step(decoder: &Decoder, threads: &mut [&mut Thread<'_>], token: Token) -> Result<Vec<f32>, ModelError> {
    let tokens = vec![token; threads.len()];
    decoder.step(threads, &tokens)
}

impl Attempt<'_> {
    fn heard(mut self, vocabulary: &Vocabulary, prompt: usize) -> Hypothesis {
        let logs: f32 = self.probabilities.iter().map(|probability| probability.ln()).sum();
        // The end counts as a token, as the reference has it.
        let mean_log = logs / (self.tokens.len() + 1) as f32;
        let compression = compression(&vocabulary.bytes(&self.tokens));
        let is_people = self.has_ended && mean_log >= SURE && compression <= REPEATED_BY_PEOPLE;
        Hypothesis {
            is_loop: compression > REPETITIVE && !is_people,
            mean_log,
            no_speech: self.no_speech,
            // A token is chosen when the one before it, of the prompt for the first, was put in.
            attention: self.thread.attention.split_off(prompt - 1),
            tokens: self.tokens,
            probabilities: self.probabilities,
        }
    }
}

/// How many times smaller zlib makes a text.
fn compression(text: &[u8]) -> f64 {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let compressed = encoder.write_all(text).and_then(|()| encoder.finish());
    compressed.map_or(1.0, |compressed| text.len() as f64 / compressed.len().max(1) as f64)
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same lots for the same sound, whoever hears it.
struct Lots(u64);

impl Lots {
    /// The likeliest token, or one by lot, likelier ones more often. `logs` are logarithms of probabilities.
    fn choose(&mut self, logs: &[f32], temperature: f32) -> Token {
        if temperature == 0.0 {
            let best = logs.iter().enumerate().max_by(|(_, left), (_, right)| left.total_cmp(right));
            return best.map_or(0, |(token, _)| token as Token);
        }
        let weights: Vec<f32> = logs.iter().map(|log| (log / temperature).exp()).collect();
        let mut drawn = self.fraction() * weights.iter().sum::<f32>();
        for (token, weight) in weights.iter().enumerate() {
            drawn -= weight;
            if drawn <= 0.0 && *weight > 0.0 {
                return token as Token;
            }
        }
        weights.iter().rposition(|&weight| weight > 0.0).map_or(0, |token| token as Token)
    }

    /// From 0 to 1.
    fn fraction(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as f32 / u64::MAX as f32
    }
}
