use std::{collections::BTreeMap, fs, path::Path, process::Command, sync::Mutex, time::Instant};

use async_trait::async_trait;
use bytes::Bytes;
use domain::analysis::Transcript;
use intelligence::{
    BuiltinConfig, ProviderError, ProviderErrorKind,
    transcribe::{Builtin, Soundtrack, Transcriber},
};

use crate::inputs::{PcmFile, recorded, run, say};

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

fn transcriber() -> Builtin {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.local/models");
    Builtin::new(&BuiltinConfig { models: models.into(), ..BuiltinConfig::default() })
}

async fn transcribe(dialogue: &Dialogue) -> Transcript {
    let sound = PcmFile(dialogue.folder.path().join("sound.pcm"));
    transcriber().transcribe(&sound).await.unwrap().done().unwrap()
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
    let transcript = transcribe(&dialogue).await;
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
        let transcript = transcribe(&dialogue).await;
        let speakers: Vec<u32> = transcript.utterances.iter().map(|utterance| utterance.speaker).collect();
        assert!(speakers.iter().all(|speaker| *speaker == 0), "{voice} at {pitch}: {speakers:?}");
    }
}

#[tokio::test]
async fn words_are_written_down() {
    let dialogue = dialogue(&[("en-us", 45)]);
    let begun = Instant::now();
    let transcript = transcribe(&dialogue).await;
    let took = begun.elapsed();
    let heard: String = transcript.utterances.iter().map(|u| u.text.clone() + " ").collect();
    let plain: String = heard.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect();
    let rate = word_error_rate(&LINES.join(" "), &plain);
    eprintln!("MEASURED word error rate {rate:.2}, {took:?}: {heard}");
    assert_eq!(transcript.provenance.model, "Whisper base");
    assert!(rate < 0.15, "{rate}: {heard}");
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

/// A soundtrack that keeps what it is given.
struct Keeping {
    sound: PcmFile,
    parts: Mutex<BTreeMap<String, Bytes>>,
}

#[async_trait]
impl Soundtrack for Keeping {
    fn folder(&self) -> &str {
        "unused"
    }

    async fn pcm(&self) -> Result<&Path, ProviderError> {
        self.sound.pcm().await
    }

    async fn kept(&self, name: &str) -> Option<Bytes> {
        self.parts.lock().unwrap().get(name).cloned()
    }

    async fn keep(&self, name: &str, part: Bytes) {
        self.parts.lock().unwrap().insert(name.to_owned(), part);
    }
}

#[tokio::test]
async fn what_was_written_down_is_not_heard_again() {
    let dialogue = dialogue(&[("en-us", 45)]);
    let sound = PcmFile(dialogue.folder.path().join("sound.pcm"));
    let keeping = Keeping { sound, parts: Mutex::default() };
    let first = transcriber().transcribe(&keeping).await.unwrap().done().unwrap();
    {
        let mut parts = keeping.parts.lock().unwrap();
        assert_eq!(parts.keys().collect::<Vec<_>>(), ["Whisper-base-0.json", "windows-2.json"]);
        let piece = String::from_utf8(parts["Whisper-base-0.json"].to_vec()).unwrap();
        parts.insert("Whisper-base-0.json".to_owned(), piece.replace("slope", "heap").into());
    }
    let second = transcriber().transcribe(&keeping).await.unwrap().done().unwrap();
    let texts = |transcript: &Transcript| {
        transcript.utterances.iter().map(|utterance| utterance.text.clone()).collect::<Vec<_>>().join(" ")
    };
    assert!(texts(&first).contains("slope"), "{first:?}");
    assert_eq!(texts(&first).replace("slope", "heap"), texts(&second));
}

#[tokio::test]
async fn music_and_tones_have_no_words() {
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in [
        ("tone", "sine=frequency=440:duration=20"),
        ("noise", "anoisesrc=color=pink:duration=20:amplitude=0.4"),
        (
            "chord",
            "aevalsrc=0.2*sin(2*PI*262*t)+0.2*sin(2*PI*330*t)+0.2*sin(2*PI*392*t)*(0.5+0.5*sin(4*PI*t)):d=20",
        ),
    ] {
        let file = folder.path().join(name);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-f", "lavfi", "-i", source, "-ac", "1", "-ar", "16000", "-f", "s16le"]);
        run(command.arg(&file));
        let transcript = transcriber().transcribe(&PcmFile(file)).await.unwrap().done().unwrap();
        assert!(transcript.utterances.is_empty(), "{name}: {:?}", transcript.utterances);
    }
}

#[tokio::test]
async fn a_damaged_model_is_refused_and_said() {
    let models = tempfile::tempdir().unwrap();
    fs::create_dir(models.path().join("silero-vad")).unwrap();
    fs::write(models.path().join("silero-vad/model.onnx"), "damaged").unwrap();
    let config = BuiltinConfig { models: models.path().to_owned(), ..BuiltinConfig::default() };
    let sound = PcmFile(models.path().join("silero-vad/model.onnx"));
    let error = Builtin::new(&config).transcribe(&sound).await.unwrap_err();
    assert_eq!(error.kind(), ProviderErrorKind::Refused);
    assert!(error.to_string().contains("is another file"), "{error}");
}

#[tokio::test]
async fn silence_has_no_utterances_and_a_missing_file_is_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let (quiet, empty) = (folder.path().join("quiet.pcm"), folder.path().join("empty.pcm"));
    fs::write(&quiet, recorded(&[0; 30 * 16_000])).unwrap();
    fs::write(&empty, [0]).unwrap();
    let transcriber = transcriber();
    for file in [quiet, empty] {
        let transcript = transcriber.transcribe(&PcmFile(file)).await.unwrap().done().unwrap();
        assert!(transcript.utterances.is_empty(), "{:?}", transcript.utterances);
    }
    let error = transcriber.transcribe(&PcmFile(folder.path().join("none.pcm"))).await.unwrap_err();
    assert_eq!(error.kind(), ProviderErrorKind::BadInput);
}
