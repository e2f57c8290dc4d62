//! Who speaks when: spans grouped by voice, the number of speakers found on the way.
//!
//! Agglomerative clustering with average linkage: the two nearest groups are merged until all are farther
//! apart than one speaker's voice goes. It cannot tell voices of like pitch and timbre, nor two people within
//! one span.

use super::voice::Voice;

/// Groups farther apart than this are different speakers. On the tuning half of `make bench-understanding`, voices of
/// two to four speakers, the error rate is least below it, and single voices of short sentences part below 9.5.
const APART: f32 = 10.5;
/// A voice that was heard for less than this, one sentence, is a speaker's own only when its pitch is: one sentence's
/// sounds say little about a timbre.
const SENTENCE_SECONDS: f32 = 4.0;
/// The pitch of one person's sentences stays within this many semitones.
const OWN_PITCH: f32 = 2.0;
/// The longest spans, at most so many, form the groups; the rest join the nearest. Keeps a day of speech
/// within a second of work.
const FOUNDERS: usize = 300;

/// The speaker of each span, numbered from 0 by first appearance. A span without a measurable voice belongs
/// to the speaker before it.
pub(super) fn assign(voices: &[Option<Voice>], seconds: &[f64]) -> Vec<u32> {
    let mut longest: Vec<usize> = (0..voices.len()).filter(|at| voices[*at].is_some()).collect();
    longest.sort_by(|a, b| seconds[*b].total_cmp(&seconds[*a]));
    longest.truncate(FOUNDERS);
    let founders: Vec<&Voice> = longest.iter().filter_map(|at| voices[*at].as_ref()).collect();
    let groups: Vec<Voice> = cluster(&founders)
        .iter()
        .map(|group| Voice::mean(&group.iter().map(|at| founders[*at]).collect::<Vec<_>>()))
        .collect();
    let groups = believed(groups);
    let nearest = |voice: &Voice| {
        let by_distance = |a: &&Voice, b: &&Voice| voice.distance(a).total_cmp(&voice.distance(b));
        let best = groups.iter().min_by(by_distance)?;
        groups.iter().position(|group| group == best)
    };
    let mut order: Vec<usize> = Vec::new();
    let mut speakers = Vec::with_capacity(voices.len());
    for voice in voices {
        let number =
            voice.as_ref().and_then(nearest).map(|group| match order.iter().position(|g| *g == group) {
                Some(known) => known,
                None => {
                    order.push(group);
                    order.len() - 1
                }
            });
        speakers.push(number.map_or_else(|| speakers.last().copied().unwrap_or(0), |number| number as u32));
    }
    speakers
}

/// The speakers of a soundtrack in pieces, of each of which the speakers are known: numbered from 0 by first appearance,
/// whoever sounds like a speaker of an earlier piece being that one. Two speakers of one piece stay two, and one without
/// a measurable voice is somebody new.
pub(super) fn link(pieces: &[Vec<Option<Voice>>]) -> Vec<Vec<u32>> {
    let mut known: Vec<Option<Voice>> = Vec::new();
    pieces
        .iter()
        .map(|piece| {
            let mut numbers = matched(&known, piece);
            for (number, voice) in numbers.iter_mut().zip(piece) {
                if number.is_none() {
                    *number = Some(known.len() as u32);
                    known.push(*voice);
                }
            }
            numbers.into_iter().flatten().collect()
        })
        .collect()
}

/// For each voice of a piece the known speaker that it is, nearest pairs first.
fn matched(known: &[Option<Voice>], piece: &[Option<Voice>]) -> Vec<Option<u32>> {
    let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
    for (speaker, a) in known.iter().enumerate().filter_map(|(at, voice)| Some((at, voice.as_ref()?))) {
        let voices = piece.iter().enumerate().filter_map(|(at, voice)| Some((at, voice.as_ref()?)));
        pairs.extend(voices.map(|(at, b)| (a.distance(b), speaker, at)));
    }
    pairs.retain(|(distance, ..)| *distance < APART);
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut numbers: Vec<Option<u32>> = vec![None; piece.len()];
    for (_, speaker, at) in pairs {
        let speaker = speaker as u32;
        if numbers[at].is_none() && !numbers.contains(&Some(speaker)) {
            numbers[at] = Some(speaker);
        }
    }
    numbers
}

