//! A baseline JPEG encoder of 4:2:0 pictures that are planes already. `jpeg-encoder` wants lines of whole pixels, for which
//! the chroma is doubled only to be halved again, and takes twice the time; its quantization and its codes are taken over.

use super::{
    bits::Bits,
    blocks::{Block, Plane},
    head::{Codes, Head, Tables},
};
use crate::FormatError;

/// Encodes pictures of one size.
pub(crate) struct Encoder {
    width: usize,
    height: usize,
    head: Head,
}

impl Encoder {
    /// For pictures of that size in pixels, both even.
    pub(crate) fn new(width: u16, height: u16) -> Result<Self, FormatError> {
        let head = Head::new(width, height).ok_or(FormatError::Nonsense("head of a JPEG"))?;
        Ok(Self { width: width.into(), height: height.into(), head })
    }

    /// Appends the JPEG of `planes` to `out`: luma, then Cb and Cr of half the size in both directions.
    pub(crate) fn encode(&self, planes: &[u8], out: &mut Vec<u8>) {
        let (luma, chroma) = planes.split_at(self.width * self.height);
        let (blue, red) = chroma.split_at(chroma.len() / 2);
        let luma = Plane { levels: luma, width: self.width, height: self.height };
        let half = |levels| Plane { levels, width: self.width / 2, height: self.height / 2 };
        let (blue, red) = (half(blue), half(red));
        out.extend_from_slice(&self.head.bytes);
        let mut scan = Scan { bits: Bits::new(out), last: [0; 3] };
        let (bright, tinted) = (&self.head.luma, &self.head.chroma);
        for row in (0..self.height).step_by(16) {
            for column in (0..self.width).step_by(16) {
                for (down, right) in [(0, 0), (0, 8), (8, 0), (8, 8)] {
                    scan.write(0, &luma.block(column + right, row + down, &bright.steps), bright);
                }
                scan.write(1, &blue.block(column / 2, row / 2, &tinted.steps), tinted);
                scan.write(2, &red.block(column / 2, row / 2, &tinted.steps), tinted);
            }
        }
        scan.bits.finish();
    }
}

/// The entropy-coded part.
struct Scan<'a> {
    bits: Bits<'a>,
    /// DC of the last block of Y, Cb and Cr.
    last: [i16; 3],
}

