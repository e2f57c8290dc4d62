//! What Amazon Transcribe writes about a piece, on the soundtrack's own time.

use serde::Deserialize;

use super::super::pcm::{RATE, Span};
use crate::ProviderError;

/// What was heard in a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heard {
    /// In order of time; they do not overlap.
    pub(super) segments: Vec<Segment>,
}

/// Words of one speaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) span: Span,
    /// The speaker's name within its piece: `spk_0`.
    pub(super) label: String,
    pub(super) text: String,
}

#[derive(Deserialize)]
struct Document {
    results: Results,
}

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    audio_segments: Vec<AudioSegment>,
}

/// Times are seconds, as text.
#[derive(Deserialize)]
struct AudioSegment {
    transcript: String,
    start_time: String,
    end_time: String,
    #[serde(default)]
    speaker_label: String,
}

impl Heard {
    /// # Errors
    /// `Down` when it is no such document: another attempt may find it whole.
    pub(super) fn parse(document: &[u8], piece: Span) -> Result<Self, ProviderError> {
        // The parser's message would quote what was said.
        let document: Document = serde_json::from_slice(document)
            .map_err(|_| ProviderError::down("the result of a transcription cannot be read"))?;
        let segments =
            document.results.audio_segments.into_iter().filter_map(|segment| placed(segment, piece));
        Ok(Self { segments: in_order(segments.collect()) })
    }

    /// Speech of which no words are known.
    pub(super) fn untold(piece: Span) -> Self {
        let text = "[speech, not transcribed: too little of it to tell its language]".to_owned();
        Self { segments: vec![Segment { span: piece, label: String::new(), text }] }
    }
}

/// Whether there was too little speech to find out its language.
pub(super) fn is_too_short(reason: &str) -> bool {
    reason.contains("language identification")
}

/// Whether another attempt fails too, by the reasons in the API reference (`TranscriptionJob`, `FailureReason`).
pub(super) fn is_due_to_input(reason: &str) -> bool {
    ["media format", "sample rate", "file size", "number of channels"]
        .iter()
        .any(|words| reason.contains(words))
}

fn placed(segment: AudioSegment, piece: Span) -> Option<Segment> {
    let at = |seconds: &str| {
        let seconds = seconds.parse::<f64>().ok().filter(|seconds| seconds.is_finite())?;
        // Casts saturate.
        Some(piece.start.saturating_add((seconds * RATE as f64) as u64).min(piece.end))
    };
    let span = Span { start: at(&segment.start_time)?, end: at(&segment.end_time)? };
    let text = segment.transcript.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(Segment { span, label: segment.speaker_label, text })
}

/// In order of time, each after the one before, and without those of no length.
fn in_order(mut segments: Vec<Segment>) -> Vec<Segment> {
    segments.sort_by_key(|segment| (segment.span.start, segment.span.end));
    let mut said = 0;
    segments.retain_mut(|segment| {
        segment.span.start = segment.span.start.max(said);
        said = said.max(segment.span.end);
        segment.span.start < segment.span.end
    });
    segments
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PIECE: Span = Span { start: 100 * RATE, end: 200 * RATE };

    fn heard(segments: &serde_json::Value) -> Vec<(u64, u64, String, String)> {
        let document = json!({ "jobName": "x", "results": { "audio_segments": segments, "items": [] } });
        let heard = Heard::parse(document.to_string().as_bytes(), PIECE).unwrap();
        let told = heard.segments.into_iter();
        told.map(|s| (s.span.start / RATE, s.span.end / RATE, s.label, s.text)).collect()
    }

    #[test]
    fn times_are_those_of_the_soundtrack_and_do_not_overlap() {
        let told = heard(&json!([
            { "start_time": "8.49", "end_time": "12.0", "speaker_label": "spk_1", "transcript": "Sorry  about that. " },
            { "start_time": "4.0", "end_time": "9.0", "speaker_label": "spk_0", "transcript": "I've been on hold." },
            { "start_time": "20.0", "end_time": "999.0", "transcript": "The end." },
            { "start_time": "30.0", "end_time": "31.0", "transcript": " " },
            { "start_time": "soon", "end_time": "31.0", "transcript": "Never." },
        ]));
        let text = str::to_owned;
        let expected = [
            (104, 109, text("spk_0"), text("I've been on hold.")),
            (109, 112, text("spk_1"), text("Sorry about that.")),
            (120, 200, text(""), text("The end.")),
        ];
        assert_eq!(told, expected);
        assert!(heard(&json!([])).is_empty());
    }

    #[test]
    fn what_is_no_result_may_be_one_later() {
        for document in ["", "{}", r#"{"results": {"audio_segments": 7}}"#] {
            assert!(Heard::parse(document.as_bytes(), PIECE).unwrap_err().is_transient(), "{document}");
        }
    }

    #[test]
    fn reasons_are_told_apart() {
        let short = "Your audio file must have a speech segment long enough in duration to perform automatic language \
                     identification.";
        assert!(is_too_short(short) && !is_due_to_input(short));
        assert!(is_due_to_input("The media format provided does not match the detected media format"));
        assert!(!is_due_to_input("Internal Failure. Please try your request again."));
    }
}
