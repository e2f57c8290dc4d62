//! Files of many kinds, from the probe to the scenes.

use domain::processing_mode::ProcessingMode::Transcript;
use domain::time::Seconds;

use super::{
    generate::{H264, clip, file, three_shots},
    *,
};

fn near(a: Seconds, b: f64, tolerance: f64) -> bool {
    (a.get() - b).abs() <= tolerance
}

#[tokio::test]
async fn the_frames_every_thirty_seconds_are_exact() {
    let clip =
        clip("a.mp4", "-f lavfi -i testsrc2=s=320x180:r=10:d=125 -c:v libx264 -preset ultrafast -g 50");
    let run = run(&clip.path, 60.0).await;
    assert_eq!(run.plan.segments.len(), 2);
    assert_eq!(run.outputs[0].audio.len() + run.outputs[1].audio.len(), 0);
    let times: Vec<f64> = run.joined.interval_frames.iter().map(|frame| frame.at.get()).collect();
    assert_eq!(times, [30.0, 60.0, 90.0, 120.0]);
    assert!(near(run.joined.length, 125.0, 0.001), "{:?}", run.joined.length);
    let last = &run.joined.interval_frames[3];
    let jpeg = &run.outputs[last.segment as usize].frames[last.bytes.start as usize..last.bytes.end as usize];
    assert_eq!((&jpeg[..3], &jpeg[jpeg.len() - 2..]), (&[0xff, 0xd8, 0xff][..], &[0xff, 0xd9][..]));
}

#[tokio::test]
async fn the_last_interval_frame_is_clamped_into_the_video() {
    let clip = clip("a.mp4", "-f lavfi -i testsrc2=s=64x36:r=10:d=60 -c:v libx264 -preset ultrafast -g 50");
    let times: Vec<f64> =
        run(&clip.path, 60.0).await.joined.interval_frames.iter().map(|f| f.at.get()).collect();
    assert_eq!(times.len(), 2);
    assert!(times[0] == 30.0 && (59.5..60.0).contains(&times[1]), "{times:?}");
}

#[tokio::test]
async fn a_turned_phone_video_is_set_upright() {
    let flat = three_shots("flat.mp4", "30", H264);
    let source = flat.path.to_str().unwrap();
    let turned = clip("turned.mp4", &format!("-i {source} -c copy -metadata:s:v rotate=90"));
    let run = run(&turned.path, 100.0).await;
    let video = run.probe.video.as_ref().unwrap();
    assert_eq!((video.width, video.height), (180, 320));
    assert_eq!(video.rotation % 180, 90);
    let jpeg = file("frame.jpg", &run.outputs[0].frames);
    let same = clip("theirs.png", &format!("-i {} -frames:v 1", turned.path.display()));
    // ffmpeg's own idea of upright, and ours, on the first frame.
    let ssim = std::process::Command::new("ffmpeg")
        .args(["-hide_banner", "-f", "mjpeg", "-i"])
        .arg(&jpeg.path)
        .arg("-i")
        .arg(&same.path)
        .args([
            "-filter_complex",
            "[0]format=yuv444p,setsar=1[a];[1]format=yuv444p,setsar=1[b];[a][b]ssim",
            "-frames:v",
            "1",
            "-f",
            "null",
            "-",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ssim.stderr).into_owned();
    let all: f64 =
        said.split("All:").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).expect(&said);
    assert!(all > 0.9, "{all}");
}

#[tokio::test]
async fn anamorphic_pictures_get_square_pixels() {
    let clip =
        clip("a.mp4", "-f lavfi -i testsrc2=s=720x576:r=5:d=2,setsar=64/45 -c:v libx264 -preset ultrafast");
    let video = probe_file(&clip.path).await.unwrap().video.unwrap();
    assert_eq!((video.width, video.height), (1024, 576));
}

#[tokio::test]
async fn a_short_clip_without_sound() {
    let clip = clip("a.mp4", "-f lavfi -i testsrc2=s=320x180:r=30:d=2 -c:v libx264 -preset ultrafast");
    let run = run(&clip.path, 60.0).await;
    assert!(run.plan.audio.is_none() && run.outputs[0].audio.is_empty());
    assert_eq!(run.joined.scenes.len(), 1);
    assert_eq!(run.joined.interval_frames.len(), 1);
    assert!(near(run.joined.interval_frames[0].at, 1.0, 0.3));
}

