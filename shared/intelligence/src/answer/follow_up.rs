//! Questions that only make sense after the one before: "and when is it shown?"

use super::Question;
use crate::terms::{terms, words};

/// Words that stand for something said before.
const REFERRING: [&str; 17] = [
    "he", "her", "him", "his", "it", "its", "she", "that", "their", "them", "then", "there", "these", "they",
    "this", "those", "too",
];
/// A question with this many words of its own says what it is about.
const SELF_CONTAINED: usize = 2;

impl Question {
    /// The question as it would be asked without the ones before it: what a search needs.
    pub fn standalone(&self) -> String {
        let mut asked = vec![self.text.as_str()];
        for earlier in self.earlier.iter().rev() {
            if !asked.last().is_some_and(|question| leans_on_the_one_before(question)) {
                break;
            }
            asked.push(earlier);
        }
        asked.reverse();
        asked.join(" ")
    }
}

fn leans_on_the_one_before(question: &str) -> bool {
    let own = terms(question).iter().filter(|term| !REFERRING.contains(&term.as_str())).count();
    let refers = words(question).iter().any(|word| REFERRING.contains(&word.as_str()));
    own == 0 || (refers && own < SELF_CONTAINED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standalone(text: &str, earlier: &[&str]) -> String {
        let earlier = earlier.iter().map(|text| (*text).to_owned()).collect();
        Question { text: text.to_owned(), earlier }.standalone()
    }

    #[test]
    fn a_question_that_refers_back_takes_the_one_before_along() {
        let first = "What is written on the whiteboard?";
        assert_eq!(standalone("When is it shown?", &[first]), format!("{first} When is it shown?"));
        assert_eq!(
            standalone("Why?", &[first, "Who explains it?"]),
            format!("{first} Who explains it? Why?")
        );
    }

    #[test]
    fn a_question_with_a_subject_stands_alone() {
        let first = "What is written on the whiteboard?";
        for alone in ["How many scenes are there?", "Who talks about linear regression?", "Show the slope"] {
            assert_eq!(standalone(alone, &[first]), alone);
        }
        assert_eq!(standalone("Is it red?", &[]), "Is it red?");
    }
}
