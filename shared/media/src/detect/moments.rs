//! Means, variances and the covariance of points.

#[derive(Default)]
pub(super) struct Sums {
    count: f32,
    a: f32,
    b: f32,
    aa: f32,
    bb: f32,
    ab: f32,
}

impl Sums {
    pub(super) fn of(points: impl Iterator<Item = (f32, f32)>) -> Self {
        points.fold(Self::default(), |sums, (a, b)| Self {
            count: sums.count + 1.0,
            a: sums.a + a,
            b: sums.b + b,
            aa: sums.aa + a * a,
            bb: sums.bb + b * b,
            ab: sums.ab + a * b,
        })
    }

    pub(super) fn mean_a(&self) -> f32 {
        self.a / self.count
    }

    fn mean_b(&self) -> f32 {
        self.b / self.count
    }

    pub(super) fn variance_a(&self) -> f32 {
        self.aa / self.count - self.mean_a().powi(2)
    }

    pub(super) fn variance_b(&self) -> f32 {
        self.bb / self.count - self.mean_b().powi(2)
    }

    pub(super) fn covariance(&self) -> f32 {
        self.ab / self.count - self.mean_a() * self.mean_b()
    }
}
