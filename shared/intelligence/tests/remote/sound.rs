//! Soundtracks.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;
use intelligence::{ProviderError, transcribe::Soundtrack};

pub(crate) const RATE: usize = 16_000;

/// A soundtrack that counts how often it is listened to, and keeps parts of what is written down.
pub(crate) struct Sound {
    file: PathBuf,
    heard: AtomicUsize,
    kept: Mutex<BTreeMap<String, Bytes>>,
}

impl Sound {
    pub(crate) fn at(file: &Path) -> Self {
        Self { file: file.to_owned(), heard: AtomicUsize::new(0), kept: Mutex::default() }
    }

    /// Of the parts that are kept.
    pub(crate) fn names(&self) -> Vec<String> {
        self.kept.lock().unwrap().keys().cloned().collect()
    }

    pub(crate) fn heard(&self) -> usize {
        self.heard.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Soundtrack for Sound {
    fn folder(&self) -> &str {
        "videos/7/g1/transcription"
    }

    async fn pcm(&self) -> Result<&Path, ProviderError> {
        self.heard.fetch_add(1, Ordering::Relaxed);
        Ok(&self.file)
    }

    async fn kept(&self, name: &str) -> Option<Bytes> {
        self.kept.lock().unwrap().get(name).cloned()
    }

    async fn keep(&self, name: &str, part: Bytes) {
        self.kept.lock().unwrap().insert(name.to_owned(), part);
    }
}

/// Sound that the detector takes for speech: a voice's harmonics, in syllables. Its pitch in Hz.
pub(crate) fn voice(pitch: f32, seconds: f32) -> Vec<i16> {
    let sample = |n: usize| {
        let at = n as f32 / RATE as f32;
        let syllable = (at * 4.0 * std::f32::consts::PI).sin().abs();
        let tones = (1..16).map(|k| (at * pitch * k as f32 * std::f32::consts::TAU).sin() / k as f32);
        (tones.sum::<f32>() * syllable * 6_000.0) as i16
    };
    (0..(seconds * RATE as f32) as usize).map(sample).collect()
}

pub(crate) fn silence(seconds: usize) -> Vec<i16> {
    // A room is never without noise.
    (0..seconds * RATE).map(|n| ((n * 7_919) % 17) as i16 - 8).collect()
}

pub(crate) fn soundtrack(folder: &Path, parts: &[Vec<i16>]) -> PathBuf {
    let file = folder.join("sound.pcm");
    fs::write(&file, bytes(&parts.concat())).unwrap();
    file
}

pub(crate) fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}
