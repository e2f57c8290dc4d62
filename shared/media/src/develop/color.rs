//! From what a sensor counted to the colours of a display, as DNG 1.7.1 chapter 6 has it for one illuminant, in the
//! short form of dcraw (`cam_xyz_coeff`): white balance, a matrix that leaves white alone, and the curve of sRGB.

use std::fmt::Write;

/// Three by three, row by row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix([[f64; 3]; 3]);

/// XYZ of linear sRGB, IEC 61966-2-1.
const XYZ_OF_SRGB: Matrix = Matrix([
    [0.412_456_4, 0.357_576_1, 0.180_437_5],
    [0.212_672_9, 0.715_152_2, 0.072_175_0],
    [0.019_333_9, 0.119_192_0, 0.950_304_1],
]);
const IDENTITY: Matrix = Matrix([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);

impl Matrix {
    pub(super) fn of_rows(numbers: &[f64]) -> Option<Self> {
        let (rows, rest) = numbers.as_chunks::<3>();
        let rows: [[f64; 3]; 3] = rows.try_into().ok()?;
        rest.is_empty().then_some(Self(rows))
    }

    fn times(self, other: Self) -> Self {
        let cell = |row: usize, column: usize| (0..3).map(|n| self.0[row][n] * other.0[n][column]).sum();
        Self(std::array::from_fn(|row| std::array::from_fn(|column| cell(row, column))))
    }

    fn inverse(self) -> Option<Self> {
        let m = self.0;
        let minor = |row: usize, column: usize| {
            let [r1, r2] = [(row + 1) % 3, (row + 2) % 3];
            let [c1, c2] = [(column + 1) % 3, (column + 2) % 3];
            m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
        };
        let determinant: f64 = (0..3).map(|n| m[0][n] * minor(0, n)).sum();
        let inverse =
            std::array::from_fn(|row| std::array::from_fn(|column| minor(column, row) / determinant));
        (determinant.abs() > 1e-6).then_some(Self(inverse))
    }

    /// Scales every row to a sum of one: white stays white.
    fn keeping_white(self) -> Self {
        Self(self.0.map(|row| {
            let sum: f64 = row.iter().sum();
            row.map(|cell| cell / sum)
        }))
    }
}

/// How a camera's linear values become linear sRGB.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Balance {
    gains: [f64; 3],
    srgb_of_camera: Matrix,
}

impl Default for Balance {
    fn default() -> Self {
        Self { gains: [1.0; 3], srgb_of_camera: IDENTITY }
    }
}

impl Balance {
    /// From what the camera counts where the scene is neutral, what it counts of XYZ, and by how many stops its maker
    /// wants the picture brighter. What makes no sense has no effect.
    pub(super) fn new(neutral: Option<[f64; 3]>, camera_of_xyz: Option<Matrix>, stops: f64) -> Self {
        let is_sound = |neutral: &[f64; 3]| neutral.iter().all(|part| (0.05..=20.0).contains(part));
        let neutral = neutral.filter(is_sound).unwrap_or([1.0; 3]);
        // Every gain is at least one, or what is overexposed would not be white.
        let brighter = neutral.iter().copied().fold(0.0, f64::max) * stops.clamp(0.0, 4.0).exp2();
        let of_camera = camera_of_xyz.and_then(|matrix| matrix.times(XYZ_OF_SRGB).keeping_white().inverse());
        Self { gains: neutral.map(|part| brighter / part), srgb_of_camera: of_camera.unwrap_or(IDENTITY) }
    }

    /// The filters for pictures of 16 bit a channel: white balance, clipped at white, then the matrix, then `between` in
    /// linear light, then the curve.
    pub(super) fn filters(&self, between: &str) -> String {
        let each = |expression: &dyn Fn(usize) -> String| -> String {
            let named = ["r", "g", "b"].into_iter().enumerate();
            named.map(|(n, name)| format!("{name}='{}'", expression(n))).collect::<Vec<_>>().join(":")
        };
        let gains = each(&|n| format!("min(val*{:.5},maxval)", self.gains[n]));
        let curve = "maxval*if(lte(val/maxval,0.0031308),12.92*val/maxval,1.055*pow(val/maxval,1/2.4)-0.055)";
        let mut mixer = String::new();
        for (to, row) in ["r", "g", "b"].into_iter().zip(self.srgb_of_camera.0) {
            for (from, cell) in ["r", "g", "b"].into_iter().zip(row) {
                // The filter takes no more; a camera that needs more is a broken tag.
                let _infallible = write!(mixer, ":{to}{from}={:.5}", cell.clamp(-2.0, 2.0));
            }
        }
        let mixer = mixer.trim_start_matches(':');
        format!(
            "format=rgb48le,lutrgb={gains},colorchannelmixer={mixer},{between},lutrgb={}",
            each(&|_| curve.to_owned())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_neutral_becomes_white_and_a_camera_that_sees_srgb_is_left_alone() {
        let camera_of_xyz = XYZ_OF_SRGB.inverse().unwrap();
        let balance = Balance::new(Some([0.5, 1.0, 0.625]), Some(camera_of_xyz), 0.0);
        assert_eq!(balance.gains, [2.0, 1.0, 1.6]);
        for (row, cells) in balance.srgb_of_camera.0.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                assert!((cell - f64::from(u8::from(row == column))).abs() < 1e-9, "{balance:?}");
            }
        }
    }

    #[test]
    fn nonsense_has_no_effect() {
        let singular = Matrix([[1.0, 1.0, 1.0]; 3]);
        assert_eq!(Balance::new(Some([0.0, 1.0, f64::NAN]), Some(singular), 0.0), Balance::default());
        assert_eq!(Matrix::of_rows(&[1.0; 8]), None);
    }
}
