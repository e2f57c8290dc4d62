//! The pinned source of a video, as ffmpeg's loopback proxy reads it.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use edge::App;
use edge::step::StepError;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use media::{ByteSource, MediaError, RangeProxy, Tools};
use store::{PinnedObject, Video};

struct Pinned(PinnedObject);

impl ByteSource for Pinned {
    fn len(&self) -> u64 {
        self.0.size()
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, io::Result<BoxStream<'static, io::Result<Bytes>>>> {
        async move { self.0.read(range).await.map_err(io::Error::other) }.boxed()
    }
}

/// What the owner gave.
pub fn original(app: &App, video: &Video) -> Result<Arc<dyn ByteSource>, StepError> {
    let source = video.source.clone().ok_or_else(|| StepError::transient("the source is not pinned yet"))?;
    Ok(Arc::new(Pinned(app.store.pinned(source))))
}

/// Serves the video on this machine's loopback for as long as the proxy lives: the source, or what was developed of it.
pub async fn serve(app: &App, video: &Video) -> Result<RangeProxy, StepError> {
    let source = match video.proxy.clone() {
        Some(developed) => Arc::new(Pinned(app.store.pinned(developed))),
        None => original(app, video)?,
    };
    RangeProxy::start(source).await.map_err(StepError::transient)
}

/// ffmpeg and ffprobe.
pub fn tools(app: &App) -> Tools {
    Tools { ffmpeg: app.config.tool("ffmpeg"), ffprobe: app.config.tool("ffprobe") }
}

/// The file's fault ends the video; anything else is worth another try.
pub fn media_error(error: MediaError) -> StepError {
    match error {
        MediaError::Rejected(failure) => StepError::Rejected(failure),
        MediaError::CameraRaw(format) => {
            tracing::warn!(?format, "no program makes a proxy of this format; RawCommands can name one");
            StepError::Rejected(format.refusal())
        }
        other @ (MediaError::Source { .. }
        | MediaError::Tool { .. }
        | MediaError::Io { .. }
        | MediaError::Format(_)) => StepError::transient(other),
    }
}
