//! What a recorder wrote beside the pictures.

use super::{generate::encoded, *};
use crate::Recorded;

#[tokio::test]
async fn timecode_and_time_of_creation_are_told() {
    let created = "2024-02-29T12:34:56Z";
    let x264 = "-c:v libx264 -preset ultrafast -an";
    let told = format!("-timecode 01:02:03:04 -metadata creation_time={created}");
    let in_tags = format!("-metadata timecode=10:11:12;13 -metadata creation_time={created}");
    let hostile = "-metadata timecode=99:99:99:99 -metadata creation_time=1904-01-01";
    let rows = [
        ("tmcd.mov", "-c:v prores_ks -c:a pcm_s16le", &told[..], Some("01:02:03:04"), Some(created)),
        ("tmcd.mp4", x264, &told, Some("01:02:03:04"), Some(created)),
        // MXF tells when it was modified, not when it was made.
        ("material.mxf", "-c:v mpeg2video -an", &told, Some("01:02:03:04"), None),
        ("tags.mkv", x264, &in_tags, Some("10:11:12;13"), Some(created)),
        ("hostile.mkv", x264, hostile, None, None),
        ("none.ts", x264, "", None, None),
    ];
    for (name, encode, extra, timecode, created) in rows {
        let joined = run(&encoded(name, &format!("{encode} {extra}")).path, 60.0).await.joined;
        let Recorded { timecode: told, created_at } = joined.recorded;
        assert_eq!(told.map(|label| label.to_string()).as_deref(), timecode, "{name}");
        assert_eq!(created_at, created.map(|created| created.parse().unwrap()), "{name}");
        let stored: Joined = serde_json::from_str(&serde_json::to_string(&joined).unwrap()).unwrap();
        assert_eq!(stored.recorded, joined.recorded, "{name}");
    }
}
