//! Camera RAW, developed into a proxy: a video that the other steps read in the place of what the camera wrote.

mod archive;
mod blocks;
mod cinema_dng;
mod color;
mod dng;
mod vendor;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use domain::camera_raw::{CameraRaw, RawCommands};
use tokio::io::AsyncReadExt;
use tokio_util::io::StreamReader;

use crate::{ByteSource, FileSource, MediaError, RangeProxy, Tools, probe};

pub(crate) use dng::read_tags;

/// Less than the 15 minutes that a function has, so that there is time to tell of it.
const LIMIT: Duration = Duration::from_secs(13 * 60);
/// What may lie on the disk of 10 GB, in bytes; the proxy needs the rest.
const MOST_BYTES: u64 = 8 << 30;
/// The bytes that [`CameraRaw::of_first_bytes`] looks at.
const HEAD: u64 = 512;

/// Which camera wrote this, where its first bytes tell. ffprobe may take an archive for anything.
///
/// # Errors
/// When the object cannot be read.
pub async fn camera_raw(source: &dyn ByteSource) -> Result<Option<CameraRaw>, MediaError> {
    let io = || MediaError::io("read the first bytes of a source");
    let stream = source.read(0..source.len().min(HEAD)).await.map_err(io())?;
    let mut head = Vec::new();
    StreamReader::new(stream).take(HEAD).read_to_end(&mut head).await.map_err(io())?;
    Ok(CameraRaw::of_first_bytes(&head))
}

/// Makes a proxy of `source` in `folder`, which is empty and stays the caller's to remove; answers its path. CinemaDNG
/// becomes H.264 of at most 1920 pixels' width; what another format becomes is its command's decision.
///
/// # Errors
/// [`MediaError::Rejected`] where the file is at fault or there is no command for the format; other variants when the
/// step itself failed.
pub async fn develop(
    tools: &Tools,
    commands: &RawCommands,
    format: CameraRaw,
    source: Arc<dyn ByteSource>,
    folder: &Path,
) -> Result<PathBuf, MediaError> {
    let proxy = match format {
        CameraRaw::CinemaDng => cinema_dng::develop(tools, source, folder).await?,
        CameraRaw::Redcode
        | CameraRaw::Blackmagic
        | CameraRaw::Arri
        | CameraRaw::Canon
        | CameraRaw::ProRes => {
            let command = commands.of(format).ok_or_else(|| format.refusal())?;
            vendor::develop(command, format, source, folder).await?
        }
    };
    let made = FileSource::open(&proxy).await.map_err(MediaError::io("look at a proxy"))?;
    let served = RangeProxy::start(Arc::new(made)).await.map_err(MediaError::io("look at a proxy"))?;
    match probe(tools, served.url(), "").await {
        Ok(_) => Ok(proxy),
        Err(error @ (MediaError::Rejected(_) | MediaError::CameraRaw(_))) => {
            // Not its owner's file is at fault, but what was made of it.
            tracing::error!(?format, %error, "a proxy was made that cannot be read");
            Err(format.refusal().into())
        }
        Err(other) => Err(other),
    }
}
