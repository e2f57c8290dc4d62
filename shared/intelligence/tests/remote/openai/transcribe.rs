use std::{io::Cursor, path::Path, time::Duration};

use bytes::Bytes;
use domain::analysis::Transcript;
use futures::stream;
use intelligence::{ProviderError, ProviderErrorKind};
use serde_json::{Value, json};

use crate::{
    openai::MODEL,
    server::{Asked, Server, Told},
    sound::{RATE, Sound, silence, soundtrack, voice},
};

/// A form, and the length in seconds of the WAV file in it, read as strictly as a server would.
struct Form {
    fields: Vec<(String, String)>,
    seconds: f64,
}

impl Form {
    async fn of(asked: &Asked) -> Self {
        let content_type = asked.headers["content-type"].to_str().unwrap();
        let boundary = multer::parse_boundary(content_type).unwrap();
        let body = stream::iter([Ok::<Bytes, std::io::Error>(asked.body.clone())]);
        let mut parts = multer::Multipart::new(body, boundary);
        let mut form = Self { fields: vec![], seconds: 0.0 };
        while let Some(part) = parts.next_field().await.unwrap() {
            let name = part.name().unwrap().to_owned();
            if name != "file" {
                form.fields.push((name, part.text().await.unwrap()));
                continue;
            }
            assert!(part.file_name().unwrap().ends_with(".wav"));
            let wav = hound::WavReader::new(Cursor::new(part.bytes().await.unwrap())).unwrap();
            let spec = wav.spec();
            assert_eq!((spec.sample_rate, spec.channels, spec.bits_per_sample), (16_000, 1, 16));
            form.seconds = f64::from(wav.duration()) / RATE as f64;
        }
        form
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

async fn forms(server: &Server) -> Vec<Form> {
    let mut forms = vec![];
    for asked in server.asked() {
        assert_eq!(asked.path, "/v1/audio/transcriptions");
        forms.push(Form::of(&asked).await);
    }
    forms
}

async fn transcribe(server: &Server, file: &Path) -> Result<Transcript, ProviderError> {
    let transcription = server.providers().await.transcriber.transcribe(&Sound::at(file)).await?;
    Ok(transcription.done().unwrap())
}

fn segments(list: &[(f64, f64, &str)]) -> Value {
    let segment =
        |(start, end, text): &(f64, f64, &str)| json!({ "id": 0, "start": start, "end": end, "text": text });
    let text: Vec<&str> = list.iter().map(|(.., text)| *text).collect();
    json!({ "text": text.join(""), "segments": list.iter().map(segment).collect::<Vec<_>>() })
}

fn asks_for_segments(asked: &Asked) -> bool {
    String::from_utf8_lossy(&asked.body).contains("verbose_json")
}

#[tokio::test]
async fn openai_segments_have_the_soundtracks_times_and_speakers_by_voice() {
    let folder = tempfile::tempdir().unwrap();
    // Two voices in the first piece; the second comes after a long silence.
    let parts =
        [silence(2), voice(110.0, 4.0), silence(1), voice(230.0, 4.0), silence(40), voice(110.0, 4.0)];
    let file = soundtrack(folder.path(), &parts);
    let server = Server::start(|number, _| match number {
        0 => Told::json(&segments(&[(0.0, 4.0, " The slope"), (5.0, 9.0, " of a line.")])),
        1 => Told::status(500, "server_error"),
        _ => Told::json(&segments(&[(0.0, 4.0, " Again.")])),
    })
    .await;
    let transcript = transcribe(&server, &file).await.unwrap();
    let told: Vec<(u32, f64, &str)> =
        transcript.utterances.iter().map(|u| (u.speaker, u.start.get().round(), u.text.as_str())).collect();
    assert_eq!(told, [(0, 2.0, "The slope"), (1, 7.0, "of a line."), (0, 51.0, "Again.")]);
    assert_eq!(transcript.provenance.provider, "openai");
    assert!(transcript.provenance.model.starts_with("test-model; "), "{:?}", transcript.provenance);
    let forms = forms(&server).await;
    assert_eq!(forms.len(), 3, "a piece that failed is sent again");
    for form in &forms {
        assert_eq!(form.field("model"), Some(MODEL));
        assert_eq!(form.field("response_format"), Some("verbose_json"));
        assert_eq!(form.field("timestamp_granularities[]"), Some("segment"));
    }
    assert!((forms[0].seconds - 9.0).abs() < 1.0, "silence is not sent: {}", forms[0].seconds);
    assert_eq!(forms[1].seconds, forms[2].seconds);
}

#[tokio::test]
async fn openai_long_soundtracks_are_sent_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let minutes: Vec<Vec<i16>> = (0..7).flat_map(|_| [voice(120.0, 59.0), silence(1)]).collect();
    let file = soundtrack(folder.path(), &minutes);
    let server = Server::start(|_, _| Told::json(&segments(&[(0.0, 9.0, "words")]))).await;
    let transcript = transcribe(&server, &file).await.unwrap();
    let forms = forms(&server).await;
    assert_eq!((forms.len(), transcript.utterances.len()), (2, 2));
    assert!(forms.iter().all(|form| form.seconds <= 300.0));
    assert!(forms.iter().map(|form| form.seconds).sum::<f64>() > 400.0);
}

#[tokio::test]
async fn openai_models_without_segments_are_asked_for_each_turn() {
    let folder = tempfile::tempdir().unwrap();
    let parts = [silence(1), voice(110.0, 4.0), silence(2), voice(230.0, 4.0), silence(1)];
    let file = soundtrack(folder.path(), &parts);
    let text = || Told::json(&json!({ "text": " some words " }));
    // As OpenAI's gpt-4o-transcribe does, and as servers do that ignore the format.
    for refuses in [true, false] {
        let server = Server::start(move |_, asked| match asks_for_segments(asked) && refuses {
            true => Told::status(400, "unsupported_value"),
            false => text(),
        })
        .await;
        let transcript = transcribe(&server, &file).await.unwrap();
        let told: Vec<(u32, f64)> =
            transcript.utterances.iter().map(|u| (u.speaker, u.start.get().round())).collect();
        assert_eq!(told, [(0, 1.0), (1, 7.0)], "refuses: {refuses}");
        assert!(transcript.utterances.iter().all(|utterance| utterance.text == "some words"));
        let forms = forms(&server).await;
        assert_eq!(
            forms.iter().map(|form| form.field("response_format").unwrap()).collect::<Vec<_>>(),
            ["verbose_json", "json", "json"]
        );
    }
}

#[tokio::test]
async fn openai_pieces_for_which_no_time_is_left_are_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let parts = [voice(110.0, 4.0), silence(30), voice(110.0, 4.0)];
    let file = soundtrack(folder.path(), &parts);
    let server = Server::start(|number, _| match number {
        0 => Told::json(&segments(&[(0.0, 4.0, "words")])),
        _ => Told::status(500, "too late").after(Duration::from_secs(30)),
    })
    .await;
    let providers = server.providers_with(None, Duration::from_secs(3)).await;
    let transcript = providers.transcriber.transcribe(&Sound::at(&file)).await.unwrap().done().unwrap();
    let told: Vec<&str> = transcript.utterances.iter().map(|u| u.text.as_str()).collect();
    assert_eq!(told, ["words", "[speech, not transcribed: the time for speech recognition ran out]"]);
}

