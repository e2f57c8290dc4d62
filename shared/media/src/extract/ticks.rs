//! Which frames are worth a JPEG: one a second, and those in the half seconds around a change. The rule looks at the
//! whole video's frames, so that the grid of segments does not show in it.

use crate::TimeBase;

/// Frames considered, a second: one of each half. A third costs a fiftieth of the decode.
pub(crate) const PER_SECOND: u32 = 2;
/// Between two considered frames, this distance counts as a change; the cut detector's own threshold.
const CHANGE: f32 = 0.13;
const BEFORE: usize = 1;
const AFTER: usize = 1;

/// ffmpeg's expression for a considered frame: the first of its tick. Where B frames lack their loop filter, they are
/// passed over, unless a whole tick went by without another. It depends on the ticks of frames alone, and not on
/// where decoding began.
pub(super) fn selection(base: TimeBase, spares_filter: bool) -> String {
    let per_tick = format!("{}/{}", u64::from(base.num) * u64::from(PER_SECOND), base.den);
    let passed_over = if spares_filter { "eq(pict_type,B)" } else { "0" };
    format!(
        "isnan(prev_selected_pts)+gt(floor(pts*{per_tick})-floor(prev_selected_pts*{per_tick}),{passed_over})"
    )
}

/// Whether the considered frame `tick` is the last before a change, or one of the first two after it: the very first
/// may still be blended. `changes[n]` is the distance between the considered frames n - 1 and n; what is not known
/// counts as a change.
pub(crate) fn is_near_change(changes: &[f32], tick: usize) -> bool {
    let near = tick.saturating_sub(AFTER)..=tick + BEFORE;
    near.into_iter().any(|n| changes.get(n).is_none_or(|change| *change > CHANGE))
}

/// How many considered frames must follow before [`is_near_change`] is decided.
pub(super) const LOOK_AHEAD: usize = BEFORE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_around_a_change_are_kept() {
        let changes = [0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let kept: Vec<usize> = (0..9).filter(|tick| is_near_change(&changes, *tick)).collect();
        assert_eq!(kept, [4, 5, 6]);
    }
}
