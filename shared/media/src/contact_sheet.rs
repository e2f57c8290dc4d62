//! A whole video in one picture: the keyframes of its scenes side by side, under each the time at which its scene begins.

use std::io;

use bytes::Bytes;
use domain::time::Seconds;
use image::{ImageFormat, Rgb, RgbImage, imageops};
use jpeg_encoder::{ColorType, Encoder};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::{FormatError, MediaError, extract::QUALITY};

/// Ten by ten: of more people see nothing, and the sheet stays below 40 MB in memory.
const MOST: usize = 100;
/// The long side of a frame on the sheet, in pixels.
const LONG_SIDE: u32 = 320;
/// Between frames and around them, in pixels.
const GAP: u32 = 8;
const PAPER: u8 = 24;
const FONT: (FontWeight, RasterHeight) = (FontWeight::Regular, RasterHeight::Size20);
/// `12:34:56`, in characters: what a place holds also under an upright frame.
const LONGEST_TIME: u32 = 8;

/// Which of a video's scenes are on its sheet, by their places in its list: all, or evenly chosen ones of very many.
pub fn on_contact_sheet(scenes: usize) -> impl Iterator<Item = usize> {
    let shown = scenes.min(MOST);
    (0..shown).map(move |place| place * scenes / shown)
}

/// The sheet as JPEG, of the start and the keyframe of each scene on it. `None` without any. It is work for a thread of its
/// own: every keyframe is decoded.
///
/// # Errors
/// [`MediaError::Format`] when a keyframe is no JPEG.
pub fn contact_sheet(frames: &[(Seconds, Bytes)]) -> Result<Option<Vec<u8>>, MediaError> {
    let mut sheet = None;
    for (place, (start, jpeg)) in (0..).zip(frames) {
        let frame = image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg);
        let frame = frame.map_err(|_| FormatError::Nonsense("keyframe"))?.into_rgb8();
        let sheet = sheet.get_or_insert_with(|| Sheet::new(frames.len() as u32, frame.dimensions()));
        sheet.put(place, &frame, *start);
    }
    sheet.map(|sheet| sheet.encode()).transpose()
}

struct Sheet {
    canvas: RgbImage,
    columns: u32,
    /// Width and height of each frame on it, in pixels.
    frame: (u32, u32),
    /// From one frame's top left corner to the next one's.
    step: (u32, u32),
}

impl Sheet {
    /// With room for so many frames, which all have that size. It has about as many rows as columns, and so the shape of
    /// a frame.
    fn new(frames: u32, (width, height): (u32, u32)) -> Self {
        let scaled = |side: u32| (side * LONG_SIDE / width.max(height).max(1)).max(1);
        let frame = (scaled(width), scaled(height));
        let columns = frames.saturating_sub(1).isqrt() + 1;
        let label = (LONGEST_TIME * get_raster_width(FONT.0, FONT.1) as u32, FONT.1.val() as u32);
        let step = (frame.0.max(label.0) + GAP, frame.1 + label.1 + GAP);
        let size = (columns * step.0 + GAP, frames.div_ceil(columns) * step.1 + GAP);
        let canvas = RgbImage::from_pixel(size.0, size.1, Rgb([PAPER; 3]));
        Self { canvas, columns, frame, step }
    }

    fn put(&mut self, place: u32, frame: &RgbImage, start: Seconds) {
        let (left, top) =
            (GAP + place % self.columns * self.step.0, GAP + place / self.columns * self.step.1);
        let small = imageops::thumbnail(frame, self.frame.0, self.frame.1);
        imageops::replace(&mut self.canvas, &small, left.into(), top.into());
        let under = top + self.frame.1;
        imageops::replace(&mut self.canvas, &written(&start.to_string()), left.into(), under.into());
    }

    fn encode(self) -> Result<Vec<u8>, MediaError> {
        let (width, height) = self.canvas.dimensions();
        let mut jpeg = Vec::new();
        let encoder = Encoder::new(&mut jpeg, QUALITY);
        // Both sides are below 4096.
        let encoded = encoder.encode(&self.canvas, width as u16, height as u16, ColorType::Rgb);
        encoded.map_err(|error| MediaError::io("encode a JPEG")(io::Error::other(error)))?;
        Ok(jpeg)
    }
}

