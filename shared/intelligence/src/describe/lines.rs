//! Words put together to the lines that people see, and which of them are believed.

use domain::analysis::Detection;

/// Least mean confidence of a line that is kept, each word weighted by its length.
const LINE_FLOOR: f32 = 50.0;
/// The same for lines without a word of four letters or digits: leaves and tiles are read as such, and `y = mx + b` is
/// surer.
const SHORT_FLOOR: f32 = 85.0;
/// Words are beside each other when they share this part of the smaller one's height, and are no farther apart than so
/// many times the greater one's: the blank in a line of code, but not between columns.
const SHARED_HEIGHT: f32 = 0.5;
const GAP: f32 = 2.0;

/// A word, or words, with its box in pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
    /// Of 100.
    pub(super) confidence: f32,
    pub(super) text: String,
}

/// A line of text on a frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    /// The box around its words, named `text`.
    pub(super) place: Detection,
}

impl Word {
    /// Whether `next`, which begins farther right, goes on with this line.
    pub(super) fn is_followed_by(&self, next: &Self) -> bool {
        let (height, other) = (self.bottom - self.top, next.bottom - next.top);
        let shared = self.bottom.min(next.bottom) - self.top.max(next.top);
        let (gap, most) = (next.left - self.right, height.max(other));
        shared >= SHARED_HEIGHT * height.min(other) && (-0.5 * most..GAP * most).contains(&gap)
    }
}

impl Line {
    pub(super) fn weight(&self) -> f32 {
        self.place.confidence * self.text.chars().count() as f32
    }

    /// Whether the boxes share a good part of the smaller one.
    pub(super) fn is_where(&self, other: &Self) -> bool {
        let (a, b) = (&self.place, &other.place);
        let shared = |start: f32, length: f32, other: f32, other_length: f32| {
            ((start + length).min(other + other_length) - start.max(other)).max(0.0)
        };
        let area = shared(a.x, a.width, b.x, b.width) * shared(a.y, a.height, b.y, b.height);
        area > 0.3 * (a.width * a.height).min(b.width * b.height)
    }
}

/// The line, unless it looks like texture read as text: unsure, or without a run of two letters or digits.
pub(super) fn believed(words: &[Word], (width, height): (f32, f32)) -> Option<Line> {
    let length = |word: &Word| word.text.chars().count() as f32;
    let confidence = words.iter().map(|word| word.confidence * length(word)).sum::<f32>()
        / words.iter().map(length).sum::<f32>().max(1.0);
    let text = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    let longest = text.split(|c: char| !c.is_alphanumeric()).map(|run| run.chars().count()).max();
    let floor = match longest {
        Some(4..) => LINE_FLOOR,
        Some(2..) => SHORT_FLOOR,
        Some(_) | None => return None,
    };
    if confidence < floor || width <= 0.0 || height <= 0.0 {
        return None;
    }
    let edge = |side: fn(&Word) -> f32, pick: fn(f32, f32) -> f32| {
        words.iter().map(side).reduce(pick).unwrap_or(0.0)
    };
    let (left, top) = (edge(|word| word.left, f32::min) / width, edge(|word| word.top, f32::min) / height);
    let place = Detection {
        name: "text".to_owned(),
        x: left.clamp(0.0, 1.0),
        y: top.clamp(0.0, 1.0),
        width: (edge(|word| word.right, f32::max) / width - left).clamp(0.0, 1.0),
        height: (edge(|word| word.bottom, f32::max) / height - top).clamp(0.0, 1.0),
        confidence: (confidence / 100.0).clamp(0.0, 1.0),
    };
    Some(Line { text, place })
}
