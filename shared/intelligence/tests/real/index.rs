use std::time::Instant;

use domain::{
    analysis::{Described, Description, Detection, Provenance, Rgb, Scene, Transcript, Utterance},
    time::Seconds,
};
use futures::TryStreamExt;
use intelligence::{
    answer::{Answerer, Evidence, EvidenceKind, Extractive, Question},
    embed::{Embedder, HashedTerms, MiniLm},
    index::{DecodeError, Findings, VideoIndex},
};
use proptest::prelude::*;

use crate::minilm;

fn provenance() -> Provenance {
    Provenance { provider: "builtin".into(), model: "test".into(), prompt_version: "1".into() }
}

/// A lesson of 100 s: a board, a lab, traffic, credits.
fn lesson() -> (Vec<(Scene, Described)>, Transcript) {
    let scenes = [
        (0.0, "A bright, mostly white still picture.", &["y = mx + b", "slope m = rise / run"][..], "person"),
        (
            30.0,
            "A mostly green picture with some movement.",
            &["Photosynthesis needs light and water"],
            "leaf",
        ),
        (60.0, "A dark, mostly blue picture with much movement.", &[], "car"),
        (90.0, "A mostly black still picture.", &["Thank you for watching"], "logo"),
    ];
    let scene = |(n, (start, text, lines, object)): (usize, &(f64, &str, &[&str], &str))| {
        let scene = Scene {
            ordinal: n as u32,
            start: Seconds::new(*start),
            end: Seconds::new(if n == 3 { 100.0 } else { start + 30.0 }),
            keyframe_at: Seconds::new(start + 5.0),
            main_color: Rgb(0, 0, 0),
            brightness: 0.5,
            motion: 0.0,
            black: Vec::new(),
            frozen: Vec::new(),
        };
        let (x, y, width, height) = (0.1, 0.1, 0.5, 0.5);
        let detection = Detection { name: (*object).to_owned(), x, y, width, height, confidence: 0.9 };
        let on_screen_text: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let detections = vec![detection];
        let (text, provenance) = ((*text).to_owned(), provenance());
        (scene, Description { text, on_screen_text, detections, provenance }.into())
    };
    let utterance = |(start, speaker, text): &(f64, u32, &str)| Utterance {
        speaker: *speaker,
        start: Seconds::new(*start),
        end: Seconds::new(start + 6.0),
        text: (*text).to_owned(),
    };
    let said = [
        (2.0, 0, "welcome today we look at straight lines and how steep they are"),
        (12.0, 1, "the slope tells how much y grows when x grows by one"),
        (35.0, 0, "plants turn sunlight into sugar inside their leaves"),
        (65.0, 1, "the traffic in the city is heavy this evening"),
        (92.0, 0, "goodbye and see you next week"),
    ];
    let utterances = said.iter().map(utterance).collect();
    (scenes.iter().enumerate().map(scene).collect(), Transcript { utterances, provenance: provenance() })
}

async fn indexed(embedder: &dyn Embedder) -> VideoIndex {
    let (scenes, transcript) = lesson();
    let findings =
        Findings { length: Seconds::new(100.0), scenes: Some(&scenes), transcript: Some(&transcript) };
    VideoIndex::build(embedder, &findings).await.unwrap()
}

/// Of what was only listened to.
async fn heard(embedder: &dyn Embedder, length: f64, transcript: &Transcript) -> VideoIndex {
    let findings = Findings { length: Seconds::new(length), scenes: None, transcript: Some(transcript) };
    VideoIndex::build(embedder, &findings).await.unwrap()
}

async fn ask(embedder: &dyn Embedder, index: &VideoIndex, question: &str) -> Vec<Evidence> {
    let vector = embedder.embed(&[question.to_owned()]).await.unwrap().remove(0);
    index.search(question, Some(&vector), 8)
}

