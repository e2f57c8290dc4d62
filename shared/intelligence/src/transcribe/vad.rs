//! Finding speech: the WebRTC voice activity detector on frames of 30 ms, and rules that turn its flicker
//! into spans.
//!
//! 1. Pauses of up to 210 ms are within a span: they are plosives and breaths.
//! 2. A span with less than 150 ms of voice is a click and is dropped.
//! 3. Spans get one frame more on each side, because onsets are weak.
//! 4. A span of 20 s is split at the longest pause of its second half, so that what is recognised at once,
//!    and held in memory, is bounded.

use std::{io, ops::Range};

use webrtc_vad::{SampleRate, Vad, VadMode};

use super::pcm::{Pcm, Span};

/// Samples of a frame: 30 ms, the longest that the detector takes.
const FRAME: usize = 480;
const BRIDGED_PAUSE: usize = 7;
const LEAST_VOICE: usize = 5;
const PAD: u64 = 1;
const LONGEST: usize = 666;

/// The spans of a file that hold speech, in order and without overlap.
///
/// Reads the file once from its start, in constant memory.
pub(super) fn speech(pcm: &mut Pcm) -> io::Result<Vec<Span>> {
    let mut vad = Vad::new_with_rate_and_mode(SampleRate::Rate16kHz, VadMode::Aggressive);
    let mut frame = [0i16; FRAME];
    let mut runs = Runs::default();
    while pcm.next_frame(&mut frame)? {
        // The detector refuses only frames of another length.
        runs.push(vad.is_voice_segment(&frame).unwrap_or(false));
    }
    Ok(spans(&runs.finish()))
}

/// Turns one decision a frame into runs of frames.
#[derive(Default)]
struct Runs {
    frames: usize,
    /// Decisions from the first voiced frame of the open run on.
    open: Vec<bool>,
    pause: usize,
    done: Vec<Range<usize>>,
}

impl Runs {
    fn push(&mut self, voiced: bool) {
        self.frames += 1;
        if self.open.is_empty() && !voiced {
            return;
        }
        self.open.push(voiced);
        self.pause = if voiced { 0 } else { self.pause + 1 };
        if self.pause > BRIDGED_PAUSE {
            self.close(self.open.len());
        } else if self.open.len() >= LONGEST {
            self.close(longest_pause(&self.open));
        }
    }

    /// Ends the open run before its frame `at`; what follows begins the next one.
    fn close(&mut self, at: usize) {
        let first = self.frames - self.open.len();
        let rest = self.open.split_off(at);
        let voice = self.open.iter().filter(|voiced| **voiced).count();
        if voice >= LEAST_VOICE {
            let last = self.open.iter().rposition(|voiced| *voiced).unwrap_or(0);
            self.done.push(first..first + last + 1);
        }
        self.open = rest.into_iter().skip_while(|voiced| !voiced).collect();
        self.pause = self.open.iter().rev().take_while(|voiced| !**voiced).count();
    }

    fn finish(mut self) -> Vec<Range<usize>> {
        self.close(self.open.len());
        self.done
    }
}

/// The middle of the longest pause in the second half of a run, or its end when it has none.
fn longest_pause(run: &[bool]) -> usize {
    let mut best = (0, run.len());
    let mut pause = 0;
    for (at, voiced) in run.iter().enumerate().skip(run.len() / 2) {
        pause = if *voiced { 0 } else { pause + 1 };
        if pause > best.0 {
            best = (pause, at + 1 - pause / 2);
        }
    }
    best.1
}

fn spans(runs: &[Range<usize>]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::with_capacity(runs.len());
    for run in runs {
        let earliest = spans.last().map_or(0, |span| span.end);
        let start = ((run.start as u64).saturating_sub(PAD) * FRAME as u64).max(earliest);
        // A pad past the end of the file is harmless: reading stops at the end.
        spans.push(Span { start, end: (run.end as u64 + PAD) * FRAME as u64 });
    }
    // The next span begins where this one ends at the latest.
    for at in 1..spans.len() {
        spans[at - 1].end = spans[at - 1].end.min((runs[at].start * FRAME) as u64);
        spans[at].start = spans[at].start.max(spans[at - 1].end);
    }
    spans
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn runs(decisions: &[bool]) -> Vec<Range<usize>> {
        let mut runs = Runs::default();
        decisions.iter().for_each(|voiced| runs.push(*voiced));
        runs.finish()
    }

    fn frames(parts: &[(bool, usize)]) -> Vec<bool> {
        parts.iter().flat_map(|(voiced, count)| vec![*voiced; *count]).collect()
    }

    #[test]
    fn short_pauses_are_bridged_and_long_ones_part() {
        let decisions = frames(&[(false, 10), (true, 20), (false, 7), (true, 20), (false, 8), (true, 20)]);
        assert_eq!(runs(&decisions), [10..57, 65..85]);
    }

    #[test]
    fn clicks_are_dropped() {
        assert_eq!(
            runs(&frames(&[(true, 4), (false, 30), (true, 5), (false, 30), (true, 6)])),
            [34..39, 69..75]
        );
    }

    #[test]
    fn endless_speech_is_split_at_its_longest_pause() {
        let decisions = frames(&[(true, 400), (false, 5), (true, 100), (false, 2), (true, 300)]);
        let parts = runs(&decisions);
        assert_eq!(parts, [0..400, 405..807]);
    }

    proptest! {
        #[test]
        fn spans_are_ordered_apart_and_bounded(parts in prop::collection::vec((any::<bool>(), 1usize..900), 0..12)) {
            let decisions = frames(&parts);
            let runs = runs(&decisions);
            prop_assert!(runs.iter().all(|run| run.start < run.end && run.len() <= LONGEST));
            let spans = spans(&runs);
            prop_assert!(spans.iter().all(|span| span.start < span.end));
            prop_assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
    }
}