#[tokio::test]
async fn sound_alone_has_no_scenes() {
    for (name, codec) in
        [("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.wav", "pcm_s16le"), ("a.ogg", "libvorbis")]
    {
        let clip = clip(name, &format!("-f lavfi -i sine=440:r=44100:d=10 -c:a {codec}"));
        let fine = run(&clip.path, 3.0).await;
        let whole = run(&clip.path, 60.0).await;
        assert!(
            fine.probe.video.is_none() && fine.joined.scenes.is_empty() && fine.joined.keyframes.is_empty()
        );
        assert_eq!(fine.plan.segments.len(), 3, "{name} {:?}", fine.plan);
        assert!(near(fine.joined.length, 10.0, 0.1), "{name} {:?}", fine.joined.length);
        assert!(fine.audio().len().abs_diff(160_000) < 1700, "{name} {}", fine.audio().len());
        assert!(fine.audio().len().abs_diff(whole.audio().len()) < 16, "{name}");
        assert!(
            gaps(&fine.audio()) <= gaps(&whole.audio()) + 32,
            "{name} {} {}",
            gaps(&fine.audio()),
            gaps(&whole.audio())
        );
    }
}

/// Samples within stretches of near silence of over a millisecond; a tone of 440 Hz has none.
fn gaps(samples: &[i16]) -> usize {
    let quiet = samples.split(|sample| sample.unsigned_abs() > 50).map(<[i16]>::len);
    quiet.filter(|len| *len > 16).sum()
}

#[tokio::test]
async fn a_tone_under_a_video_has_no_gap_between_segments() {
    let clip = clip(
        "a.mkv",
        "-f lavfi -i testsrc2=s=64x36:r=30:d=12 -f lavfi -i sine=440:r=44100:d=12 -c:v libx264 -preset ultrafast -bf 2 -g 60 -c:a aac",
    );
    let run = run(&clip.path, 2.0).await;
    assert!(run.plan.segments.len() >= 5);
    assert_eq!(gaps(&run.audio()[1600..12 * 16_000 - 1600]), 0);
    assert_eq!(run.audio().len().abs_diff(12 * 16_000) / 1600, 0);
}

#[tokio::test]
async fn late_sound_is_preceded_by_silence() {
    let clip = clip(
        "a.mp4",
        "-f lavfi -i testsrc2=s=64x36:r=30:d=8 -itsoffset 3 -f lavfi -i sine=440:r=44100:d=4 -c:v libx264 -preset ultrafast -g 60 -c:a aac",
    );
    let run = run(&clip.path, 2.0).await;
    let loud = run.audio().iter().position(|sample| sample.unsigned_abs() > 500).unwrap();
    assert!(loud.abs_diff(3 * 16_000) < 1600, "{loud}");
    assert!(run.audio().len().abs_diff(8 * 16_000) < 1600, "{}", run.audio().len());
}

#[tokio::test]
async fn a_video_that_is_only_listened_to_keeps_its_times() {
    let shots = three_shots("a.mp4", "30", H264);
    let (seen, heard) = (run(&shots.path, 2.0).await, run_in(Transcript, &shots.path, 2.0).await);
    assert!(heard.plan.unwatched && heard.plan.video.is_none() && heard.all_pts().is_empty());
    assert!(heard.joined.scenes.is_empty() && heard.joined.interval_frames.is_empty());
    assert!(heard.outputs.iter().all(|output| output.frames.is_empty()));
    assert!(near(heard.joined.length, seen.joined.length.get(), 0.01), "{:?}", heard.joined.length);
    assert!(heard.audio().len().abs_diff(seen.audio().len()) < 1600, "{}", heard.audio().len());

    // Sound from 3 s to 7 s of a picture of 12 s: nothing at first, and less than the whole, is no damage.
    let part = clip(
        "b.mp4",
        "-f lavfi -i testsrc2=s=64x36:r=30:d=12 -itsoffset 3 -f lavfi -i sine=440:r=44100:d=4 -c:v libx264 -preset ultrafast -g 60 -c:a aac",
    );
    let heard = run_in(Transcript, &part.path, 2.0).await;
    assert!(near(heard.joined.length, 12.0, 0.1), "{:?}", heard.joined.length);
    let loud = heard.audio().iter().position(|sample| sample.unsigned_abs() > 500).unwrap();
    assert!(loud.abs_diff(3 * 16_000) < 1600, "{loud}");
}

