//! What is turned away, and with which words.

use domain::failure::FailureCode;

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
async fn camera_raw_is_named() {
    let mut braw = std::fs::read(&three_shots("a.mov", "30", H264).path).unwrap();
    let at = braw.windows(4).rposition(|tag| tag == b"avc1").unwrap();
    braw[at..at + 4].copy_from_slice(b"brhq");
    let Err(MediaError::Rejected(failure)) = probe_file(&file("A001.mov", &braw).path).await else {
        panic!()
    };
    assert_eq!(failure.code, FailureCode::UnsupportedFormat);
    assert!(failure.detail.contains("Blackmagic RAW"), "{failure}");
    assert_eq!(code(&file("A001.R3D", &[7; 5000])).await, FailureCode::UnsupportedFormat);
}

#[tokio::test]
async fn a_missing_program_is_no_fault_of_the_file() {
    let clip = three_shots("a.mp4", "30", H264);
    let tools = Tools { ffmpeg: "/nowhere/ffmpeg".into(), ffprobe: "/nowhere/ffprobe".into() };
    let proxy = proxy(&clip.path).await;
    assert!(matches!(probe(&tools, proxy.url(), "a.mp4").await, Err(MediaError::Io { .. })));
}
