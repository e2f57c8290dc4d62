use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
};

use intelligence::transcribe::Transcription;

use super::{
    cloud::{self, Cloud, result},
    transcribe::{call, shared, told},
};
use crate::sound::{RATE, Sound, bytes, voice};

/// Two speakers who change their labels from one job to the next, in a soundtrack of 3 hours and 50 minutes.
#[tokio::test]
async fn aws_soundtracks_of_many_hours_are_cut_and_their_speakers_linked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.pcm");
    let (last, end) = (13_790.0, 13_800);
    let mut file = File::create(&path).unwrap();
    file.set_len(end * RATE as u64 * 2).unwrap();
    for (second, pitch) in [(10.0, 110.0), (20.0, 230.0), (13_000.0, 230.0), (last, 110.0)] {
        file.seek(SeekFrom::Start((second * RATE as f64) as u64 * 2)).unwrap();
        file.write_all(&bytes(&voice(pitch, 4.0))).unwrap();
    }
    let sound = Sound::at(&path);
    let cloud = shared(Cloud::default());
    let server = cloud::server(&cloud).await;
    assert_eq!(call(&server, &sound).await.unwrap(), Transcription::UnderWay);
    assert_eq!(cloud.lock().unwrap().jobs.len(), 2, "both are begun at once");
    let pieces = cloud.lock().unwrap().objects["videos/7/g1/transcription/pieces.json"].clone();
    let pieces: serde_json::Value = serde_json::from_slice(&pieces).unwrap();
    let cut = pieces[1]["start"].as_f64().unwrap() / RATE as f64;
    assert!(cut > 24.0 && cut < 13_000.0, "cut in the silence at {cut}");
    let start = pieces[0]["start"].as_f64().unwrap() / RATE as f64;
    let at = |second: f64, piece: f64| (second - piece, second - piece + 4.0);
    let segment = |(from, to): (f64, f64), who, what| (from, to, who, what);
    cloud.lock().unwrap().results = vec![
        result(&[segment(at(10.0, start), "spk_0", "One."), segment(at(20.0, start), "spk_1", "Two.")]),
        result(&[segment(at(13_000.0, cut), "spk_0", "Three."), segment(at(last, cut), "spk_1", "Four.")]),
    ];
    let transcript = call(&server, &sound).await.unwrap().done().unwrap();
    assert_eq!(
        told(&transcript),
        [(0, 10.0, "One."), (1, 20.0, "Two."), (1, 13_000.0, "Three."), (0, last, "Four.")]
    );
}
