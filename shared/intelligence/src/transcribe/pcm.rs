//! Reading 16 kHz mono signed 16-bit little-endian samples from a raw file, piece by piece.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::Path,
};

use domain::time::Seconds;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// Samples a second.
pub(super) const RATE: u64 = 16_000;

/// A stretch of samples, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Span {
    pub(super) fn seconds(self) -> f64 {
        (self.end - self.start) as f64 / RATE as f64
    }

    pub(super) fn start_time(self) -> Seconds {
        Seconds::new(self.start as f64 / RATE as f64)
    }

    pub(super) fn end_time(self) -> Seconds {
        Seconds::new(self.end as f64 / RATE as f64)
    }
}

/// A raw file of samples.
pub(super) struct Pcm(BufReader<File>);

impl Pcm {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(BufReader::with_capacity(1 << 16, File::open(path)?)))
    }

    /// Fills `frame` with the next samples; false at the end, where a part of a frame is left out.
    pub(super) fn next_frame(&mut self, frame: &mut [i16]) -> io::Result<bool> {
        let mut bytes = vec![0; frame.len() * 2];
        match self.0.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
        for (sample, pair) in frame.iter_mut().zip(bytes.chunks_exact(2)) {
            *sample = i16::from_le_bytes([pair[0], pair[1]]);
        }
        Ok(true)
    }

    /// A span as a WAV file.
    pub(super) fn wav(&mut self, span: Span) -> io::Result<Vec<u8>> {
        let samples = self.bytes(span)?;
        let mut wav = wav_header(samples.len() as u32);
        wav.extend(samples);
        Ok(wav)
    }

    /// A span as a WAV file that goes when it is dropped, of 4 GB at most. What the span has beyond the end is left out.
    pub(super) fn wav_file(&mut self, span: Span) -> io::Result<NamedTempFile> {
        let end = self.0.get_ref().metadata()?.len() / 2;
        let samples = span.end.min(end).saturating_sub(span.start);
        let mut file = NamedTempFile::new()?;
        file.write_all(&wav_header(u32::try_from(samples * 2).unwrap_or(u32::MAX)))?;
        self.0.seek(SeekFrom::Start(span.start * 2))?;
        io::copy(&mut self.0.by_ref().take(samples * 2), &mut file)?;
        file.flush()?;
        Ok(file)
    }

    /// The bytes of a span, little-endian as they are stored.
    fn bytes(&mut self, span: Span) -> io::Result<Vec<u8>> {
        self.0.seek(SeekFrom::Start(span.start * 2))?;
        let mut bytes = Vec::new();
        self.0.by_ref().take((span.end - span.start) * 2).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The samples of a span, -1 to 1.
    pub(super) fn samples(&mut self, span: Span) -> io::Result<Vec<f32>> {
        let bytes = self.bytes(span)?;
        Ok(bytes
            .chunks_exact(2)
            .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0)
            .collect())
    }
}

impl speech::Sound for Pcm {
    fn length(&self) -> io::Result<usize> {
        Ok((self.0.get_ref().metadata()?.len() / 2) as usize)
    }

    fn samples(&mut self, range: Range<usize>) -> io::Result<Vec<f32>> {
        Self::samples(self, Span { start: range.start as u64, end: range.end as u64 })
    }
}

/// The 44 bytes before `length` bytes of 16 kHz mono 16-bit samples.
fn wav_header(length: u32) -> Vec<u8> {
    let rate = RATE as u32;
    let mut header = b"RIFF".to_vec();
    header.extend((length + 36).to_le_bytes());
    header.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    header.extend(rate.to_le_bytes());
    header.extend((rate * 2).to_le_bytes());
    header.extend(b"\x02\0\x10\0data");
    header.extend(length.to_le_bytes());
    header
}
