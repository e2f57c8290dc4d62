//! Which tokens may come next. As `whisper/decoding.py` of OpenAI's reference rules it: times come in pairs around each
//! passage and never go back.

use rten_simd::SimdOp;
use rten_vecmath::LogSoftmax;

use super::decoder::Token;
use super::vocabulary::Vocabulary;

/// The first passage begins within this: 1 s.
const LATEST_BEGINNING: Token = 50;

/// Seconds between two tokens of time.
pub(super) const TICK: f64 = 0.02;

/// Makes scores of the next token into logarithms of probabilities: -∞ for what may not come after `said`, which are
/// the tokens after the prompt. Nothing is said after `seconds`, where the sound ends.
pub(super) fn apply(vocabulary: &Vocabulary, said: &[Token], seconds: f64, scores: &mut [f32]) {
    let never = f32::NEG_INFINITY;
    let (end, times) = (vocabulary.end as usize, vocabulary.first_timestamp as usize);
    for &token in &vocabulary.suppressed {
        scores[token as usize] = never;
    }
    // Between the end of text and the times lie marks that a model is told, and never tells.
    scores[end + 1..times].fill(never);
    if said.is_empty() {
        for &token in &vocabulary.suppressed_at_first {
            scores[token as usize] = never;
        }
        scores[..times].fill(never);
        scores[times + LATEST_BEGINNING as usize + 1..].fill(never);
    }
    let is_time = |back: usize| said.len().checked_sub(back).map(|at| vocabulary.is_timestamp(said[at]));
    let was_time = is_time(1) == Some(true);
    let was_pair = was_time && is_time(2) != Some(false);
    if was_pair {
        scores[times..].fill(never);
    } else if was_time {
        scores[..end].fill(never);
    }
    if let Some(&last) = said.iter().rfind(|&&token| vocabulary.is_timestamp(token)) {
        // What ends a passage may begin the next; a passage has a length.
        let earliest = if was_time && !was_pair { last } else { last + 1 };
        scores[times..earliest as usize].fill(never);
    }
    let beyond = times + (seconds / TICK).ceil() as usize + 1;
    if let Some(beyond) = scores.get_mut(beyond..) {
        beyond.fill(never);
    }

    LogSoftmax::new_mut(scores).dispatch();
    let (texts, timestamps) = scores.split_at_mut(times);
    let likeliest_text = texts.iter().copied().fold(never, f32::max);
    let some_time = timestamps.iter().map(|score| score.exp()).sum::<f32>().ln();
    if some_time > likeliest_text {
        texts.fill(never);
    }
}
