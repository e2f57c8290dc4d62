//! Which demuxers may open a stranger's file, and which camera formats are in it.

use domain::camera_raw::CameraRaw;

use super::answer::Stream;

/// Containers that hold their own content. Playlists (`hls`, `dash`, `concat`) would open other addresses; `tty`,
/// subtitles and single images are no videos. `r3d` is here so that
/// ffprobe recognises it; nothing decodes it.
const ALLOWED: [&str; 20] = [
    "mov", "matroska", "avi", "mpegts", "mpeg", "mxf", "flv", "asf", "wav", "w64", "aiff", "caf", "mp3",
    "flac", "ogg", "aac", "ac3", "amr", "dv", "r3d",
];

pub(super) fn whitelist() -> String {
    ALLOWED.join(",")
}

/// The demuxer to force from now on, for the format name that ffprobe answered (`mov,mp4,m4a,…`).
pub(super) fn allowed(format_name: &str) -> Option<&'static str> {
    let names: Vec<&str> = format_name.split(',').collect();
    ALLOWED.into_iter().find(|allowed| names.contains(allowed))
}

/// Demuxers that derive a length from the bit rate of the first frames, which is wrong for a variable bit rate.
pub(super) fn guesses_length(demuxer: &str) -> bool {
    matches!(demuxer, "aac" | "mp3" | "ac3" | "amr")
}

/// By what is in the container.
pub(super) fn camera_raw(demuxer: &str, streams: &[Stream]) -> Option<CameraRaw> {
    if demuxer == "r3d" {
        return Some(CameraRaw::Redcode);
    }
    let undecodable = |stream: &&Stream| stream.is_moving_picture() && stream.codec_name.is_none();
    let mut tags = streams.iter().filter(undecodable).map(|stream| stream.codec_tag_string.as_str());
    tags.find_map(CameraRaw::of_codec_tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playlists_text_and_images_have_no_demuxer() {
        for name in ["hls", "concat", "dash", "tty", "srt", "image2", "png_pipe", "gif", "lavfi", "imf"] {
            assert_eq!(allowed(name), None, "{name}");
        }
        assert_eq!(allowed("mov,mp4,m4a,3gp,3g2,mj2"), Some("mov"));
        assert_eq!(allowed("matroska,webm"), Some("matroska"));
    }
}
