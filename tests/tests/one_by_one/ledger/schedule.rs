//! What happens to the jobs of an account, and when: drawn by chance, the same for the same seed.

use domain::ids::VideoId;
use domain::plan::Plan;

/// The plans of an account in the three phases, and the longest of its jobs in milliseconds.
pub(super) fn terms(seed: u64) -> ([Plan; 3], u64) {
    const HOUR: u64 = 3_600_000;
    match seed % 5 {
        // Hours run out, credits are drawn, jobs are refused.
        0 => ([Plan::Free, Plan::Starter, Plan::Free], HOUR / 2),
        1 => ([Plan::Starter, Plan::Starter, Plan::Free], 2 * HOUR),
        2 => ([Plan::Starter, Plan::Pro, Plan::Starter], 3 * HOUR),
        // More than a hundred hours a month.
        3 => ([Plan::Max, Plan::Enterprise, Plan::Max], 20 * HOUR),
        _ => ([Plan::Pro, Plan::Max, Plan::Enterprise], 16 * HOUR),
    }
}

/// A generator of numbers that look random: SplitMix64.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// Something that is done to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It is probed, and its length set aside.
    Plan,
    /// It becomes ready.
    Finish,
    /// It gives up.
    Fail,
    /// Its owner stops it.
    Cancel,
    /// Its owner removes it.
    Remove,
    /// Its owner wants another attempt.
    Retry,
    /// Somebody notices how it ended.
    Settle,
}

/// A job and what is going to happen to it: steps that are done one after the other, or two at once.
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) id: VideoId,
    /// What the probe says.
    pub(super) length_ms: u64,
    /// What can be decoded.
    pub(super) decoded_ms: u64,
    /// Per phase.
    pub(super) steps: [Vec<Vec<Step>>; 3],
}

impl Job {
    pub(super) fn roll(dice: &mut Dice, number: u64, id: VideoId, longest_ms: u64) -> Self {
        use Step::{Cancel, Fail, Finish, Plan, Remove, Retry, Settle};
        let length_ms = if dice.roll(5) == 0 { dice.roll(40_000) } else { dice.roll(longest_ms) };
        let decoded_ms = if dice.roll(8) == 0 { dice.roll(2 * length_ms + 1) } else { length_ms };
        let end = match dice.roll(20) {
            0..9 => vec![vec![Finish]],
            9 => vec![vec![Finish, Fail]],
            10..12 => vec![vec![Finish, Cancel]],
            12 => vec![vec![Finish, Remove]],
            13..15 => vec![vec![Fail], vec![Retry], vec![Plan], vec![Finish]],
            15 => vec![vec![Fail, Retry], vec![Retry], vec![Plan, Cancel], vec![Finish]],
            16 => vec![vec![Fail]],
            17 => vec![vec![Plan, Cancel]],
            18 => vec![vec![Plan, Remove]],
            _ => vec![vec![Finish], vec![Remove]],
        };
        let begins = dice.roll(3) as usize;
        let ends = begins + dice.roll(3 - begins as u64) as usize;
        let mut steps: [Vec<Vec<Step>>; 3] = Default::default();
        if dice.roll(10) > 0 {
            steps[begins].push(vec![Plan]);
        }
        steps[ends].extend(end);
        // What was delivered once may be delivered again, long after.
        for _ in 0..dice.roll(3) {
            let late = [Plan, Finish, Fail, Settle][dice.roll(4) as usize];
            steps[ends + dice.roll(3 - ends as u64) as usize].push(vec![late]);
        }
        Self { number, id, length_ms, decoded_ms, steps }
    }
}
