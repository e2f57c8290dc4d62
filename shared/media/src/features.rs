//! What extraction tells [`crate::join()`] about a segment, and how it is stored.

use crate::{
    FormatError, Ticks, TimeBase,
    codec::Reader,
    detect::{CHROMA_BINS, Descriptor, LUMA_BINS, LUMA_BLOCKS, Motion, TINT_BLOCKS},
};

const MAGIC: [u8; 4] = *b"FQsf";
const VERSION: u16 = 3;
/// The picture that neighbouring frames are compared on, in pixels.
pub(crate) const MINI_PIXELS: usize = 64 * 36;
/// A candidate's colours: 16 by 9 pixels, sRGB.
pub(crate) const THUMBNAIL_BYTES: usize = 16 * 9 * 3;
const FRAME_BYTES: usize = 8 + 2 + 2 + 4 + 1 + 2 * (LUMA_BINS + CHROMA_BINS) + 2 * LUMA_BLOCKS + TINT_BLOCKS;
const CANDIDATE_BYTES: usize = 4 + 8 + 4 + 4 + THUMBNAIL_BYTES;

/// Everything measured in one segment. All times are ticks since the first displayed frame of the video.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentFeatures {
    /// Position in the plan.
    pub segment: u32,
    /// Unit of the times.
    pub time_base: TimeBase,
    /// Whether decoding broke off before the segment's end.
    pub damaged: bool,
    /// Samples of sound that the file really had, up to the last one; the rest of the segment's audio is silence.
    pub sound: u64,
    /// In display order.
    pub frames: Vec<FrameMeasure>,
    /// Frames kept as JPEG, in display order.
    pub candidates: Vec<Candidate>,
    pub(crate) first_mini: Vec<u8>,
    pub(crate) last_mini: Vec<u8>,
}

/// One frame in 497 bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameMeasure {
    /// When it is displayed.
    pub pts: Ticks,
    /// Mean luma, 0 to 65 535.
    pub luma: u16,
    /// Mean absolute luma change since the frame before it, 0 to 65 535; 0 in a segment's first frame.
    pub change: u16,
    pub(crate) motion: Motion,
    /// Whether it was considered for a JPEG.
    pub(crate) is_considered: bool,
    pub(crate) descriptor: Descriptor,
}

/// A frame kept as JPEG.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Index among the segment's frames.
    pub frame: u32,
    /// First byte in the segment's frames object.
    pub offset: u64,
    /// Bytes of the JPEG.
    pub len: u32,
    /// Variance of the Laplacian of its luma; only comparable within a scene.
    pub sharpness: f32,
    pub(crate) thumbnail: Box<[u8; THUMBNAIL_BYTES]>,
}

impl SegmentFeatures {
    /// The stored form. Equal features give equal bytes.
    pub fn encode(&self) -> Vec<u8> {
        let size = 64 + 2 * MINI_PIXELS;
        let mut out = Vec::with_capacity(
            size + self.frames.len() * FRAME_BYTES + self.candidates.len() * CANDIDATE_BYTES,
        );
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend(self.segment.to_le_bytes());
        out.extend(self.time_base.num.to_le_bytes());
        out.extend(self.time_base.den.to_le_bytes());
        out.push(self.damaged.into());
        out.extend(self.sound.to_le_bytes());
        out.extend((self.frames.len() as u32).to_le_bytes());
        for frame in &self.frames {
            frame.encode(&mut out);
        }
        if !self.frames.is_empty() {
            out.extend(&self.first_mini);
            out.extend(&self.last_mini);
        }
        out.extend((self.candidates.len() as u32).to_le_bytes());
        for candidate in &self.candidates {
            candidate.encode(&mut out);
        }
        out
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// When the bytes are not exactly what [`Self::encode`] writes: cut off, of another version, with frames out of
    /// order or candidates that point nowhere.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader(bytes);
        if reader.array()? != MAGIC || reader.u16()? != VERSION {
            return Err(FormatError::OtherVersion);
        }
        let segment = reader.u32()?;
        let time_base = TimeBase { num: reader.u32()?, den: reader.u32()? };
        let damaged = reader.u8()? != 0;
        let sound = reader.u64()?;
        let frames = (0..reader.count(FRAME_BYTES)?).map(|_| FrameMeasure::decode(&mut reader));
        let frames = frames.collect::<Result<Vec<_>, _>>()?;
        let mini_pixels = if frames.is_empty() { 0 } else { MINI_PIXELS };
        let first_mini = reader.take(mini_pixels)?.to_vec();
        let last_mini = reader.take(mini_pixels)?.to_vec();
        let candidates = (0..reader.count(CANDIDATE_BYTES)?).map(|_| Candidate::decode(&mut reader));
        let candidates = candidates.collect::<Result<Vec<_>, _>>()?;
        let features = Self { segment, time_base, damaged, sound, frames, candidates, first_mini, last_mini };
        features.check(reader.0)?;
        Ok(features)
    }

