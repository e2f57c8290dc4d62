use std::{fs, time::Instant};

use domain::analysis::Transcript;
use intelligence::{
    BuiltinConfig, ProviderErrorKind,
    transcribe::{Builtin, Transcriber},
};

use crate::inputs::{PcmFile, recorded, say};

/// A dialogue: who speaks from when to when, in seconds.
struct Dialogue {
    folder: tempfile::TempDir,
    turns: Vec<(usize, f64, f64)>,
}

const LINES: [&str; 8] = [
    "welcome to the lesson about the slope of a line",
    "thank you i am glad to be here today",
    "we begin with the equation on the board",
    "what does the letter in front stand for",
    "it stands for the slope which is rise over run",
    "and the other number is where the line starts",
    "yes it is the place where the line meets the axis",
    "now i understand thank you very much",
];

/// `voices` speak in turn, with pauses of 1.2 s in room noise.
fn dialogue(voices: &[(&str, u32)]) -> Dialogue {
    let folder = tempfile::tempdir().unwrap();
    let mut samples = vec![0; 16_000];
    let mut turns = Vec::new();
    for (n, line) in LINES.iter().enumerate() {
        let who = n % voices.len();
        let said = say(folder.path(), voices[who].0, voices[who].1, line);
        let start = samples.len() as f64 / 16_000.0;
        samples.extend(said);
        turns.push((who, start, samples.len() as f64 / 16_000.0));
        samples.extend([0; 19_200]);
    }
    fs::write(folder.path().join("sound.pcm"), recorded(&samples)).unwrap();
    Dialogue { folder, turns }
}

fn without_recogniser() -> BuiltinConfig {
    BuiltinConfig { pocketsphinx: None, whisper_cli: None, ..BuiltinConfig::default() }
}

async fn transcribe(dialogue: &Dialogue, config: &BuiltinConfig) -> Transcript {
    let sound = PcmFile(dialogue.folder.path().join("sound.pcm"));
    Builtin::new(config).transcribe(&sound).await.unwrap().done().unwrap()
}

/// Share of the speaking time that is missed, made up, or given to someone else: the diarisation error rate,
/// in steps of 10 ms, with the quarter second around each true border left out as is usual.
fn error_rate(dialogue: &Dialogue, transcript: &Transcript) -> f64 {
    let (mut wrong, mut spoken) = (0.0, 0.0);
    let end = dialogue.turns.last().unwrap().2 + 1.0;
    for step in 0..(end * 100.0) as u32 {
        let at = f64::from(step) / 100.0;
        let near = |border: f64| (border - at).abs() < 0.25;
        if dialogue.turns.iter().any(|(_, start, end)| near(*start) || near(*end)) {
            continue;
        }
        let truth = dialogue.turns.iter().find(|(_, start, end)| (*start..*end).contains(&at));
        let found = transcript.utterances.iter().find(|u| (u.start.get()..u.end.get()).contains(&at));
        spoken += f64::from(u8::from(truth.is_some()));
        // Speakers are numbered by first appearance on both sides.
        let agree = truth.map(|(who, ..)| *who as u32) == found.map(|utterance| utterance.speaker);
        wrong += f64::from(u8::from(!agree));
    }
    wrong / spoken
}

#[tokio::test]
async fn two_voices_are_told_apart() {
    let dialogue = dialogue(&[("en-us", 30), ("en-gb+f3", 65)]);
    let begun = Instant::now();
    let transcript = transcribe(&dialogue, &without_recogniser()).await;
    let rate = error_rate(&dialogue, &transcript);
    eprintln!("MEASURED diarisation error rate {rate:.3}, {:?}", begun.elapsed());
    assert!(rate < 0.05, "{rate} {:?}", transcript.utterances);
    assert!(transcript.utterances.windows(2).all(|pair| pair[0].end <= pair[1].start));
}

#[tokio::test]
async fn one_voice_stays_one_speaker() {
    for (voice, pitch) in [("en-us", 30), ("en-us", 60), ("en-gb+f3", 65), ("en-us+m3", 40), ("en-gb+f2", 50)]
    {
        let dialogue = dialogue(&[(voice, pitch)]);
        let transcript = transcribe(&dialogue, &without_recogniser()).await;
        let speakers: Vec<u32> = transcript.utterances.iter().map(|utterance| utterance.speaker).collect();
        assert!(speakers.iter().all(|speaker| *speaker == 0), "{voice} at {pitch}: {speakers:?}");
    }
}

