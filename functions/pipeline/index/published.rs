//! `processedData` of the Jobs contract, field by field.

use std::collections::BTreeSet;

use domain::analysis::{Described, Detection, Rgb, Scene};
use domain::ids::VideoId;
use domain::time::Seconds;
use intelligence::index::Findings;
use jiff::Timestamp;
use media::{Recorded, Timecode};
use serde::Serialize;

/// What is said of a scene whose picture nobody may describe.
const REFUSED: &str = "Not described: the content policy of the service that describes pictures forbids this one.";

/// The whole result. What was not asked for is there, and empty; what the recorder did not write is not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Analysis<'a> {
    length: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    timecode: Option<Timecode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<Timestamp>,
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

impl<'a> PublishedScene<'a> {
    fn new(video: VideoId, scene: &Scene, described: &'a Described) -> Self {
        let (description, detections) = match described {
            Described::Seen(description) => (description.text.as_str(), description.detections.as_slice()),
            Described::Refused { .. } => (REFUSED, &[][..]),
        };
        Self {
            scene_id: video.scene_id(scene.ordinal, scene.end),
            start_ts: scene.start,
            end_ts: scene.end,
            description,
            main_color: scene.main_color,
            detections,
            objects: detections.iter().map(|detection| detection.name.as_str()).collect(),
        }
    }
}

impl<'a> Analysis<'a> {
    pub(crate) fn new(video: VideoId, recorded: Recorded, findings: &Findings<'a>) -> Self {
        let scenes = findings.scenes.unwrap_or_default().iter();
        let scenes = scenes.map(|(scene, described)| PublishedScene::new(video, scene, described));
        let utterances = findings.transcript.map(|transcript| &transcript.utterances);
        let spoken = utterances.into_iter().flatten().map(|utterance| Spoken {
            speaker: video.speaker_id(utterance.speaker).to_string(),
            start_time: utterance.start,
            end_time: utterance.end,
            text: &utterance.text,
        });
        Self {
            length: findings.length,
            timecode: recorded.timecode,
            recorded_at: recorded.created_at,
            scenes: scenes.collect(),
            transcript: spoken.collect(),
        }
    }
}
