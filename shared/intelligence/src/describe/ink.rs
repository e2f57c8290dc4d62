//! Black ink on white paper from a badly lit board: divide by the local background, then Otsu's threshold.
//!
//! The threshold is N. Otsu, "A threshold selection method from gray-level histograms" (1979). Dividing by a
//! wide local mean is the usual flat-field correction of scanned documents.

use image::{GrayImage, Luma};

/// The local background is the mean over a window of this part of the frame's shorter side: much wider than
/// a stroke, much narrower than a shadow across the board.
const WINDOW_PART: u32 = 12;

/// Share of ink on frames that carry text. Less is dirt, more is texture, and reading it would be wasted.
const INK_SHARE: std::ops::RangeInclusive<f32> = 0.002..=0.25;

/// The frame as black on white, or `None` when its share of ink is not that of text.
pub(super) fn extract(frame: &GrayImage) -> Option<GrayImage> {
    let (width, height) = frame.dimensions();
    let smooth = Sums::of(frame).means(1);
    let radius = (width.min(height) / WINDOW_PART / 2).max(2);
    let background = Sums::of(&smooth).means(radius);
    // Writing that is lighter than its surroundings is turned over first.
    let bright_on_dark = mean(&background) < 110.0;
    let flat = GrayImage::from_fn(width, height, |x, y| {
        let (ink, paper) =
            (f32::from(smooth.get_pixel(x, y).0[0]), f32::from(background.get_pixel(x, y).0[0]));
        let (ink, paper) = if bright_on_dark { (255.0 - ink, 255.0 - paper) } else { (ink, paper) };
        Luma([(ink / paper.max(1.0) * 200.0).min(255.0) as u8])
    });
    let threshold = otsu(&flat);
    let is_ink = |pixel: &Luma<u8>| pixel.0[0] <= threshold;
    let share = flat.pixels().filter(|pixel| is_ink(pixel)).count() as f32 / (width * height).max(1) as f32;
    if !INK_SHARE.contains(&share) {
        return None;
    }
    Some(GrayImage::from_fn(width, height, |x, y| Luma([if is_ink(flat.get_pixel(x, y)) { 0 } else { 255 }])))
}

/// Neighbouring pixels that differ by this much, out of 255, are an edge.
const EDGE: u8 = 40;
/// Share of edges above which a frame is texture all over. Measured at 720p: a page full of 12-pixel print has
/// 0.08, a board 0.01; static and cellular patterns 0.22 to 0.47, and Tesseract looks for letters in them for
/// minutes.
const TEXTURE: f32 = 0.18;

/// Whether the frame is so busy everywhere that no text could be read on it.
pub(super) fn is_texture(frame: &GrayImage) -> bool {
    let edges = frame
        .rows()
        .map(|row| {
            let levels: Vec<u8> = row.map(|pixel| pixel.0[0]).collect();
            levels.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) >= EDGE).count()
        })
        .sum::<usize>();
    edges as f32 / frame.len().max(1) as f32 > TEXTURE
}

fn mean(frame: &GrayImage) -> f32 {
    let sum: u64 = frame.pixels().map(|pixel| u64::from(pixel.0[0])).sum();
    sum as f32 / frame.len().max(1) as f32
}

/// The level that best parts the histogram in two: it makes the variance between the parts largest.
fn otsu(frame: &GrayImage) -> u8 {
    let mut histogram = [0u32; 256];
    frame.pixels().for_each(|pixel| histogram[usize::from(pixel.0[0])] += 1);
    let all: f64 = f64::from(frame.len() as u32);
    let total: f64 = (0u32..).zip(histogram).map(|(level, count)| f64::from(level) * f64::from(count)).sum();
    let (mut below, mut sum_below, mut best, mut best_level) = (0.0, 0.0, -1.0, 0);
    for (level, count) in (0u8..=255).zip(histogram) {
        below += f64::from(count);
        sum_below += f64::from(level) * f64::from(count);
        let above = all - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let distance = sum_below / below - (total - sum_below) / above;
        let variance = below * above * distance * distance;
        if variance > best {
            (best, best_level) = (variance, level);
        }
    }
    best_level
}

/// Summed-area table: the mean of any window in constant time.
struct Sums {
    table: Vec<u64>,
    width: u32,
    height: u32,
}

impl Sums {
    fn of(frame: &GrayImage) -> Self {
        let (width, height) = frame.dimensions();
        let stride = width as usize + 1;
        let mut table = vec![0u64; stride * (height as usize + 1)];
        for (y, row) in frame.rows().enumerate() {
            let mut sum = 0;
            for (x, pixel) in row.enumerate() {
                sum += u64::from(pixel.0[0]);
                table[(y + 1) * stride + x + 1] = table[y * stride + x + 1] + sum;
            }
        }
        Self { table, width, height }
    }

    /// Each pixel becomes the mean of the square window of `2 * radius + 1` around it.
    fn means(&self, radius: u32) -> GrayImage {
        let at = |x: u32, y: u32| self.table[y as usize * (self.width as usize + 1) + x as usize];
        GrayImage::from_fn(self.width, self.height, |x, y| {
            let (left, top) = (x.saturating_sub(radius), y.saturating_sub(radius));
            let (right, bottom) = ((x + radius + 1).min(self.width), (y + radius + 1).min(self.height));
            let sum = at(right, bottom) + at(left, top) - at(left, bottom) - at(right, top);
            Luma([(sum / u64::from((right - left) * (bottom - top))) as u8])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A board lit from the left, with or without strokes.
    fn shaded(strokes: bool) -> GrayImage {
        GrayImage::from_fn(640, 360, |x, y| {
            let light = 220.0 - x as f32 * 0.25;
            let stroke = strokes && x % 40 < 6 && y % 60 < 30;
            Luma([(if stroke { light * 0.5 } else { light }) as u8])
        })
    }

    #[test]
    fn strokes_are_black_in_light_and_in_shadow() {
        let ink = extract(&shaded(true)).unwrap();
        for x in [43, 323, 603] {
            assert_eq!(ink.get_pixel(x, 15).0[0], 0, "stroke at {x}");
            assert_eq!(ink.get_pixel(x + 20, 15).0[0], 255, "paper at {}", x + 20);
        }
    }

    #[test]
    fn small_print_is_no_texture_and_static_is() {
        // A stroke every 12 pixels on every line of the page.
        let print =
            GrayImage::from_fn(640, 360, |x, y| Luma([if x % 12 == 0 && y % 12 < 8 { 30 } else { 230 }]));
        let static_noise =
            GrayImage::from_fn(640, 360, |x, y| Luma([((x * 7919 + y * 104_729) % 251) as u8]));
        assert!(!is_texture(&print));
        assert!(is_texture(&static_noise));
    }

    #[test]
    fn an_empty_board_is_not_worth_reading() {
        assert!(extract(&GrayImage::from_pixel(640, 360, Luma([180]))).is_none());
    }
}
