//! The condition that a video is in one of some states.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::video::StateKind;

use crate::rows::text;

/// A part of a condition expression, in which `#state` stands for the attribute `state`, and the values that it names.
pub(super) fn in_state(allowed: impl Fn(StateKind) -> bool) -> (String, HashMap<String, AttributeValue>) {
    let words = || StateKind::ALL.into_iter().filter(|kind| allowed(*kind)).map(StateKind::name);
    let names: Vec<String> = words().map(|word| format!(":is_{word}")).collect();
    let condition = format!("#state IN ({})", names.join(", "));
    (condition, names.into_iter().zip(words().map(text)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_of_the_states_and_no_other() {
        let (condition, values) = in_state(|kind| kind == StateKind::Ready);
        assert_eq!(condition, "#state IN (:is_ready)");
        assert_eq!(values, HashMap::from([(":is_ready".to_owned(), text("ready"))]));
        let (condition, values) = in_state(|kind| !kind.is_terminal());
        assert_eq!(condition, "#state IN (:is_awaiting_upload, :is_queued, :is_processing)");
        assert_eq!((values.len(), &values[":is_queued"]), (3, &text("queued")));
    }
}
