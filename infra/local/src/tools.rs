//! The directory that stands for `/opt` of a deployed function: links to the programs and models that this
//! machine has, under the names the layers give them.

use crate::error::StackError;
use crate::options::StackOptions;
use models::Model;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Without these no video can be analysed.
const NEEDED: [&str; 3] = ["ffmpeg", "ffprobe", "tesseract"];
/// With these more can be.
const WELCOME: [&str; 1] = ["yt-dlp"];
/// Names the folder of an operator's own Whisper, in the place of ours.
const WHISPER: &str = "WHISPER_FOLDER";
/// Names the folder that `make layers` fills for this machine's architecture, to run its tools instead of the machine's.
const LAYERS: &str = "LOCAL_LAYERS";
/// The layers with programs.
const OF_LAYERS: [&str; 2] = ["ffmpeg/bin", "yt-dlp/bin"];
/// Those with models.
const OF_LAYERS_MODELS: [&str; 2] = ["models/models", "speech/models"];
const TESSDATA: [&str; 3] =
    ["/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata", "/usr/share/tessdata"];

/// Fills `opt/` in the state directory and returns it.
///
/// # Errors
/// [`StackError::ToolMissing`] names the program to install.
pub(crate) fn link_tools(options: &StackOptions) -> Result<PathBuf, StackError> {
    let root = options.state("opt");
    let bin = root.join("bin");
    for directory in [&bin, &root.join("models"), &root.join("share")] {
        fs::create_dir_all(directory).map_err(StackError::file(directory))?;
    }
    for name in NEEDED {
        let program = find(options, name).ok_or(StackError::ToolMissing(name))?;
        link(&program, &bin.join(name))?;
    }
    for name in WELCOME {
        link_if_present(find(options, name), &bin.join(name))?;
    }
    for model in Model::ALL {
        link_if_present(folder(options, model), &root.join("models").join(model.name()))?;
    }
    let tessdata = TESSDATA.iter().map(PathBuf::from).find(|path| path.is_dir());
    link_if_present(tessdata, &root.join("share/tessdata"))?;
    let own = std::env::var_os(WHISPER).map(PathBuf::from);
    link_if_present(own, &root.join("models/whisper-own"))?;
    Ok(root)
}

fn layers(options: &StackOptions) -> Option<PathBuf> {
    let (_, folder) = options.env.iter().find(|(name, _)| name == LAYERS)?;
    Some(options.root.join(folder))
}

/// The layers' and the venv's programs before the machine's: their versions are pinned.
fn find(options: &StackOptions, name: &str) -> Option<PathBuf> {
    let of_layers = layers(options).into_iter().flat_map(|layers| OF_LAYERS.map(|bin| layers.join(bin)));
    let venv = options.root.join(".local/venv/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    of_layers
        .chain([venv])
        .chain(std::env::split_paths(&path))
        .map(|directory| directory.join(name))
        .find(|program| program.is_file())
}

/// A model of the layers, or where setting up fetches it to.
fn folder(options: &StackOptions, model: Model) -> Option<PathBuf> {
    let folders = match layers(options) {
        Some(layers) => OF_LAYERS_MODELS.map(|folder| layers.join(folder)).to_vec(),
        None => vec![options.root.join(".local/models")],
    };
    folders.into_iter().map(|folder| folder.join(model.name())).find(|folder| folder.is_dir())
}

fn link_if_present(target: Option<PathBuf>, at: &Path) -> Result<(), StackError> {
    match target {
        Some(target) => link(&target, at),
        None => remove(at),
    }
}

/// Links anew: what it pointed to last time may be gone.
fn link(target: &Path, at: &Path) -> Result<(), StackError> {
    remove(at)?;
    symlink(target, at).map_err(StackError::file(at))
}

fn remove(at: &Path) -> Result<(), StackError> {
    match fs::remove_file(at) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StackError::file(at)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_of_layers_go_before_those_of_the_machine() {
        let root = tempfile::tempdir().unwrap();
        let mut options = StackOptions::of_checkout(root.path().to_owned(), 0);
        options.env = vec![(LAYERS.to_owned(), "target/layers/x86_64".to_owned())];
        let layers = root.path().join("target/layers/x86_64");
        for file in [
            "ffmpeg/bin/ffprobe",
            "yt-dlp/bin/yt-dlp",
            "models/models/minilm/config.json",
            "speech/models/whisper/model.bin",
        ] {
            fs::create_dir_all(layers.join(file).parent().unwrap()).unwrap();
            fs::write(layers.join(file), "").unwrap();
        }
        let venv = root.path().join(".local/venv/bin");
        fs::create_dir_all(&venv).unwrap();
        fs::write(venv.join("yt-dlp"), "").unwrap();

        assert_eq!(find(&options, "ffprobe"), Some(layers.join("ffmpeg/bin/ffprobe")));
        assert_eq!(find(&options, "yt-dlp"), Some(layers.join("yt-dlp/bin/yt-dlp")));
        assert_eq!(folder(&options, Model::MiniLm), Some(layers.join("models/models/minilm")));
        assert_eq!(folder(&options, Model::Whisper), Some(layers.join("speech/models/whisper")));
        options.env.clear();
        assert_eq!(find(&options, "yt-dlp"), Some(venv.join("yt-dlp")));
        assert_eq!(folder(&options, Model::MiniLm), None);
    }
}
