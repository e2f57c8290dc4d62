//! What a DNG frame says of itself and of its clip: the tags of its first directory. DNG is TIFF 6.0; the tags are those
//! of Adobe's DNG 1.7.1 and CinemaDNG 1.1 specifications.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::color::{Balance, Matrix};
use crate::Timecode;

const DATE_TIME: u16 = 306;
const COLOR_MATRIX_1: u16 = 50721;
const COLOR_MATRIX_2: u16 = 50722;
const AS_SHOT_NEUTRAL: u16 = 50728;
const BASELINE_EXPOSURE: u16 = 50730;
const CALIBRATION_ILLUMINANT_2: u16 = 50779;
const TIME_CODES: u16 = 51043;
const FRAME_RATE: u16 = 51044;

/// Daylight, among the light sources of Exif.
const D65: f64 = 21.0;
/// What a camera counts of XYZ that sees linear sRGB, by rows: the inverse of IEC 61966-2-1's matrix.
const SRGB_OF_XYZ: [f64; 9] = [
    3.240_454_2,
    -1.537_138_5,
    -0.498_531_4,
    -0.969_266_0,
    1.876_010_8,
    0.041_556_0,
    0.055_643_4,
    -0.204_025_9,
    1.057_225_2,
];
/// Denominator of the fractions that are written.
const PARTS: f64 = 10_000.0;
/// The directory is expected within this many bytes of the start, or anywhere if the file is no longer.
const MOST_TAGS: u64 = 1 << 20;

/// What matters of a frame's tags.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Dng {
    /// Frames per second, as a fraction.
    pub(super) frame_rate: Option<(u32, u32)>,
    /// The label of this frame.
    pub(super) timecode: Option<Timecode>,
    /// When it was taken, by the camera's clock: `2026:02:21 14:30:00`.
    pub(super) taken_at: Option<String>,
    /// How its colours become those of a display.
    pub(super) balance: Balance,
}

impl Dng {
    /// Reads the tags of a file, and writes into them that its camera sees sRGB: some versions of ffmpeg balance white by
    /// the camera's matrix (9.0) and some do not (5.1), so that it is done here, once. A file without readable tags stays
    /// as it is: ffmpeg judges it.
    pub(super) fn prepare(path: &Path) -> io::Result<Self> {
        let mut file = File::options().read(true).write(true).open(path)?;
        let mut bytes = Vec::new();
        (&mut file).take(MOST_TAGS).read_to_end(&mut bytes)?;
        let Some(directory) = Directory::of(&bytes) else { return Ok(Self::default()) };
        for (at, values) in directory.of_a_display() {
            file.seek(SeekFrom::Start(at as u64))?;
            file.write_all(&values)?;
        }
        Ok(Self::read(&directory))
    }

    fn read(directory: &Directory<'_>) -> Self {
        let numbers = |tag| directory.numbers(tag);
        let three = |tag| <[f64; 3]>::try_from(numbers(tag)?).ok();
        let matrix = |tag| Matrix::of_rows(&numbers(tag)?);
        let second_is_daylight = numbers(CALIBRATION_ILLUMINANT_2).is_some_and(|light| light == [D65]);
        let daylight = matrix(COLOR_MATRIX_2).filter(|_| second_is_daylight);
        let exposure = numbers(BASELINE_EXPOSURE).and_then(|stops| stops.first().copied()).unwrap_or(0.0);
        Self {
            frame_rate: directory.fraction(FRAME_RATE).filter(is_frame_rate),
            timecode: directory.bytes(TIME_CODES).and_then(timecode),
            taken_at: directory.bytes(DATE_TIME).and_then(text),
            balance: Balance::new(
                three(AS_SHOT_NEUTRAL),
                daylight.or_else(|| matrix(COLOR_MATRIX_1)),
                exposure,
            ),
        }
    }
}

/// From a frame a second, as of plants that grow, to the fastest cameras.
fn is_frame_rate((frames, seconds): &(u32, u32)) -> bool {
    *seconds > 0 && (1.0..=1000.0).contains(&(f64::from(*frames) / f64::from(*seconds)))
}

/// SMPTE 331M: binary coded decimals, the frame first; bit 6 of it is the drop-frame flag.
fn timecode(bytes: &[u8]) -> Option<Timecode> {
    let &[frames, seconds, minutes, hours, ..] = bytes else { return None };
    let decimal = |byte: u8, tens: u8| (byte >> 4 & tens) * 10 + (byte & 0xf);
    let mark = if frames & 0x40 == 0 { ':' } else { ';' };
    let [hours, minutes, seconds, frames] =
        [decimal(hours, 3), decimal(minutes, 7), decimal(seconds, 7), decimal(frames, 3)];
    format!("{hours:02}:{minutes:02}:{seconds:02}{mark}{frames:02}").parse().ok()
}

fn text(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.trim_end_matches('\0').trim().to_owned())
}

/// The first directory of a TIFF file. Nothing in it is believed: every offset may lie anywhere.
struct Directory<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
    at: usize,
    entries: usize,
}

/// Where the values of a tag lie, and how each is coded.
struct Values {
    kind: u16,
    count: usize,
    size: usize,
    at: usize,
}

