//! The grid of segments must not show in the result.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use super::{
    generate::{H264, three_shots},
    *,
};

/// Recordings that are made and looked at, about two seconds each.
const CASES: u32 = 12;

#[tokio::test]
async fn any_order_and_repetition_gives_equal_bytes() {
    let clip = three_shots("a.mp4", "30", H264);
    let first = run(&clip.path, 3.0).await;
    assert_eq!(first.plan.segments.len(), 4, "{:?}", first.plan.segments);
    let (tools, proxy) = (tools(), proxy(&clip.path).await);
    let again = [2, 0, 3, 2, 1].map(|index| {
        let (tools, plan, url) = (&tools, &first.plan, proxy.url());
        async move { (index, extract(tools, url, plan, index, ExtractOptions::default()).await.unwrap()) }
    });
    for (index, output) in futures::future::join_all(again).await {
        assert!(output == first.outputs[index as usize], "segment {index} differs");
    }
    let stored = serde_json::to_vec(&first.plan).unwrap();
    assert_eq!(SegmentPlan::from_json(&stored).unwrap(), first.plan);
}

async fn same_on_every_grid(clip: &generate::Clip, frames: usize) {
    let fine = run(&clip.path, 2.0).await;
    let whole = run(&clip.path, 100.0).await;
    assert!(fine.plan.segments.len() > 2, "{:?}", fine.plan);
    assert_eq!(whole.plan.segments.len(), 1);
    assert_eq!(fine.all_pts(), whole.all_pts());
    assert_eq!(fine.all_pts().len(), frames);
    assert_eq!(fine.all_pts()[0], 0);
    assert_eq!(fine.joined.scenes, whole.joined.scenes);
    assert_eq!(fine.joined.scenes.len(), 3, "{:#?}", fine.joined.scenes);
    let times = |joined: &Joined| joined.interval_frames.iter().map(|frame| frame.at).collect::<Vec<_>>();
    assert_eq!(times(&fine.joined), times(&whole.joined));
    assert_eq!(jpegs(&fine), jpegs(&whole));
    same_sound(&fine, &whole);
}

/// A file as some recorder might write it, and a length of segments.
#[derive(Debug, Clone)]
struct Recorded {
    rate: &'static str,
    /// Of every so many frames one is left out; 0 leaves none out.
    drop: u32,
    b_frames: u32,
    open_gop: bool,
    keyframe_every: u32,
    rotation: u32,
    sample_aspect: &'static str,
    starts_at: f64,
    container: &'static str,
    target: f64,
}

fn recorded() -> impl Strategy<Value = Recorded> {
    let pace = (prop::sample::select(vec!["24000/1001", "25", "30000/1001", "30", "60"]), 0..5u32);
    let coding = (0..4u32, any::<bool>(), 20..90u32);
    let shape =
        (prop::sample::select(vec![0, 90, 180, 270]), prop::sample::select(vec!["1/1", "4/3", "64/45"]));
    let container = prop::sample::select(vec!["mp4", "mov", "mkv", "ts"]);
    (pace, coding, shape, 0.0..5000.0, container, 1.0..5.0).prop_map(
        |(
            (rate, drop),
            (b_frames, open_gop, keyframe_every),
            (rotation, sample_aspect),
            starts_at,
            container,
            target,
        )| {
            // One frame in two or three is too many to be a mistake of the camera.
            let drop = if drop < 2 { 0 } else { drop + 2 };
            Recorded {
                rate,
                drop,
                b_frames,
                open_gop,
                keyframe_every,
                rotation,
                sample_aspect,
                starts_at,
                container,
                target,
            }
        },
    )
}

impl Recorded {
    fn clip(&self) -> generate::Clip {
        let Self { rate, drop, b_frames, open_gop, keyframe_every, sample_aspect, .. } = self;
        let filter = if *drop > 0 {
            format!("select=mod(n+1\\,{drop}),setsar={sample_aspect}")
        } else {
            format!("setsar={sample_aspect}")
        };
        let gop = format!(
            "open-gop={}:keyint={keyframe_every}:min-keyint={keyframe_every}:scenecut=0",
            u8::from(*open_gop)
        );
        let encode = format!(
            "-vf {filter} -fps_mode vfr -c:v libx264 -preset veryfast -bf {b_frames} -x264-params {gop} -c:a aac -output_ts_offset {}",
            self.starts_at
        );
        let source = three_shots("source.mkv", rate, "-c:v libx264 -preset ultrafast -qp 0 -c:a pcm_s16le");
        let source = source.path.to_str().unwrap();
        let name = format!("recorded.{}", self.container);
        let turn = format!("-metadata:s:v rotate={}", self.rotation);
        let turned = generate::clip("flat.mp4", &format!("-i {source} {encode}"));
        let turned = turned.path.to_str().unwrap();
        generate::clip(&name, &format!("-copyts -i {turned} -map 0 -c copy {turn} -output_ts_offset 0"))
    }
}

