//! Keyframes, decoded within limits.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader, Limits};

use crate::ProviderError;

/// Largest keyframe side in pixels: 8K.
const MAX_SIDE: u32 = 8192;

/// # Errors
/// `BadInput` when it is not a JPEG, or larger than 8K.
pub(super) fn decode(jpeg: &[u8]) -> Result<DynamicImage, ProviderError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    let mut reader = ImageReader::with_format(Cursor::new(jpeg), ImageFormat::Jpeg);
    reader.limits(limits);
    reader.decode().map_err(|error| {
        ProviderError::bad_input("a keyframe is not a readable JPEG; extract it again").caused_by(error)
    })
}