#[tokio::test]
async fn a_video_without_sound_is_looked_at_whatever_is_asked_for() {
    let clip = clip("a.mp4", "-f lavfi -i testsrc2=s=320x180:r=30:d=2 -c:v libx264 -preset ultrafast");
    let run = run_in(Transcript, &clip.path, 60.0).await;
    assert!(!run.plan.unwatched && run.plan.video.is_some());
    assert!(near(run.joined.length, 2.0, 0.1), "{:?}", run.joined.length);
}

#[tokio::test]
async fn a_still_image_is_one_scene() {
    let clip = clip(
        "a.mp4",
        "-f lavfi -i color=0x2040c0:s=320x180:r=30:d=8 -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
    );
    let run = run(&clip.path, 60.0).await;
    let scene = &run.joined.scenes[..];
    assert_eq!(scene.len(), 1);
    assert!(scene[0].motion < 0.002);
    let color = scene[0].main_color;
    let off = [color.0.abs_diff(0x20), color.1.abs_diff(0x40), color.2.abs_diff(0xc0)];
    assert!(off.iter().all(|off| *off < 6), "{color}");
    assert!(near(scene[0].end, run.joined.length.get(), 0.0));
}

#[tokio::test]
async fn one_keyframe_is_one_segment() {
    let encode = "-c:v libx264 -preset ultrafast -g 9999 -sc_threshold 0 -c:a aac";
    let run = run(&three_shots("a.mp4", "30", encode).path, 2.0).await;
    assert_eq!((run.plan.segments.len(), run.plan.whole), (1, Some(crate::Whole::FewKeyframes)));
    assert_eq!(run.joined.scenes.len(), 3);
}

#[tokio::test]
async fn a_live_recording_has_no_index_and_is_one_segment() {
    let vp8 = "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 500k -g 50 -c:a libopus -live 1";
    let run = run(&three_shots("a.webm", "25", vp8).path, 2.0).await;
    assert!(run.probe.length_was_counted && near(run.probe.length, 12.0, 0.1), "{:?}", run.probe.length);
    assert_eq!((run.plan.segments.len(), run.plan.whole), (1, Some(crate::Whole::NoIndex)));
    assert_eq!(run.joined.scenes.len(), 3);
}

#[tokio::test]
async fn a_fragmented_file_is_read_whole() {
    let run =
        run(&three_shots("a.mp4", "30", &format!("{H264} -movflags frag_keyframe+empty_moov")).path, 3.0)
            .await;
    assert_eq!(run.all_pts().len(), 360);
    assert_eq!(run.joined.scenes.len(), 3);
}

#[tokio::test]
async fn what_can_be_decoded_of_a_damaged_tail_is_kept() {
    let whole = three_shots("a.mp4", "30", &format!("{H264} -movflags +faststart"));
    let bytes = std::fs::read(&whole.path).unwrap();
    let run = run(&file("cut.mp4", &bytes[..bytes.len() * 6 / 10]).path, 3.0).await;
    let (frames, length) = (run.all_pts().len(), run.joined.length);
    assert!((60..350).contains(&frames), "{frames}");
    assert!(length.get() < 11.9, "{length:?}");
    assert!(run.joined.scenes.last().unwrap().end == length);
}

#[tokio::test]
async fn cover_art_is_not_a_video() {
    let cover = clip("cover.jpg", "-f lavfi -i testsrc2=s=64x64:d=1 -frames:v 1");
    let arguments = format!(
        "-f lavfi -i sine=440:d=3 -i {} -map 0 -map 1 -c:v copy -disposition:v attached_pic",
        cover.path.display()
    );
    let probe = probe_file(&clip("song.mp3", &arguments).path).await.unwrap();
    assert!(probe.video.is_none() && probe.audio.len() == 1);
}
