//! What a listener hears, as the reference spells it.

use domain::answer::Part;
use serde::Serialize;

/// The last event when all went well: the exchange is stored by then.
pub(crate) const DONE: &str = r#"{"type":"done"}"#;
/// The last event when there is no more to come. What was said is all that was said.
pub(crate) const BROKEN_OFF: &str =
    r#"{"type":"error","value":"The answer could not be completed. Ask again."}"#;

/// The events before the last one, in this order.
#[derive(Serialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub(crate) enum Event<'a> {
    SessionId(String),
    FramesUsed(&'a [Frame]),
    Token(&'a str),
}

#[derive(Serialize)]
pub(crate) struct Frame {
    pub(crate) timestamp: String,
    pub(crate) r2_key: String,
}

impl Event<'_> {
    pub(crate) fn part(&self) -> Part {
        match self {
            Self::SessionId(_) | Self::FramesUsed(_) => Part::Preamble,
            Self::Token(_) => Part::Words,
        }
    }
}
