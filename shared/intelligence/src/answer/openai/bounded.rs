//! What a server streams, as far as it is no longer than an answer can be.

use bytes::Bytes;
use futures::{Stream, StreamExt};
use thiserror::Error;

use super::super::limits::{LONGEST_LINE, MOST_STREAMED};

/// Why a stream ends before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Broken {
    /// It is longer than any answer's, or one of its lines is.
    #[error("more than an answer can be")]
    TooLong,
    /// The connection broke off. Its own error may quote what was answered.
    #[error("broken off")]
    Off,
}

/// The same bytes; an error where they become too many. The parser behind it keeps a line until it ends.
pub(super) fn bounded<E>(
    bytes: impl Stream<Item = Result<Bytes, E>> + Send,
) -> impl Stream<Item = Result<Bytes, Broken>> + Send {
    let (mut streamed, mut line) = (0, 0);
    bytes.map(move |chunk| {
        let chunk = chunk.map_err(|_| Broken::Off)?;
        streamed += chunk.len();
        let mut is_too_long = streamed > MOST_STREAMED;
        for byte in &chunk {
            line = if matches!(byte, b'\n' | b'\r') { 0 } else { line + 1 };
            is_too_long |= line > LONGEST_LINE;
        }
        if is_too_long { Err(Broken::TooLong) } else { Ok(chunk) }
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::{executor::block_on, stream};

    use super::*;

    fn passes(chunk: &[u8], times: usize) -> bool {
        let chunks = (0..times).map(|_| Ok::<_, Infallible>(Bytes::copy_from_slice(chunk)));
        block_on(bounded(stream::iter(chunks)).all(async |chunk| chunk.is_ok()))
    }

    #[test]
    fn lines_and_streams_have_an_end() {
        let (kilobyte, mut ended) = ([b'x'; 1024], [b'x'; 1024]);
        ended[1000] = b'\n';
        let longest = LONGEST_LINE / 1024;
        assert!(passes(&kilobyte, longest) && !passes(&kilobyte, longest + 1));
        let most = MOST_STREAMED / 1024;
        assert!(passes(&ended, most) && !passes(&ended, most + 1));
    }
}
