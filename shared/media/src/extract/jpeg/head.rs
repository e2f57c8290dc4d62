//! What comes before the scan of a JPEG, and the tables in it.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::{QUALITY, blocks::Steps};

/// Codes and their lengths in bits, by symbol.
pub(super) type Codes = [(u32, u32); 256];

/// How one kind of planes is coded.
pub(super) struct Tables {
    pub(super) steps: Steps,
    pub(super) dc: Codes,
    pub(super) ac: Codes,
}

/// Everything up to the scan, and the tables for luma and for chroma that it tells.
pub(super) struct Head {
    pub(super) bytes: Vec<u8>,
    pub(super) luma: Tables,
    pub(super) chroma: Tables,
}

impl Head {
    /// `jpeg-encoder` writes it for the smallest picture, and another size is put in. `None` where it is not as expected.
    pub(super) fn new(width: u16, height: u16) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, QUALITY);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder.encode(&[0; 3], 1, 1, ColorType::Ycbcr).ok()?;
        let (mut steps, mut dc, mut ac) = ([None, None], [None, None], [None, None]);
        // Behind the marker of the beginning.
        let mut at = 2;
        loop {
            let &[_, marker, high, low] = bytes.get(at..)?.first_chunk()?;
            let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
            let segment = bytes.get_mut(at + 4..end)?;
            match (marker, segment) {
                (0xc0, [_, size @ ..]) => {
                    let (high, wide) = (height.to_be_bytes(), width.to_be_bytes());
                    *size.first_chunk_mut()? = [high[0], high[1], wide[0], wide[1]];
                }
                (0xdb, [table, told @ ..]) => *steps.get_mut(usize::from(*table))? = Steps::new(told),
                (0xc4, [table, told @ ..]) => {
                    let of = if *table < 16 { &mut dc } else { &mut ac };
                    *of.get_mut(usize::from(*table % 16))? = codes(told);
                }
                (0xda, _) => {
                    bytes.truncate(end);
                    break;
                }
                _ => {}
            }
            at = end;
        }
        let [luma, chroma] = [0, 1].map(|n| Some(Tables { steps: steps[n].take()?, dc: dc[n]?, ac: ac[n]? }));
        Some(Self { bytes, luma: luma?, chroma: chroma? })
    }
}

/// How many codes there are of each length, then their symbols: each code is one more than the one before it.
fn codes(told: &[u8]) -> Option<Codes> {
    let (counts, mut symbols) = told.split_first_chunk::<16>()?;
    let mut codes = [(0, 0); 256];
    let mut code = 0;
    for (length, count) in (1..).zip(counts) {
        let (those, rest) = symbols.split_at_checked(usize::from(*count))?;
        for symbol in those {
            codes[usize::from(*symbol)] = (code, length);
            code += 1;
        }
        code <<= 1;
        symbols = rest;
    }
    Some(codes)
}
