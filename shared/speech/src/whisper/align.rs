//! When each word is said: the decoder's heads of alignment look at the sound of the word that they choose next. As
//! `whisper/timing.py` of OpenAI's reference follows them, by dynamic time warping.

use super::decode::Hypothesis;
use super::decoder::Token;
use super::encoder::POSITIONS;
use super::rules::TICK;

/// Positions whose median each position is replaced by.
const MEDIAN: usize = 7;

/// For each of the tokens at `chosen` (in order, indices into the hypothesis's tokens) when it begins, and at last when
/// the last of them ends, in seconds.
pub(super) fn times(hypothesis: &Hypothesis, chosen: &[usize], heads: usize, seconds: f64) -> Vec<f64> {
    let frames = ((seconds / TICK).ceil() as usize).clamp(1, POSITIONS);
    let end = hypothesis.tokens.len();
    let rows: Vec<&Vec<f32>> =
        chosen.iter().chain([&end]).filter_map(|&token| hypothesis.attention.get(token)).collect();
    let mut matrix = vec![0.0_f32; rows.len() * frames];
    for head in 0..heads {
        let mut weights: Vec<f32> = Vec::with_capacity(matrix.len());
        for row in &rows {
            let row = &row[head * POSITIONS..][..frames];
            let sum = row.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            weights.extend(row.iter().map(|weight| weight / sum));
        }
        standardise(&mut weights, frames);
        for (row, sum) in weights.chunks_exact(frames).zip(matrix.chunks_exact_mut(frames)) {
            smooth(row, sum);
        }
    }
    warp(&matrix, frames).into_iter().map(|frame| frame as f64 * TICK).collect()
}

/// Each position's weights over all tokens to mean 0 and variance 1, so that a position that everything looks at tells
/// nothing.
fn standardise(weights: &mut [f32], frames: usize) {
    let rows = (weights.len() / frames) as f32;
    for frame in 0..frames {
        let column = || weights.iter().skip(frame).step_by(frames);
        let mean = column().sum::<f32>() / rows;
        let variance = column().map(|weight| (weight - mean) * (weight - mean)).sum::<f32>() / rows;
        let deviation = variance.sqrt().max(1e-9);
        weights
            .iter_mut()
            .skip(frame)
            .step_by(frames)
            .for_each(|weight| *weight = (*weight - mean) / deviation);
    }
}

/// Adds the running median of a row, which is mirrored at its ends.
fn smooth(row: &[f32], sum: &mut [f32]) {
    let reach = (MEDIAN / 2) as isize;
    let last = row.len() as isize - 1;
    for (position, sum) in sum.iter_mut().enumerate() {
        let mut near = [0.0_f32; MEDIAN];
        for (offset, near) in (-reach..=reach).zip(&mut near) {
            let at = (position as isize + offset).abs();
            let at = if at > last { 2 * last - at } else { at };
            *near = row[at.clamp(0, last) as usize];
        }
        near.sort_unstable_by(f32::total_cmp);
        *sum += near[MEDIAN / 2];
    }
}

/// The position where each row begins on the path of most weight from the first row and position to the last.
fn warp(matrix: &[f32], frames: usize) -> Vec<usize> {
    #[derive(Clone, Copy)]
    enum From {
        Both,
        Row,
        Frame,
    }
    let rows = matrix.len() / frames;
    let mut cost = vec![f32::INFINITY; frames + 1];
    cost[0] = 0.0;
    let mut path = vec![From::Frame; rows * frames];
    for row in 0..rows {
        let mut diagonal = std::mem::replace(&mut cost[0], f32::INFINITY);
        for frame in 0..frames {
            let (above, before) = (cost[frame + 1], cost[frame]);
            let (least, from) = if diagonal < above && diagonal < before {
                (diagonal, From::Both)
            } else if above < before {
                (above, From::Row)
            } else {
                (before, From::Frame)
            };
            path[row * frames + frame] = from;
            diagonal = above;
            cost[frame + 1] = least - matrix[row * frames + frame];
        }
    }
    let mut begins = vec![0; rows];
    let (mut row, mut frame) = (rows.saturating_sub(1), frames - 1);
    loop {
        begins[row] = frame;
        match path[row * frames + frame] {
            From::Both if row > 0 && frame > 0 => (row, frame) = (row - 1, frame - 1),
            From::Row if row > 0 => row -= 1,
            From::Frame if frame > 0 => frame -= 1,
            From::Both | From::Row | From::Frame => break,
        }
    }
    begins
}

/// Indices of the tokens that are text.
pub(super) fn texts(tokens: &[Token], is_text: impl Fn(Token) -> bool) -> Vec<usize> {
    (0..tokens.len()).filter(|&token| is_text(tokens[token])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_begins_where_its_weight_does() {
        let frames = 6;
        #[rustfmt::skip]
        let matrix = [
             9.0,  9.0, -1.0, -1.0, -1.0, -1.0,
            -1.0, -1.0,  9.0, -1.0, -1.0, -1.0,
            -1.0, -1.0, -1.0,  9.0,  9.0,  9.0,
        ];
        assert_eq!(warp(&matrix, frames), [0, 2, 3]);
    }

    #[test]
    fn a_lone_spike_is_smoothed_away() {
        let mut sum = [0.0; 12];
        let mut row = [1.0; 12];
        row[5] = 50.0;
        smooth(&row, &mut sum);
        assert_eq!(sum, [1.0; 12]);
    }
}
