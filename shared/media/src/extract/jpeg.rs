//! JPEG out of the planar pictures that ffmpeg scaled, so that only the frames worth keeping are encoded.

use jpeg_encoder::{Encoder, EncodingError, ImageBuffer, JpegColorType, SamplingFactor};

/// Small text stays readable and a 1280 by 720 frame is about 100 kB.
pub(crate) const QUALITY: u8 = 82;

/// A full-range BT.601 4:2:0 picture as it came out of the pipe.
pub(super) struct Picture<'a> {
    width: usize,
    height: usize,
    planes: &'a [u8],
}

impl<'a> Picture<'a> {
    /// `None` when the bytes are not `width` by `height`, which are even.
    pub(super) fn new(width: u32, height: u32, planes: &'a [u8]) -> Option<Self> {
        let (width, height) = (width as usize, height as usize);
        (planes.len() == width * height * 3 / 2).then_some(Self { width, height, planes })
    }

    /// Variance of the Laplacian, a standard measure of focus (Pech-Pacheco and others, 2000).
    pub(super) fn sharpness(&self) -> f32 {
        let (mut sum, mut squares, mut count) = (0i64, 0i64, 0i64);
        let at = |row: usize, column: usize| i64::from(self.planes[row * self.width + column]);
        // Every second row: half the work, the same order of frames.
        for row in (1..self.height - 1).step_by(2) {
            for column in 1..self.width - 1 {
                let around =
                    at(row - 1, column) + at(row + 1, column) + at(row, column - 1) + at(row, column + 1);
                let edge = 4 * at(row, column) - around;
                (sum, squares, count) = (sum + edge, squares + edge * edge, count + 1);
            }
        }
        let count = count.max(1) as f64;
        (squares as f64 / count - (sum as f64 / count).powi(2)) as f32
    }

    /// Appends the JPEG to `out`.
    pub(super) fn encode(self, out: &mut Vec<u8>) -> Result<(), EncodingError> {
        let mut encoder = Encoder::new(out, QUALITY);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder.encode_image(self)
    }
}

impl ImageBuffer for Picture<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width as u16
    }

    fn height(&self) -> u16 {
        self.height as u16
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let row = usize::from(y);
        let (luma, chroma) = self.planes.split_at(self.width * self.height);
        let (blue, red) = chroma.split_at(chroma.len() / 2);
        let half = self.width / 2;
        let doubled = |plane: &[u8], out: &mut Vec<u8>| {
            let line = &plane[row / 2 * half..][..half];
            let start = out.len();
            out.resize(start + 2 * half, 0);
            for (pair, sample) in out[start..].chunks_exact_mut(2).zip(line) {
                pair.copy_from_slice(&[*sample; 2]);
            }
        };
        buffers[0].extend(&luma[row * self.width..][..self.width]);
        doubled(blue, &mut buffers[1]);
        doubled(red, &mut buffers[2]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_another_size_is_refused() {
        assert!(Picture::new(4, 4, &[0; 24]).is_some());
        assert!(Picture::new(4, 4, &[0; 23]).is_none());
    }

    #[test]
    fn edges_are_sharp_and_walls_are_not() {
        let mut planes = vec![128; 64 * 64 * 3 / 2];
        assert_eq!(Picture::new(64, 64, &planes).unwrap().sharpness(), 0.0);
        for (n, sample) in planes[..64 * 64].iter_mut().enumerate() {
            *sample = if n % 8 < 4 { 0 } else { 255 };
        }
        assert!(Picture::new(64, 64, &planes).unwrap().sharpness() > 1000.0);
    }
}
