//! `processedData` of the Jobs contract, field by field.

use std::collections::BTreeSet;

use domain::analysis::{Description, Detection, Rgb, Scene, Transcript};
use domain::ids::VideoId;
use domain::time::Seconds;
use serde::Serialize;

/// The whole result.
#[derive(Serialize)]
pub(crate) struct Analysis<'a> {
    length: Seconds,
    scenes: Vec<PublishedScene<'a>>,
    transcript: Vec<Spoken<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublishedScene<'a> {
    scene_id: String,
    start_ts: Seconds,
    end_ts: Seconds,
    description: &'a str,
    main_color: Rgb,
    detections: &'a [Detection],
    /// What the detections name, each once: how later SDKs read them.
    objects: BTreeSet<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Spoken<'a> {
    speaker: String,
    start_time: Seconds,
    end_time: Seconds,
    text: &'a str,
}

impl<'a> Analysis<'a> {
    pub(crate) fn new(
        video: VideoId,
        length: Seconds,
        scenes: &'a [(Scene, Description)],
        transcript: &'a Transcript,
    ) -> Self {
        let scenes = scenes.iter().map(|(scene, description)| PublishedScene {
            scene_id: video.scene_id(scene.ordinal, scene.end),
            start_ts: scene.start,
            end_ts: scene.end,
            description: &description.text,
            main_color: scene.main_color,
            detections: &description.detections,
            objects: description.detections.iter().map(|detection| detection.name.as_str()).collect(),
        });
        let spoken = transcript.utterances.iter().map(|utterance| Spoken {
            speaker: video.speaker_id(utterance.speaker).to_string(),
            start_time: utterance.start,
            end_time: utterance.end,
            text: &utterance.text,
        });
        Self { length, scenes: scenes.collect(), transcript: spoken.collect() }
    }
}
