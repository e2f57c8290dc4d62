//! Black ink on white paper from a board in uneven light.
//!
//! Each pixel is compared with the ground around it, and the difference is stretched by the depth of the ink around
//! it: a flat-field correction as of scanned documents, with the local contrast of adaptive thresholding (Sauvola and
//! Pietikäinen, "Adaptive document image binarization", 2000), but without its threshold: Tesseract reads grey better.

use image::GrayImage;

use super::{
    cells::{Cells, Levels},
    grain,
};

/// Ink is deeper than the frame's noise by so many standard deviations,
const NOISE: f32 = 5.0;
/// and by this part of the ground, and so many levels out of 255: less is a smear.
const LEAST_SHARE: f32 = 0.06;
const LEAST_LEVELS: f32 = 2.0;
/// Deviations of noise that stay white.
const PAPER: f32 = 2.0;
/// A window says whether it is dark on light or light on dark with this at most: highlights and the dark behind a
/// board are no ink.
const LOUDEST: f32 = 60.0;
/// From this share on, what is lighter and what is darker than the ground are both taken for text: a title on a dark
/// bar has a tenth of a slide's words.
const MIXED: f32 = 0.08;

/// A frame's ink as black on white: what is darker than its ground, what is lighter, or one after the other, that with
/// more of it first. Empty when nothing stands out of its surroundings.
pub(super) fn extract(frame: &GrayImage) -> Vec<GrayImage> {
    let smooth = grain::smoothed(frame);
    let cells = Cells::of(&smooth);
    let noise = noise(&cells.levels);
    let (darker, lighter) = votes(&cells.levels, noise);
    let (dark, light) = ((Stroke::Dark, darker), (Stroke::Light, lighter));
    let (more, less) = if lighter > darker { (light, dark) } else { (dark, light) };
    let strokes = [more, less].into_iter().filter(|(_, vote)| *vote > MIXED * more.1);
    strokes.filter_map(|(stroke, _)| drawn(&smooth, &cells, noise, stroke)).collect()
}

/// Which way ink differs from its ground.
#[derive(Clone, Copy)]
enum Stroke {
    Dark,
    Light,
}

impl Stroke {
    fn depth(self, levels: &Levels) -> f32 {
        match self {
            Self::Dark => levels.darker,
            Self::Light => levels.lighter,
        }
    }

    fn sign(self) -> f32 {
        match self {
            Self::Dark => -1.0,
            Self::Light => 1.0,
        }
    }
}

/// The frame's strokes of one kind.
fn drawn(smooth: &GrayImage, cells: &Cells, noise: f32, stroke: Stroke) -> Option<GrayImage> {
    let inked = |levels: &&Levels| stroke.depth(levels) > least(levels, noise);
    let mut depths: Vec<f32> = cells.levels.iter().filter(inked).map(|levels| stroke.depth(levels)).collect();
    // Where there is no ink, the usual ink is missed, so that noise stays white.
    let typical = *median(&mut depths)?;
    let paper = PAPER * noise;
    let values: Vec<[f32; 2]> = cells
        .levels
        .iter()
        .map(|levels| {
            let black = if inked(&levels) { stroke.depth(levels) } else { typical.max(least(levels, noise)) };
            [levels.ground, 255.0 / (black - paper).max(1.0)]
        })
        .collect();
    let mut picture = smooth.clone();
    for (y, row) in (0..).zip(picture.rows_mut()) {
        for (pixel, [ground, gain]) in row.zip(cells.spread(&values, y)) {
            let depth = (f32::from(pixel.0[0]) - ground) * stroke.sign();
            pixel.0[0] = (255.0 - (depth - paper) * gain).clamp(0.0, 255.0) as u8;
        }
    }
    Some(picture)
}

/// Least depth of ink, in levels.
fn least(levels: &Levels, noise: f32) -> f32 {
    (NOISE * noise).max(LEAST_SHARE * levels.ground + LEAST_LEVELS)
}

/// How much is darker and how much is lighter than the ground around it.
fn votes(levels: &[Levels], noise: f32) -> (f32, f32) {
    let (mut darker, mut lighter) = (0.0, 0.0);
    for around in levels {
        let lead = around.lighter.min(LOUDEST) - around.darker.min(LOUDEST);
        if around.lighter.max(around.darker) <= least(around, noise) {
            continue;
        }
        if lead > 0.0 { lighter += lead } else { darker -= lead }
    }
    (darker, lighter)
}

/// Standard deviation of the calmer windows, those without writing; what is stored in whole levels has some.
fn noise(levels: &[Levels]) -> f32 {
    let mut spreads: Vec<f32> = levels.iter().map(|levels| levels.spread).collect();
    let calm = spreads.len() * 3 / 10;
    let (_, calm, _) = spreads.select_nth_unstable_by(calm, f32::total_cmp);
    calm.max(0.7)
}

fn median(values: &mut [f32]) -> Option<&f32> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| &*values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    /// A board lit from the left, dimly, with strokes of this share of the light.
    fn shaded(stroke: f32) -> GrayImage {
        GrayImage::from_fn(640, 360, |x, y| {
            let light = 160.0 - x as f32 * 0.15;
            let is_stroke = x % 40 < 4 && y % 60 < 30;
            Luma([(if is_stroke { light * stroke } else { light }) as u8])
        })
    }

    #[test]
    fn strokes_are_black_in_light_and_in_shadow_and_on_dark_boards() {
        for stroke in [0.5, 0.85, 1.6] {
            let pictures = extract(&shaded(stroke));
            assert_eq!(pictures.len(), 1);
            for x in [42, 322, 602] {
                let level = |x| pictures[0].get_pixel(x, 75).0[0];
                assert!(level(x) < 60 && level(x + 20) > 220, "{} and {} at {x}", level(x), level(x + 20));
            }
        }
    }

    #[test]
    fn a_light_title_on_dark_is_a_picture_of_its_own() {
        let (mut frame, title) = (shaded(0.5), shaded(1.6));
        frame.enumerate_pixels_mut().filter(|(_, y, _)| *y < 100).for_each(|(x, y, pixel)| {
            *pixel = *title.get_pixel(x, y);
        });
        let pictures = extract(&frame);
        assert_eq!(pictures.len(), 2);
        assert!(pictures[0].get_pixel(322, 195).0[0] < 60 && pictures[1].get_pixel(322, 15).0[0] < 60);
    }

    #[test]
    fn an_empty_board_is_not_worth_reading() {
        assert!(extract(&GrayImage::from_pixel(640, 360, Luma([180]))).is_empty());
        assert!(extract(&shaded(1.0)).is_empty());
    }

    #[test]
    fn tiny_frames_are_taken_too() {
        for (width, height) in [(1, 1), (3, 2), (1, 40)] {
            assert!(extract(&GrayImage::from_pixel(width, height, Luma([9]))).is_empty());
        }
    }
}
