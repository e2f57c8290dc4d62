use std::{io::Cursor, path::Path};

use domain::analysis::Transcript;
use intelligence::{ProviderError, ProviderErrorKind, transcribe::Transcription};
use serde_json::json;

use super::{
    cloud::{self, Cloud, Shared, result},
    providers_of,
};
use crate::{
    server::Server,
    sound::{RATE, Sound, silence, soundtrack, voice},
};

pub(super) async fn call(server: &Server, sound: &Sound) -> Result<Transcription, ProviderError> {
    providers_of(server).await.transcriber.transcribe(sound).await
}

pub(super) fn shared(cloud: Cloud) -> Shared {
    Shared::new(cloud.into())
}

pub(super) fn told(transcript: &Transcript) -> Vec<(u32, f64, &str)> {
    let rounded = |seconds: f64| (seconds * 10.0).round() / 10.0;
    transcript.utterances.iter().map(|u| (u.speaker, rounded(u.start.get()), u.text.as_str())).collect()
}

/// Five seconds of silence, two speakers, and silence.
fn dialogue(folder: &Path) -> Sound {
    Sound::at(&soundtrack(
        folder,
        &[silence(5), voice(110.0, 4.0), silence(2), voice(230.0, 4.0), silence(9)],
    ))
}

#[tokio::test]
async fn aws_transcripts_are_begun_looked_after_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let sound = dialogue(folder.path());
    let words = result(&[(1.0, 5.0, "spk_1", "The slope"), (7.0, 11.0, "spk_0", "of a line.")]);
    let cloud = shared(Cloud { patience: 1, results: vec![words], ..Cloud::default() });
    let server = cloud::server(&cloud).await;
    assert_eq!(call(&server, &sound).await.unwrap(), Transcription::UnderWay, "it was begun");
    {
        let cloud = cloud.lock().unwrap();
        let job = &cloud.jobs["videos.7.g1.transcription.00"];
        assert_eq!(job["Media"]["MediaFileUri"], "s3://bucket/videos/7/g1/transcription/00.wav");
        assert_eq!((&job["MediaFormat"], &job["IdentifyLanguage"]), (&json!("wav"), &json!(true)));
        assert_eq!(job["Settings"], json!({ "ShowSpeakerLabels": true, "MaxSpeakerLabels": 10 }));
        assert_eq!(job["OutputBucketName"], "bucket");
        let wav = cloud.objects["videos/7/g1/transcription/00.wav"].clone();
        let wav = hound::WavReader::new(Cursor::new(wav)).unwrap();
        assert_eq!(
            (wav.spec().sample_rate, wav.spec().channels, wav.spec().bits_per_sample),
            (16_000, 1, 16)
        );
        let seconds = f64::from(wav.duration()) / RATE as f64;
        assert!((seconds - 12.0).abs() < 0.5, "silence around the words is not paid for: {seconds}");
    }
    assert_eq!(call(&server, &sound).await.unwrap(), Transcription::UnderWay, "it is under way");
    let transcript = call(&server, &sound).await.unwrap().done().unwrap();
    assert_eq!(told(&transcript), [(0, 5.0, "The slope"), (1, 11.0, "of a line.")]);
    assert_eq!((transcript.provenance.provider.as_str(), sound.heard()), ("aws", 1));
    assert_eq!(call(&server, &sound).await.unwrap().done().unwrap(), transcript, "and so for ever");
}

#[tokio::test]
async fn aws_silence_begins_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sound = Sound::at(&soundtrack(folder.path(), &[silence(30)]));
    let cloud = shared(Cloud::default());
    let server = cloud::server(&cloud).await;
    for _ in 0..2 {
        assert!(call(&server, &sound).await.unwrap().done().unwrap().utterances.is_empty());
    }
    assert!(cloud.lock().unwrap().jobs.is_empty());
    assert_eq!(sound.heard(), 1);
    let missing = Sound::at(&folder.path().join("none.pcm"));
    let error = call(&cloud::server(&shared(Cloud::default())).await, &missing).await.unwrap_err();
    assert_eq!(error.kind(), ProviderErrorKind::BadInput);
}

