//! Valid files of many containers, damaged in many ways, the same on every run.

use super::{super::generate::encoded, Case};

/// The minimal standard generator (Park and Miller, 1988).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 as usize % sides.max(1)
    }
}

/// Small enough that three hundred of them take little time; two keyframes a second.
const VALID: [(&str, &str); 9] = [
    ("a.mp4", "-c:v libx264 -preset ultrafast -bf 1 -g 6 -c:a aac"),
    ("first.mov", "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le -movflags +faststart"),
    (
        "parts.mp4",
        "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=6 -c:a aac -movflags frag_keyframe",
    ),
    ("a.mkv", "-c:v libx264 -preset ultrafast -g 6 -c:a flac"),
    ("a.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 6 -c:a libopus"),
    ("a.ts", "-c:v mpeg2video -g 6 -c:a mp2"),
    ("a.avi", "-c:v mpeg4 -g 6 -c:a libmp3lame"),
    ("a.mxf", "-c:v mpeg2video -r 24 -g 6 -c:a pcm_s16le"),
    ("a.mp3", "-vn -c:a libmp3lame"),
];

/// Where the numbers of MP4 are that a reader believes: box, offset behind its name.
const BOXES: [(&[u8; 4], usize); 16] = [
    (b"mvhd", 12),
    (b"mvhd", 16),
    (b"mdhd", 12),
    (b"mdhd", 16),
    (b"tkhd", 20),
    (b"tkhd", 76),
    (b"tkhd", 80),
    (b"avc1", 24),
    (b"stts", 4),
    (b"stts", 12),
    (b"stsz", 4),
    (b"stsz", 8),
    (b"stsc", 12),
    (b"stco", 8),
    (b"elst", 8),
    (b"ctts", 12),
];
const LIES: [u32; 2] = [u32::MAX, 0];

/// What it is called; id and size of the element; what is put behind them.
type Element = (&'static str, &'static [u8], &'static [&'static [u8]]);

/// Matroska elements that a reader believes.
const ELEMENTS: [Element; 4] = [
    (
        "Duration",
        &[0x44, 0x89, 0x88],
        &[&f64::MAX.to_be_bytes(), &f64::NAN.to_be_bytes(), &(-1f64).to_be_bytes(), &1e12f64.to_be_bytes()],
    ),
    ("TimestampScale", &[0x2a, 0xd7, 0xb1, 0x83], &[&[0xff; 3], &[0; 3]]),
    ("PixelWidth", &[0xb0, 0x82], &[&[0xff; 2], &[0; 2]]),
    ("Cues", &[0x1c, 0x53, 0xbb, 0x6b], &[&[0xff; 2], &[0x40, 0]]),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut dice = Dice(20_240_229);
    for (name, encode) in VALID {
        let small = format!("-t 1 -vf scale=160:90,fps=12 {encode}");
        let bytes = std::fs::read(&encoded(name, &small).path).unwrap();
        for (what, bytes) in random(&bytes, &mut dice).into_iter().chain(lies(&bytes)) {
            cases.push(Case { name: name.into(), what, bytes });
        }
    }
    cases
}

fn random(valid: &[u8], dice: &mut Dice) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let len = valid.len();
    for part in 0..8 {
        let cut = if part < 6 { len * (part + 1) / 7 } else { dice.below(len) };
        all.push((format!("cut at {cut}"), valid[..cut].to_vec()));
    }
    for round in 0..7 {
        let mut bytes = valid.to_vec();
        // Headers are small; half of the flips would never hit them.
        let (from, span) =
            [(0, len.min(1500)), (len.saturating_sub(1500), len.min(1500)), (0, len)][round % 3];
        for _ in 0..=round {
            bytes[from + dice.below(span)] ^= 1 << dice.below(8);
        }
        all.push((format!("bits flipped, round {round}"), bytes));
    }
    for round in 0..6 {
        let mut bytes = valid.to_vec();
        let from = dice.below(len);
        let until = (from + dice.below(len / 4 + 1)).min(len);
        match round % 3 {
            0 => bytes[from..until].fill(0),
            1 => drop(bytes.drain(from..until)),
            _ => bytes.extend_from_within(from..until),
        }
        all.push((format!("{from} to {until} zeroed, lost or repeated, round {round}"), bytes));
    }
    for round in 0..6 {
        let mut bytes = valid.to_vec();
        let edge = if round % 2 == 0 { 0 } else { len.saturating_sub(1200) };
        let at = edge + dice.below(len.min(1200) - 4);
        bytes[at..at + 4].copy_from_slice(&[u32::MAX, 0x7fff_ffff, 0][round % 3].to_be_bytes());
        all.push((format!("a lie at {at}"), bytes));
    }
    all
}

fn lies(valid: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for ((tag, offset), lie) in BOXES.iter().flat_map(|number| LIES.map(|lie| (number, lie))) {
        if let Some(bytes) = patched(valid, *tag, *offset, &lie.to_be_bytes()) {
            all.push((format!("{} {offset} {lie:x}", tag.escape_ascii()), bytes));
        }
    }
    // An index of 2 GB: all samples of one byte, and in one chunk.
    let index = patched(valid, b"stsz", 4, &[0, 0, 0, 1, 4, 0xc4, 0xb4, 0]);
    if let Some(bytes) = index.and_then(|bytes| patched(&bytes, b"stsc", 12, &80_000_000u32.to_be_bytes())) {
        all.push(("an index of 80 million samples".into(), bytes));
    }
    for (what, id, values) in ELEMENTS {
        for value in values {
            if let Some(bytes) = patched(valid, id, 0, value) {
                all.push((format!("{what} {value:x?}"), bytes));
            }
        }
    }
    // RIFF: frame duration, count, streams, width and height in `avih`; scale, rate and length in `strh`.
    for (tag, offset) in [
        (b"avih", 4),
        (b"avih", 20),
        (b"avih", 36),
        (b"avih", 40),
        (b"strh", 24),
        (b"strh", 28),
        (b"strh", 36),
        (b"strf", 8),
    ] {
        for lie in [u32::MAX, 1] {
            if let Some(bytes) = patched(valid, tag, offset, &lie.to_le_bytes()) {
                all.push((format!("{} {offset} {lie:x}", tag.escape_ascii()), bytes));
            }
        }
    }
    all
}

/// `valid` with `value` at `offset` behind every `tag`; `None` where there is none.
fn patched(valid: &[u8], tag: &[u8], offset: usize, value: &[u8]) -> Option<Vec<u8>> {
    let found: Vec<usize> = (0..valid.len()).filter(|at| valid[*at..].starts_with(tag)).collect();
    let mut bytes = valid.to_vec();
    for at in &found {
        let at = at + tag.len() + offset;
        bytes.get_mut(at..at + value.len())?.copy_from_slice(value);
    }
    (!found.is_empty()).then_some(bytes)
}
