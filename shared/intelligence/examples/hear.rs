//! `hear turns|words RECORDING…`: who speaks when in raw files of 16 kHz mono 16-bit samples, and with `words` what,
//! by PocketSphinx. A line of JSON for each.

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
    let installed = BuiltinConfig { whisper_cli: None, ..BuiltinConfig::default() };
    let config = match arguments.next().as_deref() {
        Some("words") => installed,
        Some("turns") => BuiltinConfig { pocketsphinx: None, ..installed },
        Some(_) | None => return Err("hear turns|words RECORDING…".into()),
    };
    let transcriber = Builtin::new(&config);
    for path in arguments {
        let heard = transcriber.transcribe(&Recording(path.into())).await?;
        let transcript = heard.done().ok_or("this provider waits for nobody")?;
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&transcript.utterances)?)?;
    }
    Ok(())
}