/// The voices without those that are one sentence of another voice.
fn believed(voices: Vec<Voice>) -> Vec<Voice> {
    let others_pitch = |at: usize| {
        let others = voices
            .iter()
            .enumerate()
            .filter(|(other, voice)| *other != at && (voice.seconds >= SENTENCE_SECONDS || *other < at));
        others.map(|(_, other)| (other.pitch - voices[at].pitch).abs()).fold(f32::INFINITY, f32::min)
    };
    let is_own = |at: &usize| voices[*at].seconds >= SENTENCE_SECONDS || others_pitch(*at) >= OWN_PITCH;
    (0..voices.len()).filter(is_own).map(|at| voices[at]).collect()
}

/// Groups of indices into `voices`.
fn cluster(voices: &[&Voice]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..voices.len()).map(|at| vec![at]).collect();
    let mut distances: Vec<Vec<f32>> =
        voices.iter().map(|a| voices.iter().map(|b| a.distance(b)).collect()).collect();
    while let Some((a, b)) = nearest_pair(&distances) {
        // Lance and Williams: the average linkage of a merged group follows from those of its parts.
        let (size_a, size_b) = (groups[a].len() as f32, groups[b].len() as f32);
        let merged: Vec<f32> = distances[a]
            .iter()
            .zip(&distances[b])
            .map(|(to_a, to_b)| (size_a * to_a + size_b * to_b) / (size_a + size_b))
            .collect();
        for (row, distance) in distances.iter_mut().zip(&merged) {
            row[a] = *distance;
        }
        distances[a] = merged;
        let absorbed = groups.remove(b);
        groups[a].extend(absorbed);
        distances.remove(b);
        distances.iter_mut().for_each(|row| {
            row.remove(b);
        });
    }
    groups
}

/// The nearest two groups `(a, b)`, `a < b`, unless all are apart.
fn nearest_pair(distances: &[Vec<f32>]) -> Option<(usize, usize)> {
    let pairs = (0..distances.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    pairs
        .min_by(|x, y| distances[x.0][x.1].total_cmp(&distances[y.0][y.1]))
        .filter(|(a, b)| distances[*a][*b] < APART)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcribe::mfcc::COEFFICIENTS;

    fn voice(hz: f32, timbre: f32) -> Option<Voice> {
        Some(Voice { pitch: 12.0 * hz.log2(), timbre: [timbre; COEFFICIENTS], seconds: 3.5 })
    }

    #[test]
    fn high_and_low_voices_are_two_speakers_in_order_of_appearance() {
        let voices = [voice(210.0, 0.1), voice(95.0, 0.0), voice(201.0, 0.2), None, voice(99.0, 0.1)];
        assert_eq!(assign(&voices, &[2.0; 5]), [0, 1, 0, 0, 1]);
    }

    #[test]
    fn one_voice_is_one_speaker_and_silence_has_none() {
        let voices: Vec<_> = (0..40).map(|n| voice(120.0 + n as f32 * 0.2, 0.0)).collect();
        assert!(assign(&voices, &[1.0; 40]).iter().all(|speaker| *speaker == 0));
        assert!(assign(&[], &[]).is_empty());
        assert_eq!(assign(&[None, None], &[1.0; 2]), [0, 0]);
    }

    #[test]
    fn speakers_of_later_pieces_are_known_by_their_voices() {
        let pieces = [
            vec![voice(210.0, 0.1), voice(95.0, 0.0)],
            // The other way round, somebody new, and somebody who only whispers.
            vec![voice(97.0, 0.0), voice(205.0, 0.1), voice(400.0, 0.0), None],
            // Two like one stay two: the nearer one is the known one.
            vec![voice(104.0, 0.1), voice(95.0, 0.0), None],
        ];
        assert_eq!(link(&pieces), [vec![0, 1], vec![1, 0, 2, 3], vec![4, 1, 5]]);
        assert!(link(&[]).is_empty());
    }

    #[test]
    fn one_odd_sentence_is_no_speaker_unless_its_pitch_is_its_own() {
        let lines = |odd| [voice(100.0, 0.0), voice(101.0, 0.0), odd, voice(99.0, 0.0)];
        assert_eq!(assign(&lines(voice(100.0, 3.0)), &[3.5; 4]), [0, 0, 0, 0]);
        assert_eq!(assign(&lines(voice(190.0, 3.0)), &[3.5; 4]), [0, 0, 1, 0]);
    }

    #[test]
    fn more_spans_than_founders_are_assigned_too() {
        let voices: Vec<_> = (0..700).map(|n| voice(if n % 2 == 0 { 110.0 } else { 220.0 }, 0.0)).collect();
        let speakers = assign(&voices, &vec![1.0; 700]);
        assert!(speakers.iter().enumerate().all(|(n, speaker)| *speaker == n as u32 % 2));
    }
}
