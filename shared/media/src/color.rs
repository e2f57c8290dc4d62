//! The colour a person would name first, found in OKLab (Björn Ottosson, 2020), where distances are as the eye
//! sees them.

use std::sync::LazyLock;

use domain::analysis::Rgb;

const CLUSTERS: usize = 6;
const ROUNDS: usize = 12;
/// A saturated colour is named before a grey of a few times its area.
const SATURATION_WEIGHT: f32 = 6.0;
/// Enough for a scene, of two frames and more; others only cost time, which a join of hours has little of.
const MAX_PIXELS: usize = 320;
/// sRGB's transfer function (IEC 61966-2-1), by level.
static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|level| {
        let value = level as f32 / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
});

type Lab = [f32; 3];

/// The main colour of sRGB pixels; black when there are none. The same pixels always give the same colour.
pub(crate) fn main_color(pixels: &[[u8; 3]]) -> Rgb {
    let step = pixels.len().div_ceil(MAX_PIXELS).max(1);
    let points: Vec<Lab> = pixels.iter().step_by(step).map(|pixel| to_oklab(*pixel)).collect();
    let clusters = k_means(&points);
    let weight =
        |(center, size): &(Lab, usize)| *size as f32 * (1.0 + SATURATION_WEIGHT * center[1].hypot(center[2]));
    let named = clusters.into_iter().max_by(|a, b| weight(a).total_cmp(&weight(b)));
    named.map_or(Rgb(0, 0, 0), |(center, _)| to_rgb(center))
}

/// Points by coordinate, so that the distances of several are computed at once.
struct Points {
    coordinates: [Vec<f32>; 3],
    /// Which of the centres measured so far is the nearest to each point, and its squared distance.
    nearest: Vec<u32>,
    distances: Vec<f32>,
}

impl Points {
    fn new(points: &[Lab]) -> Self {
        let coordinate = |axis: usize| points.iter().map(|point| point[axis]).collect();
        Self {
            coordinates: [0, 1, 2].map(coordinate),
            nearest: vec![0; points.len()],
            distances: vec![f32::INFINITY; points.len()],
        }
    }

    fn get(&self, at: usize) -> Lab {
        [0, 1, 2].map(|axis| self.coordinates[axis][at])
    }

    fn forget(&mut self) {
        self.distances.fill(f32::INFINITY);
    }

    /// Measures all points against one more centre; of equally near ones the first stays.
    fn measure(&mut self, number: u32, [l, a, b]: Lab) {
        let [ls, greens, blues] = &self.coordinates;
        let known = self.nearest.iter_mut().zip(&mut self.distances);
        for ((((nearest, known), x), y), z) in known.zip(ls).zip(greens).zip(blues) {
            let distance = (l - x) * (l - x) + (a - y) * (a - y) + (b - z) * (b - z);
            *nearest = if distance < *known { number } else { *nearest };
            *known = if distance < *known { distance } else { *known };
        }
    }
}

fn k_means(points: &[Lab]) -> Vec<(Lab, usize)> {
    let mut points = Points::new(points);
    let mut centers = spread(&mut points);
    let mut sizes = vec![0; centers.len()];
    for _ in 0..ROUNDS {
        points.forget();
        for (number, center) in (0..).zip(&centers) {
            points.measure(number, *center);
        }
        let mut sums = vec![[0.0f32; 3]; centers.len()];
        let before = std::mem::replace(&mut sizes, vec![0; centers.len()]);
        for (at, nearest) in points.nearest.iter().enumerate() {
            let nearest = *nearest as usize;
            sizes[nearest] += 1;
            for (sum, part) in sums[nearest].iter_mut().zip(points.get(at)) {
                *sum += part;
            }
        }
        for ((center, sum), size) in centers.iter_mut().zip(&sums).zip(&sizes).filter(|(_, size)| **size > 0)
        {
            *center = sum.map(|part| part / *size as f32);
        }
        if sizes == before {
            break;
        }
    }
    centers.into_iter().zip(sizes).collect()
}

/// First centres: each the point farthest from those before it. Deterministic, unlike k-means++.
fn spread(points: &mut Points) -> Vec<Lab> {
    let mut centers: Vec<Lab> = Vec::new();
    let mut next = (!points.distances.is_empty()).then_some(0);
    while let Some(at) = next {
        let center = points.get(at);
        points.measure(centers.len() as u32, center);
        centers.push(center);
        let farthest = points.distances.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
        let is_another = |(_, distance): &(usize, &f32)| **distance > 1e-4 && centers.len() < CLUSTERS;
        next = farthest.filter(is_another).map(|(at, _)| at);
    }
    centers
}

fn to_oklab(pixel: [u8; 3]) -> Lab {
    let [r, g, b] = pixel.map(|channel| LINEAR[usize::from(channel)]);
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

fn to_rgb([lightness, a, b]: Lab) -> Rgb {
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    let linear = [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_4 * s,
        -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ];
    let [r, g, b] = linear.map(|value| {
        let value = value.clamp(0.0, 1.0);
        let encoded =
            if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
        (encoded * 255.0).round() as u8
    });
    Rgb(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oklab_and_back_is_the_same_colour() {
        for rgb in [[0, 0, 0], [255, 255, 255], [59, 130, 246], [1, 254, 128], [200, 0, 10]] {
            let Rgb(r, g, b) = to_rgb(to_oklab(rgb));
            assert!([r, g, b].iter().zip(rgb).all(|(a, b)| a.abs_diff(b) <= 1), "{rgb:?} {r} {g} {b}");
        }
    }

    #[test]
    fn a_red_car_on_a_grey_street_is_red() {
        let street = (0..600u16).map(|n| [(100 + n % 40) as u8; 3]);
        let car = (0..400).map(|_| [200, 20, 30]);
        let Rgb(r, g, b) = main_color(&street.chain(car).collect::<Vec<_>>());
        assert!(r > 180 && g < 60 && b < 60, "{r} {g} {b}");
    }

    #[test]
    fn a_speck_does_not_name_the_picture() {
        let wall = (0..1000).map(|_| [20, 60, 160]);
        let speck = (0..40).map(|_| [250, 250, 0]);
        assert_eq!(main_color(&wall.chain(speck).collect::<Vec<_>>()), Rgb(20, 60, 160));
        assert_eq!(main_color(&[]), Rgb(0, 0, 0));
    }
}
