//! On-screen text, read by the Tesseract 5 command line program.

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use image::GrayImage;
use tokio::sync::Semaphore;

use super::{fingerprint::Fingerprint, ink, jpeg, reading::Reading, texture, tsv};
use crate::{
    ProviderError,
    error::off_thread,
    process::{RunError, command, run},
};

/// Tesseract processes at a time: it takes a core each, and a function has two.
const AT_A_TIME: usize = 2;
/// A frame takes 0.2 to 0.7 s; what takes this long is texture without end.
const FRAME_LIMIT: Duration = Duration::from_secs(20);

/// How Tesseract is called.
pub(super) struct Tesseract {
    program: PathBuf,
    tessdata: Option<PathBuf>,
    languages: String,
    slots: Semaphore,
}

/// A decoded keyframe, with what it takes to tell it from others.
pub(super) struct Frame {
    jpeg: Bytes,
    pub(super) fingerprint: Fingerprint,
}

/// What came of reading a frame.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Read(Reading),
    TimedOut,
}

impl Frame {
    /// Decodes a keyframe, off the async threads. The pixels are let go again: a batch has many frames.
    pub(super) async fn decode(jpeg: Bytes) -> Result<Self, ProviderError> {
        off_thread(move || {
            let fingerprint = Fingerprint::of(&gray(&jpeg)?);
            Ok(Self { jpeg, fingerprint })
        })
        .await
    }

    /// The frame's ink as PGM files of black on white; none when it does not look as if it carried text.
    async fn ink(&self) -> Result<Vec<Vec<u8>>, ProviderError> {
        let jpeg = self.jpeg.clone();
        off_thread(move || {
            let frame = gray(&jpeg)?;
            if texture::is_texture(&frame) {
                return Ok(Vec::new());
            }
            Ok(ink::extract(&frame).iter().map(pgm).collect())
        })
        .await
    }
}

fn pgm(picture: &GrayImage) -> Vec<u8> {
    let mut file = format!("P5 {} {} 255\n", picture.width(), picture.height()).into_bytes();
    file.extend_from_slice(picture.as_raw());
    file
}

fn gray(jpeg: &[u8]) -> Result<GrayImage, ProviderError> {
    Ok(jpeg::decode(jpeg)?.into_luma8())
}

impl Tesseract {
    pub(super) fn new(program: PathBuf, tessdata: Option<PathBuf>, languages: String) -> Self {
        Self { program, tessdata, languages, slots: Semaphore::new(AT_A_TIME) }
    }

    /// `tesseract 5.3.0`, or `None` when it is not installed.
    pub(super) async fn version(&self) -> Result<Option<String>, ProviderError> {
        let mut command = command(&self.program);
        command.arg("--version");
        match run(command, b"", FRAME_LIMIT).await {
            Ok(printed) => {
                let line = String::from_utf8_lossy(&printed).lines().next().unwrap_or_default().to_owned();
                Ok(Some(if line.is_empty() { "tesseract".to_owned() } else { line }))
            }
            Err(RunError::Missing) => Ok(None),
            Err(error) => Err(ProviderError::down("tesseract does not start").caused_by(error)),
        }
    }

    /// Reads a frame's ink, and when that is doubtful the frame as it is too.
    pub(super) async fn read(&self, frame: Frame) -> Result<Outcome, ProviderError> {
        let mut reading = Reading::default();
        for picture in frame.ink().await? {
            match self.recognise(&picture).await? {
                Outcome::Read(more) => reading = reading.with(more),
                Outcome::TimedOut => return Ok(Outcome::TimedOut),
            }
        }
        if !reading.is_doubtful() {
            return Ok(Outcome::Read(reading));
        }
        Ok(match self.recognise(&frame.jpeg).await? {
            Outcome::Read(plain) => Outcome::Read(reading.with(plain)),
            Outcome::TimedOut => Outcome::Read(reading),
        })
    }

    async fn recognise(&self, picture: &[u8]) -> Result<Outcome, ProviderError> {
        let _slot =
            self.slots.acquire().await.map_err(|error| ProviderError::down("closing").caused_by(error))?;
        let mut command = command(&self.program);
        // Sparse text: boards and slides have no columns. One thread: OpenMP's are slower than two processes.
        command.args(["stdin", "stdout", "--psm", "11", "-l", &self.languages]);
        if let Some(tessdata) = &self.tessdata {
            command.arg("--tessdata-dir").arg(tessdata);
        }
        command.arg("tsv").env("OMP_THREAD_LIMIT", "1");
        match run(command, picture, FRAME_LIMIT).await {
            Ok(printed) => Ok(Outcome::Read(tsv::parse(&String::from_utf8_lossy(&printed)))),
            Err(RunError::TimedOut(limit)) => {
                tracing::warn!(limit_s = limit.as_secs(), "reading the text of a frame took too long");
                Ok(Outcome::TimedOut)
            }
            Err(error) => Err(ProviderError::down(
                "tesseract failed; check that it runs and that its language data is installed",
            )
            .caused_by(error)),
        }
    }
}
