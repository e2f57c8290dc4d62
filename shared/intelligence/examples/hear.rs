//! `hear turns|words RECORDING…`: who speaks when in raw files of 16 kHz mono 16-bit samples, and with `words` what,
//! by PocketSphinx. A line of JSON for each.

use std::{env, error::Error, io::Write, path::Path};

use intelligence::{
    BuiltinConfig,
    transcribe::{Builtin, Transcriber},
};

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
        let transcript = transcriber.transcribe(Path::new(&path)).await?;
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&transcript.utterances)?)?;
    }
    Ok(())
}
