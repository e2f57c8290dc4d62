//! Blocks of 8 by 8 samples, their cosine transform, and its quantization.
//!
//! In floating point, which errs by far less than a step: plain loops over eight numbers, that compilers turn into vector
//! instructions. Nothing is fused or reordered, so that every machine gives the same bytes.

/// Numbers in columns: a block is turned between its two passes, and stays so.
type Turned<T> = [[T; 8]; 8];

/// Where the coefficients of the scan's order are in a turned block.
const ORDER: [u8; 64] = [
    0, 8, 1, 2, 9, 16, 24, 17, 10, 3, 4, 11, 18, 25, 32, 40, 33, 26, 19, 12, 5, 6, 13, 20, 27, 34, 41, 48,
    56, 49, 42, 35, 28, 21, 14, 7, 15, 22, 29, 36, 43, 50, 57, 58, 51, 44, 37, 30, 23, 31, 38, 45, 52, 59,
    60, 53, 46, 39, 47, 54, 61, 62, 55, 63,
];

/// The bit of each coefficient in [`Block::filled`].
const BITS: [u64; 64] = {
    let mut bits = [0; 64];
    let mut place = 0;
    while place < 64 {
        bits[ORDER[place] as usize] = 1 << place;
        place += 1;
    }
    bits
};

/// Half the cosines of 0 to 7 sixteenths of a half turn.
const C: [f32; 8] =
    [0.5, 0.490_392_65, 0.461_939_78, 0.415_734_8, 0.353_553_38, 0.277_785_12, 0.191_341_72, 0.097_545_16];

/// The first halves of the odd waves; their second halves are the opposite.
const ODD: [(usize, [f32; 4]); 4] = [
    (1, [C[1], C[3], C[5], C[7]]),
    (3, [C[3], -C[7], -C[1], -C[5]]),
    (5, [C[5], -C[1], C[7], C[3]]),
    (7, [C[7], -C[5], C[3], -C[1]]),
];

/// One over each coefficient's step.
pub(super) struct Steps(Turned<f32>);

impl Steps {
    /// Steps in the scan's order.
    pub(super) fn new(steps: &[u8]) -> Option<Self> {
        let mut parts = [[0.0; 8]; 8];
        for (place, step) in ORDER.iter().zip(steps.first_chunk::<64>()?) {
            parts[usize::from(place / 8)][usize::from(place % 8)] = 1.0 / f32::from(*step);
        }
        Some(Self(parts))
    }
}

/// Quantized coefficients.
pub(super) struct Block {
    levels: Turned<i16>,
    /// Those that are not zero, as bits in the scan's order.
    pub(super) filled: u64,
}

impl Block {
    fn new(samples: &[[f32; 8]; 8], Steps(steps): &Steps) -> Self {
        // Added to a small number it leaves the nearest whole one in the last bits.
        const ROUND: f32 = 12_582_912.0;
        let waves = waves(&turned(&waves(samples)));
        let mut levels = [[0; 8]; 8];
        for ((levels, waves), steps) in levels.iter_mut().zip(&waves).zip(steps) {
            for ((level, wave), step) in levels.iter_mut().zip(waves).zip(steps) {
                *level = (wave * step + ROUND).to_bits().wrapping_sub(ROUND.to_bits()) as i16;
            }
        }
        let bits = levels.as_flattened().iter().zip(&BITS);
        let filled = bits.fold(0, |all, (level, bit)| all | if *level == 0 { 0 } else { *bit });
        Self { levels, filled }
    }

    /// The coefficient at a place in the scan's order, below 64.
    pub(super) fn at(&self, place: u32) -> i16 {
        self.levels.as_flattened()[usize::from(ORDER[place as usize])]
    }
}

/// The cosine transform of each column, orthonormal.
#[inline(always)]
fn waves(samples: &[[f32; 8]; 8]) -> [[f32; 8]; 8] {
    let mut waves = [[0.0; 8]; 8];
    for x in 0..8 {
        let sum = |i: usize| samples[i][x] + samples[7 - i][x];
        let difference = |i: usize| samples[i][x] - samples[7 - i][x];
        let (outer, inner) = (sum(0) + sum(3), sum(1) + sum(2));
        waves[0][x] = (outer + inner) * C[4];
        waves[4][x] = (outer - inner) * C[4];
        let (outer, inner) = (sum(0) - sum(3), sum(1) - sum(2));
        waves[2][x] = outer * C[2] + inner * C[6];
        waves[6][x] = outer * C[6] - inner * C[2];
        let [a, b, c, d] = [difference(0), difference(1), difference(2), difference(3)];
        for (k, wave) in ODD {
            waves[k][x] = (a * wave[0] + b * wave[1]) + (c * wave[2] + d * wave[3]);
        }
    }
    waves
}

#[inline(always)]
fn turned(block: &[[f32; 8]; 8]) -> Turned<f32> {
    std::array::from_fn(|x| std::array::from_fn(|y| block[y][x]))
}

/// Samples of one colour in lines.
pub(super) struct Plane<'a> {
    pub(super) levels: &'a [u8],
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Plane<'_> {
    /// The block whose first sample that is. What lies beyond the edge is as the edge.
    pub(super) fn block(&self, column: usize, row: usize, steps: &Steps) -> Block {
        let mut samples = [[0.0; 8]; 8];
        for (y, samples) in samples.iter_mut().enumerate() {
            let line = &self.levels[(row + y).min(self.height - 1) * self.width..][..self.width];
            let eight = match line.get(column..column + 8).and_then(|line| line.first_chunk::<8>()) {
                Some(eight) => *eight,
                None => std::array::from_fn(|x| line[(column + x).min(self.width - 1)]),
            };
            for (sample, level) in samples.iter_mut().zip(eight) {
                *sample = f32::from(level) - 128.0;
            }
        }
        Block::new(&samples, steps)
    }
}
