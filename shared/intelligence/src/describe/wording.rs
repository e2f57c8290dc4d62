//! Measurements in words. Nothing is said here that was not measured.

use domain::analysis::{Rgb, Scene, Stretch};

/// Version of these rules, stored with every sentence that they made.
pub(super) const VERSION: &str = "builtin-2";

/// The motion of a still image is below this,
const STILL: f32 = 0.002;
/// and that of a hand-held walk above this.
const WALKING: f32 = 0.03;

/// On-screen text is quoted in the sentence up to this many characters; the rest is in its own list.
const QUOTED: usize = 240;

/// A sentence or two about a scene and the text on its keyframe.
pub(super) fn sentence(scene: &Scene, text: &[String]) -> String {
    let light = if scene.brightness < 0.2 {
        "dark, "
    } else if scene.brightness > 0.7 {
        "bright, "
    } else {
        ""
    };
    let motion = if scene.motion < STILL {
        "still picture"
    } else if scene.motion < WALKING {
        "picture with some movement"
    } else {
        "picture with much movement"
    };
    let color = color_name(scene.main_color);
    let mut told = format!("A {light}mostly {color} {motion}.");
    told.extend(when("The picture is black", &scene.black));
    // A still picture stands still; of a moving one that is worth a word.
    if scene.motion >= STILL {
        told.extend(when("The picture stands still", &scene.frozen));
    }
    if !text.is_empty() {
        told.push_str(&format!(" On-screen text: {}.", quoted(text)));
    }
    told
}

/// ` The picture is black from 00:12 to 00:15 and from 00:20 to 00:23.`
fn when(what: &str, stretches: &[Stretch]) -> Option<String> {
    let times = stretches.iter().map(|stretch| format!("from {} to {}", stretch.start, stretch.end));
    let times = times.collect::<Vec<_>>().join(" and ");
    (!times.is_empty()).then(|| format!(" {what} {times}."))
}

fn quoted(lines: &[String]) -> String {
    let mut left = QUOTED;
    let mut kept = Vec::new();
    for line in lines {
        let length = line.chars().count();
        if length > left && !kept.is_empty() {
            kept.push("…".to_owned());
            break;
        }
        kept.push(format!("“{}”", line.chars().take(left).collect::<String>()));
        left = left.saturating_sub(length);
    }
    kept.join(", ")
}

/// The everyday name of a colour, by hue, saturation and lightness.
pub(crate) fn color_name(Rgb(red, green, blue): Rgb) -> &'static str {
    let [red, green, blue] = [red, green, blue].map(|channel| f32::from(channel) / 255.0);
    let (high, low) = (red.max(green).max(blue), red.min(green).min(blue));
    let (lightness, chroma) = ((high + low) / 2.0, high - low);
    let saturation = chroma / (1.0 - (2.0 * lightness - 1.0).abs()).max(0.01);
    if lightness < 0.1 {
        return "black";
    }
    if lightness > 0.93 {
        return "white";
    }
    if saturation < 0.15 || chroma < 0.07 {
        return if lightness < 0.3 {
            "dark grey"
        } else if lightness > 0.75 {
            "light grey"
        } else {
            "grey"
        };
    }
    let hue = if high == red {
        (60.0 * (green - blue) / chroma).rem_euclid(360.0)
    } else if high == green {
        60.0 * (blue - red) / chroma + 120.0
    } else {
        60.0 * (red - green) / chroma + 240.0
    };
    // Dark orange and yellow have a name of their own.
    let is_dark = lightness < 0.35 || (lightness < 0.5 && saturation < 0.5);
    match hue as u32 {
        0..=14 | 345..=360 if lightness > 0.75 => "pink",
        0..=14 | 345..=360 => "red",
        15..=44 if is_dark => "brown",
        15..=44 => "orange",
        45..=64 if is_dark => "olive",
        45..=64 => "yellow",
        65..=159 => "green",
        160..=194 => "teal",
        195..=254 => "blue",
        255..=294 => "purple",
        _ => "pink",
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Seconds;

    use super::*;

    fn scene(brightness: f32, motion: f32) -> Scene {
        Scene {
            ordinal: 0,
            start: Seconds::ZERO,
            end: Seconds::new(8.0),
            keyframe_at: Seconds::new(4.0),
            main_color: Rgb(250, 250, 250),
            brightness,
            motion,
            black: Vec::new(),
            frozen: Vec::new(),
        }
    }

    #[test]
    fn colours_have_their_everyday_names() {
        let named = [
            ("#000000", "black"),
            ("#ffffff", "white"),
            ("#808080", "grey"),
            ("#ff0000", "red"),
            ("#3b82f6", "blue"),
            ("#1e7a34", "green"),
            ("#ffd700", "yellow"),
            ("#ff8c00", "orange"),
            ("#6b3e12", "brown"),
            ("#7b2fbe", "purple"),
            ("#ff69b4", "pink"),
            ("#008080", "teal"),
        ];
        for (hex, name) in named {
            assert_eq!(color_name(Rgb::try_from(hex.to_owned()).unwrap()), name, "{hex}");
        }
    }

    #[test]
    fn a_scene_is_told_as_it_was_measured() {
        assert_eq!(sentence(&scene(0.9, 0.0), &[]), "A bright, mostly white still picture.");
        assert_eq!(
            sentence(&scene(0.5, 0.1), &["y = mx + b".to_owned(), "slope".to_owned()]),
            "A mostly white picture with much movement. On-screen text: “y = mx + b”, “slope”."
        );
    }

    #[test]
    fn black_and_frozen_stretches_are_told_with_their_times() {
        let stretch = |start, end| Stretch { start: Seconds::new(start), end: Seconds::new(end) };
        let frozen = vec![stretch(2.0, 5.0), stretch(6.0, 8.0)];
        let moving = Scene { black: vec![stretch(0.0, 2.0)], frozen, ..scene(0.5, 0.1) };
        assert_eq!(
            sentence(&moving, &[]),
            "A mostly white picture with much movement. The picture is black from 00:00 to 00:02. \
             The picture stands still from 00:02 to 00:05 and from 00:06 to 00:08."
        );
        let slide = Scene { motion: 0.0, black: Vec::new(), ..moving };
        assert_eq!(sentence(&slide, &[]), "A mostly white still picture.");
    }

    #[test]
    fn long_text_is_quoted_in_part() {
        let lines: Vec<String> = (0..100).map(|n| format!("line number {n}")).collect();
        let told = sentence(&scene(0.1, 0.0), &lines);
        assert!(told.starts_with("A dark,") && told.ends_with("…."), "{told}");
        assert!(told.chars().count() < 500, "{told}");
    }
}
