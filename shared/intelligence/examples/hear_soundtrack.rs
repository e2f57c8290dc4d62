//! `hear_soundtrack MODELS RECORDING…`: who says what, and when, in raw files of 16 kHz mono 16-bit samples. A line of JSON for each.

use std::{
    env,
    error::Error,
    io::Write,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use bytes::Bytes;
use intelligence::{
    BuiltinConfig, ProviderError,
    transcribe::{Builtin, Soundtrack, Transcriber},
};

struct Recording(PathBuf);

#[async_trait]
impl Soundtrack for Recording {
    fn folder(&self) -> &str {
        "unused"
    }

    async fn pcm(&self) -> Result<&Path, ProviderError> {
        Ok(&self.0)
    }

    async fn kept(&self, _: &str) -> Option<Bytes> {
        None
    }

    async fn keep(&self, _: &str, _: Bytes) {}
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let Some(models) = arguments.next() else { return Err("hear_soundtrack MODELS RECORDING…".into()) };
    let config = BuiltinConfig { models: models.into(), ..BuiltinConfig::default() };
    let transcriber = Builtin::new(&config);
    for path in arguments {
        let heard = transcriber.transcribe(&Recording(path.into())).await?;
        let transcript = heard.done().ok_or("it takes longer than a call may")?;
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&transcript.utterances)?)?;
    }
    Ok(())
}
