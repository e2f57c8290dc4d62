//! Boxes on one scale: fractions of the picture, as they were asked for. Models also answer in the units that they were
//! trained on: pixels (Qwen2.5-VL, of the picture as they see it) or thousandths (Qwen2-VL and 3-VL, Gemini).

use domain::analysis::Detection;

use super::reply::{Edges, Thing};

/// How far over the picture's edge is an inaccuracy, as a share of the picture.
const OVER: f32 = 0.05;
/// Boxes narrower or lower than this share of the picture are slips.
const THINNEST: f32 = 0.004;
/// Objects of one keyframe.
const MOST: usize = 30;
/// Characters of a name; more is no name.
const LONGEST_NAME: usize = 60;
/// Of a model that does not say how sure it is: neither sure nor unsure.
const UNSAID_CONFIDENCE: f32 = 0.5;

/// What one unit of a box is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scale {
    width: f32,
    height: f32,
}

const FRACTIONS: Scale = Scale { width: 1.0, height: 1.0 };
const THOUSANDTHS: Scale = Scale { width: 1_000.0, height: 1_000.0 };

type Corners = [f32; 4];

/// The objects whose boxes lie in a picture of `width` by `height` pixels. The others are dropped.
pub(super) fn place(things: Vec<Thing>, width: u32, height: u32) -> Vec<Detection> {
    let pixels = Scale { width: width as f32, height: height as f32 };
    let boxes: Vec<Corners> = things.iter().map(|thing| corners(thing.edges)).collect();
    let scale = scale(&boxes, pixels);
    let placed = things.iter().zip(boxes).filter_map(|(thing, corners)| detection(thing, corners, scale));
    placed.take(MOST).collect()
}

fn corners(edges: Edges) -> Corners {
    match edges {
        Edges::Named { left, top, right, bottom } => [left, top, right, bottom],
        Edges::Listed(corners) => corners,
    }
}

impl Scale {
    fn fits(self, [left, top, right, bottom]: &Corners) -> bool {
        let within = |value: f32, length: f32| (-OVER * length..=(1.0 + OVER) * length).contains(&value);
        [left, right].iter().all(|x| within(**x, self.width))
            && [top, bottom].iter().all(|y| within(**y, self.height))
    }
}

/// The scale of an answer: the smallest that most of its boxes fit. A picture is not higher than 1000 pixels and mostly
/// lower, so that an object in its lower part, as there is one in nearly every picture, tells thousandths from pixels.
fn scale(boxes: &[Corners], pixels: Scale) -> Scale {
    let most_fit =
        |scale: &Scale| 2 * boxes.iter().filter(|corners| scale.fits(corners)).count() > boxes.len();
    if most_fit(&FRACTIONS) {
        return FRACTIONS;
    }
    let all_fit =
        boxes.iter().filter(|corners| THOUSANDTHS.fits(corners)).all(|corners| pixels.fits(corners));
    if all_fit { pixels } else { THOUSANDTHS }
}

fn detection(thing: &Thing, corners: Corners, scale: Scale) -> Option<Detection> {
    let name = thing.name.trim().to_lowercase();
    let is_name = !name.is_empty() && name.chars().count() <= LONGEST_NAME;
    if !is_name || !scale.fits(&corners) {
        return None;
    }
    let [left, top, right, bottom] = corners;
    let [left, right] = [left, right].map(|x| (x / scale.width).clamp(0.0, 1.0));
    let [top, bottom] = [top, bottom].map(|y| (y / scale.height).clamp(0.0, 1.0));
    let (width, height) = (right - left, bottom - top);
    let confidence = thing.confidence.filter(|sure| (0.0..=1.0).contains(sure)).unwrap_or(UNSAID_CONFIDENCE);
    (width >= THINNEST && height >= THINNEST).then_some(Detection {
        name,
        x: left,
        y: top,
        width,
        height,
        confidence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(corners: Corners) -> Thing {
        Thing { name: " Red Car ".to_owned(), confidence: Some(0.9), edges: Edges::Listed(corners) }
    }

    /// Boxes on a picture of 1000 by 500 pixels, in percent of it.
    fn placed(boxes: &[Corners]) -> Vec<[i32; 4]> {
        let detections = place(boxes.iter().map(|corners| thing(*corners)).collect(), 1_000, 500);
        let percent = |value: f32| (value * 100.0).round() as i32;
        detections.iter().map(|d| [percent(d.x), percent(d.y), percent(d.width), percent(d.height)]).collect()
    }

    #[test]
    fn fractions_pixels_and_thousandths_are_told_apart() {
        let expected = [[10, 20, 30, 40], [50, 60, 25, 40]];
        assert_eq!(placed(&[[0.1, 0.2, 0.4, 0.6], [0.5, 0.6, 0.75, 1.0]]), expected);
        assert_eq!(placed(&[[100.0, 100.0, 400.0, 300.0], [500.0, 300.0, 750.0, 500.0]]), expected);
        assert_eq!(placed(&[[100.0, 200.0, 400.0, 600.0], [500.0, 600.0, 750.0, 1_000.0]]), expected);
    }

    #[test]
    fn what_is_out_of_the_picture_is_dropped_and_what_sticks_out_is_cut() {
        assert_eq!(placed(&[[-0.02, 0.5, 0.5, 1.04]]), [[0, 50, 50, 50]]);
        let good = [0.1, 0.2, 0.4, 0.6];
        let nonsense =
            [[0.5, 0.5, 3.0, 0.9], [0.4, 0.2, 0.1, 0.6], [0.1, 0.1, 0.1, 0.9], [f32::NAN, 0.0, 1.0, 1.0]];
        for bad in nonsense {
            assert_eq!(placed(&[good, bad, good]), placed(&[good, good]), "{bad:?}");
        }
        assert!(placed(&[[5_000.0, 100.0, 9_000.0, 400.0]]).is_empty());
    }

    #[test]
    fn names_are_lower_case_and_confidences_shares() {
        let sure = |confidence| {
            let thing = Thing { confidence, ..thing([0.0, 0.0, 1.0, 1.0]) };
            let detection = place(vec![thing], 10, 10).remove(0);
            assert_eq!(detection.name, "red car");
            detection.confidence
        };
        assert_eq!([sure(Some(0.9)), sure(Some(95.0)), sure(None)], [0.9, 0.5, 0.5]);
        let nameless = Thing { name: "  ".to_owned(), ..thing([0.0, 0.0, 1.0, 1.0]) };
        assert!(place(vec![nameless], 10, 10).is_empty());
    }
}