impl Scan<'_> {
    fn write(&mut self, component: usize, block: &Block, tables: &Tables) {
        let dc = block.at(0);
        let change = dc - std::mem::replace(&mut self.last[component], dc);
        self.coefficient(change, 0, &tables.dc);
        let (mut place, mut ahead) = (0, block.filled & !1);
        while ahead != 0 {
            let next = ahead.trailing_zeros();
            ahead &= ahead - 1;
            let mut zeros = next - place - 1;
            while zeros > 15 {
                self.bits.put(tables.ac[0xf0]);
                zeros -= 16;
            }
            self.coefficient(block.at(next), zeros as u8, &tables.ac);
            place = next;
        }
        if place < 63 {
            self.bits.put(tables.ac[0]);
        }
    }

    /// One code for the zeros before it and its size, and then as many bits of it. Of a negative one they are those of one
    /// less.
    fn coefficient(&mut self, level: i16, zeros: u8, codes: &Codes) {
        let size = u16::BITS - level.unsigned_abs().leading_zeros();
        let (code, length) = codes[usize::from(zeros << 4 | size as u8)];
        let own = i32::from(level + (level >> 15)).cast_unsigned() & ((1 << size) - 1);
        self.bits.put((code << size | own, length + size));
    }
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::{ColorType, SamplingFactor};
    use proptest::prelude::*;

    use super::{super::QUALITY, *};

    /// Waves that become finer to the right and noisier to the bottom, in pale colours.
    fn view(width: usize, height: usize) -> Vec<u8> {
        let wave = |at: usize, length: f64| (at as f64 / length).sin();
        let mut noise = 1u32;
        let mut plane = |width: usize, height: usize, contrast: f64| -> Vec<u8> {
            let mut level = |x: usize, y: usize| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noisy = f64::from(noise >> 24) / 255.0 * y as f64 / height as f64;
                (128.0 + contrast * (wave(x * x / width, 9.0) + wave(x + y, 31.0) + noisy)) as u8
            };
            (0..width * height).map(|n| level(n % width, n / width)).collect()
        };
        [plane(width, height, 30.0), plane(width / 2, height / 2, 5.0), plane(width / 2, height / 2, 5.0)]
            .concat()
    }

    /// Whole pixels of Y, Cb and Cr.
    fn pixels(width: usize, planes: &[u8]) -> Vec<u8> {
        let (luma, chroma) = planes.split_at(planes.len() * 2 / 3);
        let (blue, red) = chroma.split_at(chroma.len() / 2);
        let half = |n: usize| n / width / 2 * (width / 2) + n % width / 2;
        (0..luma.len()).flat_map(|n| [luma[n], blue[half(n)], red[half(n)]]).collect()
    }

    fn ours(width: u16, height: u16, planes: &[u8]) -> Vec<u8> {
        let mut jpeg = Vec::new();
        Encoder::new(width, height).unwrap().encode(planes, &mut jpeg);
        jpeg
    }

    fn theirs(width: u16, height: u16, planes: &[u8]) -> Vec<u8> {
        let mut jpeg = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, QUALITY);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder.encode(&pixels(width.into(), planes), width, height, ColorType::Ycbcr).unwrap();
        jpeg
    }

    fn decoded(jpeg: &[u8]) -> image::RgbImage {
        image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg).unwrap().into_rgb8()
    }

    /// Mean squared error of the luma of a decoded picture.
    fn error(jpeg: &[u8], planes: &[u8]) -> f64 {
        let decoded = decoded(jpeg);
        let luma = decoded.pixels().map(|pixel| {
            let [r, g, b] = pixel.0.map(f64::from);
            0.299 * r + 0.587 * g + 0.114 * b
        });
        let sum: f64 = luma.zip(planes).map(|(got, wanted)| (got - f64::from(*wanted)).powi(2)).sum();
        sum / f64::from(decoded.width() * decoded.height())
    }

    #[test]
    fn it_is_as_large_and_as_true_as_that_of_the_other_encoder() {
        let planes = view(640, 360);
        let (ours, theirs) = (ours(640, 360, &planes), theirs(640, 360, &planes));
        assert!(ours.len().abs_diff(theirs.len()) < theirs.len() / 50, "{} {}", ours.len(), theirs.len());
        let errors = (error(&ours, &planes), error(&theirs, &planes));
        assert!(errors.0 < errors.1 * 1.01, "{errors:?}");
    }

    #[test]
    fn the_markers_are_those_of_the_other_encoder() {
        let planes = view(34, 18);
        let (ours, theirs) = (ours(34, 18, &planes), theirs(34, 18, &planes));
        let scan = ours.windows(2).position(|marker| marker == [0xff, 0xda]).unwrap() + 14;
        assert_eq!(ours[..scan], theirs[..scan]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_picture_can_be_read_again(width in 1usize..30, height in 1usize..30, seed: u32, contrast in 0u32..3) {
            let (width, height) = (2 * width, 2 * height);
            let mut noise = seed;
            let planes: Vec<u8> = (0..width * height * 3 / 2)
                .map(|_| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    // Grey, noise, or nothing between black and white.
                    [128, (noise >> 24) as u8, if noise >> 31 == 0 { 0 } else { 255 }][contrast as usize]
                })
                .collect();
            let (width, height) = (width as u16, height as u16);
            let (ours, theirs) = (ours(width, height, &planes), theirs(width, height, &planes));
            let (ours, theirs) = (decoded(&ours), decoded(&theirs));
            prop_assert_eq!(ours.dimensions(), (width.into(), height.into()));
            let sum: u64 = ours.iter().zip(theirs.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            // Of noise every coefficient may be rounded the other way.
            prop_assert!(sum <= 8 * ours.len() as u64, "{} of {}", sum, ours.len());
        }
    }
}