/// Questions with the kind and the second of the evidence that must come first.
const QUESTIONS: &[(&str, EvidenceKind, f64)] = &[
    ("What was written on the whiteboard at the start?", EvidenceKind::ScreenText, 0.0),
    ("what is on the screen at the end", EvidenceKind::ScreenText, 90.0),
    ("What is said at 0:35?", EvidenceKind::Speech, 35.0),
    ("At the 65-second mark, what does the speaker say?", EvidenceKind::Speech, 65.0),
    ("How many scenes are there?", EvidenceKind::Description, 0.0),
    ("What does the text say about photosynthesis?", EvidenceKind::ScreenText, 30.0),
    ("What did they say about the slope?", EvidenceKind::Speech, 12.0),
    ("Which colour is the scene with cars? blue?", EvidenceKind::Description, 60.0),
    ("traffic", EvidenceKind::Speech, 65.0),
];

const NONSENSE: &[&str] = &[
    "asdf qwerty zxcv",
    "Who won the football world cup?",
    "What is the recipe for chocolate cake?",
    "Is there a dragon?",
    "???",
    "",
];

async fn check(embedder: &dyn Embedder) {
    let index = indexed(embedder).await;
    for (question, kind, start) in QUESTIONS {
        let found = ask(embedder, &index, question).await;
        let first = found.first().map(|evidence| (evidence.kind, evidence.start.get()));
        assert_eq!(first, Some((*kind, *start)), "{question}: {found:#?}");
        assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
    }
    for question in NONSENSE {
        let found = ask(embedder, &index, question).await;
        assert!(found.is_empty(), "{question}: {found:#?}");
    }
    let said = ask(embedder, &index, "What is said?").await;
    assert_eq!(said.iter().filter(|evidence| evidence.kind == EvidenceKind::Speech).count(), 5);
    let speakers = ask(embedder, &index, "Who speaks?").await;
    assert!(speakers.iter().any(|evidence| evidence.text.contains("2 speakers")), "{speakers:#?}");
}

#[tokio::test]
async fn relevant_rows_come_first_and_nonsense_finds_nothing_by_terms() {
    check(&HashedTerms::new()).await;
}

#[tokio::test]
async fn relevant_rows_come_first_and_nonsense_finds_nothing_by_meaning() {
    let Some(folder) = minilm::folder() else { return };
    let minilm = MiniLm::find(&folder).unwrap();
    check(&minilm).await;
    let index = indexed(&minilm).await;
    // No word in common: only meaning finds these.
    for (question, start) in [("Why is the road full of vehicles?", 65.0), ("How do trees make food?", 35.0)]
    {
        let found = ask(&minilm, &index, question).await;
        let spoken = found.iter().take(2).find(|evidence| evidence.kind == EvidenceKind::Speech);
        assert_eq!(spoken.map(|evidence| evidence.start.get()), Some(start), "{question}: {found:#?}");
    }
}

#[tokio::test]
async fn the_reference_question_is_answered_with_what_was_written() {
    let embedder = HashedTerms::new();
    let index = indexed(&embedder).await;
    let text = "What was written on the whiteboard at the start?";
    let evidence = ask(&embedder, &index, text).await;
    let answer =
        Extractive.answer(&Question { text: text.to_owned(), earlier: vec![] }, &evidence).await.unwrap();
    assert_eq!(answer.by.provider, "builtin");
    let said: Vec<String> = answer.pieces.try_collect().await.unwrap();
    let said = said.concat();
    assert!(said.starts_with("[00:00] The screen shows “y = mx + b / slope m = rise / run”."), "{said}");
}

