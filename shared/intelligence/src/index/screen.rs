//! Text that stays on the screen: one moment from when it appears until it is gone, not one for each scene.

use domain::{
    analysis::{Described, Scene},
    time::Seconds,
};

/// Readings of one line that are at least this alike, in letters and digits (Levenshtein 1966, by the longer one's length),
/// are the same line. Recognisers misread one character in fifty on a badly lit board; `chapter one` and `chapter two` are
/// 0.7 alike. `Step 1` and `Step 2` are too alike, so digits must agree.
const SAME_LINE: f64 = 0.8;

/// Lines that came and went together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) start: Seconds,
    pub(super) end: Seconds,
    /// The scene in which they appear.
    pub(super) scene: u32,
    /// Top to bottom, as they were read most often.
    pub(super) lines: Vec<String>,
}

/// A line that is or was on.
struct Line {
    first: usize,
    /// The last scene, so far.
    last: usize,
    readings: Vec<Reading>,
}

struct Reading {
    text: String,
    plain: String,
    times: usize,
}

/// The texts of scenes that follow each other, by when they appear.
pub(super) fn moments(scenes: &[(Scene, Described)]) -> Vec<Shown> {
    let mut lines: Vec<Line> = Vec::new();
    let mut on: Vec<usize> = Vec::new();
    for (at, (_, described)) in scenes.iter().enumerate() {
        let mut now = Vec::new();
        for text in described.seen().into_iter().flat_map(|description| &description.on_screen_text) {
            let plain = plain(text);
            let known = on.iter().find(|line| !now.contains(*line) && lines[**line].is_read_as(&plain));
            match known {
                Some(line) => {
                    lines[*line].read_again(text, plain, at);
                    now.push(*line);
                }
                None => {
                    now.push(lines.len());
                    let readings = vec![Reading { text: text.clone(), plain, times: 1 }];
                    lines.push(Line { first: at, last: at, readings });
                }
            }
        }
        on = now;
    }
    // Stable: lines of one moment stay in the order in which they were read.
    lines.sort_by_key(|line| (line.first, line.last));
    let together = lines.chunk_by(|a, b| (a.first, a.last) == (b.first, b.last));
    together.filter_map(|lines| shown(scenes, lines)).collect()
}

fn shown(scenes: &[(Scene, Described)], lines: &[Line]) -> Option<Shown> {
    let line = lines.first()?;
    let ((first, _), (last, _)) = (scenes.get(line.first)?, scenes.get(line.last)?);
    let lines = lines.iter().filter_map(Line::text).collect();
    Some(Shown { start: first.start, end: last.end, scene: first.ordinal, lines })
}

impl Line {
    fn is_read_as(&self, plain: &str) -> bool {
        let is_same = |reading: &Reading| {
            digits(&reading.plain).eq(digits(plain))
                && strsim::normalized_levenshtein(&reading.plain, plain) >= SAME_LINE
        };
        self.readings.iter().any(is_same)
    }

    fn read_again(&mut self, text: &str, plain: String, at: usize) {
        self.last = at;
        match self.readings.iter_mut().find(|reading| reading.text == text) {
            Some(reading) => reading.times += 1,
            None => self.readings.push(Reading { text: text.to_owned(), plain, times: 1 }),
        }
    }

    /// The reading that most scenes agree on; of equals the first.
    fn text(&self) -> Option<String> {
        let most = self.readings.iter().map(|reading| reading.times).max()?;
        self.readings.iter().find(|reading| reading.times == most).map(|reading| reading.text.clone())
    }
}

/// Letters and digits, in lower case; of a line of signs alone the signs.
fn plain(text: &str) -> String {
    let letters: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if letters.is_empty() { text.to_owned() } else { letters }
}

fn digits(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use domain::analysis::{Description, Provenance, Rgb};

    use super::*;

    /// Scenes of ten seconds with these lines.
    fn scenes(texts: &[&[&str]]) -> Vec<(Scene, Described)> {
        let scene = |(n, lines): (usize, &&[&str])| {
            let (start, end) = (Seconds::new(n as f64 * 10.0), Seconds::new(n as f64 * 10.0 + 10.0));
            let scene = Scene {
                ordinal: n as u32,
                start,
                end,
                keyframe_at: start,
                main_color: Rgb(0, 0, 0),
                brightness: 0.5,
                motion: 0.0,
                black: Vec::new(),
                frozen: Vec::new(),
            };
            let provenance =
                Provenance { provider: String::new(), model: String::new(), prompt_version: String::new() };
            let on_screen_text = lines.iter().map(|line| (*line).to_owned()).collect();
            let (text, detections) = (String::new(), Vec::new());
            (scene, Description { text, on_screen_text, detections, provenance }.into())
        };
        texts.iter().enumerate().map(scene).collect()
    }

    fn told(texts: &[&[&str]]) -> Vec<(f64, f64, String)> {
        let moments = moments(&scenes(texts));
        moments.iter().map(|shown| (shown.start.get(), shown.end.get(), shown.lines.join(" / "))).collect()
    }

    #[test]
    fn a_board_that_fills_is_one_moment_for_each_line() {
        let told = told(&[
            &["Slope of a line"],
            &["Slope of a line", "y = mx + b"],
            &["Slope of a lime", "y = mx + b"],
            &["Thank you"],
        ]);
        let expected =
            [(0.0, 30.0, "Slope of a line"), (10.0, 30.0, "y = mx + b"), (30.0, 40.0, "Thank you")];
        assert_eq!(told, expected.map(|(start, end, text)| (start, end, text.to_owned())));
    }

    #[test]
    fn misreadings_are_outvoted() {
        let told = told(&[&["rise Over nun"], &["rise over run"], &["rise over run"], &["rise, over run"]]);
        assert_eq!(told, [(0.0, 40.0, "rise over run".to_owned())]);
    }

    #[test]
    fn other_text_and_text_that_comes_back_are_other_moments() {
        let told =
            told(&[&["Step 1"], &["Step 2"], &["Chapter one"], &["Chapter two"], &[], &["Chapter two"]]);
        let starts: Vec<f64> = told.iter().map(|moment| moment.0).collect();
        assert_eq!(starts, [0.0, 10.0, 20.0, 30.0, 50.0]);
        assert!(moments(&[]).is_empty());
    }
}
