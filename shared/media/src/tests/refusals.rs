//! What is turned away, and with which words.

use domain::{camera_raw::CameraRaw, failure::FailureCode};

use super::{
    generate::{H264, clip, file, three_shots},
    *,
};

async fn code(clip: &generate::Clip) -> FailureCode {
    match probe_file(&clip.path).await {
        Err(MediaError::Rejected(failure)) => {
            assert!(failure.detail.contains("upload") || failure.detail.contains("Upload"), "{failure}");
            failure.code
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn text_images_and_playlists_are_no_videos() {
    let text = file("video.mp4", b"This is only a text, whatever its name says.\n".repeat(50).as_slice());
    assert_eq!(code(&text).await, FailureCode::NotAVideo);
    assert_eq!(code(&file("video.mp4", b"")).await, FailureCode::NotAVideo);
    let hls = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://169.254.169.254/latest/meta-data\n#EXT-X-ENDLIST\n";
    assert_eq!(code(&file("video.mp4", hls)).await, FailureCode::NotAVideo);
    let concat = b"ffconcat version 1.0\nfile /etc/passwd\n";
    assert_eq!(code(&file("video.mp4", concat)).await, FailureCode::NotAVideo);
    for image in ["photo.jpg", "photo.png", "photo.gif"] {
        let image = clip(image, "-f lavfi -i testsrc2=s=320x180:d=1 -frames:v 1");
        assert_eq!(code(&image).await, FailureCode::NotAVideo);
    }
    let noise: Vec<u8> = (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!(code(&file("noise.mp4", &noise)).await, FailureCode::NotAVideo);
}

#[tokio::test]
async fn a_file_without_its_end_is_damaged() {
    let whole = three_shots("a.mp4", "30", H264);
    let bytes = std::fs::read(&whole.path).unwrap();
    assert_eq!(code(&file("cut.mp4", &bytes[..bytes.len() / 2])).await, FailureCode::Damaged);
}

#[tokio::test]
async fn camera_raw_is_told_apart() {
    let mut braw = std::fs::read(&three_shots("a.mov", "30", H264).path).unwrap();
    let at = braw.windows(4).rposition(|tag| tag == b"avc1").unwrap();
    braw[at..at + 4].copy_from_slice(b"brhq");
    for (clip, format) in [
        (file("A001.mov", &braw), CameraRaw::Blackmagic),
        (file("A001.R3D", &[7; 5000]), CameraRaw::Redcode),
        (file("A001.crm", b"no atoms"), CameraRaw::Canon),
    ] {
        let found = probe_file(&clip.path).await;
        assert!(matches!(&found, Err(MediaError::CameraRaw(found)) if *found == format), "{found:?}");
    }
}

#[tokio::test]
async fn a_missing_program_is_no_fault_of_the_file() {
    let clip = three_shots("a.mp4", "30", H264);
    let tools = Tools { ffmpeg: "/nowhere/ffmpeg".into(), ffprobe: "/nowhere/ffprobe".into() };
    let proxy = proxy(&clip.path).await;
    assert!(matches!(probe(&tools, proxy.url(), "a.mp4").await, Err(MediaError::Io { .. })));
}

#[tokio::test]
async fn pictures_beyond_8k_and_videos_beyond_two_days_are_refused_by_name() {
    let huge = "-f lavfi -i color=s=9000x5000:r=1:d=1 -frames:v 1 -pix_fmt yuvj420p -c:v";
    let days = "-f lavfi -i color=s=64x36:r=1/180000:d=360000 -frames:v 2 -c:v mjpeg -pix_fmt yuvj420p";
    for (name, encode, says) in [
        ("huge.mov", format!("{huge} mjpeg"), "8192 by 4608"),
        ("huge.mkv", format!("{huge} libx264 -preset ultrafast"), "8192 by 4608"),
        ("huge_prores.mov", format!("{huge} prores_ks").replace("yuvj420p", "yuv422p10le"), "8192 by 4608"),
        ("days.mkv", days.to_owned(), "48 hours"),
    ] {
        let Err(MediaError::Rejected(failure)) = probe_file(&clip(name, &encode).path).await else {
            panic!("{name}")
        };
        assert_eq!(failure.code, FailureCode::UnsupportedFormat, "{name} {failure}");
        assert!(failure.detail.contains(says), "{name} {failure}");
    }
}

#[tokio::test]
async fn a_header_that_claims_weeks_is_not_believed() {
    let mut bytes = std::fs::read(&three_shots("a.mp4", "30", H264).path).unwrap();
    let at = bytes.windows(4).position(|tag| tag == b"mvhd").unwrap() + 20;
    bytes[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    let probe = probe_file(&file("a.mp4", &bytes).path).await.unwrap();
    assert!(probe.length_was_counted && (probe.length.get() - 12.0).abs() < 0.1, "{:?}", probe.length);

    // 40 hours may be true until the file has been decoded; then nobody stores 40 hours of silence.
    bytes[at..at + 4].copy_from_slice(&(40 * 3_600_000u32).to_be_bytes());
    let run = run(&file("a.mp4", &bytes).path, 60.0).await;
    assert_eq!(run.plan.length.get(), 144_000.0);
    assert!((run.joined.length.get() - 12.0).abs() < 0.1, "{:?}", run.joined.length);
    assert!(run.audio().len() < 15 * 16_000, "{}", run.audio().len());
}
