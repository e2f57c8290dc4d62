//! Doors for the fuzz targets in `fuzz/`, which see no more of a crate than its users do. Nothing else uses them.

/// Reads what ffprobe may have printed: three answers with a zero byte between them.
pub fn probe_answer(bytes: &[u8]) {
    crate::probe::read_words(bytes);
}

/// Reads the tags of what may be a DNG frame.
pub fn frame_tags(bytes: &[u8]) {
    crate::develop::read_tags(bytes);
}
