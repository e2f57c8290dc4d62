//! The one command line.

use ffmpeg_sidecar::command::FfmpegCommand;

use super::{
    measure::{HEIGHT, WIDTH},
    ticks,
};
use crate::{
    AUDIO_RATE, AudioPlan, Hdr, Matrix, Segment, SegmentPlan, Tools, VideoPlan, process::INPUT_RULES,
};

/// Sound is decoded from this much before the segment, because codecs and the resampler need a run-up.
const RUN_UP: f64 = 1.0;
/// Sound leaves in pieces of this many samples, half a second, instead of the codec's own fortieths.
const PIECE: u32 = AUDIO_RATE / 2;

/// Reads the file twice, because containers interleave loosely: where the video of a segment begins, its sound may
/// have begun long before. Only the streams of interest are parsed in each, and each frame is decoded once.
///
/// Everything leaves through one pipe as NUT, which carries every frame's own timestamp.
pub(super) fn extraction(
    tools: &Tools,
    url: &str,
    plan: &SegmentPlan,
    segment: &Segment,
    seek: Option<f64>,
    threads: u16,
) -> FfmpegCommand {
    let mut command = FfmpegCommand::new_with_path(&tools.ffmpeg);
    command.hide_banner().args(["-nostdin", "-loglevel", "error", "-copyts", "-filter_complex_threads", "1"]);
    let mut graph = Vec::new();
    if let Some(video) = &plan.video {
        // Turned upright after scaling instead: a twelfth of the pixels.
        command.args(["-threads", &threads.to_string(), "-noautorotate"]);
        // Entered at a keyframe that is no IDR, the H.264 decoder takes frames for broken that are not, and drops them.
        // Those that are, the leading ones, are trimmed away.
        command.args(["-flags", "+output_corrupt"]);
        if video.spares_filter {
            command.args(["-skip_loop_filter", "noref"]);
        }
        input(&mut command, url, plan, seek);
        graph.push(video_graph(plan, video, segment));
    }
    if let Some(audio) = &plan.audio {
        let start = plan.origin + plan.time_base.seconds(segment.start);
        command.args(["-threads", "1"]);
        input(&mut command, url, plan, (segment.start > 0).then_some(start - RUN_UP));
        graph.push(audio_graph(plan, audio, segment));
    }
    command.filter_complex(graph.join(";"));
    // Or raw pictures are handed from thread to thread only to be copied.
    command.args(["-threads", "1"]);
    if plan.video.is_some() {
        let base = format!("{}:{}", plan.time_base.num, plan.time_base.den);
        command.map("[small]").map("[picture]");
        command.args(["-c:v", "rawvideo", "-enc_time_base:v", &base, "-fps_mode:v", "passthrough"]);
    }
    if plan.audio.is_some() {
        command.map("[sound]").codec_audio("pcm_s16le");
    }
    // A write for every small frame costs a fiftieth of the decode; nobody waits for a single one.
    command.args(["-map_metadata", "-1", "-max_muxing_queue_size", "4096", "-flush_packets", "0"]);
    command.format("nut").output("pipe:1");
    command
}

fn input(command: &mut FfmpegCommand, url: &str, plan: &SegmentPlan, seek: Option<f64>) {
    if let Some(at) = seek {
        // Rounded up: a microsecond too early is the keyframe before.
        let at = format!("{:.6}", (at * 1e6).ceil() / 1e6);
        command.args(["-noaccurate_seek", "-seek_timestamp", "1"]).seek(at);
    }
    // Of two inputs each would be read by a thread of its own, which is woken for every single packet.
    command.args(["-thread_queue_size", "0"]);
    command.args(INPUT_RULES).format(&plan.demuxer).input(url);
}

fn video_graph(plan: &SegmentPlan, video: &VideoPlan, segment: &Segment) -> String {
    let (stream, first) = (video.stream, video.first_pts);
    let start = first.saturating_add(segment.start);
    let end = segment.end.map(|end| format!(":end_pts={}", first.saturating_add(end))).unwrap_or_default();
    let selection = ticks::selection(plan.time_base, video.spares_filter);
    let (width, height, turn) = match video.rotation {
        90 => (video.height, video.width, ",transpose=clock"),
        180 => (video.width, video.height, ",hflip,vflip"),
        270 => (video.height, video.width, ",transpose=cclock"),
        _ => (video.width, video.height, ""),
    };
    // Neither matrix nor range is changed, which would cost more than the scaling: see `matrix`.
    let leaving = format!("out_color_matrix={}:out_range=tv", video.extracted_matrix().name());
    let scaled = |width: usize, height: usize, flags: &str| {
        let scale = format!("scale={width}:{height}:flags={flags}");
        match video.hdr.map(Hdr::tone_map) {
            // Scaled first: the tables of tone mapping are for small pictures.
            Some(tone) => {
                let entering = Matrix::Bt2020.name();
                format!("{scale}:in_color_matrix={entering},{tone},scale=flags=bilinear:{leaving}")
            }
            None => format!("{scale}:in_color_matrix={}:{leaving}", video.matrix.name()),
        }
    };
    let small = scaled(WIDTH, HEIGHT, "fast_bilinear");
    let picture = scaled(width as usize, height as usize, "bilinear");
    format!(
        "[0:{stream}]trim=start_pts={start}{end},setpts=PTS-{first},split[a][b];\
         [a]{small},format=yuv420p[small];\
         [b]select='{selection}',{picture},format=yuv420p,setsar=1{turn}[picture]"
    )
}

/// Resampled first and cut then, on the sample: the parts fit together without a gap. Time counts from before the
/// run-up until then, because the resampler takes its `first_pts` in samples of the input, whose rate may be another than the header
/// says, and fills what lies between that time and the sound with silence: of hours, late in a long video.
fn audio_graph(plan: &SegmentPlan, audio: &AudioPlan, segment: &Segment) -> String {
    let input = u8::from(plan.video.is_some());
    let stream = audio.stream;
    let (start, end) = plan.samples(segment);
    // On a whole second, which is a whole number of samples at every rate, and before the first packet of the run-up:
    // silence is added by samples of the input, and so the resampler is in the same phase in all segments.
    let begin = (plan.time_base.seconds(segment.start) - RUN_UP - 1.0).floor();
    let origin = plan.origin + begin;
    let begin = begin as i64 * i64::from(AUDIO_RATE);
    let cut = start - begin;
    let end = end.map(|end| format!(":end_pts={}", end - begin)).unwrap_or_default();
    format!(
        "[{input}:{stream}]asetpts=round(PTS-({origin:.9}/TB)),\
         aresample={AUDIO_RATE}:async=1:min_hard_comp=0.03:first_pts=0:out_sample_fmt=s16:out_chlayout=mono,\
         atrim=start_pts={cut}{end},asetpts=PTS+({begin}),aformat=sample_fmts=s16:channel_layouts=mono,\
         asetnsamples={PIECE}:p=0[sound]"
    )
}