#[tokio::test]
async fn openai_pieces_before_a_failure_are_paid_for_once() {
    let folder = tempfile::tempdir().unwrap();
    let said = || voice(110.0, 4.0);
    let file = soundtrack(folder.path(), &[said(), silence(30), said(), silence(30), said()]);
    let sound = Sound::at(&file);
    let words = |number: usize| Told::json(&segments(&[(0.0, 4.0, &format!("words {number}"))]));
    let broken = Server::start(move |number, _| match number {
        0 | 1 => words(number),
        _ => Told::status(401, "no key"),
    })
    .await;
    let failed = broken.providers().await.transcriber.transcribe(&sound).await.unwrap_err();
    assert_eq!((failed.kind(), broken.asked().len()), (ProviderErrorKind::Refused, 3));
    let mended = Server::start(move |number, _| words(number + 2)).await;
    let transcript = mended.providers().await.transcriber.transcribe(&sound).await.unwrap().done().unwrap();
    let told: Vec<&str> = transcript.utterances.iter().map(|u| u.text.as_str()).collect();
    assert_eq!((told, mended.asked().len()), (vec!["words 0", "words 1", "words 2"], 1));
    let names = sound.names();
    assert_eq!(names.len(), 3);
    assert!(names.iter().all(|name| name.contains(MODEL)), "another model would be asked: {names:?}");
}

#[tokio::test]
async fn openai_silence_is_not_sent_and_refusals_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| Told::status(401, "invalid_api_key")).await;
    let quiet = soundtrack(folder.path(), &[silence(30)]);
    assert!(transcribe(&server, &quiet).await.unwrap().utterances.is_empty());
    assert!(server.asked().is_empty());
    let missing = transcribe(&server, &folder.path().join("none.pcm")).await.unwrap_err();
    assert_eq!(missing.kind(), ProviderErrorKind::BadInput);
    let spoken = soundtrack(folder.path(), &[voice(110.0, 4.0)]);
    let refused = transcribe(&server, &spoken).await.unwrap_err();
    assert_eq!((refused.kind(), server.asked().len()), (ProviderErrorKind::Refused, 1));
}
