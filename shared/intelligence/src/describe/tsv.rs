//! Reading Tesseract's TSV output: one row a word, with its box and confidence.

use super::{lines::Word, reading::Reading};

/// Parses the table; rows that are not of its form are skipped.
pub(super) fn parse(tsv: &str) -> Reading {
    let mut page = (0.0, 0.0);
    let mut words = Vec::new();
    for row in tsv.lines().skip(1) {
        let fields: Vec<&str> = row.split('\t').collect();
        let [level, _, _, _, _, _, left, top, width, height, confidence, text] = fields[..] else {
            continue;
        };
        let number = |field: &str| field.parse::<f32>().unwrap_or(0.0);
        let (left, top, width, height) = (number(left), number(top), number(width), number(height));
        match level {
            "1" => page = (width, height),
            "5" if text.trim().is_empty() => {}
            "5" => words.push(Word {
                left,
                top,
                right: left + width,
                bottom: top + height,
                confidence: number(confidence),
                text: text.to_owned(),
            }),
            _ => {}
        }
    }
    Reading::of(words, page)
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
             5\t1\t2\t1\t1\t1\t100\t100\t200\t50\t90\tslope\n5\t1\t2\t1\t1\t2\t320\t90\t100\t50\t96\tm\n"
        );
        let reading = parse(&tsv);
        let texts: Vec<_> = reading.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["slope m", "second"]);
        let place = &reading.lines[0].place;
        assert_eq!((place.x, place.y), (0.1, 0.18));
        assert!((place.width - 0.32).abs() < 1e-6 && (place.height - 0.12).abs() < 1e-6, "{place:?}");
    }

    #[test]
    fn anything_else_is_skipped() {
        for text in ["", "garbage", "a\tb\tc", "5\t\t\t\t\t\t\t\t\t\t\t\u{0}"] {
            assert_eq!(parse(text).lines.len(), 0, "{text:?}");
        }
    }
}