/// Whatever the recorder, frames belong to one segment each, and the grid does not show.
#[test]
fn the_grid_of_any_recording_does_not_show() {
    let config = ProptestConfig {
        cases: CASES,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    // The same recordings every time: a new one each time would fail for whoever comes next.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let result = TestRunner::new_with_rng(config, rng).run(&recorded(), |recorded| {
        let clip = recorded.clip();
        let (fine, whole) = runtime
            .block_on(async { (run(&clip.path, recorded.target).await, run(&clip.path, 100.0).await) });
        prop_assert_eq!(whole.plan.segments.len(), 1);
        prop_assert_eq!(fine.all_pts(), whole.all_pts());
        prop_assert_eq!(fine.all_pts()[0], 0);
        prop_assert!(fine.all_pts().is_sorted_by(|a, b| a < b));
        prop_assert_eq!(&fine.joined.scenes, &whole.joined.scenes);
        prop_assert_eq!(fine.joined.scenes.len(), 3, "{:#?}", fine.joined.scenes);
        prop_assert_eq!(jpegs(&fine), jpegs(&whole));
        Ok(())
    });
    result.unwrap();
}

/// The keyframes' bytes.
fn jpegs(run: &Run) -> Vec<&[u8]> {
    let jpeg = |frame: &crate::FrameRef| {
        let bytes = &run.outputs[frame.segment as usize].frames;
        &bytes[frame.bytes.start as usize..frame.bytes.end as usize]
    };
    run.joined.keyframes.iter().map(jpeg).collect()
}

/// Equal but for the priming of the codec and the resampler's phase, and in Matroska for timestamps in whole
/// milliseconds: every half second is the same sound, at most 2 ms away. (Half a sample of lag at 900 Hz is a difference of 1100; two
/// unrelated tones differ by 8000.)
fn same_sound(a: &Run, b: &Run) {
    let (a, b) = (a.audio(), b.audio());
    assert_eq!(a.len(), b.len());
    for (start, block) in (32..).step_by(8000).zip(a[32..a.len() - 32].chunks_exact(8000)) {
        assert!(block.iter().any(|sample| sample.unsigned_abs() > 3000), "silence at {start}");
        let difference = |lag: usize| {
            let other = &b[start + lag - 32..][..block.len()];
            let sum: u64 = block.iter().zip(other).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            sum / block.len() as u64
        };
        let best = (0..=64).map(difference).min().unwrap();
        assert!(best < 1500, "mean difference {best} at sample {start}");
    }
}

#[tokio::test]
async fn h264_with_b_frames() {
    same_on_every_grid(&three_shots("a.mp4", "30", H264), 360).await;
}

#[tokio::test]
async fn open_gop_leading_frames_belong_to_one_segment() {
    let open = "-c:v libx264 -preset veryfast -bf 3 -x264-params open-gop=1:keyint=48:scenecut=0:min-keyint=48 -c:a aac";
    same_on_every_grid(&three_shots("a.mp4", "24", open), 288).await;
}

#[tokio::test]
async fn ntsc_film_rate_in_matroska() {
    same_on_every_grid(&three_shots("a.mkv", "24000/1001", H264), 288).await;
}

#[tokio::test]
async fn transport_stream_with_a_late_start() {
    let late = format!("{H264} -output_ts_offset 1000");
    same_on_every_grid(&three_shots("a.ts", "25", &late), 300).await;
}

#[tokio::test]
async fn webm_with_vp8() {
    let vp8 = "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 500k -g 50 -c:a libopus";
    same_on_every_grid(&three_shots("a.webm", "25", vp8), 300).await;
}

#[tokio::test]
async fn avi_whose_packets_have_no_pts() {
    let avi = "-c:v mpeg4 -bf 0 -g 50 -q:v 4 -c:a libmp3lame";
    same_on_every_grid(&three_shots("a.avi", "25", avi), 300).await;
}

#[tokio::test]
async fn variable_frame_rate() {
    let drop = "-vf select='not(between(mod(n,30),7,20))+not(mod(n,60))' -fps_mode vfr";
    let clip = three_shots("source.mp4", "30", H264);
    let source = clip.path.to_str().unwrap().to_owned();
    let arguments = format!(
        "-i {source} {drop} -c:v libx264 -preset veryfast -force_key_frames expr:gte(t,n_forced*2) -c:a copy"
    );
    let vfr = generate::clip("vfr.mp4", &arguments);
    let kept = (0..360).filter(|n| !(7..=20).contains(&(n % 30)) || n % 60 == 0).count();
    same_on_every_grid(&vfr, kept).await;
    let fine = run(&vfr.path, 2.0).await;
    let starts: Vec<f64> = fine.joined.scenes.iter().map(|scene| scene.start.get()).collect();
    assert!(
        starts.iter().zip([0.0, 4.0, 8.0]).all(|(start, truth)| (start - truth).abs() < 0.001),
        "{starts:?}"
    );
}
