//! Asking until an answer begins.

use std::future::{Future, ready};

use futures::{StreamExt, stream, stream::BoxStream};

use super::limits::MOST_SAID;
use crate::{
    ProviderError,
    retry::{Allowance, too_long},
};

/// The pieces of an answer.
pub(super) type Pieces = BoxStream<'static, Result<String, ProviderError>>;

/// An answer from its first piece on, as `open` gives it: until then nobody has seen anything of it, and it can be
/// asked for again.
///
/// # Errors
/// Why it does not begin. What breaks it off later is in the stream.
pub(super) async fn from_first_piece<F>(
    allowance: &Allowance,
    open: impl Fn() -> F + Send + Sync,
) -> Result<Pieces, ProviderError>
where
    F: Future<Output = Result<Pieces, ProviderError>> + Send,
{
    let open = &open;
    let (first, rest) = allowance
        .run(|| async move {
            let mut pieces = open().await?;
            match pieces.next().await {
                Some(first) => Ok((first?, pieces)),
                None => Err(ProviderError::down("the model said nothing; choose another one")),
            }
        })
        .await?;
    Ok(no_longer_than(MOST_SAID, stream::iter([Ok(first)]).chain(rest).boxed()))
}

/// An answer to its end, or to an error after so many bytes.
fn no_longer_than(most: usize, pieces: Pieces) -> Pieces {
    let told = pieces.scan(Some(0_usize), move |said, piece| {
        let told = said.take().map(|before| {
            let piece = piece?;
            let after = before.saturating_add(piece.len());
            if after > most {
                return Err(too_long());
            }
            *said = Some(after);
            Ok(piece)
        });
        ready(told)
    });
    told.boxed()
}
