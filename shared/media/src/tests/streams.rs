//! The streams and containers that people have, from the probe to the scenes.

use super::{
    generate::{clip, encoded},
    *,
};

const X264: &str = "-c:v libx264 -preset ultrafast -bf 2 -g 48 -sc_threshold 0";
const X265: &str = "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=48:scenecut=0";
const MPEG2: &str = "-c:v mpeg2video -g 12 -bf 2 -q:v 3";
const VP9: &str = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 500k -g 48";
const MJPEG: &str = "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p";
const PCM: &str = "-c:a pcm_s16le";

/// File, video codec by ffprobe's name, encoder of the picture, the rest.
const ROWS: [(&str, &str, &str, &str); 31] = [
    ("h264.mp4", "h264", X264, "-c:a aac"),
    ("moov_first.mp4", "h264", X264, "-c:a aac -movflags +faststart"),
    ("h264_10.mov", "h264", X264, "-pix_fmt yuv422p10le -c:a pcm_s24le"),
    ("h264.mkv", "h264", X264, "-c:a flac"),
    ("h264.ts", "h264", X264, "-c:a ac3"),
    ("h264.avi", "h264", "-c:v libx264 -preset ultrafast -bf 0 -g 48", "-c:a libmp3lame"),
    ("h264.mxf", "h264", "-c:v libx264 -preset ultrafast -pix_fmt yuv422p10le -g 24", PCM),
    ("hevc.mp4", "hevc", X265, "-tag:v hvc1 -c:a aac"),
    ("hevc.ts", "hevc", X265, "-c:a aac"),
    ("hevc_10.mov", "hevc", X265, "-pix_fmt yuv420p10le -tag:v hvc1 -c:a aac"),
    ("hevc_10.mkv", "hevc", X265, "-pix_fmt yuv420p10le -c:a eac3"),
    ("av1.mp4", "av1", "-c:v libaom-av1 -usage realtime -cpu-used 8 -g 48", "-c:a aac"),
    (
        "av1_10.mkv",
        "av1",
        "-c:v libaom-av1 -usage realtime -cpu-used 8 -g 48",
        "-pix_fmt yuv420p10le -c:a libopus",
    ),
    ("av1.webm", "av1", "-c:v libaom-av1 -usage realtime -cpu-used 8 -g 48", "-c:a libopus"),
    ("vp9.webm", "vp9", VP9, "-c:a libopus"),
    ("vp9.mp4", "vp9", VP9, "-c:a libopus"),
    (
        "vp9_altref.mkv",
        "vp9",
        "-c:v libvpx-vp9 -cpu-used 8 -b:v 300k -g 48 -auto-alt-ref 1 -lag-in-frames 16",
        "-c:a libvorbis",
    ),
    ("prores.mov", "prores", "-c:v prores_ks -profile:v standard", PCM),
    ("prores_4444.mov", "prores", "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le", "-c:a pcm_s24le"),
    ("prores.mxf", "prores", "-c:v prores -profile:v 3", PCM),
    ("dnxhd.mxf", "dnxhd", "-c:v dnxhd -s 1280x720 -b:v 60M -pix_fmt yuv422p", PCM),
    ("dnxhr.mov", "dnxhd", "-c:v dnxhd -profile:v dnxhr_lb -pix_fmt yuv422p", PCM),
    ("dnxhr.mkv", "dnxhd", "-c:v dnxhd -profile:v dnxhr_hqx -pix_fmt yuv422p10le", PCM),
    ("mpeg2.ts", "mpeg2video", MPEG2, "-c:a mp2"),
    ("mpeg2.mpg", "mpeg2video", MPEG2, "-c:a mp2"),
    ("mpeg2.mxf", "mpeg2video", MPEG2, PCM),
    ("mpeg2.mkv", "mpeg2video", MPEG2, "-c:a ac3"),
    ("mjpeg.avi", "mjpeg", MJPEG, PCM),
    ("mjpeg.mov", "mjpeg", MJPEG, "-c:a adpcm_ima_qt"),
    ("silent.mp4", "h264", X264, "-an"),
    ("silent.mxf", "mpeg2video", MPEG2, "-an"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_container_and_codec_has_its_frames_scenes_and_sound() {
    let rows = ROWS.map(|row| tokio::spawn(async move { faults(row).await }));
    let mut all = Vec::new();
    for row in rows {
        all.extend(row.await.unwrap());
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// What is wrong with a row; so that one run tells of all of them.
async fn faults((name, codec, picture, rest): (&str, &str, &str, &str)) -> Vec<String> {
    let run = run(&encoded(name, &format!("{picture} {rest}")).path, 2.0).await;
    let starts: Vec<f64> = run.joined.scenes.iter().map(|scene| scene.start.get()).collect();
    let in_place =
        starts.len() == 3 && starts.iter().zip([0.0, 2.0, 4.0]).all(|(at, truth)| (at - truth).abs() < 0.05);
    let has_sound = !rest.contains("-an");
    let loud = run
        .audio()
        .chunks_exact(1600)
        .filter(|part| part.iter().any(|sample| sample.unsigned_abs() > 1000))
        .count();
    let video = run.probe.video.as_ref().unwrap();
    let checks = [
        (video.codec == codec, format!("codec {}", video.codec)),
        (run.all_pts().len() == 144, format!("{} frames", run.all_pts().len())),
        (run.plan.segments.len() > 1, format!("{} segments", run.plan.segments.len())),
        (in_place, format!("scenes at {starts:.3?}")),
        ((run.joined.length.get() - 6.0).abs() < 0.1, format!("length {:?}", run.joined.length)),
        (run.plan.audio.is_some() == has_sound, format!("sound {:?}", run.plan.audio)),
        // Sixty tenths of a second, the last perhaps cut.
        (if has_sound { (58..=61).contains(&loud) } else { loud == 0 }, format!("{loud} loud tenths")),
        (!run.features().iter().any(|segment| segment.damaged), "a damaged segment".into()),
    ];
    let said = checks.into_iter().filter(|(holds, _)| !holds);
    said.map(|(_, fault)| format!("{name}: {fault} {:?}", run.plan.whole)).collect()
}

/// Whether the loudest tone is nearer to `a` than to `b`, in Hz, by counting how often the wave rises through zero.
fn pitch(samples: &[i16]) -> usize {
    let second = &samples[16_000..32_000];
    second.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count()
}

#[tokio::test]
async fn of_several_soundtracks_the_default_or_the_first_is_heard() {
    let tracks =
        "-f lavfi -i sine=1000:r=48000:d=6 -f lavfi -i sine=2000:r=48000:d=6 -map 0 -map 1 -map 2 -c:a aac";
    for (name, extra, stream, hertz) in [
        ("default.mkv", "-disposition:a:0 0 -disposition:a:1 0 -disposition:a:2 default", 3, 2000),
        ("first.mkv", "-disposition:a 0", 1, 440),
        ("first.ts", "", 1, 440),
        ("first.mov", "", 1, 440),
    ] {
        let run = run(&encoded(name, &format!("{tracks} {X264} {extra}")).path, 2.0).await;
        assert_eq!(run.probe.audio.len(), 3, "{name}");
        assert_eq!(run.plan.audio.as_ref().unwrap().stream, stream, "{name}");
        assert!(pitch(&run.audio()).abs_diff(hertz) < 5, "{name} {}", pitch(&run.audio()));
    }
}

#[tokio::test]
async fn sound_alone_in_a_container_of_videos_is_heard() {
    for (name, codec) in [
        ("a.mp4", "aac"),
        ("a.mkv", "flac"),
        ("a.webm", "libopus"),
        ("a.ts", "mp2"),
        ("a.avi", "pcm_s16le"),
        ("a.mov", "alac"),
    ] {
        let run = run(&encoded(name, &format!("-vn -c:a {codec}")).path, 2.0).await;
        assert!(
            run.probe.video.is_none() && run.plan.video.is_none() && run.joined.scenes.is_empty(),
            "{name}"
        );
        assert!(pitch(&run.audio()).abs_diff(440) < 5, "{name} {}", pitch(&run.audio()));
        assert!((run.joined.length.get() - 6.0).abs() < 0.15, "{name} {:?}", run.joined.length);
    }
}

/// Mean colours, 0 to 255, of the first kept frame in thirds from left to right, as a decoder of JPEG sees them.
fn thirds(run: &Run) -> Vec<[u8; 3]> {
    let jpeg = &run.joined.keyframes[0].bytes;
    let bytes = &run.outputs[0].frames[jpeg.start as usize..jpeg.end as usize];
    let picture = image::load_from_memory(bytes).unwrap().to_rgb8();
    let third = picture.width() / 3;
    let color = |n: u32| picture.get_pixel(n * third + third / 2, picture.height() / 2).0;
    (0..3).map(color).collect()
}

#[tokio::test]
async fn high_dynamic_range_is_brought_down_for_usual_displays() {
    // Red, a third of paper white, and paper white (203 cd/m²) as the standards code them, by zscale.
    let colors = "color=0xc03020:s=106x180:r=24:d=2[r];color=0x9c9c9c:s=106x180:r=24:d=2[g];\
                  color=0xffffff:s=108x180:r=24:d=2[w];[r][g][w]hstack=3,format=gbrp";
    for (name, transfer, encoder) in [
        ("pq.mp4", "smpte2084", "-c:v libx265 -preset ultrafast -tag:v hvc1"),
        ("hlg.mov", "arib-std-b67", "-c:v libx265 -preset ultrafast -tag:v hvc1"),
        ("pq.mkv", "smpte2084", "-c:v libaom-av1 -usage realtime -cpu-used 8"),
        ("hlg.mov", "arib-std-b67", "-c:v prores_ks -profile:v hq"),
    ] {
        let tags =
            format!("-color_primaries bt2020 -color_trc {transfer} -colorspace bt2020nc -color_range tv");
        let x265 =
            format!("-x265-params log-level=error:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc");
        let x265 = if encoder.contains("libx265") { x265.as_str() } else { "" };
        let graph = format!(
            "{colors},zscale=pin=bt709:tin=iec61966-2-1:min=gbr:rin=full:p=bt2020:t={transfer}:m=bt2020nc:r=limited:npl=203,\
             format=yuv420p10le[v]"
        );
        let graph = graph.replace(char::is_whitespace, "");
        let pixels = if encoder.contains("prores") { "-pix_fmt yuv422p10le" } else { "" };
        let bright =
            clip(name, &format!("-filter_complex {graph} -map [v] {encoder} {x265} {tags} {pixels}"));
        let run = run(&bright.path, 60.0).await;
        assert!(run.probe.video.as_ref().unwrap().hdr.is_some(), "{name} {:?}", run.probe.video);
        let [red, gray, white] = thirds(&run)[..] else { panic!() };
        // The curve leaves what is darker than 0.3 of paper white as it is, and puts that at 84 % of the signal.
        assert!(gray.iter().all(|channel| channel.abs_diff(0x9c) < 14), "{name} gray {gray:?}");
        assert!(white.iter().all(|channel| (195..=235).contains(channel)), "{name} white {white:?}");
        assert!(red[0] > 140 && red[1] < 90 && red[2] < 80, "{name} red {red:?}");
        assert!(
            (0.3..0.75).contains(&run.joined.scenes[0].brightness),
            "{name} {}",
            run.joined.scenes[0].brightness
        );
        let stored = serde_json::to_vec(&run.plan).unwrap();
        assert_eq!(SegmentPlan::from_json(&stored).unwrap(), run.plan, "{name}");
    }
}
