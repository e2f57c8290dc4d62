//! DNG frames as a camera writes them: sensor values of 12 bit in 16, RGGB, with a black level, under tungsten light.

/// A plain picture, in sRGB from 0 to 1.
pub(super) type Shot = [f64; 3];

const WIDTH: u32 = 640;
const HEIGHT: u32 = 360;
const BLACK: f64 = 256.0;
const WHITE: f64 = 4095.0;
/// What the sensor counts of white: little red, less blue.
const NEUTRAL: [f64; 3] = [0.6, 1.0, 0.4];
/// What a sensor counts of XYZ that sees linear sRGB under [`NEUTRAL`]: the inverse of IEC 61966-2-1's matrix, by rows.
const SRGB_OF_XYZ: [f64; 9] =
    [3.240_45, -1.537_14, -0.498_53, -0.969_27, 1.876_01, 0.041_56, 0.055_64, -0.204_03, 1.057_23];

struct Tag(u16, u16, u32, Vec<u8>);

fn short(tag: u16, value: u16) -> Tag {
    Tag(tag, 3, 1, value.to_le_bytes().to_vec())
}

fn long(tag: u16, value: u32) -> Tag {
    Tag(tag, 4, 1, value.to_le_bytes().to_vec())
}

fn rationals(tag: u16, kind: u16, values: &[f64]) -> Tag {
    let pairs = values.iter().flat_map(|value| [(value * 10_000.0).round() as i32, 10_000]);
    Tag(tag, kind, values.len() as u32, pairs.flat_map(i32::to_le_bytes).collect())
}

fn ascii(tag: u16, text: &str) -> Tag {
    let bytes = [text.as_bytes(), b"\0"].concat();
    Tag(tag, 2, bytes.len() as u32, bytes)
}

/// The file, with the label 01:15:30:05 plus `number` frames (below 20) and the rate of 25 frames a second.
pub(super) fn frame(shot: Shot, number: u32) -> Vec<u8> {
    let linear =
        shot.map(|part| if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055_f64).powf(2.4) });
    let sensor: Vec<u16> =
        (0..3).map(|n| (linear[n] * NEUTRAL[n] * (WHITE - BLACK) + BLACK).round() as u16).collect();
    let row = |colors: [usize; 2]| -> Vec<u8> {
        (0..WIDTH).flat_map(|x| sensor[colors[x as usize % 2]].to_le_bytes()).collect()
    };
    let (red, blue) = (row([0, 1]), row([1, 2]));
    let pixels: Vec<u8> =
        (0..HEIGHT).flat_map(|y| if y % 2 == 0 { red.clone() } else { blue.clone() }).collect();
    let camera: Vec<f64> = SRGB_OF_XYZ.iter().enumerate().map(|(n, cell)| cell * NEUTRAL[n / 3]).collect();
    let label = number % 20 + 5;
    let label = (label / 10 * 16 + label % 10) as u8;
    let tags = vec![
        long(256, WIDTH),
        long(257, HEIGHT),
        short(258, 16),
        short(259, 1),
        short(262, 32_803),
        long(273, 8),
        short(277, 1),
        long(278, HEIGHT),
        long(279, pixels.len() as u32),
        ascii(306, "2026:02:21 14:30:00"),
        Tag(33_421, 3, 2, vec![2, 0, 2, 0]),
        Tag(33_422, 1, 4, vec![0, 1, 1, 2]),
        Tag(50_706, 1, 4, vec![1, 4, 0, 0]),
        short(50_714, BLACK as u16),
        short(50_717, WHITE as u16),
        rationals(50_721, 10, &camera),
        rationals(50_728, 5, &NEUTRAL),
        short(50_778, 21),
        Tag(51_043, 1, 8, vec![label, 0x30, 0x15, 0x01, 0, 0, 0, 0]),
        rationals(51_044, 10, &[25.0]),
    ];
    with_directory(&pixels, tags)
}

/// The pixels first, then the directory, then what does not fit into it.
fn with_directory(pixels: &[u8], tags: Vec<Tag>) -> Vec<u8> {
    let directory = 8 + pixels.len() as u32;
    let mut beyond = directory + 2 + 12 * tags.len() as u32 + 4;
    let mut file = [b"II*\0".as_slice(), &directory.to_le_bytes(), pixels].concat();
    file.extend((tags.len() as u16).to_le_bytes());
    let mut values = Vec::new();
    for Tag(tag, kind, count, mut value) in tags {
        file.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        file.extend(count.to_le_bytes());
        if value.len() > 4 {
            file.extend(beyond.to_le_bytes());
            beyond += value.len() as u32;
            values.extend(value);
        } else {
            value.resize(4, 0);
            file.extend(value);
        }
    }
    file.extend([0; 4]);
    file.extend(values);
    file
}
