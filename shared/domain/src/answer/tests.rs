use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const MESSAGE: &str = "0197f1e2-0000-7000-8000-000000000001";

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

#[test]
fn an_event_is_named_as_the_stream_spells_it() {
    let text = format!("{MESSAGE}:17");
    let id: EventId = text.parse().unwrap();
    assert_eq!((id.seq, id.to_string()), (17, text));
    for bad in
        ["", ":", "17", MESSAGE, &format!("{MESSAGE}:"), &format!("{MESSAGE}:+1"), &format!("{MESSAGE}:-1")]
    {
        assert_eq!(bad.parse::<EventId>(), Err(NotAnEventId), "{bad}");
    }
    for bad in ["4294967296", "1:2", " 1", "1 "] {
        assert_eq!(format!("{MESSAGE}:{bad}").parse::<EventId>(), Err(NotAnEventId), "{bad}");
    }
}

#[test]
fn an_answer_that_was_given_up_ends_for_those_who_heard_more_of_it() {
    let mut journal = Journal::begun(now());
    for event in ["a", "b"] {
        journal.record(event.to_owned(), Part::Preamble);
    }
    let stored = journal.cut(now());
    let chunks = [stored.clone(), stored.ended_by("gone", now())];
    assert!(!chunks[1].answered && chunks[1].ends_with(3));
    let heard_more: Vec<_> = after(9, &chunks).collect();
    assert_eq!(heard_more, [(3, "gone")]);
    assert_eq!(after(3, &chunks).count(), 0);
}

/// What happens while an answer is made.
#[derive(Debug, Clone, Copy)]
enum Step {
    Told(Part),
    Written,
    /// The write failed, and was not carried out.
    Lost,
    /// The write failed, and was carried out.
    Unsure,
    /// Somebody who listens elsewhere looks.
    Polled,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Told(Part::Words)),
        1 => Just(Step::Told(Part::Preamble)),
        1 => Just(Step::Written),
        1 => Just(Step::Lost),
        1 => Just(Step::Unsure),
        2 => Just(Step::Polled),
    ]
}

/// The table's rows of one answer, and somebody who reads them while they are written.
#[derive(Default)]
struct Table {
    rows: BTreeMap<u32, Chunk>,
    /// From where on the reader has read.
    read_to: u32,
    heard: Vec<(u32, String)>,
}

impl Table {
    fn write(&mut self, chunk: Chunk) {
        self.rows.insert(chunk.first, chunk);
    }

    fn poll(&mut self) {
        let rows: Vec<Chunk> = self.rows.range(self.read_to..).map(|(_, chunk)| chunk.clone()).collect();
        let heard = self.heard.last().map_or(0, |(seq, _)| *seq);
        self.heard.extend(after(heard, &rows).map(|(seq, event)| (seq, event.to_owned())));
        self.read_to = rows.last().map_or(self.read_to, Chunk::next);
    }
}

proptest! {
    #[test]
    fn whoever_comes_back_hears_exactly_the_rest(steps in proptest::collection::vec(step(), 0..60)) {
        let (mut journal, mut table) = (Journal::begun(now()), Table::default());
        let (mut told, mut answered) = (vec![], false);
        for step in steps {
            match step {
                Step::Told(part) => {
                    let event = format!("event {}", told.len() + 1);
                    told.push(event.clone());
                    answered |= part == Part::Words;
                    journal.record(event, part);
                }
                Step::Written => {
                    table.write(journal.cut(now()));
                    journal.confirm();
                }
                Step::Unsure => table.write(journal.cut(now())),
                Step::Lost => drop(journal.cut(now())),
                Step::Polled => table.poll(),
            }
        }
        told.push("last".to_owned());
        for chunk in journal.close("last", now()) {
            table.write(chunk);
        }

        let chunks: Vec<Chunk> = table.rows.values().cloned().collect();
        let last = chunks.last().unwrap();
        prop_assert!(last.ends_with(told.len() as u32) && last.answered == answered);
        for cut in 0..=told.len() {
            let rest: Vec<&str> = after(cut as u32, &chunks).map(|(_, event)| event).collect();
            prop_assert_eq!(rest, &told[cut..]);
        }
        table.poll();
        let numbered: Vec<(u32, String)> = (1..).zip(told).collect();
        prop_assert_eq!(&table.heard, &numbered);
    }
}
