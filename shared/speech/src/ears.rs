//! Sound of any length into words: where somebody speaks, what is said there, and when.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::whisper::{Heard, Listened, Passage, RATE};
use crate::window::{Window, windows};
use crate::{ModelError, VoiceActivity, Whisper};

/// Windows that are heard at a time: the decoder reads its weights once for all of them, and each takes 40 MB.
const AT_A_TIME: usize = 8;
/// In seconds. A window with a longer rest of speech than this after its last word was not heard to its end.
const REST: f64 = 3.0;
/// Where nobody seems to speak and the words are guesses, none was said (the thresholds of OpenAI's reference).
const NO_SPEECH: f32 = 0.6;
const GUESSES: f32 = -1.0;
/// A window of at least so many seconds whose language is this probable is heard in it, whatever the others are in.
const TELLING: usize = 5;
const NO_DOUBT: f32 = 0.9;
/// Seconds of sound that voice activity is looked for in at a time.
const LISTEN: usize = 60;

/// A soundtrack: samples from -1 to 1, 16 kHz, mono.
pub trait Sound {
    /// How many samples there are.
    ///
    /// # Errors
    /// When that cannot be told.
    fn length(&self) -> std::io::Result<usize>;

    /// Some of them, all within the length.
    ///
    /// # Errors
    /// When they cannot be read.
    fn samples(&mut self, range: Range<usize>) -> std::io::Result<Vec<f32>>;
}

impl Sound for Vec<f32> {
    fn length(&self) -> std::io::Result<usize> {
        Ok(self.len())
    }

    fn samples(&mut self, range: Range<usize>) -> std::io::Result<Vec<f32>> {
        Ok(self[range].to_vec())
    }
}

/// Why a soundtrack was not written down.
#[derive(Debug, thiserror::Error)]
pub enum HearError {
    /// The soundtrack cannot be read.
    #[error("the sound: {0}")]
    Sound(#[from] std::io::Error),
    /// A model cannot be used.
    #[error("a model: {0}")]
    Model(#[from] ModelError),
}

/// What is said in a soundtrack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// In order of time.
    pub passages: Vec<Passage>,
    /// What most of it is in: `en`, `de`, …; nothing where nobody speaks.
    pub language: Option<String>,
}

/// Both models.
pub struct Ears {
    activity: VoiceActivity,
    whisper: Whisper,
}

impl Ears {
    /// Reads a folder with Whisper's files, and the file of the voice activity detector.
    ///
    /// # Errors
    /// When one of them is missing, damaged, or another model.
    pub fn open(whisper: &Path, activity: &Path) -> Result<Self, ModelError> {
        Ok(Self { activity: VoiceActivity::open(activity)?, whisper: Whisper::open(whisper)? })
    }

    /// Where somebody speaks, as windows to be heard one by one or all at once.
    ///
    /// # Errors
    /// See [`HearError`].
    pub fn windows(&self, sound: &mut dyn Sound) -> Result<Vec<Window>, HearError> {
        let mut listening = self.activity.listen();
        let length = sound.length()?;
        for start in (0..length).step_by(LISTEN * RATE) {
            let samples = sound.samples(start..(start + LISTEN * RATE).min(length))?;
            self.activity.hear(&mut listening, &samples)?;
        }
        Ok(windows(&self.activity.end(listening)?))
    }

    /// What is said in these windows: in order, times in seconds of the soundtrack.
    ///
    /// # Errors
    /// See [`HearError`].
    pub fn hear(
        &self,
        sound: &mut dyn Sound,
        windows: &[Window],
        language: Option<&str>,
    ) -> Result<Said, HearError> {
        let mut language = language.map(str::to_owned);
        let mut passages = Vec::new();
        for together in windows.chunks(AT_A_TIME) {
            let mut open = together.to_vec();
            while !open.is_empty() {
                let listened = open
                    .iter()
                    .map(|window| Ok(self.whisper.listen(&read(sound, window)?)?))
                    .collect::<Result<Vec<_>, HearError>>()?;
                let told = self.whisper.languages(&listened)?;
                let main = language.get_or_insert_with(|| likeliest(&told)).as_str();
                let heard = self.each_in_its_own(listened, &open, &told, main)?;
                let rests =
                    open.iter().zip(&heard).filter_map(|(window, heard)| rest(window, heard)).collect();
                for (window, heard) in open.iter().zip(heard) {
                    passages.extend(placed(window, heard));
                }
                open = rests;
            }
        }
        passages.sort_by(|left, right| left.start.total_cmp(&right.start));
        Ok(Said { passages, language })
    }