/// A line of text, light on paper.
fn written(text: &str) -> RgbImage {
    let letters: Vec<_> =
        text.chars().filter_map(|character| get_raster(character, FONT.0, FONT.1)).collect();
    let width = get_raster_width(FONT.0, FONT.1);
    RgbImage::from_fn((letters.len() * width) as u32, FONT.1.val() as u32, |x, y| {
        let (x, y) = (x as usize, y as usize);
        let ink = letters[x / width].pixel(x % width, y).unwrap_or_default();
        Rgb([ink.max(PAPER); 3])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of one colour.
    fn frame(width: u16, height: u16, color: [u8; 3]) -> Bytes {
        let pixels = color.repeat(usize::from(width) * usize::from(height));
        let mut jpeg = Vec::new();
        Encoder::new(&mut jpeg, QUALITY).encode(&pixels, width, height, ColorType::Rgb).unwrap();
        jpeg.into()
    }

    fn sheet(frames: &[(Seconds, Bytes)]) -> RgbImage {
        image::load_from_memory(&contact_sheet(frames).unwrap().unwrap()).unwrap().into_rgb8()
    }

    fn is_near(sheet: &RgbImage, at: (u32, u32), color: [u8; 3]) -> bool {
        sheet.get_pixel(at.0, at.1).0.iter().zip(color).all(|(a, b)| a.abs_diff(b) < 12)
    }

    #[test]
    fn frames_are_in_rows_with_their_times_under_them() {
        let colors = [[200, 30, 30], [30, 200, 30], [30, 30, 200]];
        let frames: Vec<_> =
            (0..3).map(|n| (Seconds::new(n as f64 * 65.0), frame(640, 360, colors[n]))).collect();
        let sheet = sheet(&frames);
        // Two columns and two rows of 320 by 180, 20 for the text, 8 between.
        assert_eq!(sheet.dimensions(), (2 * 328 + 8, 2 * 208 + 8));
        for (at, color) in [((168, 98), colors[0]), ((496, 98), colors[1]), ((168, 306), colors[2])] {
            assert!(is_near(&sheet, at, color), "{at:?}: {:?}", sheet.get_pixel(at.0, at.1));
        }
        assert!(is_near(&sheet, (496, 306), [PAPER; 3]), "the fourth place is empty");
        let light = |left: u32| {
            (left..left + 100)
                .any(|x| (188..208).any(|y| sheet.get_pixel(x, y).0.iter().all(|part| *part > 150)))
        };
        assert!(light(8) && light(336), "times are under the frames");
    }

    #[test]
    fn upright_frames_have_room_for_their_times() {
        let sheet = sheet(&[(Seconds::new(45_296.0), frame(72, 1280, [250, 200, 0]))]);
        let text = LONGEST_TIME * get_raster_width(FONT.0, FONT.1) as u32;
        assert_eq!(sheet.dimensions(), (text + 16, 320 + 20 + 16));
    }

    #[test]
    fn very_many_scenes_are_chosen_from_evenly() {
        assert_eq!(on_contact_sheet(0).count(), 0);
        assert_eq!(on_contact_sheet(3).collect::<Vec<_>>(), [0, 1, 2]);
        for scenes in [100, 101, 199, 5000] {
            let chosen: Vec<usize> = on_contact_sheet(scenes).collect();
            assert!(chosen.len() == MOST && chosen[0] == 0 && chosen[MOST - 1] < scenes, "{chosen:?}");
            let steps: Vec<usize> = chosen.windows(2).map(|two| two[1] - two[0]).collect();
            let even = scenes / MOST..=scenes.div_ceil(MOST);
            assert!(steps.iter().all(|step| *step > 0 && even.contains(step)), "{steps:?}");
        }
        let largest = Sheet::new(MOST as u32, (1280, 1280)).canvas;
        assert!(largest.width() < 4096 && largest.height() < 4096 && largest.len() < 40 << 20);
    }

    #[test]
    fn what_is_no_frame_is_refused_and_none_are_no_sheet() {
        assert!(matches!(contact_sheet(&[]), Ok(None)));
        let broken = contact_sheet(&[(Seconds::ZERO, Bytes::from_static(b"no JPEG"))]);
        assert!(matches!(broken, Err(MediaError::Format(_))), "{broken:?}");
    }
}
