//! A keyframe as it is sent.

use bytes::Bytes;
use image::{codecs::jpeg::JpegEncoder, imageops::FilterType};

use super::jpeg;
use crate::ProviderError;

/// Longest side in pixels. Models look at about as many; and where boxes come back in pixels, these are theirs, which
/// they would not be if the model made the picture smaller itself. See [`super::boxes`].
pub(super) const LONGEST_SIDE: u32 = 1000;
/// Text stays readable.
const QUALITY: u8 = 88;

/// A JPEG with its size in pixels.
pub(super) struct Picture {
    pub(super) jpeg: Bytes,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Picture {
    /// # Errors
    /// `BadInput` when it is not a JPEG.
    pub(super) fn of(keyframe: &Bytes) -> Result<Self, ProviderError> {
        let decoded = jpeg::decode(keyframe)?;
        if decoded.width().max(decoded.height()) <= LONGEST_SIDE {
            return Ok(Self { jpeg: keyframe.clone(), width: decoded.width(), height: decoded.height() });
        }
        let small = decoded.resize(LONGEST_SIDE, LONGEST_SIDE, FilterType::Triangle).into_rgb8();
        let mut written = Vec::new();
        JpegEncoder::new_with_quality(&mut written, QUALITY).encode_image(&small).map_err(|error| {
            ProviderError::bad_input("a keyframe cannot be made smaller; extract it again").caused_by(error)
        })?;
        Ok(Self { jpeg: written.into(), width: small.width(), height: small.height() })
    }
}