    /// What is said in each window, in the language of the soundtrack or, where it is another one without doubt, its own.
    fn each_in_its_own(
        &self,
        listened: Vec<Listened>,
        windows: &[Window],
        told: &[Vec<(&str, f32)>],
        main: &str,
    ) -> Result<Vec<Heard>, ModelError> {
        let mut by_language: BTreeMap<&str, (Vec<usize>, Vec<Listened>)> = BTreeMap::new();
        for (index, listened) in listened.into_iter().enumerate() {
            let own = best(&told[index]).filter(|(_, probability)| *probability >= NO_DOUBT);
            let is_long = windows[index].length() >= TELLING * RATE;
            let language = own.filter(|_| is_long).map_or(main, |(language, _)| language);
            let (indices, sounds) = by_language.entry(language).or_default();
            indices.push(index);
            sounds.push(listened);
        }
        let mut heard = Vec::with_capacity(windows.len());
        for (language, (indices, sounds)) in by_language {
            heard.extend(indices.into_iter().zip(self.whisper.hear(&sounds, language)?));
        }
        heard.sort_by_key(|(index, _)| *index);
        Ok(heard.into_iter().map(|(_, heard)| heard).collect())
    }
}

/// The language that is likeliest for all of these together; English for a model that knows no other.
fn likeliest(told: &[Vec<(&str, f32)>]) -> String {
    let mut sums: Vec<(&str, f32)> = Vec::new();
    for told in told {
        sums.resize(told.len(), ("", 0.0));
        for (sum, (language, probability)) in sums.iter_mut().zip(told) {
            *sum = (language, sum.1 + probability.max(1e-6).ln());
        }
    }
    best(&sums).map_or("en", |(language, _)| language).to_owned()
}

fn best<'a>(told: &[(&'a str, f32)]) -> Option<(&'a str, f32)> {
    told.iter().copied().max_by(|left, right| left.1.total_cmp(&right.1))
}

fn read(sound: &mut dyn Sound, window: &Window) -> std::io::Result<Vec<f32>> {
    let mut samples = Vec::with_capacity(window.length());
    for part in &window.parts {
        samples.extend(sound.samples(part.sound.clone())?);
    }
    Ok(samples)
}

/// What is left of a window that was heard, but not to its end.
fn rest(window: &Window, heard: &Heard) -> Option<Window> {
    let until = heard.passages.last()?.words.last()?.end.min(heard.until);
    let rest = window.length() as f64 / RATE as f64 - until;
    (rest > REST && until > 0.0).then(|| window.after(until))
}

/// What was heard in a window, in the soundtrack's time.
fn placed(window: &Window, heard: Heard) -> Vec<Passage> {
    let is_nothing = heard.is_loop || (heard.no_speech > NO_SPEECH && heard.mean_log < GUESSES);
    let mut passages = if is_nothing { Vec::new() } else { heard.passages };
    for passage in &mut passages {
        for word in &mut passage.words {
            window.place(word);
        }
        if let (Some(first), Some(last)) = (passage.words.first(), passage.words.last()) {
            (passage.start, passage.end) = (first.start, last.end);
        }
    }
    passages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_window_that_is_not_sure_does_not_outvote_the_others() {
        let told = [
            vec![("en", 0.3), ("de", 0.7)],
            vec![("en", 0.95), ("de", 0.05)],
            vec![("en", 0.9), ("de", 0.1)],
        ];
        assert_eq!(likeliest(&told), "en");
        assert_eq!(likeliest(&[]), "en");
    }
}
