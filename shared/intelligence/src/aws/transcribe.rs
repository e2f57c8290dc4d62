//! Jobs of Amazon Transcribe, and the objects through which it takes sound and gives words.

use std::path::Path;

use aws_sdk_s3::{self as s3, primitives::ByteStream};
use aws_sdk_transcribe::{
    self as transcribe,
    types::{Media, MediaFormat, Settings, TranscriptionJob, TranscriptionJobStatus},
};
use bytes::Bytes;
use domain::prices::{TRANSCRIBE, Unit};

use super::failure::{self, Operation};
use crate::{
    Meter, ProviderError,
    retry::{Allowance, Budget},
};

/// Voices that are told apart, of 30 at most (API reference, `Settings`). More than there are does no harm.
const MOST_SPEAKERS: i32 = 10;

/// The service and the bucket that it works on.
#[derive(Debug, Clone)]
pub(crate) struct Transcribe {
    jobs: transcribe::Client,
    objects: s3::Client,
    bucket: String,
    budget: Budget,
    meter: Meter,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody has begun it.
    Absent,
    UnderWay,
    Done,
    /// With the service's reason.
    Failed(String),
}

impl Transcribe {
    pub(super) fn new(
        jobs: transcribe::Client,
        objects: s3::Client,
        bucket: String,
        budget: Budget,
        meter: Meter,
    ) -> Self {
        Self { jobs, objects, bucket, budget, meter }
    }

    /// Counts sound that the service was given.
    pub(crate) fn heard(&self, secs: u64) {
        self.meter.count(TRANSCRIBE, Unit::AudioSecond, secs);
    }

    /// Begins a call.
    pub(crate) fn allowance(&self) -> Allowance {
        self.budget.start()
    }

    /// Begins a job that reads a WAV file and writes its result, unless there is one of this name already.
    pub(crate) async fn start(
        &self,
        allowance: &Allowance,
        name: &str,
        sound: &str,
        result: &str,
    ) -> Result<(), ProviderError> {
        let media = Media::builder().media_file_uri(format!("s3://{}/{sound}", self.bucket)).build();
        let settings =
            Settings::builder().show_speaker_labels(true).max_speaker_labels(MOST_SPEAKERS).build();
        let (media, settings) = (&media, &settings);
        allowance
            .run(|| async move {
                let job = self.jobs.start_transcription_job().transcription_job_name(name);
                let job = job.media(media.clone()).media_format(MediaFormat::Wav).settings(settings.clone());
                let job = job.identify_language(true).output_bucket_name(&self.bucket).output_key(result);
                match job.send().await {
                    Ok(_) => Ok(()),
                    Err(error)
                        if error.as_service_error().is_some_and(|error| error.is_conflict_exception()) =>
                    {
                        Ok(())
                    }
                    Err(error) => Err(failure::of(Operation::StartTranscriptionJob, &error)),
                }
            })
            .await
    }

    pub(crate) async fn state(&self, allowance: &Allowance, name: &str) -> Result<State, ProviderError> {
        allowance
            .run(|| async move {
                match self.jobs.get_transcription_job().transcription_job_name(name).send().await {
                    Ok(answer) => Ok(answer.transcription_job.map_or(State::Absent, state)),
                    // The reference has the first, the service answers with the second: a name is never bad here.
                    Err(error)
                        if error.as_service_error().is_some_and(|error| {
                            error.is_not_found_exception() || error.is_bad_request_exception()
                        }) =>
                    {
                        Ok(State::Absent)
                    }
                    Err(error) => Err(failure::of(Operation::GetTranscriptionJob, &error)),
                }
            })
            .await
    }

    /// Makes room for another job of this name.
    pub(crate) async fn forget(&self, allowance: &Allowance, name: &str) -> Result<(), ProviderError> {
        allowance
            .run(|| async move {
                let answer = self.jobs.delete_transcription_job().transcription_job_name(name).send().await;
                answer.map(|_| ()).map_err(|error| failure::of(Operation::DeleteTranscriptionJob, &error))
            })
            .await
    }

    /// An object as a whole; `None` when there is none.
    pub(crate) async fn object(
        &self,
        allowance: &Allowance,
        key: &str,
    ) -> Result<Option<Bytes>, ProviderError> {
        allowance
            .run(|| async move {
                let object = match self.objects.get_object().bucket(&self.bucket).key(key).send().await {
                    Ok(object) => object,
                    Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => {
                        return Ok(None);
                    }
                    Err(error) => return Err(failure::of(Operation::GetObject, &error)),
                };
                let body = object.body.collect().await;
                body.map(|body| Some(body.into_bytes())).map_err(|error| {
                    ProviderError::down("an object of the bucket broke off").caused_by(error)
                })
            })
            .await
    }

    /// Writes a small object.
    pub(crate) async fn put(
        &self,
        allowance: &Allowance,
        key: &str,
        body: Bytes,
    ) -> Result<(), ProviderError> {
        let body = &body;
        allowance.run(|| async move { self.write(key, body.clone().into()).await }).await
    }

    /// Writes a file, 5 GB at most.
    pub(crate) async fn put_file(
        &self,
        allowance: &Allowance,
        key: &str,
        file: &Path,
    ) -> Result<(), ProviderError> {
        let unreadable = |error| ProviderError::down("a file cannot be read").caused_by(error);
        allowance
            .run(|| async move {
                self.write(key, ByteStream::from_path(file).await.map_err(unreadable)?).await
            })
            .await
    }

    async fn write(&self, key: &str, body: ByteStream) -> Result<(), ProviderError> {
        let answer = self.objects.put_object().bucket(&self.bucket).key(key).body(body).send().await;
        answer.map(|_| ()).map_err(|error| failure::of(Operation::PutObject, &error))
    }
}

fn state(job: TranscriptionJob) -> State {
    match job.transcription_job_status {
        Some(TranscriptionJobStatus::Completed) => State::Done,
        Some(TranscriptionJobStatus::Failed) => State::Failed(job.failure_reason.unwrap_or_default()),
        // Queued, in progress, and what the SDK does not know yet.
        Some(_) | None => State::UnderWay,
    }
}
