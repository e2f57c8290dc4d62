//! AWS's own services: Bedrock, Transcribe, Rekognition.
//!
//! What is sent and answered here (pictures, sound, texts) is never logged, nor put into an error.

use std::fmt;

use aws_config::{
    Region, SdkConfig, retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_sdk_bedrockruntime as bedrockruntime;
use aws_sdk_s3 as s3;
use domain::provider::Model;

use crate::{Meter, describe::Labels, retry::Budget};

pub(crate) mod bedrock;
pub(crate) mod document;
pub(crate) mod failure;
pub(crate) mod transcribe;

pub(crate) use bedrock::Bedrock;
pub(crate) use transcribe::Transcribe;

/// Who a description, transcript or answer by these services is said to come from.
pub(crate) const PROVIDER: &str = "aws";

/// How AWS is asked. Whether the models may be used is the business of the function's role.
#[derive(Clone)]
pub struct AwsConfig {
    /// Credentials, region, endpoint, and the one HTTP client of the process.
    pub sdk: SdkConfig,
    /// Where Bedrock is asked, such as `us-east-1`; none for the region of `sdk`.
    pub bedrock_region: Option<String>,
    /// The model or inference profile that describes. It must take pictures, and tools that it has to use.
    pub vision_model: Model,
    /// Whether Rekognition's labels are added to what that model sees.
    pub detect_labels: bool,
    /// The model that embeds: Titan Text Embeddings V2.
    pub embed_model: Model,
    /// The model or inference profile that answers.
    pub chat_model: Model,
    /// Where Transcribe finds sound and leaves words: a bucket in the region of `sdk`, below the folders of
    /// soundtracks.
    pub bucket: String,
    /// Whether the bucket is addressed by path, as emulators want it.
    pub s3_path_style: bool,
    /// What one call of a trait may take.
    pub budget: Budget,
}

/// The settings of every client: tried again by the policy of this crate alone, which also ends what hangs. A model
/// may think for longer than the SDK waits for the next byte.
pub(crate) fn once(sdk: &SdkConfig) -> SdkConfig {
    let patient = StalledStreamProtectionConfig::disabled();
    let builder = sdk.to_builder().retry_config(RetryConfig::disabled());
    builder.stalled_stream_protection(patient).build()
}

/// Without the credentials.
impl fmt::Debug for AwsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsConfig").field("budget", &self.budget).finish_non_exhaustive()
    }
}

impl AwsConfig {
    fn sdk(&self) -> SdkConfig {
        once(&self.sdk)
    }

    /// Rekognition, if it is asked.
    pub(crate) fn labels(&self, meter: &Meter) -> Option<Labels> {
        let client = || aws_sdk_rekognition::Client::new(&self.sdk());
        self.detect_labels.then(|| Labels::new(client(), meter.clone()))
    }

    /// Transcribe and its bucket.
    pub(crate) fn transcribe(&self, meter: &Meter) -> Transcribe {
        let sdk = self.sdk();
        let objects = s3::config::Builder::from(&sdk).force_path_style(self.s3_path_style).build();
        let jobs = aws_sdk_transcribe::Client::new(&sdk);
        Transcribe::new(jobs, s3::Client::from_conf(objects), self.bucket.clone(), self.budget, meter.clone())
    }

    /// Bedrock, with one model.
    pub(crate) fn bedrock(&self, model: &Model, meter: &Meter) -> Bedrock {
        let mut config = bedrockruntime::config::Builder::from(&self.sdk());
        config.set_region(self.bedrock_region.clone().map(Region::new).or(self.sdk.region().cloned()));
        let client = bedrockruntime::Client::from_conf(config.build());
        Bedrock::new(client, model.clone(), self.budget, meter.clone())
    }
}
