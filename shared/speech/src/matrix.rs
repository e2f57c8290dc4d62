//! The few operations that the models here are made of, over rows of 32-bit floats. The arithmetic is rten's, which
//! chooses its kernels by what the processor has.

use rten_gemm::{BiasVector, GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_simd::{SimdOp, SimdUnaryOp};
use rten_tensor::{Matrix, NdTensorView};
use rten_vecmath::{Gelu, Normalize, NormalizeOptions, Softmax};

use crate::ModelError;

/// Knows which of the kernels this processor has; making it costs nothing, and threads cannot share it.
fn gemm() -> GemmExecutor {
    GemmExecutor::new()
}

/// A matrix within a slice: its rows begin `stride` numbers after each other, and may overlap.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) count: usize,
    pub(crate) width: usize,
    pub(crate) stride: usize,
}

impl<'a> Rows<'a> {
    /// Rows one after another.
    pub(crate) fn dense(values: &'a [f32], width: usize) -> Self {
        Self { values, count: values.len() / width, width, stride: width }
    }

    fn matrix(self) -> Result<Matrix<'a, f32>, ModelError> {
        Ok(NdTensorView::from_slice_with_strides([self.count, self.width], self.values, [self.stride, 1])?)
    }

    fn transposed(self) -> Result<Matrix<'a, f32>, ModelError> {
        Ok(NdTensorView::from_slice_with_strides([self.width, self.count], self.values, [1, self.stride])?)
    }
}

/// A matrix in the order that the processor's kernel reads it in: what many others are multiplied by.
pub(crate) struct Packed(PackedBMatrix<f32>);

impl Packed {
    /// Of `rows`, each a row of the matrix.
    pub(crate) fn new(rows: Rows<'_>) -> Result<Self, ModelError> {
        Ok(Self(gemm().prepack_b(rows.matrix()?)))
    }

    /// Of `rows`, each a column of the matrix.
    pub(crate) fn transposed(rows: Rows<'_>) -> Result<Self, ModelError> {
        Ok(Self(gemm().prepack_b(rows.transposed()?)))
    }

    /// `input · self · scale`, plus `bias` in each row.
    pub(crate) fn multiply(
        &self,
        input: Rows<'_>,
        scale: f32,
        bias: Option<&[f32]>,
        output: &mut [f32],
    ) -> Result<(), ModelError> {
        let options = GemmOptions { alpha: scale, bias: bias.map(BiasVector::Row), ..GemmOptions::default() };
        Ok(gemm().gemm(
            output,
            GemmInputA::Unpacked(input.matrix()?),
            GemmInputB::Packed(&self.0),
            options,
        )?)
    }
}

/// A layer of weights and biases.
pub(crate) struct Linear {
    weights: Packed,
    bias: Option<Vec<f32>>,
    outputs: usize,
}

impl Linear {
    /// `weights` has a row of `inputs` numbers for each output.
    pub(crate) fn new(weights: &[f32], inputs: usize, bias: Option<Vec<f32>>) -> Result<Self, ModelError> {
        let weights = Rows::dense(weights, inputs);
        Ok(Self { outputs: weights.count, weights: Packed::transposed(weights)?, bias })
    }

    /// One row of outputs for each row of `input`.
    pub(crate) fn apply(&self, input: Rows<'_>) -> Result<Vec<f32>, ModelError> {
        let mut output = vec![0.0; input.count * self.outputs];
        self.weights.multiply(input, 1.0, self.bias.as_deref(), &mut output)?;
        Ok(output)
    }
}

/// A layer that brings each row to mean 0 and variance 1, and then to what it has learned.
pub(crate) struct LayerNorm {
    pub(crate) gamma: Vec<f32>,
    pub(crate) beta: Vec<f32>,
}

impl LayerNorm {
    /// As PyTorch has it, and every model that was trained with it.
    const EPSILON: f32 = 1e-5;

    pub(crate) fn apply(&self, input: &[f32]) -> Vec<f32> {
        let width = self.gamma.len();
        let mut output = input.to_vec();
        for row in output.chunks_exact_mut(width) {
            let mean = row.iter().sum::<f32>() / width as f32;
            let variance =
                row.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / width as f32;
            let learned = NormalizeOptions {
                pre_scale_bias: mean,
                scale: 1.0 / (variance + Self::EPSILON).sqrt(),
                element_scale: Some(&self.gamma),
                element_bias: Some(&self.beta),
                ..NormalizeOptions::default()
            };
            Normalize::new_mut(row, learned).dispatch();
        }
        output
    }
}

/// The Gaussian error linear unit, exactly and not by its tangent.
pub(crate) fn gelu(values: &mut [f32]) {
    Gelu {}.map_mut(values);
}

/// Makes probabilities of one row of scores.
pub(crate) fn softmax(row: &mut [f32]) {
    Softmax::new_mut(row).dispatch();
}

pub(crate) fn add(values: &mut [f32], others: &[f32]) {
    for (value, other) in values.iter_mut().zip(others) {
        *value += other;
    }
}

/// The sum of products, in as many lanes as let the compiler use the processor's.
pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0_f32; LANES];
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] = left[lane].mul_add(right[lane], sums[lane]);
        }
    }
    sums.iter().sum::<f32>() + left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum::<f32>()
}

/// Adds `row`, times `weight`, to `sum`.
pub(crate) fn add_weighted(sum: &mut [f32], weight: f32, row: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum = weight.mul_add(*value, *sum);
    }
}
