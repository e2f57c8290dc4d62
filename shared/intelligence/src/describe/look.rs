//! Which keyframes look the same, so that one description is enough for them: a slide that comes back, a wide shot that
//! stands still.

use bytes::Bytes;
use domain::analysis::{Rgb, Scene};
use image::RgbImage;

use super::{fingerprint::Fingerprint, jpeg};
use crate::{ProviderError, error::off_thread};

/// Columns and rows of the colours that are compared.
const COLORS: (u32, u32) = (16, 9);
/// Largest difference of a block's mean red, green or blue, out of 255. What an encoder makes of the same picture a
/// minute later is within 3; a bar of a chart in another colour is 30 off, in the block that it fills by half.
const SAME_COLOR: u8 = 6;
/// Largest difference of the scenes' mean luma, out of 1. Also what their words say of light is then the same, but for
/// scenes at its very bounds.
const SAME_BRIGHTNESS: f32 = 0.02;
/// Movement below this is none: a still picture, and what its encoder makes of it.
const STILL: f32 = 0.002;
/// Largest ratio of the movements of two scenes that move.
const SAME_MOTION: f32 = 1.5;

/// What a scene and its keyframe look like, to be compared with others.
///
/// There is no distance below which most of a picture is the same: a perceptual hash of 64 or 256 bits changes as little
/// when a slide gains a line of text as when it is encoded again. So every block must be the same, and blocks are about
/// as large as one character of a slide ([`Fingerprint`]): one more line of text is another look, and so is a speaker
/// who has moved. Rather is the same thing described twice than a line of text left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    luma: Fingerprint,
    colors: RgbImage,
    main_color: Rgb,
    brightness: f32,
    motion: f32,
}

impl Look {
    /// Of a scene, whose keyframe is this JPEG. Decodes it, off the async threads.
    ///
    /// # Errors
    /// `BadInput` when it is not a JPEG.
    pub async fn of(scene: &Scene, keyframe: Bytes) -> Result<Self, ProviderError> {
        let Scene { main_color, brightness, motion, .. } = *scene;
        off_thread(move || {
            let picture = jpeg::decode(&keyframe)?.into_rgb8();
            let luma = Fingerprint::of(&image::imageops::grayscale(&picture));
            let colors = image::imageops::thumbnail(&picture, COLORS.0, COLORS.1);
            Ok(Self { luma, colors, main_color, brightness, motion })
        })
        .await
    }

    /// Whether one description is true of both.
    pub fn is_same(&self, other: &Self) -> bool {
        self.is_measured_alike(other)
            && is_near(self.colors.as_raw(), other.colors.as_raw())
            && self.luma.is_near(&other.luma)
    }

    /// Descriptions say what was measured, too.
    fn is_measured_alike(&self, other: &Self) -> bool {
        let (slow, fast) = (self.motion.min(other.motion), self.motion.max(other.motion));
        let (Rgb(r, g, b), Rgb(other_r, other_g, other_b)) = (self.main_color, other.main_color);
        (self.brightness - other.brightness).abs() <= SAME_BRIGHTNESS
            && (fast < STILL || (slow >= STILL && fast <= slow * SAME_MOTION))
            && is_near(&[r, g, b], &[other_r, other_g, other_b])
    }
}

fn is_near(colors: &[u8], others: &[u8]) -> bool {
    colors.iter().zip(others).all(|(a, b)| a.abs_diff(*b) <= SAME_COLOR)
}

/// For each look the place of the first one that is the same, which is its own where there is none before it. What has no
/// look is like nothing. Everything is compared with first ones only, so that small differences do not add up.
pub fn first_alike(looks: &[Option<Look>]) -> Vec<u32> {
    let mut firsts: Vec<(u32, &Look)> = vec![];
    let mut places = Vec::with_capacity(looks.len());
    for (place, look) in (0..).zip(looks) {
        let known = look.as_ref().and_then(|look| firsts.iter().find(|(_, first)| first.is_same(look)));
        let first = known.map_or(place, |(first, _)| *first);
        if first == place {
            firsts.extend(look.as_ref().map(|look| (place, look)));
        }
        places.push(first);
    }
    places
}

#[cfg(test)]
mod tests;
