//! Telling whether a frame shows anything that the last frame did not.

use image::GrayImage;

/// Columns and rows of blocks. On 720p a block is 20 by 20 pixels, about one character of a slide.
const COLUMNS: u32 = 64;
const ROWS: u32 = 36;

/// Largest change of a block's mean luma, out of 255, between frames that show the same text. Grain with a
/// deviation of 10 moves the mean of 400 pixels by 0.5, one changed character by 10 or more.
const SAME: f32 = 4.0;

/// Mean luma of each block of a frame, less the frame's own mean, so that exposure changes do not count.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fingerprint(Vec<f32>);

impl Fingerprint {
    pub(super) fn of(frame: &GrayImage) -> Self {
        let mut sums = vec![(0u64, 0u64); (COLUMNS * ROWS) as usize];
        let (width, height) = frame.dimensions();
        for (y, row) in frame.rows().enumerate() {
            let first = (y as u64 * u64::from(ROWS) / u64::from(height)) as usize * COLUMNS as usize;
            for (x, pixel) in row.enumerate() {
                let column = (x as u64 * u64::from(COLUMNS) / u64::from(width)) as usize;
                if let Some((sum, count)) = sums.get_mut(first + column) {
                    *sum += u64::from(pixel.0[0]);
                    *count += 1;
                }
            }
        }
        let mut means: Vec<f32> =
            sums.iter().map(|(sum, count)| *sum as f32 / (*count).max(1) as f32).collect();
        let overall = means.iter().sum::<f32>() / means.len() as f32;
        means.iter_mut().for_each(|mean| *mean -= overall);
        Self(means)
    }

    /// Whether both frames show the same text.
    pub(super) fn is_near(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| (a - b).abs() <= SAME)
    }
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    fn board(ink: u32) -> GrayImage {
        GrayImage::from_fn(1280, 720, |x, y| {
            let grain = ((x * 7919 + y * 104_729) % 21) as u8;
            Luma([if y < 20 && x % 4 == 0 && x < ink { 20 } else { 210 + grain }])
        })
    }

    #[test]
    fn a_brighter_exposure_is_the_same_board_and_one_more_character_is_not() {
        let one_line = Fingerprint::of(&board(400));
        let mut brighter = board(400);
        brighter.pixels_mut().for_each(|pixel| pixel.0[0] = pixel.0[0].saturating_add(9));
        assert!(one_line.is_near(&Fingerprint::of(&brighter)));
        assert!(!one_line.is_near(&Fingerprint::of(&board(420))));
    }

    #[test]
    fn frames_smaller_than_the_grid_are_compared_too() {
        let tiny = Fingerprint::of(&GrayImage::from_pixel(3, 2, Luma([9])));
        assert!(tiny.is_near(&tiny.clone()));
    }
}
