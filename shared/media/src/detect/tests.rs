use super::*;

/// A frame of one brightness in every block and bin.
fn plain(level: u8) -> Descriptor {
    let (blocks, tints) = ([level; LUMA_BLOCKS], [128; TINT_BLOCKS]);
    let mut descriptor = Descriptor { blocks, tints, ..Descriptor::default() };
    descriptor.luma[usize::from(level) / 8] = u16::MAX;
    descriptor.chroma[8] = u16::MAX;
    descriptor.chroma[24] = u16::MAX;
    descriptor
}

fn changes(levels: impl IntoIterator<Item = u8>) -> Vec<usize> {
    let mut detector = Detector::default();
    for (frame, level) in levels.into_iter().enumerate() {
        detector.push(frame as f64 / 30.0, &plain(level));
    }
    detector.finish().into_iter().map(|change| change.frame).collect()
}

#[test]
fn a_cut_is_found_on_its_frame() {
    assert_eq!(changes((0..200).map(|n| if n < 77 { 40 } else { 200 })), [77]);
}

#[test]
fn a_flash_is_no_cut() {
    assert_eq!(changes((0..200).map(|n| if (77..80).contains(&n) { 255 } else { 40 })), [0usize; 0]);
}

#[test]
fn a_cut_in_the_first_and_last_frames_is_found() {
    assert_eq!(changes((0..30).map(|n| if n < 1 { 40 } else { 200 })), [1]);
    assert_eq!(changes((0..30).map(|n| if n < 29 { 40 } else { 200 })), [29]);
}

#[test]
fn nothing_and_one_frame_have_no_change() {
    assert!(changes([]).is_empty());
    assert!(changes([7]).is_empty());
}

#[test]
fn a_slide_show_with_a_frame_a_minute_has_its_cuts() {
    let mut detector = Detector::default();
    for (frame, level) in [10, 90, 200].into_iter().enumerate() {
        detector.push(frame as f64 * 60.0, &plain(level));
    }
    let found: Vec<f64> = detector.finish().iter().map(|change| change.until).collect();
    assert_eq!(found, [60.0, 120.0]);
}
