//! Writes down a sound file: `hear MODELS SOUND.wav` (16 kHz, mono). MODELS has `whisper/` and `silero-vad/`. One
//! line of JSON for each passage; what it took on standard error.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use speech::Ears;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(models), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("hear MODELS SOUND.wav".into());
    };
    let models = Path::new(&models);
    let began = Instant::now();
    let ears = Ears::open(&models.join("whisper"), &models.join("silero-vad/model.onnx"))?;
    eprintln!("loaded in {:.2?}", began.elapsed());
    let mut sound = hound::WavReader::open(&file)?
        .samples::<i16>()
        .map(|sample| sample.map(|sample| f32::from(sample) / 32768.0))
        .collect::<Result<Vec<f32>, _>>()?;
    let began = Instant::now();
    let windows = ears.windows(&mut sound)?;
    eprintln!("{} windows in {:.2?}", windows.len(), began.elapsed());
    let began = Instant::now();
    let said = ears.hear(&mut sound, &windows, None)?;
    for passage in said.passages {
        let words: Vec<_> = passage
            .words
            .iter()
            .map(|word| serde_json::json!([word.text, word.start, word.end, word.probability]))
            .collect();
        let line = serde_json::json!({ "start": passage.start, "end": passage.end, "words": words });
        writeln!(std::io::stdout(), "{line}")?;
    }
    eprintln!("{} in {:.2?}", said.language.unwrap_or_default(), began.elapsed());
    eprintln!("{:.1} s of sound in {:.2?}", sound.len() as f64 / 16000.0, began.elapsed());
    Ok(())
}
