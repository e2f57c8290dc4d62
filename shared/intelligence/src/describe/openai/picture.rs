//! A keyframe as it is sent.

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{codecs::jpeg::JpegEncoder, imageops::FilterType};

use super::super::jpeg;
use crate::ProviderError;

/// Longest side in pixels. Models look at about as many; and where boxes come back in pixels, these are theirs, which
/// they would not be if the model made the picture smaller itself. See [`super::boxes`].
pub(super) const LONGEST_SIDE: u32 = 1000;
/// Text stays readable.
const QUALITY: u8 = 88;

/// A JPEG with its size in pixels.
pub(super) struct Picture {
    pub(super) data_url: String,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Picture {
    /// # Errors
    /// `BadInput` when it is not a JPEG.
    pub(super) fn of(keyframe: &[u8]) -> Result<Self, ProviderError> {
        let decoded = jpeg::decode(keyframe)?;
        if decoded.width().max(decoded.height()) <= LONGEST_SIDE {
            return Ok(Self::new(keyframe, decoded.width(), decoded.height()));
        }
        let small = decoded.resize(LONGEST_SIDE, LONGEST_SIDE, FilterType::Triangle).into_rgb8();
        let mut written = Vec::new();
        JpegEncoder::new_with_quality(&mut written, QUALITY).encode_image(&small).map_err(|error| {
            ProviderError::bad_input("a keyframe cannot be made smaller; extract it again").caused_by(error)
        })?;
        Ok(Self::new(&written, small.width(), small.height()))
    }

    fn new(jpeg: &[u8], width: u32, height: u32) -> Self {
        Self { data_url: format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)), width, height }
    }
}
