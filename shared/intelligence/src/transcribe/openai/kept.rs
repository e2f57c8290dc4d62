//! Pieces as a server wrote them down, kept one by one: an attempt that fails or dies leaves what it was paid for to the
//! next one.

use super::{
    super::Soundtrack,
    super::pcm::Span,
    OpenAi, VERSION,
    request::{Heard, Wanted},
};
use crate::{ProviderError, retry::Allowance};

impl OpenAi {
    /// What is said in a piece: what an earlier attempt has kept of it, or else what the server says, which is kept.
    pub(super) async fn heard(
        &self,
        allowance: &Allowance,
        sound: &dyn Soundtrack,
        piece: Span,
        wanted: Wanted,
    ) -> Result<Heard, ProviderError> {
        let name = self.name(piece, wanted);
        let kept = sound.kept(&name).await;
        if let Some(heard) = kept.and_then(|kept| serde_json::from_slice(&kept).ok()) {
            return Ok(heard);
        }
        let heard = self.ask(allowance, sound, piece, wanted).await?;
        if let Ok(part) = serde_json::to_vec(&heard) {
            sound.keep(&name, part.into()).await;
        }
        Ok(heard)
    }

    /// Another model, or another version of this folder, writes down other words.
    fn name(&self, piece: Span, wanted: Wanted) -> String {
        let wanted = match wanted {
            Wanted::Segments => "segments",
            Wanted::Text => "text",
        };
        format!("{VERSION}/{}/{}-{}.{wanted}.json", self.model.0, piece.start, piece.end)
    }
}
