//! Frames that are so busy everywhere that reading them would be wasted.

use image::GrayImage;

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

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

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
}
