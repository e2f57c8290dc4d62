use proptest::prelude::*;

use super::*;

fn said(speaker: u32, start: f64, end: f64, text: &str) -> Utterance {
    Utterance { speaker, start: Seconds::new(start), end: Seconds::new(end), text: text.to_owned() }
}

fn captions(utterances: &[Utterance]) -> Captions {
    Captions::new(utterances, Seconds::new(60.0))
}

#[test]
fn reads_like_both_formats() {
    let both = captions(&[
        said(0, 0.5, 2.25, "Welcome everyone to today's product reveal, and to the numbers."),
        said(0, 3.0, 4.0, "Ready?"),
        said(1, 5.0, 6.5, "Yes."),
    ]);
    let srt = "\
1
00:00:00,500 --> 00:00:02,250
Speaker 1: Welcome everyone to today's
product reveal, and to the numbers.

2
00:00:03,000 --> 00:00:04,000
Ready?

3
00:00:05,000 --> 00:00:06,500
Speaker 2: Yes.

";
    let vtt = "\
WEBVTT

00:00:00.500 --> 00:00:02.250
<v Speaker 1>Welcome everyone to today's product
reveal, and to the numbers.

00:00:03.000 --> 00:00:04.000
<v Speaker 1>Ready?

00:00:05.000 --> 00:00:06.500
<v Speaker 2>Yes.
";
    assert_eq!((both.to_srt().as_str(), both.to_vtt().as_str()), (srt, vtt));
}

#[test]
fn a_lone_speaker_is_not_named() {
    let alone = captions(&[said(3, 1.0, 2.0, "Hello."), said(3, 3.0, 4.0, "Bye.")]);
    assert_eq!(
        alone.to_srt(),
        "1\n00:00:01,000 --> 00:00:02,000\nHello.\n\n2\n00:00:03,000 --> 00:00:04,000\nBye.\n\n"
    );
    assert!(!alone.to_vtt().contains("<v"), "{}", alone.to_vtt());
}

#[test]
fn nothing_said_is_an_empty_file() {
    for silence in [captions(&[]), captions(&[said(0, 1.0, 2.0, " \n ")])] {
        assert_eq!((silence.to_srt().as_str(), silence.to_vtt().as_str()), ("", "WEBVTT\n"));
    }
}

#[test]
fn no_text_is_taken_for_markup() {
    let hostile = captions(&[said(0, 1.0, 2.0, "a <i>b</i> {\\an8} &amp;\r\n\r\n2\n00:00:01 --> x\u{0}")]);
    let text = |file: &str| file.split_once("00:00:02").unwrap().1[4..].trim_end().to_owned();
    assert_eq!(text(&hostile.to_srt()), "\na ‹i›b‹/i› (\\an8) &amp; 2 00:00:01 --› x");
    let vtt = "\na &lt;i&gt;b&lt;/i&gt; {\\an8} &amp;amp; 2 00:00:01 --&gt; x";
    assert_eq!(text(&hostile.to_vtt()), vtt);
}

#[test]
fn long_speech_is_cut_between_words_in_proportion() {
    let text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
                seventeen eighteen nineteen twenty";
    let cues = captions(&[said(0, 10.0, 22.0, text)]).0;
    let times: Vec<_> = cues.iter().map(|cue| (cue.start, cue.end)).collect();
    assert_eq!((cues.len(), cues[0].start, cues[1].end), (2, 10_000, 22_000), "{times:?}");
    assert_eq!(cues[0].end, cues[1].start);
    assert!(times.iter().all(|(start, end)| (5500..=6500).contains(&(end - start))), "{times:?}");
}

#[test]
fn one_drawn_out_word_goes_after_seven_seconds() {
    let cues = captions(&[said(0, 10.0, 30.0, "Goal!")]).0;
    assert_eq!((cues.len(), cues[0].start, cues[0].end), (1, 10_000, 17_000));
}

