//! JSON that says the same to whoever reads it, and nothing to a chat template.
//!
//! Servers write a conversation as one text, with marks such as `<|im_start|>` or `[INST]` between its messages, and
//! some find those marks in the messages themselves too. So the characters that marks are made of are written as
//! `\u003c`, as JSON allows within strings.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

const MARKS: [char; 5] = ['<', '>', '[', ']', '|'];

struct Quoted;

impl Formatter for Quoted {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for part in fragment.split_inclusive(MARKS) {
            let plain = part.trim_end_matches(MARKS);
            writer.write_all(plain.as_bytes())?;
            for mark in part[plain.len()..].chars() {
                write!(writer, "\\u{:04x}", u32::from(mark))?;
            }
        }
        Ok(())
    }
}

/// Plain data is always written.
pub(super) fn json(data: &impl Serialize) -> String {
    let mut written = Vec::new();
    let _always = data.serialize(&mut Serializer::with_formatter(&mut written, Quoted));
    String::from_utf8_lossy(&written).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_quoted_reads_as_it_was(text in any::<String>(), marks in "[<>|\\[\\]\"\\\\/a\n]{0,20}") {
            for text in [text, marks] {
                let quoted = json(&text);
                prop_assert!(!quoted.contains(MARKS));
                prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
            }
        }
    }
}
