use domain::time::Seconds;
use image::{Rgb as Pixel, RgbImage, codecs::jpeg::JpegEncoder};

use super::*;

const PAPER: [u8; 3] = [236, 238, 240];
const INK: [u8; 3] = [40, 42, 60];

/// A slide with so many lines of text of 14 pixels, in strokes as letters have them, as an encoder hands it on at that
/// quality, with grain of its own.
fn slide(lines: u32, quality: u8, grain: u32) -> RgbImage {
    let picture = RgbImage::from_fn(1280, 720, |x, y| {
        let (line, row) = (y / 40, y % 40);
        let is_text = line > 0 && line <= lines && row < 14 && (80..400).contains(&x);
        let is_stroke = is_text && (x % 8 < 2 || (row % 7 == 0 && x % 8 < 6));
        let noise = ((x * 7919 + y * 104_729 + grain * 31) % 7) as u8;
        Pixel(if is_stroke { INK } else { PAPER }.map(|channel| channel.saturating_add(noise)))
    });
    encoded(&picture, quality)
}

fn encoded(picture: &RgbImage, quality: u8) -> RgbImage {
    jpeg::decode(&written(picture, quality)).unwrap().into_rgb8()
}

fn written(picture: &RgbImage, quality: u8) -> Bytes {
    let mut jpeg = vec![];
    JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(picture).unwrap();
    jpeg.into()
}

fn scene(motion: f32) -> Scene {
    Scene {
        ordinal: 0,
        start: Seconds::new(0.0),
        end: Seconds::new(4.0),
        keyframe_at: Seconds::new(1.0),
        main_color: Rgb(236, 238, 240),
        brightness: 0.9,
        motion,
        black: vec![],
        frozen: vec![],
    }
}

async fn look(picture: &RgbImage) -> Look {
    Look::of(&scene(0.0), written(picture, 90)).await.unwrap()
}

#[tokio::test]
async fn a_slide_that_comes_back_is_the_same_and_one_with_another_line_is_not() {
    let first = look(&slide(5, 90, 0)).await;
    for (quality, grain) in [(90, 1), (75, 2), (60, 3)] {
        assert!(first.is_same(&look(&slide(5, quality, grain)).await), "quality {quality}");
    }
    for lines in [0, 3, 4, 6, 7] {
        assert!(!first.is_same(&look(&slide(lines, 90, 0)).await), "{lines} lines");
    }
}

#[tokio::test]
async fn one_more_word_in_grey_is_another_look() {
    let plain = slide(5, 90, 0);
    let mut more = plain.clone();
    for (x, y) in (600..660).flat_map(|x| (400..412).map(move |y| (x, y))).filter(|(x, _)| x % 6 < 2) {
        more.put_pixel(x, y, Pixel([150, 150, 150]));
    }
    assert!(!look(&plain).await.is_same(&look(&more).await));
}

#[tokio::test]
async fn a_bar_in_another_colour_of_the_same_light_is_another_look() {
    let bar = |color: [u8; 3]| {
        let mut chart = slide(2, 90, 0);
        for (x, y) in (800..840).flat_map(|x| (400..600).map(move |y| (x, y))) {
            chart.put_pixel(x, y, Pixel(color));
        }
        chart
    };
    // Of one luma, by BT.601.
    let (red, teal) = (look(&bar([200, 80, 80])).await, look(&bar([60, 140, 146])).await);
    assert!(!red.is_same(&teal));
    assert!(red.is_same(&red.clone()));
}

#[tokio::test]
async fn what_moves_is_not_called_still() {
    let keyframe = written(&slide(5, 90, 0), 90);
    let moving = async |motion: f32| Look::of(&scene(motion), keyframe.clone()).await.unwrap();
    assert!(moving(0.0).await.is_same(&moving(0.0015).await));
    assert!(moving(0.02).await.is_same(&moving(0.025).await));
    assert!(!moving(0.0).await.is_same(&moving(0.02).await));
    assert!(!moving(0.01).await.is_same(&moving(0.04).await));
}

#[tokio::test]
async fn each_is_like_the_first_of_its_kind() {
    let (a, b) = (look(&slide(5, 90, 0)).await, look(&slide(2, 90, 0)).await);
    let looks = [Some(a.clone()), Some(b.clone()), None, Some(a.clone()), Some(b), Some(a), None];
    assert_eq!(first_alike(&looks), [0, 1, 2, 0, 1, 0, 6]);
    assert_eq!(first_alike(&[]), Vec::<u32>::new());
}
