//! What is read on a frame: words in rows, and the readings of several passes as one.

use super::lines::{Line, Word, believed};

/// Least confidence of a word that is kept, of 100. Measured on boards: true words 60 to 97, signs between them
/// (`=`, `/`) and words of a rare hand from 20 on.
const WORD_FLOOR: f32 = 20.0;
/// What Tesseract saw on a frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Reading {
    /// Lines that are believed, top to bottom.
    pub(super) lines: Vec<Line>,
    /// Words that were seen but not believed.
    pub(super) doubted: usize,
}

impl Reading {
    /// The believed lines of these words, on a page of this width and height.
    pub(super) fn of(mut words: Vec<Word>, page: (f32, f32)) -> Self {
        words.sort_by(|a, b| a.left.total_cmp(&b.left));
        let mut rows: Vec<Vec<Word>> = Vec::new();
        for word in words {
            match rows.iter_mut().find(|row| row.last().is_some_and(|last| last.is_followed_by(&word))) {
                Some(row) => row.push(word),
                None => rows.push(vec![word]),
            }
        }
        let mut reading = Self::default();
        for mut row in rows {
            let seen = row.len();
            row.retain(|word| word.confidence >= WORD_FLOOR);
            reading.doubted += seen - row.len();
            match believed(&row, page) {
                Some(line) => reading.lines.push(line),
                None => reading.doubted += row.len(),
            }
        }
        reading.sort();
        reading
    }

    /// Whether there is text, of which much was not believed. Where nothing was, there is none: leaves and faces.
    pub(super) fn is_doubtful(&self) -> bool {
        !self.lines.is_empty() && self.doubted > self.lines.len()
    }

    /// The lines of both readings of a frame; of those in the same place the surer one, weighted by its length.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.doubted += other.doubted;
        for line in other.lines {
            let rivals: Vec<usize> =
                (0..self.lines.len()).filter(|at| self.lines[*at].is_where(&line)).collect();
            if rivals.iter().map(|at| self.lines[*at].weight()).sum::<f32>() >= line.weight() {
                continue;
            }
            rivals.iter().rev().for_each(|at| {
                self.lines.remove(*at);
            });
            self.lines.push(line);
        }
        self.sort();
        self
    }

    fn sort(&mut self) {
        self.lines.sort_by(|a, b| a.place.y.total_cmp(&b.place.y).then(a.place.x.total_cmp(&b.place.x)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(left: f32, top: f32, text: &str, confidence: f32) -> Word {
        let right = left + 10.0 * text.chars().count() as f32;
        Word { left, top, right, bottom: top + 20.0, confidence, text: text.to_owned() }
    }

    fn texts(reading: &Reading) -> Vec<&str> {
        reading.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn words_beside_each_other_are_a_line_and_columns_are_not() {
        let words = vec![
            word(140.0, 102.0, "=", 50.0),
            word(100.0, 100.0, "sum", 95.0),
            word(165.0, 99.0, "total", 95.0),
            word(600.0, 100.0, "notes", 90.0),
            word(100.0, 30.0, "code", 90.0),
        ];
        let reading = Reading::of(words, (1000.0, 500.0));
        assert_eq!(texts(&reading), ["code", "sum = total", "notes"]);
        let place = &reading.lines[1].place;
        assert_eq!((place.x, place.y), (0.1, 0.198));
        assert!((place.width - 0.115).abs() < 1e-6 && (place.confidence - 0.9).abs() < 0.01, "{place:?}");
    }

    #[test]
    fn unsure_lines_and_single_strokes_are_doubted() {
        let words = vec![
            word(0.0, 0.0, "junk", 51.0),
            word(60.0, 0.0, "more", 20.0),
            word(0.0, 100.0, "i", 92.0),
            word(0.0, 200.0, "|~", 95.0),
        ];
        let reading = Reading::of(words, (1000.0, 500.0));
        assert_eq!((reading.lines.len(), reading.doubted), (0, 4));
    }

    #[test]
    fn two_readings_give_the_surer_line_of_each_place() {
        let page = (1000.0, 500.0);
        let first = Reading::of(vec![word(0.0, 0.0, "slope", 70.0), word(0.0, 50.0, "line", 95.0)], page);
        let second = Reading::of(
            vec![word(2.0, 1.0, "slope", 96.0), word(0.0, 49.0, "lime", 80.0), word(0.0, 90.0, "new", 90.0)],
            page,
        );
        let both = first.with(second);
        assert_eq!(texts(&both), ["slope", "line", "new"]);
        assert!(both.lines[0].place.confidence > 0.9);
    }
}
