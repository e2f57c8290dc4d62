//! What a model passes to its tool.

use aws_sdk_bedrockruntime::{
    operation::converse::ConverseOutput,
    types::{ContentBlock, ConverseOutput as Output},
};
use serde_json::Value;

use super::{super::reply::Reply, prompt::TOOL};
use crate::aws::document;

/// One place for each of `count` pictures, empty where nothing usable was said about it. Of two descriptions of one
/// picture the first counts.
pub(super) fn replies(answer: ConverseOutput, count: usize) -> Vec<Option<Reply>> {
    let mut replies: Vec<Option<Reply>> = (0..count).map(|_| None).collect();
    for picture in answer.output.map(pictures).unwrap_or_default() {
        let number = picture["picture"].as_u64().and_then(|number| usize::try_from(number).ok());
        let place = number.and_then(|number| replies.get_mut(number.checked_sub(1)?));
        if let Some(place @ None) = place {
            *place = Reply::of(picture);
        }
    }
    replies
}

fn pictures(output: Output) -> Vec<Value> {
    let Output::Message(message) = output else { return vec![] };
    let mut pictures = Vec::new();
    for block in message.content {
        if let ContentBlock::ToolUse(call) = block
            && call.name == TOOL
            && let Value::Array(list) = document::value(&call.input)["pictures"].take()
        {
            pictures.extend(list);
        }
    }
    pictures
}
