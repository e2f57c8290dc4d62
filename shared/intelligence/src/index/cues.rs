//! What a question says about where to look: a time, a source, the video as a whole.

use domain::time::Seconds;

use crate::{answer::EvidenceKind, terms};

/// The time that a question names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TimeCue {
    Start,
    Middle,
    End,
    At(Seconds),
}

/// What a question asks for, apart from its content.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Cues {
    pub(super) time: Option<TimeCue>,
    /// Where the answer is to be found, when the question says so.
    pub(super) kind: Option<EvidenceKind>,
    /// It asks for what was counted (how long, how many scenes), or for a summary.
    pub(super) overview: bool,
    /// Stems of the words that are neither a time nor a source: what the question is about.
    pub(super) content: Vec<String>,
    /// Stems of the words that name a source; they count only when the video itself has them.
    pub(super) sources: Vec<String>,
}

const WRITTEN: &[&str] = &[
    "blackboard",
    "board",
    "caption",
    "captions",
    "displayed",
    "headline",
    "label",
    "letters",
    "read",
    "screen",
    "sign",
    "slide",
    "slides",
    "subtitle",
    "subtitles",
    "text",
    "texts",
    "title",
    "whiteboard",
    "write",
    "writing",
    "written",
    "wrote",
];
const SPOKEN: &[&str] = &[
    "audio",
    "explain",
    "explained",
    "explains",
    "hear",
    "heard",
    "mention",
    "mentioned",
    "mentions",
    "said",
    "say",
    "saying",
    "says",
    "sound",
    "speak",
    "speaker",
    "speakers",
    "speaking",
    "speaks",
    "speech",
    "spoke",
    "spoken",
    "talk",
    "talked",
    "talking",
    "talks",
    "tell",
    "tells",
    "told",
    "transcript",
    "voice",
    "voices",
];
const LOOK: &[&str] = &[
    "bright",
    "brightness",
    "color",
    "colors",
    "colour",
    "coloured",
    "colours",
    "dark",
    "look",
    "looks",
    "motion",
    "move",
    "moves",
    "moving",
    "movement",
    "picture",
    "pictures",
    "scene",
    "scenes",
    "shot",
    "shots",
];
const OBJECTS: &[&str] = &["detected", "item", "items", "object", "objects", "thing", "things"];
const WHOLE: &[&str] =
    &["describe", "duration", "length", "long", "overview", "summarise", "summarize", "summary", "topic"];
/// Words of questions that say nothing about what is asked for.
const FILLER: &[&str] = &[
    "clip",
    "contain",
    "contains",
    "film",
    "footage",
    "give",
    "happen",
    "happened",
    "happening",
    "happens",
    "like",
    "many",
    "much",
    "movie",
    "number",
    "please",
    "point",
    "recording",
    "see",
    "seen",
    "show",
    "showed",
    "showing",
    "shown",
    "shows",
    "someone",
    "anyone",
    "anything",
    "something",
    "time",
    "video",
    "word",
    "words",
    "people",
    "person",
];
/// Words of asking besides [`FILLER`], [`WRITTEN`] and [`SPOKEN`]: that something is looked for, and pieces of a video.
const SOUGHT: &[&str] = &[
    "find", "look", "looks", "moment", "moments", "part", "parts", "picture", "pictures", "scene", "scenes",
    "search", "shot", "shots",
];
const NEAR: &[&str] = &["at", "by", "from", "in", "near", "since", "toward", "towards", "until"];
const PARTS: &[&str] = &[
    "few", "frame", "image", "minute", "minutes", "moment", "moments", "part", "scene", "second", "seconds",
    "shot", "slide", "thing", "words",
];

/// Whether a word says that something is asked for, or where, rather than what.
pub(super) fn is_asking(word: &str) -> bool {
    [FILLER, WRITTEN, SPOKEN, SOUGHT].iter().any(|list| list.contains(&word))
}