#[tokio::test]
async fn aws_a_job_that_somebody_else_began_is_looked_after() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = Some((400, "ConflictException"));
    let server = cloud::server(&shared(Cloud { refusal, ..Cloud::default() })).await;
    assert_eq!(call(&server, &dialogue(folder.path())).await.unwrap(), Transcription::UnderWay);
}

#[tokio::test]
async fn aws_a_job_for_which_there_is_no_room_waits_for_its_turn() {
    let folder = tempfile::tempdir().unwrap();
    let sound = dialogue(folder.path());
    for code in ["LimitExceededException", "ThrottlingException"] {
        let cloud = shared(Cloud { refusal: Some((400, code)), ..Cloud::default() });
        let server = cloud::server(&cloud).await;
        assert_eq!(call(&server, &sound).await.unwrap(), Transcription::UnderWay, "{code}");
        assert!(cloud.lock().unwrap().jobs.is_empty());
        cloud.lock().unwrap().refusal = None;
        assert_eq!(call(&server, &sound).await.unwrap(), Transcription::UnderWay);
        assert_eq!(cloud.lock().unwrap().jobs.len(), 1, "{code}");
    }
}

#[tokio::test]
async fn aws_a_job_that_fails_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let sound = dialogue(folder.path());
    let failure = Some("Internal Failure. Please try your request again.");
    let cloud = shared(Cloud { failure, results: vec![result(&[])], ..Cloud::default() });
    let server = cloud::server(&cloud).await;
    assert_eq!(call(&server, &sound).await.unwrap(), Transcription::UnderWay);
    assert_eq!(call(&server, &sound).await.unwrap_err().kind(), ProviderErrorKind::Down);
    assert!(cloud.lock().unwrap().jobs.is_empty(), "another attempt may use the name");
    cloud.lock().unwrap().failure = None;
    assert_eq!(call(&server, &sound).await.unwrap(), Transcription::UnderWay);
    assert!(call(&server, &sound).await.unwrap().done().unwrap().utterances.is_empty());
}

#[tokio::test]
async fn aws_reasons_that_lie_in_the_sound_are_final() {
    let folder = tempfile::tempdir().unwrap();
    let sound = dialogue(folder.path());
    let failure = Some(
        "Your audio file must have a speech segment long enough in duration to perform automatic \
                        language identification.",
    );
    let cloud = shared(Cloud { failure, ..Cloud::default() });
    let server = cloud::server(&cloud).await;
    assert_eq!(call(&server, &sound).await.unwrap(), Transcription::UnderWay);
    let transcript = call(&server, &sound).await.unwrap().done().unwrap();
    assert_eq!(told(&transcript)[0].2, "[speech, not transcribed: too little of it to tell its language]");
    cloud.lock().unwrap().failure =
        Some("The media format provided does not match the detected media format.");
    assert_eq!(call(&server, &sound).await.unwrap_err().kind(), ProviderErrorKind::BadInput);
}

#[tokio::test]
async fn aws_failures_of_a_transcription_are_told_apart() {
    use ProviderErrorKind::{BadInput, Down, Refused};
    let folder = tempfile::tempdir().unwrap();
    let failures = [
        (500, "InternalFailureException", Down, 3),
        (503, "ServiceUnavailableException", Down, 3),
        (400, "AccessDeniedException", Refused, 1),
        (400, "BadRequestException", BadInput, 1),
    ];
    for (status, code, kind, asked) in failures {
        let cloud = shared(Cloud { refusal: Some((status, code)), ..Cloud::default() });
        let server = cloud::server(&cloud).await;
        let error = call(&server, &dialogue(folder.path())).await.unwrap_err();
        assert!(error.to_string().contains(code), "{error}");
        let begun = |asked: &crate::server::Asked| {
            asked
                .headers
                .get("x-amz-target")
                .is_some_and(|target| target == "Transcribe.StartTranscriptionJob")
        };
        assert_eq!(
            (error.kind(), server.asked().iter().filter(|asked| begun(asked)).count()),
            (kind, asked),
            "{code}"
        );
    }
}