#[tokio::test]
async fn what_nobody_looked_for_is_not_counted_as_none() {
    let embedder = HashedTerms::new();
    let (scenes, transcript) = lesson();
    let listened = heard(&embedder, 120.0, &transcript).await;
    let found = ask(&embedder, &listened, "How many scenes are there?").await;
    assert_eq!(
        found[0].text,
        "The video is 02:00 long and has 2 speakers; it was listened to, not looked at."
    );
    assert!(found.iter().all(|evidence| evidence.frame.is_none()), "{found:#?}");
    let said = ask(&embedder, &listened, "What did they say about the slope?").await;
    assert_eq!((said[0].kind, said[0].start.get()), (EvidenceKind::Speech, 12.0), "{said:#?}");

    let findings = Findings { length: Seconds::new(100.0), scenes: Some(&scenes), transcript: None };
    let looked = VideoIndex::build(&embedder, &findings).await.unwrap();
    let found = ask(&embedder, &looked, "Who speaks?").await;
    assert_eq!(found[0].text, "The video is 01:40 long and has 4 scenes; it was looked at, not listened to.");
    let written = ask(&embedder, &looked, "What was written on the whiteboard at the start?").await;
    assert_eq!((written[0].kind, written[0].start.get()), (EvidenceKind::ScreenText, 0.0), "{written:#?}");
}

#[tokio::test]
async fn an_index_survives_storage_and_scores_the_same() {
    let index = indexed(&HashedTerms::new()).await;
    let read = VideoIndex::decode(&index.encode()).unwrap();
    assert_eq!(read, index);
    assert_eq!(read.embedder().as_str(), HashedTerms::ID);
    assert_eq!(read.search("slope", None, 5), index.search("slope", None, 5));
}

#[tokio::test]
async fn other_files_and_versions_are_told_apart() {
    let mut bytes = indexed(&HashedTerms::new()).await.encode();
    assert_eq!(VideoIndex::decode(b"PK\x03\x04"), Err(DecodeError::NotAnIndex));
    assert_eq!(VideoIndex::decode(&bytes[..bytes.len() - 1]), Err(DecodeError::Damaged));
    bytes.push(0);
    assert_eq!(VideoIndex::decode(&bytes), Err(DecodeError::Damaged));
    bytes[4] = 9;
    assert_eq!(VideoIndex::decode(&bytes), Err(DecodeError::Version(9)));
}

fn stored() -> Vec<u8> {
    block_on(indexed(&HashedTerms::new())).encode()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn hostile_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut in any::<prop::sample::Index>()) {
        let mut bytes = stored();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut.index(4) == 0 {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(index) = VideoIndex::decode(&bytes) {
            index.search("what is the slope at 0:30", Some(&[0.1; 384]), 5);
        }
    }

    #[test]
    fn any_texts_survive_storage(texts in prop::collection::vec(".{0,40}", 0..6)) {
        let utterances = texts.iter().zip(0u32..).map(|(text, n)| Utterance {
            speaker: n % 2,
            start: Seconds::new(f64::from(n)),
            end: Seconds::new(f64::from(n) + 0.7),
            text: text.clone(),
        });
        let transcript = Transcript { utterances: utterances.collect(), provenance: provenance() };
        let index = block_on(heard(&HashedTerms::new(), 6.0, &transcript));
        prop_assert_eq!(VideoIndex::decode(&index.encode()), Ok(index));
    }
}

#[tokio::test]
async fn an_hour_is_searched_quickly() {
    let (_, mut transcript) = lesson();
    let lines = transcript.utterances.clone();
    transcript.utterances = (0..4000u32)
        .map(|n| {
            let line = &lines[n as usize % lines.len()];
            Utterance {
                start: Seconds::new(f64::from(n)),
                end: Seconds::new(f64::from(n) + 0.9),
                ..line.clone()
            }
        })
        .collect();
    let embedder = HashedTerms::new();
    let begun = Instant::now();
    let index = heard(&embedder, 4000.0, &transcript).await;
    let built = begun.elapsed();
    let begun = Instant::now();
    let bytes = index.encode();
    let (encoded, begun) = (begun.elapsed(), Instant::now());
    let index = VideoIndex::decode(&bytes).unwrap();
    let (decoded, begun) = (begun.elapsed(), Instant::now());
    let found = ask(&embedder, &index, "how steep is the slope?").await;
    let searched = begun.elapsed();
    eprintln!(
        "MEASURED 4001 rows: build {built:?}, encode {encoded:?} to {} bytes, decode {decoded:?}, search {searched:?}",
        bytes.len()
    );
    assert_eq!(found.len(), 8);
}

/// Drives a future that never waits for the outside.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
