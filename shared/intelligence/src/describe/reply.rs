//! What a model answers, read with patience: servers that ignore the schema let it wrap its JSON in fences, thoughts
//! and politeness, and give boxes by the names that it was trained on.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// Characters of a sentence; more is a model that repeats itself.
const LONGEST_SENTENCE: usize = 1_000;
const MOST_LINES: usize = 60;
/// Characters of a line of text.
const LONGEST_LINE: usize = 300;
/// Places in an answer where its JSON may begin.
const MOST_BEGINNINGS: usize = 64;

/// What a model sees.
#[derive(Debug, Deserialize)]
pub(super) struct Reply {
    /// Not empty.
    pub(super) sentence: String,
    #[serde(default, deserialize_with = "readable")]
    pub(super) on_screen_text: Vec<String>,
    #[serde(default, deserialize_with = "readable")]
    pub(super) objects: Vec<Thing>,
}

/// An object that a model sees, with a box on a scale of its choice.
#[derive(Debug, Deserialize)]
pub(super) struct Thing {
    #[serde(alias = "label")]
    pub(super) name: String,
    #[serde(default)]
    pub(super) confidence: Option<f32>,
    #[serde(rename = "box", alias = "bbox", alias = "bbox_2d")]
    pub(super) edges: Edges,
}

/// The edges of a box.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum Edges {
    Named {
        left: f32,
        top: f32,
        right: f32,
        bottom: f32,
    },
    /// Left, top, right, bottom: Qwen's `bbox_2d`.
    Listed([f32; 4]),
}

impl Reply {
    /// `None` when there is no such object with a sentence in the answer.
    pub(super) fn parse(answer: &str) -> Option<Self> {
        // A draft among the thoughts is not the answer.
        let answer = answer.rsplit_once("</think>").map_or(answer, |(_, said)| said);
        let beginnings = answer.match_indices('{').map(|(at, _)| &answer[at..]).take(MOST_BEGINNINGS);
        let read = |text| Self::deserialize(&mut serde_json::Deserializer::from_str(text)).ok();
        beginnings.filter_map(read).find_map(Self::tidied)
    }

    /// The same, where the answer is known to be that object.
    pub(super) fn of(answer: Value) -> Option<Self> {
        serde_json::from_value::<Self>(answer).ok()?.tidied()
    }

    fn tidied(mut self) -> Option<Self> {
        self.sentence = cut(&self.sentence, LONGEST_SENTENCE);
        let mut lines: Vec<String> = self.on_screen_text.iter().map(|line| cut(line, LONGEST_LINE)).collect();
        lines.retain(|line| !line.is_empty());
        lines.dedup();
        lines.truncate(MOST_LINES);
        self.on_screen_text = lines;
        Some(self).filter(|reply| !reply.sentence.is_empty())
    }
}

/// What of a list can be read: one odd object does not make the others wrong.
fn readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(list: D) -> Result<Vec<T>, D::Error> {
    let items = match Value::deserialize(list)? {
        Value::Array(items) => items,
        Value::Null => vec![],
        one => vec![one],
    };
    Ok(items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect())
}

/// One line, of so many characters at most.
fn cut(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"{"sentence": "A board.", "on_screen_text": ["y = mx + b", " "], "objects": []}"#;

    #[test]
    fn json_is_found_in_fences_thoughts_and_politeness() {
        let wrapped = [
            PLAIN.to_owned(),
            format!("```json\n{PLAIN}\n```"),
            format!("<think>maybe {{\"sentence\": \"A draft.\"}}</think>\n{PLAIN}"),
            format!("Sure! Here is {{what}} you asked for: {PLAIN} Anything else?"),
        ];
        for answer in wrapped {
            let reply = Reply::parse(&answer).unwrap_or_else(|| panic!("{answer}"));
            assert_eq!((reply.sentence.as_str(), reply.on_screen_text.len()), ("A board.", 1), "{answer}");
        }
    }

    #[test]
    fn what_says_nothing_is_no_answer() {
        let cut_off = &PLAIN[..30];
        for answer in ["", "A board.", "{}", r#"{"sentence": "  "}"#, r#"{"sentence": 7}"#, cut_off, "{{{{{"]
        {
            assert!(Reply::parse(answer).is_none(), "{answer}");
        }
    }

    #[test]
    fn one_odd_item_does_not_make_the_others_wrong() {
        let answer = r#"{"sentence": "x", "on_screen_text": "y = mx + b", "objects": [
            {"name": "cat", "confidence": "high", "box": [1, 2, 3, 4]}, {"name": "dog"}, 7,
            {"name": "car", "box": [1, 2, 3, 4]}]}"#;
        let reply = Reply::parse(answer).unwrap();
        assert_eq!(reply.on_screen_text, ["y = mx + b"]);
        assert_eq!(reply.objects.iter().map(|thing| thing.name.as_str()).collect::<Vec<_>>(), ["car"]);
        assert!(Reply::parse(r#"{"sentence": "x", "on_screen_text": null}"#).is_some());
    }

    #[test]
    fn boxes_have_the_names_that_models_were_trained_on() {
        let answer = r#"{"sentence": "x", "objects": [{"label": "cat", "bbox_2d": [1, 2, 3, 4]},
            {"name": "dog", "confidence": 0.5, "box": {"left": 0, "top": 0, "right": 1, "bottom": 1}}]}"#;
        let objects = Reply::parse(answer).unwrap().objects;
        assert!(matches!(objects[0].edges, Edges::Listed([1.0, 2.0, 3.0, 4.0])));
        assert!(matches!(objects[1].edges, Edges::Named { .. }));
    }
}
