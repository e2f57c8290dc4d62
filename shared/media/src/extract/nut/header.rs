//! The headers of a NUT stream: what each of 256 frame codes stands for, and how each stream counts time.

/// Frame flags, as the specification names them.
pub(super) mod flag {
    pub(crate) const CODED_PTS: u64 = 8;
    pub(crate) const STREAM_ID: u64 = 16;
    pub(crate) const SIZE_MSB: u64 = 32;
    pub(crate) const CHECKSUM: u64 = 64;
    pub(crate) const RESERVED: u64 = 128;
    pub(crate) const HEADER_IDX: u64 = 1024;
    pub(crate) const MATCH_TIME: u64 = 2048;
    pub(crate) const CODED: u64 = 4096;
    pub(crate) const INVALID: u64 = 8192;
}

/// A header's payload. `None` where it ends too soon.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for _ in 0..10 {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value = value << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.number()?.checked_add(1)?;
        let half = i64::try_from(value >> 1).ok()?;
        Some(if value & 1 == 1 { -half } else { half })
    }

    fn block(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (block, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(block)
    }
}

/// What a frame code stands for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rule {
    pub(super) flags: u64,
    pub(super) stream: u64,
    pub(super) pts_delta: i64,
    pub(super) size_mul: u64,
    pub(super) size_lsb: u64,
    pub(super) reserved: u64,
    pub(super) header: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    base: usize,
    msb_shift: u32,
}

#[derive(Debug, Default)]
pub(super) struct Headers {
    rules: Vec<Rule>,
    bases: Vec<(u64, u64)>,
    elided: Vec<Vec<u8>>,
    clocks: Vec<Clock>,
}

impl Headers {
    pub(super) fn main(&mut self, bytes: &mut Bytes<'_>) -> Option<()> {
        let version = bytes.number()?;
        if version > 3 {
            bytes.number()?;
        }
        let streams = usize::try_from(bytes.number()?).ok().filter(|count| *count <= 16)?;
        self.clocks.resize(streams, Clock::default());
        bytes.number()?; // max_distance
        let bases = bytes.number()?;
        self.bases.clear();
        for _ in 0..bases.min(64) {
            let base = (bytes.number()?, bytes.number()?);
            let is_sane = [base.0, base.1].iter().all(|part| (1..=u64::from(u32::MAX)).contains(part));
            self.bases.push(is_sane.then_some(base)?);
        }
        self.rules.clear();
        let mut row = Rule { size_mul: 1, ..Rule::default() };
        while self.rules.len() < 256 {
            self.rows(bytes, &mut row)?;
        }
        self.elided = vec![Vec::new()];
        for _ in 0..bytes.number()?.min(128) {
            self.elided.push(bytes.block()?.to_vec());
        }
        Some(())
    }

    /// One row of the table describes several neighbouring codes.
    fn rows(&mut self, bytes: &mut Bytes<'_>, row: &mut Rule) -> Option<()> {
        row.flags = bytes.number()?;
        let fields = bytes.number()?;
        (row.size_lsb, row.reserved) = (0, 0);
        let mut count = None;
        for field in 0..fields {
            match field {
                0 => row.pts_delta = bytes.signed()?,
                1 => row.size_mul = bytes.number()?,
                2 => row.stream = bytes.number()?,
                3 => row.size_lsb = bytes.number()?,
                4 => row.reserved = bytes.number()?,
                5 => count = Some(bytes.number()?),
                6 => drop(bytes.signed()?),
                7 => row.header = bytes.number()?,
                _ => drop(bytes.number()?),
            }
        }
        let count = count.unwrap_or(row.size_mul.saturating_sub(row.size_lsb));
        if count == 0 {
            return None;
        }
        let mut described = 0;
        while described < count && self.rules.len() < 256 {
            if self.rules.len() == usize::from(b'N') {
                // The letter that start codes begin with is never a frame.
                self.rules.push(Rule { flags: flag::INVALID, ..Rule::default() });
                continue;
            }
            self.rules.push(Rule { size_lsb: row.size_lsb.saturating_add(described), ..*row });
            described += 1;
        }
        Some(())
    }

    pub(super) fn stream(&mut self, bytes: &mut Bytes<'_>) -> Option<()> {
        let stream = usize::try_from(bytes.number()?).ok()?;
        bytes.number()?; // class
        bytes.block()?; // fourcc
        let base = usize::try_from(bytes.number()?).ok()?;
        let msb_shift = u32::try_from(bytes.number()?).ok().filter(|shift| *shift < 16)?;
        self.bases.get(base)?;
        *self.clocks.get_mut(stream)? = Clock { base, msb_shift };
        Some(())
    }

    /// The clocks of all streams at a syncpoint, whose time counts in one of the time bases.
    pub(super) fn reset_clocks(&self, coded: u64) -> Option<Vec<i64>> {
        let count = self.bases.len() as u64;
        let (num, den) = *self.bases.get(usize::try_from(coded.checked_rem(count)?).ok()?)?;
        let ticks = u128::from(coded / count);
        let clock = |clock: &Clock| {
            let (own_num, own_den) = *self.bases.get(clock.base)?;
            let product = ticks.checked_mul(u128::from(num))?.checked_mul(u128::from(own_den))?;
            let divisor = u128::from(den).checked_mul(u128::from(own_num))?;
            i64::try_from(product.checked_div(divisor)?).ok()
        };
        self.clocks.iter().map(clock).collect()
    }

    pub(super) fn rule(&self, code: u8) -> Option<Rule> {
        self.rules.get(usize::from(code)).copied().filter(|rule| rule.flags & flag::INVALID == 0)
    }

    pub(super) fn elided(&self, index: u64) -> Option<&[u8]> {
        self.elided.get(usize::try_from(index).ok()?).map(Vec::as_slice)
    }

    /// What a stream's ticks last, as a fraction of a second; neither part is zero or exceeds 32 bits.
    pub(super) fn base(&self, stream: usize) -> Option<(u64, u64)> {
        self.bases.get(self.clocks.get(stream)?.base).copied()
    }

    /// A coded pts is whole, or only the lowest bits of the one nearest to the last.
    pub(super) fn pts(&self, stream: usize, coded: u64, last: i64) -> Option<i64> {
        let shift = self.clocks.get(stream)?.msb_shift;
        let coded = i64::try_from(coded).ok()?;
        let full = 1i64 << shift;
        if coded >= full {
            return Some(coded - full);
        }
        let (mask, delta) = (full - 1, last.checked_sub((full - 1) / 2)?);
        (coded.wrapping_sub(delta) & mask).checked_add(delta)
    }
}
