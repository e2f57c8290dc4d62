//! Scenes between changes, each with the frame that stands for it and what was measured on it.

use domain::{
    analysis::{Rgb, Scene},
    time::Seconds,
};

use super::{FrameRef, Kept, Light, stretches::Shot};
use crate::{SegmentPlan, color::main_color, detect::Change};

/// A keyframe keeps this distance from hard cuts where it can, in seconds: encoders are at their worst there.
const CLEAR: f64 = 0.1;

/// Scenes that tile `0..length`, and their keyframes.
pub(super) fn tile(
    plan: &SegmentPlan,
    frames: &[Light],
    kept: &[Kept],
    changes: &[Change],
    length: f64,
) -> (Vec<Scene>, Vec<FrameRef>) {
    if frames.is_empty() || kept.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let firsts = std::iter::once(0).chain(changes.iter().map(|change| change.frame));
    let ends = changes.iter().map(|change| change.frame).chain([frames.len()]);
    let seconds = |frame: usize| frames.get(frame).map_or(length, |frame| plan.time_base.seconds(frame.pts));
    let scene = |(ordinal, (first, end)): (usize, (usize, usize))| {
        let calm_from = ordinal.checked_sub(1).map_or(0.0, |change| changes[change].until);
        let calm_until = changes.get(ordinal).map_or(length, |change| change.from);
        let own = inside(kept, first..end);
        let keyframe = keyframe(own, kept, calm_from, calm_until, first)?;
        let start = if ordinal == 0 { 0.0 } else { seconds(first) };
        let ends_at = if end == frames.len() { length } else { seconds(end) };
        let shot = Shot { time_base: plan.time_base, frames, range: first..end, end: ends_at };
        let scene = Scene {
            ordinal: ordinal as u32,
            start: Seconds::new(start),
            end: Seconds::new(ends_at),
            keyframe_at: Seconds::new(keyframe.at),
            main_color: color(if own.is_empty() { std::slice::from_ref(keyframe) } else { own }),
            brightness: mean(frames[first..end].iter().map(|frame| frame.luma)),
            motion: mean(frames[first + 1..end.max(first + 1)].iter().map(|frame| frame.change)),
            black: shot.black(),
            frozen: shot.frozen(),
        };
        Some((scene, FrameRef::from(keyframe)))
    };
    firsts.zip(ends).enumerate().filter_map(scene).unzip()
}

/// Those of `kept`, which is in order, that show one of `frames`.
fn inside(kept: &[Kept], frames: std::ops::Range<usize>) -> &[Kept] {
    let before = |frame: usize| kept.partition_point(|kept| kept.frame < frame);
    &kept[before(frames.start)..before(frames.end)]
}

/// The sharpest frame between the transitions; of equals, the one nearest to the middle. A scene too short to have
/// a frame of its own is shown by its neighbour.
fn keyframe<'a>(own: &'a [Kept], all: &'a [Kept], from: f64, until: f64, first: usize) -> Option<&'a Kept> {
    let middle = (from + until) / 2.0;
    let sharpest = |clear: f64| {
        let calm = own.iter().filter(|kept| kept.at >= from + clear && kept.at <= until - clear);
        calm.max_by(|a, b| {
            let nearer = (b.at - middle).abs().total_cmp(&(a.at - middle).abs());
            a.sharpness.total_cmp(&b.sharpness).then(nearer)
        })
    };
    let nearest = || {
        let next = all.partition_point(|kept| kept.frame < first);
        let around = &all[next.saturating_sub(1)..(next + 1).min(all.len())];
        around.iter().min_by_key(|kept| kept.frame.abs_diff(first))
    };
    sharpest(CLEAR).or_else(|| sharpest(0.0)).or(own.first()).or_else(nearest)
}

fn color(kept: &[Kept]) -> Rgb {
    let pixels: Vec<[u8; 3]> =
        kept.iter().flat_map(|kept| kept.thumbnail.chunks_exact(3)).map(|p| [p[0], p[1], p[2]]).collect();
    main_color(&pixels)
}

fn mean(values: impl ExactSizeIterator<Item = u16>) -> f32 {
    let count = values.len().max(1) as f64;
    let sum: u64 = values.map(u64::from).sum();
    (sum as f64 / count / 65_535.0) as f32
}
