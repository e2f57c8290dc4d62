//! JPEG out of the planar pictures that ffmpeg scaled, so that only the frames worth keeping are encoded.

mod bits;
mod blocks;
mod encoder;
mod head;

use std::ops::Range;

use crate::features::THUMBNAIL_BYTES;

pub(super) use encoder::Encoder;

/// Small text stays readable and a 1280 by 720 frame is about 100 kB.
pub(crate) const QUALITY: u8 = 82;

/// A full-range BT.601 4:2:0 picture as it came out of the pipe.
pub(super) struct Picture<'a> {
    width: usize,
    height: usize,
    planes: &'a [u8],
}

impl<'a> Picture<'a> {
    /// Whether the bytes are a picture of `width` by `height` pixels, which are even.
    pub(super) fn fits(width: u32, height: u32, planes: &[u8]) -> bool {
        planes.len() == width as usize * height as usize * 3 / 2
    }

    /// `planes` [fits](Self::fits).
    pub(super) fn new(width: u32, height: u32, planes: &'a [u8]) -> Self {
        Self { width: width as usize, height: height as usize, planes }
    }

    /// Variance of the Laplacian, a standard measure of focus (Pech-Pacheco and others, 2000).
    pub(super) fn sharpness(&self) -> f32 {
        let (mut sum, mut squares, mut count) = (0i64, 0i64, 0i64);
        let line = |row: usize| &self.planes[row * self.width..][..self.width];
        // Every second row: half the work, the same order of frames.
        for row in (1..self.height - 1).step_by(2) {
            let (edges, squared) = edges(line(row - 1), line(row), line(row + 1));
            (sum, squares) = (sum + i64::from(edges), squares + i64::from(squared));
            count += self.width as i64 - 2;
        }
        let count = count.max(1) as f64;
        (squares as f64 / count - (sum as f64 / count).powi(2)) as f32
    }

    /// 16 by 9 mean colours, sRGB.
    pub(super) fn thumbnail(&self) -> Box<[u8; THUMBNAIL_BYTES]> {
        let (luma, chroma) = self.planes.split_at(self.width * self.height);
        let (blue, red) = chroma.split_at(chroma.len() / 2);
        let (columns, rows) = (self.width / 2, self.height / 2);
        let mut thumbnail = Box::new([0; THUMBNAIL_BYTES]);
        for (place, pixel) in thumbnail.chunks_exact_mut(3).enumerate() {
            let (column, row) = (place % 16, place / 16);
            let mean = |plane: &[u8], columns: usize, rows: usize| {
                mean(plane, columns, part(row, 9, rows), part(column, 16, columns))
            };
            let luma = mean(luma, self.width, self.height);
            let (blue, red) = (mean(blue, columns, rows) - 128.0, mean(red, columns, rows) - 128.0);
            // JFIF 1.02.
            let colors = [luma + 1.402 * red, luma - 0.344_14 * blue - 0.714_14 * red, luma + 1.772 * blue];
            pixel.copy_from_slice(&colors.map(|level| level.round() as u8));
        }
        thumbnail
    }
}

/// Sum of the Laplacian over a line between its neighbours, and of its squares.
fn edges(above: &[u8], line: &[u8], below: &[u8]) -> (i32, u32) {
    let neighbours = above[1..].iter().zip(&below[1..]).zip(line.windows(3));
    neighbours.fold((0, 0), |(sum, squares), ((above, below), line)| {
        let around = [*above, *below, line[0], line[2]].map(i32::from);
        let edge = 4 * i32::from(line[1]) - around.iter().sum::<i32>();
        (sum + edge, squares + (edge * edge) as u32)
    })
}

/// Where part `n` of `parts` lies in `length`, at least one long.
fn part(n: usize, parts: usize, length: usize) -> Range<usize> {
    let first = (n * length / parts).min(length - 1);
    first..((n + 1) * length / parts).max(first + 1)
}

/// The mean level of a part of a plane in lines of `width`.
fn mean(plane: &[u8], width: usize, rows: Range<usize>, columns: Range<usize>) -> f32 {
    let count = rows.len() * columns.len();
    let lines = plane.chunks_exact(width).skip(rows.start).take(rows.len());
    let sums = lines.map(|line| line[columns.clone()].iter().map(|level| u32::from(*level)).sum::<u32>());
    sums.map(f64::from).sum::<f64>() as f32 / count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_another_size_does_not_fit() {
        assert!(Picture::fits(4, 4, &[0; 24]));
        assert!(!Picture::fits(4, 4, &[0; 23]));
    }

    #[test]
    fn edges_are_sharp_and_walls_are_not() {
        let mut planes = vec![128; 64 * 64 * 3 / 2];
        assert_eq!(Picture::new(64, 64, &planes).sharpness(), 0.0);
        for (n, sample) in planes[..64 * 64].iter_mut().enumerate() {
            *sample = if n % 8 < 4 { 0 } else { 255 };
        }
        assert!(Picture::new(64, 64, &planes).sharpness() > 1000.0);
    }

    #[test]
    fn a_thumbnail_has_the_colours_where_they_are() {
        // Red on the left, grey on the right; also of pictures smaller than itself.
        for (width, height) in [(64, 36), (4, 2)] {
            let luma = (0..width * height).map(|n| if n % width < width / 2 { 76 } else { 90 });
            let half = width / 2;
            let chroma =
                |red: u8| (0..half * height / 2).map(move |n| if n % half < half / 2 { red } else { 128 });
            let planes: Vec<u8> = luma.chain(chroma(85)).chain(chroma(255)).collect();
            let thumbnail = Picture::new(width, height, &planes).thumbnail();
            for (n, pixel) in thumbnail.chunks_exact(3).enumerate() {
                let wanted = if n % 16 < 8 { [254, 0, 0] } else { [90; 3] };
                assert!(pixel.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 2), "{n} {pixel:?}");
            }
        }
    }
}