#[tokio::test]
async fn pocketsphinx_writes_words_down() {
    let dialogue = dialogue(&[("en-us", 45)]);
    let config = BuiltinConfig { whisper_cli: None, ..BuiltinConfig::default() };
    let begun = Instant::now();
    let transcript = transcribe(&dialogue, &config).await;
    let took = begun.elapsed();
    let heard: String = transcript.utterances.iter().map(|u| u.text.clone() + " ").collect();
    let rate = word_error_rate(&LINES.join(" "), &heard);
    eprintln!("MEASURED word error rate {rate:.2}, {took:?}: {heard}");
    assert_eq!(transcript.provenance.model, "webrtc-vad, pocketsphinx en-us");
    // A synthetic voice is hard for it; what matters is that speech comes out as about its words.
    assert!(rate < 0.8, "{rate}: {heard}");
}

/// Edits between the word sequences, by the words of the truth.
fn word_error_rate(truth: &str, heard: &str) -> f64 {
    let (truth, heard): (Vec<&str>, Vec<&str>) =
        (truth.split_whitespace().collect(), heard.split_whitespace().collect());
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, word) in truth.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in heard.iter().enumerate() {
            let replaced = diagonal + usize::from(word != other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[heard.len()] as f64 / truth.len() as f64
}

#[tokio::test]
async fn recognition_that_takes_too_long_is_left_and_said() {
    let dialogue = dialogue(&[("en-us", 45)]);
    let limit = std::time::Duration::from_millis(50);
    let config = BuiltinConfig { whisper_cli: None, recognition_limit: limit, ..BuiltinConfig::default() };
    let transcript = transcribe(&dialogue, &config).await;
    assert!(!transcript.utterances.is_empty());
    for utterance in transcript.utterances {
        assert_eq!(utterance.text, "[speech, not transcribed: the time for speech recognition ran out]");
    }
}

#[tokio::test]
async fn whisper_gets_one_wav_file_a_stretch_and_is_preferred() {
    use std::os::unix::fs::PermissionsExt;

    let dialogue = dialogue(&[("en-us", 45)]);
    // Stands in for whisper.cpp's program: checks the arguments and the WAV header as a real reader would.
    let cli = dialogue.folder.path().join("whisper-cli");
    let script = "#!/bin/sh\nfor last; do case \"$last\" in *.wav) ffprobe -v error -show_entries \
                  stream=codec_name,sample_rate,channels -of csv=p=0 \"$last\" > \"$last.txt\" || exit 1;; esac; done\n";
    fs::write(&cli, script).unwrap();
    fs::set_permissions(&cli, fs::Permissions::from_mode(0o755)).unwrap();
    let model = dialogue.folder.path().join("ggml-tiny.bin");
    fs::write(&model, b"model").unwrap();
    let config =
        BuiltinConfig { whisper_cli: Some(cli), whisper_model: Some(model), ..BuiltinConfig::default() };
    let transcript = transcribe(&dialogue, &config).await;
    assert_eq!(transcript.provenance.model, "webrtc-vad, whisper.cpp ggml-tiny");
    assert!(!transcript.utterances.is_empty());
    assert!(
        transcript.utterances.iter().all(|u| u.text == "pcm_s16le,16000,1"),
        "{:?}",
        transcript.utterances
    );
}

#[tokio::test]
async fn silence_has_no_utterances_and_a_missing_file_is_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let (quiet, empty) = (folder.path().join("quiet.pcm"), folder.path().join("empty.pcm"));
    fs::write(&quiet, recorded(&[0; 30 * 16_000])).unwrap();
    fs::write(&empty, [0]).unwrap();
    let transcriber = Builtin::new(&BuiltinConfig::default());
    for file in [quiet, empty] {
        let transcript = transcriber.transcribe(&PcmFile(file)).await.unwrap().done().unwrap();
        assert!(transcript.utterances.is_empty(), "{:?}", transcript.utterances);
    }
    let error = transcriber.transcribe(&PcmFile(folder.path().join("none.pcm"))).await.unwrap_err();
    assert_eq!(error.kind(), ProviderErrorKind::BadInput);
}