    fn check(&self, rest: &[u8]) -> Result<(), FormatError> {
        if !rest.is_empty() {
            return Err(FormatError::Nonsense("length"));
        }
        if self.time_base.num == 0 || self.time_base.den == 0 {
            return Err(FormatError::Nonsense("time base"));
        }
        if !self.frames.is_sorted_by(|a, b| a.pts < b.pts) {
            return Err(FormatError::Nonsense("order of frames"));
        }
        let points_somewhere = |c: &Candidate| (c.frame as usize) < self.frames.len();
        let in_order = self.candidates.is_sorted_by(|a, b| a.frame < b.frame);
        if !in_order || !self.candidates.iter().all(points_somewhere) {
            return Err(FormatError::Nonsense("table of candidates"));
        }
        let within = |c: &Candidate| c.offset.checked_add(c.len.into()).is_some() && c.sharpness.is_finite();
        if self.candidates.iter().all(within) { Ok(()) } else { Err(FormatError::Nonsense("byte range")) }
    }
}

impl FrameMeasure {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.pts.to_le_bytes());
        out.extend(self.luma.to_le_bytes());
        out.extend(self.change.to_le_bytes());
        out.extend(self.motion.x.to_le_bytes());
        out.extend(self.motion.y.to_le_bytes());
        out.extend(self.motion.rest.to_le_bytes());
        out.push(self.is_considered.into());
        let bins = self.descriptor.luma.iter().chain(&self.descriptor.chroma);
        out.extend(bins.flat_map(|bin| bin.to_le_bytes()));
        out.extend(self.descriptor.blocks);
        out.extend(self.descriptor.textures);
        out.extend(self.descriptor.tints);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        let (pts, luma, change) = (reader.i64()?, reader.u16()?, reader.u16()?);
        let [x, y] = reader.array()?.map(u8::cast_signed);
        let motion = Motion { x, y, rest: reader.u16()? };
        let is_considered = reader.u8()? != 0;
        let mut descriptor = Descriptor::default();
        for bin in descriptor.luma.iter_mut().chain(&mut descriptor.chroma) {
            *bin = reader.u16()?;
        }
        descriptor.blocks = reader.array()?;
        descriptor.textures = reader.array()?;
        descriptor.tints = reader.array()?;
        Ok(Self { pts, luma, change, motion, is_considered, descriptor })
    }
}

impl Candidate {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.frame.to_le_bytes());
        out.extend(self.offset.to_le_bytes());
        out.extend(self.len.to_le_bytes());
        out.extend(self.sharpness.to_le_bytes());
        out.extend(*self.thumbnail);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        Ok(Self {
            frame: reader.u32()?,
            offset: reader.u64()?,
            len: reader.u32()?,
            sharpness: f32::from_le_bytes(reader.array()?),
            thumbnail: Box::new(reader.array()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> SegmentFeatures {
        let frame = |pts| FrameMeasure {
            pts,
            luma: 7,
            change: 9,
            motion: Motion { x: -3, y: 2, rest: 5 },
            is_considered: pts == 20,
            descriptor: Descriptor::default(),
        };
        let thumbnail = Box::new([3; THUMBNAIL_BYTES]);
        SegmentFeatures {
            segment: 4,
            time_base: TimeBase { num: 1, den: 15_360 },
            damaged: true,
            sound: 160,
            frames: vec![frame(10), frame(20)],
            candidates: vec![Candidate { frame: 1, offset: 0, len: 9, sharpness: 2.5, thumbnail }],
            first_mini: vec![1; MINI_PIXELS],
            last_mini: vec![2; MINI_PIXELS],
        }
    }

    #[test]
    fn reads_what_it_writes() {
        assert_eq!(SegmentFeatures::decode(&sample().encode()), Ok(sample()));
    }

    #[test]
    fn refuses_every_prefix_and_a_longer_object() {
        let mut bytes = sample().encode();
        for len in 0..bytes.len() {
            assert!(SegmentFeatures::decode(&bytes[..len]).is_err(), "{len}");
        }
        bytes.push(0);
        assert_eq!(SegmentFeatures::decode(&bytes), Err(FormatError::Nonsense("length")));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(at in 0usize..6000, value: u8, tail in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut bytes = sample().encode();
            let at = at % bytes.len();
            bytes[at] = value;
            if let Ok(features) = SegmentFeatures::decode(&bytes) {
                prop_assert_eq!(features.encode().len(), bytes.len());
            }
            bytes.truncate(at);
            bytes.extend(tail);
            let _either = SegmentFeatures::decode(&bytes);
        }
    }
}
