//! `processedData` of the Jobs contract, field by field.

use std::collections::BTreeSet;

use domain::analysis::{Described, Detection, Provenance, Rgb, Scene};
use domain::ids::VideoId;
use domain::time::Seconds;
use intelligence::index::Findings;
use jiff::Timestamp;
use media::{Joined, Timecode};
use serde::Serialize;

/// What is said of a scene whose picture nobody may describe.
const REFUSED: &str =
    "Not described: the content policy of the service that describes pictures forbids this one.";

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
    /// Who wrote the soundtrack down.
    #[serde(skip_serializing_if = "Option::is_none")]
    transcript_provenance: Option<By<'a>>,
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
    /// Whether the content policy of who was asked forbids a description.
    #[serde(skip_serializing_if = "is_false")]
    refused: bool,
    provenance: Seen<'a>,
}

/// Who looked at which frame.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seen<'a> {
    #[serde(flatten)]
    by: By<'a>,
    /// Of another scene, where that one looks the same.
    frame_ts: Seconds,
}

/// Whose words these are.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct By<'a> {
    provider: &'a str,
    model: &'a str,
    prompt_version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Spoken<'a> {
    speaker: String,
    start_time: Seconds,
    end_time: Seconds,
    text: &'a str,
}

/// For serde, which hands out references.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(refused: &bool) -> bool {
    !refused
}

impl<'a> From<&'a Provenance> for By<'a> {
    fn from(Provenance { provider, model, prompt_version }: &'a Provenance) -> Self {
        Self { provider, model, prompt_version }
    }
}

impl<'a> PublishedScene<'a> {
    /// `frame_ts` is the time of the frame that was looked at.
    fn new(video: VideoId, scene: &Scene, described: &'a Described, frame_ts: Seconds) -> Self {
        let (description, detections, refused) = match described {
            Described::Seen(seen) => (seen.text.as_str(), seen.detections.as_slice(), false),
            Described::Refused { .. } => (REFUSED, &[][..], true),
        };
        Self {
            scene_id: video.scene_id(scene.ordinal, scene.end),
            start_ts: scene.start,
            end_ts: scene.end,
            description,
            main_color: scene.main_color,
            detections,
            objects: detections.iter().map(|detection| detection.name.as_str()).collect(),
            refused,
            provenance: Seen { by: described.provenance().into(), frame_ts },
        }
    }
}

impl<'a> Analysis<'a> {
    pub(crate) fn new(video: VideoId, joined: &Joined, findings: &Findings<'a>) -> Self {
        let (recorded, looked_at) = (&joined.recorded, joined.described());
        let frames =
            joined.described_as().into_iter().filter_map(|place| Some(looked_at.get(place)?.keyframe_at));
        let scenes = findings.scenes.unwrap_or_default().iter().zip(frames);
        let scenes = scenes
            .map(|((scene, described), frame_ts)| PublishedScene::new(video, scene, described, frame_ts));
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
            transcript_provenance: findings.transcript.map(|transcript| By::from(&transcript.provenance)),
        }
    }
}