/// Reads the cues of a question.
pub(super) fn read(question: &str) -> Cues {
    let words = terms::words(question);
    let mut used = vec![false; words.len()];
    let mut cues = Cues { time: clock(question, &words, &mut used), ..Cues::default() };
    for (at, used) in used.iter_mut().enumerate() {
        if let (None, Some(time)) = (cues.time, place(&words, at)) {
            cues.time = Some(time);
            *used = true;
        }
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let after = |first: &str, seconds: &[&str]| {
        words.windows(2).any(|pair| pair[0] == first && seconds.contains(&pair[1].as_str()))
    };
    let counts =
        after("how", &["many", "long", "much"]) && (has(LOOK) || has(SPOKEN) || has(&["long", "people"]));
    let whole = has(WHOLE) || (has(&["about"]) && has(&["video", "clip", "film", "movie", "this", "it"]));
    cues.overview = counts || whole;
    // "What does the slide say" is about the slide: what is written wins over what is said.
    cues.kind = [
        (WRITTEN, EvidenceKind::ScreenText),
        (SPOKEN, EvidenceKind::Speech),
        (OBJECTS, EvidenceKind::Object),
        (LOOK, EvidenceKind::Description),
    ]
    .into_iter()
    .find_map(|(list, kind)| has(list).then_some(kind));
    let lists = [WRITTEN, SPOKEN, LOOK, OBJECTS, WHOLE];
    for (word, used) in words.iter().zip(used) {
        if used || terms::is_stop_word(word) || FILLER.contains(&word.as_str()) {
            continue;
        }
        let is_source = lists.iter().any(|list| list.contains(&word.as_str()));
        let side = if is_source { &mut cues.sources } else { &mut cues.content };
        side.push(terms::stem(word));
    }
    // "Who speaks?" asks for the speakers.
    cues.overview |= cues.content.is_empty() && has(&["who"]) && cues.kind == Some(EvidenceKind::Speech);
    cues
}

/// `start`, `end`, `first scene`: a place in the video, when word `at` names one.
fn place(words: &[String], at: usize) -> Option<TimeCue> {
    let word = words[at].as_str();
    let is = |list: &[&str], at: Option<usize>| {
        at.and_then(|at| words.get(at)).is_some_and(|word| list.contains(&word.as_str()))
    };
    // "at the start", "at the very end", "start of the video"
    let placed = is(NEAR, at.checked_sub(1)) || is(NEAR, at.checked_sub(2)) || is(NEAR, at.checked_sub(3));
    let placed = placed || is(&["of"], Some(at + 1)) || words.len() == 1;
    match word {
        "start" | "beginning" | "opening" | "outset" | "intro" | "introduction" if placed => {
            Some(TimeCue::Start)
        }
        "middle" | "halfway" if placed => Some(TimeCue::Middle),
        "end" | "ending" | "close" | "closing" | "outro" if placed => Some(TimeCue::End),
        "first" if is(PARTS, Some(at + 1)) => Some(TimeCue::Start),
        "last" | "final" if is(PARTS, Some(at + 1)) => Some(TimeCue::End),
        "finally" | "lastly" => Some(TimeCue::End),
        "initially" => Some(TimeCue::Start),
        _ => None,
    }
}

/// `0:30`, `1:02:03`, `30 seconds`, `30-second mark`, `2 minutes 5 s`, `90s`.
fn clock(question: &str, words: &[String], used: &mut [bool]) -> Option<TimeCue> {
    for token in question.split(|c: char| !c.is_ascii_digit() && c != ':') {
        let parts: Vec<u32> = token.split(':').map_while(|part| part.parse().ok()).collect();
        if token.contains(':') && parts.len() == token.split(':').count() && parts.len() <= 3 {
            let seconds = parts.iter().fold(0.0, |sum, part| sum * 60.0 + f64::from(*part));
            mark_numbers(words, used);
            return Some(TimeCue::At(Seconds::new(seconds)));
        }
    }
    let mut total = None;
    for at in 0..words.len() {
        let digits = words[at].bytes().take_while(u8::is_ascii_digit).count();
        let (number, glued) = words[at].split_at(digits);
        let Ok(number) = number.parse::<u32>() else { continue };
        let next = if glued.is_empty() { words.get(at + 1).map_or("", String::as_str) } else { glued };
        let Some(unit) = unit_seconds(next) else { continue };
        total = Some(total.unwrap_or(0.0) + f64::from(number) * unit);
        used[at] = true;
        if glued.is_empty() {
            used[at + 1] = true;
        }
        // "the 30-second mark"
        let mark = at + if glued.is_empty() { 2 } else { 1 };
        if words.get(mark).is_some_and(|word| word == "mark") {
            used[mark] = true;
        }
    }
    total.map(|seconds| TimeCue::At(Seconds::new(seconds)))
}

fn mark_numbers(words: &[String], used: &mut [bool]) {
    for (word, used) in words.iter().zip(used) {
        *used |= word.bytes().all(|byte| byte.is_ascii_digit());
    }
}

fn unit_seconds(word: &str) -> Option<f64> {
    match word {
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60.0),
        "h" | "hour" | "hours" => Some(3600.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_understood() {
        let at = |seconds| Some(TimeCue::At(Seconds::new(seconds)));
        for (question, time) in [
            ("What was written on the whiteboard at the start?", Some(TimeCue::Start)),
            ("how does it end at the very end", Some(TimeCue::End)),
            ("What is shown in the first scene?", Some(TimeCue::Start)),
            ("Who was the first president?", None),
            ("Why did they start the engine?", None),
            ("what is said at 0:30", at(30.0)),
            ("what happens at 1:02:03?", at(3723.0)),
            ("At the 30-second mark, what is on screen?", at(30.0)),
            ("after 2 minutes 5 seconds", at(125.0)),
            ("what about 90s in", at(90.0)),
            ("a ratio of 3 to 4", None),
            ("::: 1:2:3:4", None),
        ] {
            assert_eq!(read(question).time, time, "{question}");
        }
    }

    #[test]
    fn sources_are_understood() {
        use EvidenceKind::{Description, Object, ScreenText, Speech};
        for (question, kind, has_content, overview) in [
            ("What was written on the whiteboard at the start?", Some(ScreenText), false, false),
            ("What is said?", Some(Speech), false, false),
            ("Who speaks?", Some(Speech), false, true),
            ("What colour is the second shot?", Some(Description), true, false),
            ("How many scenes are there?", Some(Description), false, true),
            ("How long is the video?", None, false, true),
            ("Which objects can be seen?", Some(Object), false, false),
            ("What did she say about photosynthesis?", Some(Speech), true, false),
            ("What is this video about?", None, false, true),
            ("asdf qwerty", None, true, false),
        ] {
            let cues = read(question);
            assert_eq!(
                (cues.kind, !cues.content.is_empty(), cues.overview),
                (kind, has_content, overview),
                "{question}"
            );
        }
    }
}
