//! `read_boards PICTURE…`: what the provider `builtin` reads on JPEGs, as a line of JSON for each.
//!
//! Each is read by itself, so that none is taken for the one before it.

use std::{env, error::Error, fs, io::Write};

use domain::{
    analysis::{Described, Rgb, Scene},
    time::Seconds,
};
use intelligence::{
    BuiltinConfig,
    describe::{Builtin, Describer, SceneImage},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let describer = Builtin::new(&BuiltinConfig::default());
    for path in env::args().skip(1) {
        let image = SceneImage { scene: scene(), jpeg: fs::read(&path)?.into() };
        let described = describer.describe(&[image]).await?;
        let seen = described.iter().filter_map(Described::seen);
        let lines: Vec<&String> = seen.flat_map(|description| &description.on_screen_text).collect();
        writeln!(std::io::stdout(), "{}", serde_json::json!({ "file": path, "lines": lines }))?;
    }
    Ok(())
}

/// What was measured does not matter to what is read.
fn scene() -> Scene {
    Scene {
        ordinal: 0,
        start: Seconds::ZERO,
        end: Seconds::ZERO,
        keyframe_at: Seconds::ZERO,
        main_color: Rgb(0, 0, 0),
        brightness: 0.5,
        motion: 0.0,
        black: Vec::new(),
        frozen: Vec::new(),
    }
}
