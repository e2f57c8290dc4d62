//! Reading Tesseract's TSV output: one row a word, with its line, box and confidence.

use domain::analysis::Detection;

/// Least confidence, of 100, of a word. Measured on the text of boards and code: true words 72 to 97.
const WORD_FLOOR: f32 = 60.0;
/// Least mean confidence of a line that is kept.
const LINE_FLOOR: f32 = 70.0;

/// A line of text on a frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    /// The box around its words, named `text`.
    pub(super) place: Detection,
}

/// What Tesseract saw on a frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Reading {
    /// Lines that are believed, top to bottom.
    pub(super) lines: Vec<Line>,
    /// Characters of believed words, each weighted by its confidence.
    pub(super) weight: f32,
    /// Words that were seen but not believed.
    pub(super) doubted: usize,
}

struct Word<'a> {
    line: (u32, u32, u32),
    edges: [f32; 4],
    confidence: f32,
    text: &'a str,
}

/// Parses the table; rows that are not of its form are skipped.
pub(super) fn parse(tsv: &str) -> Reading {
    let mut page = (0.0, 0.0);
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut reading = Reading::default();
    for row in tsv.lines().skip(1) {
        let fields: Vec<&str> = row.split('\t').collect();
        let [level, _, block, paragraph, line, _, left, top, width, height, confidence, text] = fields[..]
        else {
            continue;
        };
        let number = |field: &str| field.parse::<f32>().unwrap_or(0.0);
        let ordinal = |field: &str| field.parse::<u32>().unwrap_or(0);
        if level == "1" {
            page = (number(width), number(height));
        }
        if level != "5" || !text.chars().any(char::is_alphanumeric) {
            continue;
        }
        if number(confidence) < WORD_FLOOR {
            reading.doubted += 1;
            continue;
        }
        let (left, top) = (number(left), number(top));
        words.push(Word {
            line: (ordinal(block), ordinal(paragraph), ordinal(line)),
            edges: [left, top, left + number(width), top + number(height)],
            confidence: number(confidence),
            text,
        });
    }
    for line in words.chunk_by(|a, b| a.line == b.line) {
        match believed(line, page) {
            Some(kept) => {
                reading.weight += kept.place.confidence * kept.text.chars().count() as f32;
                reading.lines.push(kept);
            }
            None => reading.doubted += line.len(),
        }
    }
    reading.lines.sort_by(|a, b| a.place.y.total_cmp(&b.place.y).then(a.place.x.total_cmp(&b.place.x)));
    reading
}

/// The line, unless it looks like texture read as text: unsure, or without a run of two letters or digits.
fn believed(words: &[Word<'_>], (width, height): (f32, f32)) -> Option<Line> {
    let confidence = words.iter().map(|word| word.confidence).sum::<f32>() / words.len() as f32;
    let text = words.iter().map(|word| word.text).collect::<Vec<_>>().join(" ");
    let solid = text.split(|c: char| !c.is_alphanumeric()).any(|run| run.chars().nth(1).is_some());
    if confidence < LINE_FLOOR || !solid || width <= 0.0 || height <= 0.0 {
        return None;
    }
    let edge = |side: usize, pick: fn(f32, f32) -> f32| {
        words.iter().map(|word| word.edges[side]).reduce(pick).unwrap_or(0.0)
    };
    let (left, top) = (edge(0, f32::min) / width, edge(1, f32::min) / height);
    let place = Detection {
        name: "text".to_owned(),
        x: left.clamp(0.0, 1.0),
        y: top.clamp(0.0, 1.0),
        width: (edge(2, f32::max) / width - left).clamp(0.0, 1.0),
        height: (edge(3, f32::max) / height - top).clamp(0.0, 1.0),
        confidence: (confidence / 100.0).clamp(0.0, 1.0),
    };
    Some(Line { text, place })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n\
        1\t1\t0\t0\t0\t0\t0\t0\t1000\t500\t-1\t\n";

    #[test]
    fn words_become_lines_with_boxes_from_top_to_bottom() {
        let tsv = format!(
            "{HEAD}5\t1\t1\t1\t1\t1\t100\t400\t50\t20\t95\tsecond\n\
             5\t1\t2\t1\t1\t1\t100\t100\t200\t50\t90\tslope\n5\t1\t2\t1\t1\t2\t400\t90\t100\t50\t96\tm\n"
        );
        let reading = parse(&tsv);
        let texts: Vec<_> = reading.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["slope m", "second"]);
        let place = &reading.lines[0].place;
        assert_eq!((place.x, place.y), (0.1, 0.18));
        assert!((place.width - 0.4).abs() < 1e-6 && (place.height - 0.12).abs() < 1e-6, "{place:?}");
        assert!((place.confidence - 0.93).abs() < 1e-6);
    }

    #[test]
    fn unsure_words_and_single_strokes_are_doubted() {
        let tsv = format!(
            "{HEAD}5\t1\t1\t1\t1\t1\t1\t1\t9\t9\t31\tjunk\n5\t1\t2\t1\t1\t1\t1\t50\t9\t9\t92\ti\n\
             5\t1\t3\t1\t1\t1\t1\t80\t9\t9\t95\t|~\n"
        );
        let reading = parse(&tsv);
        assert_eq!((reading.lines.len(), reading.doubted), (0, 2));
    }

    #[test]
    fn anything_else_is_skipped() {
        for text in ["", "garbage", "a\tb\tc", "5\t\t\t\t\t\t\t\t\t\t\t\u{0}"] {
            assert_eq!(parse(text).lines.len(), 0, "{text:?}");
        }
    }
}
