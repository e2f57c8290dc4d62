//! What of a video becomes a row of its index.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    analysis::{Description, Detection, Scene, Transcript},
    time::Seconds,
};

use super::Row;
use crate::answer::EvidenceKind;

/// On-screen text is cut into rows of about this many characters, a paragraph: a vector of more is vague.
const LONGEST_TEXT: usize = 600;
/// Detections less sure than this are not searched.
const SURE: f32 = 0.3;

/// The video as a whole, then each scene, then each utterance.
pub(super) fn of(scenes: &[(Scene, Description)], transcript: &Transcript) -> Vec<Row> {
    let mut rows: Vec<Row> = overview(scenes, transcript).into_iter().collect();
    for (scene, description) in scenes {
        let row = |kind, text| Row {
            kind,
            start: scene.start,
            end: scene.end,
            scene: Some(scene.ordinal),
            speaker: None,
            text,
        };
        rows.push(row(EvidenceKind::Description, description.text.clone()));
        rows.extend(paragraphs(&description.on_screen_text).map(|text| row(EvidenceKind::ScreenText, text)));
        rows.extend(objects(&description.detections).map(|text| row(EvidenceKind::Object, text)));
    }
    rows.extend(transcript.utterances.iter().map(|utterance| Row {
        kind: EvidenceKind::Speech,
        start: utterance.start,
        end: utterance.end,
        scene: None,
        speaker: Some(utterance.speaker),
        text: utterance.text.clone(),
    }));
    rows.retain(|row| !row.text.trim().is_empty());
    rows
}

/// What was counted: how long, how many scenes, how many speakers.
fn overview(scenes: &[(Scene, Description)], transcript: &Transcript) -> Option<Row> {
    let ends = scenes.iter().map(|(scene, _)| scene.end);
    let ends = ends.chain(transcript.utterances.iter().map(|utterance| utterance.end));
    let end = ends.reduce(|last, end| if end > last { end } else { last })?;
    let speakers: BTreeSet<u32> = transcript.utterances.iter().map(|utterance| utterance.speaker).collect();
    let count = |count: usize, one: &str, many: &str| match count {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        more => format!("{more} {many}"),
    };
    let text = format!(
        "The video is {end} long and has {} and {}.",
        count(scenes.len(), "scene", "scenes"),
        count(speakers.len(), "speaker", "speakers"),
    );
    let (scene, speaker) = (None, None);
    Some(Row { kind: EvidenceKind::Description, start: Seconds::ZERO, end, scene, speaker, text })
}

/// Lines joined into texts of about [`LONGEST_TEXT`] characters.
fn paragraphs(lines: &[String]) -> impl Iterator<Item = String> {
    let mut texts: Vec<String> = Vec::new();
    for line in lines {
        match texts.last_mut() {
            Some(text) if text.chars().count() + line.chars().count() < LONGEST_TEXT => {
                text.push_str(" / ");
                text.push_str(line);
            }
            Some(_) | None => texts.push(line.clone()),
        }
    }
    texts.into_iter()
}

/// `2 person, whiteboard`: what was detected, apart from text, which has its own rows.
fn objects(detections: &[Detection]) -> impl Iterator<Item = String> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for detection in detections {
        if detection.confidence >= SURE && detection.name != "text" {
            *counts.entry(&detection.name).or_default() += 1;
        }
    }
    let names = counts.iter().map(|(name, count)| match count {
        1 => (*name).to_owned(),
        more => format!("{more} × {name}"),
    });
    let text = names.collect::<Vec<_>>().join(", ");
    (!text.is_empty()).then_some(text).into_iter()
}
