//! Captions out of a transcript, as SubRip (SRT) and as WebVTT.
//!
//! A caption has at most two lines of 42 characters and stays for at most 7 seconds, and for 5/6 of a second at least
//! where nothing follows: Netflix, *Timed Text Style Guide*, General Requirements and English. Two lines, and a label
//! where somebody else begins to speak, is what the BBC's *Subtitle Guidelines* ask for too.

use std::iter;

use crate::analysis::Utterance;
use crate::time::Seconds;

/// Characters on a line.
const LINE: usize = 42;
/// Lines of a caption.
const LINES: usize = 2;
/// The longest that a caption stays, in milliseconds.
const LONGEST: u64 = 7000;
/// The shortest that a caption stays, in milliseconds, unless the next one is due.
const SHORTEST: u64 = 833;

/// A video's captions: in order of time, within the video, none at the same time as another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captions(Vec<Cue>);

/// One caption.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cue {
    /// Milliseconds since the start of the video.
    start: u64,
    /// The same; later than `start`.
    end: u64,
    /// Ordinal of the speaker from 0, where there are several.
    speaker: Option<u32>,
    /// Whether somebody else spoke before.
    opens_turn: bool,
    /// None is longer than a line.
    words: Vec<String>,
}

impl Captions {
    /// Captions for what is said, which is in order of time, in a video of that length.
    pub fn new(utterances: &[Utterance], length: Seconds) -> Self {
        let length = millis(length);
        let has_several_speakers =
            utterances.windows(2).any(|neighbours| neighbours[0].speaker != neighbours[1].speaker);
        let mut cues: Vec<Cue> = Vec::new();
        for utterance in utterances {
            let speaker = has_several_speakers.then_some(utterance.speaker);
            let start = millis(utterance.start).min(length);
            let whole = Cue {
                start,
                end: millis(utterance.end).clamp(start, length),
                speaker,
                opens_turn: cues.last().is_none_or(|last| last.speaker != speaker),
                words: words(&utterance.text),
            };
            cues.extend(whole.cut_to_fit());
        }
        make_consecutive(&mut cues, length);
        Self(cues)
    }

    /// As SubRip: no captions are an empty file.
    pub fn to_srt(&self) -> String {
        let block = |(number, cue): (usize, &Cue)| {
            let (start, end) = (clock(cue.start, ','), clock(cue.end, ','));
            format!("{number}\n{start} --> {end}\n{}\n\n", plain(&cue.labelled_lines().join("\n")))
        };
        (1..).zip(&self.0).map(block).collect()
    }

    /// As WebVTT: no captions are a header alone.
    pub fn to_vtt(&self) -> String {
        let block = |cue: &Cue| {
            let (start, end) = (clock(cue.start, '.'), clock(cue.end, '.'));
            let voice = cue.speaker.map(|speaker| format!("<v {}>", name(speaker))).unwrap_or_default();
            let text = escaped(&wrap(cue.words()).join("\n"));
            format!("\n{start} --> {end}\n{voice}{text}\n")
        };
        iter::once("WEBVTT\n".to_owned()).chain(self.0.iter().map(block)).collect()
    }
}

impl Cue {
    /// As it is if it fits, else cut into as many captions as it needs; none for no words.
    fn cut_to_fit(mut self) -> Vec<Self> {
        let by_room = self.labelled_lines().len().div_ceil(LINES);
        let by_time = (self.end - self.start).div_ceil(LONGEST) as usize;
        match by_room.max(by_time).min(self.words.len()) {
            0 => vec![],
            1 => {
                // One word that is drawn out, or has silence after it.
                self.end = self.end.min(self.start + LONGEST);
                vec![self]
            }
            parts => self.cut(parts).into_iter().flat_map(Self::cut_to_fit).collect(),
        }
    }

    /// Cuts it between words into parts of about equal length, at most one for each word. Each part has its characters'
    /// share of the time.
    fn cut(&self, parts: usize) -> Vec<Self> {
        // Characters before each word, and at the end.
        let ends = self.words.iter().scan(0, |at, word| {
            *at += width(word) as u64 + 1;
            Some(*at)
        });
        let marks: Vec<u64> = iter::once(0).chain(ends).collect();
        let total = marks[self.words.len()];
        let time = |word: usize| self.start + (self.end - self.start) * marks[word] / total;
        let mut bounds = vec![0];
        for part in 1..parts {
            let goal = total * part as u64 / parts as u64;
            // A word at least for this part, and for each that follows.
            let (first, last) = (bounds[part - 1] + 1, self.words.len() - (parts - part));
            bounds.push((first..=last).min_by_key(|word| marks[*word].abs_diff(goal)).unwrap_or(first));
        }
        bounds.push(self.words.len());
        let part = |bounds: &[usize]| Self {
            start: time(bounds[0]),
            end: time(bounds[1]),
            speaker: self.speaker,
            opens_turn: self.opens_turn && bounds[0] == 0,
            words: self.words[bounds[0]..bounds[1]].to_vec(),
        };
        bounds.windows(2).map(part).collect()
    }

    /// The lines as SubRip shows them. It has no tag for voices, so that a label says who begins to speak.
    fn labelled_lines(&self) -> Vec<String> {
        let label = self.speaker.filter(|_| self.opens_turn).map(|speaker| format!("{}:", name(speaker)));
        wrap(label.as_deref().into_iter().chain(self.words()))
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }
}

/// Makes the captions follow one another within the video, each for a moment at least. What is in order stays as it is,
/// but for what nobody could read.
fn make_consecutive(cues: &mut Vec<Cue>, length: u64) {
    let mut free_from = 0;
    for cue in cues.iter_mut() {
        cue.start = cue.start.max(free_from);
        cue.end = cue.end.max(cue.start + 1);
        free_from = cue.end;
    }
    let mut free_until = length;
    for cue in cues.iter_mut().rev() {
        cue.end = cue.end.max(cue.start + SHORTEST).min(free_until);
        cue.start = cue.start.min(cue.end.saturating_sub(1));
        free_until = cue.start;
    }
    // Of a video with fewer milliseconds than captions.
    cues.retain(|cue| cue.start < cue.end);
}

/// The words of a text without control characters, which could end a line or a caption. Those that are longer than a
/// line are broken.
fn words(text: &str) -> Vec<String> {
    let pieces = |word: &str| {
        let characters: Vec<char> = word.chars().filter(|character| !character.is_control()).collect();
        characters.chunks(LINE).map(String::from_iter).collect::<Vec<_>>()
    };
    text.split_whitespace().flat_map(pieces).collect()
}

/// The words on lines, each as full as it gets.
fn wrap<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= LINE => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// In characters.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// What people read of a speaker; they count from 1.
fn name(speaker: u32) -> String {
    format!("Speaker {}", u64::from(speaker) + 1)
}

fn millis(position: Seconds) -> u64 {
    (position.get() * 1000.0).round() as u64
}

/// `01:02:03,456`, with that mark before the milliseconds.
fn clock(millis: u64, mark: char) -> String {
    let seconds = millis / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{mark}{:03}", millis % 1000)
}

/// SubRip has no escapes, and players take `<` and `{` for the beginning of a tag: characters that look alike instead.
fn plain(text: &str) -> String {
    let alike = |character| match character {
        '<' => '‹',
        '>' => '›',
        '{' => '(',
        '}' => ')',
        other => other,
    };
    text.chars().map(alike).collect()
}

/// WebVTT's escapes; `-->` is then none either.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