#[test]
fn a_short_word_stays_long_enough_to_be_read_where_there_is_room() {
    let cues = captions(&[said(0, 1.0, 1.2, "No."), said(0, 1.5, 1.6, "Yes."), said(0, 9.0, 9.0, "So.")]).0;
    let times: Vec<_> = cues.iter().map(|cue| (cue.start, cue.end)).collect();
    assert_eq!(times, [(1000, 1500), (1500, 2333), (9000, 9833)]);
}

#[test]
fn hours_have_two_digits_at_least() {
    assert_eq!(clock(3_723_004, ','), "01:02:03,004");
    assert_eq!(clock(360_000_000, '.'), "100:00:00.000");
}

/// Words, markup, long words, other scripts, and white space of every kind.
fn speech() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        6 => "[a-zA-Z',.?]{1,12}",
        1 => "[a-z]{40,130}",
        1 => "[<>{}&-]{1,6}",
        1 => "\\PC{1,8}",
        1 => Just("\u{7}\u{0}\r\n\n\u{2028}".to_owned()),
    ];
    prop::collection::vec(word, 0..80).prop_map(|words| words.join(" "))
}

/// What a transcriber may say: in order, without overlaps; and a video that may end a little before the speech.
fn transcript() -> impl Strategy<Value = (Vec<Utterance>, Seconds)> {
    let utterance = (0u32..3, 0u64..4000, 0u64..40_000, speech());
    (prop::collection::vec(utterance, 0..8), 0u64..3000).prop_map(|(parts, early)| {
        let mut at = 0;
        let utterances: Vec<Utterance> = parts
            .into_iter()
            .map(|(speaker, pause, lasts, text)| {
                let start = at + pause;
                at = start + lasts;
                said(speaker, start as f64 / 1e3, at as f64 / 1e3, &text)
            })
            .collect();
        // A millisecond for each caption there is.
        (utterances, Seconds::new(at.saturating_sub(early).max(5000) as f64 / 1e3))
    })
}

fn bare(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace() && !character.is_control()).collect()
}

proptest! {
    #[test]
    fn captions_keep_their_limits_and_every_word((utterances, length) in transcript()) {
        let captions = Captions::new(&utterances, length);
        let mut free_from = 0;
        for cue in &captions.0 {
            prop_assert!(free_from <= cue.start && cue.start < cue.end, "{cue:?} after {free_from}");
            prop_assert!(cue.end - cue.start <= LONGEST, "{cue:?}");
            free_from = cue.end;
            for lines in [wrap(cue.words()), cue.labelled_lines()] {
                prop_assert!((1..=LINES).contains(&lines.len()), "{lines:?}");
                prop_assert!(lines.iter().all(|line| (1..=LINE).contains(&width(line))), "{lines:?}");
            }
        }
        prop_assert!(free_from <= millis(length));
        let spoken: String = utterances.iter().map(|utterance| bare(&utterance.text)).collect();
        let shown: String = captions.0.iter().flat_map(|cue| &cue.words).map(|word| bare(word)).collect();
        prop_assert_eq!(shown, spoken);
    }

    #[test]
    fn every_file_has_one_block_for_each_caption((utterances, length) in transcript()) {
        let captions = Captions::new(&utterances, length);
        for (file, blocks) in [(captions.to_srt(), captions.0.len()), (captions.to_vtt(), captions.0.len() + 1)] {
            let found = file.split("\n\n").filter(|block| !block.is_empty()).count();
            prop_assert_eq!(found, blocks, "{}", file);
            prop_assert_eq!(file.matches("-->").count(), captions.0.len(), "{}", file);
        }
    }

    /// No transcriber should; whatever comes, the files stay valid.
    #[test]
    fn nonsense_stays_in_order(times in prop::collection::vec((0.0..20.0, 0.0..20.0), 0..30), length in 0.0..10.0) {
        let utterances: Vec<Utterance> =
            times.iter().map(|(start, end)| said(0, *start, *end, "so it is")).collect();
        let length = Seconds::new(length);
        let cues = Captions::new(&utterances, length).0;
        prop_assert!(cues.iter().all(|cue| cue.start < cue.end && cue.end <= millis(length)), "{cues:?}");
        prop_assert!(cues.windows(2).all(|two| two[0].end <= two[1].start), "{cues:?}");
    }
}
