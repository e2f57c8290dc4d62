//! Codes one after another, as a JPEG's scan has them.

/// Appends bits to bytes, most significant first.
pub(super) struct Bits<'a> {
    out: &'a mut Vec<u8>,
    /// The last `count` bits are still to be written, at most 31 between calls.
    held: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, held: 0, count: 0 }
    }

    /// The last `length` bits of `code`, at most 32; those before them are 0.
    #[inline]
    pub(super) fn put(&mut self, (code, length): (u32, u32)) {
        self.held = self.held << length | u64::from(code);
        self.count += length;
        if self.count >= 32 {
            self.count -= 32;
            let four = ((self.held >> self.count) as u32).to_be_bytes();
            if four.contains(&0xff) {
                self.out.extend(four.iter().flat_map(|byte| stuffed(*byte)));
            } else {
                self.out.extend_from_slice(&four);
            }
        }
    }

    /// Fills the last byte with ones and ends the picture.
    pub(super) fn finish(mut self) {
        self.put((0x7f, 7));
        while self.count >= 8 {
            self.count -= 8;
            self.out.extend(stuffed((self.held >> self.count) as u8));
        }
        self.out.extend([0xff, 0xd9]);
    }
}

/// A byte of ones would begin a marker without the zero after it.
fn stuffed(byte: u8) -> impl Iterator<Item = u8> {
    std::iter::once(byte).chain((byte == 0xff).then_some(0))
}
