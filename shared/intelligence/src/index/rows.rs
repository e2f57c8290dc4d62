//! What of a video becomes a row of its index.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    analysis::{Described, Detection, Scene, Transcript},
    time::Seconds,
};

use super::{Findings, Row, screen};
use crate::answer::EvidenceKind;

/// On-screen text is cut into rows of about this many characters, a paragraph: a vector of more is vague.
const LONGEST_TEXT: usize = 600;
/// Detections less sure than this are not searched.
const SURE: f32 = 0.3;

/// The video as a whole, then each scene with the text that appears in it, then each utterance.
pub(super) fn of(findings: &Findings<'_>) -> Vec<Row> {
    let mut rows = vec![overview(findings)];
    let mut texts = screen::moments(findings.scenes.unwrap_or_default()).into_iter().peekable();
    for (scene, described) in findings.scenes.unwrap_or_default() {
        // Where a description was refused there is nothing to find.
        let Some(description) = described.seen() else { continue };
        let row = |kind, text| Row {
            kind,
            start: scene.start,
            end: scene.end,
            scene: Some(scene.ordinal),
            speaker: None,
            text,
        };
        rows.push(row(EvidenceKind::Description, description.text.clone()));
        while let Some(shown) = texts.next_if(|shown| shown.scene == scene.ordinal) {
            let row = |text| Row { end: shown.end, ..row(EvidenceKind::ScreenText, text) };
            rows.extend(paragraphs(&shown.lines).map(row));
        }
        rows.extend(objects(&description.detections).map(|text| row(EvidenceKind::Object, text)));
    }
    let scenes = findings.scenes.unwrap_or_default();
    let utterances = findings.transcript.map(|transcript| &transcript.utterances);
    rows.extend(utterances.into_iter().flatten().map(|utterance| Row {
        kind: EvidenceKind::Speech,
        start: utterance.start,
        end: utterance.end,
        scene: shown_at(scenes, utterance.start),
        speaker: Some(utterance.speaker),
        text: utterance.text.clone(),
    }));
    rows.retain(|row| !row.text.trim().is_empty());
    rows
}

/// The scene that is on at a time.
fn shown_at(scenes: &[(Scene, Described)], time: Seconds) -> Option<u32> {
    let after = scenes.partition_point(|(scene, _)| scene.start <= time);
    let (scene, _) = scenes.get(after.checked_sub(1)?)?;
    Some(scene.ordinal)
}

/// What was counted: how long, how many scenes, how many speakers. What nobody looked or listened for is not none.
fn overview(findings: &Findings<'_>) -> Row {
    let length = findings.length;
    let scenes = findings.scenes.map(|scenes| count(scenes.len(), "scene", "scenes"));
    let speakers = findings.transcript.map(|transcript| count(speakers(transcript), "speaker", "speakers"));
    let text = match (scenes, speakers) {
        (Some(scenes), Some(speakers)) => {
            format!("The video is {length} long and has {scenes} and {speakers}.")
        }
        (Some(scenes), None) => {
            format!("The video is {length} long and has {scenes}; it was looked at, not listened to.")
        }
        (None, Some(speakers)) => {
            format!("The video is {length} long and has {speakers}; it was listened to, not looked at.")
        }
        (None, None) => format!("The video is {length} long."),
    };
    let (scene, speaker) = (None, None);
    Row { kind: EvidenceKind::Description, start: Seconds::ZERO, end: length, scene, speaker, text }
}

fn speakers(transcript: &Transcript) -> usize {
    transcript.utterances.iter().map(|utterance| utterance.speaker).collect::<BTreeSet<_>>().len()
}

fn count(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        more => format!("{more} {many}"),
    }
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