impl<'a> Directory<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let is_big_endian = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        let mut directory = Self { bytes, is_big_endian, at: 0, entries: 0 };
        let at = directory.u32(4)? as usize;
        directory.entries = usize::from(directory.u16(at)?).min(bytes.len() / 12);
        directory.at = at.checked_add(2)?;
        Some(directory)
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn values(&self, tag: u16) -> Option<Values> {
        let mut entries = (0..self.entries).map_while(|n| self.at.checked_add(n * 12));
        let entry = entries.find(|at| self.u16(*at) == Some(tag))?;
        let (kind, count) = (self.u16(entry + 2)?, self.u32(entry + 4)? as usize);
        let size = match kind {
            1 | 2 => 1,
            3 => 2,
            4 => 4,
            5 | 10 => 8,
            _ => return None,
        };
        let len = count.checked_mul(size)?;
        // Up to four bytes of values lie in the entry itself.
        let at = if len <= 4 { entry + 8 } else { self.u32(entry + 8)? as usize };
        self.bytes.get(at..at.checked_add(len)?)?;
        Some(Values { kind, count, size, at })
    }

    fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        let values = self.values(tag)?;
        self.bytes.get(values.at..values.at + values.count * values.size)
    }

    /// At most as many as a matrix has.
    fn numbers(&self, tag: u16) -> Option<Vec<f64>> {
        let values = self.values(tag)?;
        (0..values.count.min(9)).map(|n| self.number(values.kind, values.at + n * values.size)).collect()
    }

    fn number(&self, kind: u16, at: usize) -> Option<f64> {
        let signed = |at| self.u32(at).map(|bits| f64::from(bits.cast_signed()));
        let unsigned = |at| self.u32(at).map(f64::from);
        let number = match kind {
            3 => self.u16(at)?.into(),
            4 => unsigned(at)?,
            5 => unsigned(at)? / unsigned(at + 4)?,
            10 => signed(at)? / signed(at + 4)?,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }

    fn fraction(&self, tag: u16) -> Option<(u32, u32)> {
        let values = self.values(tag).filter(|values| matches!(values.kind, 5 | 10) && values.count > 0)?;
        Some((self.u32(values.at)?, self.u32(values.at + 4)?))
    }

    /// Where the colours of the camera are told, and what is to be there if it is to be taken for a display.
    fn of_a_display(&self) -> Vec<(usize, Vec<u8>)> {
        let srgb = [1.0; 3].map(|white| white * PARTS);
        let wanted = [
            (AS_SHOT_NEUTRAL, srgb.as_slice()),
            (COLOR_MATRIX_1, &SRGB_OF_XYZ.map(|cell| cell * PARTS)),
            (COLOR_MATRIX_2, &SRGB_OF_XYZ.map(|cell| cell * PARTS)),
        ];
        let coded = wanted.into_iter().filter_map(|(tag, numbers)| {
            let values = self.values(tag).filter(|values| values.count == numbers.len())?;
            let whole = |part: f64| self.coded(part.round() as i32);
            let fraction = |number: &f64| [whole(*number), whole(PARTS)].concat();
            matches!(values.kind, 5 | 10).then(|| (values.at, numbers.iter().flat_map(fraction).collect()))
        });
        coded.collect()
    }

    fn coded(&self, number: i32) -> [u8; 4] {
        if self.is_big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }
}

/// Reads everything that is read of a frame's bytes.
pub(crate) fn read_tags(bytes: &[u8]) {
    if let Some(directory) = Directory::of(bytes) {
        let _ = (Dng::read(&directory), directory.of_a_display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of three fractions for the neutral, as a signed or unsigned file of either byte order has it.
    fn file(order: &[u8; 2], u16: fn(u16) -> [u8; 2], u32: fn(u32) -> [u8; 4]) -> Vec<u8> {
        let mut file = [order.as_slice(), &u16(42), &u32(8), &u16(2)].concat();
        file.extend([u16(AS_SHOT_NEUTRAL).as_slice(), &u16(5), &u32(3), &u32(38)].concat());
        file.extend([u16(FRAME_RATE).as_slice(), &u16(10), &u32(1), &u32(62)].concat());
        file.extend(u32(0));
        file.extend([6, 10, 10, 10, 4, 10, 24_000, 1001].into_iter().flat_map(u32));
        file
    }

    #[test]
    fn both_byte_orders_are_read_and_what_is_told_of_colours_is_told_once() {
        for bytes in
            [file(b"II", u16::to_le_bytes, u32::to_le_bytes), file(b"MM", u16::to_be_bytes, u32::to_be_bytes)]
        {
            let path = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(path.path(), &bytes).unwrap();
            let dng = Dng::prepare(path.path()).unwrap();
            assert_eq!(dng.frame_rate, Some((24_000, 1001)));
            assert_eq!(dng.balance, Balance::new(Some([0.6, 1.0, 0.4]), None, 0.0));
            let again = Dng::prepare(path.path()).unwrap();
            assert_eq!(again, Dng { balance: Balance::default(), ..dng });
        }
    }

    #[test]
    fn labels_are_decimals_in_halves_of_bytes() {
        let label = |bytes: &[u8]| timecode(bytes).map(|code| code.to_string());
        assert_eq!(label(&[0x23, 0x59, 0x07, 0x10, 0, 0, 0, 0]).as_deref(), Some("10:07:59:23"));
        assert_eq!(label(&[0x52, 0x00, 0x01, 0x00]).as_deref(), Some("00:01:00;12"));
        assert_eq!(label(&[0x05, 0x7f, 0x00, 0x00]), None);
        assert_eq!(label(&[1, 2, 3]), None);
    }
}
