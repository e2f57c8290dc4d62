//! Stored features of a segment: no panic, and what is read is written again as the same bytes.
#![no_main]

use media::SegmentFeatures;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(features) = SegmentFeatures::decode(bytes) {
        let written = features.encode();
        assert_eq!(SegmentFeatures::decode(&written).as_ref(), Ok(&features));
        assert_eq!(written.len(), bytes.len());
    }
});
