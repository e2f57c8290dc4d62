//! Which demuxers may open a stranger's file, and which camera formats nobody can decode.

use domain::failure::Failure;

use super::answer::Stream;
use crate::error::unsupported;

/// Containers that hold their own content. Playlists (`hls`, `dash`, `concat`) would open other addresses; `tty`,
/// subtitles and single images are no videos. `r3d` is here so that ffprobe recognises it, and is then refused.
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

/// Camera formats for which no ffmpeg has a decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CameraRaw {
    Redcode,
    Blackmagic,
    Arri,
    Canon,
    ProRes,
}

pub(super) fn camera_refusal(format: CameraRaw) -> Failure {
    let (name, remedy) = match format {
        CameraRaw::Redcode => ("REDCODE RAW (R3D)", "Export it as ProRes 422 or H.264 with REDCINE-X PRO"),
        CameraRaw::Blackmagic => {
            ("Blackmagic RAW (BRAW)", "Export it as ProRes 422 or H.264 with DaVinci Resolve")
        }
        CameraRaw::Arri => ("ARRIRAW", "Export it as ProRes 422 or H.264 with the ARRI Reference Tool"),
        CameraRaw::Canon => {
            ("Canon Cinema RAW Light (CRM)", "Export it as ProRes 422 or H.264 with Cinema RAW Development")
        }
        CameraRaw::ProRes => ("ProRes RAW", "Export it as ProRes 422 or H.264 with Final Cut Pro"),
    };
    unsupported(name, remedy)
}

/// By the extension its owner gave it, for a file that no demuxer takes.
pub(super) fn camera_extension(file_name: &str) -> Option<CameraRaw> {
    let (_, extension) = file_name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "r3d" => Some(CameraRaw::Redcode),
        "braw" => Some(CameraRaw::Blackmagic),
        "ari" | "arx" => Some(CameraRaw::Arri),
        "crm" => Some(CameraRaw::Canon),
        _ => None,
    }
}

/// By what is in the container.
pub(super) fn camera_raw(demuxer: &str, streams: &[Stream]) -> Option<Failure> {
    if demuxer == "r3d" {
        return Some(camera_refusal(CameraRaw::Redcode));
    }
    let undecodable = |stream: &&Stream| stream.is_moving_picture() && stream.codec_name.is_none();
    let tags = streams.iter().filter(undecodable).map(|stream| stream.codec_tag_string.as_str());
    tags.filter_map(camera_tag).next().map(camera_refusal)
}

fn camera_tag(tag: &str) -> Option<CameraRaw> {
    match tag {
        "brhq" | "brst" | "brlt" | "brxq" | "brs2" | "brvn" => Some(CameraRaw::Blackmagic),
        "CRAW" => Some(CameraRaw::Canon),
        "aprn" | "aprh" => Some(CameraRaw::ProRes),
        _ => None,
    }
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

    #[test]
    fn a_camera_format_is_named_with_its_remedy() {
        let failure = camera_refusal(camera_extension("A001.BRAW").unwrap());
        assert!(failure.detail.contains("Blackmagic RAW") && failure.detail.contains("Resolve"), "{failure}");
        assert_eq!(camera_extension("holiday.mp4"), None);
    }
}
