//! Levels of a frame's surroundings: order statistics of a window around each cell of a grid.

use image::GrayImage;

/// Cells along the frame's shorter side: 20 pixels of 720, about one character of a slide.
const CELLS: u32 = 36;
/// Share of a window that the deepest ink covers at least, where there is a character.
const INK: f32 = 0.02;

/// What is around one cell, in a window of three by three cells. Writing covers less than half of it, so that the
/// median is the ground, whatever its light and whichever of both is darker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Levels {
    /// The ground.
    pub(super) ground: f32,
    /// By how much the darkest fiftieth is darker than the ground.
    pub(super) darker: f32,
    /// By how much the lightest fiftieth is lighter than the ground.
    pub(super) lighter: f32,
    /// Standard deviation of the ground, from its quartiles.
    pub(super) spread: f32,
}

/// A grid of cells over a frame.
pub(super) struct Cells {
    /// Pixels along a cell's side.
    side: u32,
    columns: usize,
    pub(super) levels: Vec<Levels>,
}

type Histogram = [u32; 256];

impl Cells {
    pub(super) fn of(frame: &GrayImage) -> Self {
        let (width, height) = frame.dimensions();
        let side = (width.min(height) / CELLS).max(4);
        let (columns, rows) = (width.div_ceil(side) as usize, height.div_ceil(side) as usize);
        let mut cells = vec![[0u32; 256]; columns * rows];
        for (y, row) in frame.rows().enumerate() {
            let line = &mut cells[y / side as usize * columns..][..columns];
            for (x, pixel) in row.enumerate() {
                line[x / side as usize][usize::from(pixel.0[0])] += 1;
            }
        }
        let window = |column: usize, row: usize| {
            let mut sum = [0u32; 256];
            for y in row.saturating_sub(1)..(row + 2).min(rows) {
                for cell in &cells[y * columns..][column.saturating_sub(1)..(column + 2).min(columns)] {
                    sum.iter_mut().zip(cell).for_each(|(sum, count)| *sum += count);
                }
            }
            levels(&sum)
        };
        let levels = (0..columns * rows).map(|at| window(at % columns, at / columns)).collect();
        Self { side, columns, levels }
    }

    /// One value of each cell, spread over the frame's pixels: called with the values of a pixel row after the other.
    pub(super) fn spread<const N: usize>(
        &self,
        values: &[[f32; N]],
        y: u32,
    ) -> impl Iterator<Item = [f32; N]> {
        let rows = values.len() / self.columns;
        let (upper, lower, down) = self.between(y, rows);
        let line = move |x: u32| {
            let (left, right, across) = self.between(x, self.columns);
            std::array::from_fn(|n| {
                let value = |row: usize, column: usize| values[row * self.columns + column][n];
                let blend = |row: usize| value(row, left) * (1.0 - across) + value(row, right) * across;
                blend(upper) * (1.0 - down) + blend(lower) * down
            })
        };
        (0..).map(line)
    }

    /// The two cells of `count` between whose centres a pixel lies, and its share of the second.
    fn between(&self, pixel: u32, count: usize) -> (usize, usize, f32) {
        let at = ((pixel as f32 + 0.5) / self.side as f32 - 0.5).max(0.0);
        let first = (at as usize).min(count - 1);
        (first, (first + 1).min(count - 1), at.fract())
    }
}

fn levels(histogram: &Histogram) -> Levels {
    let total: u32 = histogram.iter().sum();
    let mut sum = 0;
    let sums: Vec<u32> = histogram.iter().map(|count| (sum += count, sum).1).collect();
    let level = |share: f32| sums.partition_point(|sum| (*sum as f32) < share * total as f32) as f32;
    let ground = level(0.5);
    Levels {
        ground,
        darker: ground - level(INK),
        lighter: level(1.0 - INK) - ground,
        // A normal distribution has 1.35 deviations between its quartiles.
        spread: (level(0.75) - level(0.25)) / 1.35,
    }
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    #[test]
    fn the_ground_is_what_most_of_a_window_is() {
        let frame =
            GrayImage::from_fn(360, 360, |x, y| Luma([if x % 10 == 0 && y < 180 { 40 } else { 200 }]));
        let cells = Cells::of(&frame);
        let upper = cells.levels[3 * 36 + 3];
        assert_eq!((upper.ground, upper.darker, upper.lighter, upper.spread), (200.0, 160.0, 0.0, 0.0));
        assert_eq!(cells.levels[30 * 36 + 3].darker, 0.0);
    }

    #[test]
    fn values_are_spread_evenly_between_cells() {
        let cells = Cells::of(&GrayImage::new(360, 360));
        let values: Vec<[f32; 1]> = (0..36 * 36).map(|at| [(at % 36) as f32]).collect();
        let line: Vec<f32> = cells.spread(&values, 100).take(360).map(|[value]| value).collect();
        assert!(
            (line[5] - 0.05).abs() < 1e-4 && (line[15] - 1.05).abs() < 1e-4 && line[359] == 35.0,
            "{line:?}"
        );
        assert!(line.is_sorted());
    }
}
