//! From the colours that a stream counts in to those of JPEG.
//!
//! ffmpeg's scaler brings pictures to another matrix by way of RGB, which costs five times the scaling itself, and to
//! full range for as much as the scaling. So everything leaves it as the stream has it, and what is kept is converted
//! here.

use serde::{Deserialize, Serialize};

/// How red and blue weigh in luma.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matrix {
    /// ITU-R BT.601, and what ffmpeg takes untagged video for.
    #[default]
    Bt601,
    /// ITU-R BT.709: most of what is tagged at all.
    Bt709,
    /// ITU-R BT.2020, non-constant luminance.
    Bt2020,
}

impl Matrix {
    /// By ffmpeg's name of the colour space.
    pub(crate) fn of(color_space: &str) -> Self {
        match color_space {
            "bt709" => Self::Bt709,
            "bt2020nc" | "bt2020c" => Self::Bt2020,
            _ => Self::Bt601,
        }
    }

    /// What ffmpeg's scaler calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bt601 => "bt601",
            Self::Bt709 => "bt709",
            Self::Bt2020 => "bt2020",
        }
    }

    /// Weights of red and blue in luma.
    fn weights(self) -> (f64, f64) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
        }
    }

    /// Y, Cb and Cr in BT.601 of a colour difference of this matrix; luma of a grey is the same in all.
    fn to_bt601(self, blue: f64, red: f64) -> [f64; 3] {
        let (kr, kb) = self.weights();
        let (r, b) = (2.0 * (1.0 - kr) * red, 2.0 * (1.0 - kb) * blue);
        let g = -(kr * r + kb * b) / (1.0 - kr - kb);
        let (kr, kb) = Self::Bt601.weights();
        let luma = kr * r + (1.0 - kr - kb) * g + kb * b;
        [luma, (b - luma) / (2.0 * (1.0 - kb)), (r - luma) / (2.0 * (1.0 - kr))]
    }
}

/// Converts planar 4:2:0 pictures of video range (16 to 235) to those of JPEG: BT.601, full range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToJpeg {
    /// What Cb and Cr add to Y, Cb and Cr, in 1/[`ToJpeg::ONE`].
    blue: [i32; 3],
    red: [i32; 3],
}

impl ToJpeg {
    const ONE: i32 = 1 << 14;

    pub(crate) fn from(matrix: Matrix) -> Self {
        // Colour differences span 224 levels of video range, and 255 of JPEG's.
        let part = |part: f64| (part * 255.0 / 224.0 * f64::from(Self::ONE)).round() as i32;
        Self { blue: matrix.to_bt601(1.0, 0.0).map(part), red: matrix.to_bt601(0.0, 1.0).map(part) }
    }

    /// Converts in place. `planes` is a picture of even `width` and height: luma, then Cb, then Cr of half the size.
    pub(crate) fn convert(self, width: usize, planes: &mut [u8]) {
        let (luma, chroma) = planes.split_at_mut(planes.len() * 2 / 3);
        let (blue, red) = chroma.split_at_mut(chroma.len() / 2);
        let half = width / 2;
        let mut shift = vec![0i16; width];
        let rows = blue.chunks_exact_mut(half).zip(red.chunks_exact_mut(half));
        for (lines, (blue, red)) in luma.chunks_exact_mut(2 * width).zip(rows) {
            self.shift(blue, red, &mut shift);
            for line in lines.chunks_exact_mut(width) {
                lighten(line, &shift);
            }
            self.tint(blue, red);
        }
    }

    /// What the colours of a row of 4:2:0 add to the luma of its two lines.
    fn shift(self, blue: &[u8], red: &[u8], out: &mut [i16]) {
        let (from_blue, from_red) = (self.blue[0], self.red[0]);
        if from_blue == 0 && from_red == 0 {
            return;
        }
        for (pair, (blue, red)) in out.chunks_exact_mut(2).zip(blue.iter().zip(red)) {
            let sum = from_blue * centered(*blue) + from_red * centered(*red);
            pair.fill((sum / Self::ONE) as i16);
        }
    }

    fn tint(self, blue: &mut [u8], red: &mut [u8]) {
        let level = |sum: i32| ((sum + Self::ONE / 2 + 128 * Self::ONE) / Self::ONE).clamp(0, 255) as u8;
        for (blue, red) in blue.iter_mut().zip(red) {
            let (b, r) = (centered(*blue), centered(*red));
            *blue = level(self.blue[1] * b + self.red[1] * r);
            *red = level(self.blue[2] * b + self.red[2] * r);
        }
    }
}

fn centered(level: u8) -> i32 {
    i32::from(level) - 128
}

/// 219 levels to 255: 149/128, in 16 bits, so that sixteen samples fit in a register.
fn lighten(line: &mut [u8], shift: &[i16]) {
    for (sample, shift) in line.iter_mut().zip(shift) {
        let level = (u16::from(*sample).saturating_sub(16) * 149 + 64) >> 7;
        *sample = (level as i16 + shift).clamp(0, 255) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of 2 by 2 pixels of a colour given as R, G and B from 0 to 1.
    fn coded(matrix: Matrix, [r, g, b]: [f64; 3]) -> Vec<u8> {
        let (kr, kb) = matrix.weights();
        let luma = kr * r + (1.0 - kr - kb) * g + kb * b;
        let level = |value: f64, span: f64, zero: f64| (value * span + zero).round() as u8;
        let mut planes = vec![level(luma, 219.0, 16.0); 4];
        planes.push(level((b - luma) / (2.0 * (1.0 - kb)), 224.0, 128.0));
        planes.push(level((r - luma) / (2.0 * (1.0 - kr)), 224.0, 128.0));
        planes
    }

    #[test]
    fn every_matrix_gives_the_colours_that_were_coded() {
        for matrix in [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020] {
            for rgb in [[0.0; 3], [1.0; 3], [0.5; 3], [0.8, 0.2, 0.1], [0.1, 0.7, 0.3], [0.2, 0.2, 0.9]] {
                let mut planes = coded(matrix, rgb);
                ToJpeg::from(matrix).convert(2, &mut planes);
                let (kr, kb) = Matrix::Bt601.weights();
                let luma = kr * rgb[0] + (1.0 - kr - kb) * rgb[1] + kb * rgb[2];
                let wanted = [
                    luma * 255.0,
                    (rgb[2] - luma) / (2.0 * (1.0 - kb)) * 255.0 + 128.0,
                    (rgb[0] - luma) / (2.0 * (1.0 - kr)) * 255.0 + 128.0,
                ];
                let got = [planes[0], planes[4], planes[5]].map(f64::from);
                assert!(
                    got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 2.0),
                    "{matrix:?} {rgb:?} {got:?} {wanted:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_beyond_video_range_is_clipped() {
        let mut planes = vec![0, 255, 16, 235, 128, 128];
        ToJpeg::from(Matrix::Bt601).convert(2, &mut planes);
        assert_eq!(planes, [0, 255, 0, 255, 128, 128]);
    }
}
